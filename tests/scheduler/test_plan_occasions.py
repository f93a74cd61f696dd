"""What a person's days hold: enrollment, anchors, pauses, quiet hours, short windows and travel."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from models.definition.prompting import Event, Expiry, Fixed, FollowUp, Reminders, Stratified, WakeWindow, WakeWindows, When, Window
from models.kinds import TimedEventKind
from scheduler.plan.calendar import WakeSpan, ZoneSpan
from scheduler.plan.inputs import Pause, PlanInput
from scheduler.plan.keyed import PlanKey
from scheduler.plan.occasions import plan, plan_day
from scheduler.plan.slots import NAMESPACE, follow_up_uid, interval_uid, prompt_uid
from scheduler.plan.when import offered

EXPIRY = Expiry(minutes=60, reminders=Reminders(count=3, every_minutes=20))
START = datetime(2026, 3, 2, 14, tzinfo=UTC)
"""A Monday, 9:00 in New York."""
MONDAY = date(2026, 3, 2)
SIGNAL = Stratified(id="signal", instrument="s", expiry=EXPIRY, prompts=4, gap_minutes=60)
MORNING = Window(id="morning", instrument="m", expiry=EXPIRY, edge="start", offset_minutes=20)
EVENING = Window(id="evening", instrument="e", expiry=EXPIRY, edge="end", offset_minutes=-60)


def person(*designs, wake=("08:00", "22:00"), zones=(), **more) -> PlanInput:
    window = WakeWindow(start=wake[0], end=wake[1])
    return PlanInput(
        enrollment_uid=UUID(int=7),
        plan_key=bytes(range(32)),
        designs=designs,
        zones=(ZoneSpan(START, "America/New_York"), *zones),
        wake=(WakeSpan(MONDAY, WakeWindows(weekday=window, weekend=window)),),
        started_at=START,
        **{"length_days": 90, **more},
    )


def days_planned(inputs: PlanInput, count: int = 20) -> list[int]:
    return [number for number in range(1, count + 1) if plan_day(inputs, MONDAY + timedelta(days=number - 1))]


def test_the_plan_of_a_day_is_this_one_on_every_machine_and_in_every_year():
    """A golden day: a change here is a change of every phone's times."""
    planned = plan_day(person(SIGNAL, MORNING), date(2026, 3, 8))
    assert [(one.design, one.slot.index, one.local_due, one.offset_minutes) for one in planned] == GOLDEN
    assert [str(one.uid) for one in planned[:1]] == ["3bebb0eb-97db-596d-81c3-b2474184c70c"]


GOLDEN = [
    ("morning", 0, "2026-03-08T08:20:00", -240),
    ("signal", 0, "2026-03-08T10:05:08", -240),
    ("signal", 1, "2026-03-08T13:41:42", -240),
    ("signal", 2, "2026-03-08T16:50:48", -240),
    ("signal", 3, "2026-03-08T18:42:53", -240),
]


def test_the_ids_that_the_page_for_phones_gives_are_those_of_the_server():
    page = (Path(__file__).parents[2] / "docs" / "expressions.md").read_text()
    rows = re.findall(r"\| `([a-z_]+/\S+)` \| `([0-9a-f-]{36})` \|", page)
    person, source = UUID(int=1), UUID("2f1c7a52-6d0e-4f53-9c0a-3f3d0f1a9b10")
    ours = (
        prompt_uid(person, "random_checks", date(2026, 3, 8), 1),
        follow_up_uid(person, "craving_follow_up", source),
        interval_uid(person, "every_four_hours", 1_772_953_200, 3),
    )
    assert [told for _, told in rows] == [str(one) for one in ours] == [str(uuid5(NAMESPACE, f"{person}/{name}")) for name, _ in rows]
    assert f"`{NAMESPACE}`" in page


def test_a_keyed_number_depends_on_every_part_and_on_where_one_part_ends():
    key = bytes(32)
    numbers = {PlanKey(key).fraction(*parts) for parts in (("a", "b"), ("ab",), ("a", "b", ""), ("b", "a"), ())}
    assert len(numbers) == 5
    assert PlanKey(key).fraction("a") != PlanKey(bytes([1]) * 32).fraction("a")
    assert all(0 <= PlanKey(key).pick(7, str(number)) < 7 for number in range(200))


