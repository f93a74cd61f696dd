"""Who looks after whom, and the list a coordinator works from. Reads take a Viewer; times are study time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from models.access import Ability, Viewer, visible
from models.kinds import AlertState, EnrollmentState
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import (
    Alert,
    Caseload,
    Device,
    Enrollment,
    ProtocolVersion,
    Response,
    RiskEstimateRow,
    RiskStateRow,
    Staff,
    Study,
)

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """Whom to list. Empty members do not filter. `mine` asks for the viewer's own caseload, `unowned` for those of nobody."""

    study_id: int | None = None
    states: frozenset[EnrollmentState] = frozenset()
    mine: bool = False
    unowned: bool = False
    with_alerts: bool = False
    silent_since: datetime | None = None
    """Only people of whom no answer came since."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page."""

    created_at: datetime
    uid: UUID


def current(now: datetime) -> ColumnElement[bool]:
    """The assignments of an enrollment that hold at `now` (ix_caseload_enrollment)."""
    return and_(
        Caseload.enrollment_id == Enrollment.id,
        Caseload.valid_from <= now,
        or_(Caseload.valid_until.is_(None), Caseload.valid_until > now),
    )


_LAST_ANSWER = select(func.max(Response.event_time)).where(Response.enrollment_id == Enrollment.id).scalar_subquery()
_HELD_REVISION = (
    select(Device.held_revision)
    .where(Device.enrollment_id == Enrollment.id, Device.revoked_at.is_(None))
    .order_by(Device.id.desc())
    .limit(1)
    .scalar_subquery()
)
"""What the newest phone in use says it holds."""
_LISTED: Select[Any] = (
    select(
        Enrollment,
        Study.uid.label("study_uid"),
        ProtocolVersion.revision.label("protocol_revision"),
        _LAST_ANSWER.label("last_answer_at"),
        _HELD_REVISION.label("held_revision"),
    )
    .select_from(Enrollment)
    .join(Study, Study.id == Enrollment.study_id)
    .join(ProtocolVersion, ProtocolVersion.id == Enrollment.protocol_version_id)
)
"""Built once but for who asks and what for: building a statement costs more than running it."""


def caseload(
    session: ReadSession, viewer: Viewer, filters: Filters, *, now: datetime, after: Cursor | None = None, limit: int = 50
) -> Sequence[Row[Any]]:
    """People the viewer may see, the newest enrollment first. `may_estimate` and `may_alert` say what else may be shown of each.

    Relies on ix_enrollment_study_state, ix_response_enrollment_time, ix_alert_enrollment and ix_device_enrollment.
    """
    statement = _LISTED.add_columns(
        _shown(viewer, Ability.SEE_ESTIMATES, now).label("may_estimate"), _shown(viewer, Ability.SEE_ALERTS, now).label("may_alert")
    ).where(visible(viewer, Ability.SEE_PEOPLE, now=now), *_chosen(viewer, filters, now))
    if after is not None:
        here = tuple_(Enrollment.created_at, Enrollment.uid)
        there = tuple_(literal(after.created_at, Enrollment.created_at.type), literal(after.uid, Enrollment.uid.type))
        statement = statement.where(here < there)
    return session.rows(statement.order_by(Enrollment.created_at.desc(), Enrollment.uid.desc()).limit(min(limit, MOST + 1)))


