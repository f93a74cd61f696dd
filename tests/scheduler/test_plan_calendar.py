"""Local time: gaps, overlaps, windows over midnight, study days."""

from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version

import pytest

from models.definition.prompting import WakeWindow, WakeWindows
from models.errors import Invalid
from scheduler.plan.calendar import (
    TZDATA_VERSION,
    WakeSpan,
    ZoneSpan,
    awake,
    local,
    resolve,
    study_begins,
    study_date,
    study_day,
    wake_on,
    window,
    zone_at,
    zones,
)

NEW_YORK = "America/New_York"


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def wake(start: str, end: str, weekend: tuple[str, str] | None = None) -> tuple[WakeSpan, ...]:
    usual = WakeWindow(start=start, end=end)
    free = WakeWindow(start=weekend[0], end=weekend[1]) if weekend else usual
    return (WakeSpan(date(2026, 1, 1), WakeWindows(weekday=usual, weekend=free)),)


def test_the_zone_rules_are_those_of_the_pinned_package_and_say_their_release():
    year, number = version("tzdata").split(".")[:2]
    assert f"{year}{chr(ord('a') + int(number) - 1)}" == TZDATA_VERSION
    assert NEW_YORK in zones()


@pytest.mark.parametrize("name", ["Nowhere/Land", "../../etc/passwd", "/etc/localtime", ""])
def test_a_zone_that_the_release_does_not_have_is_refused_with_its_place(name):
    with pytest.raises(Invalid) as refused:
        resolve(date(2026, 3, 8), "08:00", name)
    assert refused.value.faults[0].pointer == "/zone"


@pytest.mark.parametrize(
    ("day", "wall", "zone", "instant"),
    [
        (date(2026, 3, 8), "01:59", NEW_YORK, at(8, 6, 59)),
        (date(2026, 3, 8), "02:00", NEW_YORK, at(8, 7)),
        (date(2026, 3, 8), "02:59", NEW_YORK, at(8, 7)),
        (date(2026, 3, 8), "03:00", NEW_YORK, at(8, 7)),
        (date(2026, 11, 1), "01:00", NEW_YORK, at(1, 5, month=11)),
        (date(2026, 11, 1), "02:00", NEW_YORK, at(1, 7, month=11)),
        (date(2026, 10, 4), "02:15", "Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30, tzinfo=UTC)),
        (date(2011, 12, 30), "12:00", "Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_a_missing_time_is_the_first_instant_after_the_gap_and_a_double_one_the_first_of_two(day, wall, zone, instant):
    assert resolve(day, wall, zone) == instant


def test_a_window_over_midnight_is_an_hour_shorter_in_spring_and_longer_in_autumn():
    nights = {
        day: window(day, WakeWindow(start="20:00", end="10:00"), NEW_YORK)
        for day in (date(2026, 3, 7), date(2026, 10, 31), date(2026, 6, 1))
    }
    assert [(end - start).total_seconds() / 3600 for start, end in nights.values()] == [13, 15, 14]


def test_a_window_whose_ends_are_the_same_is_a_whole_day():
    start, end = window(date(2026, 6, 1), WakeWindow(start="06:00", end="06:00"), NEW_YORK)
    assert end - start == timedelta(hours=24)


def test_local_time_names_date_wall_clock_offset_and_hour():
    shown = local(datetime(2026, 3, 8, 4, 30, 15, tzinfo=UTC), NEW_YORK)
    assert (shown.stamp, shown.offset_minutes) == ("2026-03-07T23:30:15", -300)
    assert shown.hour == pytest.approx(23.504, abs=1e-3)
    assert local(at(1, 0), "Asia/Kathmandu").offset_minutes == 345


def test_the_zone_in_force_is_the_last_that_has_begun_and_the_first_holds_before_it():
    history = (ZoneSpan(at(1, 0), NEW_YORK), ZoneSpan(at(5, 12), "Europe/Berlin"))
    assert [zone_at(history, one) for one in (at(1, 0, month=1), at(5, 11, 59), at(5, 12))] == [NEW_YORK, NEW_YORK, "Europe/Berlin"]


def test_saturday_and_sunday_have_the_weekend_window_and_a_change_begins_on_its_day():
    history = (*wake("08:00", "22:00", ("10:00", "23:00")), WakeSpan(date(2026, 3, 9), wake("06:00", "20:00")[0].windows))
    assert [wake_on(history, date(2026, 3, day)).start for day in (6, 7, 8, 9, 14)] == ["08:00", "10:00", "10:00", "06:00", "06:00"]


@pytest.mark.parametrize(
    ("windows", "instant", "expected"),
    [
        (wake("08:00", "22:00"), at(4, 7), date(2026, 3, 4)),
        (wake("08:00", "22:00"), at(4, 4, 59), date(2026, 3, 3)),
        (wake("10:00", "02:00"), at(4, 6, 59), date(2026, 3, 3)),
        (wake("10:00", "02:00"), at(4, 7, 1), date(2026, 3, 4)),
        (wake("20:00", "10:00"), at(4, 14, 59), date(2026, 3, 3)),
        (wake("20:00", "10:00"), at(4, 16), date(2026, 3, 4)),
    ],
)
def test_an_instant_counts_to_the_day_on_which_the_open_window_began(windows, instant, expected):
    assert study_date(instant, (ZoneSpan(at(1, 0), NEW_YORK),), windows) == expected


def test_day_one_holds_the_enrollment_also_at_night():
    place, windows, started = (ZoneSpan(at(1, 0), NEW_YORK),), wake("10:00", "02:00"), at(4, 6, 30)
    first = study_date(started, place, windows)
    assert study_day(started, first, place, windows) == 1
    assert study_day(started + timedelta(hours=1), first, place, windows) == 2
    assert study_day(started - timedelta(days=1), first, place, windows) == 0


def test_quiet_hours_are_those_outside_the_wake_window():
    windows = wake("10:00", "02:00")
    assert [awake(one, NEW_YORK, windows) for one in (at(4, 6, 59), at(4, 7), at(4, 7, 1), at(4, 14, 59), at(4, 15))] == [
        True,
        True,
        False,
        False,
        True,
    ]


@pytest.mark.parametrize("zone", [NEW_YORK, "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"])
@pytest.mark.parametrize("hours", [("08:00", "22:00"), ("12:00", "02:30"), ("22:00", "21:00"), ("00:00", "00:00"), ("23:30", "09:00")])
def test_a_study_date_begins_where_moments_begin_to_count_to_it(zone, hours):
    windows, place = wake(*hours, weekend=("14:00", "04:00")), (ZoneSpan(at(1, 0, month=1), zone),)
    for first in (date(2026, 3, 5), date(2026, 4, 3), date(2026, 10, 2), date(2026, 10, 30)):
        for day in (first + timedelta(days=number) for number in range(5)):
            begins = study_begins(day, zone, windows)
            assert study_date(begins, place, windows) == day
            assert study_date(begins - timedelta(seconds=1), place, windows) == day - timedelta(days=1)
