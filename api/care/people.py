"""One person: enroll, read, and what staff may set."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field, StrictBool
from sqlalchemy import Row

from api.actions.enroll import ContactPreference, Newcomer, enroll, new_enrollment_code
from api.actions.record_act import act_of, record
from api.actions.set_contact import Contact, open_identifiers, set_contact
from api.auth.staff import StaffViewer
from api.care.banner import Banner, banner
from api.care.caseload import AssignmentOut, assignment_out, study_day
from api.care.estimates import ExplainedEstimate, explained
from api.counted import RecentOut, recent_out
from api.deps import House, TheHouse
from api.pages import Expected, etag
from api.problems import responses
from api.router import Router
from api.shapes import Line, Moment, Shape
from models.access import Ability, Viewer, require_study
from models.dataset.recent import Recent, recent
from models.kinds import EnrollmentState, Leaving, TimedEventKind
from models.queries import caseload as lists
from models.queries import enrollment as rows
from models.queries import planning
from models.queries.population import newest_scores
from models.queries.study import study_by_uid
from models.session import ReadSession
from risk.day_risk import FRESH, in_use
from risk.population.verdict import is_fresh
from scheduler.plan.anchors import waiting

router = Router(prefix="/v1/care/participants", tags=["care"])

Label = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
"""A code of the study, never a name."""


class NewParticipant(Shape):
    study_id: UUID
    id: UUID | None = None
    """An enrollment id made by the caller makes a retry harmless: the second try is refused with 409."""
    zone: Annotated[str, Field(max_length=64)]
    """IANA zone of the person, until the phone says otherwise."""
    name: Line | None = None
    contact: Line | None = None
    contact_preference: ContactPreference | None = None
    safe_to_voicemail: StrictBool | None = None
    arm: Label | None = None
    phase: Label | None = None
    stratum: Label | None = None
    site_id: UUID | None = None
    owner_id: UUID | None = None
    """Who looks after the person. Null: the coordinator who enrolls."""


class CodeOut(Shape):
    code: str
    """Shown once. The person types it into the phone."""
    expires_at: Moment


class NewlyEnrolled(CodeOut):
    enrollment_id: UUID


class Identifiers(Shape):
    name: str | None
    contact: str | None
    erased: bool


class HeldDevice(Shape):
    os: str
    os_version: str | None
    app_version: str
    registered_at: Moment
    last_seen_at: Moment
    skew_seconds: float | None
    """Server minus phone at the last upload."""
    held_revision: int | None
    revoked: bool


class LeavingOut(Shape):
    """An act of consent or withdrawal."""

    at: Moment
    scope: str
    given: bool
    leaving: Leaving | None


class MoveOut(Shape):
    revision: int
    valid_from: date
    moved_at: Moment


class ProbabilityOut(Shape):
    """What a population model in use said of the person's newest scored day. Investigational: association, never cause, not a diagnosis."""

    target: str
    """A report of use within a day, or within a week, from the midnight on."""
    probability: float | None
    """Null, never low, where the score is older than a day or nothing was answered for a day."""
    as_of: Moment
    """The local midnight: nothing known later was read."""
    evidence_age_hours: float | None
    """Since the newest answer."""
    model: str
    synthetic: bool


class WaitingDesign(Shape):
    """A design that asks nothing before what it counts from is told, or set for a day."""

    design: str
    anchor: TimedEventKind


class PersonOut(Shape):
    banner: Banner
    enrollment_id: UUID
    study_id: UUID
    version: int
    """For If-Match."""
    state: EnrollmentState
    study_day: int | None
    started_at: Moment | None
    ended_at: Moment | None
    zone: str
    wake_windows: dict[str, Any]
    paused_until: Moment | None
    arm: str | None
    phase: str | None
    stratum: str | None
    consent_collect: bool
    consent_use: bool
    consent_contact: bool
    contact_preference: str | None
    safe_to_voicemail: bool | None
    identifiers: Identifiers | None
    """Null where the viewer's role does not see them."""
    protocol_revision: int
    moves: list[MoveOut]
    devices: list[HeldDevice]
    leavings: list[LeavingOut]
    caseload: list[AssignmentOut]
    waiting: list[WaitingDesign] | None
    """Designs that ask nothing yet; null where the viewer may not see answers."""
    adherence: RecentOut | None
    """Null where the person withdrew the use of the data."""
    estimate: ExplainedEstimate | None
    probabilities: list[ProbabilityOut] | None
    """Of the models in use, one for each target; empty without one, null where the viewer may not see estimates."""
    open_alerts: int | None
    highest_tier: int | None


