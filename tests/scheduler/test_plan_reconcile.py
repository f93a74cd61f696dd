"""Stored prompts against wanted ones."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from models.kinds import DesignKind, PromptState
from scheduler.plan.occasion import Occasion
from scheduler.plan.reconcile import PlannedRow, reconcile
from scheduler.plan.slots import Slot, prompt_uid

NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)


def wanted(index: int = 0, due_at: datetime = NOW + HOUR, **more) -> Occasion:
    base = Occasion(
        uid=prompt_uid(UUID(int=7), "signal", date(2026, 3, 4), index),
        design="signal",
        kind=DesignKind.STRATIFIED,
        instrument="s",
        slot=Slot(date(2026, 3, 4), index),
        study_day=3,
        due_at=due_at,
        window_start=due_at,
        window_end=due_at,
        expires_at=due_at + HOUR,
        zone="America/New_York",
        local_due="2026-03-04T11:00:00",
        offset_minutes=-300,
        density=0.01,
        day_probability=1.0,
        reminders=(due_at + HOUR / 2,),
    )
    return base._replace(**more)


def row(one: Occasion, state: PromptState = PromptState.PLANNED, reason: str | None = None) -> PlannedRow:
    return PlannedRow(one.uid, one.kind, one.instrument, state, one.due_at, one.expires_at, one.zone, 1, reason or one.blocked)


def test_an_empty_store_gets_every_wanted_slot_and_a_full_one_nothing():
    plan = [wanted(0), wanted(1, NOW + 3 * HOUR)]
    assert reconcile([], plan, now=NOW).insert == tuple(plan)
    assert not reconcile([row(one) for one in plan], plan, now=NOW)


def test_an_unsent_change_of_time_keeps_the_row_and_raises_its_revision():
    changes = reconcile([row(wanted())], [wanted(due_at=NOW + 2 * HOUR)], now=NOW)
    assert [(one.row.uid, one.plan_revision, one.occasion.due_at) for one in changes.retime] == [(wanted().uid, 2, NOW + 2 * HOUR)]
    assert (changes.insert, changes.supersede, changes.block) == ((), (), ())


def test_a_slot_that_vanished_is_superseded_with_the_reason_for_planning_again():
    changes = reconcile([row(wanted())], [], now=NOW, reason="revision")
    assert [(one.row.uid, one.reason) for one in changes.supersede] == [(wanted().uid, "revision")]


@pytest.mark.parametrize(
    "state", [one for one in PromptState if one not in {PromptState.PLANNED, PromptState.BLOCKED, PromptState.SUPERSEDED}]
)
def test_a_prompt_that_left_the_plan_is_never_touched(state):
    stored = row(wanted(), state)
    for plan in ([], [wanted(due_at=NOW + 2 * HOUR)], [wanted(blocked="paused")]):
        changes = reconcile([stored], plan, now=NOW)
        assert changes.keep == (stored,)
        assert not changes


def test_the_past_is_never_touched():
    stored = row(wanted(due_at=NOW))
    for plan in ([], [wanted(due_at=NOW + 2 * HOUR)], [wanted(due_at=NOW, blocked="paused")]):
        assert not reconcile([stored], plan, now=NOW)


def test_a_follow_up_is_kept_although_no_calendar_wants_it():
    stored = replace(row(wanted()), kind=DesignKind.FOLLOW_UP)
    assert reconcile([stored], [], now=NOW).keep == (stored,)


def test_a_pause_blocks_a_row_and_its_end_brings_the_row_back():
    blocked = wanted(blocked="paused", reminders=())
    changes = reconcile([row(wanted())], [blocked], now=NOW)
    assert [(one.reason, one.plan_revision) for one in changes.block] == [("paused", 2)]
    stored = row(blocked, PromptState.BLOCKED)
    assert not reconcile([stored], [blocked], now=NOW)
    assert [one.occasion for one in reconcile([stored], [wanted()], now=NOW).retime] == [wanted()]


def test_a_superseded_slot_that_is_wanted_again_keeps_its_row():
    stored = row(wanted(), PromptState.SUPERSEDED, "revision")
    assert not reconcile([stored], [], now=NOW)
    changes = reconcile([stored], [wanted()], now=NOW)
    assert [one.row for one in changes.retime] == [stored]
    assert not changes.insert


@pytest.mark.parametrize("blocked", [None, "paused"])
def test_a_vanished_slot_that_is_wanted_again_too_late_says_why_it_was_not_asked(blocked):
    plan = [wanted(due_at=NOW - HOUR, blocked=blocked)]
    stored = row(plan[0], PromptState.SUPERSEDED, "revision")
    (one,) = reconcile([stored], plan, now=NOW).block
    assert (one.row, one.reason) == (stored, blocked or "passed")
    assert not reconcile([row(one.occasion, PromptState.BLOCKED, one.reason)], plan, now=NOW)


def test_a_wanted_moment_that_has_passed_is_a_blocked_row_and_never_sent_late():
    (inserted,) = reconcile([], [wanted(due_at=NOW)], now=NOW).insert
    assert (inserted.blocked, inserted.reminders) == ("passed", ())
    assert not reconcile([row(inserted, PromptState.BLOCKED)], [wanted(due_at=NOW)], now=NOW)


@pytest.mark.parametrize(("zone", "reason"), [("America/New_York", "passed"), ("Europe/Berlin", "travel")])
def test_a_row_whose_new_moment_has_passed_is_blocked_by_travel_only_where_the_person_moved(zone, reason):
    changes = reconcile([row(wanted())], [wanted(due_at=NOW - HOUR, zone=zone)], now=NOW)
    assert [(one.reason, one.occasion.blocked) for one in changes.block] == [(reason, reason)]


def test_a_move_to_a_zone_with_the_same_clock_renames_the_zone_of_what_is_not_yet_sent():
    changes = reconcile([row(wanted())], [wanted(zone="America/Toronto")], now=NOW)
    assert [one.occasion.zone for one in changes.retime] == ["America/Toronto"]
