"""The export of a large study against bare loops over the same rows, its memory, and what other requests feel of it meanwhile.

`python -m bench.export KIND DIRECTORY` is one process of the measurement: one of `KINDS`.
"""

import csv
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from time import process_time
from types import FrameType
from typing import Any

from sqlalchemy import select

from bench.databases import database
from bench.result import Cell, Goal, Line, Plot, Section, middle
from bench.synthetic import ITEMS, START, Size, ask, make, settings_at
from models.dataset.build import build_export
from models.dataset.write import member, pack
from models.queries.dataset_rows import EventRow
from models.session import Sessions
from models.tables import Prompt, PromptEvent, Response
from tests.conftest import fixed_keys

SIZES = (Size(20, 100), Size(100, 200), Size(1_000, 200))
QUICK = (Size(2, 3), Size(4, 5), Size(4, 6))
ROUNDS = 3
GOAL_SHARE, GOAL_MB = 0.7, 300
MANY = 500_000
"""Prompts from which one round is all there is time for."""

_PROMPT = (
    "uid", "protocol_version_id", "design", "instrument", "kind", "slot_date", "state", "reason", "due_at", "window_start", "window_end",
    "expires_at", "zone", "offset_minutes", "study_day", "density", "day_probability", "source", "planned_at", "sent_at", "delivered_at",
    "opened_at", "first_answer_at", "completed_at", "reminders_sent", "snoozes", "synthetic",
)  # fmt: skip
_RESPONSE = (
    "client_id", "revision", "instrument", "complete", "started_at", "answered_at", "received_at", "event_time", "skew_seconds",
    "clock_suspect", "timing", "zone", "offset_minutes", "answers", "missing", "answer_times", "quality",
)  # fmt: skip


def measure(quick: bool) -> Section:
    """CPU seconds of one process for each; the export reads five events a prompt besides, re-keys, types and compresses."""
    from bench.meanwhile import AS_THE_DUTY, EVERY_WAY, felt, said  # a server's imports: no part of a building process

    found, listings = [], []
    sizes = QUICK if quick else SIZES
    with tempfile.TemporaryDirectory() as home:
        for size in sizes:
            place = Path(home) / str(size.prompts)
            with database(None, place) as settings:
                make(settings, fixed_keys(), size)
            found.append(_compare(place, size, 1 if quick or size.prompts >= MANY else ROUNDS))
            if size is sizes[1]:
                listings.append((f"Where an export of {size.prompts:,} prompts spends its time", _run("profile", place)["said"]))
                loads = felt(place, 0.5 if quick else 8.0, EVERY_WAY)
                listings.append((f"Other requests while all tables of {size.prompts:,} prompts are built", said(loads)))
            elif size is sizes[-1]:
                loads = felt(place, 0.5 if quick else 60.0, AS_THE_DUTY)
                listings.append((f"Other requests while `prompts` of {size.prompts:,} prompts is built", said(loads)))
    rows: list[tuple[Cell, ...]] = [
        (
            prompts,
            *(round(one[name]["us"], 1) for name in LABELS),
            *(round(one[name]["us"] / one["house"]["us"], 2) for name in BASELINES),
            one["house"]["peak"],
            one["house"]["grown"],
        )
        for prompts, one in found
    ]
    last = found[-1][1]
    lines = tuple(
        Line(label, tuple(float(prompts) for prompts, _ in found), tuple(one[name]["us"] for _, one in found))
        for name, label in LABELS.items()
    )
    shares = {name: round(last[name]["us"] / last["house"]["us"], 2) for name in BASELINES}
    return Section(
        title="Export",
        what=f"The table `prompts` of a study with {len(ITEMS)} items a prompt, about 70 % answered, on SQLite, built by a process of its "
        "own: events read, ids re-keyed, cells typed, digests, compressed archive (deflate). CPU µs a prompt; medians of interleaved "
        f"rounds (one from {MANY} prompts). Memory is the peak resident size of that process, and by how much it grew during the build.",
        baseline="a cursor in chunks of 1,000 over prompts with their responses, 44 columns written with csv.writer, uncompressed, nothing "
        "transformed: by SQLAlchemy Core with the types of the columns (`yield_per`), and by the bare driver, which gives documents and "
        "instants as they are stored. Neither reads the 5.5 events of a prompt, from which an export tells what held at the cut. The "
        "third, `packed`, is the driver's loop with what it leaves out: the events are read and dropped, and the file gets its digest and "
        "its archive.",
        columns=(
            "prompts",
            *(f"{label} µs" for label in LABELS.values()),
            *(f"export / {name}" for name in BASELINES.values()),
            "peak MB",
            "grown MB",
        ),
        rows=tuple(rows),
        goals=(
            Goal("throughput against the Core loop", shares["core"], GOAL_SHARE, "at least", "×"),
            Goal("throughput against the driver loop", shares["raw"], GOAL_SHARE, "at least", "×"),
            Goal("throughput against the packed driver loop", shares["packed"], GOAL_SHARE, "at least", "×"),
            Goal("peak memory of the building process", last["house"]["peak"], GOAL_MB, "at most", "MB"),
        ),
        plots=(Plot("export", "Export and bare loops", "prompts", "CPU µs a prompt", lines, log_x=True),),
        listings=tuple(listings),
        short=SHORT,
    )


