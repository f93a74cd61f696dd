"""Prompts as the phone sees them: what is open, what is planned, and what the person does with one."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from fastapi import Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Row
from sqlalchemy.exc import OperationalError

from api.actions.touch_prompts import Touch, Touched, expiry_of, known_revisions
from api.actions.write import written
from api.auth.participant import ParticipantViewer, participant_of
from api.deps import House, TheHouse
from api.participant.direct import body_of, id_of
from api.participant.shapes import Version
from api.problems import responses
from api.router import Router
from api.shapes import Moment, Shape
from models.access import Viewer
from models.definition.prompting import Expiry
from models.errors import Busy, Conflict
from models.kinds import DesignKind, PromptState
from models.queries import prompt as queries
from models.queries.prompt import Move, Shown, shown
from models.session import ReadSession
from scheduler.lifecycle import TERMINAL
from scheduler.prompt_moves import declining, needs_receipt, opening, receiving, reminders
from scheduler.quiet import Hours, hours_of
from scheduler.snooze import snoozing

router = Router(prefix="/v1/participant/prompts", tags=["participant"])

ACTOR = "participant"
MOST_DAYS: Final = 14
USUAL_DAYS: Final = 7
Days = Annotated[int, Query(ge=0, le=MOST_DAYS)]

_ENCODE: Final = msgspec.json.Encoder().encode


class PromptOut(Shape):
    """A prompt. Instants are UTC; `zone` and `local_due` say what the wall clock shows then."""

    id: UUID
    design: str
    kind: DesignKind
    instrument: str
    protocol_revision: int
    """Ask from this revision, also where a newer one has come."""
    state: PromptState
    study_day: int
    due_at: Moment
    window_start: Moment
    window_end: Moment
    expires_at: Moment
    zone: str
    local_due: str
    reminders: list[Moment]
    """Still to come, outside quiet hours where the person is now."""
    snoozes_left: int
    snooze_minutes: int
    drawn_items: list[str] | None
    """Of the rotating sets the items that this prompt asks; null where nothing rotates."""
    item_order: list[str] | None
    """All items in the order in which this prompt asks them; null: as the protocol writes them."""
    plan_revision: int
    """Rises when an unsent prompt is moved."""


class PromptList(Shape):
    open: list[PromptOut]
    """May be answered now, oldest first."""
    upcoming: list[PromptOut]
    server_time: Moment


class OpenIn(Shape):
    at: Moment | None = None
    """When the person opened it, by the phone's clock; null: now."""


class SnoozeIn(Shape):
    number: Version
    """1 for the first time that this prompt is deferred, 2 for the second: a retry says the same number and defers once."""


class DeclineIn(Shape):
    reason: Literal["not_now", "busy", "driving", "working", "with_people", "resting", "upset", "private"]
    at: Moment | None = None


@router.get("", name="list_prompts", response_model=PromptList, responses=responses(401, 410, 422))
async def list_prompts(house: TheHouse, viewer: ParticipantViewer, days: Days = USUAL_DAYS) -> Response:
    """What is open and what is planned for the coming days. Reading it confirms that open prompts have arrived."""
    now = house.clock.study()
    rows, found = await run_in_threadpool(_listed, house, viewer, now, days)
    if rows:
        try:
            touched = await asyncio.gather(*(_received(house, viewer, row.uid) for row in rows))
        except _UNWRITTEN:
            _, found = await run_in_threadpool(_listed, house, viewer, now, days, receipts=False)
        else:
            found["open"] = [_out(one) for one in touched if one.row.state not in TERMINAL and one.row.expires_at > now]
    return _reply(found)


@router.get("/{prompt_id}", name="get_prompt", response_model=PromptOut, responses=responses(401, 404, 410, 422))
async def get_prompt(prompt_id: UUID, house: TheHouse, viewer: ParticipantViewer) -> Response:
    """One prompt of one's own, ended ones too."""
    owed, found = await run_in_threadpool(_one, house, viewer, prompt_id)
    if owed:
        with suppress(*_UNWRITTEN):
            found = await _received(house, viewer, prompt_id)
    return _reply(_out(found))


