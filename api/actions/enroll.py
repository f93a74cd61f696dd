"""Enroll a person: participant, invited enrollment and a code for the phone, shown once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from api.actions.record_act import act_of, add_act
from api.auth.codes import MadeCode, make_code
from api.deps import House
from api.settings import ApiSettings
from models.access import CASELOAD_ROLES, Ability, Viewer
from models.definition.load import parse
from models.errors import Conflict, Fault, Forbidden, Gone, Invalid
from models.ids import new_key, new_uid
from models.kinds import EnrollmentState
from models.queries.caseload import Assignment, replace_assignments
from models.queries.device import add_code, lookup_taken
from models.queries.enrollment import add_enrollment, add_participant, lock_person
from models.queries.staff import role_holder
from models.queries.study import protocol_for, site_by_uid
from models.sealed import Keys, blind, place, seal, wrap
from models.session import ReadSession, Sessions, WriteSession
from scheduler.plan.calendar import TZDATA_VERSION, local, zone_info

ContactPreference = Literal["call", "text", "email", "none"]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What staff say of a person. Name and contact are sealed under the person's own key."""

    zone: str
    enrollment_uid: UUID | None = None
    name: str | None = field(default=None, repr=False)
    contact: str | None = field(default=None, repr=False)
    contact_preference: ContactPreference | None = None
    safe_to_voicemail: bool | None = None
    arm: str | None = None
    phase: str | None = None
    stratum: str | None = None
    site: UUID | None = None
    owner: UUID | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """`code` is shown once."""

    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolled:
    enrollment_uid: UUID
    code: Code


def enroll(house: House, request: Request, viewer: Viewer, study: Row[Any], newcomer: Newcomer) -> Enrolled:
    """Raises Conflict where the study has no protocol in effect, or the id is taken, so that a retry makes no second person."""
    zone_info(newcomer.zone)
    made, now = fresh_code(house.sessions, house.settings), house.clock.study()
    try:
        with house.sessions.transaction() as session:
            site_id = _site(session, viewer, study, newcomer.site)
            owner_id = _owner(session, viewer, study, newcomer.owner, house.clock.system())
            row = add_person(session, house.keys, study, newcomer, site_id=site_id, now=now)
            if owner_id is not None:
                replace_assignments(session, row, [Assignment(owner_id, False, now, None)], set_by=viewer.staff_id, now=now)
            code = store_code(session, house.settings, row, made, issued_by=viewer.staff_id, system_now=house.clock.system())
            act = act_of(house, request, viewer, "enrolled", "enrollment", row.uid, person=row.uid, purpose="care")
            add_act(session, house, study.uid, act)
    except IntegrityError:
        if newcomer.enrollment_uid is None:
            raise
        taken = Fault("/id", "id_taken", "Use another id, or ask for a new code for this one.")
        raise Conflict("enrolled_already", "Someone is enrolled under this id.", (taken,)) from None
    return Enrolled(row.uid, code)


@dataclass(frozen=True, slots=True)
class Added:
    """The rows of a new person. `id` and `study_id` are internal."""

    id: int
    uid: UUID
    study_id: int


def add_person(session: WriteSession, keys: Keys, study: Row[Any], newcomer: Newcomer, *, site_id: int | None, now: datetime) -> Added:
    """Participant and invited enrollment on the protocol version in effect, with keys of their own."""
    today = local(now, newcomer.zone).date
    version = protocol_for(session, study.id, today)
    if version is None:
        raise Conflict("no_protocol", "The study has no protocol in effect yet; publish one first.")
    participant_uid, data_key = new_uid(), new_key()
    participant_id = add_participant(
        session,
        {
            "uid": participant_uid,
            "data_key": wrap(keys, data_key, place("participant", "data_key", str(participant_uid))),
            "key_id": keys.key_id,
            "created_at": now,
            **identifiers(keys, data_key, participant_uid, name=newcomer.name, contact=newcomer.contact),
            "contact_preference": newcomer.contact_preference,
            "safe_to_voicemail": newcomer.safe_to_voicemail,
        },
    )
    enrollment_uid = newcomer.enrollment_uid or new_uid()
    enrollment_id = add_enrollment(
        session,
        {
            "uid": enrollment_uid,
            "study_id": study.id,
            "participant_id": participant_id,
            "site_id": site_id,
            "protocol_version_id": version.id,
            "arm": newcomer.arm,
            "phase": newcomer.phase,
            "stratum": newcomer.stratum,
            "plan_key": wrap(keys, new_key(), place("enrollment", "plan_key", str(enrollment_uid))),
            "randomization_key": wrap(keys, new_key(), place("enrollment", "randomization_key", str(enrollment_uid))),
            "key_id": keys.key_id,
            "zone": newcomer.zone,
            "wake_windows": parse(version.document).wake.default.model_dump(mode="json"),
            "synthetic": study.synthetic,
            "created_at": now,
        },
        zone_from=now,
        wake_from=today,
        source="staff",
        tzdata_version=TZDATA_VERSION,
    )
    return Added(enrollment_id, enrollment_uid, study.id)


