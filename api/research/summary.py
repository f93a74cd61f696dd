"""A study in numbers: people, prompts with compliance, answers, alerts with how they ended."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from sqlalchemy import Row

from api.actions.record_act import act_of, record
from api.auth.staff import StaffViewer
from api.counted import ComplianceOut, WeekOut, by_design, by_week
from api.deps import TheHouse
from api.problems import responses
from api.research.study import StudyRow
from api.router import Router
from api.shapes import Moment, Shape
from models.access import Ability, require_whole_study
from models.kinds import Disposition, EnrollmentState
from models.queries.adherence import study_groups
from models.queries.enrollment import count_by_state
from models.queries.reports import alert_counts, response_counts

router = Router(prefix="/v1/research/studies/{study_id}/summary", tags=["research"])


class RuleOut(Shape):
    """Alerts of one rule by how they ended; `unresolved` have not."""

    rule: str
    tier: int
    unresolved: int
    ended: dict[Disposition, int]
    minutes_spent: int


class SummaryOut(Shape):
    as_of: Moment
    synthetic: bool
    enrollments: dict[EnrollmentState, int]
    compliance: list[ComplianceOut]
    """Over all people together: `(all)` first, then each design."""
    weeks: list[WeekOut]
    """The same for each study week."""
    responses: int
    unprompted: int
    refused: int
    decisions_owed: int
    alerts: list[RuleOut] | None
    """Null where the viewer may not see alerts."""


@router.get("", response_model=SummaryOut, responses=responses(401, 403, 404))
def read_summary(study: StudyRow, viewer: StaffViewer, house: TheHouse, request: Request) -> SummaryOut:
    """Counts only, nobody's rows. People who withdrew the use of their data are not in the prompts."""
    require_whole_study(viewer, Ability.SEE_PEOPLE, study.id)
    now, with_alerts = house.clock.study(), study.id in viewer.studies(Ability.SEE_ALERTS)
    with house.sessions.reading() as session:
        states = count_by_state(session, study.id)
        groups = study_groups(session, study.id, now=now)
        counts = response_counts(session, study.id)
        alerts = alert_counts(session, study.id) if with_alerts else None
    record(house, study.uid, act_of(house, request, viewer, "summary_read", "study", study.uid))
    return SummaryOut(
        as_of=now,
        synthetic=study.synthetic,
        enrollments={state: states.get(state, 0) for state in EnrollmentState},
        compliance=by_design(groups, now=now),
        weeks=by_week(groups, now=now),
        responses=counts.stored,
        unprompted=counts.unprompted,
        refused=counts.refused,
        decisions_owed=counts.owed,
        alerts=None if alerts is None else _rules(alerts),
    )


def _rules(rows: Sequence[Row[Any]]) -> list[RuleOut]:
    grouped: dict[tuple[str, int], list[Row[Any]]] = {}
    for row in rows:
        grouped.setdefault((row.family, row.tier), []).append(row)
    return [
        RuleOut(
            rule=family,
            tier=tier,
            unresolved=sum(one.number for one in found if one.disposition is None),
            ended={one.disposition: one.number for one in found if one.disposition is not None},
            minutes_spent=sum(int(one.minutes or 0) for one in found),
        )
        for (family, tier), found in sorted(grouped.items())
    ]
