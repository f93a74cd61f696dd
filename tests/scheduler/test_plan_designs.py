"""Designs beyond the day: intervals, bursts, arms, moving anchors, clock hours; and a plan as a phone would work it out."""

import hmac
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from models.definition.prompting import Burst, Expiry, Fixed, Interval, Stratified, Uniform, WakeWindow, WakeWindows, When
from models.kinds import TimedEventKind
from scheduler.plan.calendar import DAY, WakeSpan, ZoneSpan
from scheduler.plan.inputs import PlanInput
from scheduler.plan.occasions import plan, plan_day
from scheduler.plan.slots import NAMESPACE

EXPIRY = Expiry(minutes=60)
START = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
"""A Monday, 9:30 in New York."""
MONDAY = date(2026, 3, 2)
KEY = bytes(range(32))
HOUR = timedelta(hours=1)
QUIT = TimedEventKind.QUIT_DAY


def person(*designs, zones=(), weekend=("10:00", "01:00"), **more) -> PlanInput:
    windows = WakeWindows(weekday=WakeWindow(start="08:00", end="22:00"), weekend=WakeWindow(start=weekend[0], end=weekend[1]))
    return PlanInput(
        enrollment_uid=UUID(int=7),
        plan_key=KEY,
        designs=designs,
        zones=(ZoneSpan(START, "America/New_York"), *zones),
        wake=(WakeSpan(MONDAY, windows),),
        started_at=START,
        **{"length_days": 400, **more},
    )


def active_days(inputs: PlanInput, count: int = 20) -> list[int]:
    return [number for number in range(1, count + 1) if plan_day(inputs, MONDAY + DAY * (number - 1))]


def bits(*parts: str) -> int:
    message = b"breakwater.plan/1" + b"".join(b"%d:%b," % (len(one.encode()), one.encode()) for one in parts)
    return int.from_bytes(hmac.digest(KEY, message, "sha256")[:8], "big") >> 11


