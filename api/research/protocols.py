"""Protocol revisions: check, publish, list, read."""

from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from pydantic import Field

from api.actions.publish_protocol import Change, Published, checked, faults_of, preview, publish
from api.actions.record_act import act_of, add_act
from api.deps import TheHouse
from api.problems import ProblemFault, responses
from api.research.study import Manager, StudyRow
from api.router import Router
from api.shapes import Day, Moment, Shape
from models.definition.load import MAX_BYTES
from models.definition.protocol import Protocol
from models.errors import Malformed
from models.queries.study import protocol_by_revision, protocols_of
from scheduler.plan.calendar import local

router = Router(prefix="/v1/research/studies/{study_id}/protocols", tags=["research"])

DOCUMENT: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Protocol"}}}}
}


async def _raw(request: Request) -> bytes:
    """The document's own bytes: its checksum must not depend on how a framework reads JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Malformed("not_json", "Send the protocol as JSON with Content-Type: application/json.")
    return await request.body()


Raw = Annotated[bytes, Depends(_raw)]
Note = Annotated[str | None, Query(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]


class CheckOut(Shape):
    publishable: bool
    faults: list[ProblemFault]


class ChangeOut(Shape):
    part: str
    id: str
    change: str
    """added, removed or changed."""


class RevisionOut(Shape):
    revision: int
    name: str
    version: str
    checksum: str
    """sha256 of the canonical document."""
    effective_from: date
    published_at: Moment
    note: str | None
    withdrawn_at: Moment | None
    """Nobody is moved to it any more; answers that name it are still taken."""
    withdrawn_note: str | None


class RevisionList(Shape):
    items: list[RevisionOut]


class PublishOut(Shape):
    revision: int
    checksum: str
    effective_from: date
    created: bool
    """False: the same content was published before, and that revision stands."""
    preview: bool
    """True: nothing was stored."""
    changes: list[ChangeOut]
    """In a preview: what differs from the newest revision."""


@router.post("/check", response_model=CheckOut, responses=responses(401, 403, 404, 413), openapi_extra=DOCUMENT, max_body_size=MAX_BYTES)
def check_protocol(_viewer: Manager, raw: Raw) -> CheckOut:
    """Every fault of a protocol by its place; 200 also where there are some."""
    faults = faults_of(raw)
    return CheckOut(
        publishable=not faults,
        faults=[ProblemFault(pointer=one.pointer, rule=one.rule, detail=one.message) for one in faults],
    )


@router.post(
    "",
    status_code=201,
    response_model=PublishOut,
    responses={200: {"model": PublishOut, "description": "A preview, or published before."}, **responses(401, 403, 404, 409, 413, 422)},
    openapi_extra=DOCUMENT,
    max_body_size=MAX_BYTES,
)
def publish_protocol(
    study: StudyRow,
    viewer: Manager,
    raw: Raw,
    house: TheHouse,
    request: Request,
    response: Response,
    effective_from: Day | None = None,
    note: Note = None,
    preview_only: Annotated[bool, Query(alias="preview")] = False,
) -> PublishOut:
    """Publish a protocol. It never changes afterwards; enrollments stay on theirs until they are moved."""
    now = house.clock.study()
    protocol, day = checked(raw), effective_from or local(now, study.zone).date
    if preview_only:
        with house.sessions.reading() as session:
            would, changes = preview(session, study_id=study.id, protocol=protocol, effective_from=day)
        response.status_code = 200
        return _published(would, changes, preview_only=True)
    with house.sessions.transaction() as session:
        done = publish(session, study_id=study.id, protocol=protocol, effective_from=day, published_by=viewer.staff_id, note=note, now=now)
        if done.created:
            act = act_of(house, request, viewer, "protocol_published", "protocol", done.uid, revision=done.revision, checksum=done.checksum)
            add_act(session, house, study.uid, act)
    response.status_code = 201 if done.created else 200
    return _published(done, (), preview_only=False)


@router.get("", response_model=RevisionList, responses=responses(401, 403, 404))
def list_protocols(study: StudyRow, house: TheHouse) -> RevisionList:
    """Every revision, the newest first."""
    with house.sessions.reading() as session:
        found = protocols_of(session, study.id)
    return RevisionList(
        items=[
            RevisionOut(
                revision=one.revision,
                name=one.name,
                version=one.version,
                checksum=one.checksum,
                effective_from=one.effective_from,
                published_at=one.published_at,
                note=one.note,
                withdrawn_at=one.withdrawn_at,
                withdrawn_note=one.withdrawn_note,
            )
            for one in found
        ]
    )


@router.get("/{revision}", response_model=Protocol, responses=responses(401, 403, 404))
def read_protocol(study: StudyRow, revision: Annotated[int, Field(ge=1, le=2**31 - 1)], house: TheHouse) -> Response:
    """The document, byte for byte as its checksum says; the checksum is the ETag."""
    with house.sessions.reading() as session:
        row = protocol_by_revision(session, study.id, revision)
    return Response(row.document, media_type="application/json", headers={"ETag": f'"{row.checksum}"'})


def _published(done: Published, changes: Any, *, preview_only: bool) -> PublishOut:
    return PublishOut(
        revision=done.revision,
        checksum=done.checksum,
        effective_from=done.effective_from,
        created=done.created,
        preview=preview_only,
        changes=[_change(one) for one in changes],
    )


def _change(one: Change) -> ChangeOut:
    return ChangeOut(part=one.part, id=one.id, change=one.change)
