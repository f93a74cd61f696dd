"""The list a coordinator works from, and who looks after whom."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import Field, StrictBool
from sqlalchemy import Row

from api.actions.assign import NewAssignment, assign
from api.actions.record_act import act_of, record_reading
from api.auth.staff import StaffViewer
from api.care.banner import Banner, banner
from api.care.estimates import EstimateOut, estimate_out
from api.counted import RecentOut, recent_out
from api.deps import House, TheHouse
from api.pages import Expected, cursor_of, etag, read_cursor
from api.problems import responses
from api.router import Router
from api.shapes import Cursor, Limit, Moment, Shape
from models.access import Ability, Viewer
from models.dataset.recent import Recent, recent
from models.errors import Forbidden
from models.kinds import EnrollmentState
from models.queries import caseload as rows
from models.queries.study import study_by_uid
from scheduler.plan.calendar import WakeSpan, ZoneSpan, study_date
from scheduler.plan_inputs import wake_windows

router = Router(prefix="/v1/care/participants", tags=["care"])


class CaseRow(Shape):
    """One person. What the viewer may not see of a person is null."""

    enrollment_id: UUID
    study_id: UUID
    state: EnrollmentState
    study_day: int | None
    """From 1; null before the phone is enrolled."""
    zone: str
    paused_until: Moment | None
    consent_contact: bool
    last_answer_at: Moment | None
    last_answer_age_hours: float | None
    adherence: RecentOut | None
    """Null where the person withdrew the use of the data."""
    estimate: EstimateOut | None
    open_alerts: int | None
    highest_tier: int | None
    protocol_revision: int
    held_revision: int | None
    """What the phone says it holds; null where it said nothing."""


class CaseloadPage(Shape):
    banner: Banner
    items: list[CaseRow]
    next: str | None


class AssignmentIn(Shape):
    staff_id: UUID
    is_cover: StrictBool = False
    """A cover stands in for the owner."""
    valid_from: Moment | None = None
    """Null: now."""
    valid_until: Moment | None = None
    """Null: until someone changes it."""


class CaseloadIn(Shape):
    assignments: Annotated[list[AssignmentIn], Field(max_length=20)]
    """Everyone who looks after the person from now on. Empty: nobody does, and every coordinator of the study sees the person."""


class AssignmentOut(Shape):
    staff_id: UUID
    staff_name: str
    is_cover: bool
    valid_from: Moment
    valid_until: Moment | None


class CaseloadOut(Shape):
    enrollment_id: UUID
    version: int
    assignments: list[AssignmentOut]
    """Past ones too, in order."""


@router.get("", response_model=CaseloadPage, responses=responses(401, 403, 404, 422))
def list_participants(
    viewer: StaffViewer,
    house: TheHouse,
    request: Request,
    study: UUID | None = None,
    state: Annotated[list[EnrollmentState] | None, Query(max_length=4)] = None,
    mine: bool = False,
    unowned: bool = False,
    with_alerts: bool = False,
    silent_hours: Annotated[int | None, Query(ge=1, le=2400)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CaseloadPage:
    """The people the viewer may see, the newest enrollment first."""
    if not viewer.studies(Ability.SEE_PEOPLE):
        raise Forbidden("forbidden", "Your role does not allow this.")
    now = house.clock.study()
    after = None if cursor is None else rows.Cursor(*read_cursor(cursor, datetime, UUID))
    with house.sessions.reading() as session:
        filters = rows.Filters(
            study_id=None if study is None else study_by_uid(session, viewer, study).id,
            states=frozenset(state or ()),
            mine=mine,
            unowned=unowned,
            with_alerts=with_alerts,
            silent_since=None if silent_hours is None else now - timedelta(hours=silent_hours),
        )
        found = rows.caseload(session, viewer, filters, now=now, after=after, limit=limit + 1)
        shown, more = found[:limit], len(found) > limit
        estimates = rows.newest_estimates(session, [row.id for row in shown if row.may_estimate])
        alerts = rows.open_alerts(session, [row.id for row in shown if row.may_alert])
        adherence = recent(session, [row.id for row in shown if row.consent_use], at=now, now=now)
    _note(house, request, viewer, shown)
    return CaseloadPage(
        banner=banner(house),
        items=[_case(row, estimates.get(row.id), alerts.get(row.id), adherence.get(row.id), now) for row in shown],
        next=cursor_of(shown[-1].created_at, shown[-1].uid) if more else None,
    )


def _note(house: House, request: Request, viewer: Viewer, shown: Any) -> None:
    """One act for each study on the page."""
    counts: dict[UUID, int] = {}
    for row in shown:
        counts[row.study_uid] = counts.get(row.study_uid, 0) + 1
    record_reading(
        house,
        {
            study: act_of(house, request, viewer, "caseload_read", "study", study, purpose="care", people=count)
            for study, count in counts.items()
        },
    )


def _case(row: Row[Any], estimate: Row[Any] | None, alerts: Row[Any] | None, adherence: Recent | None, now: datetime) -> CaseRow:
    answered = row.last_answer_at
    return CaseRow(
        enrollment_id=row.uid,
        study_id=row.study_uid,
        state=row.state,
        study_day=study_day(row, now),
        zone=row.zone,
        paused_until=row.paused_until if row.paused_until is not None and row.paused_until > now else None,
        consent_contact=row.consent_contact,
        last_answer_at=answered,
        last_answer_age_hours=None if answered is None else round((now - answered).total_seconds() / 3600, 2),
        adherence=None if adherence is None else recent_out(adherence),
        estimate=estimate_out(estimate, now=now) if row.may_estimate else None,
        open_alerts=(alerts.number if alerts is not None else 0) if row.may_alert else None,
        highest_tier=alerts.tier if alerts is not None else None,
        protocol_revision=row.protocol_revision,
        held_revision=row.held_revision,
    )


def study_day(row: Row[Any], now: datetime) -> int | None:
    """By the zone and wake windows of now; None before day 1 is known."""
    if row.start_date is None:
        return None
    end = now if row.ended_at is None else min(now, row.ended_at)
    zones, wake = (ZoneSpan(row.created_at, row.zone),), (WakeSpan(row.start_date, wake_windows(row.wake_windows)),)
    first: date = row.start_date
    return (study_date(end, zones, wake) - first).days + 1


@router.put("/{enrollment_id}/caseload", response_model=CaseloadOut, responses=responses(401, 403, 404, 412, 422, 428))
def set_caseload(
    enrollment_id: UUID, body: CaseloadIn, viewer: StaffViewer, version: Expected, house: TheHouse, request: Request, response: Response
) -> CaseloadOut:
    """Who looks after a person from now on. What was before stays in the record."""
    wanted = [NewAssignment(one.staff_id, one.is_cover, one.valid_from, one.valid_until) for one in body.assignments]
    new_version, assignments = assign(house, request, viewer, enrollment_id, wanted, version=version)
    response.headers["ETag"] = etag(new_version)
    return CaseloadOut(enrollment_id=enrollment_id, version=new_version, assignments=[assignment_out(one) for one in assignments])


def assignment_out(row: Row[Any]) -> AssignmentOut:
    return AssignmentOut(
        staff_id=row.staff_uid, staff_name=row.name, is_cover=row.is_cover, valid_from=row.valid_from, valid_until=row.valid_until
    )
