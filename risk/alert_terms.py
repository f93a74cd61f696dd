"""The values of an alert's life: the alert itself, what a human may do to it, and what a move comes to. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.definition.escalation import Ladder
from models.kinds import AlertState, Disposition, RungTarget


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert as its life cycle sees it.

    `rung_since` is when the present rung began, `next_at` when someone must look again (None only where resolved);
    `owner`, `acknowledged_by` and `resolved_by` are internal keys of staff.
    """

    tier: int
    ladder: Ladder
    state: AlertState
    rung: int
    rung_since: datetime
    next_at: datetime | None
    opened_at: datetime
    last_occurred_at: datetime
    occurrences: int = 1
    owner: int | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: int | None = None
    snoozed_until: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: int | None = None
    disposition: Disposition | None = None
    minutes_spent: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, for the alert's history. `reason` is coded; `detail` holds numbers and codes."""

    name: str
    from_state: AlertState | None
    to_state: AlertState
    rung: int
    reason: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move came to: the alert after it, whom to tell now, and what to write down."""

    view: AlertView
    notify: tuple[RungTarget, ...] = ()
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Takes the alert; it now belongs to who did."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Work goes on; the acknowledgement holds for another term."""


@dataclass(frozen=True, slots=True)
class Snooze:
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Reassign:
    owner: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Resolve:
    disposition: Disposition
    minutes_spent: int | None = None


@dataclass(frozen=True, slots=True)
class Reopen:
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """A remark in the history; nothing else changes."""

    reason: str | None = None


Move = Acknowledge | Progress | Snooze | Reassign | Resolve | Reopen | Note