def _chosen(viewer: Viewer, filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = []
    if filters.study_id is not None:
        chosen.append(Enrollment.study_id == filters.study_id)
    if filters.states:
        chosen.append(Enrollment.state.in_(sorted(filters.states)))
    if filters.mine:
        chosen.append(exists(select(Caseload.id).where(current(now), Caseload.staff_id == viewer.staff_id)))
    if filters.unowned:
        chosen.append(~exists(select(Caseload.id).where(current(now), Caseload.is_cover.is_(False))))
    if filters.with_alerts:
        unresolved = and_(Alert.enrollment_id == Enrollment.id, Alert.state != AlertState.RESOLVED)
        chosen.extend((visible(viewer, Ability.SEE_ALERTS, now=now), exists(select(Alert.id).where(unresolved))))
    if filters.silent_since is not None:
        answered = and_(Response.enrollment_id == Enrollment.id, Response.event_time > filters.silent_since)
        chosen.append(~exists(select(Response.id).where(answered)))
    return chosen


def _shown(viewer: Viewer, ability: Ability, now: datetime) -> ColumnElement[bool]:
    """Of people who are listed: what the same grants allow need not be looked at again for each."""
    if viewer.granting(ability) == viewer.granting(Ability.SEE_PEOPLE):
        return true()
    return case((visible(viewer, ability, now=now), true()), else_=false())


_PEOPLE: BindParameter[Any] = bindparam("people", expanding=True)
_OPEN_ALERTS = once(
    select(Alert.enrollment_id, func.count().label("number"), func.max(Alert.tier).label("tier"))
    .where(Alert.enrollment_id.in_(_PEOPLE), Alert.state != AlertState.RESOLVED)
    .group_by(Alert.enrollment_id)
)


def open_alerts(session: ReadSession, enrollment_ids: Collection[int]) -> Mapping[int, Row[Any]]:
    """Enrollment -> how many alerts are not resolved and the highest tier (ix_alert_enrollment). The caller may see them."""
    if not enrollment_ids:
        return {}
    return {row.enrollment_id: row for row in session.rows(_OPEN_ALERTS, {"people": sorted(enrollment_ids)})}


def _newest() -> Any:
    one = aliased(RiskEstimateRow)
    return (
        select(one.id)
        .where(one.enrollment_id == Enrollment.id)
        .order_by(one.as_of.desc(), one.id.desc())
        .limit(1)
        .correlate(Enrollment)
        .scalar_subquery()
    )


_NEWEST_ESTIMATES = once(
    select(RiskEstimateRow, RiskStateRow.stale)
    .select_from(RiskEstimateRow)
    .join(Enrollment, RiskEstimateRow.id == _newest())
    .join(RiskStateRow, RiskStateRow.enrollment_id == Enrollment.id, isouter=True)
    .where(Enrollment.id.in_(_PEOPLE))
)


def newest_estimates(session: ReadSession, enrollment_ids: Collection[int]) -> Mapping[int, Row[Any]]:
    """Enrollment -> the newest revision of the newest estimate (ix_risk_estimate_enrollment), and whether a refold is owed.

    The caller may see them.
    """
    if not enrollment_ids:
        return {}
    return {row.enrollment_id: row for row in session.rows(_NEWEST_ESTIMATES, {"people": sorted(enrollment_ids)})}


_ASSIGNED = once(
    select(Caseload.is_cover, Caseload.valid_from, Caseload.valid_until, Staff.uid.label("staff_uid"), Staff.name)
    .join(Staff, Staff.id == Caseload.staff_id)
    .where(Caseload.enrollment_id == bindparam("enrollment"))
    .order_by(Caseload.valid_from, Caseload.id)
)


def assignments_of(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """Every assignment of a person the caller was allowed to read, past ones too (ix_caseload_enrollment)."""
    return session.rows(_ASSIGNED, {"enrollment": enrollment_id})


@dataclass(frozen=True, slots=True)
class Assignment:
    staff_id: int
    is_cover: bool
    valid_from: datetime
    valid_until: datetime | None


def replace_assignments(
    session: WriteSession, person: Any, assignments: Sequence[Assignment], *, set_by: int | None, now: datetime
) -> None:
    """Ends what holds now and drops what is still to come; the past stays. `person` has id and study_id of the locked enrollment.

    An assignment that began at `now` itself never held, so it is dropped too.
    """
    of_person = Caseload.enrollment_id == person.id
    session.execute(Caseload.__table__.delete().where(of_person, Caseload.valid_from >= now))  # type: ignore[attr-defined]
    session.execute(
        update(Caseload).where(of_person, or_(Caseload.valid_until.is_(None), Caseload.valid_until > now)).values(valid_until=now)
    )
    session.add_all(
        Caseload,
        [
            {
                "study_id": person.study_id,
                "enrollment_id": person.id,
                "staff_id": one.staff_id,
                "is_cover": one.is_cover,
                "valid_from": max(one.valid_from, now),
                "valid_until": one.valid_until,
                "set_by": set_by,
            }
            for one in assignments
        ],
    )
