"""A decision point stores one answer's estimate and decision, and never loses the answer."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from api.actions.record_event import NewEvent, record_event
from models.definition.disclose import disclosures
from models.ids import new_uid
from models.kinds import DecisionStatus, TimedEventKind
from models.queries import enrollment_phone
from models.queries import risk as risk_queries
from models.queries.risk import mark_stale
from models.session import Sessions
from models.tables import Enrollment, RiskEstimateRow, RiskSnapshot, RiskStateRow, TimedEvent
from risk import decision_point
from tests.build import NOW, Built, build_study
from tests.conftest import fixed_keys
from tests.risk.stream import HOUR, MINUTE, Stream, begin

NOON = NOW.replace(hour=17)
"""Noon in New York: awake."""


@pytest.fixture(scope="module")
def study(shared_sessions: Sessions) -> Built:
    return build_study(shared_sessions, slug="decide", now=NOW - 90 * 24 * HOUR)


@pytest.fixture
def stream(shared_sessions: Sessions, study: Built) -> Stream:
    return begin(shared_sessions, fixed_keys(), study)


def break_keys(stream: Stream) -> bytes:
    """Puts a key in the row that no key-encryption key opens: the draw raises. Gives the good one."""
    with stream.sessions.transaction() as session:
        mine = Enrollment.id == stream.person.enrollment_id
        kept = session.value(Enrollment.__table__.select().with_only_columns(Enrollment.randomization_key).where(mine))
        session.execute(update(Enrollment).where(mine).values(randomization_key=b"broken"))
    return bytes(kept)


def mend_keys(stream: Stream, kept: bytes) -> None:
    with stream.sessions.transaction() as session:
        session.execute(update(Enrollment).where(Enrollment.id == stream.person.enrollment_id).values(randomization_key=kept))


def test_every_answer_has_one_decision_that_names_the_estimate_it_used(stream):
    for hours in range(5):
        stream.say(NOON - (5 - hours) * HOUR, m_crave_now=2 * hours, m_stress=3)
    estimates = {row.id: row for row in stream.rows(RiskEstimateRow)}
    decisions = stream.decisions()
    assert decisions.keys() == {str(one) for one in stream.sent}
    for source, decision in decisions.items():
        used = estimates[decision["estimate_id"]]
        assert (used.source_id, used.revision, decision["estimate_revision"]) == (source, 1, 1)
        assert decision["response_id"] == used.response_id
        assert decision["due_at"] == used.as_of


def test_the_same_answer_decides_the_same_under_the_same_key(stream):
    stream.say(NOON, m_crave_now=9, m_stress=3)
    (decision,) = stream.decisions().values()
    assert decision["content_code"] is not None
    assert abs(sum(decision["content_probabilities"].values()) - 1) < 1e-9
    assert decision["content_probabilities"][decision["content_code"]] > 0
    assert 0 <= decision["content_fraction"] < 1


def test_a_step_that_raises_leaves_the_answer_stored_and_pending_and_the_duty_decides_it(stream):
    stream.say(NOON - 3 * HOUR, m_crave_now=3)
    kept = break_keys(stream)
    result = stream.say(NOON, m_crave_now=9, m_stress=4)
    assert (result.status, result.decision, result.created) == (DecisionStatus.PENDING, None, True)
    failed = str(stream.sent[-1])
    assert failed not in stream.decisions()
    assert stream.pending() == [result.response_id]
    stream.settle()
    assert stream.pending() == [result.response_id], "still broken: still owed"
    mend_keys(stream, kept)
    stream.settle()
    assert stream.pending() == []
    decision, estimate = stream.decisions()[failed], stream.newest()[failed]
    assert (decision["estimate_id"], decision["estimate_revision"]) == (estimate.id, estimate.revision)
    stream.holds()


def test_one_answer_that_cannot_be_decided_keeps_the_others_of_its_batch(shared_sessions, study, stream):
    other = begin(shared_sessions, fixed_keys(), study)
    break_keys(stream)
    stream.clock.at = other.clock.at = NOON
    batch = [stream.answer(NOON - MINUTE, m_crave_now=9), other.answer(NOON - MINUTE, m_crave_now=9)]
    pending, decided = stream.store(*batch)
    assert (pending.status, decided.status) == (DecisionStatus.PENDING, DecisionStatus.DECIDED)
    assert (len(stream.responses()), len(other.responses()), len(other.decisions())) == (1, 1, 1)


def test_a_statement_that_the_database_refuses_takes_neither_the_answer_nor_its_alert_along(shared_sessions, study, stream, monkeypatch):
    other = begin(shared_sessions, fixed_keys(), study)
    stream.say(NOON - 3 * HOUR, m_crave_now=3)
    stream.clock.at = other.clock.at = NOON
    answers = [stream.answer(NOON - MINUTE, m_crave_now=9, c_need="not_safe"), other.answer(NOON - MINUTE, m_crave_now=9)]
    with monkeypatch.context() as broken:
        broken.setattr(decision_point, "store", lambda session, *_, **__: session.execute(text("SELECT nothing FROM nowhere")))
        with pytest.raises(DBAPIError):
            stream.store(*answers)  # the writer redoes such a batch one by one
        alone = [stream.store(one)[0] for one in answers]
    assert [(one.status, one.created) for one in alone] == [(DecisionStatus.PENDING, True)] * 2
    assert [one["tier"] for one in stream.alerts()] == [4]
    assert [len(one.pending()) for one in (stream, other)] == [1, 1]
    stream.settle()
    for one in (stream, other):
        assert one.pending() == []
        assert str(one.sent[-1]) in one.decisions()
        one.holds()


def test_an_event_outlives_a_state_that_the_database_refuses(stream, monkeypatch):
    stream.say(NOON - 3 * HOUR, m_crave_now=3)
    with monkeypatch.context() as broken:
        broken.setattr(risk_queries, "save_states", lambda session, *_: session.execute(text("SELECT nothing FROM nowhere")))
        with stream.sessions.transaction() as session:
            person = enrollment_phone.lock_own(session, stream.person.viewer())
            use = NewEvent(new_uid(), TimedEventKind.USE, NOON - HOUR)
            record_event(session, stream.house.mind, person, use, source="participant", now=NOON)
    assert [row.kind for row in stream.rows(TimedEvent)] == [TimedEventKind.USE]
    assert stream.state().stale
    stream.settle(NOON)
    stream.holds()


def test_what_the_duty_decides_keeps_the_safety_tier_of_the_answer(stream):
    """Tier 3 and up: people first, nothing is drawn, also where the decision comes late."""
    kept = break_keys(stream)
    result = stream.say(NOON, m_crave_now=9, c_need="not_safe")
    assert result.status is DecisionStatus.PENDING
    assert [one["tier"] for one in stream.alerts()] == [4], "the alert does not wait for the estimator"
    mend_keys(stream, kept)
    stream.settle()
    (decision,) = stream.decisions().values()
    assert (decision["reason"], decision["content_code"]) == ("safety_tier", None)
    assert disclosures(stream.study.protocol, "craving", {"c_need": "not_safe"})


@pytest.mark.parametrize("raw", [b"", b"not a state", b'{"schema":"of-another-day"}', b"\x00\xff"], ids=["empty", "words", "old", "bytes"])
def test_a_state_that_cannot_be_read_is_folded_anew_and_the_answer_decided(stream, raw):
    for hours in (6, 5, 4):
        stream.say(NOON - hours * HOUR, m_crave_now=5, m_stress=2)
    with stream.sessions.transaction() as session:
        session.execute(update(RiskStateRow).where(RiskStateRow.enrollment_id == stream.person.enrollment_id).values(state=raw))
    result = stream.say(NOON, m_crave_now=6)
    assert result.status is DecisionStatus.DECIDED
    stream.holds()


def test_a_checkpoint_that_cannot_be_read_is_left_aside(stream):
    at = NOON - 30 * 24 * HOUR
    for number in range(30):
        stream.say(at + number * 5 * HOUR, "momentary", m_crave_now=number % 7, m_stress=number % 5)
    with stream.sessions.transaction() as session:
        session.execute(update(RiskSnapshot).where(RiskSnapshot.enrollment_id == stream.person.enrollment_id).values(state=b"torn"))
    stream.say(at + 29 * 5 * HOUR - HOUR, "momentary", now=NOON, m_crave_now=4)
    stream.holds()


def test_with_the_estimator_switched_off_every_answer_is_still_decided(shared_sessions, study):
    off = begin(shared_sessions, fixed_keys(), study, estimating=False)
    result = off.say(NOON, m_crave_now=9, m_stress=3)
    (decision,) = off.decisions().values()
    assert result.status is DecisionStatus.DECIDED
    assert (decision["estimate_id"], decision["content_code"] is not None) == (None, True)
    assert off.rows(RiskStateRow) == off.rows(RiskEstimateRow) == []


def test_an_estimator_that_was_off_for_a_while_learns_what_it_missed(stream):
    stream.say(NOON - 9 * HOUR, m_crave_now=4)
    stream.house.mind.estimating = False
    stream.say(NOON - 6 * HOUR, m_crave_now=8, m_stress=9)
    stream.house.mind.estimating = True
    stream.say(NOON - 3 * HOUR, m_crave_now=5)
    stream.settle()
    stream.holds()
    assert stream.state().observations >= 3


def test_someone_whose_first_answers_came_while_the_estimator_was_off_begins_with_them(shared_sessions, study):
    late = begin(shared_sessions, fixed_keys(), study, estimating=False)
    late.say(NOON - 6 * HOUR, m_crave_now=8)
    late.house.mind.estimating = True
    late.say(NOON - 3 * HOUR, m_crave_now=5)
    late.holds()
    assert late.state().observations >= 2


def test_three_high_cravings_in_a_day_open_one_alert_and_one_more_joins_nothing_old(stream):
    for hours in (6, 4, 2):
        stream.say(NOON - hours * HOUR, m_crave_now=8)
    families = [one["family"] for one in stream.alerts()]
    assert families.count("three_high_cravings") == 1
    decision = stream.decisions()[str(stream.sent[-1])]
    (alert,) = [one for one in stream.alerts() if one["family"] == "three_high_cravings"]
    assert (alert["source_id"], alert["estimate_id"], alert["tier"]) == (str(stream.sent[-1]), decision["estimate_id"], 2)


def test_a_refold_fires_no_old_alert_again(stream):
    for hours in (6, 4, 2):
        stream.say(NOON - hours * HOUR, m_crave_now=8)
    alerts = stream.alerts()
    with stream.sessions.transaction() as session:
        mark_stale(session, [stream.person.enrollment_id])
    stream.settle(NOON)
    assert stream.alerts() == alerts


def test_a_gap_holds_back_content_that_nobody_asked_for_and_a_report_gets_some(stream):
    stream.say(NOON - HOUR, "momentary", m_crave_now=9, m_stress=3)
    stream.say(NOON - 30 * MINUTE, "momentary", m_crave_now=9, m_stress=3)
    stream.say(NOON, "craving", m_crave_now=9, m_stress=3)
    first, second, third = (stream.decisions()[str(one)] for one in stream.sent)
    if first["content_code"] is not None:
        assert second["unavailable"] == ["recent_content"]
    assert third["available"]
    assert third["content_code"] is not None


@pytest.mark.parametrize(
    ("columns", "reason"),
    [({"consent_use": False}, "no_consent"), ({"paused_until": NOON + HOUR}, "paused"), ({"state": "completed"}, "not_active")],
    ids=["consent", "pause", "completed"],
)
def test_nothing_is_drawn_where_it_may_not_be_and_the_answer_counts_all_the_same(shared_sessions, study, columns, reason):
    stream = begin(shared_sessions, fixed_keys(), study, **columns)
    stream.say(NOON, "momentary", m_crave_now=9)
    (decision,) = stream.decisions().values()
    assert (decision["reason"], decision["content_code"], decision["arm"]) == (reason, None, None)
    assert stream.state().observations == 1


def test_someone_else_in_the_batch_changes_nothing(shared_sessions, study):
    """Each person's decisions depend on that person alone."""
    alone, crowded, neighbor = (begin(shared_sessions, fixed_keys(), study, consent_use=False) for _ in range(3))
    for hours in (5, 3, 1):
        at = NOON - hours * HOUR
        alone.say(at, m_crave_now=hours)
        crowded.clock.at = neighbor.clock.at = at + MINUTE
        mine = crowded.answer(at, id=alone.sent[-1], m_crave_now=hours)
        crowded.store(neighbor.answer(at, m_crave_now=9), mine, neighbor.answer(at - timedelta(days=1), m_crave_now=9))
    assert bytes(alone.state().state) == bytes(crowded.state().state)
    crowded.holds()
    neighbor.holds()
