"""Adherence by the clock: who stops answering is noticed without an answer, once, and only where someone may get in touch."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from models.clock import MovableClock
from models.definition.escalation import AlertRule
from models.kinds import AlertState, Disposition, EnrollmentState, PromptState
from models.sealed import Keys
from models.session import Sessions
from models.tables import Alert, AlertEvent, Enrollment
from risk.alert_terms import Acknowledge, Resolve
from risk.alerting import act
from risk.watch import next_look
from scheduler.jobs import watch_adherence
from scheduler.timetable import run_until
from tests.build import NOW, Built, Person, build_person, build_staff, build_study
from tests.scheduler.house import HOUR, MINUTE, Place, add_prompt, small_protocol

QUIET = AlertRule(
    id="quiet",
    when=["and", [">=", {"var": "missed_in_a_row"}, 3], [">=", {"var": "silent_hours"}, 24]],
    reason={"en": "Three prompts in a row went by without an answer."},
    refractory_hours=72,
)
SELDOM = AlertRule(id="seldom", when=["<", {"var": "adherence_7d"}, 0.5], reason={"en": "Few prompts were answered this week."})


@pytest.fixture
def study(sessions: Sessions) -> Built:
    return build_study(sessions, small_protocol(alert_rules=(QUIET,)), now=NOW - timedelta(days=30))


@pytest.fixture
def place(sessions: Sessions, keys: Keys) -> Place:
    return Place(sessions, keys)


def silent(place: Place, study: Built, *, missed: int = 3, **columns: Any) -> Person:
    """Someone who began four days ago, of whom the last prompts went by."""
    values = {"watch_at": NOW, "started_at": NOW - timedelta(days=4), **columns}
    person = build_person(place.sessions, place.keys, study, now=NOW - timedelta(days=4), **values)
    for number in range(missed):
        went_by(place, study, person, NOW - (5 * number + 4) * HOUR)
    return person


def went_by(place: Place, study: Built, person: Person, due_at: datetime, **columns: Any) -> None:
    facts = {"state": PromptState.EXPIRED, "next_at": None, "sent_at": due_at, **columns}
    add_prompt(place.sessions, study, person, due_at=due_at, **facts)


def alerts(place: Place) -> list[Any]:
    with place.sessions.reading() as session:
        return list(session.rows(select(Alert).order_by(Alert.id)))


def events(place: Place) -> list[str]:
    with place.sessions.reading() as session:
        return [row.name for row in session.rows(select(AlertEvent.name).order_by(AlertEvent.id))]


def test_who_stops_answering_opens_one_alert_without_any_answer(place: Place, study: Built) -> None:
    person = silent(place, study)
    silent(place, study, missed=2)
    assert place.run(watch_adherence.run) == 2
    (alert,) = alerts(place)
    assert (alert.enrollment_id, alert.family, alert.tier) == (person.enrollment_id, "quiet", 2)
    assert alert.state is AlertState.PENDING, "it lives as any other of its tier"
    assert place.run(watch_adherence.run) == 0, "nobody is looked at again before the next moment"
    place.clock.pass_(12 * HOUR)
    assert place.run(watch_adherence.run) == 2
    assert len(alerts(place)) == 1
    assert events(place) == ["opened"], "that silence goes on is no news"


def test_a_resolved_alert_rests_for_its_refractory_time_and_then_opens_anew(place: Place, study: Built) -> None:
    silent(place, study)
    place.run(watch_adherence.run)
    staff = build_staff(place.sessions, study, "coordinator")
    (alert,) = alerts(place)
    with place.sessions.transaction() as session:
        times = {"now": place.clock.study(), "system_now": place.clock.system()}
        taken = act(session, staff, alert.uid, Acknowledge(), version=1, **times)
        act(session, staff, alert.uid, Resolve(Disposition.NO_ANSWER), version=taken.version, **times)
    told = len(events(place))
    for _ in range(5):
        place.clock.pass_(12 * HOUR)
        place.run(watch_adherence.run)
    assert (len(alerts(place)), len(events(place))) == (1, told)
    place.clock.pass_(12 * HOUR)
    place.run(watch_adherence.run)
    assert [one.state for one in alerts(place)] == [AlertState.RESOLVED, AlertState.PENDING]


def test_only_those_whom_someone_may_get_in_touch_with_are_asked_after(place: Place, study: Built) -> None:
    for columns in (
        {"paused_until": NOW + HOUR},
        {"consent_collect": False},
        {"consent_use": False},
        {"consent_contact": False},
        {"state": EnrollmentState.WITHDRAWN},
        {"watch_at": NOW + MINUTE},
    ):
        silent(place, study, **columns)
    assert place.run(watch_adherence.run) == 4
    assert alerts(place) == []


def test_what_was_never_sent_is_no_miss_and_a_refusal_ends_the_row(place: Place, study: Built) -> None:
    unsent = silent(place, study, missed=2)
    went_by(place, study, unsent, NOW - 3 * HOUR, sent_at=None, reason="not_sent")
    went_by(place, study, unsent, NOW - 2 * HOUR, state=PromptState.BLOCKED, sent_at=None, reason="paused")
    refused = silent(place, study, missed=2)
    went_by(place, study, refused, NOW - 90 * MINUTE, state=PromptState.DECLINED, first_answer_at=NOW - 80 * MINUTE)
    went_by(place, study, refused, NOW - 70 * MINUTE)
    long_ago = silent(place, study, missed=2)
    went_by(place, study, long_ago, NOW - timedelta(days=7))
    place.run(watch_adherence.run)
    assert alerts(place) == []


def test_a_person_without_a_prompt_that_counts_has_no_adherence_and_not_a_low_one(sessions: Sessions, place: Place) -> None:
    study = build_study(sessions, small_protocol(alert_rules=(SELDOM,)), slug="seldom")
    silent(place, study, missed=0)
    answered = silent(place, study, missed=1)
    went_by(place, study, answered, NOW - 2 * HOUR, state=PromptState.COMPLETED, completed_at=NOW - 2 * HOUR)
    one = silent(place, study, missed=1)
    place.run(watch_adherence.run)
    assert [row.enrollment_id for row in alerts(place)] == [answered.enrollment_id, one.enrollment_id], "a state alone is no answer"


def test_a_study_without_such_rules_is_looked_at_and_left_alone(sessions: Sessions, place: Place) -> None:
    person = silent(place, build_study(sessions, small_protocol(), slug="without"))
    assert place.run(watch_adherence.run) == 1
    assert alerts(place) == []
    with sessions.reading() as session:
        assert session.value(select(Enrollment.watch_at).where(Enrollment.id == person.enrollment_id)) == next_look(NOW)


def test_moving_study_time_looks_twice_a_day_and_tells_the_owner(sessions: Sessions, keys: Keys, study: Built) -> None:
    place = Place(sessions, keys, clock=MovableClock(NOW))
    person = build_person(sessions, keys, study, planned_until=None, watch_at=NOW)
    for hours in (1, 9, 22.5):
        add_prompt(sessions, study, person, due_at=NOW + hours * HOUR)
    run_until(place.duties, NOW + 24 * HOUR)
    assert alerts(place) == [], "the last of the three ends with the day"
    run_until(place.duties, NOW + 36 * HOUR)
    (alert,) = alerts(place)
    assert alert.opened_at == datetime(2026, 3, 6, tzinfo=NOW.tzinfo)
    assert alert.state is AlertState.OPEN


def test_a_protocol_that_cannot_be_read_holds_up_no_other_study(sessions: Sessions, place: Place, study: Built) -> None:
    person = silent(place, study)
    broken = silent(place, build_study(sessions, small_protocol(), slug="broken"))
    from models.tables import ProtocolVersion

    with sessions.transaction() as session:
        session.execute(update(ProtocolVersion).where(ProtocolVersion.id != study.version_id).values(document=b"{"))
    assert place.run(watch_adherence.run) == 2
    assert [row.enrollment_id for row in alerts(place)] == [person.enrollment_id] != [broken.enrollment_id]


@pytest.mark.parametrize(("at", "expected"), [(NOW, 9), (NOW.replace(hour=12), 12), (NOW.replace(hour=0, minute=1), 12)])
def test_everyone_is_looked_at_at_noon_and_midnight(at: datetime, expected: float) -> None:
    assert -1 * MINUTE <= next_look(at) - at - expected * HOUR <= timedelta()
