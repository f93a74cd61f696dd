"""A prompt as it stood at the cut, from its events: they are only added, its own row goes on changing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models.kinds import PromptState

TERMINAL: Final = frozenset(
    {
        PromptState.COMPLETED,
        PromptState.PARTIAL,
        PromptState.DECLINED,
        PromptState.EXPIRED,
        PromptState.SUPERSEDED,
        PromptState.BLOCKED,
        PromptState.CANCELLED,
    }
)


@dataclass(frozen=True, slots=True)
class Moment:
    """What the plan said of a slot at the cut. `density` is null where the moment was not drawn."""

    due_at: datetime
    window_start: datetime
    window_end: datetime
    expires_at: datetime
    zone: str
    offset_minutes: int
    instrument: str
    protocol_version_id: int
    study_day: int
    density: float | None
    day_probability: float


@dataclass(frozen=True, slots=True)
class Life:
    """What had happened to a slot at the cut. An instant is None where it had not happened."""

    state: PromptState
    reason: str | None
    sent: datetime | None
    delivered: datetime | None
    opened: datetime | None
    expired: datetime | None
    reminders: int
    snoozes: int
    replans: int


_INSTANTS: Final = frozenset({"due_at", "window_start", "window_end", "expires_at"})


def moment(prompt: Any, was: Mapping[str, Any] | None) -> Moment:
    """The plan of a slot. `was` holds what the first replanning after the cut replaced, by column, instants as ISO 8601."""
    said = was or {}
    return Moment(**{name: _value(prompt, said, name) for name in Moment.__slots__})


def _value(prompt: Any, was: Mapping[str, Any], name: str) -> Any:
    if name not in was:
        return getattr(prompt, name)
    return datetime.fromisoformat(was[name]) if name in _INSTANTS else was[name]


def life(prompt: Any, before: Sequence[Any], after: Sequence[Any], *, as_of: datetime) -> Life:
    """The life of `prompt` from its events, oldest first: those in the cut and those that came later.

    Only a prompt without any event (a row from elsewhere) is read from its own columns, as far as they are not after `as_of`: of the
    others, a column may have been set after the cut to an instant before it.
    """
    state, reason = _state(prompt, before, after)
    own = not before and not after
    return Life(
        state=state,
        reason=reason,
        sent=_own(prompt.sent_at, as_of) if own else _first(before, "sent"),
        delivered=_own(prompt.delivered_at, as_of) if own else _first(before, "delivered"),
        opened=_own(prompt.opened_at, as_of) if own else _first(before, "opened"),
        expired=_first(before, "expired"),
        reminders=sum(event.name == "reminded" for event in before),
        snoozes=sum(event.name == "snoozed" for event in before),
        replans=sum(event.name in {"replanned", "blocked"} and event.from_state is not None for event in before),
    )


def _state(prompt: Any, before: Sequence[Any], after: Sequence[Any]) -> tuple[PromptState, str | None]:
    if before:
        entered = next((event for event in reversed(before) if event.from_state != event.to_state), before[-1])
        return PromptState(before[-1].to_state), entered.reason
    if after and after[0].from_state is not None:
        return PromptState(after[0].from_state), None
    return (PromptState.PLANNED, None) if after else (PromptState(prompt.state), prompt.reason)


def _first(events: Sequence[Any], name: str) -> datetime | None:
    """By name: a receipt that came late is a row too, and moved nothing."""
    return next((event.at for event in events if event.name == name), None)


def _own(instant: datetime | None, as_of: datetime) -> datetime | None:
    return instant if instant is not None and instant <= as_of else None
