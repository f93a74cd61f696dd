"""What a design hands to the planner: a day as one zone sees it, and the moment drawn for each slot.

Inside the planner an instant is a whole number of seconds since 1970 (UTC). Times are drawn on whole seconds, so
every law here is a discrete one, known exactly, and gaps hold to the second.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import ceil

Span = tuple[int, int]
"""First and last second, both included."""

Keep = tuple[int, int]
"""An instant and the seconds that must lie between it and any draw."""


@dataclass(frozen=True, slots=True)
class DayView:
    """One local date in one epoch, that is in one zone. `start` and `end` are the wake window's, `since` is the first second after
    the move that began the epoch.

    `since` is None in the first epoch that matters to this day. `midnights` are those that begin the day before, this day and the two
    after it.
    """

    day: date
    zone: str
    epoch: int
    start: int
    end: int
    midnights: tuple[int, ...]
    since: int | None


@dataclass(frozen=True, slots=True)
class Draw:
    """The moment of a slot, and the window it was drawn from.

    `per_minute` is the sampling density at `at`, given the slots already placed; None where nothing was drawn.
    `fits` is False where no admissible second was left; `at` is then the window's start.
    """

    at: int
    start: int
    end: int
    per_minute: float | None = None
    fits: bool = True


def to_seconds(instant: datetime) -> int:
    """The first whole second at or after `instant`."""
    return ceil(instant.timestamp())


def to_instant(seconds: int) -> datetime:
    """The aware UTC datetime of a whole second."""
    return datetime.fromtimestamp(seconds, UTC)


def without(span: Span, keeps: list[Keep]) -> list[Span]:
    """What is left of a span when the seconds too near to each kept instant are taken out; in order, disjoint.

    >>> without((0, 100), [(30, 10)])
    [(0, 20), (40, 100)]
    >>> without((0, 100), [(0, 50), (100, 51)])
    []
    """
    left: list[Span] = []
    first, last = span
    for low, high in sorted((at - apart, at + apart) for at, apart in keeps if apart):
        if first <= low:
            left.append((first, min(low, last)))
        first = max(first, high)
        if first > last:
            return left
    return [*left, (first, last)] if first <= last else left


def clip(spans: list[Span], first: int, last: int) -> list[Span]:
    """The parts of the spans from `first` to `last`.

    >>> clip([(0, 20), (40, 100)], 10, 50)
    [(10, 20), (40, 50)]
    """
    return [(max(low, first), min(high, last)) for low, high in spans if max(low, first) <= min(high, last)]


def size(spans: list[Span]) -> int:
    """How many seconds the spans hold."""
    return sum(high - low + 1 for low, high in spans)


def nth(spans: list[Span], index: int) -> int:
    """The second with this index, from 0, counted through the spans in order.

    >>> nth([(0, 20), (40, 100)], 21)
    40
    """
    for low, high in spans:
        if index <= high - low:
            return low + index
        index -= high - low + 1
    raise IndexError(index)
