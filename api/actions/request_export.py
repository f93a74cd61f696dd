"""Ask for a dataset, and hand it out: both written down."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row

from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import Viewer
from models.errors import Conflict, Gone
from models.kinds import ExportState
from models.queries import export as rows
from models.queries.dataset import study_uid
from models.queries.export_build import record_download, reopen_export, stopped_since

CHUNK_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class Download:
    """An archive that the viewer may have. The ledger has its lines already."""

    path: Path
    name: str
    sha256: str
    size_bytes: int

    def chunks(self) -> Iterator[bytes]:
        """The bytes, from a thread: a coroutine that reads files would hold up every other request."""
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


def request_export(house: House, request: Request, viewer: Viewer, study: Row[Any], wanted: rows.ExportRequest) -> UUID:
    """Stores the request; a duty builds it. Raises Forbidden or Invalid as `models.queries.export.request_export`."""
    now = house.clock.study()
    with house.sessions.transaction() as session:
        export_uid = rows.request_export(session, viewer, study.id, wanted, now=now)
        act = act_of(
            house, request, viewer, "export_requested", "export", export_uid, purpose=wanted.purpose.strip(), release=wanted.release
        )
        add_act(session, house, study.uid, act)
    return export_uid


def open_export(house: House, request: Request, viewer: Viewer, export_uid: UUID) -> Download:
    """Writes down that the dataset goes to the viewer, then gives the file.

    Raises Conflict while it is not ready, also where someone in it has withdrawn the use of their data since: it is built again
    without them first. Raises Gone where the file is no longer on the disk.
    """
    with house.sessions.transaction() as session:
        row = rows.export_by_uid(session, viewer, export_uid)
        outdated = row.state is ExportState.READY and stopped_since(session, row) > 0
        if outdated:
            reopen_export(session, row)
    if outdated or row.state is not ExportState.READY:
        raise Conflict("export_not_ready", f"The export is {ExportState.WAITING if outdated else row.state}.")
    with house.sessions.transaction() as session:
        path = exports_directory(house) / row.file_name
        if not path.is_file():
            raise Gone("export_gone", "The file is no longer here; ask for the export again.")
        record_download(session, row, viewer, now=house.clock.study())
        act = act_of(house, request, viewer, "export_downloaded", "export", export_uid, purpose=row.purpose, sha256=row.sha256)
        add_act(session, house, study_uid(session, row.study_id), act)
    return Download(path, row.file_name, row.sha256, row.bytes)


def exports_directory(house: House) -> Path:
    """Where the builder leaves archives."""
    return house.sessions.settings.directory / "exports"
