from datetime import UTC, datetime, timedelta

import pytest

from models.definition.escalation import StaffedHours, Staffing
from risk.staffing import LADDERS, Staffed, answered, ladder_for, staffed
from tests.build import shipped

ALL_WEEK = (1, 2, 3, 4, 5, 6, 7)


def hours(start: str, end: str, *tiers: int, weekdays: tuple[int, ...] = (1, 2, 3, 4, 5)) -> StaffedHours:
    return StaffedHours(weekdays=weekdays, start=start, end=end, tiers=tiers)


def staffing(*spans: StaffedHours, zone: str = "America/New_York") -> Staffing:
    return Staffing(zone=zone, hours=spans, outside_hours={"en": "No one is reading this right now."})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


OFFICE = staffing(hours("08:00", "18:00", 2))


def test_inside_staffed_hours_somebody_reads_now():
    assert staffed(OFFICE, 2, utc("2026-03-04T15:00")) == Staffed(utc("2026-03-04T15:00"), nobody=False)
    assert staffed(OFFICE, 2, utc("2026-03-04T15:00"), answer_minutes=45).by == utc("2026-03-04T15:45")


def test_on_a_weekend_nobody_reads_until_monday():
    assert staffed(OFFICE, 2, utc("2026-02-28T15:00")) == Staffed(utc("2026-03-02T13:00"), nobody=True)


def test_shortly_before_closing_the_answer_comes_on_the_next_staffed_day():
    friday = utc("2026-02-27T22:50")
    assert staffed(OFFICE, 2, friday, answer_minutes=60) == Staffed(utc("2026-03-02T13:50"), nobody=False)


def test_a_tier_without_hours_is_never_promised():
    assert staffed(OFFICE, 4, utc("2026-03-04T15:00")) == Staffed(None, nobody=True)
    assert staffed(staffing(), 2, utc("2026-03-04T15:00")) == Staffed(None, nobody=True)


def test_hours_follow_the_wall_clock_through_both_changes():
    before, after = staffed(OFFICE, 2, utc("2026-03-07T15:00")), staffed(OFFICE, 2, utc("2026-10-31T15:00"))
    assert (before.by, after.by) == (utc("2026-03-09T12:00"), utc("2026-11-02T13:00"))


def test_a_night_shift_that_crosses_midnight_reads_after_midnight():
    nights = staffing(hours("22:00", "06:00", 3, weekdays=(5,)), zone="UTC")
    assert not staffed(nights, 3, utc("2026-03-07T05:59")).nobody
    assert staffed(nights, 3, utc("2026-03-07T06:00")).nobody


@pytest.mark.parametrize("zone", ["America/New_York", "Africa/Cairo", "America/Santiago", "Australia/Lord_Howe"])
def test_around_the_clock_means_every_minute_of_the_year(zone):
    always = staffing(hours("00:00", "00:00", 4, weekdays=ALL_WEEK), zone=zone)
    moments = [utc("2026-01-01T00:00") + timedelta(minutes=47 * step) for step in range(365 * 24 * 60 // 47)]
    assert not any(staffed(always, 4, moment).nobody for moment in moments)


def test_hours_that_start_in_a_spring_gap_start_right_after_it():
    early = staffing(hours("02:30", "05:00", 2, weekdays=ALL_WEEK))
    assert staffed(early, 2, utc("2026-03-08T06:30")) == Staffed(utc("2026-03-08T07:00"), nobody=True)


def test_overlapping_hours_are_not_counted_twice():
    twice = staffing(hours("08:00", "12:00", 2), hours("09:00", "10:00", 2), hours("14:00", "18:00", 2), zone="UTC")
    assert staffed(twice, 2, utc("2026-03-04T08:00"), answer_minutes=300).by == utc("2026-03-04T15:00")


def test_the_shipped_protocol_says_who_reads_and_when():
    protocol = shipped()
    evening = utc("2026-02-28T15:00")
    assert answered(protocol, 2, evening).nobody
    assert answered(protocol, 4, evening) == Staffed(evening + timedelta(minutes=15), nobody=False)


@pytest.mark.parametrize("tier", [2, 3, 4])
def test_a_protocol_without_a_ladder_gets_the_house_ladder(tier):
    bare = shipped().model_copy(update={"ladders": ()})
    assert ladder_for(bare, tier) is LADDERS[tier]
    assert ladder_for(shipped(), tier) == shipped().ladder(tier)
