"""What a human does to an alert. Every act names the version it was decided on; saying again what is so already changes nothing."""

from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field, StrictInt

from api.actions.handle_alert import handle_alert, staff_key
from api.auth.staff import StaffViewer
from api.care.alerts import AlertOut, alert_out
from api.deps import House, TheHouse
from api.pages import Expected, etag
from api.problems import responses
from api.router import Router
from api.shapes import AS_JSON, Moment, Paragraph, Shape
from models.access import Viewer
from models.kinds import Disposition
from risk.alert_terms import Acknowledge, Move, Note, Progress, Reassign, Reopen, Resolve, Snooze

router = Router(prefix="/v1/care/alerts/{alert_id}", tags=["care"])

Coded = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
"""A coded reason, so that the history can be counted; words go into the note, which is sealed."""

REFUSALS = responses(401, 403, 404, 409, 410, 412, 422, 428)


class Noted(Shape):
    note: Paragraph | None = None
    """Sealed under the person's key."""


class AlertSnooze(Noted):
    until: Moment
    reason: Coded


class ReassignIn(Noted):
    owner_id: UUID
    reason: Coded | None = None


class ResolveIn(Noted):
    disposition: Disposition
    minutes_spent: Annotated[StrictInt, Field(ge=0, le=1440), AS_JSON] | None = None


class ReopenIn(Noted):
    reason: Coded


class NoteIn(Shape):
    note: Paragraph


@router.post("/acknowledge", response_model=AlertOut, responses=REFUSALS)
def acknowledge_alert(
    alert_id: UUID, viewer: StaffViewer, version: Expected, house: TheHouse, request: Request, response: Response, body: Noted | None = None
) -> AlertOut:
    """Take the alert. It expires without progress and goes to the next rung. Again by the same person: 200 and the same."""
    return _do(house, request, response, viewer, alert_id, Acknowledge(), version, body.note if body else None)


@router.post("/progress", response_model=AlertOut, responses=REFUSALS)
def progress_alert(
    alert_id: UUID, viewer: StaffViewer, version: Expected, house: TheHouse, request: Request, response: Response, body: Noted | None = None
) -> AlertOut:
    """Work goes on: the acknowledgement holds for another term."""
    return _do(house, request, response, viewer, alert_id, Progress(), version, body.note if body else None)


@router.post("/snooze", response_model=AlertOut, responses=REFUSALS)
def snooze_alert(
    alert_id: UUID, body: AlertSnooze, viewer: StaffViewer, version: Expected, house: TheHouse, request: Request, response: Response
) -> AlertOut:
    """Rest until a time; at most 24 h for tier 2 and 4 h for tier 3, never for tier 4."""
    return _do(house, request, response, viewer, alert_id, Snooze(body.until, body.reason), version, body.note)


@router.post("/reassign", response_model=AlertOut, responses=REFUSALS)
def reassign_alert(
    alert_id: UUID, body: ReassignIn, viewer: StaffViewer, version: Expected, house: TheHouse, request: Request, response: Response
) -> AlertOut:
    """Hand it to someone else, who must acknowledge it again."""
    with house.sessions.reading() as session:
        owner = staff_key(session, body.owner_id)
    return _do(house, request, response, viewer, alert_id, Reassign(owner, body.reason), version, body.note)


@router.post("/resolve", response_model=AlertOut, responses=REFUSALS)
def resolve_alert(
    alert_id: UUID, body: ResolveIn, viewer: StaffViewer, version: Expected, house: TheHouse, request: Request, response: Response
) -> AlertOut:
    """End it, with how it ended. What a tier 4 alert hid is opened again at once."""
    return _do(house, request, response, viewer, alert_id, Resolve(body.disposition, body.minutes_spent), version, body.note)


@router.post("/reopen", response_model=AlertOut, responses=REFUSALS)
def reopen_alert(
    alert_id: UUID, body: ReopenIn, viewer: StaffViewer, version: Expected, house: TheHouse, request: Request, response: Response
) -> AlertOut:
    """Open it again, with a reason."""
    return _do(house, request, response, viewer, alert_id, Reopen(body.reason), version, body.note)


@router.post("/notes", status_code=201, response_model=AlertOut, responses=responses(401, 403, 404, 410, 422))
def note_alert(alert_id: UUID, body: NoteIn, viewer: StaffViewer, house: TheHouse, request: Request, response: Response) -> AlertOut:
    """Add a note to the history. Needs no version: a note overwrites nothing."""
    return _do(house, request, response, viewer, alert_id, Note(), None, body.note)


def _do(
    house: House, request: Request, response: Response, viewer: Viewer, alert_id: UUID, move: Move, version: int | None, note: str | None
) -> AlertOut:
    handle_alert(house, request, viewer, alert_id, move, version=version, note=note)
    shown = alert_out(house, viewer, alert_id)
    response.headers["ETag"] = etag(shown.alert.version)
    return shown
