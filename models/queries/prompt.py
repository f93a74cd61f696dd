"""Prompts: what is due, what a phone sees, and every transition with its row.

Writes take no viewer: the caller has read and locked the prompt through one, or is a duty of the house.
Lock order: enrollment, then prompt.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Integer, Row, Select, and_, bindparam, exists, select, update

from models.access import Ability, Viewer, visible
from models.errors import Missing
from models.kinds import PromptState
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import Enrollment, Prompt, PromptEvent

_ENDED = (
    PromptState.COMPLETED,
    PromptState.PARTIAL,
    PromptState.DECLINED,
    PromptState.EXPIRED,
    PromptState.SUPERSEDED,
    PromptState.BLOCKED,
    PromptState.CANCELLED,
)

_CHANGED = (
    "reason",
    "next_at",
    "reminders_left",
    "sent_at",
    "delivered_at",
    "opened_at",
    "first_answer_at",
    "completed_at",
    "reminders_sent",
    "snoozes",
)
"""What a transition may change besides the state. What the plan says is changed by the horizon alone."""


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that happened to a prompt, as read and locked in `prompt` (all its columns).

    `name` is the event's name in the past tense (`opened`), `changes` columns of `_CHANGED` that get another value; `next_at` of an ended
    prompt is always null. `to_state` may be the state it has: a receipt that came twice is a row and moves nothing.
    """

    prompt: Row[Any]
    name: str
    to_state: PromptState
    at: datetime
    actor: str
    reason: str | None = None
    detail: Mapping[str, Any] | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


_MOVE = once(
    update(Prompt)
    .where(Prompt.id == bindparam("key"))
    .values(state=bindparam("to_state"), **{name: bindparam(f"to_{name}") for name in _CHANGED})
)


def apply_moves(session: WriteSession, moves: Sequence[Move]) -> None:
    """Writes transitions and their rows. Where one prompt moves twice, the later move carries the changes of the earlier."""
    if not moves:
        return
    values: dict[int, dict[str, Any]] = {}
    for move in moves:
        row = values.setdefault(move.prompt.id, {"key": move.prompt.id, **{f"to_{name}": getattr(move.prompt, name) for name in _CHANGED}})
        row |= {f"to_{name}": value for name, value in _checked(move.changes).items()} | {"to_state": move.to_state}
        if move.to_state in _ENDED:
            row["to_next_at"] = None
    session.change(_MOVE, list(values.values()))
    states = {move.prompt.id: move.prompt.state for move in moves}
    events = []
    for move in moves:
        events.append(_event(move, states[move.prompt.id]))
        states[move.prompt.id] = move.to_state
    session.add_all(PromptEvent, events)


def apply_move(
    session: WriteSession,
    prompt: Row[Any],
    name: str,
    to_state: PromptState,
    *,
    now: datetime,
    actor: str,
    reason: str | None = None,
    detail: Mapping[str, Any] | None = None,
    **changes: Any,
) -> None:
    """One transition. `prompt` is the locked row with all its columns; `changes` are columns and their new values."""
    apply_moves(session, [Move(prompt, name, to_state, now, actor, reason, detail, changes)])


