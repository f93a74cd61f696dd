"""Statements that are built once: asked of SQLite's driver they say the same as on the usual way."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import bindparam, delete, event, select, tuple_, update
from sqlalchemy.exc import IntegrityError, OperationalError

from models.kinds import PromptState
from models.prepared import SHAPES, once, prepared
from models.sealed import Keys
from models.session import ReadSession, Sessions, WriteSession
from models.settings import DatabaseSettings
from models.tables import Enrollment, Heartbeat, Prompt
from tests.build import Built, Person, build_person, build_study

LIFE = once(
    select(Prompt).where(Prompt.uid.in_(bindparam("names", expanding=True)), Prompt.state.in_(tuple(PromptState))).order_by(Prompt.due_at)
)
PEOPLE = once(select(Enrollment).where(Enrollment.id == bindparam("person")))
BEATS = once(select(Heartbeat.duty, Heartbeat.done.label("times")).where(Heartbeat.done >= bindparam("least")).order_by(Heartbeat.duty))
DELETE = once(delete(Heartbeat).where(Heartbeat.duty == bindparam("which")).returning(Heartbeat.id))
AGAIN = once(update(Heartbeat).where(Heartbeat.duty == bindparam("which")).values(done=bindparam("times"), beat_at=bindparam("at")))
DUE = datetime(2026, 3, 8, 6, 59, 59, 123_456, tzinfo=UTC)


@pytest.fixture
def embedded(sqlite_settings: DatabaseSettings) -> Iterator[Sessions]:
    """PostgreSQL's statements all go the usual way."""
    made = Sessions(replace(sqlite_settings, durable=False))
    yield made
    made.close()


@pytest.fixture
def study(embedded: Sessions) -> Built:
    return build_study(embedded)


@pytest.fixture
def person(embedded: Sessions, keys: Keys, study: Built) -> Person:
    return build_person(embedded, keys, study)


@pytest.fixture
def heard(embedded: Sessions) -> Iterator[list[str]]:
    """What goes the usual way while somebody listens to the writing engine."""
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(embedded.write_engine, "before_cursor_execute", note)
    yield said
    event.remove(embedded.write_engine, "before_cursor_execute", note)


def beats(session: WriteSession, now: datetime, *names: str) -> None:
    alike = {"beat_at": now, "every_seconds": 1.5, "took_seconds": 0.25, "failures": 0}
    session.add_all(Heartbeat, [{"duty": one, "done": len(one), **alike} for one in names])


def directly(session: ReadSession) -> bool:
    return session._driver is not None


def usual(sessions: Sessions, ask: Callable[[WriteSession], Any]) -> Any:
    """The same, by SQLAlchemy."""
    with sessions.transaction() as session:
        session._driver = None
        return ask(session)


def prompts(study: Built, person: Person, number: int) -> list[dict[str, Any]]:
    return [
        {
            "uid": UUID(int=place + 1),
            "study_id": study.study_id,
            "enrollment_id": person.enrollment_id,
            "protocol_version_id": study.version_id,
            "design": "random",
            "instrument": "check",
            "kind": "stratified",
            "slot": f"slot {place}",
            "slot_date": date(2026, 3, 8),
            "slot_index": place,
            "state": PromptState.EXPIRED if place else PromptState.PLANNED,
            "due_at": DUE.replace(microsecond=place),
            "window_start": DUE,
            "window_end": DUE,
            "expires_at": DUE,
            "next_at": None if place else DUE,
            "reminders_left": [DUE.isoformat()] * place,
            "zone": "America/New_York",
            "local_due": "2026-03-08T01:59:59",
            "offset_minutes": -300,
            "study_day": 1,
            "density": 0.1 + place,
            "day_probability": 1.0,
            "drawn": {"items": ["a", "ä"]} if place else None,
            "planned_at": DUE,
            "synthetic": bool(place),
        }
        for place in range(number)
    ]


def test_rows_are_the_same_on_both_ways(embedded: Sessions, study: Built, person: Person) -> None:
    """Every kind of column: ids, instants, dates, words, documents, numbers, truth, nothing; and what stands where nothing is given."""
    given = prompts(study, person, 3)
    with embedded.transaction() as session:
        assert directly(session)
        keys = session.add_new(Prompt, given, Prompt.id, Prompt.uid)
    names = {"names": [one["uid"] for one in given]}
    with embedded.reading() as session:
        assert directly(session)
        found, owners = session.rows(LIFE, names), session.rows(PEOPLE, {"person": person.enrollment_id})
        first = session.row(LIFE, names)
    expected = usual(embedded, lambda session: session.rows(LIFE, names))
    assert [tuple(row) for row in found] == [tuple(row) for row in expected]
    assert [[type(cell) for cell in row] for row in found] == [[type(cell) for cell in row] for row in expected]
    assert [row._asdict() for row in found] == [row._asdict() for row in expected]
    assert first == found[0]
    assert found[0].plan_revision == 1
    assert [(row.id, row.uid) for row in keys] == [(row.id, row.uid) for row in found]
    assert [tuple(row) for row in owners] == [
        tuple(row) for row in usual(embedded, lambda one: one.rows(PEOPLE, {"person": person.enrollment_id}))
    ]
    for row, one in zip(found, given, strict=True):
        assert {name: getattr(row, name) for name in one} == one


