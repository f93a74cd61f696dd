"""The export of a large study against bare loops over the same rows, its memory, and what other requests feel of it meanwhile.

`python -m bench.export KIND DIRECTORY [PORT]` is one process of the measurement: `house`, `core`, `raw` or `serve`.
"""

import csv
import json
import logging
import resource
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from threading import Thread
from time import process_time, sleep
from typing import Any

import structlog
import uvicorn
from sqlalchemy import select, update

from api.app import build_house, make_app
from api.serve import settle
from api.settings import ApiSettings
from bench.databases import database
from bench.load import Load, run
from bench.result import Cell, Goal, Line, Plot, Section, middle
from bench.synthetic import ITEMS, START, Size, make
from models.access import SYSTEM
from models.dataset.apart import build_apart
from models.dataset.build import build_export, build_waiting
from models.ids import new_uid
from models.kinds import ExportState
from models.queries.export import ExportRequest, request_export
from models.queries.study import set_mark
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import AccessToken, Device, Export, Prompt, Response, Study, TokenFamily
from tests.conftest import fixed_keys

SIZES = (Size(20, 100), Size(100, 200), Size(1_000, 200))
QUICK = (Size(2, 3), Size(4, 5))
ROUNDS = 3
GOAL_SHARE, GOAL_MB = 0.7, 300
CONNECTIONS = 4
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
    found = []
    with tempfile.TemporaryDirectory() as home:
        sizes = QUICK if quick else SIZES
        for size in sizes:
            place = Path(home) / str(size.prompts)
            with database(None, place) as settings:
                make(settings, fixed_keys(), size)
            found.append(_compare(place, size, 1 if quick or size.prompts >= MANY else ROUNDS))
            if size is not sizes[min(1, len(sizes) - 1)]:
                continue
            felt = _served(place, 0.5 if quick else 8.0)
    rows: list[tuple[Cell, ...]] = [
        (
            prompts,
            *(round(one[name]["us"], 1) for name in ("house", "core", "raw")),
            *_ratios(one),
            one["house"]["peak"],
            one["house"]["grown"],
        )
        for prompts, one in found
    ]
    last = found[-1][1]
    share = last["core"]["us"] / last["house"]["us"]
    lines = tuple(
        Line(label, tuple(float(prompts) for prompts, _ in found), tuple(one[name]["us"] for _, one in found))
        for name, label in (("house", "export"), ("core", "bare loop, Core"), ("raw", "bare loop, driver"))
    )
    return Section(
        title="Export",
        what=f"The table `prompts` of a study with {len(ITEMS)} items a prompt, about 70 % answered, on SQLite, built by a process of its "
        "own: events read, ids re-keyed, cells typed, digests, compressed archive (deflate). CPU µs a prompt; medians of interleaved "
        f"rounds (one from {MANY} prompts). Memory is the peak resident size of that process, and by how much it grew during the build.",
        baseline="a cursor in chunks of 1,000 over prompts with their responses, 44 columns written with csv.writer, uncompressed, nothing "
        "transformed: by SQLAlchemy Core with the types of the columns (`yield_per`), and by the bare driver, which gives documents and "
        "instants as they are stored. Neither reads the 5.5 events of a prompt, from which an export tells what held at the cut.",
        columns=("prompts", "export µs", "Core loop µs", "driver loop µs", "export / Core", "export / driver", "peak MB", "grown MB"),
        rows=tuple(rows),
        goals=(
            Goal("throughput against the Core loop", round(share, 2), GOAL_SHARE, "at least", "×"),
            Goal("throughput against the driver loop", round(last["raw"]["us"] / last["house"]["us"], 2), GOAL_SHARE, "at least", "×"),
            Goal("peak memory of the building process", last["house"]["peak"], GOAL_MB, "at most", "MB"),
        ),
        plots=(Plot("export", "Export and bare loops", "prompts", "CPU µs a prompt", lines, log_x=True),),
        listings=(("Other requests meanwhile, on one server with SQLite", _said(felt)),),
        short=SHORT,
    )


