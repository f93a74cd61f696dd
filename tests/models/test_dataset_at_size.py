"""The dataset of many rows: the fast way says what the slow way says, and reads no more at once than a chunk."""

import signal
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Executable, insert, select

from models.dataset import apart, prompt_side
from models.dataset.apart import build_apart
from models.dataset.build import build_waiting
from models.dataset.write import Output
from models.errors import Invalid
from models.ids import new_uid
from models.kinds import ExportState, PromptState, Timing
from models.queries import dataset_rows
from models.queries.export import NA_CODES
from models.sealed import Keys
from models.session import ReadSession, Sessions
from models.tables import Prompt, PromptEvent, Response
from tests.build import NOW, build_person
from tests.models import dataset_by_record
from tests.models.dataset_story import CUT, MINUTE, Story, World, build_world, momentary

PLAIN = 3
"""The order of a person's slots is read whole: id, day and moment."""

SIDE = ("prompts", "answers_long", "schedule", "events", "planned_events", "compliance")


@pytest.fixture
def world(sessions: Sessions, keys: Keys) -> World:
    return build_world(sessions, keys)


def texts(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(f"{name}.csv").decode() for name in SIDE}


def same_as_the_slow_way(world: World, export_uid: Any, directory: Path) -> None:
    fast = texts(world.build(export_uid, directory, now=CUT + timedelta(days=1)).path)
    slow = dataset_by_record.tables(world.sessions, world.keys, world.row(export_uid))
    for name in SIDE:
        assert fast[name].splitlines() == slow[name].splitlines(), name
        assert fast[name] == slow[name], name
        assert fast[name].count("\n") > 1, name


def another(world: World) -> Story:
    """A second person, whose arm looks like a formula."""
    person = build_person(world.sessions, world.keys, world.study, arm="=b", now=NOW)
    return Story(None, world.study, person)  # type: ignore[arg-type]


def test_the_fast_way_writes_what_the_slow_way_writes(world: World, tmp_path: Path) -> None:
    same_as_the_slow_way(world, world.ask(), tmp_path)


def test_it_does_so_after_the_rows_have_gone_on(world: World, tmp_path: Path) -> None:
    export_uid = world.ask()
    world.tell_on()
    same_as_the_slow_way(world, export_uid, tmp_path)
    later = world.ask(now=CUT + timedelta(hours=1), missing_codes=NA_CODES)
    same_as_the_slow_way(world, later, tmp_path / "later")


def test_it_does_so_for_whatever_a_row_may_hold(world: World, tmp_path: Path) -> None:
    """Travel with odd offsets, several answers to one prompt, edits of entries, clocks that are wrong, words like formulas, bare times."""
    story = another(world)
    day = NOW + timedelta(hours=2)
    alike = momentary(**dict.fromkeys(("m_stress", "m_tense", "m_low", "m_irritable", "m_lonely"), 4))
    wrong_clock = {"answered_at": day + 70 * MINUTE, "started_at": day + 69.99 * MINUTE, "skew_seconds": -3600.5, "clock_suspect": True}
    times = {"m_low": "2026-03-04T17:01:02", "m_pain": "2026-03-04T18:01:02.000999+01:00"}
    odd = {"app_version": "=1,2", "os": '"odd"\nsystem'}
    with world.sessions.transaction() as session:
        story.session = session
        story.prompt("east", day, zone="Asia/Kathmandu", offset_minutes=345, density=None, drawn=None, source=new_uid(), kind="follow_up")
        story.prompt("west", day, zone="Pacific/Marquesas", offset_minutes=-570, day_probability=0.25)
        story.send("east", day + timedelta(microseconds=999))
        story.event("east", "reminded", PromptState.SENT, PromptState.SENT, day + 20 * MINUTE, reason="-late")
        story.event("east", "snoozed", PromptState.SENT, PromptState.SNOOZED, day + 21 * MINUTE)
        partly = {"answers": {"m_valence": 0.5, "m_cue": False}, "missing": {"m_stress": "declined"}}
        story.response(day + 3 * MINUTE, prompt="east", complete=False, **partly)
        story.response(day + 9 * MINUTE, prompt="east", started_at=None, quality=odd)
        late = {"timing": Timing.LATE, "quality": {"app_version": None}, "answer_times": times}
        story.response(day + 10 * MINUTE, prompt="west", answers=alike, missing={}, **late, **wrong_clock)
        entry = new_uid()
        story.response(day, client_id=entry, device_id=None, instrument="craving", zone="UTC", offset_minutes=0)
        story.response(
            day, client_id=entry, revision=2, instrument="craving", missing={}, answers={"m_crave_now": 0, "r_cue_types": ["=x"]}
        )
        story.response(day + MINUTE, instrument="of_no_protocol", answers={}, missing={}, answer_times=None)
    same_as_the_slow_way(world, world.ask(), tmp_path)


def test_it_does_so_over_the_edges_of_chunks(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_side, "CHUNK", 2)
    monkeypatch.setattr(prompt_side, "BATCH", 3)
    monkeypatch.setattr(dataset_rows, "CHUNK", 2)
    same_as_the_slow_way(world, world.ask(), tmp_path)


