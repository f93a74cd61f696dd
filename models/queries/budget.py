"""Thresholds by alert budget as rows: what days came to, what is still open, and what an answer's decision may read of today's score.

No viewer: the house looks by itself, or the caller has checked the person's.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, case, func, select

from models.base import Instant
from models.kinds import AlertState
from models.prepared import once
from models.session import ReadSession
from models.tables import Alert, Enrollment, PopulationModelRow, PopulationScore

_PEOPLE: BindParameter[Any] = bindparam("people", expanding=True)
_MODELS: BindParameter[Any] = bindparam("models", expanding=True)
_STANDING = once(
    select(
        PopulationScore.enrollment_id,
        PopulationScore.uid,
        PopulationScore.as_of,
        PopulationScore.probability,
        PopulationScore.evidence_hours,
        PopulationScore.crossed,
        PopulationScore.judgement,
        PopulationModelRow.name,
        PopulationModelRow.target,
    )
    .join(PopulationModelRow, PopulationModelRow.id == PopulationScore.population_model_id)
    .where(
        PopulationScore.enrollment_id.in_(_PEOPLE),
        PopulationScore.population_model_id.in_(_MODELS),
        PopulationScore.shadow.is_(False),
        PopulationScore.as_of >= bindparam("since", type_=Instant),
        PopulationScore.as_of <= bindparam("until", type_=Instant),
    )
    .order_by(PopulationScore.as_of, PopulationScore.id)
)


def standing_scores(
    session: ReadSession, enrollment_ids: Collection[int], model_ids: Collection[int], *, since: datetime, until: datetime
) -> Sequence[Row[Any]]:
    """Scores by these models that are no shadows, of midnights between two instants, oldest first (uq_population_score_day)."""
    if not model_ids:
        return []
    names = {"people": sorted(enrollment_ids), "models": sorted(model_ids), "since": since, "until": until}
    return session.rows(_STANDING, names)


def days_scored(session: ReadSession, enrollment_ids: Collection[int], since: datetime) -> Sequence[Row[Any]]:
    """Person-days since an instant in order: who, which model, which day, whether it was judged and raised an alert
    (uq_population_score_day)."""
    one = PopulationScore
    return session.rows(
        select(one.enrollment_id, one.population_model_id, one.study_day, one.eligible, one.raised)
        .where(one.enrollment_id.in_(sorted(enrollment_ids)), one.as_of >= since)
        .order_by(one.study_day, one.id)
    )


def budget_days(session: ReadSession, study_id: int, site_id: int | None, since: datetime) -> Sequence[Row[Any]]:
    """What a site's days came to since an instant: by midnight and model the eligible, the raised and the shift in force
    (ix_population_score_study)."""
    one = PopulationScore
    flags = {"eligible": one.eligible, "raised": one.raised}
    numbers = [func.sum(case((flag.is_(True), 1), else_=0)).label(name) for name, flag in flags.items()]
    here = Enrollment.site_id.is_(None) if site_id is None else Enrollment.site_id == site_id
    return session.rows(
        select(one.as_of, one.population_model_id, *numbers, func.max(one.shift).label("shift"))
        .join(Enrollment, Enrollment.id == one.enrollment_id)
        .where(one.study_id == study_id, one.as_of >= since, one.eligible.is_not(None), here)
        .group_by(one.as_of, one.population_model_id)
        .order_by(one.as_of)
    )


def told_times(session: ReadSession, enrollment_id: int, family: str) -> int:
    """How often an alert of a rule that is not resolved has occurred, 0 where there is none (ix_alert_enrollment)."""
    mine = (Alert.enrollment_id == enrollment_id, Alert.family == family, Alert.state != AlertState.RESOLVED)
    return int(session.value(select(func.sum(Alert.occurrences)).where(*mine)) or 0)


def score_raised(session: ReadSession, enrollment_id: int, until: datetime) -> Row[Any] | None:
    """The newest score of a person that raised an alert up to an instant, with its model (uq_population_score_day).

    The caller may see the person's estimates.
    """
    return session.row(
        select(PopulationScore, PopulationModelRow.name, PopulationModelRow.target)
        .join(PopulationModelRow, PopulationModelRow.id == PopulationScore.population_model_id)
        .where(PopulationScore.enrollment_id == enrollment_id, PopulationScore.raised.is_(True), PopulationScore.made_at <= until)
        .order_by(PopulationScore.made_at.desc(), PopulationScore.id.desc())
        .limit(1)
    )