SHORT = (
    "The bare loops neither read the history of a prompt, which is five to six rows, nor compress. In a profile about a third of the "
    "export was reading (prompts, events, responses), a tenth or less each the compression and the CSV writer; the rest is spread "
    "thinly over one Python function a row, with no single place left that stands out. Before rows were made as lists in the order of "
    "the columns, from plain values, the export took more than three times as long."
)


def _compare(place: Path, size: Size, rounds: int) -> tuple[int, dict[str, dict[str, float]]]:
    """CPU µs a prompt of each kind, and the memory of the export."""
    said: dict[str, list[dict[str, float]]] = {"house": [], "core": [], "raw": []}
    for _ in range(rounds):
        for kind, held in said.items():
            done = subprocess.run([sys.executable, "-m", "bench.export", kind, str(place)], check=True, capture_output=True, text=True)
            held.append(json.loads(done.stdout))
    return size.prompts, {
        kind: {"us": middle([one["cpu"] for one in held]) / size.prompts * 1e6, "peak": held[0]["peak"], "grown": held[0]["grown"]}
        for kind, held in said.items()
    }


def _ratios(one: dict[str, dict[str, float]]) -> tuple[float, float]:
    """Of throughput."""
    return round(one["core"]["us"] / one["house"]["us"], 2), round(one["raw"]["us"] / one["house"]["us"], 2)


def _said(felt: Mapping[str, Load]) -> str:
    lines = [f"{'':>26} {'p50 ms':>8} {'p99 ms':>8} {'per s':>8} {'failed':>8}"]
    lines += [f"{name:>26} {one.p50_ms:>8.1f} {one.p99_ms:>8.1f} {one.per_second:>8.0f} {one.failed:>8}" for name, one in felt.items()]
    return "\n".join([*lines, f"Half reads (who am I), half responses, over {CONNECTIONS} connections."])


def _served(place: Path, seconds: float) -> dict[str, Load]:
    """Load on a server at rest, while it builds exports in a process of its own as the duty does, and while one of its threads does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    server, found = subprocess.Popen([sys.executable, "-m", "bench.export", "serve", str(place), str(port)]), {}
    try:
        for _ in range(600):
            with socket.socket() as trying:
                if trying.connect_ex(("127.0.0.1", port)) == 0:
                    break
            sleep(0.05)
        people = _settings(place)[1]
        run(port, CONNECTIONS, seconds / 4, _requests(people))
        for name, how in (("at rest", ""), ("building, own process", "apart"), ("building, server's thread", "here")):
            (place / "how").write_text(how)
            sleep(min(2.0, seconds))
            found[name] = run(port, CONNECTIONS, seconds, _requests(people))
            (place / "how").write_text("")
            for _ in range(600):
                if not list((place / "built").glob(".*")):
                    break
                sleep(0.1)
    finally:
        server.kill()
        server.wait(30)
    return found


def _token(person: int) -> str:
    return f"bwa_bench_{person:04d}"


def _requests(people: int) -> Callable[[], bytes]:
    numbers = count()

    def make_one() -> bytes:
        number = next(numbers)
        bearer = f"authorization: Bearer {_token(number % people)}\r\nhost: bench\r\n"
        if number % 2:
            return f"GET /v1/participant/me HTTP/1.1\r\n{bearer}\r\n".encode()
        now = datetime.now(UTC).isoformat()
        answers = {name: {"value": (number * 7 + place) % 6} for place, name in enumerate(ITEMS[1:9])}
        body = json.dumps({"protocol_revision": 1, "instrument": "momentary", "answered_at": now, "sent_at": now,
                           "zone": "America/New_York", "answers": answers})  # fmt: skip
        head = f"PUT /v1/participant/responses/{new_uid()} HTTP/1.1\r\n{bearer}content-type: application/json\r\n"
        return f"{head}content-length: {len(body)}\r\n\r\n{body}".encode()

    return make_one


def _settings(place: Path) -> tuple[DatabaseSettings, int]:
    """The database in a folder, and how many people are in it."""
    settings = DatabaseSettings(url=f"sqlite:///{place / 'breakwater.db'}", directory=place)
    sessions = Sessions(settings)
    with sessions.reading() as session:
        people = len(session.rows(select(Device.id)))
    sessions.close()
    return settings, people


def _ask(sessions: Sessions, tables: tuple[str, ...], now: datetime) -> Any:
    with sessions.transaction() as session:
        study_id = session.value(select(Study.id))
        uid = request_export(session, SYSTEM, study_id, ExportRequest("bench", "Measuring the export.", tables=tables), now=now)
        return session.row(select(Export).where(Export.uid == uid))


def house(place: Path) -> None:
    sessions, now = Sessions(_settings(place)[0]), START + timedelta(days=max(size.days for size in SIZES))
    row = _ask(sessions, ("prompts",), now)
    before, began = _resident(), process_time()
    built = build_export(sessions, fixed_keys(), row, place / "exports", now=now)
    print(json.dumps({"cpu": process_time() - began, "peak": _resident(), "grown": _resident() - before}))
    built.path.unlink()


def _bare(place: Path, rows: Callable[[Any, Any], Any]) -> None:
    prompt, response = Prompt.__table__, Response.__table__
    columns = [*(prompt.c[name] for name in _PROMPT), *(response.c[name] for name in _RESPONSE)]
    statement = select(*columns).select_from(prompt.outerjoin(response, response.c.prompt_id == prompt.c.id)).order_by(prompt.c.id)
    sessions = Sessions(_settings(place)[0])
    before, began = _resident(), process_time()
    with (place / "bare.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        for some in rows(sessions, statement):
            writer.writerows(some)
    print(json.dumps({"cpu": process_time() - began, "peak": _resident(), "grown": _resident() - before}))
    (place / "bare.csv").unlink()


def core(place: Path) -> None:
    def rows(sessions: Sessions, statement: Any) -> Any:
        with sessions.reading() as session:
            yield session.stream(statement, 1_000)

    _bare(place, rows)


def raw(place: Path) -> None:
    def rows(sessions: Sessions, statement: Any) -> Any:
        cursor = sqlite3.connect(place / "breakwater.db").execute(str(statement.compile(sessions.write_engine)))
        while some := cursor.fetchmany(1_000):
            yield some

    _bare(place, rows)


def _resident() -> float:
    """Peak resident size of this process so far, MB (Linux counts in kB)."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 0)


