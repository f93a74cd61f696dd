"""Prompts as the phone sees them: what is open, what is planned, and what the person does with one."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from sqlalchemy import Row

from api.auth.participant import ParticipantViewer
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
from models.queries.enrollment_phone import lock_own, revisions
from models.session import ReadSession, WriteSession
from scheduler.prompt_moves import decline_prompt, needs_receipt, open_prompt, record_fetch, reminders
from scheduler.quiet import Hours, hours_of
from scheduler.snooze import snooze_prompt

router = Router(prefix="/v1/participant/prompts", tags=["participant"])

ACTOR = "participant"


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
def list_prompts(house: TheHouse, viewer: ParticipantViewer, days: Annotated[int, Query(ge=0, le=14)] = 7) -> PromptList:
    """What is open and what is planned for the coming days. Reading it confirms that open prompts have arrived."""
    now = house.clock.study()
    with house.sessions.reading() as session:
        rows = queries.open_prompts(session, viewer, now=now)
        owed = needs_receipt(session, rows)
    if owed:
        _confirm(house, viewer, [row.uid for row in rows], now)
    with house.sessions.reading() as session:
        rows = queries.open_prompts(session, viewer, now=now)
        upcoming = queries.upcoming_prompts(session, viewer, now=now, until=now + timedelta(days=days))
        return PromptList(open=_shown(house, session, rows), upcoming=_shown(house, session, upcoming), server_time=now)


@router.get("/{prompt_id}", name="get_prompt", response_model=PromptOut, responses=responses(401, 404, 410, 422))
def get_prompt(prompt_id: UUID, house: TheHouse, viewer: ParticipantViewer) -> PromptOut:
    """One prompt of one's own, ended ones too."""
    now = house.clock.study()
    with house.sessions.reading() as session:
        row = queries.prompt_for(session, viewer, prompt_id, now=now)
        owed = row.expires_at > now and needs_receipt(session, [row])
    if owed:
        _confirm(house, viewer, [prompt_id], now)
    return _one(house, viewer, prompt_id)


@router.post("/{prompt_id}/open", name="open_prompt", response_model=PromptOut, responses=responses(401, 404, 409, 410, 422))
def post_open(prompt_id: UUID, body: OpenIn, house: TheHouse, viewer: ParticipantViewer) -> PromptOut:
    """The person looks at it. The first time counts; again changes nothing."""

    def act(session: WriteSession, row: Row[Any], now: datetime) -> None:
        if row.state != PromptState.OPENED:
            open_prompt(session, row, opened_at=_at(body.at, now), now=now, actor=ACTOR)

    return _act(house, viewer, prompt_id, act)


@router.post("/{prompt_id}/snooze", name="snooze_prompt", response_model=PromptOut, responses=responses(401, 404, 409, 410, 422))
def post_snooze(prompt_id: UUID, body: SnoozeIn, house: TheHouse, viewer: ParticipantViewer) -> PromptOut:
    """Later: it comes back after the minutes that the protocol says, within its life."""

    def act(session: WriteSession, row: Row[Any], now: datetime) -> None:
        if body.number <= row.snoozes:
            return
        if body.number > row.snoozes + 1:
            raise Conflict("snooze_out_of_turn", "A deferral before this one has not arrived.")
        snooze_prompt(session, row, _expiry(house, session, row), now=now, actor=ACTOR)

    return _act(house, viewer, prompt_id, act)


@router.post("/{prompt_id}/decline", name="decline_prompt", response_model=PromptOut, responses=responses(401, 404, 409, 410, 422))
def post_decline(prompt_id: UUID, body: DeclineIn, house: TheHouse, viewer: ParticipantViewer) -> PromptOut:
    """Not this one. It costs nothing and is stored with its reason."""

    def act(session: WriteSession, row: Row[Any], now: datetime) -> None:
        if row.state != PromptState.DECLINED:
            decline_prompt(session, row, declined_at=_at(body.at, now), now=now, actor=ACTOR, reason=body.reason)

    return _act(house, viewer, prompt_id, act)


def _act(house: House, viewer: Viewer, prompt_id: UUID, act: Callable[[WriteSession, Row[Any], datetime], None]) -> PromptOut:
    """Locks the enrollment, then the prompt, and does it."""
    now = house.clock.study()
    with house.sessions.transaction() as session:
        lock_own(session, viewer)
        act(session, queries.lock_prompt(session, viewer, prompt_id, now=now), now)
    return _one(house, viewer, prompt_id)


def _at(given: datetime | None, now: datetime) -> datetime:
    """What the phone says, never later than now: its clock may be ahead."""
    return now if given is None else min(given, now)


def _confirm(house: House, viewer: Viewer, prompt_ids: Sequence[UUID], now: datetime) -> None:
    assert viewer.enrollment_id is not None
    with house.sessions.transaction() as session:
        rows = queries.lock_by_uid(session, [(viewer.enrollment_id, uid) for uid in prompt_ids])
        record_fetch(session, rows, now=now, system_now=house.clock.system(), actor=ACTOR)


def _one(house: House, viewer: Viewer, prompt_id: UUID) -> PromptOut:
    with house.sessions.reading() as session:
        return _shown(house, session, [queries.prompt_for(session, viewer, prompt_id, now=house.clock.study())])[0]


def _shown(house: House, session: ReadSession, rows: Sequence[Row[Any]]) -> list[PromptOut]:
    numbers = revisions(session, {row.protocol_version_id for row in rows})
    hours = hours_of(session, {row.enrollment_id for row in rows if row.reminders_left})
    return [_out(row, numbers[row.protocol_version_id], _expiry(house, session, row), hours.get(row.enrollment_id)) for row in rows]


def _expiry(house: House, session: ReadSession, row: Row[Any]) -> Expiry:
    design = house.protocols.get(session, row.protocol_version_id).design(row.design)
    assert design is not None  # a prompt is planned from a design of its own version
    return design.expiry


def _out(row: Row[Any], revision: int, expiry: Expiry, hours: Hours | None) -> PromptOut:
    coming = [] if hours is None else [one for one in reminders(row) if not hours.quiet(one)]
    return PromptOut(
        id=row.uid,
        design=row.design,
        kind=DesignKind(row.kind),
        instrument=row.instrument,
        protocol_revision=revision,
        state=PromptState(row.state),
        study_day=row.study_day,
        due_at=row.due_at,
        window_start=row.window_start,
        window_end=row.window_end,
        expires_at=row.expires_at,
        zone=row.zone,
        local_due=row.local_due,
        reminders=coming,
        snoozes_left=max(0, expiry.snoozes - row.snoozes),
        snooze_minutes=expiry.snooze_minutes,
        drawn_items=None if row.drawn is None else row.drawn.get("items"),
        item_order=None if row.drawn is None else row.drawn.get("order"),
        plan_revision=row.plan_revision,
    )
