"""Local time: the only place where it exists. Everything else in the house is UTC.

Zones come from the pinned `tzdata` package and never from the machine, so that a past day can be planned again
years later under `TZDATA_VERSION`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib import import_module, resources
from typing import Final
from zoneinfo import ZoneInfo

from models.definition.prompting import WakeWindow, WakeWindows
from models.errors import Fault, Invalid

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


@lru_cache(maxsize=1 << 15)
def resolve(day: date, wall: str, zone: str) -> datetime:
    """The first instant (UTC) at which clocks in `zone` show `day` and `wall` (`HH:MM`) or later.

    A time that does not exist gives the first instant after the gap; of two the first is taken. Never decreases with
    (`day`, `wall`).

    >>> resolve(date(2026, 3, 8), "02:30", "America/New_York").isoformat()
    '2026-03-08T07:00:00+00:00'
    >>> resolve(date(2026, 11, 1), "01:30", "America/New_York").isoformat()
    '2026-11-01T05:30:00+00:00'
    """
    rules = zone_info(zone)
    shown = datetime.combine(day, time.fromisoformat(wall))
    after = shown.replace(tzinfo=rules).astimezone(UTC)
    if _shows(after, rules) == shown:
        return after
    before = shown.replace(tzinfo=rules, fold=1).astimezone(UTC)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // timedelta(seconds=2) * timedelta(seconds=1)
        before, after = (before, middle) if _shows(middle, rules) >= shown else (middle, after)
    return after


def _shows(instant: datetime, rules: ZoneInfo) -> datetime:
    return instant.astimezone(rules).replace(tzinfo=None, fold=0)


def window(day: date, wake: WakeWindow, zone: str) -> tuple[datetime, datetime]:
    """Both ends (UTC) of the wake window that starts on `day`; its length is absolute time, so 23- and 25-hour days keep gaps.

    An end at or before the start lies on the next day.

    >>> start, end = window(date(2026, 3, 7), WakeWindow(start="20:00", end="08:00"), "America/New_York")
    >>> (end - start).total_seconds() / 3600
    11.0
    """
    last = day if wake.end > wake.start else day + DAY
    return resolve(day, wake.start, zone), resolve(last, wake.end, zone)


def local(instant: datetime, zone: str) -> Local:
    """What clocks in `zone` show at `instant`. The offset is in whole minutes east of UTC.

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
    today = instant.astimezone(zone_info(zone)).date()
    _, ended = window(today - DAY, wake_on(wake_history, today - DAY), zone)
    started, _ = window(today, wake_on(wake_history, today), zone)
    return today - DAY if instant < min(ended, started) else today


def study_day(instant: datetime, start_date: date, zone_history: Sequence[ZoneSpan], wake_history: Sequence[WakeSpan]) -> int:
    """The study day of `instant`, 1 on `start_date` (the study date of the enrollment), 0 or less before it."""
    return (study_date(instant, zone_history, wake_history) - start_date).days + 1


def awake(instant: datetime, zone: str, wake_history: Sequence[WakeSpan]) -> bool:
    """True inside the person's wake window in `zone`, both ends included; all other hours are quiet hours."""
    today = instant.astimezone(zone_info(zone)).date()
    spans = (window(day, wake_on(wake_history, day), zone) for day in (today, today - DAY))
    return any(start <= instant <= end for start, end in spans)
