from datetime import UTC, datetime, timedelta

import pytest

from models.definition.escalation import Ladder, Rung
from models.errors import Conflict, Invalid
from models.kinds import AlertState, Disposition, RungTarget
from risk.alert_terms import Acknowledge, AlertView, Note, Progress, Reassign, Reopen, Resolve, Snooze
from risk.alerts import RECHECK_MINUTES, occurred, opened, perform, release, skip_rung, snooze_limit_minutes, suppress, tick

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
OWNER, OTHER = 7, 8


def ladder(tier: int, *, wait: int = 5) -> Ladder:
    return Ladder(
        tier=tier,
        group_wait_minutes=wait,
        rungs=(
            Rung(to=RungTarget.OWNER, acknowledge_minutes=15, repeat_minutes=5),
            Rung(to=RungTarget.ON_DUTY, acknowledge_minutes=15, repeat_minutes=10),
            Rung(to=RungTarget.SUPERVISOR, acknowledge_minutes=15, repeat_minutes=20),
        ),
        acknowledgement_minutes=30,
        snooze_limit_minutes=24 * 60,
    )


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def open_view(tier: int = 4) -> AlertView:
    return (
        tick(opened(tier, ladder(tier), owner=OWNER, now=NOW).view, now=at(5)).view
        if tier == 2
        else opened(tier, ladder(tier), owner=OWNER, now=NOW).view
    )


def done(view: AlertView, move, minutes: float = 1, by: int = OWNER) -> AlertView:
    return perform(view, move, by=by, now=at(minutes)).view


@pytest.mark.parametrize("tier", [3, 4])
def test_tiers_three_and_four_tell_at_once_whatever_the_ladder_waits(tier):
    moved = opened(tier, ladder(tier), owner=OWNER, now=NOW, inhibited=True)
    assert (moved.view.state, moved.notify) == (AlertState.OPEN, (RungTarget.OWNER,))
    assert moved.view.next_at == at(5)


def test_tier_two_waits_out_its_grouping_time_and_then_tells():
    moved = opened(2, ladder(2), owner=OWNER, now=NOW)
    assert (moved.view.state, moved.notify, moved.view.next_at) == (AlertState.PENDING, (), at(5))
    assert tick(moved.view, now=at(4.9)).view is moved.view
    waited = tick(moved.view, now=at(5))
    assert (waited.view.state, waited.notify, waited.view.rung_since) == (AlertState.OPEN, (RungTarget.OWNER,), at(5))


def test_an_alert_resolved_while_it_waits_has_told_nobody():
    view = opened(2, ladder(2), owner=OWNER, now=NOW).view
    moved = perform(view, Resolve(Disposition.ALREADY_KNOWN), by=OWNER, now=at(1))
    assert (moved.notify, moved.view.next_at) == ((), None)


def test_an_unanswered_alert_repeats_and_climbs_and_never_ends():
    view, told = open_view(), [(0, RungTarget.OWNER)]
    while (minutes := (view.next_at - NOW).total_seconds() / 60) <= 120:
        moved = tick(view, now=view.next_at)
        view = moved.view
        told += [(minutes, target) for target in moved.notify]
    assert told == [
        (0, RungTarget.OWNER),
        (5, RungTarget.OWNER),
        (10, RungTarget.OWNER),
        (15, RungTarget.ON_DUTY),
        (25, RungTarget.ON_DUTY),
        (30, RungTarget.SUPERVISOR),
        (50, RungTarget.SUPERVISOR),
        (70, RungTarget.SUPERVISOR),
        (90, RungTarget.SUPERVISOR),
        (110, RungTarget.SUPERVISOR),
    ]


def test_after_a_long_silence_the_right_rung_is_told_once():
    moved = tick(open_view(), now=at(60 * 24 * 30))
    assert (moved.view.rung, moved.notify, len(moved.events)) == (2, (RungTarget.SUPERVISOR,), 1)
    assert moved.events[0].name == "escalated"
    assert moved.view.rung_since == at(30)
    assert at(60 * 24 * 30) < moved.view.next_at <= at(60 * 24 * 30 + 20)


def test_an_acknowledgement_claims_the_alert_and_stops_the_ladder():
    view = done(open_view(), Acknowledge(), by=OTHER)
    assert (view.state, view.owner, view.acknowledged_by, view.acknowledged_at) == (AlertState.ACKNOWLEDGED, OTHER, OTHER, at(1))
    assert tick(view, now=at(30)).notify == ()


