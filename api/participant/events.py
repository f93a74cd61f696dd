"""Timed events that the person records: a dose, a visit, a use, an overdose."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from sqlalchemy import Row

from api.actions.record_act import act_of, add_act
from api.actions.record_event import NewEvent, record_event, retract_event
from api.actions.tell_of_event import tell_of_event
from api.auth.participant import ParticipantViewer, participant_of
from api.deps import TheHouse
from api.participant.direct import body_of, id_of, said
from api.problems import responses
from api.router import Router
from api.shapes import Moment, Shape
from models.kinds import TimedEventKind
from models.queries import events as queries
from models.queries.enrollment import timed_event
from models.queries.enrollment_phone import lock_own
from scheduler.follow import study_now

router = Router(prefix="/v1/participant/events", tags=["participant"])


class OwnEventIn(Shape):
    kind: TimedEventKind
    happened_at: Moment
    ended_at: Moment | None = None
    planned_id: UUID | None = None
    """The planned event that this is: from now on designs count from the event."""


class OwnEvent(Shape):
    id: UUID
    kind: TimedEventKind
    happened_at: Moment
    ended_at: Moment | None
    reported_at: Moment
    source: str
    """participant, staff or record."""


class OwnEventList(Shape):
    items: list[OwnEvent]


@router.get("", name="list_events", response_model=OwnEventList, responses=responses(401, 410, 422))
def list_events(house: TheHouse, viewer: ParticipantViewer, limit: Annotated[int, Query(ge=1, le=200)] = 100) -> OwnEventList:
    """One's own events that stand, newest first, also those that staff recorded."""
    with house.sessions.reading() as session:
        return OwnEventList(items=[_out(row) for row in queries.own_events(session, viewer, limit=limit)])


@router.put(
    "/{client_id}",
    name="put_event",
    response_model=OwnEvent,
    responses={201: {"model": OwnEvent, "description": "Stored now."}, **responses(401, 409, 410, 422)},
)
def put_event(
    client_id: UUID, body: OwnEventIn, request: Request, response: Response, house: TheHouse, viewer: ParticipantViewer
) -> OwnEvent:
    """Stores an event once, under an id that the phone made. The same again: 200. Other content under the id: 409."""
    event, now = (
        NewEvent(client_id, body.kind, body.happened_at, body.ended_at, body.planned_id),
        study_now(house.sessions, house.clock, body.happened_at),
    )
    with house.sessions.transaction() as session:
        person = lock_own(session, viewer)
        _, new = record_event(session, house.mind, person, event, source="participant", now=now)
        row = timed_event(session, person.id, client_id)
        if new:
            tell_of_event(session, house, person, event, now=now)
            act = act_of(house, request, viewer, "event_recorded", "timed_event", client_id, person=person.uid)
            add_act(session, house, person.study_uid, act)
    assert row is not None
    response.status_code = 201 if new else 200
    return _out(row)


async def put_directly(request: Request) -> Response | None:
    """`put_event` from the bare request; None where anything about it is not as the API describes it."""
    client_id, body = id_of(request, "client_id"), await body_of(request, OwnEventIn)
    if client_id is None or body is None:
        return None
    viewer = await participant_of(request)
    return await said(lambda told: put_event(client_id, body, request, told, request.app.state.house, viewer))


@router.delete("/{client_id}", name="retract_event", status_code=204, responses=responses(401, 404, 410, 422))
def delete_event(client_id: UUID, request: Request, house: TheHouse, viewer: ParticipantViewer) -> None:
    """Takes an event back: it was a mistake. It no longer counts; that it was once reported stays in the record."""
    with house.sessions.transaction() as session:
        person = lock_own(session, viewer)
        retract_event(session, house.mind, person, client_id, now=house.clock.study())
        act = act_of(house, request, viewer, "event_retracted", "timed_event", client_id, person=person.uid)
        add_act(session, house, person.study_uid, act)


def _out(row: Row[Any]) -> OwnEvent:
    return OwnEvent(
        id=row.client_id,
        kind=row.kind,
        happened_at=row.happened_at,
        ended_at=row.ended_at,
        reported_at=row.reported_at,
        source=row.source,
    )
