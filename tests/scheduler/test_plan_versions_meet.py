"""Where a person passes from one protocol version to another between two prompts of one design."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from models.definition.prompting import Expiry, Stratified, WakeWindow, WakeWindows
from scheduler.plan.calendar import DAY, WakeSpan, ZoneSpan
from scheduler.plan.inputs import PlanInput
from scheduler.plan.planner import Planner
from scheduler.plan.versions import Versions, moved, taken_back

FIRST, BEGINS = date(2026, 3, 5), date(2026, 3, 8)
START = datetime(2026, 3, 4, 15, tzinfo=UTC)
OLD = Stratified(id="random", instrument="check", prompts=3, gap_minutes=90, expiry=Expiry(minutes=60))
NEW = OLD.model_copy(update={"prompts": 4, "gap_minutes": 60})


def hours(start: str, end: str) -> WakeWindows:
    return WakeWindows(weekday=WakeWindow(start=start, end=end), weekend=WakeWindow(start=start, end=end))


def person(number: int, *designs: Stratified) -> PlanInput:
    """Awake until six in the morning at first, and on the new version's first date from four."""
    return PlanInput(
        enrollment_uid=UUID(int=number),
        plan_key=number.to_bytes(32, "big"),
        designs=designs,
        zones=(ZoneSpan(START, "Australia/Lord_Howe"),),
        wake=(WakeSpan(FIRST, hours("16:00", "06:00")), WakeSpan(BEGINS, hours("04:00", "14:00"))),
        started_at=START,
        length_days=20,
    )


def closest(number: int, *, told: bool) -> timedelta:
    """Between two prompts, the first date of the new version planned with what the old one asked before it, or alone."""
    old = Planner(person(number, OLD))
    new = Planner(person(number, NEW), old, BEGINS) if told else Planner(person(number, NEW))
    asked = [*old.dates(BEGINS - DAY, BEGINS - DAY), *new.dates(BEGINS, BEGINS + DAY)]
    return min(late.due_at - early.due_at for early, late in pairwise(sorted(asked)) if early.blocked is late.blocked is None)


def test_the_first_date_of_a_version_keeps_its_distance_from_what_the_one_before_it_asked():
    assert min(closest(number, told=False) for number in range(60)) < timedelta(minutes=60), "the days overlap, so this can fail"
    assert min(closest(number, told=True) for number in range(60)) >= timedelta(minutes=60)


def test_a_design_that_a_revision_did_not_touch_keeps_its_times_where_versions_meet():
    for number in range(20):
        old, whole = Planner(person(number, OLD)), Planner(person(number, OLD))
        assert Planner(person(number, OLD), old, BEGINS).dates(BEGINS, BEGINS + 3 * DAY) == whole.dates(BEGINS, BEGINS + 3 * DAY)


def test_a_design_that_is_new_in_a_version_has_nothing_to_keep_away_from():
    other = OLD.model_copy(update={"id": "other"})
    for number in range(20):
        alone = Planner(person(number, NEW)).dates(BEGINS, BEGINS)
        met = Planner(person(number, NEW), Planner(person(number, other)), BEGINS).dates(BEGINS, BEGINS)
        assert len(met) == len(alone) == NEW.prompts


def test_dates_are_parted_by_the_version_that_holds_on_them():
    versions = Versions(1, ((date(2026, 3, 7), 1), (BEGINS, 2), (date(2026, 3, 10), 1)))
    assert list(versions.spans(FIRST, date(2026, 3, 12))) == [
        (1, FIRST, date(2026, 3, 7)),
        (2, BEGINS, date(2026, 3, 9)),
        (1, date(2026, 3, 10), date(2026, 3, 12)),
    ]
    assert list(Versions(None, ((BEGINS, 2),)).spans(BEGINS - DAY, BEGINS)) == [(None, BEGINS - DAY, BEGINS - DAY), (2, BEGINS, BEGINS)]


def test_a_withdrawn_coming_version_does_not_end_the_move_that_replaces_it():
    """Two is decided for a date and withdrawn before it; three begins earlier. On that date three still holds, until four was decided."""
    change = BEGINS + 3 * DAY
    planned = Versions(1, ((FIRST, 1), (BEGINS, 2), (change, 4)))
    back = planned.after(taken_back(planned, 2, FIRST, today=FIRST, withdrawn={2}, to=None, otherwise=1))
    on_three = back.after(moved(back, BEGINS - DAY, 3))
    assert list(on_three.spans(FIRST, change)) == [
        (1, FIRST, BEGINS - 2 * DAY),
        (3, BEGINS - DAY, change - DAY),
        (4, change, change),
    ]


def test_what_was_sent_of_a_slot_that_the_new_version_does_not_have_is_kept_away_from():
    """A withdrawal begins on the date that is lived: four prompts were planned for it, the third of them is out, and two are wanted now."""
    before = OLD.model_copy(update={"prompts": 4})
    after = OLD.model_copy(update={"prompts": 2})
    day, near = BEGINS - 2 * DAY, []
    for number in range(60):
        alone = person(number, after)
        out = next(one for one in Planner(person(number, before)).dates(day, day) if one.slot.index == 2)
        near.append(
            [
                min(abs(one.due_at - out.due_at) for one in Planner(inputs).dates(day, day) if one.blocked is None)
                for inputs in (alone, replace(alone, sent={out.uid: out.due_at}))
            ]
        )
    assert min(apart for apart, _ in near) < timedelta(minutes=90), "planned alone some come too near, so this can fail"
    assert min(apart for _, apart in near) >= timedelta(minutes=90)
