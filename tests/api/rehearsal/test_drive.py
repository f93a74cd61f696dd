"""How a rehearsal is driven: its people by seed, its place, its protocol; on a server that already runs; stopped half way."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.actions.first_run import begin, open_database
from api.app import build_house, make_app
from api.rehearsal import aims
from api.rehearsal.agenda import Agenda
from api.rehearsal.desk import Desk
from api.rehearsal.drive import StudyClock, Wanted, people_of
from api.rehearsal.line import Line
from api.rehearsal.process import Running, prepare, running
from api.rehearsal.recorder import Recorder
from api.rehearsal.server import served
from api.rehearsal.wire import Wire
from api.settings import ApiSettings
from models.errors import Conflict, Invalid
from models.queries.study import mark
from models.session import Sessions
from models.settings import DatabaseSettings
from tests.api.rehearsal.living import ENDED, Ran, prompts, run, settings_of

START = datetime(2026, 3, 6, 13, tzinfo=UTC)
PASSWORD = "a long sentence of the tests"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str, DatabaseSettings]]:
    """A rehearsal that already runs, with the one-time word of its first account."""
    settings = settings_of(tmp_path_factory.mktemp("house"))
    first = prepare(settings, start=START)
    with running(settings) as one:
        yield one, first.one_time_password, settings


def test_a_demo_at_an_address_needs_a_password_of_ones_own_and_then_drives_that_server(
    house: tuple[Running, str, DatabaseSettings], tmp_path: Path
) -> None:
    server, one_time, settings = house
    words = ("demo", "--url", server.url, "--people", "1", "--days", "1", "--quiet", "--directory", str(tmp_path / "there"))
    refused = run(*words, BREAKWATER_PASSWORD=one_time)
    assert isinstance(refused.exception, Conflict)
    assert refused.exception.code == "one_time_word"
    assert not (tmp_path / "there").exists()
    wire = Wire(server.url, Recorder(), lambda: START)
    desk = Desk(wire, "admin", one_time)
    desk.sign_in()
    desk.replace_password(PASSWORD)
    wire.close()
    done = run(*words, BREAKWATER_PASSWORD=PASSWORD)
    assert done.exception is None, (done.output, done.exception)
    assert done.exit_code == 0
    ran = Ran(tmp_path / "there", settings, done.output, 0)
    assert ran.happened["database"] == "at the address"
    assert (ran.happened["complete"], ran.happened["lost"], ran.happened["unexpected"]) == (True, 0, [])
    with ran.reading() as session:
        rows, row = prompts(session), mark(session)
    assert row is not None
    assert row.study_now > START + timedelta(days=1)
    assert rows
    assert [one.uid for one in rows if one.state not in ENDED and one.expires_at <= row.study_now] == []


def test_a_server_of_a_real_study_is_refused_and_nobody_enters_it(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "real")
    sessions, keys = open_database(settings)
    try:
        first = begin(sessions, keys, ApiSettings())
        assert first is not None
        with served(make_app(build_house(sessions, keys, ApiSettings()))) as url:
            wire = Wire(url, Recorder(), lambda: START)
            desk = Desk(wire, first.login, first.one_time_password)
            desk.sign_in()
            desk.replace_password(PASSWORD)
            words = ("demo", "--url", url, "--people", "1", "--days", "1", "--quiet", "--directory", str(tmp_path / "there"))
            refused = run(*words, BREAKWATER_PASSWORD=PASSWORD)
            people = list(desk.all_of("/v1/care/participants"))
            wire.close()
    finally:
        sessions.close()
    assert isinstance(refused.exception, Conflict)
    assert refused.exception.code == "not_a_rehearsal"
    assert "--rehearsal" in refused.exception.detail
    assert len(people) == 1  # the enrollment of the first run
    assert not (tmp_path / "there").exists()


def test_ctrl_c_leaves_what_was_reached_and_no_server(tmp_path: Path) -> None:
    directory = tmp_path / "demo"
    command = [
        sys.executable,
        "-c",
        "from api.cli import main; main()",
        "demo",
        "--people",
        "2",
        "--days",
        "90",
        "--directory",
        str(directory),
    ]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(os.environ),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # what runs the tests may be deaf to Ctrl-C
    )
    try:
        _wait_for_day(settings_of(directory), START + timedelta(days=2))
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, said
    ran = Ran(directory, settings_of(directory), said, 130)
    assert ran.happened["complete"] is False
    assert (ran.happened["lost"], ran.happened["doubled"], ran.happened["unexpected"]) == (0, 0, [])
    assert "Stopped before the end" in said
    # The right to write is free again: the server has ended.
    sessions, _ = open_database(settings_of(directory))
    sessions.close()
    with (directory / "writer.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _wait_for_day(settings: DatabaseSettings, day: datetime) -> None:
    for _ in range(600):
        if (settings.directory / "writer.lock").exists():
            sessions = Sessions(settings)
            with sessions.reading() as session:
                row = mark(session)
            sessions.close()
            if row is not None and row.study_now is not None and row.study_now > day:
                return
        time.sleep(0.1)
    pytest.fail("the rehearsal did not begin")


def test_the_same_seed_gives_the_same_people_and_another_one_others() -> None:
    wanted = Wanted(seed=7, people=5, days=10)
    assert people_of(wanted, START) == people_of(wanted, START)
    assert people_of(wanted, START) != people_of(Wanted(seed=8, people=5, days=10), START)
    assert {(one.ends_at - one.joins_at).days for one in people_of(wanted, START)} == {10}


def test_a_directory_is_never_used_twice(tmp_path: Path) -> None:
    first = aims.fresh_directory(tmp_path / "demo")
    (first / "breakwater.db").write_text("mine")
    second = aims.fresh_directory(tmp_path / "demo")
    (second / "breakwater.db").write_text("mine too")
    assert [first.name, second.name, aims.fresh_directory(tmp_path / "demo").name] == ["demo", "demo-2", "demo-3"]
    assert (first / "breakwater.db").read_text() == "mine"


def test_a_protocol_is_cut_to_the_days_only_where_it_stays_a_protocol() -> None:
    document = aims.document_of("oud")
    assert aims.cut(document, 28)[1].length_days == 28
    assert aims.cut(document, 400)[0] == document
    assert aims.cut(document, 2)[0] == document  # a design of it begins on the fourth day


def test_a_protocol_that_is_not_there_or_is_faulty_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    faulty = tmp_path / "faulty.json"
    faulty.write_text("{}")
    for name in (str(faulty), "no_such_protocol"):
        result = run("rehearse", name, "--participants", "1", "--days", "1", "--directory", str(tmp_path / "out"))
        assert isinstance(result.exception, Invalid)
    assert not (tmp_path / "out").exists()


def test_acts_of_a_person_come_in_order_of_time_and_then_of_arrival() -> None:
    done: list[str] = []
    line = Line()

    def note(name: str):
        return lambda at, now: done.append(f"{name}@{at:%H}/{now:%H}")

    line.put(START + timedelta(hours=2), note("late"))
    line.put(START, note("first"))
    line.put(START, lambda at, now: line.put(at + timedelta(hours=1), note("added")))
    line.put(START + timedelta(hours=3), note("not yet"))
    assert line.run(START + timedelta(hours=2)) == 4
    assert done == ["first@13/15", "added@14/15", "late@15/15"]
    assert line.next_at == START + timedelta(hours=3)


def test_the_clock_is_moved_for_what_must_reach_the_server_and_for_nothing_else() -> None:
    done: list[str] = []
    line, later = Line(), START + timedelta(hours=1)
    line.put(START, lambda at, now: done.append("rings"), silent=True)
    line.put(later, lambda at, now: done.append("looks"), patience=timedelta(minutes=30))
    assert line.wakes_at() == later + timedelta(minutes=30)
    assert done == ["rings"]
    line.put(later + timedelta(minutes=10), lambda at, now: done.append("answers"))
    assert line.wakes_at() == later + timedelta(minutes=10)
    line.run(later + timedelta(minutes=10))
    assert done == ["rings", "looks", "answers"]
    assert line.wakes_at() is None


def test_many_lines_are_run_when_they_are_due_and_looked_at_again_after_it() -> None:
    done: list[str] = []
    lines = [Line(), Line(), Line()]
    hour = timedelta(hours=1)

    def note(name: str, line: Line, then: timedelta | None = None):
        def act(at: datetime, _now: datetime) -> None:
            done.append(name)
            if then is not None:
                line.put(at + then, note(name, line))

        return act

    lines[0].put(START + 2 * hour, note("second", lines[0], hour))
    lines[1].put(START + hour, note("first", lines[1], 4 * hour))
    lines[1].put(START + 6 * hour, note("patient", lines[1]), patience=hour)
    agenda = Agenda(lines)
    assert (agenda.wakes_at(), agenda.due(START)) == (START + hour, [])
    for now, places, wakes in ((1, [1], 2), (2, [0], 3), (5, [0, 1], 7), (9, [1], None)):
        due = agenda.due(START + now * hour)
        for place in due:
            lines[place].run(START + now * hour)
        agenda.ran(due)
        assert (due, agenda.wakes_at()) == (places, None if wakes is None else START + wakes * hour)
    assert done == ["first", "second", "second", "first", "patient"]


def test_the_record_counts_replies_by_route_and_status() -> None:
    record = Recorder()
    for number in range(1, 101):
        record.replied("GET", "/v1/x", 200 if number < 100 else 503, float(number))
    (one,) = record.routes()
    assert (one.count, one.p50, one.p99, one.slowest) == (100, 50.0, 99.0, 100.0)
    assert one.statuses == {"200": 99, "503": 1}
    assert sum(number for _, number in one.histogram) == 100
    assert StudyClock(START).read() == START
