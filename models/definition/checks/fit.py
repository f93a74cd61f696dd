"""Whether prompts fit: the arithmetic of equal blocks, gaps and kept-away stretches, in minutes from the start of the wake window."""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from models.definition.prompting import Fixed, Stratified, Uniform, Window

CLOCK_CHANGE_MINUTES: Final = 60
"""What a wake window loses in absolute time on the day the clocks go forward."""

MAX_COMBINATIONS: Final = 5000
_DAY: Final = 1440

Stretch = tuple[float, float]
"""An open interval in which nothing may be planned."""


def first_unfit(count: int, gap: float, start: float, end: float, away: Sequence[Stretch]) -> int | None:
    """The first block (from 1) that cannot hold its prompt, or None where all fit.

    `count` equal blocks of [start, end], one prompt in each, any two at least `gap` apart, none inside `away`. Taking the
    earliest admissible minute each time is best: it leaves most room to the blocks after it.

    >>> first_unfit(2, 60, 0, 360, []), first_unfit(3, 60, 0, 100, []), first_unfit(2, 60, 0, 120, [(50, 130)])
    (None, 3, 2)
    """
    if end < start:
        return 1
    length, after = (end - start) / count, start
    for block in range(count):
        at = max(after, start + block * length)
        for low, high in sorted(away):
            if low < at < high:
                at = high
        if at > start + (block + 1) * length + 1e-9:
            return block + 1
        after = at + gap
    return None


def most(gap: float, start: float, end: float, away: Sequence[Stretch]) -> int:
    """How many prompts, any two at least `gap` minutes apart, have room on whole seconds of [start, end], none inside `away`.

    Each stretch of `away` is at least twice as long as the gap, so what lies on its two sides cannot be in each other's way.

    >>> most(60, 0, 360, []), most(60, 0, 360, [(50, 290)]), most(60, 0, 50, [(-10, 60)]), most(0, 0, 1, [])
    (7, 3, 0, 61)
    """
    count, reached = 0, start
    for low, high in [*sorted(away), (end, math.inf)]:
        last = min(low, end)
        if reached <= last:
            count += int((last - reached) * 60) + 1 if not gap else int((last - reached) // gap) + 1
        reached = max(reached, high)
    return count


def kept_away(design: Stratified | Uniform, others: Sequence[Fixed | Window], window: float) -> Iterator[list[Stretch]]:
    """Every arrangement, on a grid, of the stretches that the excluded designs take out of a window of so many minutes.

    A jittered prompt may stand anywhere in its jitter; wall-clock times may fall anywhere in the window, together, since the window is
    the person's own. The grid is five minutes wide, and coarser only where there are thousands of arrangements; at most
    `MAX_COMBINATIONS` are tried.
    """
    apart = max(design.gap_minutes, design.exclude_minutes)
    windows = [one for one in others if isinstance(one, Window)]
    times = [time for one in others if isinstance(one, Fixed) for time in one.times]
    grid = 5
    while grid < _DAY and _size(windows, times, grid) > MAX_COMBINATIONS:
        grid *= 2
    for moments in itertools.islice(itertools.product(*_moments(windows, times, window, grid)), MAX_COMBINATIONS):
        yield [(at - apart, at + apart) for moment in moments for at in moment]


def _size(windows: Sequence[Window], times: Sequence[str], grid: int) -> int:
    size = max(1, _DAY // grid) if times else 1
    for one in windows:
        size *= one.jitter_minutes // grid + 2 if one.jitter_minutes else 1
    return size


def _moments(windows: Sequence[Window], times: Sequence[str], window: float, grid: int) -> list[list[tuple[float, ...]]]:
    choices: list[list[tuple[float, ...]]] = []
    for one in windows:
        zero = (0 if one.edge == "start" else window) + one.offset_minutes
        choices.append([(zero + step,) for step in sorted({*range(0, one.jitter_minutes, grid), one.jitter_minutes})])
    if times:
        clocks = [minutes(time) for time in times]
        choices.append([tuple(float((clock - waking) % _DAY) for clock in clocks) for waking in range(0, _DAY, grid)])
    return choices


def minutes(time: str) -> int:
    """Minutes from midnight.

    >>> minutes("08:30")
    510
    """
    return int(time[:2]) * 60 + int(time[3:])


def length(start: str, end: str) -> int:
    """Minutes from one wall-clock time to another; an end at or before the start lies on the next day.

    >>> length("22:00", "06:00"), length("00:00", "00:00")
    (480, 1440)
    """
    return (minutes(end) - minutes(start) - 1) % _DAY + 1


def uncovered(spans: Iterable[tuple[int, str, str]]) -> int:
    """Minutes of the week in none of the spans (ISO weekday, start, end).

    >>> uncovered((day, "00:00", "00:00") for day in range(1, 8)), uncovered([(7, "22:00", "06:00")])
    (0, 9600)
    """
    week = 7 * _DAY
    edges = sorted(
        (begin, begin + length(start, end))
        for weekday, start, end in spans
        for begin in ((weekday - 1) * _DAY + minutes(start), (weekday - 1) * _DAY + minutes(start) - week)
    )
    missing, reached = 0, 0
    for begin, end in edges:
        if end > reached:
            missing += max(0, min(begin, week) - reached)
            reached = end
    return missing + max(0, week - reached)
