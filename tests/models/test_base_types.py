from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON, inspect, literal, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from models.base import DOCUMENT, Base, Instant
from models.errors import Invalid
from models.ids import new_uid
from models.session import Sessions, broken_rule
from models.tables import DatabaseMark, Export, Study

TYPE = Instant()
SQLITE, POSTGRES = sqlite.dialect(), postgresql.dialect()
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=ZONES)


@given(INSTANTS)
def test_an_instant_comes_back_from_sqlite_to_the_microsecond_and_in_utc(instant):
    back = TYPE.process_result_value(TYPE.process_bind_param(instant, SQLITE), SQLITE)
    assert back == instant
    assert back.utcoffset() == timedelta(0)


@given(INSTANTS, INSTANTS)
def test_stored_instants_sort_as_instants_whatever_their_offsets(one, other):
    stored = [TYPE.process_bind_param(value, SQLITE) for value in (one, other)]
    assert (stored[0] < stored[1]) == (one < other)


@pytest.mark.parametrize("dialect", [SQLITE, POSTGRES], ids=["sqlite", "postgres"])
def test_an_instant_without_an_offset_is_refused(dialect):
    with pytest.raises(Invalid, match="naive_instant"):
        TYPE.process_bind_param(datetime(2026, 3, 4, 15), dialect)


@pytest.mark.parametrize(
    "instant",
    [
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 8, 2, 30, tzinfo=timezone(timedelta(hours=-5))),
        datetime(2199, 12, 31, 12, 0, 0, 1, tzinfo=UTC),
    ],
    ids=["before-1970", "offset", "far"],
)
def test_both_databases_give_back_the_instant_that_was_stored(shared_sessions, instant):
    with shared_sessions.reading() as session:
        back = session.value(select(literal(instant, TYPE)))
        nothing = session.value(select(literal(None, TYPE)))
    assert (back, back.tzinfo, nothing) == (instant, UTC, None)


def test_a_word_outside_its_vocabulary_is_refused_by_the_database(shared_sessions: Sessions, now):
    with shared_sessions.transaction() as session:
        study_id = session.add(
            Study,
            uid=new_uid(),
            slug="words",
            title="Words",
            zone="UTC",
            synthetic=True,
            certificate_of_confidentiality=False,
            created_at=now,
        )
        row = {
            "uid": new_uid(),
            "study_id": study_id,
            "requested_at": now,
            "request": {},
            "purpose": "-",
            "release": "1",
            "as_of": now,
            "state": "waiting",
            "software_version": "-",
            "synthetic": True,
        }
        session.add(Export, **row)
    with pytest.raises(IntegrityError) as caught, shared_sessions.transaction() as session:
        session.execute(text("UPDATE export SET state = 'vanished'"))
    assert "ck_export_export_state" in broken_rule(caught.value)


def test_what_the_database_says_of_a_broken_rule_holds_no_values(shared_sessions: Sessions, now):
    row = {"title": "T", "zone": "UTC", "synthetic": True, "certificate_of_confidentiality": False, "created_at": now}
    with shared_sessions.transaction() as session:
        session.add(Study, uid=new_uid(), slug="a-secret-name", **row)
    with pytest.raises(IntegrityError) as caught, shared_sessions.transaction() as session:
        session.add(Study, uid=new_uid(), slug="a-secret-name", **row)
    words = broken_rule(caught.value)
    assert "slug" in words
    assert "a-secret-name" not in words


def test_the_mark_of_a_database_is_one_row(shared_sessions: Sessions, now):
    with pytest.raises(IntegrityError), shared_sessions.transaction() as session:
        session.add(DatabaseMark, id=2, key_fingerprint="-", rehearsal=False, tzdata_version="-", made_at=now)


def test_no_document_is_null_and_not_the_word_null(shared_sessions: Sessions):
    with shared_sessions.reading() as session:
        assert session.value(select(literal(None, DOCUMENT).is_(None)))
        assert session.value(select(literal({"é": [1, 2.5, None, True]}, DOCUMENT))) == {"é": [1, 2.5, None, True]}
    assert isinstance(DOCUMENT, JSON)


def test_every_constraint_and_index_has_a_name_of_the_convention(shared_sessions: Sessions):
    found = inspect(shared_sessions.write_engine)
    for table in Base.metadata.tables:
        names = [one["name"] for one in found.get_foreign_keys(table)]
        names += [one["name"] for one in found.get_unique_constraints(table)]
        names += [one["name"] for one in found.get_check_constraints(table)]
        names += [one["name"] for one in found.get_indexes(table)]
        names.append(found.get_pk_constraint(table)["name"])
        assert all(name and name[:3] in {"fk_", "uq_", "ck_", "ix_", "pk_"} for name in names), (table, names)
        assert all(len(name) <= 63 for name in names), "PostgreSQL would cut a longer name"
