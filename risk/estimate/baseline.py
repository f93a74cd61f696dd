"""A person's own mean and variance of one variable (risk-model.md 2.3 step 1, 2.4 step 1)."""

from collections.abc import Iterable, Mapping
from math import exp2
from typing import Final

from risk.estimate.digits import TO_WHOLE
from risk.estimate.layout import VARIANCE_FLOOR, Place
from risk.estimate.state import Baseline

HALF_LIFE_HOURS: Final = 14 * 24.0
KAPPA: Final = 6.0
"""Answers that the population counts for. The weight never falls below it, so a long silence wipes nothing."""
HUBER: Final = 2.0
"""Deviations beyond this many of one's own standard deviations pull only as much as one at it."""
HUBER_SQUARE: Final = HUBER * HUBER


def begin(place: Place, first: float | None = None) -> Baseline:
    """The baseline of a person who never answered: the population's. A signal has none there and starts at its `first` value."""
    mean = place.mean if place.signal is None or first is None else first
    return Baseline(KAPPA, mean, place.variance, 0, mean)


def learn_all(items: Mapping[str, Baseline], answered: Iterable[tuple[Place, float, float]], second: int) -> dict[str, Baseline]:
    """All baselines after what was `answered` (or measured) at `second`: place, answer and own score."""
    after = dict(items)
    at, kept = 0, 1.0
    for place, answer, _ in answered:
        known = items.get(place.variable)
        if known is None:
            known = begin(place, answer)
        if known.at != at:  # most were answered together before, and share what is left of their weight
            at, kept = known.at, _kept(known.at, second)
        after[place.variable] = _learned(known, answer, second, kept)
    return after


def _kept(at: int, second: int) -> float:
    """What is left at `second` of a weight as of `at`; all of it where there was no answer."""
    return exp2(-((second - at) / 3600.0) / HALF_LIFE_HOURS) if at else 1.0


def learn(before: Baseline, answer: float, second: int) -> Baseline:
    """The baseline after a training answer on [0, 1] at `second`.

    The weight decays by the time since *this* item's last answer: n <- max(2^(-D/H) n, kappa) + w, with Huber's
    w = min(1, 2/|z|); m <- m + w e/n; v <- v + w (e (x - m) - v)/n.

    >>> learn(Baseline(6.0, 0.5, 0.04, 0, 0.5), 0.5, 0)
    Baseline(weight=7.0, mean=0.5, variance=0.034286, at=0, value=0.5)
    """
    return _learned(before, answer, second, _kept(before.at, second))


def _learned(before: Baseline, answer: float, second: int, kept: float) -> Baseline:
    decayed, mean, variance = before.weight * kept, before.mean, before.variance
    deviation = answer - mean
    square, limit = deviation * deviation, HUBER_SQUARE * (variance + VARIANCE_FLOOR)
    pull = 1.0 if square <= limit else (limit / square) ** 0.5
    weight = (max(KAPPA, decayed)) + pull
    share = pull / weight
    mean += share * deviation
    variance += share * (deviation * (answer - mean) - variance)
    return Baseline(
        (weight * 1e6 + TO_WHOLE - TO_WHOLE) / 1e6,
        (mean * 1e6 + TO_WHOLE - TO_WHOLE) / 1e6,
        (variance * 1e6 + TO_WHOLE - TO_WHOLE) / 1e6,
        second,
        (answer * 1e6 + TO_WHOLE - TO_WHOLE) / 1e6,
    )
