"""What the dataset is read from, one person at a time, in chunks, all of it cut.

No viewer: `models.queries.export` decides at the request which people an export reaches, and a duty builds it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import aliased

from models.queries.cut import Cut
from models.session import ReadSession
from models.tables import (
    Alert,
    AlertEvent,
    Consent,
    DecisionRow,
    Engagement,
    Enrollment,
    PlannedEvent,
    PopulationModelRow,
    PopulationScore,
    PromptEvent,
    ProtocolVersion,
    ProximalOutcome,
    Response,
    RiskEstimateRow,
    SignalPoint,
    Site,
    Study,
    TimedEvent,
    ZoneHistory,
)

CHUNK = 500


def study_uid(session: ReadSession, study_id: int) -> UUID:
    found: UUID = session.value(select(Study.uid).where(Study.id == study_id))
    return found


def versions(session: ReadSession, study_id: int, cut: Cut) -> Sequence[Row[Any]]:
    """The protocol versions of a study, by revision."""
    return session.rows(
        select(ProtocolVersion).where(ProtocolVersion.study_id == study_id, cut.holds(ProtocolVersion)).order_by(ProtocolVersion.revision)
    )


def people(session: ReadSession, study_id: int, sites: Collection[int] | None, cut: Cut) -> Sequence[Row[Any]]:
    """Everyone who had started, with `consent_use` as it is now: who stopped use is left out whenever the files are made."""
    statement = (
        select(
            Enrollment.id,
            Enrollment.uid,
            Enrollment.arm,
            Enrollment.stratum,
            Enrollment.state,
            Enrollment.started_at,
            Enrollment.start_date,
            Enrollment.ended_at,
            Enrollment.consent_use,
            Enrollment.synthetic,
            Site.uid.label("site_uid"),
        )
        .outerjoin(Site, Site.id == Enrollment.site_id)
        .where(Enrollment.study_id == study_id, cut.holds(Enrollment), Enrollment.started_at <= cut.as_of)
    )
    if sites is not None:
        statement = statement.where(Enrollment.site_id.in_(sorted(sites)))
    return session.rows(statement.order_by(Enrollment.id))


def replaced_plans(session: ReadSession, study_id: int, cut: Cut) -> Mapping[int, Mapping[str, Any]]:
    """Prompt -> what the first replanning after the cut replaced, from the event's detail (`was`)."""
    statement = (
        select(PromptEvent.prompt_id, PromptEvent.detail)
        .where(PromptEvent.study_id == study_id, cut.after(PromptEvent), PromptEvent.detail.is_not(None))
        .order_by(PromptEvent.id)
    )
    found: dict[int, Mapping[str, Any]] = {}
    for row in session.stream(statement, CHUNK):
        if "was" in row.detail and row.prompt_id <= cut.marks["prompt"]:
            found.setdefault(row.prompt_id, row.detail["was"])
    return found


def zones(session: ReadSession, enrollment_id: int, cut: Cut) -> Sequence[str]:
    """The zones of a person, oldest first (ix_zone_history_enrollment)."""
    statement = select(ZoneHistory.zone).where(
        ZoneHistory.enrollment_id == enrollment_id, cut.holds(ZoneHistory), ZoneHistory.valid_from <= cut.as_of
    )
    return [row.zone for row in session.rows(statement.order_by(ZoneHistory.valid_from, ZoneHistory.id))]


def consents(session: ReadSession, enrollment_id: int, cut: Cut) -> Sequence[Row[Any]]:
    """Acts of consent and leaving, oldest first (ix_consent_enrollment)."""
    return session.rows(
        select(Consent.scope, Consent.given, Consent.leaving)
        .where(Consent.enrollment_id == enrollment_id, cut.holds(Consent))
        .order_by(Consent.at, Consent.id)
    )


def timed_events(session: ReadSession, enrollment_id: int, cut: Cut) -> Iterator[Row[Any]]:
    """Timed events, taken back or not (ix_timed_event_enrollment)."""
    statement = select(TimedEvent).where(TimedEvent.enrollment_id == enrollment_id, cut.holds(TimedEvent))
    return session.stream(statement.order_by(TimedEvent.happened_at, TimedEvent.id), CHUNK)


def planned_events(session: ReadSession, enrollment_id: int, cut: Cut) -> Sequence[Row[Any]]:
    """Every revision of what was set for a day to come, with the event that it became (unique index of planned_event)."""
    return session.rows(
        select(PlannedEvent, TimedEvent.uid.label("event_uid"))
        .outerjoin(TimedEvent, TimedEvent.id == PlannedEvent.timed_event_id)
        .where(PlannedEvent.enrollment_id == enrollment_id, cut.holds(PlannedEvent))
        .order_by(PlannedEvent.recorded_at, PlannedEvent.id)
    )


