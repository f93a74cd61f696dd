"""Events that are set for a day to come: a quit day, a visit, a discharge."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import Row

from api.actions.plan_event import Plan, call_off, plan_event
from api.actions.record_act import act_of, add_act
from api.auth.participant import ParticipantViewer
from api.deps import TheHouse
from api.problems import responses
from api.router import Router
from api.shapes import Day, Moment, Shape
from models.definition.base import WallTime
from models.kinds import TimedEventKind
from models.queries.enrollment_phone import lock_own, own
from models.queries.events import planned_event
from models.queries.planning import planned_events

router = Router(prefix="/v1/participant/planned-events", tags=["participant"])

SOURCE = "participant"


class OwnPlanIn(Shape):
    kind: TimedEventKind
    day: Day
    """Local day, today or later; wherever the person is then."""
    time: WallTime | None = None
    """`HH:MM` on the wall; null: from waking on that day."""


class OwnPlan(Shape):
    id: UUID
    kind: TimedEventKind
    day: date
    time: str | None
    revision: int
    """Rises when the day is moved."""
    source: str
    """participant or staff: who set it last."""
    recorded_at: Moment
    """A prompt is never planned for a moment before this."""


class OwnPlanList(Shape):
    items: list[OwnPlan]


@router.get("", name="list_planned_events", response_model=OwnPlanList, responses=responses(401, 410))
def list_planned_events(house: TheHouse, viewer: ParticipantViewer) -> OwnPlanList:
    """What is set and was neither called off nor told yet, also by staff; soonest first."""
    with house.sessions.reading() as session:
        return OwnPlanList(items=[_out(row) for row in planned_events(session, [own(session, viewer).id])])


@router.put(
    "/{client_id}",
    name="put_planned_event",
    response_model=OwnPlan,
    responses={201: {"model": OwnPlan, "description": "Set now."}, **responses(401, 409, 410, 422)},
)
def put_planned_event(
    client_id: UUID, body: OwnPlanIn, request: Request, response: Response, house: TheHouse, viewer: ParticipantViewer
) -> OwnPlan:
    """Sets the day, or moves it: prompts that were not sent follow at once. Once it has happened, tell it as an event that names it."""
    with house.sessions.transaction() as session:
        person = lock_own(session, viewer)
        revision, new = plan_event(session, house, person, Plan(client_id, body.kind, body.day, body.time), source=SOURCE)
        row = planned_event(session, person.id, client_id)
        if new:
            act = act_of(house, request, viewer, "event_planned", "planned_event", client_id, person=person.uid, revision=revision)
            add_act(session, house, person.study_uid, act)
    assert row is not None
    response.status_code = 201 if new and revision == 1 else 200
    return _out(row)


@router.delete("/{client_id}", name="call_off_planned_event", status_code=204, responses=responses(401, 404, 410, 422))
def delete_planned_event(client_id: UUID, request: Request, house: TheHouse, viewer: ParticipantViewer) -> None:
    """It will not be. What it would have asked falls away; what was sent stays."""
    with house.sessions.transaction() as session:
        person = lock_own(session, viewer)
        call_off(session, house, person, client_id, source=SOURCE)
        act = act_of(house, request, viewer, "event_called_off", "planned_event", client_id, person=person.uid)
        add_act(session, house, person.study_uid, act)


def _out(row: Row[Any]) -> OwnPlan:
    return OwnPlan(
        id=row.client_id,
        kind=row.kind,
        day=row.day,
        time=row.wall,
        revision=row.revision,
        source=row.source,
        recorded_at=row.recorded_at,
    )
