"""Proximal outcomes: what a response may close, and what has run out. No viewer: the house closes what it opened."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Row, and_, bindparam, exists, or_, select, text, update

from models.base import Instant
from models.kinds import OutcomeStatus
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import DecisionRow, Enrollment, ProximalOutcome, Response

_PENDING = text("proximal_outcome.status = 'pending'")
"""Written out, since neither database uses a partial index for a bound parameter."""


def add_outcome(session: WriteSession, values: Mapping[str, Any]) -> bool:
    """False where the decision has its outcome already."""
    statement = session.insert(ProximalOutcome).values(**values, status=OutcomeStatus.PENDING).on_conflict_do_nothing()
    return session.execute(statement.returning(ProximalOutcome.__table__.c.id)).scalar() is not None


_LATEST: BindParameter[Any] = bindparam("latest", type_=Instant)

_AWAITED = once(
    select(
        ProximalOutcome.id,
        ProximalOutcome.enrollment_id,
        ProximalOutcome.variable,
        ProximalOutcome.opens_at,
        ProximalOutcome.closes_at,
        DecisionRow.response_id.label("decided_on"),
    )
    .join(DecisionRow, DecisionRow.id == ProximalOutcome.decision_id)
    .where(
        DecisionRow.enrollment_id.in_(bindparam("people", expanding=True)),
        DecisionRow.decided_at >= bindparam("decided_from", type_=Instant),
        DecisionRow.decided_at <= _LATEST,
        or_(
            ProximalOutcome.status == OutcomeStatus.PENDING,
            and_(
                ProximalOutcome.status == OutcomeStatus.MISSING,
                ProximalOutcome.missing_reason.in_(bindparam("fillable", expanding=True)),
            ),
        ),
        ProximalOutcome.opens_at <= _LATEST,
        ProximalOutcome.closes_at >= bindparam("earliest", type_=Instant),
    )
    .order_by(ProximalOutcome.id)
)
"""Built once: the hot path asks it for every batch."""


def awaited(
    session: ReadSession,
    enrollment_ids: Collection[int],
    *,
    earliest: datetime,
    latest: datetime,
    longest: timedelta,
    fillable: Sequence[str],
) -> Sequence[Row[Any]]:
    """Outcomes of these people whose window meets [earliest, latest], pending or missing for one of the `fillable` reasons.

    Relies on ix_decision_enrollment, since `longest` bounds how far a window lies behind its decision, and on the
    outcome's unique decision.
    """
    values = {
        "people": sorted(enrollment_ids),
        "decided_from": earliest - longest,
        "earliest": earliest,
        "latest": latest,
        "fillable": list(fillable),
    }
    return session.rows(_AWAITED, values)


def set_observed(session: WriteSession, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Closes outcomes; `rows` hold `key`, `number` and `response`. What is observed already stays as it is."""
    if not rows:
        return
    statement = (
        update(ProximalOutcome)
        .where(ProximalOutcome.id == bindparam("key"), ProximalOutcome.status != OutcomeStatus.OBSERVED)
        .values(
            status=OutcomeStatus.OBSERVED,
            value=bindparam("number"),
            response_id=bindparam("response"),
            missing_reason=None,
            closed_at=now,
        )
    )
    session.execute(statement, rows)


def run_out(session: ReadSession, *, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Pending outcomes whose window has closed: `id`, `state` of the enrollment, `answered` (something came in the window).

    Relies on ix_proximal_outcome_closing and ix_response_enrollment_time.
    """
    came = exists(
        select(Response.id).where(
            Response.enrollment_id == ProximalOutcome.enrollment_id,
            Response.event_time.between(ProximalOutcome.opens_at, ProximalOutcome.closes_at),
            or_(DecisionRow.response_id.is_(None), Response.id != DecisionRow.response_id),
        )
    )
    return session.rows(
        select(ProximalOutcome.id, Enrollment.state, came.label("answered"))
        .join(DecisionRow, DecisionRow.id == ProximalOutcome.decision_id)
        .join(Enrollment, Enrollment.id == ProximalOutcome.enrollment_id)
        .where(_PENDING, ProximalOutcome.closes_at < now)
        .order_by(ProximalOutcome.closes_at, ProximalOutcome.id)
        .limit(limit)
    )


def set_missing(session: WriteSession, ids: Collection[int], reason: str, *, now: datetime) -> int:
    """Closes pending outcomes as missing and gives how many were; what a response has closed meanwhile stays."""
    if not ids:
        return 0
    statement = update(ProximalOutcome).where(ProximalOutcome.id.in_(sorted(ids)), _PENDING)
    return session.execute(statement.values(status=OutcomeStatus.MISSING, missing_reason=reason, closed_at=now)).rowcount
