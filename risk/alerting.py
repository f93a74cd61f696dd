"""Alerts as rows: opening, working and escalating them, each with its history and its promises in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from models.access import Viewer
from models.definition.protocol import Protocol
from models.errors import Conflict, Fault, Invalid, PreconditionFailed
from models.ids import new_uid
from models.kinds import AlertState
from models.queries import alert as rows
from models.queries.duty import assignable, owner_of
from models.session import ReadSession, WriteSession
from risk.alert_rows import Kept, Times, columns, keep, kept_of, view_of, write_events
from risk.alert_terms import AlertView, Event, Move, Note, Reassign
from risk.alerts import URGENT_TIER, occurred, opened, perform, release, suppress, tick
from risk.staffing import ladder_for

CRISIS_TIER: Final = 4


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens an alert: a disclosure or an alert rule that held.

    `family` is its id, `source_id` the response, rejected submission or decision behind it: the same source never opens
    or joins twice. `refractory_hours` holds a tier 2 alert back that long after the last one of its family opened.
    """

    study_id: int
    enrollment_id: int
    tier: int
    family: str
    source_id: str
    protocol_version_id: int
    rule_hash: str
    synthetic: bool
    estimate_id: int | None = None
    refractory_hours: float = 0

    @property
    def dedup_key(self) -> str:
        return f"{self.enrollment_id}:{self.family}:{self.tier}"


@dataclass(frozen=True, slots=True)
class AlertRef:
    """`created` is False where an alert stood already, or where its refractory time held this one back."""

    id: int
    uid: UUID
    created: bool


@dataclass(frozen=True, slots=True)
class Acted:
    """An alert after a human act, and the version to name in the next one."""

    uid: UUID
    version: int
    view: AlertView


def open_alert(session: WriteSession, opening: Opening, protocol: Protocol, *, now: datetime, system_now: datetime) -> AlertRef:
    """Opens an alert, or joins the one of the same person, family and tier that is unresolved.

    Nothing but the refractory time of tier 2 can hold it back. The caller holds the lock of the enrollment.
    """
    if (known := rows.told_of(session, opening.enrollment_id, opening.dedup_key, opening.source_id)) is not None:
        return AlertRef(known.id, known.uid, created=False)
    times = Times(now, system_now)
    if (held := _held_back(session, opening, times)) is not None:
        return held
    parent = rows.open_parent(session, opening.enrollment_id) if opening.tier < URGENT_TIER else None
    owner = owner_of(session, opening.enrollment_id, now)
    moved = opened(opening.tier, ladder_for(protocol, opening.tier), owner=owner, now=now, inhibited=parent is not None)
    alert_uid = new_uid()
    values = _first(opening, moved.view, alert_uid, parent)
    while (alert_id := rows.add(session, values)) is None:
        if (standing := rows.lock_unresolved(session, opening.study_id, opening.dedup_key)) is not None:
            return _join(session, standing, opening, times)
    kept = Kept(alert_id, alert_uid, opening.study_id, opening.enrollment_id, opening.synthetic, 1)
    keep(session, kept, moved, times, before=moved.view, source=opening.source_id)
    if opening.tier == CRISIS_TIER:
        _hide_lower(session, opening.enrollment_id, alert_id, times)
    return AlertRef(alert_id, alert_uid, created=True)


def act(
    session: WriteSession,
    viewer: Viewer,
    alert_uid: UUID,
    move: Move,
    *,
    version: int | None,
    now: datetime,
    system_now: datetime,
    note_sealed: bytes | None = None,
) -> Acted:
    """Does what a human decided, on the version that the human saw; a note needs no version.

    The version rises with every act, occurrence and change of state, not with repeats and rungs: nobody is kept from
    acknowledging because the alert rang again. Raises Missing, Forbidden, PreconditionFailed (another version, or none),
    Conflict (not legal now) or Invalid.
    """
    row = rows.lock_for(session, viewer, alert_uid, now=now)
    if not isinstance(move, Note) and version != row.version:
        raise PreconditionFailed("version_mismatch", "The alert has changed since it was read; read it again first.")
    before = view_of(row)
    moved = perform(before, move, by=viewer.staff_id, now=now)
    if isinstance(move, Reassign):
        _check_owner(session, row, move, now)
    times = Times(now, system_now)
    reopens = before.state is AlertState.RESOLVED and moved.view.state is AlertState.OPEN
    if reopens and rows.lock_unresolved(session, row.study_id, row.dedup_key) is not None:
        raise Conflict("alert_open_already", "A newer alert of the same kind is open; work that one.")
    kept = replace(kept_of(row), version=row.version if isinstance(move, Note) else row.version + 1)
    after = keep(session, kept, moved, times, before=moved.view, actor=viewer.actor, note_sealed=note_sealed)
    if row.tier == CRISIS_TIER and after.state is AlertState.RESOLVED and before.state is not AlertState.RESOLVED:
        _release_lower(session, row.enrollment_id, row.id, times)
    if row.tier == CRISIS_TIER and reopens:
        _hide_lower(session, row.enrollment_id, row.id, times)
    return Acted(alert_uid, kept.version, after)