def test_an_acknowledgement_without_progress_expires_onto_the_next_rung():
    moved = tick(done(open_view(), Acknowledge()), now=at(31))
    assert moved.events[0].name == "acknowledgement_expired"
    assert (moved.view.state, moved.view.rung, moved.notify) == (AlertState.OPEN, 1, (RungTarget.ON_DUTY,))
    assert moved.view.acknowledged_by is None


def test_progress_holds_the_acknowledgement_for_another_term_and_expires_too():
    view = done(done(open_view(), Acknowledge()), Progress(), minutes=20)
    assert (view.state, view.next_at) == (AlertState.IN_PROGRESS, at(50))
    assert tick(view, now=at(50)).view.state is AlertState.OPEN


def test_an_expired_acknowledgement_on_the_last_rung_stays_there():
    view = done(tick(open_view(), now=at(40)).view, Acknowledge(), minutes=41)
    assert tick(view, now=at(71)).view.rung == 2


def test_a_tier_two_snooze_lasts_at_most_a_day_and_needs_a_reason():
    view = open_view(2)
    snoozed = done(view, Snooze(at(60), "call_planned"), minutes=6)
    assert (snoozed.state, snoozed.snoozed_until, snoozed.next_at) == (AlertState.SNOOZED, at(60), at(60))
    with pytest.raises(Invalid, match="1440 minutes"):
        done(view, Snooze(at(24 * 60 + 7), "call_planned"), minutes=6)
    with pytest.raises(Invalid) as refused:
        done(view, Snooze(at(60), "  "), minutes=6)
    assert refused.value.faults[0].pointer == "/reason"
    with pytest.raises(Invalid):
        done(view, Snooze(at(6), "call_planned"), minutes=6)


def test_a_tier_three_snooze_is_limited_to_four_hours_whatever_the_ladder_says():
    assert snooze_limit_minutes(open_view(3)) == 240
    with pytest.raises(Invalid):
        done(open_view(3), Snooze(at(250), "call_planned"))


def test_tier_four_is_never_snoozed():
    with pytest.raises(Conflict):
        done(open_view(4), Snooze(at(10), "call_planned"))


def test_a_snooze_that_ends_tells_the_same_rung_again():
    moved = tick(done(open_view(2), Snooze(at(60), "call_planned"), minutes=6), now=at(60))
    assert (moved.view.state, moved.view.rung, moved.view.rung_since, moved.notify) == (AlertState.OPEN, 0, at(60), (RungTarget.OWNER,))


def test_another_occurrence_tells_again_in_tiers_three_and_four_and_counts_in_tier_two():
    crisis, work = occurred(open_view(4), now=at(2)), occurred(open_view(2), now=at(7))
    assert (crisis.view.occurrences, crisis.notify, crisis.view.next_at) == (2, (RungTarget.OWNER,), at(5))
    assert (work.view.occurrences, work.notify, work.view.last_occurred_at) == (2, (), at(7))


def test_another_occurrence_ends_a_tier_three_snooze():
    snoozed = done(open_view(3), Snooze(at(60), "call_planned"))
    moved = occurred(snoozed, now=at(20))
    assert (moved.view.state, moved.notify, moved.view.next_at) == (AlertState.OPEN, (RungTarget.OWNER,), at(25))


def test_another_occurrence_reaches_who_claimed_the_alert():
    view = done(tick(open_view(), now=at(20)).view, Acknowledge(), minutes=21)
    moved = occurred(view, now=at(22))
    assert (moved.view.state, moved.notify) == (AlertState.ACKNOWLEDGED, (RungTarget.OWNER, RungTarget.ON_DUTY))


def test_handing_an_open_alert_on_does_not_slow_it_down():
    moved = perform(open_view(), Reassign(OTHER), by=OWNER, now=at(3))
    assert (moved.view.owner, moved.notify) == (OTHER, (RungTarget.OWNER,))
    assert (moved.view.next_at, moved.view.rung_since) == (at(5), NOW)


def test_handing_a_claimed_alert_on_asks_the_new_owner_to_acknowledge():
    moved = perform(done(open_view(), Acknowledge()), Reassign(OTHER), by=OWNER, now=at(3))
    assert (moved.view.state, moved.view.owner, moved.notify, moved.view.next_at) == (AlertState.OPEN, OTHER, (RungTarget.OWNER,), at(8))


