"""What staff record of a person: timed events, and the move to another protocol version."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field, StrictInt
from sqlalchemy import Row

from api.actions.move_enrollment import move_enrollment
from api.actions.record_act import act_of, add_act, record
from api.actions.record_event import NewEvent, record_event
from api.auth.staff import StaffViewer
from api.deps import TheHouse
from api.pages import Expected, etag
from api.problems import responses
from api.router import Router
from api.shapes import AS_JSON, Day, Moment, Shape
from models.access import Ability
from models.kinds import TimedEventKind
from models.queries import enrollment as rows

router = Router(prefix="/v1/care/participants/{enrollment_id}", tags=["care"])


class TimedEventIn(Shape):
    id: UUID
    """Made by the caller, so that a retry is harmless."""
    kind: TimedEventKind
    happened_at: Moment
    ended_at: Moment | None = None
    planned_id: UUID | None = None
    """The planned event that this is: from now on designs count from the event."""


class TimedEventOut(Shape):
    id: UUID
    kind: TimedEventKind
    happened_at: Moment
    ended_at: Moment | None
    reported_at: Moment
    source: str
    """participant, staff or record."""
    retracted_at: Moment | None


class TimedEventList(Shape):
    items: list[TimedEventOut]


class MoveIn(Shape):
    revision: Annotated[StrictInt, Field(ge=1, le=2**31 - 1), AS_JSON]
    valid_from: Day | None = None
    """Local day of the person; null: today. What was already sent stays."""


class MoveDone(Shape):
    enrollment_id: UUID
    version: int
    revision: int
    valid_from: date


@router.post(
    "/events",
    status_code=201,
    response_model=TimedEventOut,
    responses={200: {"model": TimedEventOut, "description": "Stored before."}, **responses(401, 403, 404, 409, 410)},
)
def record_timed_event(
    enrollment_id: UUID, body: TimedEventIn, viewer: StaffViewer, house: TheHouse, request: Request, response: Response
) -> TimedEventOut:
    """Record something that happened. The same id and content again: 200 and the same event."""
    now = house.clock.study()
    event = NewEvent(body.id, body.kind, body.happened_at, body.ended_at, body.planned_id)
    with house.sessions.transaction() as session:
        person = rows.lock_person(session, viewer, Ability.RECORD_EVENTS, enrollment_id, now=now)
        _, created = record_event(session, house.mind, person, event, source="staff", now=now)
        stored = rows.timed_event(session, person.id, body.id)
        act = act_of(
            house, request, viewer, "event_recorded", "timed_event", body.id, person=enrollment_id, purpose="care", created=created
        )
        add_act(session, house, person.study_uid, act)
    assert stored is not None
    response.status_code = 201 if created else 200
    return _out(stored)


@router.get("/events", response_model=TimedEventList, responses=responses(401, 403, 404))
def list_timed_events(enrollment_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request) -> TimedEventList:
    """The newest 200 events of a person, retracted ones too."""
    with house.sessions.reading() as session:
        person = rows.person(session, viewer, Ability.SEE_ANSWERS, enrollment_id, now=house.clock.study())
        found = rows.timed_events_of(session, person.id, limit=200)
    record(
        house,
        person.study_uid,
        act_of(house, request, viewer, "events_read", "enrollment", enrollment_id, person=enrollment_id, purpose="care"),
    )
    return TimedEventList(items=[_out(one) for one in found])


@router.post("/moves", status_code=201, response_model=MoveDone, responses=responses(401, 403, 404, 409, 410, 412, 422, 428))
def move_to_protocol(
    enrollment_id: UUID, body: MoveIn, viewer: StaffViewer, version: Expected, house: TheHouse, request: Request, response: Response
) -> MoveDone:
    """Move a person to another protocol revision. The plan of what was not sent is made again; the past stays."""
    new_version, day = move_enrollment(
        house, request, viewer, enrollment_id, revision=body.revision, valid_from=body.valid_from, version=version
    )
    response.headers["ETag"] = etag(new_version)
    return MoveDone(enrollment_id=enrollment_id, version=new_version, revision=body.revision, valid_from=day)


def _out(row: Row[Any]) -> TimedEventOut:
    return TimedEventOut(
        id=row.client_id,
        kind=row.kind,
        happened_at=row.happened_at,
        ended_at=row.ended_at,
        reported_at=row.reported_at,
        source=row.source,
        retracted_at=row.retracted_at,
    )
