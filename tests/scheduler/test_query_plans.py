"""What the duties ask of the database is answered from indexes, however many rows there are."""

from datetime import timedelta

import pytest

from models.clock import MovableClock
from models.sealed import Keys
from models.session import Sessions
from scheduler.timetable import TIMETABLE, run_until
from tests.build import NOW, build_person, build_study
from tests.query_plans import scans, statements
from tests.scheduler.house import Place

_OF_SMALL_TABLES = {"build_exports", "sweep"}
"""They read all exports, and once an hour all tokens and sessions, which they keep few."""


def test_no_statement_of_a_duty_reads_a_whole_table(sessions: Sessions, keys: Keys) -> None:
    if not sessions.embedded:
        pytest.skip("PostgreSQL plans by the size of its tables, which are empty here; the statements and indexes are the same")
    study = build_study(sessions)
    place = Place(sessions, keys, clock=MovableClock(NOW))
    for _ in range(2):
        build_person(sessions, keys, study, watch_at=NOW, score_at=NOW)
    engine = sessions.write_engine
    with statements(engine) as written, statements(sessions._read) as read:
        assert run_until(place.duties, NOW + timedelta(days=2)) > 0
        for duty in TIMETABLE:
            if duty.name not in _OF_SMALL_TABLES:
                place.run(duty.run)
    assert len({*written, *read}) > 20
    assert scans(engine, {**written, **read}) == {}