@router.post("/{prompt_id}/open", name="open_prompt", response_model=PromptOut, responses=responses(401, 404, 409, 410, 422))
async def post_open(prompt_id: UUID, body: OpenIn, house: TheHouse, viewer: ParticipantViewer) -> Response:
    """The person looks at it. The first time counts; again changes nothing.

    An answer says it too: its `started_at` opens the prompt where no opening was told. An app spares the request by keeping the opening
    for some minutes and telling it only where the answer has not gone out by then.
    """

    def move(row: Row[Any], _expiry: Expiry, _hours: Hours, now: datetime) -> Move | None:
        return None if row.state == PromptState.OPENED else opening(row, opened_at=_at(body.at, now), now=now, actor=ACTOR)

    return await _act(house, Touch(viewer, prompt_id, move))


@router.post("/{prompt_id}/snooze", name="snooze_prompt", response_model=PromptOut, responses=responses(401, 404, 409, 410, 422))
async def post_snooze(prompt_id: UUID, body: SnoozeIn, house: TheHouse, viewer: ParticipantViewer) -> Response:
    """Later: it comes back after the minutes that the protocol says, within its life."""

    def move(row: Row[Any], expiry: Expiry, hours: Hours, now: datetime) -> Move | None:
        if body.number <= row.snoozes:
            return None
        if body.number > row.snoozes + 1:
            raise Conflict("snooze_out_of_turn", "A deferral before this one has not arrived.")
        return snoozing(row, expiry, hours, now=now, actor=ACTOR)

    return await _act(house, Touch(viewer, prompt_id, move))


@router.post("/{prompt_id}/decline", name="decline_prompt", response_model=PromptOut, responses=responses(401, 404, 409, 410, 422))
async def post_decline(prompt_id: UUID, body: DeclineIn, house: TheHouse, viewer: ParticipantViewer) -> Response:
    """Not this one. It costs nothing and is stored with its reason."""

    def move(row: Row[Any], _expiry: Expiry, _hours: Hours, now: datetime) -> Move | None:
        if row.state == PromptState.DECLINED:
            return None
        return declining(row, declined_at=_at(body.at, now), now=now, actor=ACTOR, reason=body.reason)

    return await _act(house, Touch(viewer, prompt_id, move))


_UNWRITTEN: Final = (Busy, OperationalError)
"""Nothing can be written now, for want of room in the queue or on the disk. What is asked is told all the same; the receipt stays owed."""

_PLAIN_DAYS: Final = re.compile(rb"(?:days=(\d{1,2}))?", re.ASCII)
_ACTS: Final[Mapping[str, tuple[type[Shape], Callable[..., Awaitable[Response]]]]] = {
    "open_prompt": (OpenIn, post_open),
    "snooze_prompt": (SnoozeIn, post_snooze),
    "decline_prompt": (DeclineIn, post_decline),
}


async def list_directly(request: Request) -> Response | None:
    """`list_prompts` from the bare request; None where its query is not the plain one, so that the framework says what is wrong."""
    plain = _PLAIN_DAYS.fullmatch(request.scope["query_string"])
    if plain is None or (days := int(plain[1] or USUAL_DAYS)) > MOST_DAYS:
        return None
    viewer = await participant_of(request)
    return await list_prompts(request.app.state.house, viewer, days)


async def act_directly(request: Request) -> Response | None:
    """What the person did with a prompt, from the bare request; None where anything about it is not as the API describes it."""
    shape, act = _ACTS[request.scope["route"].name]
    prompt_id, given = id_of(request, "prompt_id"), await body_of(request, shape)
    if prompt_id is None or given is None:
        return None
    viewer = await participant_of(request)
    return await act(prompt_id, given, request.app.state.house, viewer)


