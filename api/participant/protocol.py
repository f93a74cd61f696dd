"""The study's protocol as the phone holds it."""

from typing import Annotated

from fastapi import Query, Request, Response

from api.actions.acknowledge_protocol import acknowledge_protocol
from api.auth.participant import ParticipantViewer
from api.deps import TheHouse
from api.participant.etag import UNCHANGED, tagged, unchanged
from api.participant.shapes import Version
from api.problems import responses
from api.router import Router
from api.shapes import Shape
from models.definition.protocol import Protocol
from models.errors import Missing
from models.queries.enrollment_phone import own, own_protocol

router = Router(prefix="/v1/participant/protocol", tags=["participant"])


class HeldIn(Shape):
    revision: Version


class HeldOut(Shape):
    held_revision: int
    revision: int
    """The one that the person is asked from now."""
    behind: bool
    """What the phone holds neither asks the person now nor is to come."""


@router.get(
    "",
    name="get_protocol",
    response_model=Protocol,
    responses={**UNCHANGED, **responses(401, 404, 410, 422)},
)
def get_protocol(
    request: Request, house: TheHouse, viewer: ParticipantViewer, revision: Annotated[int | None, Query(ge=1, le=2**31)] = None
) -> Response:
    """The canonical bytes: their sha256 is the checksum, and the ETag. `revision`: another one that a prompt names.

    Every text is there in all its languages, so one document serves whoever changes the phone's language.
    """
    with house.sessions.reading() as session:
        row = own_protocol(session, own(session, viewer), revision)
    if row is None:
        raise Missing("not_found", "There is no such protocol revision for this phone.")
    tag = f'"{row.checksum}"'
    headers = {**tagged(tag), "Protocol-Revision": str(row.revision), "Protocol-Checksum": row.checksum}
    return unchanged(request, tag) or Response(bytes(row.document), media_type="application/json", headers=headers)


@router.put("/held", name="put_held_protocol", response_model=HeldOut, responses=responses(401, 410, 422))
def put_held_protocol(body: HeldIn, house: TheHouse, viewer: ParticipantViewer) -> HeldOut:
    """The phone has stored this revision and asks from it."""
    person, behind = acknowledge_protocol(house, viewer, body.revision)
    return HeldOut(held_revision=body.revision, revision=person.revision, behind=behind)
