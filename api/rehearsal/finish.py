"""The end of a rehearsal: what the server lists is held against every receipt, the dataset is fetched, and all of it is put together."""

import platform
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Final

from api.rehearsal.drive import Drive
from api.rehearsal.happened import Happened, PersonSaw
from api.rehearsal.living import Living
from api.rehearsal.recorder import Seen
from api.settings import VERSION
from models.dataset.deidentify import Rekey
from models.errors import Busy, Conflict
from models.secrets_file import load_or_make
from scheduler.plan.calendar import TZDATA_VERSION

RELEASE: Final = "rehearsal"
PURPOSE: Final = "Rehearsal with simulated people: what this study would be like."
EXPORT_SECONDS: Final = 600.0
PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """What the server lists against what it acknowledged: distinct (person, response id)."""

    stored: int
    lost: int
    doubled: int
    unclaimed: int


@dataclass(frozen=True, slots=True)
class Fetched:
    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Ended:
    """A house in which everyone has come to the end: what its driver saw, and its dataset."""

    happened: Happened
    seen: Seen
    dataset: Path
    ids: Rekey | None
    """How the export made its ids, so that the driver's own receipts can be looked for in it one by one; None: not known here."""
    acknowledged: tuple[tuple[str, str], ...]
    """(enrollment id, response id) of every receipt."""


def ended(drive: Drive, home: Path, *, started: float, database: str, own: bool = True) -> Ended:
    """Holds the server against its receipts and fetches the dataset to `home`. `own`: the keys of the house lie there."""
    export_id = ask_dataset(drive)
    found = listed(drive)  # while the dataset is built
    export = fetch_dataset(drive, export_id, home / "dataset.zip")
    saw = happened(drive, started=started, found=found, export=export, database=database)
    ids = Rekey(load_or_make(home).export, drive.office.study_id, RELEASE) if own else None
    return Ended(saw, drive.record.seen, export.path, ids, _pairs(drive))


def _pairs(drive: Drive) -> tuple[tuple[str, str], ...]:
    known = {one.person.number: one.enrollment_id for one in drive.lives if one.enrollment_id is not None}
    return tuple((known[person], one) for person, ids in drive.record.acknowledged_ids().items() if person in known for one in sorted(ids))


def listed(drive: Drive) -> Listed:
    """Every stored response of everyone, read over the API: by the own phone, or by staff where the phone was signed out."""
    acknowledged = drive.record.acknowledged_ids()
    stored = lost = doubled = unclaimed = 0
    for life in drive.lives:
        if life.enrollment_id is None:
            continue
        found = Counter(_response_ids(drive, life))
        known = acknowledged.get(life.person.number, frozenset())
        stored += len(found)
        lost += len(known - found.keys())
        unclaimed += len(found.keys() - known)
        doubled += sum(number - 1 for number in found.values())
    return Listed(stored, lost, doubled, unclaimed)


def _response_ids(drive: Drive, life: Living) -> Iterator[str]:
    cursor = ""
    while True:
        if life.pocket.phone.signed_out:
            route = f"/v1/care/participants/{{id}}/responses?limit={PAGE}{cursor}"
            reply = drive.office.lead.call("GET", route, ids={"id": str(life.enrollment_id)}, expect=(200,))
        else:
            reply = life.pocket.phone.call("GET", f"/me/responses?limit={PAGE}{cursor}", expect=(200,))
        if not reply.ok:
            return
        page = reply.json()
        yield from (one["id"] for one in page["items"])
        if not page["next"]:
            return
        cursor = f"&cursor={page['next']}"


def ask_dataset(drive: Drive) -> str:
    """Asks for an export of the study as of now and gives its id; the server builds it in a process of its own. Raises Conflict."""
    body = {"study_id": drive.office.study_id, "release": RELEASE, "purpose": PURPOSE}
    asked = drive.office.lead.call("POST", "/v1/research/exports", body=body, expect=(202,))
    if not asked.ok:
        raise Conflict(asked.code or "export_refused", "The account that drives this rehearsal may not export the study.")
    export_id: str = asked.json()["id"]
    return export_id


