"""Who is told: owner, cover, who is on duty, and who may stand in.

No viewer: the house asks whom to wake. Except where nobody else is left, only staff who attest to having no power over
the person are told (safety.md rule 3), since nobody else may open the alert.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, exists, or_, select

from models.kinds import Role, RungTarget
from models.session import ReadSession
from models.tables import Caseload, Duty, Enrollment, RoleGrant, Staff

WORKING: Final = (Role.COORDINATOR, Role.CLINICIAN, Role.INVESTIGATOR)
"""Roles that may work alerts."""

STAND_INS: Final[Mapping[RungTarget, tuple[tuple[Role, ...], ...]]] = {
    RungTarget.OWNER: (),
    RungTarget.COVER: (),
    RungTarget.ON_DUTY: ((Role.COORDINATOR, Role.CLINICIAN),),
    RungTarget.SUPERVISOR: ((Role.CLINICIAN,), (Role.INVESTIGATOR,), (Role.ADMIN,)),
    RungTarget.INVESTIGATOR: ((Role.INVESTIGATOR,), (Role.ADMIN,)),
    RungTarget.SYSTEM: ((Role.ADMIN,),),
}
"""Where a rung has nobody listed: the first of these sets of roles that has anyone."""


def recipients(
    session: ReadSession, *, study_id: int, enrollment_id: int, target: RungTarget, owner_id: int | None, now: datetime
) -> Sequence[Row[Any]]:
    """The staff (`id`, `uid`) of a rung at this moment, by id; empty where there is nobody.

    `owner_id` is the owner written on the alert; where the caseload has passed to someone else since, both are told.
    Relies on ix_caseload_enrollment, ix_duty_study and ix_role_grant_staff_study.
    """
    attested = _granted(study_id, enrollment_id, (*WORKING, Role.ADMIN), now)
    listed = _listed(session, study_id, enrollment_id, target, owner_id, now, attested)
    if listed:
        return listed
    for roles in STAND_INS[target]:
        if found := _staff(session, _granted(study_id, enrollment_id, roles, now)):
            return found
    return []


def anyone(session: ReadSession, *, study_id: int, now: datetime) -> Sequence[Row[Any]]:
    """Who is left when the last rung is empty: all admins of the study, else all its staff, attested or not.

    What they are told names nobody and nothing, so it may go to staff who cannot open the alert but can find who can.
    """
    of_study = and_(RoleGrant.staff_id == Staff.id, RoleGrant.study_id == study_id, _valid(RoleGrant, now))
    admins = _staff(session, exists(select(RoleGrant.id).where(of_study, RoleGrant.role == Role.ADMIN)))
    return admins or _staff(session, exists(select(RoleGrant.id).where(of_study)))


def assignable(session: ReadSession, *, study_id: int, enrollment_id: int, now: datetime) -> Sequence[Row[Any]]:
    """The staff (`id`, `uid`, `name`) to whom an alert of this enrollment may be given, by id."""
    return _staff(session, _granted(study_id, enrollment_id, WORKING, now))


def owner_of(session: ReadSession, enrollment_id: int, now: datetime) -> int | None:
    """The owner by the caseload's dates; of several the newest. None: nobody looks after this person now."""
    owned = select(Caseload.staff_id).where(_of_caseload(enrollment_id, now), Caseload.is_cover.is_(False))
    found = session.value(owned.order_by(Caseload.valid_from.desc(), Caseload.id.desc()))
    return None if found is None else int(found)


def _listed(
    session: ReadSession,
    study_id: int,
    enrollment_id: int,
    target: RungTarget,
    owner_id: int | None,
    now: datetime,
    attested: ColumnElement[bool],
) -> Sequence[Row[Any]]:
    if target is RungTarget.OWNER:
        return _staff(session, attested, Staff.id.in_({owner_id, owner_of(session, enrollment_id, now)} - {None}))
    if target is RungTarget.COVER:
        cover = and_(_of_caseload(enrollment_id, now), Caseload.staff_id == Staff.id, Caseload.is_cover)
        return _staff(session, attested, exists(select(Caseload.id).where(cover)))
    listed = and_(Duty.study_id == study_id, Duty.staff_id == Staff.id, Duty.rung == str(target), _valid(Duty, now))
    return _staff(session, attested, exists(select(Duty.id).where(listed)))


def _staff(session: ReadSession, *conditions: ColumnElement[bool]) -> Sequence[Row[Any]]:
    return session.rows(select(Staff.id, Staff.uid, Staff.name).where(Staff.disabled_at.is_(None), *conditions).order_by(Staff.id))


def _granted(study_id: int, enrollment_id: int, roles: Sequence[Role], now: datetime) -> ColumnElement[bool]:
    """Holds one of the roles now, attested, for the whole study or for the person's site."""
    site = select(Enrollment.site_id).where(Enrollment.id == enrollment_id).scalar_subquery()
    return exists(
        select(RoleGrant.id).where(
            RoleGrant.staff_id == Staff.id,
            RoleGrant.study_id == study_id,
            RoleGrant.role.in_(roles),
            RoleGrant.no_power_attested_at.is_not(None),
            or_(RoleGrant.site_id.is_(None), RoleGrant.site_id == site),
            _valid(RoleGrant, now),
        )
    )


def _of_caseload(enrollment_id: int, now: datetime) -> ColumnElement[bool]:
    return and_(Caseload.enrollment_id == enrollment_id, _valid(Caseload, now))


def _valid(table: type[Caseload] | type[Duty] | type[RoleGrant], now: datetime) -> ColumnElement[bool]:
    return and_(table.valid_from <= now, or_(table.valid_until.is_(None), table.valid_until > now))
