"""When something is next to be done, and whether anything is due: cheap looks before any write. No viewer: the house's own work."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, or_, select, text

from models.kinds import AlertState, DecisionStatus, EnrollmentState, OutcomeStatus
from models.prepared import once
from models.queries.planning import due_plans
from models.queries.risk import STALE
from models.session import ReadSession
from models.tables import Alert, Delivery, Enrollment, Prompt, ProximalOutcome, Response, RiskStateRow

Owed = Literal["plan", "prompt", "decision", "outcome", "alert", "delivery", "watch", "score"]
"""What a duty may find to do."""

_UNRESOLVED = Alert.state != AlertState.RESOLVED
_PENDING = ProximalOutcome.status == OutcomeStatus.PENDING
_ACTIVE = Enrollment.state == EnrollmentState.ACTIVE
_TAKES_PART = text("enrollment.state = 'active'")
"""Said as the partial indexes say it (ix_enrollment_watch, ix_enrollment_score)."""

_NOW = bindparam("now", type_=Prompt.next_at.type)
_EDGE = bindparam("edge", type_=Prompt.next_at.type)
_SYSTEM_NOW = bindparam("system_now", type_=Prompt.next_at.type)

_DUE: Mapping[Owed, ColumnElement[bool]] = {
    "plan": or_(*(exists(one) for one in due_plans(_EDGE))),
    "prompt": exists(select(Prompt.id).where(Prompt.next_at <= _NOW)),
    "decision": or_(
        exists(select(Response.id).where(Response.decision_status == DecisionStatus.PENDING)),
        exists(select(RiskStateRow.enrollment_id).where(STALE)),
    ),
    "outcome": exists(select(ProximalOutcome.id).where(_PENDING, ProximalOutcome.closes_at <= _NOW)),
    "alert": exists(select(Alert.id).where(_UNRESOLVED, Alert.next_at <= _NOW)),
    "delivery": exists(select(Delivery.id).where(Delivery.next_at <= _SYSTEM_NOW)),
    "watch": exists(select(Enrollment.id).where(_TAKES_PART, Enrollment.watch_at <= _NOW)),
    "score": exists(select(Enrollment.id).where(_TAKES_PART, Enrollment.score_at <= _NOW)),
}

_LOOK = once(
    select(
        *(found.label(f"{name}_due") for name, found in _DUE.items()),
        select(func.min(Prompt.next_at)).where(Prompt.next_at > _NOW).scalar_subquery().label("prompt"),
        select(func.min(Alert.next_at)).where(_UNRESOLVED, Alert.next_at > _NOW).scalar_subquery().label("alert"),
        select(func.min(ProximalOutcome.closes_at)).where(_PENDING, ProximalOutcome.closes_at > _NOW).scalar_subquery().label("outcome"),
        select(func.min(Enrollment.watch_at)).where(_TAKES_PART, Enrollment.watch_at > _NOW).scalar_subquery().label("watch"),
        select(func.min(Enrollment.score_at)).where(_TAKES_PART, Enrollment.score_at > _NOW).scalar_subquery().label("score"),
        select(func.min(Enrollment.planned_until)).where(_ACTIVE, Enrollment.planned_until > _EDGE).scalar_subquery().label("plan"),
    )
)
"""Built once: a rehearsal asks it at every moment of a study (the indexes are those of the functions below)."""


_BY_TIME: tuple[Owed, ...] = ("prompt", "alert", "outcome", "watch", "score")


@dataclass(frozen=True, slots=True)
class Look:
    """What is owed now, and when something will be next: `plan` is a `planned_until`, the others are moments."""

    due: frozenset[Owed]
    prompt: datetime | None
    alert: datetime | None
    outcome: datetime | None
    watch: datetime | None
    score: datetime | None
    plan: datetime | None

    def later(self, *, now: datetime, edge: datetime) -> "Look":
        """What is owed at a later instant where time alone passes: what still is, and whose moment has come. Other work shows in a look."""
        due = {*self.due, *(name for name in _BY_TIME if (at := getattr(self, name)) is not None and at <= now)}
        if self.plan is not None and self.plan <= edge:
            due.add("plan")
        return replace(self, due=frozenset(due))


def look(session: ReadSession, *, now: datetime, edge: datetime, system_now: datetime) -> Look:
    """All moments in one statement. `edge` is the instant up to which everyone's prompts must stand as rows."""
    row = session.row(_LOOK, {"now": now, "edge": edge, "system_now": system_now})
    assert row is not None
    due = frozenset(name for name, found in zip(_DUE, row, strict=False) if found)
    return Look(due, row.prompt, row.alert, row.outcome, row.watch, row.score, row.plan)


def next_prompt(session: ReadSession, *, after: datetime) -> datetime | None:
    """The first instant after `after` at which a prompt waits for the dispatcher (ix_prompt_next)."""
    return _least(session, select(func.min(Prompt.next_at)).where(Prompt.next_at > after))


def next_alert(session: ReadSession, *, after: datetime) -> datetime | None:
    """The first instant after `after` at which an alert wants the escalator (ix_alert_next)."""
    return _least(session, select(func.min(Alert.next_at)).where(_UNRESOLVED, Alert.next_at > after))


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