class ContactPatch(Shape):
    """Members that are left out stay as they are; null empties."""

    name: Line | None = None
    contact: Line | None = None
    contact_preference: ContactPreference | None = None
    safe_to_voicemail: StrictBool | None = None


@router.post("", status_code=201, response_model=NewlyEnrolled, responses=responses(401, 403, 404, 409, 422))
def enroll_participant(body: NewParticipant, viewer: StaffViewer, house: TheHouse, request: Request) -> NewlyEnrolled:
    """Enroll a person and get the code for the phone. Name and contact are sealed under the person's own key."""
    with house.sessions.reading() as session:
        study = study_by_uid(session, viewer, body.study_id)
    require_study(viewer, Ability.ENROLL, study.id)
    newcomer = Newcomer(
        zone=body.zone,
        enrollment_uid=body.id,
        name=body.name,
        contact=body.contact,
        contact_preference=body.contact_preference,
        safe_to_voicemail=body.safe_to_voicemail,
        arm=body.arm,
        phase=body.phase,
        stratum=body.stratum,
        site=body.site_id,
        owner=body.owner_id,
    )
    done = enroll(house, request, viewer, study, newcomer)
    return NewlyEnrolled(enrollment_id=done.enrollment_uid, code=done.code.code, expires_at=done.code.expires_at)


@router.post("/{enrollment_id}/codes", status_code=201, response_model=CodeOut, responses=responses(401, 403, 404, 410))
def issue_enrollment_code(enrollment_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request) -> CodeOut:
    """Another code, for a lost one or a new phone. Older codes stop working."""
    code = new_enrollment_code(house, request, viewer, enrollment_id)
    return CodeOut(code=code.code, expires_at=code.expires_at)


@router.get("/{enrollment_id}", response_model=PersonOut, responses=responses(401, 403, 404))
def read_participant(enrollment_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request, response: Response) -> PersonOut:
    """One person. Name and contact only for roles that see them; every reading is written down, and the person may see by whom."""
    shown = _shown(house, viewer, enrollment_id)
    act = act_of(
        house,
        request,
        viewer,
        "participant_read",
        "enrollment",
        enrollment_id,
        person=enrollment_id,
        purpose="care",
        identifiers=shown.identifiers is not None,
    )
    record(house, shown.study_id, act)
    response.headers["ETag"] = etag(shown.version)
    return shown


