"""A person's own mean and variance of one variable (risk-model.md 2.3 step 1, 2.4 step 1)."""

from math import exp2
from typing import Final

from risk.estimate.layout import VARIANCE_FLOOR, Place
from risk.estimate.state import TO_WHOLE, Baseline

HALF_LIFE_HOURS: Final = 14 * 24.0
KAPPA: Final = 6.0
"""Answers that the population counts for. The weight never falls below it, so a long silence wipes nothing."""
HUBER: Final = 2.0
"""Deviations beyond this many of one's own standard deviations pull only as much as one at it."""


def begin(place: Place, first: float | None = None) -> Baseline:
    """The baseline of a person who never answered: the population's. A signal has none there and starts at its `first` value."""
    mean = place.mean if place.signal is None or first is None else first
    return Baseline(KAPPA, mean, place.variance, 0, mean)


def learn(before: Baseline, answer: float, second: int) -> Baseline:
    """The baseline after a training answer on [0, 1] at `second`.

    The weight decays by the time since *this* item's last answer: n <- max(2^(-D/H) n, kappa) + w, with Huber's
    w = min(1, 2/|z|); m <- m + w e/n; v <- v + w (e (x - m) - v)/n.

    >>> learn(Baseline(6.0, 0.5, 0.04, 0, 0.5), 0.5, 0)
    Baseline(weight=7.0, mean=0.5, variance=0.034286, at=0, value=0.5)
    """
    weight, mean, variance, at = before.weight, before.mean, before.variance, before.at
    gap = (second - at) / 3600.0 if at else 0.0
    decayed = weight * exp2(-gap / HALF_LIFE_HOURS)
    deviation = answer - mean
    square, limit = deviation * deviation, HUBER * HUBER * (variance + VARIANCE_FLOOR)
    pull = 1.0 if square <= limit else (limit / square) ** 0.5
    weight = (max(KAPPA, decayed)) + pull
    mean += pull * deviation / weight
    variance += pull * (deviation * (answer - mean) - variance) / weight
    return Baseline(
        (weight * 1e6 + TO_WHOLE - TO_WHOLE) / 1e6,
        (mean * 1e6 + TO_WHOLE - TO_WHOLE) / 1e6,
        (variance * 1e6 + TO_WHOLE - TO_WHOLE) / 1e6,
        second,
        (answer * 1e6 + TO_WHOLE - TO_WHOLE) / 1e6,
    )
