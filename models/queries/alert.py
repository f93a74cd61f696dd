"""Alerts: what a viewer may see of them, and what the house needs to keep them alive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, text, update

from models.access import Ability, Viewer, visible
from models.errors import Forbidden, Missing
from models.kinds import AlertState
from models.session import ReadSession, WriteSession
from models.tables import Alert, AlertEvent, Enrollment, Staff, Study

_UNRESOLVED: Final = text("alert.state <> 'resolved'")
"""Written out, since neither database uses a partial index for a bound parameter."""

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """Which alerts to list. Empty members do not filter; `since` is the earliest opening."""

    study_id: int | None = None
    enrollment_uid: UUID | None = None
    states: frozenset[AlertState] = frozenset()
    tiers: frozenset[int] = frozenset()
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page: the next page starts after it."""

    opened_at: datetime
    id: int


def alerts(
    session: ReadSession, viewer: Viewer, filters: Filters, *, now: datetime, after: Cursor | None = None, limit: int = 50
) -> Sequence[Row[Any]]:
    """Alerts that the viewer may see, the newest opening first, at most 200.

    Rows hold every column of the alert and `enrollment_uid`, `study_uid`, `owner_uid`, `owner_name`, `acknowledged_by_uid`, `parent_uid`.
    Relies on ix_alert_study_opened, or ix_alert_enrollment for one person.
    """
    statement = _seen(viewer, now)
    if filters.study_id is not None:
        statement = statement.where(Alert.study_id == filters.study_id)
    if filters.enrollment_uid is not None:
        statement = statement.where(Enrollment.uid == filters.enrollment_uid)
    if filters.states:
        statement = statement.where(Alert.state.in_(sorted(filters.states)))
    if filters.tiers:
        statement = statement.where(Alert.tier.in_(sorted(filters.tiers)))
    if filters.since is not None:
        statement = statement.where(Alert.opened_at >= filters.since)
    if after is not None:
        older = and_(Alert.opened_at == after.opened_at, Alert.id < after.id)
        statement = statement.where(or_(Alert.opened_at < after.opened_at, older))
    return session.rows(statement.order_by(Alert.opened_at.desc(), Alert.id.desc()).limit(min(limit, MOST)))


def alert(session: ReadSession, viewer: Viewer, alert_uid: UUID, *, now: datetime) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """One alert, as `alerts` gives it, and its events in order. Raises Missing for what the viewer may not see."""
    row = session.row(_seen(viewer, now).where(Alert.uid == alert_uid))
    if row is None:
        raise Missing("not_found", "There is no such alert.")
    return row, session.rows(select(AlertEvent).where(AlertEvent.alert_id == row.id).order_by(AlertEvent.sequence))


_OWNER, _CLAIMANT, _PARENT = Staff.__table__.alias(), Staff.__table__.alias(), Alert.__table__.alias()
_SEEN = (
    select(
        Alert.__table__,
        Enrollment.uid.label("enrollment_uid"),
        Study.uid.label("study_uid"),
        _OWNER.c.uid.label("owner_uid"),
        _OWNER.c.name.label("owner_name"),
        _CLAIMANT.c.uid.label("acknowledged_by_uid"),
        _PARENT.c.uid.label("parent_uid"),
    )
    .join(Enrollment, Enrollment.id == Alert.enrollment_id)
    .join(Study, Study.id == Alert.study_id)
    .outerjoin(_OWNER, _OWNER.c.id == Alert.owner_id)
    .outerjoin(_CLAIMANT, _CLAIMANT.c.id == Alert.acknowledged_by)
    .outerjoin(_PARENT, _PARENT.c.id == Alert.parent_id)
)
"""Built once but for who asks: building a statement costs more than running it."""


def _seen(viewer: Viewer, now: datetime) -> Select[Any]:
    return _SEEN.where(_allowed(viewer, Ability.SEE_ALERTS, now))


def _allowed(viewer: Viewer, ability: Ability, now: datetime) -> ColumnElement[bool]:
    """Alerts are the staff's work: a participant sees none, not even about themselves."""
    if viewer.kind == "participant":
        raise Forbidden("forbidden", "Alerts are for staff.")
    return visible(viewer, ability, now=now)