class Watching:
    """Counts the rows that a database gives at once, and those that a file is given at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read, self.written, self.total = 0, 0, 0
        monkeypatch.setattr(ReadSession, "rows", self._rows(ReadSession.rows))
        monkeypatch.setattr(Output, "write_rows", self._write(Output.write_rows))

    def _rows(self, rows: Any) -> Any:
        def watched(session: ReadSession, statement: Executable, values: Any = None) -> Sequence[Any]:
            found: Sequence[Any] = rows(session, statement, values)
            if found and len(found[0]) > PLAIN:
                self.read = max(self.read, len(found))
            return found

        return watched

    def _write(self, write: Any) -> Any:
        def watched(output: Output, rows: Any) -> None:
            some = max(map(len, rows.values()))
            self.written, self.total = max(self.written, some), self.total + some
            write(output, rows)

        return watched


def many_days(world: World, days: range) -> None:
    """Copies of an answered prompt with its events and its response."""
    with world.sessions.transaction() as session:
        prompt = dict(session.rows(select(Prompt.__table__).where(Prompt.id == world.story["done"]))[0]._mapping)
        events = [dict(row._mapping) for row in session.rows(select(PromptEvent.__table__).where(PromptEvent.prompt_id == prompt["id"]))]
        response = dict(session.rows(select(Response.__table__).where(Response.prompt_id == prompt["id"]).limit(1))[0]._mapping)
        for row in (prompt, response, *events):
            del row["id"]
        for number in days:
            due = NOW - timedelta(days=number + 1)
            key = session.add(Prompt, **{**prompt, "uid": new_uid(), "slot": f"copy.{number}", "due_at": due, "slot_date": due.date()})
            session.execute(insert(PromptEvent), [{**row, "prompt_id": key} for row in events])
            session.add(Response, **{**response, "client_id": new_uid(), "prompt_id": key, "event_time": due, "superseded": False})


@pytest.mark.parametrize("formats", [("csv",), ("csv", "parquet")])
def test_no_more_rows_are_in_memory_at_once_however_many_there_are(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, formats: tuple[str, ...]
) -> None:
    monkeypatch.setattr(prompt_side, "CHUNK", 4)
    monkeypatch.setattr(prompt_side, "BATCH", 8)
    monkeypatch.setattr(dataset_rows, "CHUNK", 4)
    seen = []
    for days in (range(20), range(20, 60)):
        many_days(world, days)
        export_uid = world.ask(formats=formats, tables=("prompts", "answers_long", "events"))
        with monkeypatch.context() as patch:
            watching = Watching(patch)
            world.build(export_uid, tmp_path)
        seen.append(watching)
    few, many = seen
    assert many.total > 2 * few.total
    assert (many.read, many.written) == (few.read, few.written)


def test_a_process_of_its_own_gives_the_same_bytes(world: World, tmp_path: Path) -> None:
    export_uid = world.ask(formats=("csv", "parquet"))
    here = world.build(export_uid, tmp_path / "here")
    there = build_apart(world.sessions, world.keys, world.row(export_uid), tmp_path / "there", now=CUT)
    assert there.path.read_bytes() == here.path.read_bytes()
    assert (there.sha256, there.rows, there.enrollment_ids) == (here.sha256, here.rows, here.enrollment_ids)
    assert not apart._running


def test_what_a_process_of_its_own_could_not_do_is_said_as_here(world: World, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="export_in_the_future"):
        build_apart(world.sessions, world.keys, world.row(world.ask()), tmp_path, now=CUT - MINUTE)


@pytest.mark.parametrize(("number", "state"), [(signal.SIGTERM, ExportState.WAITING), (signal.SIGKILL, ExportState.FAILED)])
def test_a_build_that_is_stopped_waits_again_and_one_whose_process_died_says_so(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, state: ExportState
) -> None:
    export_uid = world.ask()

    def ended(process: Any, order: bytes) -> Any:
        """The process waits for its order when the signal comes."""
        process.send_signal(number)
        process.wait()
        return ask(process, order)

    ask = apart._ask
    monkeypatch.setattr(apart, "_ask", ended)
    assert build_waiting(world.sessions, world.keys, tmp_path, now=CUT, build=build_apart) == 0
    assert world.row(export_uid).state is state
    assert world.row(export_uid).problem == (None if state is ExportState.WAITING else "builder_died")
    monkeypatch.undo()
    assert build_waiting(world.sessions, world.keys, tmp_path, now=CUT, build=build_apart) == (1 if state is ExportState.WAITING else 0)


def test_a_process_whose_starter_is_gone_ends_by_itself() -> None:
    building = "import sys, threading; from models.dataset import apart; "
    building += "threading.Thread(target=apart._end_with, args=(sys.stdin.buffer,)).start(); threading.Event().wait(60)"
    with subprocess.Popen([sys.executable, "-c", building], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 1


def test_the_key_is_in_no_argument(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    popen = subprocess.Popen

    def watched(command: list[str], **given: Any) -> Any:
        started.append((command, given))
        return popen(command, **given)

    monkeypatch.setattr(subprocess, "Popen", watched)
    build_apart(world.sessions, world.keys, world.row(world.ask()), tmp_path, now=CUT)
    assert [command[1:] for command, _ in started] == [["-m", "models.dataset.apart"]]
    assert "env" not in started[0][1]
