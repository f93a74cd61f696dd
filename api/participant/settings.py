"""What the person sets: zone, wake windows, pauses, and leaving in four ways."""

from datetime import timedelta
from typing import Annotated

from fastapi import Request
from pydantic import Field, StrictInt

from api.actions.change_zone import change_wake_windows, change_zone
from api.actions.leave import leave
from api.actions.pause import Reason, pause, resume
from api.actions.record_act import act_of, add_act
from api.auth.participant import OwnViewer, ParticipantViewer
from api.deps import House, TheHouse
from api.participant.shapes import Zone
from api.problems import responses
from api.router import Router
from api.shapes import AS_JSON, Day, Moment, Shape
from models.access import Viewer
from models.definition.prompting import WakeWindows
from models.errors import Fault, Invalid
from models.kinds import Leaving
from models.queries.enrollment_phone import lock_own, own, pause_now

router = Router(prefix="/v1/participant", tags=["participant"])


class ZoneIn(Shape):
    zone: Zone
    changed_at: Moment
    """When the phone noticed. A move counts from when we hear of it."""


class ZoneOut(Shape):
    zone: str
    changed: bool


class WakeOut(Shape):
    wake_windows: WakeWindows
    valid_from: Day
    """First local day with these windows."""


class PauseIn(Shape):
    until: Moment | None = None
    hours: Annotated[StrictInt, Field(ge=1, le=8760), AS_JSON] | None = None
    """Instead of `until`. Neither: until the person resumes."""
    reason: Reason | None = None


class PauseOut(Shape):
    paused: bool
    since: Moment | None
    until: Moment | None
    """When prompts come again; null while paused: when the person resumes."""
    reason: str | None


class LeaveIn(Shape):
    how: Leaving


class LeaveOut(Shape):
    how: Leaving
    at: Moment
    done: list[str]
    """What was done, in plain words, to be shown as it is."""


@router.put("/zone", name="put_zone", response_model=ZoneOut, responses=responses(401, 410, 422))
def put_zone(body: ZoneIn, request: Request, house: TheHouse, viewer: ParticipantViewer) -> ZoneOut:
    """The phone shows another zone: prompts that were not sent are planned anew, and none is asked twice."""
    return ZoneOut(zone=body.zone, changed=change_zone(house, request, viewer, body.zone, body.changed_at))


@router.put("/wake-windows", name="put_wake_windows", response_model=WakeOut, responses=responses(401, 410, 422))
def put_wake_windows(body: WakeWindows, request: Request, house: TheHouse, viewer: ParticipantViewer) -> WakeOut:
    """Other hours, within the protocol's bounds, from the next local day that has not begun."""
    with house.sessions.transaction() as session:
        person = lock_own(session, viewer)
        valid_from = change_wake_windows(session, house, person, body, source="device")
        act = act_of(house, request, viewer, "wake_windows_changed", "enrollment", person.uid, person=person.uid)
        add_act(session, house, person.study_uid, act)
    return WakeOut(wake_windows=body, valid_from=valid_from)


@router.get("/pause", name="get_pause", response_model=PauseOut, responses=responses(401, 410))
def get_pause(house: TheHouse, viewer: ParticipantViewer) -> PauseOut:
    """Whether prompts are paused, and when they come again."""
    return _pause(house, viewer)


@router.post("/pause", name="pause_prompts", response_model=PauseOut, responses=responses(401, 410, 422))
def post_pause(body: PauseIn, request: Request, house: TheHouse, viewer: ParticipantViewer) -> PauseOut:
    """No prompts for a while. Help, and what the person starts, work all the same."""
    if body.until is not None and body.hours is not None:
        fault = Fault("/hours", "one_of_two", "Send `until` or `hours`, not both.")
        raise Invalid("invalid", "The pause breaks the rules named in errors.", (fault,))
    until = house.clock.study() + timedelta(hours=body.hours) if body.hours is not None else body.until
    pause(house, request, viewer, until=until, reason=body.reason)
    return _pause(house, viewer)


@router.post("/resume", name="resume_prompts", response_model=PauseOut, responses=responses(401, 410))
def post_resume(request: Request, house: TheHouse, viewer: ParticipantViewer) -> PauseOut:
    """Prompts come again from now on."""
    resume(house, request, viewer)
    return _pause(house, viewer)


@router.post("/leave", name="leave", response_model=LeaveOut, responses=responses(401, 422))
def post_leave(body: LeaveIn, request: Request, house: TheHouse, viewer: OwnViewer) -> LeaveOut:
    """Pause prompts, stop collection, stop use, or erase identifiers: carried out before this replies. No reason is asked."""
    left = leave(house, request, viewer, body.how)
    return LeaveOut(how=left.how, at=left.at, done=list(left.done))


def _pause(house: House, viewer: Viewer) -> PauseOut:
    with house.sessions.reading() as session:
        row = pause_now(session, own(session, viewer).id, now=house.clock.study())
    if row is None:
        return PauseOut(paused=False, since=None, until=None, reason=None)
    return PauseOut(paused=True, since=row.starts_at, until=row.ends_at, reason=row.reason)
