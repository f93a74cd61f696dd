"""What staff set for a person: events that are to come, and the hours in which the person wakes."""

from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import Row

from api.actions.change_zone import change_wake_windows
from api.actions.plan_event import Plan, call_off, plan_event
from api.actions.record_act import act_of, add_act, record
from api.auth.staff import StaffViewer
from api.deps import TheHouse
from api.problems import responses
from api.router import Router
from api.shapes import Day, Moment, Shape
from models.access import Ability
from models.definition.base import WallTime
from models.definition.prompting import WakeWindows
from models.kinds import Intention, TimedEventKind
from models.queries import enrollment as rows
from models.queries.events import planned_event, planned_revisions

router = Router(prefix="/v1/care/participants/{enrollment_id}", tags=["care"])

SOURCE = "staff"


class PlannedEventIn(Shape):
    kind: TimedEventKind
    day: Day
    """The person's local day, today or later."""
    time: WallTime | None = None
    """`HH:MM` on the wall where the person is then; null: from waking on that day."""


class PlannedEventOut(Shape):
    id: UUID
    kind: TimedEventKind
    day: date
    time: str | None
    intention: Intention
    """planned; retracted: called off; happened: told as an event."""
    revision: int
    recorded_at: Moment
    source: str
    """participant or staff."""


class PlannedEventList(Shape):
    items: list[PlannedEventOut]


class HoursOut(Shape):
    wake_windows: WakeWindows
    valid_from: Day
    """First local day with these windows."""


@router.get("/planned-events", name="list_plans_of_person", response_model=PlannedEventList, responses=responses(401, 403, 404))
def list_plans(enrollment_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request) -> PlannedEventList:
    """Every revision of every planned event of a person, each move and recall among them."""
    with house.sessions.reading() as session:
        person = rows.person(session, viewer, Ability.SEE_ANSWERS, enrollment_id, now=house.clock.study())
        found = planned_revisions(session, person.id)
    act = act_of(house, request, viewer, "planned_events_read", "enrollment", enrollment_id, person=enrollment_id, purpose="care")
    record(house, person.study_uid, act)
    return PlannedEventList(items=[_out(one) for one in found])


@router.put(
    "/planned-events/{client_id}",
    name="plan_event_of_person",
    response_model=PlannedEventOut,
    responses={201: {"model": PlannedEventOut, "description": "Set now."}, **responses(401, 403, 404, 409, 410)},
)
def put_plan(
    enrollment_id: UUID,
    client_id: UUID,
    body: PlannedEventIn,
    viewer: StaffViewer,
    house: TheHouse,
    request: Request,
    response: Response,
) -> PlannedEventOut:
    """Sets the day of an event, or moves it: prompts that were not sent follow at once."""
    with house.sessions.transaction() as session:
        person = rows.lock_person(session, viewer, Ability.RECORD_EVENTS, enrollment_id, now=house.clock.study())
        revision, new = plan_event(session, house, person, Plan(client_id, body.kind, body.day, body.time), source=SOURCE)
        row = planned_event(session, person.id, client_id)
        if new:
            act = act_of(
                house,
                request,
                viewer,
                "event_planned",
                "planned_event",
                client_id,
                person=enrollment_id,
                purpose="care",
                revision=revision,
            )
            add_act(session, house, person.study_uid, act)
    assert row is not None
    response.status_code = 201 if new and revision == 1 else 200
    return _out(row)


@router.delete("/planned-events/{client_id}", name="call_off_event_of_person", status_code=204, responses=responses(401, 403, 404))
def delete_plan(enrollment_id: UUID, client_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request) -> None:
    """It will not be. What it would have asked falls away; what was sent stays."""
    with house.sessions.transaction() as session:
        person = rows.lock_person(session, viewer, Ability.RECORD_EVENTS, enrollment_id, now=house.clock.study())
        call_off(session, house, person, client_id, source=SOURCE)
        act = act_of(house, request, viewer, "event_called_off", "planned_event", client_id, person=enrollment_id, purpose="care")
        add_act(session, house, person.study_uid, act)


@router.put("/wake-windows", name="set_wake_windows", response_model=HoursOut, responses=responses(401, 403, 404, 410))
def put_wake_windows(enrollment_id: UUID, body: WakeWindows, viewer: StaffViewer, house: TheHouse, request: Request) -> HoursOut:
    """Other hours, within the protocol's bounds, from the next local day of the person that has not begun."""
    with house.sessions.transaction() as session:
        person = rows.lock_person(session, viewer, Ability.RECORD_EVENTS, enrollment_id, now=house.clock.study())
        valid_from = change_wake_windows(session, house, person, body, source=SOURCE)
        act = act_of(house, request, viewer, "wake_windows_changed", "enrollment", enrollment_id, person=enrollment_id, purpose="care")
        add_act(session, house, person.study_uid, act)
    return HoursOut(wake_windows=body, valid_from=valid_from)


def _out(row: Row[Any]) -> PlannedEventOut:
    return PlannedEventOut(
        id=row.client_id,
        kind=row.kind,
        day=row.day,
        time=row.wall,
        intention=row.intention,
        revision=row.revision,
        recorded_at=row.recorded_at,
        source=row.source,
    )
