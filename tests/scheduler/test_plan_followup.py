"""Prompts that follow an answer: once for each response, within a budget."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from models.definition.prompting import Expiry, FollowUp, WakeWindow, WakeWindows, When
from scheduler.plan.calendar import WakeSpan, ZoneSpan
from scheduler.plan.followup import Prior, Source, follow_up
from scheduler.plan.inputs import Pause, PlanInput
from scheduler.plan.slots import source_index

NOW = datetime(2026, 3, 4, 17, tzinfo=UTC)
DESIGN = FollowUp(
    id="after", instrument="check", expiry=Expiry(minutes=60), after=("craving",), condition=[">=", {"item": "now"}, 7], delay_minutes=20
)
SOURCE = Source(UUID(int=41), "craving", NOW, {"now": 8})
WINDOW = WakeWindow(start="08:00", end="22:00")
INPUTS = PlanInput(
    enrollment_uid=UUID(int=7),
    plan_key=bytes(32),
    designs=(DESIGN,),
    zones=(ZoneSpan(NOW - timedelta(days=3), "America/New_York"),),
    wake=(WakeSpan(date(2026, 3, 1), WakeWindows(weekday=WINDOW, weekend=WINDOW)),),
    started_at=NOW - timedelta(days=3),
    length_days=30,
)


def planned(design=DESIGN, source=SOURCE, prior=(), inputs=INPUTS, now=NOW):
    return follow_up(inputs, design, source, prior, now=now)


def prior(number: int, minutes: int) -> Prior:
    return Prior(UUID(int=number), date(2026, 3, 4), NOW + timedelta(minutes=minutes))


def test_a_follow_up_comes_twenty_minutes_after_the_answer_and_names_its_source():
    found = planned()
    assert found.reason == "planned"
    assert found.occasion.due_at == NOW + timedelta(minutes=20)
    assert found.occasion.expires_at == NOW + timedelta(minutes=80)
    assert (found.occasion.source, found.occasion.slot.name) == (SOURCE.response_uid, f"source.{SOURCE.response_uid}")
    assert found.occasion.study_day == 4
    assert found.occasion.density is None


def test_a_retry_finds_the_same_prompt_and_once_it_is_stored_none():
    first = planned().occasion
    later = planned(source=replace(SOURCE, answered_at=NOW + timedelta(hours=9)), now=NOW + timedelta(hours=9)).occasion
    assert first.uid == later.uid
    assert first.slot.index == later.slot.index == source_index(SOURCE.response_uid) < 2**31
    assert planned(prior=[Prior(SOURCE.response_uid, date(2026, 3, 4), first.due_at)]).reason == "already_planned"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (replace(SOURCE, instrument="mood"), "other_instrument"),
        (replace(SOURCE, items={"now": 6}), "condition"),
        (replace(SOURCE, items={}), "condition"),
        (replace(SOURCE, answered_at=NOW - timedelta(minutes=80)), "stale"),
        (replace(SOURCE, answered_at=NOW - timedelta(minutes=79)), "planned"),
        (replace(SOURCE, answered_at=NOW - timedelta(days=4)), "inactive_day"),
    ],
)
def test_a_response_that_does_not_call_for_one_says_why(source, reason):
    found = planned(source=source)
    assert found.reason == reason
    assert (found.occasion is None) == (reason != "planned")


def test_the_budget_is_for_the_local_day():
    design = DESIGN.model_copy(update={"per_day": 2})
    today = [prior(1, -300), prior(2, -200)]
    assert planned(design, prior=today).reason == "budget"
    assert planned(design, prior=[today[0], replace(today[1], local_date=date(2026, 3, 3))]).reason == "planned"


@pytest.mark.parametrize(("minutes", "reason"), [(-40, "planned"), (-39, "cooldown"), (79, "cooldown"), (80, "planned")])
def test_the_cooldown_holds_in_either_direction_since_answers_arrive_late(minutes, reason):
    design = DESIGN.model_copy(update={"cooldown_minutes": 60})
    assert planned(design, prior=[prior(1, minutes)]).reason == reason


def test_a_pause_or_the_night_blocks_it_and_it_is_a_row_all_the_same():
    paused = planned(inputs=replace(INPUTS, pauses=(Pause(NOW, None),))).occasion
    assert paused.blocked == "paused"
    night = datetime(2026, 3, 5, 4, tzinfo=UTC)
    asleep = planned(source=replace(SOURCE, answered_at=night), now=night).occasion
    assert asleep.blocked == "quiet_hours"


def test_study_days_limit_it_by_the_day_of_the_answer():
    design = DESIGN.model_copy(update={"when": When(last_day=3)})
    assert planned(design).reason == "inactive_day"
