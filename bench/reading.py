"""Authenticated reads: what a phone and a coordinator ask most, with 80 people.

`python -m bench.reading PORT DIRECTORY` serves the house until it is killed.
"""

import json
import logging
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Final
from urllib.request import Request, urlopen

import structlog
import uvicorn
from fastapi import FastAPI

from api.app import build_house, make_app
from api.serve import settle
from api.settings import ApiSettings
from bench.databases import database
from bench.load import Load, run
from bench.plain import PEOPLE, token
from bench.respond import _port
from bench.result import Line, Plot, Section
from models.clock import SystemClock
from models.ids import new_uid
from models.kinds import Role
from models.protocols import Protocols
from models.queries.study import set_mark
from models.sealed import Keys
from models.session import Sessions, WriteSession
from models.tables import AccessToken, StaffSession, TokenFamily
from risk.alerting import Opening, open_alert
from risk.mind import Mind
from scheduler.horizon import plan_enrollment
from scheduler.jobs import dispatch_prompts
from scheduler.jobs.duties import Duties
from tests.build import Person, build_staff, build_study, insert_person
from tests.conftest import fixed_keys

ALERTS: Final = 20
CONNECTIONS: Final = (1, 32)
STAFF: Final = "bws_bench_staff"
BASELINE: Final = "plain"
READS: Final = {
    "GET prompts": ("/v1/participant/prompts", False, False),
    "GET protocol, 200": ("/v1/participant/protocol", False, False),
    "GET protocol, 304": ("/v1/participant/protocol", False, True),
    "GET me": ("/v1/participant/me", False, False),
    "GET care inbox": ("/v1/care/inbox", True, False),
    f"GET alerts ({ALERTS} open)": ("/v1/care/alerts", True, False),
}
"""Name -> path, whether staff ask, whether what they hold is current."""


def house_app(directory: Path) -> FastAPI:
    """The house with its people."""
    with database(None, directory) as settings:
        sessions = Sessions(settings)
    keys = fixed_keys()
    furnish(sessions, keys)
    return make_app(build_house(sessions, keys, ApiSettings()))


def furnish(sessions: Sessions, keys: Keys) -> None:
    """A study with a planned week for each person, prompts that are open, and alerts; phones and a coordinator hold tokens."""
    now, protocols = datetime.now(UTC), Protocols()
    started = now - timedelta(days=1)
    study = build_study(sessions, now=started)
    viewer = build_staff(sessions, study, Role.COORDINATOR, now=started)
    with sessions.transaction() as session:
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=False, tzdata_version="bench", now=now)
        digest, ends = sha256(STAFF.encode()).digest(), now + timedelta(hours=12)
        session.add(StaffSession, digest=digest, staff_id=viewer.staff_id, created_at=now, last_used_at=now, ends_at=ends)
        for number in range(PEOPLE):
            person = insert_person(session, keys, study, zone="America/New_York", now=started)
            _give_token(session, person, number, now)
            plan_enrollment(session, keys, protocols, person.enrollment_id, now=started)
            if number < ALERTS:
                opening = Opening(study.study_id, person.enrollment_id, 3, "bench", f"source-{number}", study.version_id, "hash", False)
                open_alert(session, opening, study.protocol, now=now, system_now=now)
    duties = Duties(sessions, keys, protocols, Mind(keys, protocols), SystemClock(), {})
    dispatch_prompts.run(duties, now=now, system_now=now)


def _give_token(session: WriteSession, person: Person, number: int, now: datetime) -> None:
    owner = {"study_id": person.study_id, "enrollment_id": person.enrollment_id, "device_id": person.device_id}
    family = session.add(TokenFamily, uid=new_uid(), generation=0, created_at=now, ends_at=now + timedelta(days=9), **owner)
    digest, ends = sha256(token(number).encode()).digest(), now + timedelta(days=1)
    session.add(AccessToken, digest=digest, family_id=family, issued_at=now, expires_at=ends, **owner)