def _checked(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    if unknown := changes.keys() - set(_CHANGED):
        raise ValueError(f"a transition does not change {', '.join(sorted(unknown))}")
    return changes


def _event(move: Move, from_state: str) -> dict[str, Any]:
    prompt = move.prompt
    return {
        "study_id": prompt.study_id,
        "enrollment_id": prompt.enrollment_id,
        "prompt_id": prompt.id,
        "at": move.at,
        "name": move.name,
        "from_state": from_state,
        "to_state": move.to_state,
        "actor": move.actor,
        "reason": move.reason,
        "detail": dict(move.detail) if move.detail is not None else None,
    }


_AT = bindparam("now", type_=Prompt.due_at.type)
_ANY_DUE = once(select(exists(select(Prompt.id).where(Prompt.next_at <= _AT))))
_CLAIM = once(
    select(
        Prompt,
        Enrollment.uid.label("enrollment_uid"),
        Enrollment.state.label("enrollment_state"),
        Enrollment.paused_until,
        Enrollment.consent_collect,
    )
    .join(Enrollment, Enrollment.id == Prompt.enrollment_id)
    .where(Prompt.next_at <= _AT)
    .order_by(Prompt.next_at, Prompt.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True, of=Prompt)
)
"""What is asked all day is built once: building a statement costs more than running it."""


def due(session: ReadSession, *, now: datetime) -> bool:
    """Whether the dispatcher must look at anything (ix_prompt_next)."""
    return bool(session.value(_ANY_DUE, {"now": now}))


def claim_due(session: WriteSession, *, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Prompts whose moment has come, locked until the transaction ends, each with `enrollment_uid` and what may hold it back.

    Two workers get different rows (ix_prompt_next, row locks that are skipped).
    """
    return session.rows(_CLAIM, {"now": now, "most": limit})


def lock_waiting(session: WriteSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """Every prompt of a person that has not ended, locked (ix_prompt_enrollment_due). The caller holds the enrollment's lock."""
    return session.rows(
        select(Prompt).where(Prompt.enrollment_id == enrollment_id, Prompt.next_at.is_not(None)).order_by(Prompt.id).with_for_update()
    )


def lock_by_uid(session: WriteSession, wanted: Collection[tuple[int, UUID]]) -> Sequence[Row[Any]]:
    """Prompts by (enrollment, id), locked in order; one that another transaction holds is waited for."""
    uids = {uid for _, uid in wanted}
    people = {enrollment for enrollment, _ in wanted}
    if not wanted:
        return []
    statement = select(Prompt).where(Prompt.enrollment_id.in_(sorted(people)), Prompt.uid.in_(sorted(uids))).order_by(Prompt.id)
    return [row for row in session.rows(statement.with_for_update()) if (row.enrollment_id, row.uid) in set(wanted)]


class Shown(NamedTuple):
    """What a phone is shown of a prompt. Its members are read far faster by name than those of a row, and a phone reads forty at once."""

    uid: UUID
    enrollment_id: int
    protocol_version_id: int
    design: str
    instrument: str
    kind: str
    state: PromptState
    due_at: datetime
    window_start: datetime
    window_end: datetime
    expires_at: datetime
    reminders_left: Sequence[str]
    zone: str
    local_due: str
    study_day: int
    drawn: Mapping[str, Any] | None
    plan_revision: int
    snoozes: int


def shown(prompt: Row[Any]) -> Shown:
    """Of a whole row."""
    return Shown(*(getattr(prompt, name) for name in Shown._fields))


_OWN = Prompt.enrollment_id == bindparam("enrollment")
_TOLD = and_(Prompt.next_at.is_not(None), Prompt.state != PromptState.PLANNED)
"""Has neither ended nor is it still to come: what has ended has no next moment (a check of the table). A list of states costs more."""
_OPEN_NOW = once(select(Prompt).where(_OWN, _TOLD, Prompt.expires_at > _AT).order_by(Prompt.due_at, Prompt.id))
_TO_COME = once(
    select(*(getattr(Prompt, name) for name in Shown._fields))
    .where(_OWN, Prompt.state == PromptState.PLANNED, Prompt.due_at > _AT, Prompt.due_at <= bindparam("until", type_=Prompt.due_at.type))
    .order_by(Prompt.due_at, Prompt.id)
)
_NAMED = once(select(Prompt).where(_OWN, Prompt.uid == bindparam("uid", type_=Prompt.uid.type)))


def open_prompts(session: ReadSession, viewer: Viewer, *, now: datetime) -> Sequence[Row[Any]]:
    """What the phone's person may answer now, oldest first (ix_prompt_enrollment_due).

    A prompt that is due and not dispatched yet is left out: the dispatcher decides whether a pause holds it back.
    """
    return session.rows(_OPEN_NOW, {"enrollment": viewer.enrollment_id, "now": now})


def upcoming_prompts(session: ReadSession, viewer: Viewer, *, now: datetime, until: datetime) -> Sequence[Shown]:
    """What is planned from `now` to `until`, so that a phone can wake itself without us (ix_prompt_enrollment_due)."""
    return [Shown._make(row) for row in session.rows(_TO_COME, {"enrollment": viewer.enrollment_id, "now": now, "until": until})]


def prompt_for(session: ReadSession, viewer: Viewer, uid: UUID) -> Row[Any]:
    """A prompt of the phone's person. Raises Missing otherwise."""
    row = session.row(_NAMED, {"enrollment": viewer.enrollment_id, "uid": uid})
    if row is None:
        raise Missing("not_found", "There is no such prompt.")
    return row


def prompts_of(viewer: Viewer, ability: Ability, enrollment_uid: UUID, *, now: datetime) -> Select[Any]:
    """Every prompt of one person whom the viewer may see, newest first, for a cursor list (ix_prompt_enrollment_due)."""
    return (
        select(Prompt)
        .join(Enrollment, Enrollment.id == Prompt.enrollment_id)
        .where(visible(viewer, ability, now=now), Enrollment.uid == enrollment_uid)
        .order_by(Prompt.due_at.desc(), Prompt.id.desc())
    )


def prompt_events(session: ReadSession, prompt_ids: Collection[int]) -> Sequence[Row[Any]]:
    """The history of prompts that the caller was allowed to read, in order (ix_prompt_event_prompt)."""
    return session.rows(
        select(PromptEvent).where(PromptEvent.prompt_id.in_(sorted(prompt_ids))).order_by(PromptEvent.prompt_id, PromptEvent.id)
    )
