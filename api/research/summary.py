"""A study in numbers: people, prompts with compliance, answers, alerts with how they ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request
from sqlalchemy import Row

from api.actions.record_act import act_of, record
from api.auth.staff import StaffViewer
from api.deps import TheHouse
from api.problems import responses
from api.research.study import StudyRow
from api.router import Router
from api.shapes import Moment, Shape
from models.access import Ability, require_whole_study
from models.dataset.compliance import Compliance, Counts
from models.dataset.frames import Slot, status
from models.dataset.lifeline import Life
from models.dataset.lifeline import Moment as Planned
from models.kinds import Disposition, EnrollmentState, PromptState
from models.queries.enrollment import count_by_state
from models.queries.reports import alert_counts, prompt_groups, response_counts

router = Router(prefix="/v1/research/studies/{study_id}/summary", tags=["research"])


class ComplianceOut(Shape):
    """Over all people together. Shares are null where the denominator is 0."""

    design: str
    planned: int
    """Prompts whose moment has come, without those still open."""
    not_sent: int
    withdrawn: int
    open: int
    denominator: int
    """planned - not_sent - withdrawn."""
    completed_on_time: int
    completed_ever: int
    compliance_on_time: float | None
    compliance_ever: float | None


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
    """`(all)` first, then each design."""
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
        groups = prompt_groups(session, study.id, now=now)
        counts = response_counts(session, study.id)
        alerts = alert_counts(session, study.id) if with_alerts else None
    record(house, study.uid, act_of(house, request, viewer, "summary_read", "study", study.uid))
    return SummaryOut(
        as_of=now,
        synthetic=study.synthetic,
        enrollments={state: states.get(state, 0) for state in EnrollmentState},
        compliance=_compliance(groups, now),
        responses=counts.stored,
        unprompted=counts.unprompted,
        refused=counts.refused,
        decisions_owed=counts.owed,
        alerts=None if alerts is None else _rules(alerts),
    )


def _compliance(groups: Sequence[Row[Any]], now: datetime) -> list[ComplianceOut]:
    """By the law of the dataset: each group of like prompts is judged once and counted as often as it occurs."""
    found = Compliance()
    for group in groups:
        fate = status(_like(group, now), as_of=now)
        found.add(group.design, fate, group.timing, complete=bool(group.complete), times=group.number)
    return [_counted("(all)", found.total), *(_counted(name, one) for name, one in sorted(found.designs.items()))]


def _like(group: Row[Any], now: datetime) -> Slot:
    """A prompt that stands for its whole group: only what its fate depends on is true of it."""
    expires_at = now + timedelta(minutes=1) if group.unexpired else now
    planned = Planned(now, now, now, expires_at, "UTC", 0, "", 0, 0, None, 1.0)
    life = Life(
        state=PromptState(group.state),
        reason=group.reason,
        sent=now if group.told else None,
        delivered=None,
        opened=now if group.opened else None,
        expired=None,
        reminders=0,
        snoozes=0,
        replans=0,
    )
    return Slot(None, planned, life, () if group.complete is None else (_Answered(bool(group.complete)),))


class _Answered:
    """A response of which only completeness is known."""

    id = 0

    def __init__(self, complete: bool) -> None:
        self.complete = complete


def _counted(design: str, counts: Counts) -> ComplianceOut:
    return ComplianceOut(
        design=design,
        planned=counts.planned,
        not_sent=counts.not_sent,
        withdrawn=counts.withdrawn,
        open=counts.open,
        denominator=counts.denominator,
        completed_on_time=counts.completed_on_time,
        completed_ever=counts.completed_ever,
        compliance_on_time=counts.share(counts.completed_on_time),
        compliance_ever=counts.share(counts.completed_ever),
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
