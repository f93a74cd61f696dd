"""When something is next to be done, and whether anything is due: cheap looks before any write. No viewer: the house's own work."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select

from models.kinds import AlertState, EnrollmentState, OutcomeStatus
from models.session import ReadSession
from models.tables import Alert, Enrollment, Prompt, ProximalOutcome

_UNRESOLVED = Alert.state != AlertState.RESOLVED
_PENDING = ProximalOutcome.status == OutcomeStatus.PENDING
_ACTIVE = Enrollment.state == EnrollmentState.ACTIVE


def next_prompt(session: ReadSession, *, after: datetime) -> datetime | None:
    """The first instant after `after` at which a prompt waits for the dispatcher (ix_prompt_next)."""
    return _least(session, select(func.min(Prompt.next_at)).where(Prompt.next_at > after))


def next_alert(session: ReadSession, *, after: datetime) -> datetime | None:
    """The first instant after `after` at which an alert wants the escalator (ix_alert_next)."""
    return _least(session, select(func.min(Alert.next_at)).where(_UNRESOLVED, Alert.next_at > after))


def next_outcome(session: ReadSession, *, after: datetime) -> datetime | None:
    """The first instant after `after` at which a proximal outcome closes unobserved (ix_proximal_outcome_closing)."""
    return _least(session, select(func.min(ProximalOutcome.closes_at)).where(_PENDING, ProximalOutcome.closes_at > after))


def next_edge(session: ReadSession, *, after: datetime) -> datetime | None:
    """The first `planned_until` later than `after` of someone active (ix_enrollment_planned_until)."""
    return _least(session, select(func.min(Enrollment.planned_until)).where(_ACTIVE, Enrollment.planned_until > after))


def alert_due(session: ReadSession, *, now: datetime) -> bool:
    """Whether the escalator must look at anything (ix_alert_next)."""
    return _any(session, _UNRESOLVED, Alert.next_at <= now)


def outcome_due(session: ReadSession, *, now: datetime) -> bool:
    """Whether a proximal outcome has closed unobserved (ix_proximal_outcome_closing)."""
    return _any(session, _PENDING, ProximalOutcome.closes_at <= now)


def _least(session: ReadSession, statement: Select[Any]) -> datetime | None:
    found: datetime | None = session.value(statement)
    return found


def _any(session: ReadSession, *conditions: ColumnElement[bool]) -> bool:
    return bool(session.value(select(exists().where(*conditions))))
