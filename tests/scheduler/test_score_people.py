"""Population models at work: a person's day is scored once, by what was known at its midnight; a broken file stops nothing."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from models.clock import MovableClock
from models.codec import canonical
from models.ids import new_uid
from models.kinds import DecisionStatus, EnrollmentState, ModelMove, Role, TimedEventKind, Timing
from models.queries import population as rows
from models.sealed import Keys
from models.session import Sessions
from models.tables import Enrollment, PopulationModelRow, PopulationScore, Response, TimedEvent
from risk.population.artefact import digest_of, write
from risk.population.score import probability
from risk.serving import Shelf
from scheduler.jobs import score_people
from scheduler.timetable import run_until
from tests.build import NOW, Built, Person, build_person, build_staff, build_study
from tests.risk.artefacts import model
from tests.scheduler.house import HOUR, Place

DAY = timedelta(days=1)
MIDNIGHT = NOW.replace(hour=5, minute=0)
"""In New York, on the day of NOW."""


@pytest.fixture
def study(sessions: Sessions) -> Built:
    return build_study(sessions, now=NOW - 40 * DAY)


@pytest.fixture
def place(sessions: Sessions, keys: Keys) -> Place:
    return Place(sessions, keys)


def taking_part(place: Place, study: Built, *, days: int = 10, **columns: Any) -> Person:
    began = NOW - days * DAY
    values = {"started_at": began, "start_date": began.date(), "score_at": NOW, **columns}
    return build_person(place.sessions, place.keys, study, now=began, **values)


def moved(place: Place, study: Built, *moves: tuple[ModelMove, int]) -> dict[int, int]:
    """What humans did with numbered models. Gives their keys."""
    staff = build_staff(place.sessions, study, Role.INVESTIGATOR, login=new_uid().hex)
    keys: dict[int, int] = {}
    with place.sessions.transaction() as session:
        for what, number in moves:
            made = model(number=number)
            if number not in keys:
                keys[number] = session.add(
                    PopulationModelRow,
                    uid=new_uid(),
                    study_id=study.study_id,
                    name=made.id,
                    model=made.model,
                    target=made.target,
                    digest=digest_of(made),
                    file=write(made),
                    stored_by=staff.staff_id,
                    stored_at=NOW,
                    synthetic=False,
                )
            rows.add_move(
                session, study_id=study.study_id, model_id=keys[number], what=what, by=staff.staff_id or 0, note="as agreed", now=NOW
            )
    return keys


def damage(place: Place, key: int, file: bytes = b'{"digest":') -> None:
    with place.sessions.transaction() as session:
        session.execute(update(PopulationModelRow).where(PopulationModelRow.id == key).values(file=file))


def used(place: Place, person: Person, happened_at: Any, *, reported_at: Any = None) -> None:
    with place.sessions.transaction() as session:
        session.add(
            TimedEvent,
            uid=new_uid(),
            study_id=person.study_id,
            enrollment_id=person.enrollment_id,
            client_id=new_uid(),
            kind=TimedEventKind.USE,
            happened_at=happened_at,
            reported_at=reported_at or happened_at,
            source="participant",
            content_hash=b"",
            synthetic=False,
        )


def scores(place: Place) -> list[Any]:
    with place.sessions.reading() as session:
        return list(session.rows(select(PopulationScore).order_by(PopulationScore.id)))


SHADOWED, PROMOTED, ROLLED_BACK = ModelMove.SHADOWED, ModelMove.PROMOTED, ModelMove.ROLLED_BACK


def test_a_day_is_scored_once_by_what_was_known_at_its_midnight(place: Place, study: Built) -> None:
    person = taking_part(place, study)
    keys = moved(place, study, (SHADOWED, 1))
    used(place, person, MIDNIGHT - 3 * DAY + 2 * HOUR)
    used(place, person, MIDNIGHT - 30 * HOUR, reported_at=MIDNIGHT + HOUR)
    assert place.run(score_people.run) == 1
    assert place.run(score_people.run) == 0
    (score,) = scores(place)
    assert (score.population_model_id, score.study_day, score.as_of, score.made_at) == (keys[1], 11, MIDNIGHT, NOW)
    assert score.shadow
    assert score.probability == probability(model(), {"use:days_log": 1.3862943611198906}), "three days since the use that was known"
    with place.sessions.reading() as session:
        again = session.value(select(Enrollment.score_at).where(Enrollment.id == person.enrollment_id))
    assert again == MIDNIGHT + DAY
    place.clock.pass_(DAY)
    place.run(score_people.run)
    assert [one.study_day for one in scores(place)] == [11, 12]
    assert scores(place)[1].probability == probability(model(), {"use:days_log": 1.0986122886681098}), "now the late report is known"


def test_without_a_model_nobody_is_scored_nor_asked_again(place: Place, study: Built) -> None:
    person = taking_part(place, study)
    assert place.run(score_people.run) == 1
    with place.sessions.reading() as session:
        assert session.value(select(Enrollment.score_at).where(Enrollment.id == person.enrollment_id)) is None
    assert scores(place) == []


def test_nobody_is_scored_who_left_or_withdrew_or_began_today(place: Place, study: Built) -> None:
    moved(place, study, (SHADOWED, 1))
    for columns in ({"consent_use": False}, {"consent_collect": False}, {"state": EnrollmentState.WITHDRAWN}, {"days": 0}):
        taking_part(place, study, **columns)
    assert place.run(score_people.run) == 3
    assert scores(place) == []


def test_a_promoted_model_serves_beside_the_next_shadow_and_a_rollback_brings_the_former_back(place: Place, study: Built) -> None:
    taking_part(place, study)
    keys = moved(place, study, (SHADOWED, 1), (PROMOTED, 1), (SHADOWED, 2), (PROMOTED, 2), (SHADOWED, 3))
    place.run(score_people.run)
    assert {(one.population_model_id, one.shadow) for one in scores(place)} == {(keys[2], False), (keys[3], True)}
    staff = build_staff(place.sessions, study, Role.INVESTIGATOR, login="ida")
    with place.sessions.transaction() as session:
        rows.add_move(session, study_id=study.study_id, model_id=keys[2], what=ROLLED_BACK, by=staff.staff_id or 0, note="worse", now=NOW)
    place.clock.pass_(DAY)
    place.run(score_people.run)
    assert {(one.population_model_id, one.shadow) for one in scores(place)[2:]} == {(keys[1], False), (keys[3], True)}


@pytest.mark.parametrize("file", [b"", b"{", b"[" * 5000, b'{"digest":"","document":{}}', write(model(number=9))[:-40]])
def test_a_damaged_file_is_passed_over_and_the_last_good_one_serves_also_at_start_up(place: Place, study: Built, file: bytes) -> None:
    taking_part(place, study)
    keys = moved(place, study, (SHADOWED, 1), (PROMOTED, 1), (SHADOWED, 2), (PROMOTED, 2), (SHADOWED, 3))
    damage(place, keys[2], file)
    damage(place, keys[3], file)
    place.run(score_people.run)
    assert [(one.population_model_id, one.shadow) for one in scores(place)] == [(keys[1], False)]
    damage(place, keys[1], file)
    with place.sessions.reading() as session:
        assert [one.key for one in place.duties.shelf.serving(session, study.study_id, synthetic=False)] == [keys[1]], "read once, kept"
        assert Shelf().serving(session, study.study_id, synthetic=False) == (), "a new process has none, and goes on"


def test_what_simulated_people_taught_serves_in_no_study_of_real_people(place: Place, study: Built) -> None:
    taking_part(place, study)
    keys = moved(place, study, (SHADOWED, 1))
    made = model(synthetic=True)
    damage(place, keys[1], canonical({"digest": digest_of(made), "document": msgspec.Raw(canonical(made))}))
    place.run(score_people.run)
    assert scores(place) == []
    with place.sessions.reading() as session:
        assert len(Shelf().serving(session, study.study_id, synthetic=True)) == 1


def test_one_person_whose_past_cannot_be_read_holds_up_nobody(place: Place, study: Built) -> None:
    broken, fine = taking_part(place, study), taking_part(place, study)
    moved(place, study, (SHADOWED, 1))
    answered(place, study, broken, MIDNIGHT - 5 * HOUR, answers={"m_crave_now": 3}, protocol_version_id=study.version_id)
    with place.sessions.transaction() as session:
        session.execute(update(Response).values(answers=[1]))
    assert place.run(score_people.run) == 2
    assert [one.enrollment_id for one in scores(place)] == [fine.enrollment_id]


def answered(place: Place, study: Built, person: Person, at: Any, **columns: Any) -> int:
    values: dict[str, Any] = {
        "study_id": study.study_id,
        "enrollment_id": person.enrollment_id,
        "client_id": new_uid(),
        "revision": 1,
        "device_id": person.device_id,
        "prompt_id": None,
        "protocol_version_id": study.version_id,
        "instrument": "momentary",
        "complete": True,
        "started_at": None,
        "answered_at": at,
        "sent_at": at,
        "received_at": at,
        "event_time": at,
        "skew_seconds": 0.0,
        "clock_suspect": False,
        "timing": Timing.UNPROMPTED,
        "zone": "America/New_York",
        "offset_minutes": -300,
        "answers": {},
        "missing": {},
        "content_hash": b"",
        "receipt": b"{}",
        "decision_status": DecisionStatus.DECIDED,
        "synthetic": False,
        **columns,
    }
    with place.sessions.transaction() as session:
        return int(session.add(Response, **values))


def test_moving_study_time_scores_each_local_day_as_it_begins(sessions: Sessions, keys: Keys, study: Built) -> None:
    place = Place(sessions, keys, clock=MovableClock(NOW))
    taking_part(place, study, planned_until=None)
    moved(place, study, (SHADOWED, 1))
    run_until(place.duties, NOW + 5 * DAY)
    found = scores(place)
    assert [one.study_day for one in found] == [11, 12, 13, 14, 15, 16]
    assert [one.made_at - one.as_of for one in found[1:]] == [timedelta()] * 5