def test_what_is_inserted_is_the_same_on_both_ways(embedded: Sessions, study: Built, person: Person) -> None:
    given = prompts(study, person, 2)
    with embedded.transaction() as session:
        session.add_new(Prompt, given[:1])
    usual(embedded, lambda session: session.add_new(Prompt, given[1:]))
    with embedded.reading() as session:
        cells = session._connection.exec_driver_sql("SELECT * FROM prompt ORDER BY id").all()  # as stored, not converted
    differing = {"id", "uid", "slot", "slot_index", "due_at", "state", "next_at", "reminders_left", "density", "drawn", "synthetic"}
    names = cells[0]._fields
    alike = [[(name, type(cell), cell) for name, cell in zip(names, row, strict=True) if name not in differing] for row in cells]
    assert alike[0] == alike[1]


def test_a_list_may_have_any_length_each_time(embedded: Sessions, study: Built, person: Person) -> None:
    given = prompts(study, person, 7)
    with embedded.transaction() as session:
        assert session.add_new(Prompt, given) == []
        for number in (0, 1, 2, 7, 2, 0):
            found = session.rows(LIFE, {"names": [one["uid"] for one in given[:number]]})
            assert [row.slot_index for row in found] == list(range(number))


def test_what_is_kept_of_a_statement_is_bounded(embedded: Sessions) -> None:
    with embedded.reading() as session:
        for number in range(SHAPES + 20):
            assert session.rows(LIFE, {"names": [UUID(int=one + 1) for one in range(number)]}) == []
    asked = prepared(LIFE)
    assert asked is not None
    assert 0 < len(asked.shapes) <= SHAPES


def test_a_row_that_is_there_is_not_given_again(embedded: Sessions, study: Built, person: Person) -> None:
    given = prompts(study, person, 3)
    with embedded.transaction() as session:
        session.add_new(Prompt, given[:1])
        added = session.add_new(Prompt, given, Prompt.slot_index)
    assert [row.slot_index for row in added] == [1, 2]


def test_changes_reach_each_row_and_labels_are_names(embedded: Sessions, now: datetime) -> None:
    with embedded.transaction() as session:
        beats(session, now, "a", "bb", "ccc")
        session.change(AGAIN, [{"which": name, "times": times, "at": now} for name, times in (("a", 7), ("ccc", 9))])
        session.change(AGAIN, [])
    with embedded.reading() as session:
        assert [(row.duty, row.times) for row in session.rows(BEATS, {"least": 0})] == [("a", 7), ("bb", 2), ("ccc", 9)]
        assert session.value(BEATS, {"least": 8}) == "ccc"
        assert (session.value(BEATS, {"least": 10}), session.row(BEATS, {"least": 10})) == (None, None)


def test_a_statement_that_is_made_from_one_is_another_one(embedded: Sessions, now: datetime) -> None:
    narrower = BEATS.where(Heartbeat.duty == "a")
    assert prepared(BEATS) is not None
    assert prepared(narrower) is None
    with embedded.transaction() as session:
        beats(session, now, "a", "bb")
        assert [row.duty for row in session.rows(narrower, {"least": 0})] == ["a"]


def test_whoever_listens_hears_every_statement_and_its_text_is_the_one_that_is_asked_directly(
    embedded: Sessions, heard: list[str], study: Built, person: Person
) -> None:
    given = prompts(study, person, 2)
    with embedded.transaction() as session:
        assert not directly(session)
        session.add_new(Prompt, given[:1], Prompt.id)
        session.rows(LIFE, {"names": [one["uid"] for one in given]})
    asked: list[str] = []
    with embedded.reading() as session:
        assert directly(session)
        driver = session._driver
        assert driver is not None
        driver.set_trace_callback(asked.append)
        session.rows(LIFE, {"names": [one["uid"] for one in given]})
        driver.set_trace_callback(None)
    shape = prepared(LIFE)
    assert shape is not None
    texts = {one.text for one in shape.shapes.values()}
    assert heard[-1] in texts
    begun, text = asked
    assert begun == "BEGIN"  # and so all rows of a session are those of one moment
    assert text.split("WHERE")[0] == heard[-1].split("WHERE")[0]


def test_a_refusal_of_the_database_is_the_one_that_sqlalchemy_raises_and_holds_no_value(embedded: Sessions, now: datetime) -> None:
    with embedded.transaction() as session:
        beats(session, now, "secret")
    with pytest.raises(IntegrityError, match="UNIQUE") as refused, embedded.transaction() as session:
        beats(session, now, "secret")
    with pytest.raises(IntegrityError) as usually:
        usual(embedded, lambda session: beats(session, now, "secret"))
    assert str(refused.value) == str(usually.value)
    assert "secret" not in str(refused.value)
    with pytest.raises(OperationalError, match="readonly"), embedded.reading() as session:
        session.row(DELETE, {"which": "secret"})


def test_a_savepoint_takes_back_what_was_asked_directly(embedded: Sessions, now: datetime) -> None:
    with embedded.transaction() as session:
        beats(session, now, "before")
        with suppress(ZeroDivisionError), session.savepoint():
            beats(session, now, "within")
            with suppress(IntegrityError), session.savepoint():
                beats(session, now, "within")
            assert len(session.rows(BEATS, {"least": 0})) == 2
            raise ZeroDivisionError
        with session.savepoint():
            beats(session, now, "kept")
    with embedded.reading() as session:
        assert [row.duty for row in session.rows(BEATS, {"least": 0})] == ["before", "kept"]


def test_what_only_sqlalchemy_can_execute_is_refused_at_once(embedded: Sessions) -> None:
    pairs = once(select(Heartbeat.id).where(tuple_(Heartbeat.duty, Heartbeat.done).in_(bindparam("pairs", expanding=True))))
    twins = once(select(Heartbeat.id, Heartbeat.done.label("id")))
    with embedded.reading() as session:
        with pytest.raises(ValueError, match="tuples"):
            session.rows(pairs, {"pairs": [("a", 1), ("b", 2)]})
        with pytest.raises(ValueError, match="name"):
            session.rows(twins)
