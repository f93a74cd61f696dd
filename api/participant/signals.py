"""Passive signals: what the phone or a watch measured by itself, as Open mHealth data points."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Request
from pydantic import Field, StrictBool, WithJsonSchema

from api.actions.open_mhealth import point_schema
from api.actions.record_act import act_of, add_act
from api.actions.take_signals import Taken, Upload, agree, require_open, take_signals
from api.auth.participant import OwnViewer, ParticipantViewer
from api.deps import TheHouse
from api.pages import cursor_of, read_cursor
from api.problems import document, responses, status_of
from api.router import Router
from api.settings import ApiSettings
from api.shapes import Cursor, Limit, Moment, Page, Shape
from models.definition.signal import UNITS
from models.kinds import SignalKind
from models.queries.enrollment_phone import lock_own
from models.queries.signals import own_points
from scheduler.follow import study_now

router = Router(prefix="/v1/participant", tags=["participant"])

MOST: Final = 500
_POINTS: Final = {"type": "array", "maxItems": MOST, "items": point_schema()}


class SignalsIn(Shape):
    agreed: StrictBool
    """Whether the person agrees to signals, by the words of the protocol. False, without points, switches them off."""
    sent_at: Moment
    """When this upload left, by the phone's clock: the server measures the clock's error with it."""
    points: Annotated[list[Any], Field(max_length=MOST), WithJsonSchema(_POINTS)] = []
    """Open mHealth data points, each judged on its own."""


class SignalResult(Shape):
    """The fate of one point, in the order in which they were sent: 201 stored, 200 stored before, else refused."""

    id: UUID | None
    """The phone's; null where the point has none that can be read."""
    status: int
    problem: dict[str, Any] | None = None


class SignalsReply(Shape):
    results: list[SignalResult]


class OwnSignal(Shape):
    id: UUID
    kind: SignalKind
    started_at: Moment | None
    ended_at: Moment
    value: float
    unit: str
    received_at: Moment


@router.put(
    "/signals",
    name="put_signals",
    response_model=SignalsReply,
    responses=responses(401, 410, 413, 422),
    max_body_size=ApiSettings().batch_body_limit,
)
def put_signals(body: SignalsIn, request: Request, house: TheHouse, viewer: ParticipantViewer) -> SignalsReply:
    """Stores up to 500 points, each once, under the id that the phone made. A point that is refused holds no other back.

    Send them before the next answer: it hears what was measured before it. What comes later is heard all the same, after the fact.
    """
    now = study_now(house.sessions, house.clock, body.sent_at)
    upload = Upload(body.agreed, body.sent_at, body.points)
    with house.sessions.transaction() as session:
        person = lock_own(session, viewer)
        signals = require_open(person, house.protocols.get(session, person.protocol_version_id).signals)
        changed = agree(session, person, upload, actor=viewer.actor, now=now)
        taken = take_signals(session, house.mind, person, signals, upload, now=now)
        if changed:
            word = "signals_agreed" if body.agreed else "signals_stopped"
            add_act(session, house, person.study_uid, act_of(house, request, viewer, word, "enrollment", person.uid, person=person.uid))
    return SignalsReply(results=[_result(request, one) for one in taken])


@router.get("/me/signals", name="list_my_signals", response_model=Page[OwnSignal], responses=responses(401, 422))
def list_my_signals(house: TheHouse, viewer: OwnViewer, cursor: Cursor = None, limit: Limit = 50) -> Page[OwnSignal]:
    """Every point that is held about the person, newest first. Open also after leaving."""
    at, key = read_cursor(cursor, datetime, UUID) if cursor is not None else (None, None)
    with house.sessions.reading() as session:
        rows = own_points(session, viewer, after=None if at is None else (at, key), limit=limit, now=house.clock.study())
    shown = rows[:limit]
    return Page(
        items=[
            OwnSignal(
                id=row.client_id,
                kind=row.kind,
                started_at=row.started_at,
                ended_at=row.ended_at,
                value=row.value,
                unit=UNITS[row.kind],
                received_at=row.received_at,
            )
            for row in shown
        ],
        next=cursor_of(shown[-1].ended_at, shown[-1].client_id) if len(rows) > limit else None,
    )


def _result(request: Request, taken: Taken) -> SignalResult:
    problem = taken.problem
    if problem is None:
        return SignalResult(id=taken.client_id, status=201 if taken.created else 200)
    status = status_of(problem)
    refusal = document(request.scope.get("request_id", "-"), status, problem.code, problem.detail, problem.faults)
    return SignalResult(id=taken.client_id, status=status, problem=refusal)