def escalate_due(session: WriteSession, *, now: datetime, system_now: datetime, limit: int = 200) -> int:
    """Moves the alerts whose moment has come, the most overdue first, and gives how many. Call again while it gives `limit`."""
    times = Times(now, system_now)
    due = rows.lock_due(session, now=now, limit=limit)
    for row in due:
        parent = rows.open_parent(session, row.enrollment_id) if row.tier < URGENT_TIER else None
        before = view_of(row)
        keep(session, kept_of(row), tick(before, now=now, inhibited=parent is not None), times, before=before, parent=parent)
    return len(due)


def audit_alerts(session: ReadSession, *, now: datetime, grace: timedelta) -> Sequence[UUID]:
    """Public ids of alerts that the escalator should have moved more than `grace` ago; empty where it does its work."""
    return rows.overdue(session, before=now - grace)


def _first(opening: Opening, view: AlertView, alert_uid: UUID, parent: int | None) -> dict[str, Any]:
    return columns(view) | {
        "uid": alert_uid,
        "study_id": opening.study_id,
        "enrollment_id": opening.enrollment_id,
        "tier": opening.tier,
        "family": opening.family,
        "dedup_key": opening.dedup_key,
        "ladder": view.ladder.model_dump(mode="json"),
        "source_id": opening.source_id,
        "protocol_version_id": opening.protocol_version_id,
        "rule_hash": opening.rule_hash,
        "estimate_id": opening.estimate_id,
        "parent_id": parent,
        "opened_at": view.opened_at,
        "version": 1,
        "synthetic": opening.synthetic,
    }


def _held_back(session: WriteSession, opening: Opening, times: Times) -> AlertRef | None:
    """The last alert of the family, where it is resolved and its refractory time still runs; the occurrence stands in its history."""
    if opening.tier >= URGENT_TIER or not opening.refractory_hours:
        return None
    last = rows.newest(session, opening.enrollment_id, opening.dedup_key)
    if last is None or last.state is not AlertState.RESOLVED or times.now - last.opened_at >= timedelta(hours=opening.refractory_hours):
        return None
    event = Event("held_back", last.state, last.state, last.rung, reason="refractory")
    write_events(session, kept_of(last), (event,), times.now, "system", {"source": opening.source_id}, None)
    return AlertRef(last.id, last.uid, created=False)


def _join(session: WriteSession, row: Row[Any], opening: Opening, times: Times) -> AlertRef:
    before = view_of(row)
    keep(session, kept_of(row), occurred(before, now=times.now), times, before=before, source=opening.source_id)
    return AlertRef(row.id, row.uid, created=False)


def _hide_lower(session: WriteSession, enrollment_id: int, parent: int, times: Times) -> None:
    for row in rows.lock_lower(session, enrollment_id, frozenset({AlertState.PENDING, AlertState.OPEN})):
        before = view_of(row)
        keep(session, kept_of(row), suppress(before, now=times.now), times, before=before, parent=parent)


def _release_lower(session: WriteSession, enrollment_id: int, closed: int, times: Times) -> None:
    """Evaluates what the closed alert hid again, unless another open one still hides it (safety.md rule 6)."""
    if rows.open_parent(session, enrollment_id, but=closed) is not None:
        return
    for row in rows.lock_lower(session, enrollment_id, frozenset({AlertState.SUPPRESSED})):
        before = view_of(row)
        keep(session, kept_of(row), release(before, now=times.now), times, before=before)


def _check_owner(session: ReadSession, row: Row[Any], move: Reassign, now: datetime) -> None:
    staff = assignable(session, study_id=row.study_id, enrollment_id=row.enrollment_id, now=now)
    if move.owner not in {one.id for one in staff}:
        message = "The new owner needs a role that works alerts here, and the attestation that goes with it."
        raise Invalid("alert_move_invalid", message, (Fault("/owner", "not_assignable", message),))
