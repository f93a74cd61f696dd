"""The life of an alert: which moves are legal, who is told next, and when. Pure.

An alert that is not resolved always has a next moment, and `tick` at that moment moves it strictly into the future:
no alert dies and none spins. Tiers 3 and 4 are never suppressed and wait for nothing (safety.md rule 6).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

from models.definition.escalation import Ladder, Rung
from models.errors import Conflict, Fault, Invalid
from models.kinds import AlertState, RungTarget
from risk.alert_terms import Acknowledge, AlertView, Event, Move, Moved, Note, Progress, Reassign, Reopen, Resolve, Snooze

URGENT_TIER: Final = 3
RECHECK_MINUTES: Final = 15
"""A suppressed alert looks at its parent again at least this often, so that a lost signal delays it and no more."""

SNOOZE_MINUTES: Final[Mapping[int, int]] = {2: 24 * 60, 3: 4 * 60}
"""The most that any study may allow; tier 4 is never snoozed."""

CLAIMED: Final = frozenset({AlertState.ACKNOWLEDGED, AlertState.IN_PROGRESS})
UNCLAIMED: Final = frozenset({AlertState.PENDING, AlertState.OPEN, AlertState.SNOOZED, AlertState.SUPPRESSED})
UNRESOLVED: Final = CLAIMED | UNCLAIMED


def opened(tier: int, ladder: Ladder, *, owner: int | None, now: datetime, inhibited: bool = False) -> Moved:
    """A new alert. Tier 2 first waits out its grouping time, or is suppressed while a parent is open; tiers 3 and 4 tell at once."""
    view = AlertView(tier, ladder, AlertState.PENDING, 0, now, now, now, now, owner=owner)
    wait = 0 if tier >= URGENT_TIER else ladder.group_wait_minutes
    if inhibited and tier < URGENT_TIER:
        return _to(_suppressed(view, now), "opened", before=None, reason="inhibited")
    if wait:
        return _to(replace(view, next_at=now + timedelta(minutes=wait)), "opened", before=None)
    return _to(_open(view, 0, now, now), "opened", before=None, notify=True)


def occurred(view: AlertView, *, now: datetime) -> Moved:
    """It happened again while the alert stands. Tiers 3 and 4 tell again, and end a snooze; tier 2 only counts."""
    if view.state is AlertState.RESOLVED:
        raise _illegal(view, "joined by another occurrence")
    again = replace(view, occurrences=view.occurrences + 1, last_occurred_at=now)
    detail = {"occurrences": again.occurrences}
    if view.tier < URGENT_TIER:
        return _to(again, "occurred", before=view, detail=detail)
    if view.state is AlertState.SNOOZED:
        again = _open(again, view.rung, now, now)
    moved = _to(again, "occurred", before=view, detail=detail, notify=True)
    return replace(moved, notify=(RungTarget.OWNER, *moved.notify)) if view.state in CLAIMED and _owned_later(view) else moved


def perform(view: AlertView, move: Move, *, by: int | None, now: datetime) -> Moved:
    """What a human did. `by` is the internal key of who did it, None for the house itself.

    Raises Conflict where the move is not legal in this state or tier, Invalid where its content breaks a rule.
    """
    if view.state is AlertState.RESOLVED and not isinstance(move, Reopen | Note):
        raise _illegal(view, type(move).__name__.lower())
    match move:
        case Acknowledge():
            return _acknowledge(view, by, now)
        case Progress():
            return _progress(view, now)
        case Snooze():
            return _snooze(view, move, now)
        case Reassign():
            return _reassign(view, move, now)
        case Resolve():
            return _resolve(view, move, by, now)
        case Reopen():
            return _reopen(view, move, now)
        case Note():
            return _to(view, "noted", before=view, reason=move.reason)
        case _:
            assert_never(move)


def suppress(view: AlertView, *, now: datetime) -> Moved:
    """Hides an unclaimed tier 2 alert behind an open tier 4 one of the same person. Raises Conflict for anything else."""
    if view.tier >= URGENT_TIER or view.state not in {AlertState.PENDING, AlertState.OPEN}:
        raise _illegal(view, "suppressed")
    return _to(_suppressed(view, now), "suppressed", before=view, reason="inhibited")


def release(view: AlertView, *, now: datetime) -> Moved:
    """Opens a suppressed alert again, at once and on the rung where it stood, when what hid it has closed."""
    if view.state is not AlertState.SUPPRESSED:
        raise _illegal(view, "released")
    return _to(_open(view, view.rung, now, now), "released", before=view, notify=True)


def tick(view: AlertView, *, now: datetime, inhibited: bool = False) -> Moved:
    """What time alone does: opens, repeats, escalates, or ends a snooze, an expired acknowledgement or a suppression.

    Before `next_at` nothing. After a long silence the alert stands on the rung that the elapsed time calls for, and its
    people are told once. `inhibited` says that an open parent hides tier 2 alerts of this person.
    """
    if view.next_at is None or now < view.next_at:
        return Moved(view)
    if inhibited and view.tier < URGENT_TIER:
        hidden = _suppressed(view, now)
        return Moved(hidden) if view.state is AlertState.SUPPRESSED else _to(hidden, "suppressed", before=view, reason="inhibited")
    if view.state is AlertState.SUPPRESSED:
        return release(view, now=now)
    if view.state is AlertState.PENDING:
        return _to(_open(view, 0, view.next_at, now), "waited", before=view, notify=True)
    if view.state is AlertState.SNOOZED:
        return _to(_open(view, view.rung, view.next_at, now), "snooze_ended", before=view, notify=True)
    if view.state in CLAIMED:
        return _to(_open(view, _following(view), view.next_at, now), "acknowledgement_expired", before=view, notify=True)
    after = _open(view, view.rung, view.rung_since, now)
    return _to(after, "repeated" if after.rung == view.rung else "escalated", before=view, notify=True)


def skip_rung(view: AlertView, *, now: datetime) -> Moved | None:
    """Leaves a rung on which there is nobody and tells the next at once; None on the last rung."""
    if view.state is not AlertState.OPEN or _following(view) == view.rung:
        return None
    return _to(_open(view, view.rung + 1, now, now), "rung_empty", before=view, detail={"empty_rung": view.rung}, notify=True)


def rung_of(view: AlertView) -> Rung:
    """The present rung."""
    return view.ladder.rungs[view.rung]


def snooze_limit_minutes(view: AlertView) -> int:
    """The longest snooze that tier and ladder allow; 0 where it cannot be snoozed at all."""
    return min(view.ladder.snooze_limit_minutes, SNOOZE_MINUTES.get(view.tier, 0))


def _acknowledge(view: AlertView, by: int | None, now: datetime) -> Moved:
    if view.state not in UNCLAIMED:
        raise _illegal(view, "acknowledged")
    after = replace(
        view,
        state=AlertState.ACKNOWLEDGED,
        owner=view.owner if by is None else by,
        acknowledged_at=now,
        acknowledged_by=by,
        snoozed_until=None,
        next_at=_claim_ends(view, now),
    )
    return _to(after, "acknowledged", before=view)


def _progress(view: AlertView, now: datetime) -> Moved:
    if view.state not in CLAIMED:
        raise _illegal(view, "worked on before it is acknowledged")
    return _to(replace(view, state=AlertState.IN_PROGRESS, next_at=_claim_ends(view, now)), "progressed", before=view)


def _snooze(view: AlertView, move: Snooze, now: datetime) -> Moved:
    limit = snooze_limit_minutes(view)
    if not limit or view.state not in CLAIMED | {AlertState.PENDING, AlertState.OPEN}:
        raise _illegal(view, "snoozed")
    _need_reason(move.reason)
    if move.until <= now:
        raise _invalid("/until", "in_the_past", "A snooze ends in the future.")
    if move.until > now + timedelta(minutes=limit):
        raise _invalid("/until", "too_long", f"This alert can be snoozed for at most {limit} minutes.")
    after = replace(
        view, state=AlertState.SNOOZED, snoozed_until=move.until, next_at=move.until, acknowledged_at=None, acknowledged_by=None
    )
    return _to(after, "snoozed", before=view, reason=move.reason, detail={"until": move.until.isoformat()})


def _reassign(view: AlertView, move: Reassign, now: datetime) -> Moved:
    """An open alert keeps its clock, so that handing it on cannot slow it down; a claimed one must be acknowledged by the new owner."""
    after = replace(view, owner=move.owner)
    if view.state in CLAIMED:
        after = _open(after, view.rung, now, now)
    moved = _to(after, "reassigned", before=view, reason=move.reason)
    return replace(moved, notify=(RungTarget.OWNER,)) if after.state is AlertState.OPEN else moved


def _resolve(view: AlertView, move: Resolve, by: int | None, now: datetime) -> Moved:
    if move.minutes_spent is not None and move.minutes_spent < 0:
        raise _invalid("/minutes_spent", "negative", "Minutes spent are 0 or more.")
    after = replace(
        view,
        state=AlertState.RESOLVED,
        next_at=None,
        snoozed_until=None,
        resolved_at=now,
        resolved_by=by,
        disposition=move.disposition,
        minutes_spent=move.minutes_spent,
    )
    return _to(after, "resolved", before=view, reason=str(move.disposition))


def _reopen(view: AlertView, move: Reopen, now: datetime) -> Moved:
    if view.state not in CLAIMED | {AlertState.SNOOZED, AlertState.RESOLVED}:
        raise _illegal(view, "reopened")
    _need_reason(move.reason)
    rung = 0 if view.state is AlertState.RESOLVED else view.rung
    after = replace(_open(view, rung, now, now), resolved_at=None, resolved_by=None, disposition=None, minutes_spent=None)
    return _to(after, "reopened", before=view, reason=move.reason, notify=True)


def _open(view: AlertView, rung: int, since: datetime, now: datetime) -> AlertView:
    """Open on `rung` since `since`, carried on to the rung and the repeat that `now` calls for."""
    rungs = view.ladder.rungs
    last = len(rungs) - 1
    while rung < last and since + timedelta(minutes=rungs[rung].acknowledge_minutes) <= now:
        since += timedelta(minutes=rungs[rung].acknowledge_minutes)
        rung += 1
    repeat = timedelta(minutes=rungs[rung].repeat_minutes)
    next_at = since + repeat * ((now - since) // repeat + 1)
    if rung < last:
        next_at = min(next_at, since + timedelta(minutes=rungs[rung].acknowledge_minutes))
    return replace(
        view,
        state=AlertState.OPEN,
        rung=rung,
        rung_since=since,
        next_at=next_at,
        acknowledged_at=None,
        acknowledged_by=None,
        snoozed_until=None,
    )


def _suppressed(view: AlertView, now: datetime) -> AlertView:
    return replace(
        view,
        state=AlertState.SUPPRESSED,
        next_at=now + timedelta(minutes=RECHECK_MINUTES),
        acknowledged_at=None,
        acknowledged_by=None,
        snoozed_until=None,
    )


def _claim_ends(view: AlertView, now: datetime) -> datetime:
    return now + timedelta(minutes=view.ladder.acknowledgement_minutes)


def _following(view: AlertView) -> int:
    return min(view.rung + 1, len(view.ladder.rungs) - 1)


def _owned_later(view: AlertView) -> bool:
    """True where the present rung would not tell the owner by itself."""
    return rung_of(view).to is not RungTarget.OWNER


def _to(
    after: AlertView,
    name: str,
    *,
    before: AlertView | None,
    reason: str | None = None,
    detail: Mapping[str, Any] | None = None,
    notify: bool = False,
) -> Moved:
    event = Event(name, None if before is None else before.state, after.state, after.rung, reason, detail or {})
    return Moved(after, (rung_of(after).to,) if notify else (), (event,))


def _need_reason(reason: str) -> None:
    if not reason.strip():
        raise _invalid("/reason", "required", "A reason is needed.")


def _invalid(pointer: str, rule: str, message: str) -> Invalid:
    return Invalid("alert_move_invalid", message, (Fault(pointer, rule, message),))


def _illegal(view: AlertView, done: str) -> Conflict:
    return Conflict("alert_move_illegal", f"A tier {view.tier} alert that is {view.state} cannot be {done}.")
