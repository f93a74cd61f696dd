"""Instants and local times as whole seconds, so that a plan is integer arithmetic.

An instant is the number of seconds since 1970 (UTC). A wall time is the number that the same reading would be in UTC: what a
clock on the wall shows, with its date. A zone says how far the two are apart, and when that changes.
"""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from math import ceil
from typing import Final

DAY_SECONDS: Final = 86_400
_DAY_ZERO: Final = date(1970, 1, 1).toordinal()

_STRETCH_BITS: Final = 25
"""A stretch is 2**25 seconds, a little more than a year."""
_PROBE: Final = 1 << 17
"""36 hours. No zone has changed its clocks twice in less than six days since 1970 (a test looks), so no change falls between two probes."""

_Stretch = tuple[tuple[int, ...], tuple[int, ...]]
"""The instants from which an offset holds, the first of them the stretch's own start, and the offsets."""


def to_seconds(instant: datetime) -> int:
    """The first whole second at or after `instant`."""
    return ceil(instant.timestamp())


def to_instant(seconds: int) -> datetime:
    """The aware UTC datetime of a whole second."""
    return datetime.fromtimestamp(seconds, UTC)


edge = lru_cache(maxsize=1 << 14)(to_instant)
"""`to_instant` for the ends of windows, which many occasions share."""


def midnight(day: date) -> int:
    """The wall time at which a date begins.

    >>> midnight(date(1970, 1, 2))
    86400
    """
    return (day.toordinal() - _DAY_ZERO) * DAY_SECONDS


def wall_seconds(wall: str) -> int:
    """Seconds from midnight to a time of day, `HH:MM`.

    >>> wall_seconds("02:30")
    9000
    """
    return int(wall[:2]) * 3600 + int(wall[3:]) * 60


@lru_cache(maxsize=1 << 12)
def date_of(days: int) -> date:
    """The date so many days after 1970-01-01."""
    return date.fromordinal(_DAY_ZERO + days)


@lru_cache(maxsize=1 << 12)
def _date_stamp(days: int) -> str:
    return date_of(days).isoformat()


_MINUTES: Final = tuple(f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(1440))
_SECONDS: Final = tuple(f"{second:02}" for second in range(60))


def stamp(wall: int) -> str:
    """A wall time as `YYYY-MM-DDTHH:MM:SS`.

    >>> stamp(86399)
    '1970-01-01T23:59:59'
    """
    days, second = divmod(wall, DAY_SECONDS)
    return _date_stamp(days) + clock(second)


def clock(second: int) -> str:
    """A second of the day as `THH:MM:SS`.

    >>> clock(86399)
    'T23:59:59'
    """
    return _MINUTES[second // 60] + _SECONDS[second % 60]


class Offsets:
    """The UTC offsets of one zone, in whole seconds east; read from the zone's rules once for each stretch of time that is asked for."""

    __slots__ = ("_rules", "_stretches")

    def __init__(self, rules: tzinfo) -> None:
        self._rules = rules
        self._stretches: dict[int, _Stretch] = {}

    def at(self, instant: int) -> int:
        """The offset in force at an instant."""
        starts, offsets = self._stretches.get(instant >> _STRETCH_BITS) or self._read(instant >> _STRETCH_BITS)
        return offsets[bisect_right(starts, instant) - 1]

    def first(self, wall: int) -> int:
        """The first instant at which clocks show `wall` or later.

        A time that does not exist gives the first instant after the gap; of two the first is taken. Never decreases with `wall`.
        """
        # No offset is as long as a day: a day before the reading in UTC, clocks show less than `wall`, wherever they hang.
        at = wall - DAY_SECONDS
        while True:
            number = at >> _STRETCH_BITS
            starts, offsets = self._stretches.get(number) or self._read(number)
            place = bisect_right(starts, at)
            end = starts[place] if place < len(starts) else (number + 1) << _STRETCH_BITS
            found = max(at, wall - offsets[place - 1])
            if found < end:
                return found
            at = end

    def steady(self, first: int, last: int) -> int | None:
        """The offset that holds from one instant to another; None where it changes between them."""
        offset, at = self.at(first), first
        while at < last:
            at = min(at + _PROBE, last)
            if self.at(at) != offset:
                return None
        return offset

    def _read(self, number: int) -> _Stretch:
        start, end = number << _STRETCH_BITS, (number + 1) << _STRETCH_BITS
        starts, offsets = [start], [self._shown(start)]
        for low in range(start, end, _PROBE):
            high = min(low + _PROBE, end - 1)
            if self._shown(high) != offsets[-1]:
                starts.append(self._change(low, high))
                offsets.append(self._shown(high))
        self._stretches[number] = tuple(starts), tuple(offsets)
        return self._stretches[number]

    def _change(self, low: int, high: int) -> int:
        """The first instant after `low` with another offset; `high` has it."""
        before = self._shown(low)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._shown(middle) == before else (low, middle)
        return high

    def _shown(self, instant: int) -> int:
        offset = datetime.fromtimestamp(instant, self._rules).utcoffset() or timedelta()
        return offset.days * DAY_SECONDS + offset.seconds
