"""What other requests feel while an export is built, on one server with SQLite that holds the study.

`python -m bench.meanwhile DIRECTORY PORT` serves it until it is killed, and builds one export after another as the file `how` in that
directory says: `apart` in a process of its own as the duty does, `here` in a thread of the server; further words are the tables to build.
"""

import json
import logging
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from threading import Thread
from time import sleep

import structlog
import uvicorn
from sqlalchemy import select, update

from api.app import build_house, make_app
from api.serve import settle
from api.settings import ApiSettings
from bench.load import Load, run
from bench.reading import listening
from bench.respond import _port
from bench.synthetic import ITEMS, ask, settings_at
from models.dataset.apart import build_apart
from models.dataset.build import build_export, build_waiting
from models.ids import new_uid
from models.kinds import ExportState
from models.queries.study import set_mark
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import AccessToken, Device, Export, TokenFamily
from tests.conftest import fixed_keys

CONNECTIONS = 4
AT_REST = "at rest"
APART = "building, own process"
HERE = "building, server's thread"

Ways = Mapping[str, str]
"""Name -> what the file `how` says."""

EVERY_WAY: Ways = {AT_REST: "", APART: "apart", HERE: "here"}
AS_THE_DUTY: Ways = {AT_REST: "", APART: "apart prompts"}
"""Of the table `prompts` alone, as it is measured."""


def felt(place: Path, seconds: float, ways: Ways) -> dict[str, Load]:
    """What other requests, so many seconds of them, cost in each way in turn. Raises TimeoutError where nothing is built."""
    settings, port = settings_at(place), _port()
    people, found = people_of(settings), {}
    server = subprocess.Popen([sys.executable, "-m", "bench.meanwhile", str(place), str(port)])
    try:
        listening(port)
        run(port, CONNECTIONS, seconds / 4, _requests(people))
        for name, how in ways.items():
            _until(lambda: not _building(place))
            before = _ready(place)
            (place / "how").write_text(how)
            if how:
                _until(lambda before=before: _building(place) or _ready(place) > before)  # type: ignore[misc]
            found[name] = run(port, CONNECTIONS, seconds, _requests(people))
            (place / "how").write_text("")
    finally:
        server.kill()
        server.wait(30)
        sleep(1)  # a build of its own process ends by itself
    return found


def _building(place: Path) -> bool:
    return any((place / "built").glob(".*"))


def _ready(place: Path) -> int:
    return len(list((place / "built").glob("*.zip")))


def _until(holds: Callable[[], bool], seconds: float = 300) -> None:
    for _ in range(int(seconds * 10)):
        if holds():
            return
        sleep(0.1)
    raise TimeoutError("the server builds no export, or does not end")


def said(loads: Mapping[str, Load]) -> str:
    lines = [f"{'':>26} {'p50 ms':>8} {'p99 ms':>8} {'per s':>8} {'failed':>8}"]
    lines += [f"{name:>26} {one.p50_ms:>8.1f} {one.p99_ms:>8.1f} {one.per_second:>8.0f} {one.failed:>8}" for name, one in loads.items()]
    return "\n".join([*lines, f"Half reads (who am I), half responses, over {CONNECTIONS} connections."])


def people_of(settings: DatabaseSettings) -> int:
    sessions = Sessions(settings)
    with sessions.reading() as session:
        people = len(session.rows(select(Device.id)))
    sessions.close()
    return people


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


def serve(place: Path, port: int) -> None:
    """The whole house on the study, with tokens for everyone."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    sessions, keys, now = Sessions(settings_at(place)), fixed_keys(), datetime.now(UTC)
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
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


def _duty(sessions: Sessions, place: Path) -> None:
    """Builds one export after another in the way that the file `how` names."""
    builds = {"apart": build_apart, "here": build_export}
    while True:
        kind, *tables = (_how(place) or "nothing").split()
        if kind in builds:
            now = datetime.now(UTC)
            ask(sessions, tables, now)
            build_waiting(sessions, fixed_keys(), place / "built", now=now, build=builds[kind])
        sleep(0.1)


def _how(place: Path) -> str:
    return (place / "how").read_text() if (place / "how").exists() else ""


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