LABELS: Mapping[str, str] = {"house": "export", "core": "Core loop", "raw": "driver loop", "packed": "packed loop"}
BASELINES: Mapping[str, str] = {"core": "Core", "raw": "driver", "packed": "packed"}

SHORT = (
    "The bare driver loop neither reads the history of a prompt, which is five to six rows, nor makes an archive, and its cells are those "
    "that the driver gives; the packed loop shows what history and archive alone cost. The rest is the making of rows: about ninety cells, "
    "ten texts of instants and two keyed ids each, in Python. What helped: plain values instead of objects, rows as lists in the order of "
    "the columns, cells that are text already so that a line is one join, times decoded by type, repeated documents and words kept by "
    "their text, ids in one parameter. What did not: instants by cached minutes or hours, other ways to hash, no garbage collection. What "
    "was left: histories that the database joins into one text, which would save a third of their reading, and only where the table of "
    "events is not asked for; compression at level 1, which saves half of the archive's time and makes it a sixth larger."
)


def _compare(place: Path, size: Size, rounds: int) -> tuple[int, dict[str, dict[str, float]]]:
    """CPU µs a prompt of each kind, and its memory."""
    measured: dict[str, list[dict[str, float]]] = {kind: [] for kind in LABELS}
    for _ in range(rounds):
        for kind, held in measured.items():
            held.append(_run(kind, place))
    return size.prompts, {
        kind: {"us": middle([one["cpu"] for one in held]) / size.prompts * 1e6, "peak": held[0]["peak"], "grown": held[0]["grown"]}
        for kind, held in measured.items()
    }


