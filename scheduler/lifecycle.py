"""The life of a prompt: which event leads from which state to which, what timing an answer has, when to look again.

The state says when a prompt was answered, not when the answer arrived: a phone that was out of reach answers in time
even where the server had given the prompt up.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from models.definition.prompting import EARLY_GRACE, LATE_GRACE
from models.errors import Conflict
from models.kinds import PromptState, Timing

_S = PromptState


class Event(StrEnum):
    """What can happen to a prompt. Each that is accepted becomes a row with actor, instant and reason."""

    REPLAN = "replan"
    QUEUE = "queue"
    SEND = "send"
    DELIVER = "deliver"
    OPEN = "open"
    SNOOZE = "snooze"
    COMPLETE = "complete"
    PARTIAL = "partial"
    DECLINE = "decline"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    BLOCK = "block"
    CANCEL = "cancel"


Answer = Literal[Event.COMPLETE, Event.PARTIAL, Event.DECLINE]

TERMINAL: Final = frozenset({_S.COMPLETED, _S.PARTIAL, _S.DECLINED, _S.EXPIRED, _S.SUPERSEDED, _S.BLOCKED, _S.CANCELLED})
"""Nothing waits on these. A slot that was blocked or superseded before it was sent may be planned again."""

ANSWERED: Final = frozenset({_S.COMPLETED, _S.PARTIAL, _S.DECLINED})

_UNSENT = (_S.PLANNED, _S.QUEUED)
_WITH_PERSON = (_S.SENT, _S.DELIVERED, _S.OPENED, _S.SNOOZED)
_LIVE = (*_UNSENT, *_WITH_PERSON)
_ENDED = (_S.COMPLETED, _S.PARTIAL, _S.DECLINED, _S.EXPIRED)
_ASIDE = (_S.BLOCKED, _S.SUPERSEDED)

_LEADS: Final[Mapping[Event, tuple[tuple[tuple[PromptState, ...], PromptState], ...]]] = {
    Event.REPLAN: (((_S.PLANNED, *_ASIDE), _S.PLANNED),),
    Event.QUEUE: (((_S.PLANNED,), _S.QUEUED),),
    Event.SEND: (((_S.QUEUED,), _S.SENT),),
    Event.DELIVER: (((_S.QUEUED, _S.SENT), _S.DELIVERED),),
    # A phone that derives its prompts offline opens, defers and answers them before we have sent anything.
    Event.OPEN: ((_LIVE, _S.OPENED),),
    Event.SNOOZE: ((_LIVE, _S.SNOOZED),),
    Event.COMPLETE: ((_LIVE, _S.COMPLETED),),
    Event.PARTIAL: ((_LIVE, _S.PARTIAL),),
    Event.DECLINE: ((_LIVE, _S.DECLINED),),
    Event.EXPIRE: ((_LIVE, _S.EXPIRED),),
    Event.SUPERSEDE: (((_S.PLANNED, _S.BLOCKED), _S.SUPERSEDED),),
    Event.BLOCK: (((*_UNSENT, *_ASIDE), _S.BLOCKED),),
    Event.CANCEL: (((*_LIVE, *_ASIDE), _S.CANCELLED),),
}

_ECHOES: Final[Mapping[Event, tuple[PromptState, ...]]] = {
    # Receipts and the record of a sending arrive in any order and twice; they are kept as rows and move nothing back.
    Event.SEND: (*_WITH_PERSON, *_ENDED, _S.CANCELLED),
    Event.DELIVER: (_S.DELIVERED, _S.OPENED, _S.SNOOZED, *_ENDED, _S.CANCELLED),
    Event.OPEN: (*_ENDED, _S.CANCELLED),
    # A late answer to an expired prompt leaves it expired.
    Event.COMPLETE: (_S.EXPIRED,),
    Event.PARTIAL: (_S.EXPIRED,),
    Event.DECLINE: (_S.EXPIRED,),
}

TRANSITIONS: Final[Mapping[tuple[PromptState, Event], PromptState]] = {
    **{(state, event): to for event, leads in _LEADS.items() for states, to in leads for state in states},
    **{(state, event): state for event, states in _ECHOES.items() for state in states},
}
"""Every legal (state, event) and the state after it."""


def move(state: PromptState, event: Event) -> PromptState:
    """The state after an event. Raises `Conflict` (`prompt_transition`) where the event cannot happen in this state.

    >>> move(PromptState.QUEUED, Event.SEND).value
    'sent'
    """
    after = TRANSITIONS.get((state, event))
    if after is None:
        raise Conflict("prompt_transition", f"A prompt that is {state.value} cannot take the event {event.value}.")
    return after


def answered(state: PromptState, answer: Answer, timing: Timing) -> PromptState:
    """The state after an answer with this timing. Never raises, since no answer is refused.

    Answered after expiry: `expired`, whether or not the server had noticed yet. Answered before it: the answer's own state,
    also where the prompt had been given up, or is not due yet and so is never sent. A prompt that was answered before, or set aside,
    stays as it is.

    >>> answered(PromptState.EXPIRED, Event.COMPLETE, Timing.AFTER_EXPIRY).value
    'expired'
    >>> answered(PromptState.EXPIRED, Event.COMPLETE, Timing.ON_TIME).value
    'completed'
    """
    if state in TERMINAL and state is not PromptState.EXPIRED:
        return state
    return PromptState.EXPIRED if timing is Timing.AFTER_EXPIRY else move(PromptState.OPENED, answer)


def timing(answered_at: datetime, due_at: datetime, expires_at: datetime, *, opened_at: datetime | None = None) -> Timing:
    """Whether a prompted answer came in time. Both of the person's instants are corrected for clock skew.

    `on_time`: begun when the prompt was due, or at most `EARLY_GRACE` before it, and ended by `expires_at`, itself included. `early`:
    ended by then and begun before that; an answer that does not say when it was opened was begun when it ended. `late`: opened by
    `expires_at` and ended within `LATE_GRACE` after it. `after_expiry`: everything else.

    >>> due = datetime(2026, 3, 4, 15)
    >>> timing(due - timedelta(minutes=20), due, due + timedelta(hours=1)).value
    'early'
    """
    if answered_at <= expires_at:
        return Timing.EARLY if (opened_at or answered_at) < due_at - EARLY_GRACE else Timing.ON_TIME
    if opened_at is not None and opened_at <= expires_at and answered_at <= expires_at + LATE_GRACE:
        return Timing.LATE
    return Timing.AFTER_EXPIRY


def snooze(*, now: datetime, expires_at: datetime, minutes: int, used: int, allowed: int) -> datetime:
    """The instant until which the prompt is deferred.

    Raises `Conflict`: `snooze_spent` where all `allowed` are `used`, `snooze_past_expiry` where the prompt would expire first.
    """
    if used >= allowed:
        raise Conflict("snooze_spent", f"This prompt may be deferred {allowed} times.")
    until = now + timedelta(minutes=minutes)
    if until >= expires_at:
        raise Conflict("snooze_past_expiry", "The prompt would expire before it comes back.")
    return until


def reminders_after_snooze(reminders: Sequence[datetime], until: datetime, expires_at: datetime) -> tuple[datetime, ...]:
    """The reminders that are left: the prompt comes back at `until`, then those of the plan after it, all distinct and before expiry."""
    return tuple(one for one in sorted({until, *(later for later in reminders if later > until)}) if one < expires_at)


def next_moment(
    state: PromptState, *, due_at: datetime, expires_at: datetime, reminders: Sequence[datetime] = (), after: datetime
) -> datetime | None:
    """When to look at the prompt again: its due time, the next reminder later than `after`, or expiry. None where it has ended.

    A prompt that is still waiting to be sent has no reminders yet; one that was opened and left keeps them until it is answered.
    """
    if state in TERMINAL:
        return None
    if state is PromptState.PLANNED:
        return due_at
    wanted = [] if state is PromptState.QUEUED else [one for one in reminders if after < one < expires_at]
    return min(wanted, default=expires_at)
