"""Timed events as the person who recorded them sees them, and events that are planned. What staff see: `models.queries.enrollment`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from models.access import Viewer
from models.ids import new_uid
from models.session import ReadSession, WriteSession
from models.tables import PlannedEvent, TimedEvent


def own_events(session: ReadSession, viewer: Viewer, *, limit: int) -> Sequence[Row[Any]]:
    """The viewer's own events that stand, newest first (ix_timed_event_enrollment)."""
    return session.rows(
        select(TimedEvent)
        .where(TimedEvent.enrollment_id == viewer.enrollment_id, TimedEvent.retracted_at.is_(None))
        .order_by(TimedEvent.happened_at.desc(), TimedEvent.id.desc())
        .limit(limit)
    )


def retract(session: WriteSession, event_id: int, *, now: datetime) -> None:
    """It did not happen; the row stays."""
    session.execute(update(TimedEvent).where(TimedEvent.id == event_id, TimedEvent.retracted_at.is_(None)).values(retracted_at=now))


def planned_event(session: ReadSession, enrollment_id: int, client_id: UUID) -> Row[Any] | None:
    """A planned event as it stands, whatever became of it (unique index of planned_event)."""
    return session.row(
        select(PlannedEvent)
        .where(PlannedEvent.enrollment_id == enrollment_id, PlannedEvent.client_id == client_id)
        .order_by(PlannedEvent.revision.desc())
        .limit(1)
    )


def planned_revisions(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """Every revision of every planned event of a person, in order (unique index of planned_event)."""
    return session.rows(
        select(PlannedEvent).where(PlannedEvent.enrollment_id == enrollment_id).order_by(PlannedEvent.client_id, PlannedEvent.revision)
    )


def add_planned(session: WriteSession, values: Mapping[str, Any]) -> None:
    session.add(PlannedEvent, uid=new_uid(), **values)
