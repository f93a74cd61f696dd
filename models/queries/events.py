"""Timed events as the person who recorded them sees them. What staff see and what is added: `models.queries.enrollment`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from models.access import Viewer
from models.session import ReadSession, WriteSession
from models.tables import TimedEvent


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