def identifiers(keys: Keys, data_key: bytes, participant_uid: UUID, **given: str | None) -> dict[str, bytes | None]:
    """The sealed columns of a name and a contact. A contact also gets its keyed digest; None empties a column."""
    columns: dict[str, bytes | None] = {}
    for name, value in given.items():
        where = place("participant", name, str(participant_uid))
        columns[f"{name}_sealed"] = None if value is None else seal(data_key, value.encode(), where)
    if "contact" in given:
        contact = given["contact"]
        columns["contact_index"] = None if contact is None else blind(keys, "contact", "".join(contact.casefold().split()))
    return columns


def new_enrollment_code(house: House, request: Request, viewer: Viewer, enrollment_uid: UUID) -> Code:
    """Another code for the same enrollment: a lost code, or a new phone. Older codes that were not used stop working."""
    made = fresh_code(house.sessions, house.settings)
    with house.sessions.transaction() as session:
        row = lock_person(session, viewer, Ability.ENROLL, enrollment_uid, now=house.clock.study())
        if row.state not in {EnrollmentState.INVITED, EnrollmentState.ACTIVE} or not row.consent_collect:
            raise Gone("enrollment_ended", "This enrollment has ended.")
        code = store_code(session, house.settings, row, made, issued_by=viewer.staff_id, system_now=house.clock.system())
        act = act_of(house, request, viewer, "code_issued", "enrollment", row.uid, person=row.uid, purpose="care")
        add_act(session, house, row.study_uid, act)
    return code


def fresh_code(sessions: Sessions, settings: ApiSettings) -> MadeCode:
    """A code whose look-up part was never used. Some 20 ms; call it outside a transaction."""
    while True:
        made = make_code(settings)
        with sessions.reading() as session:
            if not lookup_taken(session, made.lookup):
                return made


def store_code(
    session: WriteSession,
    settings: ApiSettings,
    person: Row[Any] | Added,
    made: MadeCode,
    *,
    issued_by: int | None,
    system_now: datetime,
) -> Code:
    expires_at = system_now + timedelta(hours=settings.code_hours)
    add_code(
        session,
        study_id=person.study_id,
        enrollment_id=person.id,
        lookup=made.lookup,
        secret_hash=made.secret_hash,
        expires_at=expires_at,
        issued_by=issued_by,
        now=system_now,
    )
    return Code(made.code, expires_at)


def _site(session: ReadSession, viewer: Viewer, study: Row[Any], wanted: UUID | None) -> int | None:
    """The site of a newcomer: the one that is named, or the only one that the viewer's role reaches."""
    sites = {grant.site_id for grant in viewer.granting(Ability.ENROLL) if grant.study_id == study.id}
    if wanted is None:
        if None in sites or viewer.kind == "system":
            return None
        if len(sites) == 1:
            return next(iter(sites))
        raise Invalid("invalid", "Name the site.", (Fault("/site_id", "required", "Your role reaches several sites; name one."),))
    row = site_by_uid(session, study.id, wanted)
    if row is None:
        raise Invalid("invalid", "The study has no such site.", (Fault("/site_id", "unknown_site", "The study has no such site."),))
    if None not in sites and row.id not in sites:
        raise Forbidden("forbidden", "Your role does not reach this site.")
    site_id: int = row.id
    return site_id


def _owner(session: ReadSession, viewer: Viewer, study: Row[Any], wanted: UUID | None, system_now: datetime) -> int | None:
    """Who looks after the newcomer: the one who is named, else who enrolls where that is a coordinator."""
    if wanted is None:
        carries = any(grant.study_id == study.id and grant.role in CASELOAD_ROLES for grant in viewer.grants)
        return viewer.staff_id if carries else None
    holder = role_holder(session, study.id, wanted, sorted(CASELOAD_ROLES), now=system_now)
    if holder is None:
        raise Invalid(
            "invalid",
            "The owner must be a coordinator or clinician of the study.",
            (Fault("/owner_id", "not_a_coordinator", "Holds no such role in the study now."),),
        )
    owner_id: int = holder.id
    return owner_id