def lock_for(session: WriteSession, viewer: Viewer, alert_uid: UUID, *, now: datetime) -> Row[Any]:
    """The alert, locked, for a viewer who is about to work it.

    Raises Missing where the viewer may not see it, Forbidden where the viewer may see but not work it.
    """
    chosen = select(Alert.id).join(Enrollment, Enrollment.id == Alert.enrollment_id).where(Alert.uid == alert_uid)
    if session.value(chosen.where(_allowed(viewer, Ability.SEE_ALERTS, now))) is None:
        raise Missing("not_found", "There is no such alert.")
    alert_id = session.value(chosen.where(_allowed(viewer, Ability.WORK_ALERTS, now)))
    if alert_id is None:
        raise Forbidden("forbidden", "Your role in this study does not allow this.")
    row = session.row(select(Alert).where(Alert.id == alert_id).with_for_update())
    assert row is not None  # alerts are never deleted
    return row


# From here on no viewer: the house opens, ticks and watches alerts by itself.


def add(session: WriteSession, values: Mapping[str, Any]) -> int | None:
    """Inserts an alert; None where one with its dedup key is unresolved (uq_alert_dedup decides)."""
    statement = session.insert(Alert).values(**values)
    statement = statement.on_conflict_do_nothing(index_elements=["study_id", "dedup_key"], index_where=text("state <> 'resolved'"))
    inserted = session.execute(statement.returning(Alert.__table__.c.id)).scalar()
    return None if inserted is None else int(inserted)


def store(session: WriteSession, alert_id: int, values: Mapping[str, Any]) -> None:
    session.execute(update(Alert).where(Alert.id == alert_id).values(**values))


def lock_unresolved(session: WriteSession, study_id: int, dedup_key: str) -> Row[Any] | None:
    """The unresolved alert with this key, locked. Relies on uq_alert_dedup."""
    return session.row(select(Alert).where(Alert.study_id == study_id, Alert.dedup_key == dedup_key, _UNRESOLVED).with_for_update())


def told_of(session: ReadSession, enrollment_id: int, dedup_key: str, source_id: str) -> Row[Any] | None:
    """The alert that this source already opened or joined, resolved or not. Relies on ix_alert_enrollment and the events' unique key."""
    joined = AlertEvent.detail["source"].as_string() == source_id
    events = select(AlertEvent.alert_id).where(AlertEvent.alert_id == Alert.id, joined)
    mine = and_(Alert.enrollment_id == enrollment_id, Alert.dedup_key == dedup_key)
    return session.row(select(Alert).where(mine, or_(Alert.source_id == source_id, events.exists())).order_by(Alert.id.desc()))


def newest(session: ReadSession, enrollment_id: int, dedup_key: str) -> Row[Any] | None:
    """The alert of this key that opened last. Relies on ix_alert_enrollment."""
    mine = and_(Alert.enrollment_id == enrollment_id, Alert.dedup_key == dedup_key)
    return session.row(select(Alert).where(mine).order_by(Alert.opened_at.desc(), Alert.id.desc()))


def open_parent(session: ReadSession, enrollment_id: int, *, but: int | None = None) -> int | None:
    """The unresolved tier 4 alert of a person that hides lower ones; `but` leaves one out. Relies on ix_alert_enrollment."""
    statement = select(Alert.id).where(Alert.enrollment_id == enrollment_id, Alert.tier == 4, _UNRESOLVED)
    found = session.value((statement if but is None else statement.where(Alert.id != but)).order_by(Alert.id))
    return None if found is None else int(found)


def lock_lower(session: WriteSession, enrollment_id: int, states: frozenset[AlertState]) -> Sequence[Row[Any]]:
    """The person's tier 2 alerts in these states, locked in the order of their ids. Relies on ix_alert_enrollment."""
    mine = and_(Alert.enrollment_id == enrollment_id, Alert.tier == 2, Alert.state.in_(sorted(states)))
    return session.rows(select(Alert).where(mine).order_by(Alert.id).with_for_update())


def lock_due(session: WriteSession, *, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Alerts whose next moment has come, the most overdue first; skips what another process holds. Relies on ix_alert_next."""
    due = select(Alert).where(_UNRESOLVED, Alert.next_at <= now).order_by(Alert.next_at, Alert.id)
    return session.rows(due.limit(limit).with_for_update(skip_locked=True))


def overdue(session: ReadSession, *, before: datetime) -> Sequence[UUID]:
    """Public ids of alerts that should have moved before this. Relies on ix_alert_next."""
    late = select(Alert.uid).where(_UNRESOLVED, Alert.next_at < before).order_by(Alert.next_at, Alert.id)
    return [row.uid for row in session.rows(late)]


def last_sequence(session: ReadSession, alert_id: int) -> int:
    """The number of the newest event, 0 where there is none."""
    return int(session.value(select(func.max(AlertEvent.sequence)).where(AlertEvent.alert_id == alert_id)) or 0)


def add_events(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    session.add_all(AlertEvent, rows)