def serve(place: Path) -> None:
    """The whole house on the study, with tokens for everyone; builds one export after another as the file `how` says."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    settings, _ = _settings(place)
    sessions, keys, now = Sessions(settings), fixed_keys(), datetime.now(UTC)
    with sessions.transaction() as session:
        session.execute(update(Export).values(state=ExportState.FAILED))  # what was measured before is not to be built again
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=False, tzdata_version="bench", now=now)
        for number, device in enumerate(session.rows(select(Device).order_by(Device.id))):
            shares = {"study_id": device.study_id, "enrollment_id": device.enrollment_id, "device_id": device.id}
            family = session.add(TokenFamily, uid=new_uid(), **shares, generation=0, created_at=now, ends_at=now + timedelta(days=9))
            digest = sha256(_token(number).encode()).digest()
            session.add(AccessToken, digest=digest, **shares, family_id=family, issued_at=now, expires_at=now + timedelta(days=1))
    app = make_app(build_house(sessions, keys, ApiSettings()))
    Thread(target=_duty, args=(sessions, place), daemon=True).start()
    settle()
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[3]), log_level="warning", access_log=False)


def _duty(sessions: Sessions, place: Path) -> None:
    """Builds one export of all tables after another, in the way that the file `how` names."""
    builds = {"apart": build_apart, "here": build_export}
    for _ in range(2_400):
        how = (place / "how").read_text() if (place / "how").exists() else ""
        if how in builds:
            now = datetime.now(UTC)
            _ask(sessions, (), now)
            build_waiting(sessions, fixed_keys(), place / "built", now=now, build=builds[how])
        sleep(0.1)


KINDS = {"house": house, "core": core, "raw": raw, "serve": serve}

if __name__ == "__main__":
    KINDS[sys.argv[1]](Path(sys.argv[2]))
