"""One alert as a row: reading it into its life cycle, and storing what a move came to, with its history and its promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from models.codec import canonical
from models.definition.escalation import Ladder
from models.kinds import AlertState
from models.queries import alert as rows
from models.queries.duty import anyone, recipients
from models.queries.outbox import Promise, endpoints, promise
from models.session import ReadSession, WriteSession
from risk.alert_terms import AlertView, Event, Moved
from risk.alerts import URGENT_TIER, rung_of, skip_rung
from risk.staffing import LADDERS

KIND: Final = "alert"
LEAST_LIFE: Final = timedelta(hours=1)
WEBHOOK_LIFE: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Kept:
    """Which stored alert it is."""

    id: int
    uid: UUID
    study_id: int
    enrollment_id: int
    synthetic: bool
    version: int


@dataclass(frozen=True, slots=True)
class Times:
    now: datetime
    system_now: datetime


def view_of(row: Row[Any]) -> AlertView:
    """The alert as its life cycle sees it."""
    ladder = _ladder(row)
    return AlertView(
        tier=row.tier,
        ladder=ladder,
        state=row.state,
        rung=min(row.rung, len(ladder.rungs) - 1),
        rung_since=row.rung_since,
        next_at=row.next_at,
        opened_at=row.opened_at,
        last_occurred_at=row.last_occurred_at,
        occurrences=row.occurrences,
        owner=row.owner_id,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        snoozed_until=row.snoozed_until,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        disposition=row.disposition,
        minutes_spent=row.minutes_spent,
    )


def _ladder(row: Row[Any]) -> Ladder:
    """The ladder frozen on the alert; the house's own where it cannot be read, since one bad row must not stop the escalator."""
    try:
        return Ladder.model_validate_json(canonical(row.ladder))
    except ValueError:
        return LADDERS[row.tier]


def kept_of(row: Row[Any]) -> Kept:
    return Kept(row.id, row.uid, row.study_id, row.enrollment_id, row.synthetic, row.version)


def columns(view: AlertView) -> dict[str, Any]:
    """The columns that a move may change."""
    return {
        "state": view.state,
        "rung": view.rung,
        "rung_since": view.rung_since,
        "next_at": view.next_at,
        "owner_id": view.owner,
        "occurrences": view.occurrences,
        "last_occurred_at": view.last_occurred_at,
        "acknowledged_at": view.acknowledged_at,
        "acknowledged_by": view.acknowledged_by,
        "snoozed_until": view.snoozed_until,
        "resolved_at": view.resolved_at,
        "resolved_by": view.resolved_by,
        "disposition": view.disposition,
        "minutes_spent": view.minutes_spent,
    }


def keep(
    session: WriteSession,
    kept: Kept,
    moved: Moved,
    times: Times,
    *,
    before: AlertView,
    actor: str = "system",
    source: str | None = None,
    parent: int | None = None,
    note_sealed: bytes | None = None,
) -> AlertView:
    """Stores what a move came to, with its events and its promises, and gives the alert as stored.

    A rung on which there is nobody is left at once, so the stored rung may be beyond that of the move.
    """
    moved, people = _people(session, kept, moved, times.now)
    view = moved.view
    values = columns(view) | {"version": kept.version + _shows(before, view)}
    if view.state is AlertState.SUPPRESSED and parent is not None:
        values["parent_id"] = parent
    rows.store(session, kept.id, values)
    detail: dict[str, Any] = {} if source is None else {"source": source}
    if moved.notify:
        detail |= {"told": len(people)}
    number = write_events(session, kept, moved.events, times.now, actor, detail, note_sealed)
    if moved.notify:
        promise(session, _promises(session, kept, view, people, number, times.system_now), system_now=times.system_now)
    return view


def _shows(before: AlertView, after: AlertView) -> bool:
    """Whether a human who read the alert before would see something that matters change."""
    return (before.state, before.owner, before.occurrences) != (after.state, after.owner, after.occurrences)


def _people(session: ReadSession, kept: Kept, moved: Moved, now: datetime) -> tuple[Moved, Sequence[Row[Any]]]:
    """Whom to tell, from the first rung that has anyone; on an empty last rung, whoever is left."""
    while moved.notify:
        people = {
            one.id: one
            for target in moved.notify
            for one in recipients(
                session, study_id=kept.study_id, enrollment_id=kept.enrollment_id, target=target, owner_id=moved.view.owner, now=now
            )
        }
        if people:
            return moved, list(people.values())
        skipped = skip_rung(moved.view, now=now)
        if skipped is None:
            return _last_resort(session, kept, moved, now)
        moved = replace(skipped, events=moved.events + skipped.events)
    return moved, ()


def _last_resort(session: ReadSession, kept: Kept, moved: Moved, now: datetime) -> tuple[Moved, Sequence[Row[Any]]]:
    people = anyone(session, study_id=kept.study_id, now=now)
    name = "last_rung_empty" if people else "nobody_to_tell"
    event = Event(name, moved.view.state, moved.view.state, moved.view.rung)
    return replace(moved, events=(*moved.events, event)), people


def write_events(
    session: WriteSession,
    kept: Kept,
    events: Sequence[Event],
    now: datetime,
    actor: str,
    detail: Mapping[str, Any],
    note_sealed: bytes | None,
) -> int:
    """Appends to the history and gives the number of the last event; `detail` and the note go on the first, which names the act."""
    number = rows.last_sequence(session, kept.id)
    written = []
    for position, event in enumerate(events):
        number += 1
        written.append(
            {
                "study_id": kept.study_id,
                "enrollment_id": kept.enrollment_id,
                "alert_id": kept.id,
                "sequence": number,
                "at": now,
                "name": event.name,
                "from_state": event.from_state,
                "to_state": event.to_state,
                "rung": event.rung,
                "actor": actor,
                "reason": event.reason,
                "note_sealed": None if position else note_sealed,
                "detail": {**event.detail, **({} if position else detail)} or None,
            }
        )
    rows.add_events(session, written)
    return number


def _promises(
    session: ReadSession, kept: Kept, view: AlertView, people: Sequence[Row[Any]], number: int, system_now: datetime
) -> list[Promise]:
    """One promise for each person and each endpoint. Rung and event number in the key: a replay is the same row, a repeat another."""
    inbox = system_now + max(LEAST_LIFE, timedelta(minutes=rung_of(view).acknowledge_minutes))
    addressed = [("inbox", f"staff:{one.uid}", inbox) for one in people]
    addressed += [("webhook", f"endpoint:{one.uid}", system_now + WEBHOOK_LIFE) for one in endpoints(session, kept.study_id, KIND)]
    return [
        Promise(
            study_id=kept.study_id,
            enrollment_id=kept.enrollment_id,
            kind=KIND,
            subject=kept.uid,
            channel=channel,
            recipient=recipient,
            dedup_key=f"{KIND}:{kept.uid}:{view.rung}:{number}:{recipient}",
            expires_at=expires_at,
            urgent=view.tier >= URGENT_TIER,
            synthetic=kept.synthetic,
        )
        for channel, recipient, expires_at in addressed
    ]