@pytest.mark.parametrize("tier", [3, 4])
def test_tiers_three_and_four_are_never_suppressed(tier):
    with pytest.raises(Conflict):
        suppress(open_view(tier), now=at(1))
    assert tick(open_view(tier), now=at(5), inhibited=True).view.state is AlertState.OPEN


def test_a_suppressed_alert_looks_again_and_opens_when_its_parent_has_closed():
    view = suppress(open_view(2), now=at(6)).view
    assert (view.state, view.next_at) == (AlertState.SUPPRESSED, at(6 + RECHECK_MINUTES))
    still = tick(view, now=at(30), inhibited=True)
    assert (still.view.state, still.events, still.view.next_at) == (AlertState.SUPPRESSED, (), at(30 + RECHECK_MINUTES))
    freed = release(still.view, now=at(31))
    assert (freed.view.state, freed.notify) == (AlertState.OPEN, (RungTarget.OWNER,))
    assert tick(still.view, now=at(45)).view.state is AlertState.OPEN


def test_what_was_opened_under_an_open_parent_starts_suppressed():
    assert opened(2, ladder(2), owner=None, now=NOW, inhibited=True).view.state is AlertState.SUPPRESSED


def test_a_snooze_that_ends_under_an_open_parent_is_suppressed_instead():
    snoozed = done(open_view(2), Snooze(at(60), "call_planned"), minutes=6)
    assert tick(snoozed, now=at(60), inhibited=True).view.state is AlertState.SUPPRESSED


def test_a_resolved_alert_has_a_disposition_and_no_next_moment():
    view = done(open_view(), Resolve(Disposition.REACHED_SAFE, 12), minutes=4)
    assert (view.state, view.next_at, view.disposition, view.minutes_spent) == (AlertState.RESOLVED, None, Disposition.REACHED_SAFE, 12)
    assert (view.resolved_by, view.resolved_at) == (OWNER, at(4))
    assert tick(view, now=at(9999)).view is view


@pytest.mark.parametrize("move", [Acknowledge(), Progress(), Snooze(at(9), "x"), Reassign(OTHER), Resolve(Disposition.NO_ANSWER)])
def test_a_resolved_alert_takes_no_move_but_reopening_and_notes(move):
    view = done(open_view(2), Resolve(Disposition.NO_ANSWER), minutes=6)
    with pytest.raises(Conflict):
        done(view, move, minutes=7)
    assert done(view, Note(), minutes=7) == view
    with pytest.raises(Conflict):
        occurred(view, now=at(7))


def test_a_reopened_alert_starts_at_the_foot_of_the_ladder():
    resolved = done(tick(open_view(), now=at(40)).view, Resolve(Disposition.WRONG_ALERT), minutes=41)
    moved = perform(resolved, Reopen("new_information"), by=OWNER, now=at(50))
    assert (moved.view.state, moved.view.rung, moved.view.disposition, moved.view.resolved_by) == (AlertState.OPEN, 0, None, None)
    assert moved.notify == (RungTarget.OWNER,)


def test_what_is_not_acknowledged_cannot_be_worked_on_and_nothing_is_claimed_twice():
    with pytest.raises(Conflict):
        done(open_view(), Progress())
    with pytest.raises(Conflict):
        done(done(open_view(), Acknowledge()), Acknowledge(), by=OTHER)
    with pytest.raises(Conflict):
        done(open_view(), Reopen("x"))


def test_a_refusal_names_the_state_and_never_a_person():
    with pytest.raises(Conflict) as refused:
        done(open_view(), Progress())
    assert str(refused.value) == "alert_move_illegal: A tier 4 alert that is open cannot be worked on before it is acknowledged."


def test_an_empty_rung_is_left_at_once_and_the_last_is_not():
    first = skip_rung(open_view(), now=at(0))
    assert (first.view.rung, first.notify, first.events[0].name) == (1, (RungTarget.ON_DUTY,), "rung_empty")
    assert skip_rung(skip_rung(first.view, now=at(0)).view, now=at(0)) is None


def test_minutes_spent_are_not_negative():
    with pytest.raises(Invalid):
        done(open_view(), Resolve(Disposition.NO_ANSWER, -1))
