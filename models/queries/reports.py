"""Counts and lists that report: the inbox, a study's summary, its audit, and the house's own gauges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Row, and_, bindparam, func, select, text, tuple_

from models.access import Viewer
from models.kinds import AlertState, DecisionStatus, DeliveryState, EnrollmentState, ExportState, PromptState, Timing
from models.prepared import once
from models.session import ReadSession
from models.tables import Alert, Audit, Delivery, Enrollment, Export, Prompt, RejectedSubmission, Response, RiskStateRow, Study

_TOLD = and_(Delivery.recipient == bindparam("recipient"), Delivery.channel == "inbox", Delivery.kind == "alert")
_INBOX = once(
    select(Delivery.uid, Delivery.subject, Delivery.created_at, Delivery.urgent, Alert.state)
    .join(Alert, Alert.uid == Delivery.subject)
    .where(_TOLD)
    .order_by(Delivery.created_at.desc(), Delivery.uid.desc())
    .limit(bindparam("most", type_=Integer))
)
_FROM_HERE = once(
    _INBOX.where(
        tuple_(Delivery.created_at, Delivery.uid)
        < tuple_(bindparam("at", type_=Delivery.created_at.type), bindparam("uid", type_=Delivery.uid.type))
    )
)
_UNRESOLVED = once(
    select(func.count(Alert.id.distinct()))
    .select_from(Delivery)
    .join(Alert, Alert.uid == Delivery.subject)
    .where(_TOLD, Alert.state != AlertState.RESOLVED)
)
"""A coordinator's page asks all day, so these are built once: building a statement costs more than running it."""


def inbox(session: ReadSession, viewer: Viewer, *, after: tuple[datetime, UUID] | None, limit: int) -> tuple[Sequence[Row[Any]], int]:
    """What the ladder told the viewer, newest first, one row more than the page; and how many of those alerts are not resolved.

    Relies on ix_delivery_recipient.
    """
    whose = {"recipient": f"staff:{viewer.uid}"}
    page: dict[str, Any] = {**whose, "most": limit + 1}
    found = session.rows(_INBOX, page) if after is None else session.rows(_FROM_HERE, {**page, "at": after[0], "uid": after[1]})
    return found, int(session.value(_UNRESOLVED, whose))


def response_counts(session: ReadSession, study_id: int) -> Row[Any]:
    """Stored responses in their newest revision, refused submissions, and decisions owed."""
    stored = select(func.count()).where(Response.study_id == study_id, Response.superseded.is_(False)).scalar_subquery()
    unprompted = (
        select(func.count())
        .where(Response.study_id == study_id, Response.superseded.is_(False), Response.timing == Timing.UNPROMPTED)
        .scalar_subquery()
    )
    refused = select(func.count()).where(RejectedSubmission.study_id == study_id).scalar_subquery()
    owed = select(func.count()).where(Response.study_id == study_id, Response.decision_status == DecisionStatus.PENDING).scalar_subquery()
    row = session.row(select(stored.label("stored"), unprompted.label("unprompted"), refused.label("refused"), owed.label("owed")))
    assert row is not None
    return row


def alert_counts(session: ReadSession, study_id: int) -> Sequence[Row[Any]]:
    """Alerts of a study by rule, tier and how they ended, for the precision of each rule (ix_alert_study_opened)."""
    return session.rows(
        select(Alert.family, Alert.tier, Alert.disposition, func.count().label("number"), func.sum(Alert.minutes_spent).label("minutes"))
        .where(Alert.study_id == study_id)
        .group_by(Alert.family, Alert.tier, Alert.disposition)
        .order_by(Alert.family, Alert.tier, Alert.disposition)
    )


def audit_page(session: ReadSession, chain: str, *, before: int | None, limit: int) -> Sequence[Row[Any]]:
    """Links of a chain, newest first. The caller has checked `read_audit`."""
    statement = select(Audit).where(Audit.chain == chain)
    if before is not None:
        statement = statement.where(Audit.sequence < before)
    return session.rows(statement.order_by(Audit.sequence.desc()).limit(limit))


@dataclass(frozen=True, slots=True)
class Gauges:
    """The house in numbers, without an id. Ages are of the oldest that waits, as instants; None: nothing waits."""

    studies: int
    enrollments: Mapping[EnrollmentState, int]
    prompts: Mapping[PromptState, int]
    alerts: Mapping[tuple[AlertState, int], int]
    deliveries: Mapping[DeliveryState, int]
    exports: Mapping[ExportState, int]
    decisions_owed: int
    refolds_owed: int
    prompt_waits_since: datetime | None
    """Study time; the other two are study and system time as their columns are."""
    alert_waits_since: datetime | None
    delivery_waits_since: datetime | None


def gauges(session: ReadSession) -> Gauges:
    """No viewer: counts of the whole house, for its operator."""
    unresolved = Alert.state != AlertState.RESOLVED
    alerts = session.rows(select(Alert.state, Alert.tier, func.count().label("number")).group_by(Alert.state, Alert.tier))
    return Gauges(
        studies=int(session.value(select(func.count()).select_from(Study))),
        enrollments=_by_state(session, Enrollment.state),
        prompts=_by_state(session, Prompt.state),
        alerts={(row.state, row.tier): row.number for row in alerts},
        deliveries=_by_state(session, Delivery.state),
        exports=_by_state(session, Export.state),
        decisions_owed=int(
            session.value(select(func.count()).select_from(Response).where(Response.decision_status == DecisionStatus.PENDING))
        ),
        refolds_owed=int(session.value(select(func.count()).select_from(RiskStateRow).where(RiskStateRow.stale))),
        prompt_waits_since=session.value(select(func.min(Prompt.next_at)).where(Prompt.next_at.is_not(None))),
        alert_waits_since=session.value(select(func.min(Alert.next_at)).where(unresolved)),
        delivery_waits_since=session.value(select(func.min(Delivery.next_at)).where(Delivery.next_at.is_not(None))),
    )


def _by_state(session: ReadSession, state: Any) -> dict[Any, int]:
    return {row.state: row.number for row in session.rows(select(state, func.count().label("number")).group_by(state))}


def stored_revision(session: ReadSession) -> str | None:
    """The migration that the tables stand at."""
    found: str | None = session.value(text("SELECT version_num FROM alembic_version"))
    return found