def test_someone_who_joins_mid_window_gets_the_rest_of_day_one_with_the_same_slots():
    inputs = person(SIGNAL, MORNING)
    later = replace(inputs, started_at=START + timedelta(hours=5))
    whole = {one.uid: one for one in plan_day(inputs, MONDAY)}
    rest = plan_day(later, MONDAY)
    assert 0 < len(rest) < len(whole)
    assert all(one.due_at >= later.started_at and whole[one.uid] == one for one in rest)
    assert "morning" not in {one.design for one in plan_day(inputs, MONDAY)}
    assert not plan_day(inputs, MONDAY - timedelta(days=1))


def test_a_study_ends_after_its_last_day():
    assert days_planned(person(MORNING, length_days=5)) == [2, 3, 4, 5]


def test_weekdays_and_study_days_limit_a_design():
    weekly = Fixed(id="weekly", instrument="w", expiry=EXPIRY, times=("18:00",), when=When(weekdays=(1, 7), first_day=2, last_day=14))
    assert days_planned(person(weekly)) == [7, 8, 14]


def test_an_anchored_design_counts_its_days_from_each_event_and_plans_nothing_before_it():
    burst = Fixed(
        id="burst", instrument="b", expiry=EXPIRY, times=("09:00", "18:00"), when=When(anchor=TimedEventKind.VISIT, first_day=1, last_day=2)
    )
    visits = (datetime(2026, 3, 5, 17, tzinfo=UTC), datetime(2026, 3, 10, 13, tzinfo=UTC))
    inputs = person(burst, anchors={TimedEventKind.VISIT: visits})
    assert days_planned(inputs) == [4, 5, 9, 10]
    assert [one.slot.index for one in plan_day(inputs, date(2026, 3, 5))] == [1]
    assert days_planned(person(burst)) == []


def test_a_pause_blocks_what_lies_in_it_and_moves_nothing_else():
    inputs = person(SIGNAL, MORNING, EVENING)
    tuesday = plan_day(inputs, date(2026, 3, 3))
    pause = Pause(datetime(2026, 3, 3, 14, tzinfo=UTC), datetime(2026, 3, 3, 21, tzinfo=UTC))
    paused = plan_day(replace(inputs, pauses=(pause,)), date(2026, 3, 3))
    assert [one.due_at for one in paused] == [one.due_at for one in tuesday]
    assert all((one.blocked == "paused") == (pause.start <= one.due_at < pause.end) for one in paused)
    assert {one.blocked for one in paused} == {None, "paused"}
    open_ended = plan(replace(inputs, pauses=(Pause(START, None),)), START, START + timedelta(days=9))
    assert {one.blocked for one in open_ended} == {"paused"}


def test_a_prompt_outside_the_wake_window_is_blocked_and_reminders_stop_at_its_end():
    night = Fixed(id="night", instrument="n", expiry=EXPIRY, times=("03:00", "21:50"))
    sleeping, late = plan_day(person(night), date(2026, 3, 3))
    assert (sleeping.blocked, sleeping.reminders) == ("quiet_hours", ())
    assert late.blocked is None
    assert late.reminders == ()
    (early,) = plan_day(person(MORNING), date(2026, 3, 3))
    assert [reminder - early.due_at for reminder in early.reminders] == [timedelta(minutes=20), timedelta(minutes=40)]


def test_a_window_too_short_for_its_gaps_blocks_what_does_not_fit_and_says_so():
    tight = Stratified(id="signal", instrument="s", expiry=EXPIRY, prompts=4, gap_minutes=60)
    planned = plan_day(person(tight, wake=("10:00", "12:30")), date(2026, 3, 3))
    assert len(planned) == 4
    assert [one.blocked for one in planned].count("window") == 1
    due = [one.due_at for one in planned if one.blocked is None]
    assert all(later - earlier >= timedelta(hours=1) for earlier, later in pairwise(due))


def test_a_window_that_a_clock_change_swallows_blocks_all_but_one_slot():
    planned = plan_day(person(SIGNAL, wake=("02:10", "02:50")), date(2026, 3, 8))
    assert [one.blocked for one in planned].count("window") == 3


def test_the_gap_holds_exactly_where_the_window_is_just_long_enough():
    tight = Stratified(id="signal", instrument="s", expiry=EXPIRY, prompts=3, gap_minutes=120)
    planned = plan_day(person(tight, wake=("10:00", "14:00")), date(2026, 3, 3))
    assert [one.local_due[11:] for one in planned] == ["10:00:00", "12:00:00", "14:00:00"]


