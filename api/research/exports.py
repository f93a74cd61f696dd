"""Datasets: ask, watch, fetch."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy import Row

from api.actions.record_act import act_of, record
from api.actions.request_export import open_export, request_export
from api.auth.staff import StaffViewer
from api.deps import House, TheHouse
from api.pages import cursor_of, read_cursor
from api.problems import responses
from api.router import Router
from api.shapes import Cursor, Limit, Moment, Shape
from models.access import Viewer
from models.kinds import ExportState
from models.queries import export as rows
from models.queries.dataset import study_uid
from models.queries.enrollment import page
from models.queries.study import study_by_uid
from models.tables import Export

router = Router(prefix="/v1/research/exports", tags=["research"])

Word = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9_.-]+$")]


class ExportIn(Shape):
    study_id: UUID
    release: Word
    """Ids are re-keyed for each release, so that two releases cannot be linked."""
    purpose: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")]
    """What the data is for, in 10 to 500 characters; it stands in the dataset, the audit and the disclosure ledger."""
    formats: Annotated[list[Word], Field(max_length=4)] = ["csv"]
    """csv, parquet."""
    tables: Annotated[list[Word], Field(max_length=20)] = []
    """Empty: all that the viewer may have."""
    missing_codes: Annotated[dict[Word, Word], Field(max_length=8)] | None = None
    """Kind of nothing -> what stands in the cell. Null: -77, -88, -99, -66."""


class ExportOut(Shape):
    id: UUID
    study_id: UUID
    state: ExportState
    release: str
    purpose: str
    as_of: Moment
    """Nothing stored later is in it."""
    requested_at: Moment
    finished_at: Moment | None
    sha256: str | None
    bytes: int | None
    rows: dict[str, int] | None
    problem: str | None
    synthetic: bool


class ExportList(Shape):
    items: list[ExportOut]
    next: str | None


@router.post("", status_code=202, response_model=ExportOut, responses=responses(401, 403, 404, 422))
def ask_for_export(body: ExportIn, viewer: StaffViewer, house: TheHouse, request: Request) -> ExportOut:
    """Ask for a dataset as of now. A duty builds it; the same request gives the same bytes."""
    with house.sessions.reading() as session:
        study = study_by_uid(session, viewer, body.study_id)
    wanted = rows.ExportRequest(
        release=body.release,
        purpose=body.purpose,
        formats=tuple(body.formats),
        tables=tuple(body.tables),
        missing_codes=dict(rows.MISSING_CODES) if body.missing_codes is None else body.missing_codes,
    )
    return _shown(house, viewer, request_export(house, request, viewer, study, wanted))


@router.get("", response_model=ExportList, responses=responses(401, 403, 404, 422))
def list_exports(
    viewer: StaffViewer, house: TheHouse, study: Annotated[UUID, Query()], cursor: Cursor = None, limit: Limit = 50
) -> ExportList:
    """The exports of a study, the newest first."""
    after = None if cursor is None else read_cursor(cursor, datetime, UUID)
    with house.sessions.reading() as session:
        row = study_by_uid(session, viewer, study)
        place = None if after is None else (after[0], after[1])
        found = session.rows(page(rows.exports_of(viewer, row.id), Export.requested_at, Export.uid, place, limit))
    shown = found[:limit]
    return ExportList(
        items=[_out(one, row.uid) for one in shown],
        next=cursor_of(shown[-1].requested_at, shown[-1].uid) if len(found) > limit else None,
    )


@router.get("/{export_id}", response_model=ExportOut, responses=responses(401, 403, 404))
def read_export(export_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request) -> ExportOut:
    """How far an export is."""
    shown = _shown(house, viewer, export_id)
    record(house, shown.study_id, act_of(house, request, viewer, "export_read", "export", export_id))
    return shown


@router.get(
    "/{export_id}/file",
    response_class=StreamingResponse,
    response_model=None,
    responses={
        200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}, "description": "The archive."},
        **responses(401, 403, 404, 409, 410),
    },
)
def fetch_export(export_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request) -> StreamingResponse:
    """The archive. Written to the audit and the disclosure ledger before the first byte leaves; its sha256 is the ETag."""
    download = open_export(house, request, viewer, export_id)
    headers = {
        "ETag": f'"{download.sha256}"',
        "Content-Length": str(download.size_bytes),
        "Content-Disposition": f'attachment; filename="{download.name}"',
    }
    return StreamingResponse(download.chunks(), media_type="application/zip", headers=headers)


def _shown(house: House, viewer: Viewer, export_id: UUID) -> ExportOut:
    with house.sessions.reading() as session:
        row = rows.export_by_uid(session, viewer, export_id)
        return _out(row, study_uid(session, row.study_id))


def _out(row: Row[Any], study: UUID) -> ExportOut:
    return ExportOut(
        id=row.uid,
        study_id=study,
        state=row.state,
        release=row.release,
        purpose=row.purpose,
        as_of=row.as_of,
        requested_at=row.requested_at,
        finished_at=row.finished_at if row.state in {ExportState.READY, ExportState.FAILED} else None,
        sha256=row.sha256,
        bytes=row.bytes,
        rows=row.rows,
        problem=row.problem,
        synthetic=row.synthetic,
    )
