"""What a person sent and we did not store: refused submissions, and other content under an id that was taken."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row

from api.actions.open_sealed import open_amendment, open_rejected
from api.actions.record_act import act_of, add_act, record
from api.auth.staff import StaffViewer
from api.deps import TheHouse
from api.pages import cursor_of, read_cursor
from api.problems import responses
from api.router import Router
from api.shapes import Cursor, Limit, Moment, Shape
from models.access import Ability
from models.queries import enrollment as rows
from models.tables import RejectedSubmission

router = Router(prefix="/v1/care/participants/{enrollment_id}", tags=["care"])

AMENDMENTS_SHOWN = 100


class FaultOut(Shape):
    pointer: str
    rule: str


class RejectedRow(Shape):
    """A refused submission by its broken rules; what was answered is sealed."""

    id: UUID
    client_id: str | None
    received_at: Moment
    code: str
    faults: list[FaultOut]
    seen_at: Moment | None


class RejectedList(Shape):
    items: list[RejectedRow]
    next: str | None


class OpenedRejected(Shape):
    rejected: RejectedRow
    body: str
    """As the phone sent it."""


class AmendmentOut(Shape):
    response_id: UUID
    received_at: Moment
    body: str


class AmendmentList(Shape):
    items: list[AmendmentOut]


@router.get("/rejected", response_model=RejectedList, responses=responses(401, 403, 404, 422))
def list_rejected(
    enrollment_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request, cursor: Cursor = None, limit: Limit = 50
) -> RejectedList:
    """What was refused, the newest first. Whatever it disclosed has opened its alert all the same."""
    now = house.clock.study()
    after = None if cursor is None else read_cursor(cursor, datetime, UUID)
    with house.sessions.reading() as session:
        person = rows.person(session, viewer, Ability.SEE_ANSWERS, enrollment_id, now=now)
        statement = rows.rejected_of(viewer, Ability.SEE_ANSWERS, enrollment_id, now=now)
        place = None if after is None else (after[0], after[1])
        found = session.rows(rows.page(statement, RejectedSubmission.received_at, RejectedSubmission.uid, place, limit))
    shown = found[:limit]
    act = act_of(
        house, request, viewer, "rejected_read", "enrollment", enrollment_id, person=enrollment_id, purpose="care", rows=len(shown)
    )
    record(house, person.study_uid, act)
    return RejectedList(
        items=[_rejected(one) for one in shown],
        next=cursor_of(shown[-1].received_at, shown[-1].uid) if len(found) > limit else None,
    )


@router.get("/rejected/{rejected_id}", response_model=OpenedRejected, responses=responses(401, 403, 404, 410))
def open_rejected_submission(
    enrollment_id: UUID, rejected_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request
) -> OpenedRejected:
    """One refused submission, opened. Who saw it first is kept."""
    now = house.clock.study()
    with house.sessions.transaction() as session:
        person = rows.person(session, viewer, Ability.SEE_IDENTIFIERS, enrollment_id, now=now)
        row = rows.rejected_one(session, person.id, rejected_id)
        body = open_rejected(house.keys, person, row)
        rows.mark_rejected_seen(session, row.id, staff_id=viewer.staff_id, now=now)
        stored = rows.rejected_one(session, person.id, rejected_id)
        act = act_of(house, request, viewer, "rejected_opened", "rejected_submission", rejected_id, person=enrollment_id, purpose="care")
        add_act(session, house, person.study_uid, act)
    return OpenedRejected(rejected=_rejected(stored), body=body)


@router.get("/amendments", response_model=AmendmentList, responses=responses(401, 403, 404, 410))
def list_amendments(enrollment_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request) -> AmendmentList:
    """Other content that came under the id of a stored response, opened; the newest 100. The stored response stands."""
    now = house.clock.study()
    with house.sessions.reading() as session:
        person = rows.person(session, viewer, Ability.SEE_IDENTIFIERS, enrollment_id, now=now)
        statement = rows.amendments_of(viewer, Ability.SEE_IDENTIFIERS, enrollment_id, now=now)
        found = session.rows(statement.limit(AMENDMENTS_SHOWN))
    bodies = [open_amendment(house.keys, person, one) for one in found]
    act = act_of(
        house, request, viewer, "amendments_read", "enrollment", enrollment_id, person=enrollment_id, purpose="care", rows=len(found)
    )
    record(house, person.study_uid, act)
    return AmendmentList(
        items=[
            AmendmentOut(response_id=one.client_id, received_at=one.received_at, body=body) for one, body in zip(found, bodies, strict=True)
        ]
    )


def _rejected(row: Row[Any]) -> RejectedRow:
    return RejectedRow(
        id=row.uid,
        client_id=row.client_id,
        received_at=row.received_at,
        code=row.code,
        faults=[FaultOut(pointer=one["pointer"], rule=one["rule"]) for one in row.faults],
        seen_at=row.seen_at,
    )
