"""Builds a dataset that was asked for: one look at the rows, files, archive, ledger."""

import hashlib
import hmac
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from models.codec import canonical
from models.dataset.assemble import Walk
from models.dataset.codebook import ITEMS, Codebook, codebook
from models.dataset.deidentify import Rekey
from models.dataset.framing import Framing
from models.dataset.layout import PROMPT_SIDE
from models.dataset.package import Facts, Reached, data_package, manifest, readme
from models.dataset.points_layout import POINT_SIDE
from models.dataset.prompt_side import PromptWalk
from models.dataset.schema import Table
from models.dataset.scores import SCORE_RULES, SCORES, rule_rows
from models.dataset.signal_series import SIGNAL_SERIES, series_rows
from models.dataset.tasks_layout import TASK_SIDE
from models.dataset.write import Member, Outputs, member, pack, write_json
from models.definition.load import parse
from models.errors import Invalid, Problem
from models.queries import dataset as query
from models.queries import export_build as ledger
from models.queries.audit import Act, append
from models.queries.cut import read_cut
from models.queries.export import MISSING_CODES, TABLES, software_version
from models.sealed import Keys
from models.session import ReadSession, Sessions

log = structlog.get_logger("dataset")

BOOKS: Final = (ITEMS, SCORE_RULES, SIGNAL_SERIES)
"""The codebooks: in every archive, whatever was asked for."""


@dataclass(frozen=True, slots=True)
class Built:
    """A finished archive. `rows` counts by table; `enrollment_ids` are the people in it, for the ledger."""

    path: Path
    sha256: str
    size_bytes: int
    rows: Mapping[str, int]
    enrollment_ids: tuple[int, ...]


class Stopped(Exception):
    """A build was ended from outside before it was done."""


class Build(Protocol):
    """What `build_export` is: here, or in a process of its own (`models.dataset.apart`)."""

    def __call__(self, sessions: Sessions, keys: Keys, export: Any, directory: Path, *, now: datetime) -> Built: ...


