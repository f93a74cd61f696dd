from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import Enrollment, Heartbeat
from tests.conftest import migrate


def beat(session, duty, now, done=0):
    return session.add(Heartbeat, duty=duty, beat_at=now, every_seconds=1, took_seconds=0.0, done=done, failures=0)


def duties(sessions, prefix=""):
    with sessions.reading() as session:
        return [row.duty for row in session.rows(select(Heartbeat.duty).where(Heartbeat.duty.startswith(prefix)).order_by(Heartbeat.duty))]


def test_a_transaction_is_there_after_it_closes_and_not_before(shared_sessions: Sessions, now):
    with shared_sessions.transaction() as session:
        beat(session, "closes-1", now)
        assert duties(shared_sessions, "closes") == []
    assert duties(shared_sessions, "closes") == ["closes-1"]


def test_an_exception_leaves_nothing_behind(shared_sessions: Sessions, now):
    with suppress(ZeroDivisionError), shared_sessions.transaction() as session:
        beat(session, "broken-1", now)
        raise ZeroDivisionError
    assert duties(shared_sessions, "broken") == []


def test_a_savepoint_that_fails_takes_only_its_own_rows(shared_sessions: Sessions, now):
    with shared_sessions.transaction() as session:
        beat(session, "save-1", now)
        with suppress(ZeroDivisionError), session.savepoint():
            beat(session, "save-2", now)
            raise ZeroDivisionError
        beat(session, "save-3", now)
    assert duties(shared_sessions, "save") == ["save-1", "save-3"]


def test_a_read_session_cannot_write(shared_sessions: Sessions, now):
    with pytest.raises(DBAPIError), shared_sessions.reading() as session:
        session.rows(text("INSERT INTO audit_head (chain, sequence, mac) VALUES ('x', 0, 'x') RETURNING id"))


def test_a_read_session_looks_at_one_moment(shared_sessions: Sessions, now):
    with shared_sessions.transaction() as session:
        beat(session, "moment", now, done=1)
    with shared_sessions.reading() as session:
        wanted = select(Heartbeat.done).where(Heartbeat.duty == "moment")
        before = session.value(wanted)
        with shared_sessions.transaction() as other:
            other.execute(update(Heartbeat).where(Heartbeat.duty == "moment").values(done=2))
        assert (before, session.value(wanted)) == (1, 1)
    with shared_sessions.reading() as session:
        assert session.value(wanted) == 2


def test_a_second_writer_waits_and_the_database_is_never_locked(shared_sessions: Sessions, now):
    with shared_sessions.transaction() as session:
        beat(session, "counter", now)
    inside = Event()

    def add_one(_number: int) -> None:
        with shared_sessions.transaction() as session:
            inside.set()
            row = session.row(select(Heartbeat.done).where(Heartbeat.duty == "counter").with_for_update())
            session.execute(update(Heartbeat).where(Heartbeat.duty == "counter").values(done=row.done + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(40)))
    with shared_sessions.reading() as session:
        assert session.value(select(Heartbeat.done).where(Heartbeat.duty == "counter")) == 40


def test_a_row_without_its_parent_is_refused(shared_sessions: Sessions, now, keys):
    with pytest.raises(IntegrityError), shared_sessions.transaction() as session:
        session.execute(text("INSERT INTO site (uid, study_id, code, title, zone) VALUES ('" + "0" * 32 + "', 999999, 'a', 'A', 'UTC')"))


def test_add_gives_the_internal_key(shared_sessions: Sessions, now):
    with shared_sessions.transaction() as session:
        keys = [beat(session, f"key-{number}", now) for number in range(3)]
        assert [session.value(select(Heartbeat.duty).where(Heartbeat.id == key)) for key in keys] == ["key-0", "key-1", "key-2"]


def test_a_conflicting_insert_can_be_let_pass(shared_sessions: Sessions, now):
    row = {"duty": "twice", "beat_at": now, "every_seconds": 1, "took_seconds": 0.0, "done": 0, "failures": 0}
    with shared_sessions.transaction() as session:
        for _ in range(2):
            session.execute(session.insert(Heartbeat).values(**row).on_conflict_do_nothing())
    assert duties(shared_sessions, "twice") == ["twice"]


def test_a_stream_gives_every_row_in_order_and_in_chunks(shared_sessions: Sessions, now):
    row = {"beat_at": now, "every_seconds": 1, "took_seconds": 0.0, "failures": 0}
    with shared_sessions.transaction() as session:
        session.add_all(Heartbeat, [{**row, "duty": f"stream-{number:03}", "done": number} for number in range(103)])
    with shared_sessions.reading() as session:
        wanted = select(Heartbeat.done).where(Heartbeat.duty.startswith("stream")).order_by(Heartbeat.done)
        assert [one.done for one in session.stream(wanted, chunk=10)] == list(range(103))
        assert session.value(select(func.count()).select_from(Heartbeat).where(Heartbeat.duty.startswith("stream"))) == 103
        assert session.tuples(wanted) == [(number,) for number in range(103)]  # no later statement is a stream: none of its rows was taken


def test_add_all_of_nothing_asks_the_database_nothing(shared_sessions: Sessions):
    with shared_sessions.transaction() as session:
        session.add_all(Enrollment, [])


@pytest.mark.parametrize("name", ["a plain folder", "50%20of it", "what? #1 é", "a&b=c;d+e"])
def test_the_embedded_database_may_lie_in_a_folder_of_any_name(tmp_path, now, name):
    directory = tmp_path / name
    directory.mkdir()
    settings = DatabaseSettings.read({"BREAKWATER_DIRECTORY": str(directory)})
    migrate(settings)
    sessions = Sessions(settings)
    with sessions.transaction() as session:
        beat(session, "here", now)
    assert duties(sessions) == ["here"]
    sessions.close()
    assert sorted(tmp_path.iterdir()) == [directory]
    assert directory / "breakwater.db" in directory.iterdir()


def test_the_embedded_database_writes_ahead_and_waits_for_the_disk(sqlite_settings):
    sessions = Sessions(sqlite_settings)
    with sessions.transaction() as session:
        pragmas = [session.value(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
    sessions.close()
    assert pragmas == ["wal", 2, 1]


def test_settings_come_from_the_environment(tmp_path):
    assert DatabaseSettings.read({"BREAKWATER_DIRECTORY": str(tmp_path)}).embedded
    hosted = DatabaseSettings.read({"BREAKWATER_DATABASE_URL": "postgres://someone@host/name", "BREAKWATER_POOL_SIZE": "3"})
    assert (hosted.url, hosted.pool_size, hosted.embedded) == ("postgresql+psycopg://someone@host/name", 3, False)
