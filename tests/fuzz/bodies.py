"""Mutated bodies on the response route over real HTTP, against a house in a process of its own; then a look at every row.

People are many, so that each stays near what one person would send and the states of all phones differ. Rows are looked at when the
server has stopped, through a connection of this process.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, text

from api.actions.open_sealed import open_rejected
from api.auth.device_tokens import digest_of
from api.openapi import document
from models.ids import derived_uid, new_uid
from models.queries.response import lock_enrollments
from models.queries.study import set_mark
from models.session import ReadSession, Sessions
from models.settings import DatabaseSettings
from models.tables import AccessToken, Alert, AlertEvent, DecisionRow, RejectedSubmission, Response, TokenFamily
from tests.build import Person, build_study, insert_person
from tests.conftest import fixed_keys
from tests.fuzz.document import MARKER
from tests.fuzz.mutate import body
from tests.fuzz.oracle import Heard, heard

SENDERS: Final = 16
EACH: Final = 250
"""Bodies of one person."""
WARM_UP: Final = 10_000
GROWTH_MB: Final = 48
"""How much the server may grow after the warm-up: an allocator's slack and SQLite's page cache, not a body."""
NOT_KEPT: Final = frozenset({401, 413, 503})
"""Refused before it is known whose it is, or longer than is read, or stored nothing and said so: the phone still has it."""
CODES: Final = frozenset({"broken_json", "invalid", "not_found", "response_differs", "edit_base_moved", "body_too_large", "writer_busy"})


@dataclass(frozen=True, slots=True)
class Reply:
    """What came for one number."""

    number: int
    status: int
    code: str


@dataclass
class Outcome:
    """What a run found. `faults` is empty where every law held."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, Counter[int]] = field(default_factory=dict)
    heard: Counter[str] = field(default_factory=Counter)
    rows: dict[str, int] = field(default_factory=dict)
    memory_mb: dict[int, float] = field(default_factory=dict)
    seconds: float = 0
    faults: list[str] = field(default_factory=list)

    def fail(self, what: str) -> None:
        if len(self.faults) < 50:
            self.faults.append(what)