def _run(kind: str, place: Path) -> Any:
    """What a process of that kind says."""
    done = subprocess.run([sys.executable, "-m", "bench.export", kind, str(place)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def house(place: Path) -> None:
    built = _prepared(place)
    before, began = _resident(), process_time()
    archive = built()
    _say(before, began)
    archive.unlink()


def _prepared(place: Path) -> Callable[[], Path]:
    """What builds an export of the table `prompts` that has just been asked for."""
    sessions, now = Sessions(settings_at(place)), START + timedelta(days=max(size.days for size in SIZES))
    row = ask(sessions, ("prompts",), now)
    return lambda: build_export(sessions, fixed_keys(), row, place / "exports", now=now).path


def _say(before: float, began: float) -> None:
    print(json.dumps({"cpu": process_time() - began, "peak": _resident(), "grown": _resident() - before}))


_PARTS: Mapping[str, str] = {
    "dataset_rows.order": "reading slots",
    "dataset_rows.slots": "reading slots",
    "dataset_rows.events": "reading events",
    "dataset_rows.responses": "reading responses",
    "lifeline": "judging histories",
    "answers": "cells of answers",
    "instants": "texts of instants",
    "framing": "ids",
    "deidentify": "ids",
    "frames": "rows",
    "shape": "rows",
    "prompt_side": "walking, counting",
    "compliance": "walking, counting",
    "write.write_rows": "lines and files",
    "write.member": "digests",
    "write.pack": "archive",
}
"""A module, or a function of one -> the part of an export that it is."""


def _part(frame: FrameType | None) -> str:
    """Of the innermost frame that belongs to one."""
    while frame is not None:
        module = Path(frame.f_code.co_filename).stem
        if (part := _PARTS.get(f"{module}.{frame.f_code.co_name}") or _PARTS.get(module)) is not None:
            return part
        frame = frame.f_back
    return "rest"


def profile(place: Path) -> None:
    """An export that is looked at every 2 ms of its CPU time; each look gets the time since the last one."""
    spent, last = Counter[str](), process_time()

    def look(_number: int, frame: FrameType | None) -> None:
        nonlocal last
        now = process_time()
        spent[_part(frame)] += now - last  # type: ignore[assignment]
        last = now

    built = _prepared(place)
    signal.signal(signal.SIGPROF, look)
    last = process_time()
    signal.setitimer(signal.ITIMER_PROF, 0.002, 0.002)
    archive = built()
    signal.setitimer(signal.ITIMER_PROF, 0)
    archive.unlink()
    total = sum(spent.values())
    print(json.dumps({"said": "\n".join(f"{part:<20} {seconds / total:>5.0%}" for part, seconds in spent.most_common())}))


def _bare(place: Path, rows: Callable[[Any, Any], Iterator[Any]], finish: Callable[[Path], None] | None = None) -> None:
    prompt, response = Prompt.__table__, Response.__table__
    columns = [*(prompt.c[name] for name in _PROMPT), *(response.c[name] for name in _RESPONSE)]
    statement = select(*columns).select_from(prompt.outerjoin(response, response.c.prompt_id == prompt.c.id))
    sessions, file = Sessions(settings_at(place)), place / "bare.csv"
    before, began = _resident(), process_time()
    with file.open("w", newline="") as sink:
        writer = csv.writer(sink)
        for some in rows(sessions, statement.order_by(prompt.c.id)):
            writer.writerows(some)
    if finish is not None:
        finish(file)
    _say(before, began)
    file.unlink()


def core(place: Path) -> None:
    def rows(sessions: Sessions, statement: Any) -> Iterator[Any]:
        with sessions.reading() as session:
            yield session.stream(statement, 1_000)

    _bare(place, rows)


def raw(place: Path) -> None:
    def rows(sessions: Sessions, statement: Any) -> Iterator[Any]:
        cursor = sqlite3.connect(place / "breakwater.db").execute(str(statement.compile(sessions.write_engine)))
        while some := cursor.fetchmany(1_000):
            yield some

    _bare(place, rows)


def packed(place: Path) -> None:
    events = PromptEvent.__table__.c
    history = [events[name] for name in EventRow._fields]

    def rows(sessions: Sessions, statement: Any) -> Iterator[Any]:
        connection = sqlite3.connect(place / "breakwater.db")
        first_ids = connection.execute("SELECT id FROM prompt ORDER BY id")
        between = select(*history).where(events.prompt_id.between(0, 1)).order_by(events.prompt_id, events.id)
        reading = str(between.compile(sessions.write_engine))
        cursor = connection.execute(str(statement.compile(sessions.write_engine)))
        while some := cursor.fetchmany(1_000):
            ids = first_ids.fetchmany(len(some))
            connection.execute(reading, (ids[0][0], ids[-1][0])).fetchall()
            yield some

    def finish(file: Path) -> None:
        pack(place / "bare.zip", [member(place, file.name)])
        (place / "bare.zip").unlink()

    _bare(place, rows, finish)


def _resident() -> float:
    """Peak resident size of this process so far, MB. Of the kernel's own account: `ru_maxrss` begins with that of the parent."""
    found = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return round(int(found.split()[1]) / 1024, 0)


KINDS = {"house": house, "core": core, "raw": raw, "packed": packed, "profile": profile}

if __name__ == "__main__":
    KINDS[sys.argv[1]](Path(sys.argv[2]))
