"""Local time: it exists here and nowhere else. Everything else in the house is UTC.

Wall clocks are resolved by integer arithmetic over a table of each zone's offsets (`scheduler.plan.seconds`). Zones come
from the pinned `tzdata` package and never from the machine, so that a past day can be planned again years later under
`TZDATA_VERSION`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib import import_module, resources
from math import floor
from typing import Final
from zoneinfo import ZoneInfo

from models.definition.prompting import WakeWindow, WakeWindows
from models.errors import Fault, Invalid
from scheduler.plan.seconds import DAY_SECONDS, Offsets, date_of, midnight, to_instant, to_seconds, wall_seconds

TZDATA_VERSION: Final[str] = import_module("tzdata").IANA_VERSION
"""The IANA release that every wall-clock time is resolved under, for example `2026a`."""

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Local:
    """An instant as a clock on the wall shows it. `wall` is `HH:MM:SS`, `hour` the same on [0, 24)."""

    date: date
    wall: str
    offset_minutes: int
    hour: float

    @property
    def stamp(self) -> str:
        """Date and wall clock, `YYYY-MM-DDTHH:MM:SS`."""
        return f"{self.date.isoformat()}T{self.wall}"


@dataclass(frozen=True, slots=True, order=True)
class ZoneSpan:
    """A person is in `zone` from `valid_from`: the instant at which it became known, never earlier, until the next span."""

    valid_from: datetime
    zone: str


@dataclass(frozen=True, slots=True)
class WakeSpan:
    """A person's wake windows from the local day `valid_from` until the next span."""

    valid_from: date
    windows: WakeWindows


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """Every zone name of the pinned release, links included."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


@lru_cache(maxsize=1024)
def zone_info(zone: str) -> ZoneInfo:
    """The rules of an IANA zone. Raises `Invalid` (`zone_unknown`) for a name that the pinned release does not have."""
    if zone not in zones():
        raise Invalid("zone_unknown", "Not a zone of the pinned IANA release.", (Fault("/zone", "zone_unknown", "Unknown IANA zone."),))
    with resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=zone)


@lru_cache(maxsize=1024)
def offsets(zone: str) -> Offsets:
    """The offsets of a zone as whole seconds. Raises `Invalid` as `zone_info`."""
    return Offsets(zone_info(zone))


def resolve(day: date, wall: str, zone: str) -> datetime:
    """The first instant (UTC) at which clocks in `zone` show `day` and `wall` (`HH:MM`) or later.

    A time that does not exist gives the first instant after the gap; of two the first is taken. Never decreases with
    (`day`, `wall`).

    >>> resolve(date(2026, 3, 8), "02:30", "America/New_York").isoformat()
    '2026-03-08T07:00:00+00:00'
    >>> resolve(date(2026, 11, 1), "01:30", "America/New_York").isoformat()
    '2026-11-01T05:30:00+00:00'
    """
    return to_instant(resolve_seconds(day, wall, zone))


@lru_cache(maxsize=1 << 14)
def resolve_seconds(day: date, wall: str, zone: str) -> int:
    """`resolve` as whole seconds since 1970."""
    return offsets(zone).first(midnight(day) + wall_seconds(wall))


def window(day: date, wake: WakeWindow, zone: str) -> tuple[datetime, datetime]:
    """Both ends (UTC) of the wake window that starts on `day`; its length is absolute time, so 23- and 25-hour days keep gaps.

    An end at or before the start lies on the next day.

    >>> start, end = window(date(2026, 3, 7), WakeWindow(start="20:00", end="08:00"), "America/New_York")
    >>> (end - start).total_seconds() / 3600
    11.0
    """
    start, end = window_seconds(day, wake.start, wake.end, zone)
    return to_instant(start), to_instant(end)


@lru_cache(maxsize=1 << 14)
def window_seconds(day: date, start: str, end: str, zone: str) -> tuple[int, int]:
    """`window` as whole seconds since 1970."""
    return resolve_seconds(day, start, zone), resolve_seconds(day if end > start else day + DAY, end, zone)


def local(instant: datetime, zone: str) -> Local:
    """What clocks in `zone` show at `instant`. The offset is in whole minutes east of UTC.

    >>> from datetime import UTC
    >>> local(datetime(2026, 3, 8, 7, 30, tzinfo=UTC), "America/New_York")
    Local(date=datetime.date(2026, 3, 8), wall='03:30:00', offset_minutes=-240, hour=3.5)
    """
    shown = instant.astimezone(zone_info(zone))
    offset = shown.utcoffset() or timedelta()
    hour = shown.hour + shown.minute / 60 + shown.second / 3600
    return Local(shown.date(), shown.time().isoformat("seconds"), offset // timedelta(minutes=1), hour)


def zone_at(history: Sequence[ZoneSpan], instant: datetime) -> str:
    """The zone in force at `instant`. `history` is in order of `valid_from`; its first zone also holds before it."""
    return next((span.zone for span in reversed(history) if span.valid_from <= instant), history[0].zone)


def wake_on(history: Sequence[WakeSpan], day: date) -> WakeWindow:
    """The wake window that starts on `day`; Saturday and Sunday are the weekend. The first span also holds before it."""
    windows = next((span.windows for span in reversed(history) if span.valid_from <= day), history[0].windows)
    return windows.weekend if day.isoweekday() >= 6 else windows.weekday


def study_date(instant: datetime, zone_history: Sequence[ZoneSpan], wake_history: Sequence[WakeSpan]) -> date:
    """The local date that `instant` counts to: yesterday while yesterday's wake window is open past midnight, else today."""
    zone = zone_at(zone_history, instant)
    at = floor(instant.timestamp())
    today = _date(at, zone)
    _, ended = _span(today - DAY, wake_history, zone)
    started, _ = _span(today, wake_history, zone)
    return today - DAY if at < ended and at < started else today


