"""Prompts as the phone sees them: what is open, what is planned, and what the person does with one."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from fastapi import Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Row

from api.actions.touch_prompts import Touch, Touched, expiry_of, known_revisions
from api.actions.write import written
from api.auth.participant import ParticipantViewer, participant_of
from api.deps import House, TheHouse
from api.participant.shapes import Version
from api.problems import responses
from api.router import Router
from api.shapes import Moment, Shape
from models.access import Viewer
from models.definition.prompting import Expiry
from models.errors import Conflict
from models.kinds import DesignKind, PromptState
from models.queries import prompt as queries
from models.queries.prompt import Move
from models.session import ReadSession
from scheduler.prompt_moves import declining, needs_receipt, opening, record_fetch, reminders
from scheduler.quiet import Hours, hours_of
from scheduler.snooze import snoozing

router = Router(prefix="/v1/participant/prompts", tags=["participant"])

ACTOR = "participant"
MOST_DAYS: Final = 14

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
def list_prompts(house: TheHouse, viewer: ParticipantViewer, days: Annotated[int, Query(ge=0, le=MOST_DAYS)] = 7) -> Response:
    """What is open and what is planned for the coming days. Reading it confirms that open prompts have arrived."""
    now = house.clock.study()
    with house.sessions.reading() as session:
        rows = queries.open_prompts(session, viewer, now=now)
        owed = needs_receipt(session, rows)
        found = None if owed else _listed(house, session, viewer, rows, now, days)
    if owed:
        _confirm(house, viewer, [row.uid for row in rows], now)
        with house.sessions.reading() as session:
            found = _listed(house, session, viewer, queries.open_prompts(session, viewer, now=now), now, days)
    return _reply(found)


@router.get("/{prompt_id}", name="get_prompt", response_model=PromptOut, responses=responses(401, 404, 410, 422))
def get_prompt(prompt_id: UUID, house: TheHouse, viewer: ParticipantViewer) -> Response:
    """One prompt of one's own, ended ones too."""
    now = house.clock.study()
    with house.sessions.reading() as session:
        row = queries.prompt_for(session, viewer, prompt_id)
        owed = row.expires_at > now and needs_receipt(session, [row])
    if owed:
        _confirm(house, viewer, [prompt_id], now)
    with house.sessions.reading() as session:
        return _reply(_one(house, session, viewer, prompt_id))


@router.post("/{prompt_id}/open", name="open_prompt", response_model=PromptOut, responses=responses(401, 404, 409, 410, 422))
async def post_open(prompt_id: UUID, body: OpenIn, house: TheHouse, viewer: ParticipantViewer) -> Response:
    """The person looks at it. The first time counts; again changes nothing."""

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


_PLAIN_DAYS: Final = re.compile(rb"days=(\d{1,2})", re.ASCII)
_ACTS: Final[Mapping[str, tuple[type[Shape], Callable[..., Awaitable[Response]]]]] = {
    "open_prompt": (OpenIn, post_open),
    "snooze_prompt": (SnoozeIn, post_snooze),
    "decline_prompt": (DeclineIn, post_decline),
}


async def list_directly(request: Request) -> Response | None:
    """`list_prompts` from the bare request; None where its query is not the plain one, so that the framework says what is wrong."""
    plain = _PLAIN_DAYS.fullmatch(request.scope["query_string"])
    if plain is None or (days := int(plain[1])) > MOST_DAYS:
        return None
    viewer = await participant_of(request)
    return await run_in_threadpool(list_prompts, request.app.state.house, viewer, days)


async def act_directly(request: Request) -> Response | None:
    """What the person did with a prompt, from the bare request; None where anything about it is not as the API describes it."""
    shape, act = _ACTS[request.scope["route"].name]
    if request.headers.get("content-type") != "application/json" or request.scope["query_string"]:
        return None
    try:
        prompt_id, given = UUID(request.path_params["prompt_id"]), shape.model_validate_json(await request.body())
    except ValueError:
        return None
    viewer = await participant_of(request)
    return await act(prompt_id, given, request.app.state.house, viewer)


async def _act(house: House, touch: Touch) -> Response:
    """The prompt as it is after the act, once that is stored."""
    touched: Touched | Exception = await written(house, touch)
    if isinstance(touched, Exception):
        raise touched
    return _reply(_out(touched.row, touched.revision, touched.expiry, touched.hours))


def _at(given: datetime | None, now: datetime) -> datetime:
    """What the phone says, never later than now: its clock may be ahead."""
    return now if given is None else min(given, now)


def _confirm(house: House, viewer: Viewer, prompt_ids: Sequence[UUID], now: datetime) -> None:
    assert viewer.enrollment_id is not None
    with house.sessions.transaction() as session:
        rows = queries.lock_by_uid(session, [(viewer.enrollment_id, uid) for uid in prompt_ids])
        record_fetch(session, rows, now=now, system_now=house.clock.system(), actor=ACTOR)


def _listed(house: House, session: ReadSession, viewer: Viewer, rows: Sequence[Row[Any]], now: datetime, days: int) -> dict[str, Any]:
    """`rows` are the open prompts."""
    upcoming = queries.upcoming_prompts(session, viewer, now=now, until=now + timedelta(days=days))
    return {"open": _shown(house, session, rows), "upcoming": _shown(house, session, upcoming), "server_time": now}


def _one(house: House, session: ReadSession, viewer: Viewer, prompt_id: UUID) -> dict[str, Any]:
    return _shown(house, session, [queries.prompt_for(session, viewer, prompt_id)])[0]


def _shown(house: House, session: ReadSession, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    numbers = known_revisions(house, session, {row.protocol_version_id for row in rows})
    hours = hours_of(session, people) if (people := {row.enrollment_id for row in rows if row.reminders_left}) else {}
    return [_out(row, numbers[row.protocol_version_id], expiry_of(house, session, row), hours.get(row.enrollment_id)) for row in rows]


def _out(row: Any, revision: int, expiry: Expiry, hours: Hours | None) -> dict[str, Any]:
    """A `PromptOut`, as values that are encoded at once: a phone asks for forty of them many times a day."""
    coming = [] if hours is None else [one for one in reminders(row) if not hours.quiet(one)]
    return {
        "id": row.uid,
        "design": row.design,
        "kind": row.kind,
        "instrument": row.instrument,
        "protocol_revision": revision,
        "state": row.state,
        "study_day": row.study_day,
        "due_at": row.due_at,
        "window_start": row.window_start,
        "window_end": row.window_end,
        "expires_at": row.expires_at,
        "zone": row.zone,
        "local_due": row.local_due,
        "reminders": coming,
        "snoozes_left": max(0, expiry.snoozes - row.snoozes),
        "snooze_minutes": expiry.snooze_minutes,
        "drawn_items": None if row.drawn is None else row.drawn.get("items"),
        "item_order": None if row.drawn is None else row.drawn.get("order"),
        "plan_revision": row.plan_revision,
    }


def _reply(found: Any) -> Response:
    return Response(_ENCODE(found), media_type="application/json")
