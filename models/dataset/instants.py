"""Instants as microseconds since 1970 UTC, and as text with milliseconds. Pure.

An export formats more than ten instants a row: whole numbers and small tables cost a tenth of datetimes. Milliseconds are cut, not rounded.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY: Final = date(1970, 1, 1).toordinal()
_DAY_MS: Final = 86_400_000
_MINUTE_MS: Final = 60_000

_MINUTES: Final = tuple(f"T{minute // 60:02d}:{minute % 60:02d}:" for minute in range(1_440))
_SECONDS: Final = tuple(f"{second:02d}." for second in range(60))
_MILLIS: Final = tuple(f"{milli:03d}" for milli in range(1_000))


def micros(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    elapsed = instant - _EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000 + elapsed.microseconds


def utc_micros(instant: datetime) -> int:
    """Of an instant; one without an offset is UTC."""
    return micros(instant if instant.tzinfo else instant.replace(tzinfo=UTC))


def said_micros(said: str) -> int:
    """Of an instant in ISO 8601; one without an offset is UTC."""
    return utc_micros(datetime.fromisoformat(said))


def day_number(instant: int, offset_minutes: int) -> int:
    """Days since 1970 of the local date, `offset_minutes` east of UTC."""
    return (instant // 60_000_000 + offset_minutes) // 1_440


def number_of_day(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - _FIRST_DAY


def offset_at(zone: str, instant: int) -> int:
    """Minutes east of UTC in a zone (IANA) at an instant.

    >>> [offset_at("America/New_York", micros(datetime(2026, 3, 8, hour, tzinfo=UTC))) for hour in (6, 7)]
    [-300, -240]
    """
    found = _offset_of_day(zone, instant // (_DAY_MS * 1_000))
    return _minutes_east(zone, instant) if found is None else found


def utc_text(instant: int) -> str:
    """ISO 8601 with `Z`.

    >>> utc_text(1_772_636_400_123_999)
    '2026-03-04T15:00:00.123Z'
    """
    day, rest = divmod(instant // 1_000, _DAY_MS)
    minute, rest = divmod(rest, _MINUTE_MS)
    second, milli = divmod(rest, 1_000)
    return f"{_day(day)}{_MINUTES[minute]}{_SECONDS[second]}{_MILLIS[milli]}Z"


def local_text(instant: int, offset_minutes: int) -> str:
    """The wall clock `offset_minutes` east of UTC, ISO 8601 with that offset.

    >>> local_text(1_772_636_400_000_000, -300)
    '2026-03-04T10:00:00.000-05:00'
    """
    return texts(instant, offset_minutes)[0]


def texts(instant: int, offset_minutes: int) -> tuple[str, str]:
    """`local_text` and `utc_text` at once: seconds and below are alike."""
    day, rest = divmod(instant // 1_000, _DAY_MS)
    minute, rest = divmod(rest, _MINUTE_MS)
    second, milli = divmod(rest, 1_000)
    tail = _SECONDS[second] + _MILLIS[milli]
    days, local = divmod(minute + offset_minutes, 1_440)
    return f"{_day(day + days)}{_MINUTES[local]}{tail}{_offset(offset_minutes)}", f"{_day(day)}{_MINUTES[minute]}{tail}Z"


@lru_cache(maxsize=16_384)
def _offset_of_day(zone: str, day: int) -> int | None:
    """The offset on a whole day of UTC; None where the clocks change in it."""
    first, last = (_minutes_east(zone, (day + end) * _DAY_MS * 1_000) for end in (0, 1))
    return first if first == last else None


def _minutes_east(zone: str, instant: int) -> int:
    offset = (_EPOCH + timedelta(microseconds=instant)).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None  # of an aware instant
    return offset // timedelta(minutes=1)


@lru_cache(maxsize=4_096)
def _day(number: int) -> str:
    return date.fromordinal(number + _FIRST_DAY).isoformat()


@lru_cache(maxsize=256)
def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02d}:{rest:02d}"
