"""Two detectors of change (risk-model.md 2.4 step 8).

One sums *innovations*: craving that stress and cues do not explain. One sums craving above the person's *frozen* baseline
of the first 28 days: a rise that they do explain.

Reset rule. A statistic is never set to 0 by an alarm: it is capped at twice its limit and halves in 72 hours, so `rising`
ends within 72 hours of the last excess, and a new alarm is a new crossing. The frozen baseline is replaced only when
the person has stayed above its limit for 28 days without a break: the mean of those days is the new baseline, and its
statistic begins at 0. Going below the limit forgets the days collected.
"""

from collections.abc import Iterable, Sequence
from math import exp2, sqrt
from typing import Final

from risk.estimate.digits import short
from risk.estimate.layout import VARIANCE_FLOOR
from risk.estimate.prior import Limit
from risk.estimate.state import Change

SLACK: Final = 0.5
HALF_LIFE_HOURS: Final = 72.0
BASELINE_DAYS: Final = 28
BASELINE_ANSWERS: Final = 20
MEMORY: Final = 0.95
"""Of the early-warning features (variance and lag-1 product of surprises), by answer. Shown nowhere."""


def faded(before: float, hours: float) -> float:
    """What is left of a sum where nothing came.

    >>> faded(2.0, 72.0)
    1.0
    """
    return before * exp2(-hours / HALF_LIFE_HOURS)


def decayed_sum(before: float, hours: float, score: float, limit: float) -> float:
    """C <- max(0, 2^(-D/72h) C + score - 0.5), at most twice its limit.

    >>> decayed_sum(2.0, 72.0, 1.5, 5.0)
    2.0
    """
    moved = faded(before, hours) + score - SLACK
    return 0.0 if moved <= 0.0 else moved if moved <= 2.0 * limit else 2.0 * limit  # noqa: FURB136


def limits(answers_per_day: float, table: Sequence[Limit]) -> tuple[float, float]:
    """The limits (innovation, baseline) at an answering rate, linear between the rates of the table.

    >>> limits(2.0, [Limit(1.0, 3.0, 5.0), Limit(3.0, 4.0, 9.0)])
    (3.5, 7.0)
    """
    below = table[0]
    for above in table:
        if answers_per_day <= above.answers_per_day:
            width = above.answers_per_day - below.answers_per_day
            share = (answers_per_day - below.answers_per_day) / width if width > 0 and answers_per_day > below.answers_per_day else 0.0
            return (
                below.innovation + share * (above.innovation - below.innovation),
                below.baseline + share * (above.baseline - below.baseline),
            )
        below = above
    return below.innovation, below.baseline


def baseline_score(before: Change, strength: float | None) -> float | None:
    """Craving above the frozen baseline in its deviations, between -3 and 3; None where craving was not answered or none is frozen.

    >>> baseline_score(Change(frozen_mean=0.3, frozen_sd=0.1), 0.5)
    2.0
    """
    if strength is None or before.frozen_mean is None or before.frozen_sd is None:
        return None
    return _clipped((strength - before.frozen_mean) / before.frozen_sd)


def watch(before: Change, hours: float, surprise: float, strength: float | None, second: int, limit: tuple[float, float]) -> Change:
    """Both detectors after a training answer. `strength` is None where craving itself was not answered: the second then fades alone."""
    clipped = _clipped(surprise)
    innovation = decayed_sum(before.innovation, hours, clipped, limit[0])
    square = MEMORY * before.surprise_square + (1.0 - MEMORY) * clipped * clipped
    product = MEMORY * before.surprise_product + (1.0 - MEMORY) * clipped * before.last_surprise
    mean, sd, statistic = before.frozen_mean, before.frozen_sd, before.baseline
    since, count, running, squares = before.since, before.count, before.mean, before.squares
    if strength is not None:
        if (score := baseline_score(before, strength)) is not None:
            statistic = decayed_sum(statistic, hours, score, limit[1])
            above = statistic > limit[1]
        else:
            above = True
        if above:
            since, count, running, squares = _collect(since, count, running, squares, strength, second)
        else:
            since, count, running, squares = None, 0, 0.0, 0.0
        if since is not None and second - since >= BASELINE_DAYS * 86400 and count >= BASELINE_ANSWERS:
            mean, sd, statistic = short(running), short(sqrt(squares / count + VARIANCE_FLOOR)), 0.0
            since, count, running, squares = None, 0, 0.0, 0.0
    else:
        statistic = faded(statistic, hours)
    return Change(
        short(innovation), short(statistic), mean, sd, since, count, short(running), short(squares), clipped, short(square), short(product)
    )


def _clipped(score: float) -> float:
    return 3.0 if score > 3.0 else max(score, -3.0)


def _collect(since: int | None, count: int, mean: float, squares: float, strength: float, second: int) -> tuple[int, int, float, float]:
    began = second if since is None else since
    step = strength - mean
    moved = mean + step / (count + 1)
    return began, count + 1, moved, squares + step * (strength - moved)


def calibrate(streams: Iterable[Sequence[tuple[float, float]]], days_per_alarm: float = 60.0) -> float:
    """The limit at which residual streams cross it once in `days_per_alarm` days, to 3 decimals.

    `streams`: for each person, (hours since the previous answer, score) in order, from a time without change. Calibrate
    by design and answering rate: one limit for all gave from 0.08 to 3.7 alarms in 60 days.
    """
    kept = [list(stream) for stream in streams]
    days = sum(hours for stream in kept for hours, _ in stream) / 24.0
    low, high = 0.0, 64.0
    while high - low > 1e-3:
        middle = 0.5 * (low + high)
        if sum(crossings(stream, middle) for stream in kept) * days_per_alarm > days:
            low = middle
        else:
            high = middle
    return round(high, 3)


def crossings(stream: Sequence[tuple[float, float]], limit: float) -> int:
    """How often a stream of (hours, score) rises above `limit`: alarms, not answers above it.

    >>> crossings([(4.0, 3.0), (4.0, 3.0), (400.0, 0.0), (4.0, 3.0)], 2.0)
    2
    """
    found, value, above = 0, 0.0, False
    for hours, score in stream:
        value = decayed_sum(value, hours, score, limit)
        found += value > limit and not above
        above = value > limit
    return found
