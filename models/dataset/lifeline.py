"""A prompt as it stood at the cut, from its events: they are only added, its own row goes on changing. Pure.

Instants may be datetimes or microseconds, as long as they are all alike.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from models.dataset.instants import said_micros
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

_STATES: Final = {state.value: state for state in PromptState}


@dataclass(frozen=True, slots=True)
class Moment:
    """What the plan said of a slot at the cut. `density` is null where the moment was not drawn."""

    due_at: Any
    window_start: Any
    window_end: Any
    expires_at: Any
    zone: str
    offset_minutes: int
    instrument: str
    protocol_version_id: int
    study_day: int
    density: float | None
    day_probability: float


class Life(NamedTuple):
    """What had happened to a slot at the cut. An instant is None where it had not happened."""

    state: PromptState
    reason: str | None
    sent: Any
    delivered: Any
    opened: Any
    expired: Any
    reminders: int
    snoozes: int
    replans: int


_INSTANTS: Final = frozenset({"due_at", "window_start", "window_end", "expires_at"})


def moment(prompt: Any, was: Mapping[str, Any] | None) -> Moment:
    """The plan of a slot. `was` holds what the first replanning after the cut replaced, by column, instants as ISO 8601.

    Instants become what those of `prompt` are: datetimes or microseconds.
    """
    said = was or {}
    instant = datetime.fromisoformat if isinstance(prompt.due_at, datetime) else said_micros
    return Moment(*(_value(prompt, said, name, instant) for name in Moment.__slots__))


def _value(prompt: Any, was: Mapping[str, Any], name: str, instant: Callable[[str], Any]) -> Any:
    if name not in was:
        return getattr(prompt, name)
    return instant(was[name]) if name in _INSTANTS else was[name]


def life(prompt: Any, before: Sequence[Any], after: Sequence[Any], *, as_of: Any) -> Life:
    """The life of `prompt` from its events, oldest first: those in the cut and those that came later.

    Only a prompt without any event (a row from elsewhere) is read from its own columns, as far as they are not after `as_of`: of the
    others, a column may have been set after the cut to an instant before it.
    """
    if before:
        return _lived(before)
    if after:
        return Life(_STATES[after[0].from_state or "planned"], None, None, None, None, None, 0, 0, 0)
    sent, delivered, opened = (_own(at, as_of) for at in (prompt.sent_at, prompt.delivered_at, prompt.opened_at))
    return Life(_STATES[prompt.state], prompt.reason, sent, delivered, opened, None, 0, 0, 0)


def _lived(events: Sequence[Any]) -> Life:
    """An instant is that of the first event of its name: a receipt that came late is a row too, and moved nothing.

    The reason is that of the event that entered the last state.
    """
    first: dict[str, Any] = {}
    reminders = snoozes = replans = 0
    entered = last = events[-1]
    for event in events:
        name, before = event.name, event.from_state
        first.setdefault(name, event.at)
        if before != event.to_state:
            entered = event
        if name == "reminded":
            reminders += 1
        elif name == "snoozed":
            snoozes += 1
        elif name in {"replanned", "blocked"}:
            replans += before is not None
    get = first.get
    told = get("sent"), get("delivered"), get("opened"), get("expired")
    return Life(_STATES[last.to_state], entered.reason, *told, reminders, snoozes, replans)


def _own(instant: Any, as_of: Any) -> Any:
    return instant if instant is not None and instant <= as_of else None