def test_a_phone_with_the_key_works_out_the_same_ids_and_times_in_a_few_lines():
    """Blocks of a 14-hour day in whole seconds, each draw after the gap and before what the next needs; ids by name."""
    design = Stratified(id="signal", instrument="s", expiry=EXPIRY, prompts=4, gap_minutes=60)
    inputs = person(design)
    for day in (date(2026, 3, 6), date(2026, 3, 9), date(2026, 11, 2)):
        start = int(datetime.combine(day, time(8), ZoneInfo("America/New_York")).timestamp())
        length, gap, after = 14 * 3600, 3600, start
        expected = []
        for k in range(4):
            low = max(start + length * k // 4, after)
            high = start + length if k == 3 else min(start + length * (k + 1) // 4 - 1, start + length - (3 - k) * gap)
            at = low + ((high - low + 1) * bits("signal", str(day), str(k), "time") >> 53)
            expected.append((uuid5(NAMESPACE, f"{UUID(int=7)}/signal/{day}/{k}"), at))
            after = at + gap
        assert [(one.uid, int(one.due_at.timestamp())) for one in plan_day(inputs, day)] == expected


def test_a_uniform_design_is_worked_out_by_spacings_in_a_few_lines():
    design = Uniform(id="spread", instrument="u", expiry=EXPIRY, prompts=5, gap_minutes=90)
    day = date(2026, 6, 3)
    start = int(datetime.combine(day, time(8), ZoneInfo("America/New_York")).timestamp())
    room = 14 * 3600 + 1 - 4 * 5399
    chosen: set[int] = set()
    for number, top in enumerate(range(room - 5, room)):
        one = (top + 1) * bits("spread", str(day), str(number), "spacings") >> 53
        chosen.add(top if one in chosen else one)
    expected = [start + at + k * 5399 for k, at in enumerate(sorted(chosen))]
    planned = plan_day(person(design), day)
    assert [int(one.due_at.timestamp()) for one in planned] == expected
    assert all(later - early >= 1.5 * HOUR for early, later in pairwise(expected_instants(expected)))
    assert {one.blocked for one in planned} == {None}


def expected_instants(seconds: list[int]) -> list[datetime]:
    return [datetime.fromtimestamp(one, UTC) for one in seconds]


def test_a_uniform_design_that_does_not_fit_asks_as_often_as_it_can_and_says_so():
    tight = Uniform(id="spread", instrument="u", expiry=EXPIRY, prompts=4, gap_minutes=60, hours=WakeWindow(start="10:00", end="12:30"))
    planned = plan_day(person(tight), date(2026, 3, 3))
    assert [one.blocked for one in planned].count("window") == 1
    due = [one.due_at for one in planned if one.blocked is None]
    assert len(due) == 3
    assert all(later - early >= HOUR for early, later in pairwise(due))


def test_clock_hours_stand_in_for_the_wake_window_and_quiet_hours_still_silence():
    hours = WakeWindow(start="20:00", end="23:00")
    late = Stratified(id="late", instrument="s", expiry=EXPIRY, prompts=3, gap_minutes=10, hours=hours)
    found = [one for number in range(7) for one in plan_day(person(late), date(2026, 3, 3) + DAY * number)]
    assert len(found) == 21
    assert all("20:00" <= one.local_due[11:16] <= "23:00" for one in found)
    weekdays = [one for one in found if one.slot.local_date.isoweekday() < 6]
    assert all((one.blocked == "quiet_hours") == (one.local_due[11:] > "22:00:00") for one in weekdays)
    assert not any(one.blocked for one in found if one.slot.local_date.isoweekday() >= 6)


def test_an_interval_of_hours_is_absolute_and_one_of_days_keeps_the_wall_clock_over_a_clock_change():
    hours = Interval(id="hours", instrument="h", expiry=EXPIRY, every=6, unit="hours")
    daily = Interval(id="days", instrument="d", expiry=EXPIRY, every=3, unit="days")
    inputs = person(hours, daily)
    found = plan(inputs, START, START + 12 * DAY)
    six = [one for one in found if one.design == "hours"]
    assert all(one.due_at == START + 6 * HOUR * one.slot.index for one in six)
    assert [one.slot.index for one in six] == list(range(1, len(six) + 1))
    assert {one.blocked for one in six} == {None, "quiet_hours"}
    third = [one for one in found if one.design == "days"]
    assert [(one.slot.index, one.local_due) for one in third] == [
        (number, f"{MONDAY + 3 * number * DAY}T09:30:00") for number in range(1, len(third) + 1)
    ]
    # The 8th and the 14th are of a weekend, which begins at ten: half past nine is quiet.
    assert [one.blocked for one in third] == [None, "quiet_hours", None, "quiet_hours"]
    name = f"{UUID(int=7)}/days/from/{int(START.timestamp())}/2"
    assert third[1].uid == uuid5(NAMESPACE, name)
    assert third[1].slot.name == f"from.{int(START.timestamp())}.2"


def test_an_interval_is_jittered_by_the_key_without_adding_up_and_carries_its_density():
    often = Interval(id="often", instrument="h", expiry=EXPIRY, every=90, unit="minutes", jitter_minutes=20)
    found = [one for one in plan(person(often), START, START + 3 * DAY) if one.blocked is None]
    late = [one.due_at - START - 90 * timedelta(minutes=one.slot.index) for one in found]
    assert all(timedelta() <= one <= timedelta(minutes=20) for one in late)
    assert len(set(late)) > 20
    assert {one.density for one in found} == {60 / 1201}


def test_an_interval_starts_anew_at_each_event_and_a_moved_anchor_replans_the_future_alone():
    after = Interval(id="after", instrument="h", expiry=EXPIRY, every=4, unit="hours", when=When(anchor=QUIT, first_day=1, last_day=2))
    quit_at, again = START + DAY, START + DAY + 10 * HOUR
    inputs = person(after, anchors={QUIT: (quit_at,)})
    first = plan(inputs, START, START + 6 * DAY)
    assert [one.slot.local_date for one in first][-1] == MONDAY + 2 * DAY
    assert {one.due_at - quit_at for one in first} <= {4 * HOUR * number for number in range(1, 12)}
    restarted = plan(replace(inputs, anchors={QUIT: (quit_at, again)}), START, START + 6 * DAY)
    assert {one.due_at for one in restarted if one.due_at < again} == {one.due_at for one in first if one.due_at < again}
    assert all((one.due_at - again) % (4 * HOUR) == timedelta() for one in restarted if one.due_at >= again)
    assert not plan(replace(inputs, anchors={}), START, START + 6 * DAY)
    moved = plan(replace(inputs, anchors={QUIT: (again,)}), START, START + 6 * DAY)
    assert not {one.uid for one in moved} & {one.uid for one in first}


def test_a_traveler_keeps_hours_apart_and_days_at_the_wall_clock_of_the_place():
    hours = Interval(id="hours", instrument="h", expiry=EXPIRY, every=6, unit="hours")
    daily = Interval(id="days", instrument="d", expiry=EXPIRY, every=1, unit="days")
    moved = ZoneSpan(START + 2 * DAY + 4 * HOUR, "Europe/Berlin")
    home, away = person(hours, daily), person(hours, daily, zones=(moved,))
    before, after = plan(home, START, START + 5 * DAY), plan(away, START, START + 5 * DAY)
    moments = [{one.due_at for one in each if one.design == "hours" and one.due_at < START + 5 * DAY} for each in (before, after)]
    assert moments[0] == moments[1]
    assert len(moments[0]) == 19
    assert all(one.local_due.endswith("T09:30:00") for one in after if one.design == "days")
    berlin = [one for one in after if one.design == "days" and one.due_at > moved.valid_from]
    assert {one.zone for one in berlin} == {"Europe/Berlin"}
    assert len({one.uid for one in after}) == len(after)


def test_a_burst_is_some_days_on_and_some_off_also_after_an_event():
    when = When(first_day=2, burst=Burst(on_days=2, off_days=3))
    fixed = Fixed(id="burst", instrument="b", expiry=EXPIRY, times=("12:00",), when=when)
    assert active_days(person(fixed)) == [2, 3, 7, 8, 12, 13, 17, 18]
    anchored = fixed.model_copy(update={"when": When(anchor=QUIT, last_day=6, burst=Burst(on_days=1, off_days=1))})
    assert active_days(person(anchored, anchors={QUIT: (START + 3 * DAY,)})) == [4, 6, 8]


def test_an_arm_has_its_own_designs_and_those_that_name_none():
    common = Fixed(id="common", instrument="b", expiry=EXPIRY, times=("12:00",))
    dense = Uniform(id="dense", instrument="u", expiry=EXPIRY, prompts=6, gap_minutes=30, when=When(arms=("dense", "both")))
    asked = {arm: {one.design for one in plan_day(person(common, dense, arm=arm), MONDAY + DAY)} for arm in ("dense", "light", None)}
    assert asked == {"dense": {"common", "dense"}, "light": {"common"}, None: {"common"}}
    without = plan_day(person(common), MONDAY + DAY)
    assert plan_day(person(common, dense, arm="light"), MONDAY + DAY) == without
