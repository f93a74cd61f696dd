"""A lock on a person keeps others from changing the person, and nobody from writing rows that name the person.

On PostgreSQL a foreign key takes a share lock on the row that it names. Were the person locked against that too, the escalator, which
holds an alert and writes its history, and an answer, which holds the person and wants the alert, would wait for each other.
"""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from models.ids import new_uid
from models.kinds import TimedEventKind
from models.queries import enrollment_phone, planning, response
from models.session import Sessions
from models.tables import TimedEvent
from tests.build import NOW, build_person, build_study

LOCKS = {
    "own": lambda session, person: enrollment_phone.lock_own(session, person.viewer()),
    "by key": lambda session, person: enrollment_phone.lock_by_key(session, person.enrollment_id),
    "for answers": lambda session, person: response.lock_enrollments(session, {person.enrollment_id})[person.enrollment_id],
    "for the plan": lambda session, person: planning.lock_enrollment(session, person.enrollment_id),
}


@pytest.fixture
def person(sessions: Sessions, keys):
    if sessions.embedded:
        pytest.skip("SQLite has one writer")
    return build_person(sessions, keys, build_study(sessions), now=NOW - timedelta(hours=1))


def hurried(session) -> None:
    session.execute(text("SET LOCAL lock_timeout = '300ms'"))


@pytest.mark.parametrize("how", LOCKS)
def test_a_row_that_names_a_locked_person_is_written_without_waiting(sessions: Sessions, person, how: str):
    with sessions.transaction() as holder:
        LOCKS[how](holder, person)
        with sessions.transaction() as other:
            hurried(other)
            other.add(
                TimedEvent,
                uid=new_uid(),
                study_id=person.study_id,
                enrollment_id=person.enrollment_id,
                client_id=new_uid(),
                kind=TimedEventKind.VISIT,
                happened_at=NOW,
                reported_at=NOW,
                source="staff",
                content_hash=b"0" * 32,
                synthetic=False,
            )


@pytest.mark.parametrize("how", LOCKS)
def test_two_never_hold_the_same_person(sessions: Sessions, person, how: str):
    with sessions.transaction() as holder:
        LOCKS[how](holder, person)
        with sessions.transaction() as other:
            hurried(other)
            with pytest.raises(OperationalError), other.savepoint():
                LOCKS["for the plan"](other, person)
