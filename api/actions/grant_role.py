"""New colleagues, and what they may do in a study from when until when."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from api.actions.record_act import act_of, add_act
from api.actions.sign_in import login_of
from api.auth.passwords import hash_password
from api.deps import House
from models.access import Ability, Viewer
from models.errors import Conflict, Fault, Forbidden, Invalid
from models.ids import new_password
from models.kinds import Role
from models.queries.staff import add_grant, add_staff, end_grant, grant_in, others_with, staff_by_login


@dataclass(frozen=True, slots=True)
class Added:
    """`one_time_password` is shown once."""

    staff_uid: UUID
    login: str
    one_time_password: str = field(repr=False)


def add_colleague(house: House, request: Request, viewer: Viewer, *, login: str, name: str) -> Added:
    """An account without any role. Raises Forbidden for who may not manage staff anywhere, Conflict for a login that is taken."""
    if not viewer.studies(Ability.MANAGE_STAFF):
        raise Forbidden("forbidden", "Your role does not allow this.")
    login, one_time, now = login_of(login), new_password(), house.clock.system()
    one_time_hash = hash_password(one_time)
    try:
        with house.sessions.transaction() as session:
            _, staff_uid = add_staff(session, login=login, name=name, password_hash=one_time_hash, must_change=True, now=now)
            add_act(session, house, None, act_of(house, request, viewer, "staff_added", "staff", staff_uid))
    except IntegrityError:
        raise Conflict("login_taken", "This login is taken.", (Fault("/login", "login_taken", "Choose another one."),)) from None
    return Added(staff_uid, login, one_time)


def grant_role(
    house: House,
    request: Request,
    viewer: Viewer,
    study: Row[Any],
    *,
    login: str,
    role: Role,
    valid_from: datetime | None,
    valid_until: datetime | None,
) -> UUID:
    """A grant in the whole study. It shows no alert and no estimate before the grantee has attested.

    Nobody grants to themselves; the operator's role reaches every study, so only an operator gives it.
    """
    now = house.clock.system()
    starts = valid_from or min(now, house.clock.study())
    if role is Role.PARTICIPANT:
        raise _refused("/role", "not_a_staff_role", "Participants are enrolled, not granted.")
    if valid_until is not None and valid_until <= max(starts, now):
        raise _refused("/valid_until", "ends_before_it_starts", "The end must lie after the start and in the future.")
    if role is Role.OPERATOR and not viewer.studies(Ability.OPERATE):
        raise Forbidden("operator_needed", "Only an operator makes another operator.")
    with house.sessions.transaction() as session:
        person = staff_by_login(session, login_of(login))
        if person is None or person.disabled_at is not None:
            raise _refused("/login", "unknown_login", "There is no such login; add the colleague first.")
        if person.id == viewer.staff_id:
            raise Forbidden("not_to_yourself", "Someone else must grant you this.")
        grant_uid = add_grant(
            session,
            study_id=study.id,
            staff_id=person.id,
            role=role,
            site_id=None,
            valid_from=starts,
            valid_until=valid_until,
            granted_by=viewer.staff_id,
            attested_at=None,
            now=now,
        )
        act = act_of(house, request, viewer, "role_granted", "grant", grant_uid, role=role, grantee=str(person.uid))
        add_act(session, house, study.uid, act)
    return grant_uid


def end_role(house: House, request: Request, viewer: Viewer, study: Row[Any], grant_uid: UUID) -> None:
    """Ends a grant now. Raises Conflict where nobody could manage the study's staff afterwards."""
    now = house.clock.system()
    with house.sessions.transaction() as session:
        grant = grant_in(session, study.id, grant_uid)
        holds = grant.valid_until is None or grant.valid_until > now
        if holds and grant.role is Role.ADMIN and not others_with(session, study.id, Role.ADMIN, grant.id, now=now):
            raise Conflict("last_admin", "Nobody could manage the study's staff afterwards; name another admin first.")
        end_grant(session, grant.id, now=now)
        add_act(session, house, study.uid, act_of(house, request, viewer, "role_ended", "grant", grant_uid, role=grant.role))


def _refused(pointer: str, rule: str, message: str) -> Invalid:
    return Invalid("invalid", "The request breaks the rules named in errors.", (Fault(pointer, rule, message),))