def study_begins(day: date, zone: str, wake_history: Sequence[WakeSpan]) -> datetime:
    """The instant (UTC) from which `study_date` in this zone is `day`: midnight, or later while the window of the day before is open.

    >>> from models.definition.prompting import WakeWindow, WakeWindows
    >>> late = WakeWindow(start="12:00", end="02:00")
    >>> study_begins(date(2026, 3, 5), "UTC", [WakeSpan(date(2026, 3, 1), WakeWindows(weekday=late, weekend=late))]).hour
    2
    """
    _, ended = _span(day - DAY, wake_history, zone)
    started, _ = _span(day, wake_history, zone)
    return to_instant(max(resolve_seconds(day, "00:00", zone), min(ended, started)))


def study_day(instant: datetime, start_date: date, zone_history: Sequence[ZoneSpan], wake_history: Sequence[WakeSpan]) -> int:
    """The study day of `instant`, 1 on `start_date` (the study date of the enrollment), 0 or less before it."""
    return (study_date(instant, zone_history, wake_history) - start_date).days + 1


def awake(instant: datetime, zone: str, wake_history: Sequence[WakeSpan]) -> bool:
    """True inside the person's wake window in `zone`, both ends included; all other hours are quiet hours."""
    return awake_at(floor(instant.timestamp()), to_seconds(instant), zone, wake_history)


def awake_at(first: int, last: int, zone: str, wake_history: Sequence[WakeSpan]) -> bool:
    """`awake` from the second `first` to `last`."""
    today = _date(first, zone)
    spans = (_span(day, wake_history, zone) for day in (today, today - DAY))
    return any(start <= first and last <= end for start, end in spans)


def awake_until(instant: datetime, zone: str, wake_history: Sequence[WakeSpan]) -> datetime | None:
    """Until when the person is awake in `zone`, windows that follow without a break taken together; None in quiet hours."""
    return awake_in(wake_around(date_in(instant, zone), zone, wake_history), instant)


def date_in(instant: datetime, zone: str) -> date:
    """What the calendar shows in `zone` at `instant`."""
    return _date(floor(instant.timestamp()), zone)


def wake_around(day: date, zone: str, wake_history: Sequence[WakeSpan]) -> Sequence[tuple[int, int]]:
    """Both ends, in seconds, of the wake windows that start on `day`, the day before and the day after, in order."""
    return sorted(_span(day + DAY * number, wake_history, zone) for number in (-1, 0, 1))


def awake_in(around: Sequence[tuple[int, int]], instant: datetime) -> datetime | None:
    """`awake_until` of an instant on the day that `around` is about."""
    first, last = floor(instant.timestamp()), to_seconds(instant)
    end: int | None = None
    for start, until in around:
        if (start <= first and last <= until) or (end is not None and start <= end):
            end = until if end is None else max(end, until)
    return None if end is None else to_instant(end)


def _date(instant: int, zone: str) -> date:
    """What the calendar shows in `zone`."""
    return date_of((instant + offsets(zone).at(instant)) // DAY_SECONDS)


def _span(day: date, wake_history: Sequence[WakeSpan], zone: str) -> tuple[int, int]:
    wake = wake_on(wake_history, day)
    return window_seconds(day, wake.start, wake.end, zone)