def run(settings: DatabaseSettings, *, bodies: int, seed: int, warm_up: int = WARM_UP) -> Outcome:
    """Sends them all to a new house in a migrated, empty database, and looks at what it holds afterwards."""
    now, outcome = datetime.now(UTC).replace(microsecond=0), Outcome()
    _documented()
    people = _people(settings, max(SENDERS, -(-bodies // EACH)), now)
    replies: list[Reply] = []
    began = monotonic()
    with _served(settings) as (port, pid, log), ThreadPoolExecutor(SENDERS) as pool:
        for start in range(0, bodies, warm_up):
            numbers = range(start, min(bodies, start + warm_up))
            parts = [pool.submit(_send, port, seed, now, people, numbers[part::SENDERS]) for part in range(SENDERS)]
            for part in parts:
                found, faults = part.result()
                replies += found
                for fault in faults:
                    outcome.fail(fault)
            outcome.memory_mb[numbers.stop] = _memory(pid)
    outcome.seconds = monotonic() - began
    outcome.sent = len(replies)
    _look_at_log(log, outcome)
    _look_at_memory(outcome)
    sessions = Sessions(settings)
    _look_at_rows(sessions, people, sorted(replies, key=lambda one: one.number), seed, now, outcome)
    sessions.close()
    return outcome


def token_of(person: int) -> str:
    return f"bwa_fuzz_{person:06d}"


def client_id(seed: int, number: int) -> UUID:
    return derived_uid("fuzz", str(seed), str(number))


def _people(settings: DatabaseSettings, count: int, now: datetime) -> list[Person]:
    keys, sessions = fixed_keys(), Sessions(settings)
    with sessions.transaction() as session:
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=False, tzdata_version="test", now=now)
    study = build_study(sessions, now=now - timedelta(days=1))
    people = []
    with sessions.transaction() as session:
        for number in range(count):
            person = insert_person(session, keys, study, zone="America/New_York", now=now - timedelta(hours=1))
            mine = {"study_id": person.study_id, "enrollment_id": person.enrollment_id, "device_id": person.device_id}
            ends = now + timedelta(days=1)
            family = session.add(TokenFamily, uid=new_uid(), **mine, generation=1, created_at=now, ends_at=ends)
            session.add(AccessToken, digest=digest_of(token_of(number)), **mine, family_id=family, issued_at=now, expires_at=ends)
            people.append(person)
    sessions.close()
    return people


@contextmanager
def _served(settings: DatabaseSettings) -> Iterator[tuple[int, int, Path]]:
    port_file, log = settings.directory / "fuzz.port", settings.directory / "fuzz.log"
    port_file.unlink(missing_ok=True)
    told = {"BREAKWATER_DATABASE_URL": settings.url, "BREAKWATER_DIRECTORY": str(settings.directory)}
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.serve", str(port_file)], env={**os.environ, **told}, stdout=out, stderr=out
        )
        try:
            deadline = monotonic() + 300
            while not port_file.exists():
                if server.poll() is not None or monotonic() > deadline:
                    raise RuntimeError(log.read_text()[-2000:])
                sleep(0.05)
            yield int(port_file.read_text()), server.pid, log
        finally:
            server.terminate()
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(10)


def _memory(pid: int) -> float:
    """Resident megabytes of a process; NaN where the system does not say."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


@cache
def _documented() -> frozenset[int]:
    return frozenset(int(one) for one in document()["paths"]["/v1/participant/responses/{response_id}"]["put"]["responses"])


def _send(port: int, seed: int, now: datetime, people: list[Person], numbers: range) -> tuple[list[Reply], list[str]]:
    """One kept-alive connection; a broken one is a fault and is made anew."""
    connection, found, faults, documented = HTTPConnection("127.0.0.1", port, timeout=60), [], [], _documented()
    for number in numbers:
        headers = {
            "Authorization": f"Bearer {token_of(number // EACH % len(people))}",
            "Content-Type": "application/json",
            "User-Agent": f"{MARKER}/1.0",
        }
        made = body(seed, number, now)
        try:
            connection.request("PUT", f"/v1/participant/responses/{client_id(seed, number)}", made.raw, headers)
            reply = connection.getresponse()
            content = reply.read()
        except (OSError, HTTPException) as error:
            faults.append(f"{number} ({made.kind}): no reply, {type(error).__name__}")
            connection.close()
            continue
        code, wrong = _judged(reply.status, reply.headers.get_content_type(), content, documented)
        faults += [f"{number} ({made.kind}): {one}" for one in wrong]
        found.append(Reply(number, reply.status, code))
    connection.close()
    return found, faults


def _judged(status: int, kind: str, content: bytes, documented: frozenset[int]) -> tuple[str, list[str]]:
    """The code of a reply, and what is wrong with it."""
    wrong = [] if status in documented else [f"{status} is not documented"]
    try:
        said: dict[str, Any] = json.loads(content)
    except ValueError:
        return "", [*wrong, f"{status} is no JSON"]
    if status < 400:
        return "", wrong
    if kind != "application/problem+json":
        wrong.append(f"{status} came as {kind}")
    if MARKER.encode() in content.replace(f'"pointer":"/{MARKER}"'.encode(), b"").replace(f'"pointer":"/answers/{MARKER}'.encode(), b""):
        wrong.append(f"the refusal says what was sent: {content[:300]!r}")
    if said.get("code") not in CODES:
        wrong.append(f"{said.get('code')} is no code of this route")
    return str(said.get("code")), wrong


def _look_at_log(log: Path, outcome: Outcome) -> None:
    lines = log.read_text(errors="replace").splitlines()
    outcome.rows["log_lines"] = len(lines)
    for line in lines:
        if MARKER in line:
            outcome.fail(f"the log says what was sent: {line[:300]}")
        if '"level":"error"' in line or '"level": "error"' in line:
            outcome.fail(f"the log has an error: {line[:300]}")


def _look_at_memory(outcome: Outcome) -> None:
    measured = list(outcome.memory_mb.values())
    if len(measured) > 1 and measured[-1] - measured[0] > GROWTH_MB:
        outcome.fail(f"the server grew from {measured[0]:.0f} to {measured[-1]:.0f} MB after the warm-up")


def _look_at_rows(sessions: Sessions, people: list[Person], replies: list[Reply], seed: int, now: datetime, outcome: Outcome) -> None:
    by_person: dict[int, list[Reply]] = {}
    for one in replies:
        by_person.setdefault(one.number // EACH % len(people), []).append(one)
        outcome.statuses[one.status] += 1
        outcome.codes[one.code or "-"] += 1
    for place, theirs in by_person.items():
        _look_at_person(sessions, people[place], theirs, seed, now, outcome)
    with sessions.reading() as session:
        for name, table in (("responses", Response), ("decisions", DecisionRow), ("rejected", RejectedSubmission), ("alerts", Alert)):
            outcome.rows[name] = session.value(select(func.count()).select_from(table))
        unmoved = session.value(select(func.count()).select_from(Alert).where(Alert.next_at.is_(None), Alert.state != "resolved"))
        whole = _whole(session)
    if outcome.rows["responses"] != outcome.statuses[201]:
        outcome.fail(f"{outcome.statuses[201]} were acknowledged, {outcome.rows['responses']} are stored")
    if outcome.rows["decisions"] != outcome.rows["responses"]:
        outcome.fail(f"{outcome.rows['responses']} responses have {outcome.rows['decisions']} decisions")
    if unmoved:
        outcome.fail(f"{unmoved} open alerts have no next moment")
    if whole:
        outcome.fail(f"the database is broken: {whole}")


def _whole(session: ReadSession) -> str:
    """What the embedded database says of itself; PostgreSQL keeps its constraints, and has no such question."""
    if session.dialect != "sqlite":
        return ""
    said = [str(row[0]) for row in session.rows(text("PRAGMA integrity_check"))]
    return "" if said == ["ok"] and not session.rows(text("PRAGMA foreign_key_check")) else str(said[:5])


def _look_at_person(sessions: Sessions, person: Person, replies: list[Reply], seed: int, now: datetime, outcome: Outcome) -> None:
    kept, hashes, sources, stored = _rows_of(sessions, person)
    for one in replies:
        made, uid = body(seed, one.number, now), str(client_id(seed, one.number))
        outcome.kinds.setdefault(made.kind, Counter())[one.status] += 1
        if (one.status in {200, 201}) != (uid in stored):
            outcome.fail(f"{one.number} ({made.kind}): {one.status}, and {'stored' if uid in stored else 'not stored'}")
        if one.status >= 400 and one.status not in NOT_KEPT:
            text_sent = made.raw.decode("utf-8", "replace")
            if kept.get(uid) != text_sent and not _as_another(made.raw, kept, hashes):
                outcome.fail(f"{one.number} ({made.kind}): {one.status}, and the body is not kept")
        if one.status in NOT_KEPT:
            outcome.heard["not read"] += 1
            continue
        verdict = heard(made)
        outcome.heard[f"{verdict}, {'alert' if uid in sources else 'none'}"] += 1
        if (verdict is Heard.MUST and uid not in sources) or (verdict is Heard.MUST_NOT and uid in sources):
            outcome.fail(f"{one.number} ({made.kind}): {verdict} open an alert; {'it did' if uid in sources else 'it did not'}")


def _as_another(raw: bytes, kept: dict[str, str], hashes: set[bytes]) -> bool:
    """The same body, or the same content in other bytes, was refused before: it is kept once."""
    if hashlib.sha256(raw).digest() in hashes:
        return True
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return any(_same(content, one) for one in kept.values())


def _same(content: Any, kept: str) -> bool:
    try:
        return _filled(json.loads(kept)) == _filled(content)
    except (ValueError, RecursionError):
        return False


def _filled(content: Any) -> Any:
    """With what a member that is left out means."""
    if not isinstance(content, dict):
        return content
    return {"complete": True} | {name: one for name, one in content.items() if one is not None and name != "sent_at"}


def _rows_of(sessions: Sessions, person: Person) -> tuple[dict[str, str], set[bytes], set[str], set[str]]:
    """Kept bodies by client id, their hashes, the submissions behind alerts, and the client ids that are stored."""
    keys = fixed_keys()
    with sessions.transaction() as session:
        row = lock_enrollments(session, {person.enrollment_id})[person.enrollment_id]
        rejected = session.rows(select(RejectedSubmission).where(RejectedSubmission.enrollment_id == person.enrollment_id))
        kept = {str(one.client_id): open_rejected(keys, row, one) for one in rejected}
        alerts = session.rows(select(Alert.source_id).where(Alert.enrollment_id == person.enrollment_id))
        events = session.rows(select(AlertEvent.detail).where(AlertEvent.enrollment_id == person.enrollment_id))
        stored = {
            str(one.client_id) for one in session.rows(select(Response.client_id).where(Response.enrollment_id == person.enrollment_id))
        }
    sources = {str(one.source_id) for one in alerts} | {
        str(one.detail["source"]) for one in events if one.detail and "source" in one.detail
    }
    return kept, {bytes(one.content_hash) for one in rejected}, sources, stored