def signals(session: ReadSession, enrollment_id: int, cut: Cut) -> Iterator[Row[Any]]:
    """Points of passive signals by kind, oldest first (ix_signal_point_enrollment)."""
    statement = select(SignalPoint).where(SignalPoint.enrollment_id == enrollment_id, cut.holds(SignalPoint))
    return session.stream(statement.order_by(SignalPoint.kind, SignalPoint.ended_at, SignalPoint.id), CHUNK)


def estimates(session: ReadSession, enrollment_id: int, cut: Cut) -> Iterator[Row[Any]]:
    """Estimates with all their revisions (ix_risk_estimate_enrollment)."""
    statement = (
        select(RiskEstimateRow, Response.client_id)
        .outerjoin(Response, Response.id == RiskEstimateRow.response_id)
        .where(RiskEstimateRow.enrollment_id == enrollment_id, cut.holds(RiskEstimateRow))
    )
    return session.stream(statement.order_by(RiskEstimateRow.as_of, RiskEstimateRow.id), CHUNK)


def population_scores(session: ReadSession, enrollment_id: int, cut: Cut) -> Iterator[Row[Any]]:
    """Scores of population models by day, shadows too, with their model (uq_population_score_day)."""
    statement = (
        select(PopulationScore, PopulationModelRow.name, PopulationModelRow.model, PopulationModelRow.target, PopulationModelRow.digest)
        .join(PopulationModelRow, PopulationModelRow.id == PopulationScore.population_model_id)
        .where(PopulationScore.enrollment_id == enrollment_id, cut.holds(PopulationScore))
    )
    return session.stream(statement.order_by(PopulationScore.study_day, PopulationScore.id), CHUNK)


def decisions(session: ReadSession, enrollment_id: int, cut: Cut) -> Iterator[Row[Any]]:
    """Decision points in order, each with its response, estimate and proximal outcome (ix_decision_enrollment)."""
    closing = aliased(Response)
    statement = (
        select(
            DecisionRow,
            Response.client_id,
            RiskEstimateRow.uid.label("estimate_uid"),
            ProximalOutcome.id.label("outcome_id"),
            ProximalOutcome.variable.label("outcome_variable"),
            ProximalOutcome.opens_at.label("outcome_opens_at"),
            ProximalOutcome.closes_at.label("outcome_closes_at"),
            ProximalOutcome.status.label("outcome_state"),
            ProximalOutcome.value.label("outcome_value"),
            ProximalOutcome.missing_reason.label("outcome_missing"),
            ProximalOutcome.closed_at.label("outcome_closed_at"),
            closing.client_id.label("outcome_client_id"),
        )
        .outerjoin(Response, Response.id == DecisionRow.response_id)
        .outerjoin(RiskEstimateRow, RiskEstimateRow.id == DecisionRow.estimate_id)
        .outerjoin(ProximalOutcome, (ProximalOutcome.decision_id == DecisionRow.id) & cut.holds(ProximalOutcome))
        .outerjoin(closing, closing.id == ProximalOutcome.response_id)
        .where(DecisionRow.enrollment_id == enrollment_id, cut.holds(DecisionRow))
    )
    return session.stream(statement.order_by(DecisionRow.decided_at, DecisionRow.id), CHUNK)


def engagements(session: ReadSession, enrollment_id: int, cut: Cut) -> Iterator[Row[Any]]:
    """What a person did with content, in the order of its arrival."""
    statement = (
        select(Engagement, DecisionRow.uid.label("decision_uid"))
        .outerjoin(DecisionRow, DecisionRow.id == Engagement.decision_id)
        .where(Engagement.enrollment_id == enrollment_id, cut.holds(Engagement))
    )
    return session.stream(statement.order_by(Engagement.id), CHUNK)


def alerts(session: ReadSession, enrollment_id: int, cut: Cut) -> Iterator[Row[Any]]:
    """Alerts in the order of their opening (ix_alert_enrollment)."""
    statement = (
        select(Alert, RiskEstimateRow.uid.label("estimate_uid"))
        .outerjoin(RiskEstimateRow, RiskEstimateRow.id == Alert.estimate_id)
        .where(Alert.enrollment_id == enrollment_id, cut.holds(Alert))
    )
    return session.stream(statement.order_by(Alert.opened_at, Alert.id), CHUNK)


def alert_events(session: ReadSession, alert_id: int, cut: Cut) -> Sequence[Row[Any]]:
    """The events of an alert in order (its unique key)."""
    return session.rows(select(AlertEvent).where(AlertEvent.alert_id == alert_id, cut.holds(AlertEvent)).order_by(AlertEvent.sequence))