def test_a_signal_keeps_its_distance_from_excluded_diaries():
    wide = Stratified(
        id="signal", instrument="s", expiry=EXPIRY, prompts=2, gap_minutes=30, exclude=("morning", "evening"), exclude_minutes=100
    )
    for day in range(30):
        times = {}
        for one in plan_day(person(wide, MORNING, EVENING), date(2026, 3, 3) + timedelta(days=day)):
            times.setdefault(one.design, []).append(one.due_at)
        diaries = times["morning"] + times["evening"]
        assert all(abs(due - diary) >= timedelta(minutes=100) for due in times["signal"] for diary in diaries)


def test_a_morning_prompt_after_a_flight_east_is_blocked_by_travel_and_one_after_a_flight_west_waits():
    fixed = Fixed(id="fixed", instrument="f", expiry=EXPIRY, times=("15:00", "21:00"))
    moved_at = datetime(2026, 3, 3, 18, tzinfo=UTC)
    east = plan_day(person(fixed, zones=(ZoneSpan(moved_at, "Europe/Berlin"),)), date(2026, 3, 3))
    assert [(one.slot.index, one.blocked) for one in east] == [(0, "travel"), (1, None)]
    assert east[1].local_due == "2026-03-03T21:00:00"
    west = plan_day(person(fixed, zones=(ZoneSpan(moved_at, "Pacific/Honolulu"),)), date(2026, 3, 3))
    assert [(one.blocked, one.zone, one.local_due[11:16]) for one in west] == [
        (None, "Pacific/Honolulu", "15:00"),
        (None, "Pacific/Honolulu", "21:00"),
    ]


def test_a_new_zone_name_with_the_same_clock_moves_nothing():
    inputs = person(SIGNAL, MORNING)
    renamed = person(SIGNAL, MORNING, zones=(ZoneSpan(datetime(2026, 3, 3, 18, tzinfo=UTC), "America/Toronto"),))
    before, after = plan_day(inputs, date(2026, 3, 3)), plan_day(renamed, date(2026, 3, 3))
    assert [one.due_at for one in before] == [one.due_at for one in after]
    assert {one.zone for one in after} == {"America/New_York", "America/Toronto"}


def test_sent_prompts_hold_their_place_when_the_wake_window_changes_the_same_day():
    inputs = person(SIGNAL)
    first, *_ = plan_day(inputs, date(2026, 3, 3))
    shifted = WakeSpan(
        date(2026, 3, 3), WakeWindows(weekday=WakeWindow(start="09:30", end="23:30"), weekend=WakeWindow(start="09:30", end="23:30"))
    )
    changed = replace(inputs, wake=(*inputs.wake, shifted), sent={first.uid: first.due_at})
    again = {one.uid: one for one in plan_day(changed, date(2026, 3, 3))}
    assert again[first.uid].due_at == first.due_at
    assert all(abs(one.due_at - first.due_at) >= timedelta(hours=1) for one in again.values() if one.uid != first.uid)


def test_a_year_with_windows_that_never_close_is_planned_without_deep_recursion():
    (one, *_) = plan_day(person(SIGNAL, wake=("06:00", "06:00"), length_days=3000), date(2030, 3, 3))
    assert one.study_day == 1463


@pytest.mark.parametrize(("day", "expected"), [(2, True), (5, False)])
def test_a_report_is_open_on_its_days_whatever_the_hour_or_pause(day, expected):
    report = Event(id="craving", instrument="r", expiry=EXPIRY, when=When(last_day=3))
    inputs = person(report, pauses=(Pause(START, None),))
    assert offered(inputs, report, START + timedelta(days=day - 1, hours=20)) is expected
    assert not plan_day(inputs, MONDAY)


def test_a_follow_up_is_not_planned_by_the_calendar():
    follow = FollowUp(id="after", instrument="a", expiry=EXPIRY, after=("craving",), delay_minutes=20)
    assert plan(person(follow), START, START + timedelta(days=3)) == ()


def test_histories_may_come_in_any_order_and_must_not_be_empty():
    spans = (ZoneSpan(START, "America/New_York"), ZoneSpan(START + timedelta(days=2), "Europe/Berlin"))
    inputs = person(SIGNAL)
    assert replace(inputs, zones=spans).zones == replace(inputs, zones=spans[::-1]).zones
    with pytest.raises(ValueError, match="at least one span"):
        replace(inputs, zones=())