@router.patch("/{enrollment_id}", response_model=PersonOut, responses=responses(401, 403, 404, 410, 412, 422, 428))
def change_contact(
    enrollment_id: UUID, body: ContactPatch, viewer: StaffViewer, version: Expected, house: TheHouse, request: Request, response: Response
) -> PersonOut:
    """How to reach a person. What is sent changes, what is left out stays."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    set_contact(house, request, viewer, enrollment_id, Contact(given), version=version)
    shown = _shown(house, viewer, enrollment_id)
    response.headers["ETag"] = etag(shown.version)
    return shown


def _shown(house: House, viewer: Viewer, enrollment_id: UUID) -> PersonOut:
    now, above = house.clock.study(), banner(house)
    with house.sessions.reading() as session:
        row = rows.person(session, viewer, Ability.SEE_PEOPLE, enrollment_id, now=now)
        asked = (Ability.SEE_ESTIMATES, Ability.SEE_ALERTS, Ability.SEE_IDENTIFIERS, Ability.SEE_ANSWERS)
        may = rows.reached(session, viewer, asked, row.id, now=now)
        estimate = lists.newest_estimates(session, [row.id]).get(row.id)
        alerts = lists.open_alerts(session, [row.id]).get(row.id)
        adherence = recent(session, [row.id], at=now, now=now)[row.id] if row.consent_use else None
        return PersonOut(
            banner=above,
            enrollment_id=row.uid,
            study_id=row.study_uid,
            version=row.version,
            state=row.state,
            study_day=study_day(row, now),
            started_at=row.started_at,
            ended_at=row.ended_at,
            zone=row.zone,
            wake_windows=row.wake_windows,
            paused_until=row.paused_until if row.paused_until is not None and row.paused_until > now else None,
            arm=row.arm,
            phase=row.phase,
            stratum=row.stratum,
            consent_collect=row.consent_collect,
            consent_use=row.consent_use,
            consent_contact=row.consent_contact,
            contact_preference=row.contact_preference,
            safe_to_voicemail=row.safe_to_voicemail,
            identifiers=_identifiers(house, row) if Ability.SEE_IDENTIFIERS in may else None,
            protocol_revision=row.protocol_revision,
            moves=[
                MoveOut(revision=one.revision, valid_from=one.valid_from, moved_at=one.moved_at) for one in rows.moves_of(session, row.id)
            ],
            devices=[_device(one) for one in rows.devices_of(session, row.id)],
            leavings=[
                LeavingOut(at=one.at, scope=one.scope, given=one.given, leaving=one.leaving) for one in rows.leavings_of(session, row.id)
            ],
            caseload=[assignment_out(one) for one in lists.assignments_of(session, row.id)],
            waiting=_waiting(session, house, row) if Ability.SEE_ANSWERS in may else None,
            adherence=None if adherence is None else recent_out(adherence),
            estimate=explained(estimate, now=now) if Ability.SEE_ESTIMATES in may else None,
            probabilities=_probabilities(session, row, adherence, now) if Ability.SEE_ESTIMATES in may else None,
            open_alerts=(alerts.number if alerts is not None else 0) if Ability.SEE_ALERTS in may else None,
            highest_tier=alerts.tier if alerts is not None and Ability.SEE_ALERTS in may else None,
        )


def _waiting(session: ReadSession, house: House, row: Row[Any]) -> list[WaitingDesign]:
    if row.state is not EnrollmentState.ACTIVE:
        return []
    known = {one.kind for found in (planning.anchor_events, planning.planned_events) for one in found(session, [row.id])}
    designs = house.protocols.get(session, row.protocol_version_id).designs
    return [WaitingDesign(design=one.design, anchor=one.anchor) for one in waiting(designs, row.arm, known)]


def _identifiers(house: House, row: Row[Any]) -> Identifiers:
    name, contact = open_identifiers(house.keys, row)
    return Identifiers(name=name, contact=contact, erased=row.erased_at is not None)


def _probabilities(session: ReadSession, row: Row[Any], adherence: Recent | None, now: datetime) -> list[ProbabilityOut]:
    """Of models in use alone; a score of one that was rolled back is not shown any more."""
    if adherence is None:
        return []
    silent = adherence.silent_hours
    return [
        ProbabilityOut(
            target=one.target,
            probability=one.probability if is_fresh(silent) and now - one.as_of <= FRESH else None,
            as_of=one.as_of,
            evidence_age_hours=None if silent is None else round(silent, 2),
            model=one.name,
            synthetic=one.synthetic,
        )
        for one in newest_scores(session, row.id, in_use(session, row.study_id))
    ]


def _device(row: Row[Any]) -> HeldDevice:
    return HeldDevice(
        os=row.os,
        os_version=row.os_version,
        app_version=row.app_version,
        registered_at=row.registered_at,
        last_seen_at=row.last_seen_at,
        skew_seconds=row.last_skew_seconds,
        held_revision=row.held_revision,
        revoked=row.revoked_at is not None,
    )
