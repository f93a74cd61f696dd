from datetime import timedelta

import pytest

from models.definition.decision import Availability
from models.kinds import DecisionPointKind, Timing
from models.kinds import UnavailableReason as Reason
from risk.policy.availability import unavailable
from tests.risk.policy_builders import NOW, point

LIMITS = Availability()
BURDEN = {"in_wake_window": False, "content_today": 3, "last_content_at": NOW - timedelta(minutes=30)}


def test_content_is_available_where_nothing_speaks_against_it():
    assert unavailable(point(), LIMITS) == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"safety_tier": 3}, Reason.SAFETY_TIER),
        ({"safety_tier": 4}, Reason.SAFETY_TIER),
        ({"consented": False}, Reason.NO_CONSENT),
        ({"active": False}, Reason.NOT_ACTIVE),
        ({"content_off": True}, Reason.CONTENT_OFF),
        ({"paused": True}, Reason.PAUSED),
        ({"event_time": NOW - timedelta(minutes=61)}, Reason.STALE),
        ({"timing": Timing.LATE}, Reason.STALE),
        ({"timing": Timing.AFTER_EXPIRY}, Reason.STALE),
        ({"in_wake_window": False}, Reason.QUIET_HOURS),
        ({"content_today": 3}, Reason.DAILY_CAP),
        ({"last_content_at": NOW - timedelta(minutes=119)}, Reason.RECENT_CONTENT),
    ],
)
def test_each_reason_is_found_alone(changes, reason):
    assert unavailable(point(**changes), LIMITS) == (reason,)


def test_every_reason_is_evaluated_and_the_weightiest_comes_first():
    everything = point(
        safety_tier=4, consented=False, active=False, content_off=True, paused=True, event_time=NOW - timedelta(hours=5), **BURDEN
    )
    assert unavailable(everything, LIMITS) == (
        Reason.SAFETY_TIER,
        Reason.NO_CONSENT,
        Reason.NOT_ACTIVE,
        Reason.CONTENT_OFF,
        Reason.PAUSED,
        Reason.STALE,
        Reason.QUIET_HOURS,
        Reason.DAILY_CAP,
        Reason.RECENT_CONTENT,
    )


def test_who_starts_a_report_meets_no_cap_no_gap_and_no_quiet_hours():
    assert unavailable(point(started_by_person=True, **BURDEN), LIMITS) == ()
    assert unavailable(point(point=DecisionPointKind.HELP_REQUEST, **BURDEN), LIMITS) == ()
    assert unavailable(point(**BURDEN), LIMITS, requested=True) == ()


def test_asking_does_not_lift_consent_staleness_or_a_safety_tier():
    context = point(point=DecisionPointKind.HELP_REQUEST, consented=False, safety_tier=3, event_time=NOW - timedelta(hours=2))
    assert unavailable(context, LIMITS, requested=True) == (Reason.SAFETY_TIER, Reason.NO_CONSENT, Reason.STALE)


def test_a_pause_silences_offers_but_not_a_request_for_help():
    assert unavailable(point(paused=True, started_by_person=True), LIMITS) == (Reason.PAUSED,)
    assert unavailable(point(paused=True, point=DecisionPointKind.HELP_REQUEST), LIMITS) == ()


def test_tier_two_leaves_content_available():
    assert unavailable(point(safety_tier=2), LIMITS) == ()


def test_the_gap_and_the_stale_limit_end_exactly_on_their_minute():
    assert unavailable(point(last_content_at=NOW - timedelta(minutes=120)), LIMITS) == ()
    assert unavailable(point(event_time=NOW - timedelta(minutes=60)), LIMITS) == ()


def test_a_study_may_leave_quiet_hours_out():
    assert unavailable(point(in_wake_window=False), Availability(quiet_hours=False)) == ()
