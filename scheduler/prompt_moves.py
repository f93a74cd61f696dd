"""What a person, a phone or the dispatcher does to a prompt: the life cycle's verdict on its way into rows.

The prompt is always the whole row, read and locked in the caller's transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from models.kinds import DeliveryState, PromptState
from models.queries import delivery
from models.queries.prompt import Move, Shown
from models.session import ReadSession, WriteSession
from scheduler import lifecycle
from scheduler.lifecycle import Event
from scheduler.promises import pull_names

PAST_TENSE: Final[Mapping[Event, str]] = {
    Event.REPLAN: "replanned",
    Event.QUEUE: "queued",
    Event.SEND: "sent",
    Event.DELIVER: "delivered",
    Event.OPEN: "opened",
    Event.SNOOZE: "snoozed",
    Event.COMPLETE: "completed",
    Event.PARTIAL: "partial",
    Event.DECLINE: "declined",
    Event.EXPIRE: "expired",
    Event.SUPERSEDE: "superseded",
    Event.BLOCK: "blocked",
    Event.CANCEL: "cancelled",
}
"""How each event is called in its row."""

_UNCONFIRMED: Final = frozenset({PromptState.QUEUED, PromptState.SENT})


def reminders(prompt: Row[Any] | Shown) -> tuple[datetime, ...]:
    """The instants of the reminders that are still to come."""
    return tuple(datetime.fromisoformat(one) for one in prompt.reminders_left)


def moved(
    prompt: Row[Any],
    event: Event,
    *,
    now: datetime,
    actor: str,
    before: PromptState | None = None,
    reason: str | None = None,
    left: Sequence[datetime] | None = None,
    **changes: Any,
) -> Move:
    """The transition of one event, with the next moment it leads to. Raises `Conflict` where the life cycle has none.

    A `reason` stands on the event and on the prompt.
    `before` is the state where an earlier move of the same transaction has changed it; `left` the reminders from now on.
    """
    state = lifecycle.move(before or PromptState(prompt.state), event)
    if reason is not None:
        changes["reason"] = reason
    return _to(prompt, PAST_TENSE[event], state, now=now, actor=actor, reason=reason, left=left, changes=changes)


def _to(
    prompt: Row[Any],
    name: str,
    state: PromptState,
    *,
    now: datetime,
    actor: str,
    reason: str | None = None,
    left: Sequence[datetime] | None = None,
    changes: Mapping[str, Any],
) -> Move:
    coming = reminders(prompt) if left is None else left
    next_at = lifecycle.next_moment(state, due_at=prompt.due_at, expires_at=prompt.expires_at, reminders=coming, after=now)
    left_over = {} if left is None else {"reminders_left": [one.isoformat() for one in left]}
    return Move(prompt, name, state, now, actor, reason, changes={**changes, **left_over, "next_at": next_at})


def opening(prompt: Row[Any], *, opened_at: datetime, now: datetime, actor: str) -> Move:
    """The person opened it; the first opening is kept. Raises `Conflict` for a prompt that was set aside."""
    return moved(prompt, Event.OPEN, now=now, actor=actor, opened_at=prompt.opened_at or opened_at)


def declining(prompt: Row[Any], *, declined_at: datetime, now: datetime, actor: str, reason: str | None) -> Move:
    """The person said "not now", with a coded reason. After expiry the prompt stays or becomes `expired`, and the refusal is a row.

    `declined_at` is corrected for clock skew. Raises `Conflict` for a prompt that was answered before or set aside.
    """
    before = PromptState(prompt.state)
    lifecycle.move(before, Event.DECLINE)
    timing = lifecycle.timing(declined_at, prompt.due_at, prompt.expires_at, opened_at=prompt.opened_at)
    after = lifecycle.answered(before, Event.DECLINE, timing)
    changes = {"reason": reason, "first_answer_at": prompt.first_answer_at or declined_at}
    move = _to(prompt, PAST_TENSE[Event.DECLINE], after, now=now, actor=actor, reason=reason, left=(), changes=changes)
    return replace(move, detail={"timing": timing.value})


def needs_receipt(session: ReadSession, prompts: Sequence[Row[Any]]) -> bool:
    """Whether a phone that has just read these prompts keeps a promise by it; most reads need no write."""
    return any(PromptState(one.state) in _UNCONFIRMED for one in prompts) or delivery.waits_for_fetch(session, pull_names(prompts))


def receiving(prompt: Row[Any], *, now: datetime, actor: str) -> Move | None:
    """A phone has it; None where that was known."""
    return moved(prompt, Event.DELIVER, now=now, actor=actor, delivered_at=now) if PromptState(prompt.state) in _UNCONFIRMED else None


def keep_promises(session: WriteSession, prompts: Sequence[Row[Any]], *, system_now: datetime) -> None:
    """What was promised about these prompts to a phone that asks by itself is kept: it has them. `prompts` are locked."""
    delivery.end_by_key(session, pull_names(prompts), DeliveryState.DELIVERED, None, now=system_now)
