"""Replanning as a set difference: what is stored against what is wanted. What was sent or has passed is never touched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.kinds import DesignKind, PromptState
from scheduler.plan.occasion import Blocked, Occasion

CALENDAR_KINDS = frozenset({DesignKind.FIXED, DesignKind.WINDOW, DesignKind.STRATIFIED, DesignKind.UNIFORM, DesignKind.INTERVAL})
"""Designs that a plan knows beforehand; a row of another kind is always kept."""

_MOVABLE = frozenset({PromptState.PLANNED, PromptState.BLOCKED, PromptState.SUPERSEDED})


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """What reconciliation reads of a stored prompt. `reason` is that of a blocked one."""

    uid: UUID
    kind: DesignKind
    instrument: str
    state: PromptState
    due_at: datetime
    expires_at: datetime
    zone: str
    plan_revision: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Retime:
    """Bring the row to the occasion's times and to `planned`; it may come from `planned`, `blocked` or `superseded`."""

    row: PlannedRow
    occasion: Occasion
    plan_revision: int


@dataclass(frozen=True, slots=True)
class Block:
    """Bring the row to `blocked` with this reason, and to the occasion's times."""

    row: PlannedRow
    occasion: Occasion
    reason: Blocked
    plan_revision: int


@dataclass(frozen=True, slots=True)
class Supersede:
    """The slot has vanished from the plan. `reason` is the caller's: what made it plan again."""

    row: PlannedRow
    reason: str


@dataclass(frozen=True, slots=True)
class Changes:
    """Every existing row is in exactly one of `retime`, `block`, `supersede` and `keep`; every other wanted slot in `insert`."""

    insert: tuple[Occasion, ...] = ()
    retime: tuple[Retime, ...] = ()
    block: tuple[Block, ...] = ()
    supersede: tuple[Supersede, ...] = ()
    keep: tuple[PlannedRow, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.insert or self.retime or self.block or self.supersede)


def reconcile(existing: Sequence[PlannedRow], wanted: Iterable[Occasion], *, now: datetime, reason: str = "replanned") -> Changes:
    """What to change in the stored prompts of some local dates so that they are the wanted ones of the same dates.

    Applying the changes and reconciling again gives no changes. A wanted moment that has passed is never set as due: a new
    row is inserted as blocked (`passed`), and a row that was due later is blocked (`travel` where the zone differs, else `passed`).
    """
    by_uid = {one.uid: one for one in wanted}
    stored = {row.uid for row in existing}
    verdicts = [_verdict(row, by_uid.get(row.uid), now=now, reason=reason) for row in existing]
    return Changes(
        insert=tuple(_insertable(one, now) for one in by_uid.values() if one.uid not in stored),
        retime=tuple(one for one in verdicts if isinstance(one, Retime)),
        block=tuple(one for one in verdicts if isinstance(one, Block)),
        supersede=tuple(one for one in verdicts if isinstance(one, Supersede)),
        keep=tuple(one for one in verdicts if isinstance(one, PlannedRow)),
    )


def _verdict(row: PlannedRow, wanted: Occasion | None, *, now: datetime, reason: str) -> PlannedRow | Retime | Block | Supersede:
    """`row` itself means: keep it."""
    if row.kind not in CALENDAR_KINDS or row.state not in _MOVABLE:
        return row
    passed = row.due_at <= now
    if wanted is None:
        return row if passed or row.state is PromptState.SUPERSEDED else Supersede(row, reason)
    if passed and (row.state is PromptState.PLANNED or (row.state is PromptState.BLOCKED and wanted.blocked is not None)):
        return row
    if wanted.blocked is not None:
        return row if _same(row, wanted) else Block(row, wanted, wanted.blocked, row.plan_revision + 1)
    if wanted.due_at <= now:
        return _too_late(row, wanted)
    return row if _same(row, wanted) else Retime(row, wanted, row.plan_revision + 1)


def _same(row: PlannedRow, wanted: Occasion) -> bool:
    state, reason = (PromptState.PLANNED, row.reason) if wanted.blocked is None else (PromptState.BLOCKED, wanted.blocked)
    stored = (row.state, row.reason, row.due_at, row.expires_at, row.zone, row.instrument)
    return stored == (state, reason, wanted.due_at, wanted.expires_at, wanted.zone, wanted.instrument)


def _too_late(row: PlannedRow, wanted: Occasion) -> PlannedRow | Block:
    """A slot that had vanished and is wanted again was not asked either, and says so."""
    if row.state is PromptState.BLOCKED:
        return row
    reason: Blocked = "travel" if row.zone != wanted.zone else "passed"
    return Block(row, wanted._replace(blocked=reason, reminders=()), reason, row.plan_revision + 1)


def _insertable(wanted: Occasion, now: datetime) -> Occasion:
    if wanted.blocked is None and wanted.due_at <= now:
        return wanted._replace(blocked="passed", reminders=())
    return wanted
