from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from models.ids import new_uid
from models.kinds import DecisionPointKind, DecisionStatus, EnrollmentState, OutcomeStatus, Timing
from models.session import Sessions
from models.tables import DecisionRow, Enrollment, ProximalOutcome, Response
from risk.outcome import Answered
from risk.outcomes_store import close_outcomes_for, expire_outcomes, open_outcome
from tests.build import NOW, Built, Person, build_person, build_study


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@dataclass
class World:
    sessions: Sessions
    study: Built
    person: Person

    def response(self, minutes: float, **values: float) -> Answered:
        client_id = new_uid()
        with self.sessions.transaction() as session:
            response_id = session.add(
                Response,
                study_id=self.study.study_id,
                enrollment_id=self.person.enrollment_id,
                client_id=client_id,
                revision=1,
                protocol_version_id=self.study.version_id,
                instrument="momentary",
                complete=True,
                answered_at=at(minutes),
                sent_at=at(minutes),
                received_at=at(minutes),
                event_time=at(minutes),
                skew_seconds=0.0,
                clock_suspect=False,
                timing=Timing.ON_TIME,
                zone="America/New_York",
                offset_minutes=-300,
                answers={},
                missing={},
                content_hash=b"",
                receipt=b"",
                decision_status=DecisionStatus.DECIDED,
                synthetic=False,
            )
        return Answered(self.person.enrollment_id, response_id, str(client_id), at(minutes), values)

    def decision(self, source: Answered, opens: float = 15, closes: float = 60) -> int:
        """A decision behind `source` with a pending outcome on craving; gives the outcome's decision."""
        declared = {"variable": "craving", "opens_at": at(opens).isoformat(), "closes_at": at(closes).isoformat()}
        with self.sessions.transaction() as session:
            decision_id = session.add(
                DecisionRow,
                uid=new_uid(),
                study_id=self.study.study_id,
                enrollment_id=self.person.enrollment_id,
                protocol_version_id=self.study.version_id,
                point=DecisionPointKind.RESPONSE,
                source_id=source.source_id,
                response_id=source.response_id,
                due_at=source.event_time,
                decided_at=source.event_time,
                zone="America/New_York",
                available=True,
                unavailable=[],
                rule_trace=[],
                arm_probabilities={},
                content_probabilities={},
                key_id="k1",
                reason="control_arm",
                sentence="Nothing was shown.",
                snapshot=b"{}",
                outcome=declared,
                outcome_status=OutcomeStatus.PENDING,
                synthetic=False,
            )
            ids = {"study_id": self.study.study_id, "enrollment_id": self.person.enrollment_id, "decision_id": decision_id}
            assert open_outcome(session, **ids, outcome=declared)
            assert not open_outcome(session, **ids, outcome=declared)
        return decision_id

    def close(self, *given: Answered, minutes: float = 30) -> int:
        with self.sessions.transaction() as session:
            return close_outcomes_for(session, given, now=at(minutes))

    def expire(self, minutes: float, limit: int = 500) -> int:
        with self.sessions.transaction() as session:
            return expire_outcomes(session, now=at(minutes), limit=limit)

    def outcome(self, decision_id: int) -> Any:
        with self.sessions.reading() as session:
            return session.row(select(ProximalOutcome).where(ProximalOutcome.decision_id == decision_id))


@pytest.fixture
def world(sessions, keys) -> World:
    study = build_study(sessions)
    return World(sessions, study, build_person(sessions, keys, study))


@pytest.fixture
def light(sqlite_settings, keys) -> Iterator[World]:
    """On SQLite alone, where the statements are run on both databases by another test."""
    sessions = Sessions(sqlite_settings)
    study = build_study(sessions)
    yield World(sessions, study, build_person(sessions, keys, study))
    sessions.close()


def test_the_next_answer_in_the_window_closes_the_outcome(world):
    decision_id = world.decision(world.response(0, craving=8))
    early, inside = world.response(10, craving=7), world.response(20, craving=3)
    assert world.close(early) == 0
    assert world.close(inside) == 1
    row = world.outcome(decision_id)
    assert (row.status, row.value, row.response_id, row.closed_at) == (OutcomeStatus.OBSERVED, 3.0, inside.response_id, at(30))


def test_a_batch_closes_each_outcome_with_its_earliest_answer(world):
    first, second = world.response(0, craving=8), world.response(20, craving=6)
    one, two = world.decision(first), world.decision(second, 35, 80)
    assert world.close(world.response(40, craving=2), second, first) == 2
    assert (world.outcome(one).value, world.outcome(two).value) == (6.0, 2.0)


def test_an_observed_outcome_is_final(light):
    decision_id = light.decision(light.response(0, craving=8))
    light.close(light.response(40, craving=3))
    assert light.close(light.response(20, craving=9)) == 0
    assert light.expire(9999) == 0
    assert light.outcome(decision_id).value == 3.0


def test_an_outcome_that_ran_out_is_missing_with_its_reason(world):
    silent = world.decision(world.response(0, craving=8))
    skipped = world.decision(world.response(100, craving=8), 115, 160)
    world.close(world.response(120, stress=4))
    assert world.expire(60) == 0
    assert world.expire(161) == 2
    assert world.expire(161) == 0
    assert (world.outcome(silent).status, world.outcome(silent).missing_reason) == (OutcomeStatus.MISSING, "no_response")
    assert world.outcome(skipped).missing_reason == "not_answered"


def test_who_has_left_is_told_apart_from_who_was_silent(light):
    decision_id = light.decision(light.response(0, craving=8))
    with light.sessions.transaction() as session:
        session.execute(update(Enrollment).values(state=EnrollmentState.WITHDRAWN))
    assert light.expire(61) == 1
    assert light.outcome(decision_id).missing_reason == "left"


def test_an_answer_of_a_phone_that_was_offline_fills_what_was_missing(world):
    decision_id = world.decision(world.response(0, craving=8))
    world.expire(61)
    late = world.response(30, craving=2)
    assert world.close(late, minutes=500) == 1
    row = world.outcome(decision_id)
    assert (row.status, row.value, row.missing_reason, row.closed_at) == (OutcomeStatus.OBSERVED, 2.0, None, at(500))


def test_the_response_behind_a_decision_never_closes_its_outcome(light):
    source = light.response(0, craving=8)
    decision_id = light.decision(source, 0, 60)
    assert light.close(source) == 0
    light.expire(61)
    assert light.outcome(decision_id).missing_reason == "no_response"


def test_expiry_works_in_steps(light):
    for minutes in (0, 1, 2):
        light.decision(light.response(minutes, craving=8))
    assert [light.expire(100, limit=2), light.expire(100, limit=2)] == [2, 1]


def test_answers_without_numbers_ask_the_database_nothing(light):
    assert light.close(light.response(20)) == 0
    assert light.close() == 0
