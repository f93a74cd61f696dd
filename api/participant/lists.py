"""The person's own lists: reminders, contacts, reasons. Instruments offer their entries as options, by id."""

from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import StringConstraints

from api.actions.keep_list import Entry, ListName, label_of, put_entry, remove_entry
from api.auth.participant import ParticipantViewer
from api.deps import TheHouse
from api.problems import responses
from api.router import Router
from api.shapes import Moment, Shape
from models.kinds import CueType
from models.queries import lists as queries
from models.queries.enrollment_phone import lock_own, own

router = Router(prefix="/v1/participant/lists", tags=["participant"])


class EntryIn(Shape):
    label: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
    """Sealed at rest. Initials where it is a person."""
    kind: CueType | None = None
    """Of a reminder: what it is."""


class EntryOut(Shape):
    id: UUID
    label: str
    kind: CueType | None
    created_at: Moment


class EntryList(Shape):
    items: list[EntryOut]


@router.get("/{list_name}", name="get_list", response_model=EntryList, responses=responses(401, 410, 422))
def get_list(list_name: ListName, house: TheHouse, viewer: ParticipantViewer) -> EntryList:
    """The entries of a list, oldest first."""
    with house.sessions.reading() as session:
        person = own(session, viewer)
        rows = queries.own_entries(session, viewer, list_name)
    return EntryList(
        items=[EntryOut(id=row.client_id, label=label_of(house, person, row), kind=row.kind, created_at=row.created_at) for row in rows]
    )


@router.put(
    "/{list_name}/{client_id}",
    name="put_list_entry",
    response_model=EntryOut,
    responses={201: {"model": EntryOut, "description": "Stored now."}, **responses(401, 409, 410, 422)},
)
def put_list_entry(
    list_name: ListName, client_id: UUID, body: EntryIn, response: Response, house: TheHouse, viewer: ParticipantViewer
) -> EntryOut:
    """Stores or changes an entry under an id that the phone made."""
    with house.sessions.transaction() as session:
        person = lock_own(session, viewer)
        new = put_entry(session, house, person, client_id, Entry(list_name, body.label, body.kind))
        row = queries.entry_by_client(session, person.id, client_id)
    assert row is not None
    response.status_code = 201 if new else 200
    return EntryOut(id=client_id, label=body.label, kind=row.kind, created_at=row.created_at)


@router.delete("/{list_name}/{client_id}", name="remove_list_entry", status_code=204, responses=responses(401, 404, 410, 422))
def delete_list_entry(list_name: ListName, client_id: UUID, house: TheHouse, viewer: ParticipantViewer) -> None:
    """Removes an entry; answers that named it stay."""
    with house.sessions.transaction() as session:
        remove_entry(session, house, lock_own(session, viewer), list_name, client_id)
