"""Signing in, one's own password, what one may do, and new colleagues."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field, StrictBool

from api.actions.grant_role import add_colleague
from api.actions.record_act import act_of, add_act
from api.actions.sign_in import change_password, sign_in
from api.auth.staff import AnyStaff, StaffToken, StaffViewer, digest_of
from api.deps import TheHouse
from api.problems import responses
from api.router import Router
from api.shapes import Line, Shape
from models.access import GRANTS, NEEDS_ATTESTATION, Ability
from models.errors import Unauthenticated
from models.kinds import Role
from models.queries.staff import attest, end_session, own_grants, staff_by_uid

router = Router(prefix="/v1/staff", tags=["staff"])

Login = Annotated[str, Field(min_length=2, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]*$")]
Password = Annotated[str, Field(min_length=1, max_length=200)]


class SignIn(Shape):
    login: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password


class Session(Shape):
    """`token` goes into `Authorization: Bearer`; it is shown once."""

    token: str
    staff_id: UUID
    must_change: bool
    """True: only `PUT /v1/staff/password` answers until the password is replaced."""
    ends_at: datetime
    idle_seconds: int
    """The session ends after this long without use."""


class NewPassword(Shape):
    old: Password
    new: Password


class OwnGrant(Shape):
    study_id: UUID
    study_title: str
    site_id: UUID | None
    role: Role
    abilities: list[Ability]
    """What the role may do now; without an attestation nothing about alerts and estimates."""
    valid_until: datetime | None
    attested_at: datetime | None


class Me(Shape):
    staff_id: UUID
    login: str
    name: str
    grants: list[OwnGrant]


class Attestation(Shape):
    no_power: StrictBool
    """I have no authority over the dose, housing, custody or employment of the people whose alerts I see. False takes it back."""


class NewColleague(Shape):
    login: Login
    name: Line


class Colleague(Shape):
    staff_id: UUID
    login: str
    name: str
    one_time_password: str
    """Shown once; must be replaced at the first sign-in."""


@router.post("/session", status_code=201, response_model=Session, responses=responses(401, 422, 429))
def start_staff_session(body: SignIn, house: TheHouse) -> Session:
    """Sign in. Unknown logins and wrong passwords get the same reply after the same time; five wrong tries make a login rest."""
    done = sign_in(house, body.login, body.password)
    return Session(
        token=done.token,
        staff_id=done.staff_uid,
        must_change=done.must_change,
        ends_at=done.ends_at,
        idle_seconds=house.settings.staff_idle_seconds,
    )


@router.delete("/session", status_code=204, response_class=Response, responses=responses(401))
def end_staff_session(_viewer: AnyStaff, token: StaffToken, house: TheHouse) -> None:
    """Sign out."""
    if token is not None:
        with house.sessions.transaction() as session:
            end_session(session, digest_of(token.credentials), now=house.clock.system())


@router.put("/password", status_code=204, response_class=Response, responses=responses(401, 422, 429))
def replace_password(body: NewPassword, viewer: AnyStaff, token: StaffToken, house: TheHouse) -> None:
    """Replace one's own password. Every other session of the same person ends."""
    if token is None:
        raise Unauthenticated("not_signed_in", "Sign in first.")
    change_password(house, viewer, token.credentials, old=body.old, new=body.new)


@router.get("/me", response_model=Me, responses=responses(401, 403))
def read_me(viewer: StaffViewer, house: TheHouse) -> Me:
    """Who is signed in and what may be done in which study."""
    return _me(viewer, house)


@router.put("/attestation", response_model=Me, responses=responses(401, 403, 422))
def attest_no_power(body: Attestation, viewer: StaffViewer, house: TheHouse, request: Request) -> Me:
    """Attest to having no power over the people whose alerts one sees, or take it back. Without it: no alerts, no estimates."""
    assert viewer.staff_id is not None
    with house.sessions.transaction() as session:
        attest(session, viewer.staff_id, attested=body.no_power, now=house.clock.system())
        add_act(session, house, None, act_of(house, request, viewer, "no_power_attested", "staff", viewer.uid, attested=body.no_power))
    return _me(viewer, house)


@router.post("", status_code=201, response_model=Colleague, responses=responses(401, 403, 409, 422))
def add_staff_member(body: NewColleague, viewer: StaffViewer, house: TheHouse, request: Request) -> Colleague:
    """A new account without any role; for whoever may grant roles in some study."""
    added = add_colleague(house, request, viewer, login=body.login, name=body.name)
    return Colleague(staff_id=added.staff_uid, login=added.login, name=body.name, one_time_password=added.one_time_password)


def _me(viewer: StaffViewer, house: TheHouse) -> Me:
    assert viewer.uid is not None
    with house.sessions.reading() as session:
        row = staff_by_uid(session, viewer.uid)
        grants = own_grants(session, viewer, now=house.clock.system())
    assert row is not None
    return Me(
        staff_id=row.uid,
        login=row.login,
        name=row.name,
        grants=[
            OwnGrant(
                study_id=one.study_uid,
                study_title=one.study_title,
                site_id=one.site_uid,
                role=one.role,
                abilities=sorted(GRANTS[one.role] - (NEEDS_ATTESTATION if one.no_power_attested_at is None else frozenset())),
                valid_until=one.valid_until,
                attested_at=one.no_power_attested_at,
            )
            for one in grants
        ],
    )