def build_export(sessions: Sessions, keys: Keys, export: Any, directory: Path, *, now: datetime) -> Built:
    """Writes `<export id>.zip` into `directory` and gives what it holds. `export` is the whole row.

    The same row gives the same bytes under the same software, whatever was stored in the meantime, except that people who have
    withdrawn the use of their data are left out from then on. Raises Invalid where the cut lies after `now`
    (`export_in_the_future`) or Parquet is not installed (`parquet_unavailable`).
    """
    if export.as_of > now:
        raise Invalid("export_in_the_future", "Study time stands before the moment of the cut.")
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left_behind in directory.glob(f".{export.uid}.*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f".{export.uid}.", dir=directory))
    try:
        with sessions.reading() as session:
            members, rows, enrollment_ids = _write_files(session, keys, export, work)
        archive = work / "archive"
        pack(archive, members)
        return _publish(archive, directory / f"{export.uid}.zip", rows, enrollment_ids)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write_files(session: ReadSession, keys: Keys, export: Any, work: Path) -> tuple[list[Member], dict[str, int], tuple[int, ...]]:
    stored = export.request
    cut = read_cut(session, stored["cut"], as_of=export.as_of)
    study_uid = query.study_uid(session, export.study_id)
    rekey = Rekey(keys.export, str(study_uid), export.release)
    versions = query.versions(session, export.study_id, cut)
    book = codebook({row.revision: parse(row.document) for row in versions})
    revisions = {row.id: row.revision for row in versions}
    framing = Framing(book, rekey, stored["missing_codes"], revisions, rekey("study", study_uid), export.as_of)
    facts = _facts(keys, export, framing.study)
    tables = _tables(book, facts.tables)
    people = query.people(session, export.study_id, stored["sites"], cut)
    inside = sorted((row for row in people if row.consent_use), key=lambda row: rekey("participant", row.uid))
    with Outputs(work, tables, facts.formats) as outputs:
        side = PromptWalk(session, framing, cut, outputs, facts.formats, query.replaced_plans(session, export.study_id, cut))
        walk = Walk(session, framing, cut, outputs, side)
        for row in inside:
            walk.person(row)
        side.close()
    rows = outputs.rows() | _write_books(work, book)
    reached = Reached(len(inside), len(people) - len(inside), side.on_time.value, side.ever.value)
    members = [member(work, f"{table.name}.{kind}") for table in tables for kind in facts.formats]
    members += [*(member(work, f"{table.name}.csv") for table in BOOKS), *_write_protocols(work, versions)]
    return [*_describe(work, facts, (*tables, *BOOKS), members, rows, reached), *members], rows, tuple(row.id for row in inside)


def _tables(book: Codebook, wanted: tuple[str, ...]) -> tuple[Table, ...]:
    """The tables that were asked for, in the order in which they can be asked for."""
    known = {table.name: table for table in (book.prompts_table(), *PROMPT_SIDE, SCORES, *TASK_SIDE, *POINT_SIDE)}
    return tuple(known[name] for name in TABLES if name in wanted)


def _facts(keys: Keys, export: Any, study_id: str) -> Facts:
    stored = export.request
    return Facts(
        study_id=study_id,
        title=stored["study"]["title"],
        slug=stored["study"]["slug"],
        certificate=stored["study"]["certificate"],
        synthetic=export.synthetic,
        release=export.release,
        purpose=export.purpose,
        as_of=export.as_of,
        software_version=software_version(),
        formats=tuple(stored["formats"]),
        tables=tuple(stored["tables"]),
        missing_codes={kind: stored["missing_codes"][kind] for kind in MISSING_CODES},
        cut=hmac.digest(keys.export, b"cut" + canonical(stored["cut"]), hashlib.sha256).hex()[:16],
    )


def _write_books(work: Path, book: Codebook) -> dict[str, int]:
    with Outputs(work, BOOKS, ("csv",)) as outputs:
        for table, records in zip(BOOKS, (book.item_rows(), rule_rows(book), series_rows(book)), strict=True):
            for record in records:
                outputs.write(table.name, record)
    return outputs.rows()


def _write_protocols(work: Path, versions: Any) -> list[Member]:
    (work / "protocol").mkdir()
    names = [f"protocol/revision-{row.revision}.json" for row in versions]
    for name, row in zip(names, versions, strict=True):
        (work / name).write_bytes(row.document)
    return [member(work, name) for name in names]


def _describe(
    work: Path, facts: Facts, tables: tuple[Table, ...], members: list[Member], rows: Mapping[str, int], reached: Reached
) -> list[Member]:
    """The files about the files, the manifest last, since it names the digests of the others."""
    files = {one.name: (one.sha256, one.size_bytes) for one in members}
    (work / "README.txt").write_text(readme(facts, tables, rows), encoding="utf-8")
    write_json(work / "datapackage.json", data_package(facts, tables, files, rows, reached))
    words = [member(work, name) for name in ("README.txt", "datapackage.json")]
    files |= {one.name: (one.sha256, one.size_bytes) for one in words}
    write_json(work / "MANIFEST.json", manifest(facts, files, rows, reached))
    return [*words, member(work, "MANIFEST.json")]


def _publish(archive: Path, target: Path, rows: Mapping[str, int], enrollment_ids: tuple[int, ...]) -> Built:
    """Whole or not at all: the name appears after the bytes are on the disk."""
    archive.chmod(0o600)
    with archive.open("rb+") as file:
        os.fsync(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    size_bytes = archive.stat().st_size
    archive.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return Built(target, digest, size_bytes, rows, enrollment_ids)


def build_waiting(sessions: Sessions, keys: Keys, directory: Path, *, now: datetime, limit: int = 1, build: Build = build_export) -> int:
    """Builds up to `limit` exports that wait, or whose builder died, and gives how many became ready.

    One that fails says so on its row; one that was stopped waits again.
    """
    ready = 0
    for _ in range(limit):
        with sessions.reading() as session:
            if not ledger.export_waits(session, now=now):
                break
        with sessions.transaction() as session:
            claimed = ledger.claim_export(session, now=now)
        if claimed is None:
            break
        try:
            built = build(sessions, keys, claimed, directory, now=now)
            ready += _finish(sessions, keys, claimed, built, now=now)
        except Stopped:
            with sessions.transaction() as session:
                ledger.reopen_export(session, claimed)
            break
        except Exception as error:  # noqa: BLE001  # whatever it was, the requester must learn that nothing will come
            problem = error.code if isinstance(error, Problem) else f"unexpected_{type(error).__name__}"
            log.error("dataset.build_failed", export=str(claimed.uid), problem=problem)
            with sessions.transaction() as session:
                ledger.fail_export(session, claimed, problem=problem, now=now)
    return ready


def _finish(sessions: Sessions, keys: Keys, claimed: Any, built: Built, *, now: datetime) -> bool:
    """Marks as ready and writes ledger and audit in one transaction. Someone who stopped use meanwhile sends it back."""
    with sessions.transaction() as session:
        if ledger.stopped_use(session, built.enrollment_ids):
            built.path.unlink()
            ledger.reopen_export(session, claimed)
            return False
        now = ledger.end_of_build(claimed, now)
        done = ledger.finish_export(
            session, claimed, file_name=built.path.name, sha256=built.sha256, size_bytes=built.size_bytes, rows=built.rows, now=now
        )
        if done:
            recipient = ledger.recipient_of(session, claimed)
            ledger.record_disclosed(session, claimed, built.enrollment_ids, recipient=recipient, now=now)
            study_uid = query.study_uid(session, claimed.study_id)
            detail = {"release": claimed.release, "sha256": built.sha256, "people": len(built.enrollment_ids), "recipient": recipient}
            act = Act(now, "system", "export_built", "export", str(claimed.uid), purpose=claimed.purpose, detail=detail)
            append(session, keys, str(study_uid), [act])
    return done