def measure(quick: bool) -> Section:
    """Every read and the baseline take turns, at one connection and at 32."""
    rounds, seconds = (1, 0.1) if quick else (5, 1.0)
    found: dict[tuple[str, int], list[Load]] = {}
    sizes: dict[str, int] = {}
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-reading-")))
        modules = {"house": "bench.reading", BASELINE: "bench.plain"}
        ports = {kind: _port() for kind in modules}
        for kind, port in ports.items():
            server = subprocess.Popen([sys.executable, "-m", modules[kind], str(port), str(directory / kind)])
            stack.callback(server.wait)
            stack.callback(server.kill)
        for port in ports.values():
            listening(port)
        asked = {BASELINE: (ports[BASELINE], requests("/v1/items", staff=False, tag=None))}
        for name, (path, staff, current) in READS.items():
            tag, size = _look(ports["house"], path, staff=staff)
            sizes[name] = 0 if current else size
            asked[name] = ports["house"], requests(path, staff=staff, tag=tag if current else None)
        sizes[BASELINE] = _look(ports[BASELINE], "/v1/items", staff=False)[1]
        for port, make in asked.values():
            run(port, 8, seconds / 4, make)
        for number in range(rounds):
            for connections in CONNECTIONS:
                for name in list(asked) if number % 2 else list(asked)[::-1]:
                    port, make = asked[name]
                    found.setdefault((name, connections), []).append(run(port, connections, seconds, make))
    return _section(found, sizes, list(asked), rounds)


def listening(port: int, seconds: float = 120) -> None:
    """Waits until somebody listens. Raises TimeoutError where nobody does."""
    end = monotonic() + seconds
    while monotonic() < end:
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.1)
    raise TimeoutError("the server did not start")


def _look(port: int, path: str, *, staff: bool) -> tuple[str | None, int]:
    """The tag of a reply and its size in bytes. Raises where it is refused."""
    bearer = {"Authorization": f"Bearer {STAFF if staff else token(0)}"}
    with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers=bearer), timeout=20) as reply:
        body = reply.read()
        json.loads(body)
        return reply.headers["ETag"], len(body)


def requests(path: str, *, staff: bool, tag: str | None) -> Callable[[], bytes]:
    """The next request each time, of another person."""
    numbers, more = count(), f"if-none-match: {tag}\r\n" if tag else ""

    def make() -> bytes:
        bearer = STAFF if staff else token(next(numbers) % PEOPLE)
        return f"GET {path} HTTP/1.1\r\nhost: bench\r\n{more}authorization: Bearer {bearer}\r\n\r\n".encode()

    return make


def _section(found: dict[tuple[str, int], list[Load]], sizes: dict[str, int], names: list[str], rounds: int) -> Section:
    def middle_of(name: str, connections: int, what: str) -> float:
        values = sorted(getattr(one, what) for one in found[name, connections])
        return float(values[len(values) // 2])

    rows = [
        (
            name,
            connections,
            sizes[name],
            round(middle_of(name, connections, "per_second")),
            middle_of(name, connections, "p50_ms"),
            middle_of(name, connections, "p99_ms"),
            middle_of(name, connections, "per_second") / middle_of(BASELINE, connections, "per_second"),
            sum(one.failed for one in found[name, connections]),
        )
        for connections in CONNECTIONS
        for name in names
    ]
    at = tuple(float(one) for one in CONNECTIONS)
    lines = tuple(Line(name, at, tuple(middle_of(name, one, "per_second") for one in CONNECTIONS)) for name in names)
    return Section(
        title="Authenticated reads",
        what=f"A study of {PEOPLE} people on SQLite, a week of prompts planned for each, {ALERTS} open alerts; phones and a coordinator "
        f"with their own tokens. Medians of {rounds} rounds in which all reads take turns. Replies are whole and uncompressed.",
        baseline="`plain`: a bare `def` route, bearer by SELECT, one query of twenty rows, on the same kind of server.",
        columns=("read", "connections", "bytes", "per second", "p50 ms", "p99 ms", "of the baseline", "failed"),
        rows=tuple(rows),
        plots=(Plot("reading", "Reads answered in a second", "connections", "replies per second", lines, log_x=True, log_y=True),),
    )


def main() -> None:
    port, directory = sys.argv[1:3]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    app = house_app(Path(directory))
    settle()
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
