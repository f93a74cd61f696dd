"""The life of a prompt."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from models.definition.prompting import EARLY_GRACE, LATE_GRACE
from models.errors import Conflict
from models.kinds import PromptState, Timing
from scheduler.lifecycle import (
    ANSWERED,
    TERMINAL,
    TRANSITIONS,
    Event,
    answered,
    move,
    next_moment,
    reminders_after_snooze,
    snooze,
    timing,
)

DUE = datetime(2026, 3, 4, 15, tzinfo=UTC)
EXPIRES = DUE + timedelta(minutes=60)
MINUTE = timedelta(minutes=1)
LIVE = set(PromptState) - TERMINAL


def test_a_prompt_lives_from_planned_to_completed():
    state = PromptState.PLANNED
    for event in (Event.QUEUE, Event.SEND, Event.DELIVER, Event.OPEN, Event.COMPLETE):
        state = move(state, event)
    assert state is PromptState.COMPLETED


@pytest.mark.parametrize(("state", "event"), [pair for pair in product(PromptState, Event) if pair not in TRANSITIONS])
def test_an_event_that_cannot_happen_is_a_conflict(state, event):
    with pytest.raises(Conflict) as refused:
        move(state, event)
    assert refused.value.code == "prompt_transition"


def test_what_has_ended_never_lives_again_and_only_an_unsent_slot_is_planned_again():
    back = {
        (state, event) for (state, event), after in TRANSITIONS.items() if state in TERMINAL and after not in {state, PromptState.CANCELLED}
    }
    aside = (PromptState.BLOCKED, PromptState.SUPERSEDED)
    unsent = {*product(aside, [Event.REPLAN]), (PromptState.BLOCKED, Event.SUPERSEDE), (PromptState.SUPERSEDED, Event.BLOCK)}
    assert back == unsent


def test_every_live_prompt_can_expire_be_answered_and_be_cancelled():
    for state in LIVE:
        for event in (Event.EXPIRE, Event.COMPLETE, Event.PARTIAL, Event.DECLINE, Event.CANCEL):
            assert move(state, event) in TERMINAL


def test_a_sent_prompt_is_never_blocked_superseded_or_planned_again():
    for state in (
        PromptState.SENT,
        PromptState.DELIVERED,
        PromptState.OPENED,
        PromptState.SNOOZED,
        PromptState.COMPLETED,
        PromptState.EXPIRED,
    ):
        for event in (Event.BLOCK, Event.SUPERSEDE, Event.REPLAN, Event.QUEUE):
            assert (state, event) not in TRANSITIONS


def test_receipts_out_of_order_move_nothing_back():
    assert move(PromptState.OPENED, Event.DELIVER) is PromptState.OPENED
    assert move(PromptState.COMPLETED, Event.SEND) is PromptState.COMPLETED
    assert move(PromptState.DELIVERED, Event.SEND) is PromptState.DELIVERED
    assert move(PromptState.EXPIRED, Event.OPEN) is PromptState.EXPIRED


def test_an_expired_prompt_keeps_the_late_answer():
    assert move(PromptState.EXPIRED, Event.COMPLETE) is PromptState.EXPIRED
    assert answered(PromptState.EXPIRED, Event.COMPLETE, Timing.AFTER_EXPIRY) is PromptState.EXPIRED


def test_an_answer_given_in_time_counts_although_the_phone_was_out_of_reach():
    assert answered(PromptState.EXPIRED, Event.COMPLETE, Timing.ON_TIME) is PromptState.COMPLETED
    assert answered(PromptState.QUEUED, Event.PARTIAL, Timing.ON_TIME) is PromptState.PARTIAL


def test_the_state_depends_on_when_it_was_answered_and_not_on_when_the_expiry_was_noticed():
    prompted = set(Timing) - {Timing.UNPROMPTED}
    for answer, when in product((Event.COMPLETE, Event.PARTIAL, Event.DECLINE), prompted):
        assert len({answered(state, answer, when) for state in (*LIVE, PromptState.EXPIRED)}) == 1


def test_a_prompt_that_was_answered_early_has_ended_and_is_never_queued():
    for answer in (Event.COMPLETE, Event.PARTIAL, Event.DECLINE):
        after = answered(PromptState.PLANNED, answer, Timing.EARLY)
        assert after in ANSWERED
        assert (after, Event.QUEUE) not in TRANSITIONS
        assert next_moment(after, due_at=DUE, expires_at=EXPIRES, after=DUE - 60 * MINUTE) is None


def test_an_answer_is_never_refused():
    for state in TERMINAL - {PromptState.EXPIRED}:
        assert answered(state, Event.COMPLETE, Timing.ON_TIME) is state


@pytest.mark.parametrize(
    ("answered_after", "opened_after", "expected"),
    [
        (-600, None, Timing.EARLY),
        (-6, None, Timing.EARLY),
        (-5, None, Timing.ON_TIME),
        (0, None, Timing.ON_TIME),
        (2, -6, Timing.EARLY),
        (2, -5, Timing.ON_TIME),
        (61, -6, Timing.LATE),
        (76, -6, Timing.AFTER_EXPIRY),
        (60, None, Timing.ON_TIME),
        (61, None, Timing.AFTER_EXPIRY),
        (61, 59, Timing.LATE),
        (75, 60, Timing.LATE),
        (76, 60, Timing.AFTER_EXPIRY),
        (62, 61, Timing.AFTER_EXPIRY),
    ],
)
def test_timing_is_decided_by_the_window_and_the_grace_for_what_was_begun_in_it(answered_after, opened_after, expected):
    opened_at = None if opened_after is None else DUE + opened_after * MINUTE
    assert timing(DUE + answered_after * MINUTE, DUE, EXPIRES, opened_at=opened_at) is expected
    assert (timedelta(minutes=5), timedelta(minutes=15)) == (EARLY_GRACE, LATE_GRACE)


def test_a_prompt_is_deferred_as_often_as_it_may_be_and_never_past_its_end():
    until = snooze(now=DUE, expires_at=EXPIRES, minutes=10, used=0, allowed=1)
    assert until == DUE + 10 * MINUTE
    with pytest.raises(Conflict, match="snooze_spent"):
        snooze(now=until, expires_at=EXPIRES, minutes=10, used=1, allowed=1)
    with pytest.raises(Conflict, match="snooze_past_expiry"):
        snooze(now=EXPIRES - 10 * MINUTE, expires_at=EXPIRES, minutes=10, used=0, allowed=1)


def test_a_deferred_prompt_comes_back_and_its_reminders_follow_once_each():
    reminders = [DUE + 15 * MINUTE, DUE + 30 * MINUTE, DUE + 45 * MINUTE]
    assert reminders_after_snooze(reminders, DUE + 30 * MINUTE, EXPIRES) == (DUE + 30 * MINUTE, DUE + 45 * MINUTE)
    assert reminders_after_snooze([], DUE + 20 * MINUTE, EXPIRES) == (DUE + 20 * MINUTE,)


def test_the_next_moment_is_the_due_time_then_each_reminder_then_expiry_then_none():
    reminders = (DUE + 15 * MINUTE, DUE + 30 * MINUTE)
    look = {"due_at": DUE, "expires_at": EXPIRES, "reminders": reminders}
    assert next_moment(PromptState.PLANNED, **look, after=DUE - MINUTE) == DUE
    assert next_moment(PromptState.QUEUED, **look, after=DUE) == EXPIRES
    assert next_moment(PromptState.SENT, **look, after=DUE) == reminders[0]
    assert next_moment(PromptState.OPENED, **look, after=reminders[0]) == reminders[1]
    assert next_moment(PromptState.DELIVERED, **look, after=reminders[1]) == EXPIRES
    assert {next_moment(state, **look, after=DUE) for state in TERMINAL} == {None}