async def _act(house: House, touch: Touch) -> Response:
    """The prompt as it is after the act, once that is stored."""
    return _reply(_out(await _touched(house, touch)))


async def _touched(house: House, touch: Touch) -> Touched:
    touched: Touched | Exception = await written(house, touch)
    if isinstance(touched, Exception):
        raise touched
    return touched


async def _received(house: House, viewer: Viewer, prompt_id: UUID) -> Touched:
    """The phone has the prompt."""

    def move(row: Row[Any], _expiry: Expiry, _hours: Hours, now: datetime) -> Move | None:
        return receiving(row, now=now, actor=ACTOR)

    return await _touched(house, Touch(viewer, prompt_id, move, receipt=True))


def _at(given: datetime | None, now: datetime) -> datetime:
    """What the phone says, never later than now: its clock may be ahead."""
    return now if given is None else min(given, now)


def _listed(house: House, viewer: Viewer, now: datetime, days: int, *, receipts: bool = True) -> tuple[Sequence[Row[Any]], dict[str, Any]]:
    """What is said, and the open prompts where the phone is owed a receipt for any: then they are said as they are after it."""
    with house.sessions.reading() as session:
        rows = queries.open_prompts(session, viewer, now=now)
        upcoming = queries.upcoming_prompts(session, viewer, now=now, until=now + timedelta(days=days))
        owed = rows if receipts and needs_receipt(session, rows) else ()
        given = _given(house, session, [*([] if owed else map(shown, rows)), *upcoming])
    said = [_out(one) for one in given]
    number = len(said) - len(upcoming)
    return owed, {"open": said[:number], "upcoming": said[number:], "server_time": now}


def _one(house: House, viewer: Viewer, prompt_id: UUID) -> tuple[bool, Touched]:
    """Whether the phone is owed a receipt for the prompt, and the prompt as it stands."""
    now = house.clock.study()
    with house.sessions.reading() as session:
        row = queries.prompt_for(session, viewer, prompt_id)
        return row.expires_at > now and needs_receipt(session, [row]), _given(house, session, [shown(row)])[0]


def _given(house: House, session: ReadSession, prompts: Sequence[Shown]) -> list[Touched]:
    """Prompts with what else a phone is told of them, each read once."""
    numbers = known_revisions(house, session, {one.protocol_version_id for one in prompts})
    people = {one.enrollment_id for one in prompts if one.reminders_left}
    hours = hours_of(session, people) if people else {}
    lives = {(one.protocol_version_id, one.design): one for one in prompts}
    expiries = {name: expiry_of(house, session, one) for name, one in lives.items()}
    return [
        Touched(
            one,
            numbers[one.protocol_version_id],
            expiries[one.protocol_version_id, one.design],
            hours.get(one.enrollment_id),
        )
        for one in prompts
    ]


def _out(given: Touched) -> dict[str, Any]:
    """A `PromptOut`, as values that are encoded at once: a phone asks for forty of them many times a day."""
    one, hours = given.row, given.hours
    return {
        "id": one.uid,
        "design": one.design,
        "kind": one.kind,
        "instrument": one.instrument,
        "protocol_revision": given.revision,
        "state": one.state,
        "study_day": one.study_day,
        "due_at": one.due_at,
        "window_start": one.window_start,
        "window_end": one.window_end,
        "expires_at": one.expires_at,
        "zone": one.zone,
        "local_due": one.local_due,
        "reminders": [] if hours is None else [at for at in reminders(one) if not hours.quiet(at)],
        "snoozes_left": max(0, given.expiry.snoozes - one.snoozes),
        "snooze_minutes": given.expiry.snooze_minutes,
        "drawn_items": None if one.drawn is None else one.drawn.get("items"),
        "item_order": None if one.drawn is None else one.drawn.get("order"),
        "plan_revision": one.plan_revision,
    }


def _reply(found: Any) -> Response:
    return Response(_ENCODE(found), media_type="application/json")