def fetch_dataset(drive: Drive, export_id: str, to: Path) -> Fetched:
    """Waits for an export and downloads it. Raises Busy or Conflict where it does not come."""
    lead, ids, ends = drive.office.lead, {"id": export_id}, monotonic() + EXPORT_SECONDS
    while True:
        one = lead.call("GET", "/v1/research/exports/{id}", ids=ids, expect=(200,)).json()
        if one["state"] == "ready":
            break
        if one["state"] == "failed":
            raise Conflict("export_failed", f"The dataset could not be built ({one['problem']}).")
        if monotonic() > ends:
            raise Busy("export_slow", f"The dataset was not ready within {EXPORT_SECONDS:.0f} s.")
        sleep(0.25)
    reply = lead.call("GET", "/v1/research/exports/{id}/file", ids=ids, expect=(200,))
    digest = sha256(reply.body).hexdigest()
    if not reply.ok or digest != one["sha256"] or reply.headers.get("etag") != f'"{digest}"':
        raise Conflict("export_differs", "The dataset that came is not the one that was built: its sha256 is another one.")
    to.write_bytes(reply.body)
    return Fetched(to, digest, len(reply.body))


def happened(drive: Drive, *, started: float, found: Listed, export: Fetched, database: str) -> Happened:
    """The frozen record. `started` is the `perf_counter` at which the command began."""
    record, wanted = drive.record, drive.wanted
    alerts = drive.coordinators.worked()  # before anything is read of the record, into which it goes too
    acts = record.acts()
    protocol = drive.held.newest()
    return Happened(
        synthetic=True,
        seed=wanted.seed,
        people=len(drive.people),
        days=wanted.days,
        staff=wanted.staff,
        preset=str(wanted.preset),
        mnar=wanted.mnar,
        world=str(wanted.world),
        protocol_name=protocol.name if protocol else "",
        protocol_version=protocol.version if protocol else "",
        protocol_checksum=drive.held.checksum,
        study_id=drive.office.study_id,
        started_at=drive.started_at,
        ended_at=drive.clock.now,
        complete=drive.complete,
        wall_seconds=round(perf_counter() - started, 3),
        drive_seconds=round(drive.seconds, 3),
        clock_seconds=round(drive.clock.seconds, 3),
        ticks=drive.clock.moves,
        versions=_versions(),
        platform=platform.platform(),
        database=database,
        routes=record.routes(),
        persons=tuple(_person(drive, one) for one in drive.lives),
        acknowledged=record.acknowledged(),
        acknowledged_digest=record.acknowledged_digest(),
        duplicates_sent=acts.get("duplicate", 0) + acts.get("simultaneous", 0),
        duplicates_equal=acts.get("duplicate_equal", 0),
        conflicts=acts.get("conflict", 0),
        refusals=record.refusals(),
        content=record.content(),
        prompts_noticed=sum(one.noticed for one in drive.lives),
        prompts_ignored=sum(one.ignored for one in drive.lives),
        alerts=alerts,
        acts=acts,
        unexpected=record.unexpected(),
        export_sha256=export.sha256,
        export_bytes=export.size,
        stored=found.stored,
        lost=found.lost,
        doubled=found.doubled,
        unclaimed=found.unclaimed,
    )


def _person(drive: Drive, life: Living) -> PersonSaw:
    left, number = life.choices.left, life.person.number
    return PersonSaw(
        number=number,
        enrollment_id=life.enrollment_id or "",
        zone=life.person.zone,
        acknowledged=drive.record.acknowledged(number),
        left=str(left.how) if left else None,
        left_at=left.at if left else None,
        acts=drive.record.acts(number),
    )


def _versions() -> Mapping[str, str]:
    return {
        "breakwater": VERSION,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "tzdata": TZDATA_VERSION,
    }
