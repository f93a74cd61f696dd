"""What a design hands to the planner: a day as one zone sees it, and the moment drawn for each slot.

Inside the planner an instant is a whole number of seconds since 1970 (UTC). Times are drawn on whole seconds, so
every law here is a discrete one, known exactly, and gaps hold to the second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

Span = tuple[int, int]
"""First and last second, both included."""

Stretch = tuple[int, int]
"""The two seconds between which nothing may be drawn; they themselves may be."""

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
    offset: int | None = None
    """The UTC offset from the first of `midnights` to the last, in seconds; None where it changes."""


class Draw(NamedTuple):
    """The moment of a slot, and the window it was drawn from.

    `per_minute` is the sampling density at `at`, given the slots already placed; None where nothing was drawn.
    `fits` is False where no admissible second was left; `at` is then the window's start.
    """

    at: int
    start: int
    end: int
    per_minute: float | None = None
    fits: bool = True


def stretches(span: Span, keeps: Sequence[Keep]) -> list[Stretch]:
    """What the kept instants take out of a span, in order.

    >>> stretches((0, 100), [(90, 20), (30, 10), (-40, 10)])
    [(20, 40), (70, 110)]
    """
    first, last = span
    return sorted((at - apart, at + apart) for at, apart in keeps if apart and at + apart > first and at - apart < last)


def without(span: Span, taken: Sequence[Stretch]) -> list[Span]:
    """What is left of a span when the seconds inside each stretch are taken out, `taken` in order; in order, disjoint.

    >>> without((0, 100), [(20, 40)])
    [(0, 20), (40, 100)]
    >>> without((0, 100), [(-50, 50), (49, 151)])
    []
    """
    left: list[Span] = []
    first, last = span
    for low, high in taken:
        if high <= first:
            continue
        if low >= last:
            break
        if first <= low:
            left.append((first, low))
        first = high
        if first > last:
            return left
    if first <= last:
        left.append((first, last))
    return left


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
