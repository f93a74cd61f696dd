"""Where a person stands at an instant: study day, wake window, start of the local day. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache

from models.definition.prompting import WakeWindow, WakeWindows
from risk.decision_point import Whereabouts
from scheduler.plan.calendar import WakeSpan, ZoneSpan, awake, resolve, study_date


def whereabouts(instant: datetime, *, zone: str, wake_windows: Mapping[str, Mapping[str, str]], start_date: date | None) -> Whereabouts:
    """The local facts of `instant` under one zone and one pair of wake windows.

    `wake_windows` is the stored form, `{"weekday": {"start", "end"}, "weekend": …}`. Before the first study day the day is 1.
    """
    windows = _windows(*(wake_windows[kind][end] for kind in ("weekday", "weekend") for end in ("start", "end")))
    zones = (ZoneSpan(instant, zone),)
    wakes = (WakeSpan(start_date or instant.date(), windows),)
    day = study_date(instant, zones, wakes)
    return Whereabouts(
        study_day=max(1, (day - start_date).days + 1) if start_date is not None else 1,
        in_wake_window=awake(instant, zone, wakes),
        day_started_at=resolve(day, "00:00", zone),
    )


@lru_cache(maxsize=4096)
def _windows(weekday_start: str, weekday_end: str, weekend_start: str, weekend_end: str) -> WakeWindows:
    return WakeWindows(weekday=WakeWindow(start=weekday_start, end=weekday_end), weekend=WakeWindow(start=weekend_start, end=weekend_end))
