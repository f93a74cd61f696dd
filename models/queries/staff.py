"""Staff, their sessions and their role grants.

Signing in takes no viewer, nobody is known yet; what is done to a study's grants has been allowed by `models.access.require_study`.
Everything here counts in system time.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, bindparam, or_, select, update

from models.access import Grant, Viewer
from models.errors import Missing
from models.ids import new_uid
from models.kinds import Role
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import RoleGrant, Site, Staff, StaffSession, Study

FREE_TRIES: Final = 5
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)


def wait_after(tries: int) -> timedelta | None:
    """How long a login rests after so many failed tries in a row: nothing up to the fourth, then 30 s doubling up to 15 min.

    >>> [wait_after(tries) and wait_after(tries).seconds for tries in (4, 5, 6, 9, 60)]
    [None, 30, 60, 480, 900]
    """
    if tries < FREE_TRIES:
        return None
    doubled: int = 2 ** min(tries - FREE_TRIES, 10)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT)


def staff_by_login(session: ReadSession, login: str) -> Row[Any] | None:
    return session.row(select(Staff).where(Staff.login == login))


def staff_by_uid(session: ReadSession, staff_uid: UUID) -> Row[Any] | None:
    return session.row(select(Staff).where(Staff.uid == staff_uid))


def claim_try(session: WriteSession, staff_id: int, *, now: datetime) -> timedelta | None:
    """Counts a try before the password is looked at, so that many at once get no more tries than one after the other.

    Gives the rest of the wait where the login rests; then nothing was counted.
    """
    row = session.row(select(Staff.failed_tries, Staff.locked_until).where(Staff.id == staff_id).with_for_update())
    if row is None:
        raise Missing("not_found", "There is no such person.")
    if row.locked_until is not None and row.locked_until > now:
        left: timedelta = row.locked_until - now
        return left
    tries = row.failed_tries + 1
    wait = wait_after(tries)
    session.execute(update(Staff).where(Staff.id == staff_id).values(failed_tries=tries, locked_until=None if wait is None else now + wait))
    return None


def forget_tries(session: WriteSession, staff_id: int) -> None:
    session.execute(update(Staff).where(Staff.id == staff_id).values(failed_tries=0, locked_until=None))


def add_staff(session: WriteSession, *, login: str, name: str, password_hash: str, must_change: bool, now: datetime) -> tuple[int, UUID]:
    staff_uid = new_uid()
    staff_id = session.add(
        Staff, uid=staff_uid, login=login, name=name, password_hash=password_hash, must_change=must_change, created_at=now
    )
    return staff_id, staff_uid


def set_password(session: WriteSession, staff_id: int, password_hash: str, *, must_change: bool) -> None:
    """Also ends the wait after failed tries."""
    session.execute(
        update(Staff)
        .where(Staff.id == staff_id)
        .values(password_hash=password_hash, must_change=must_change, failed_tries=0, locked_until=None)
    )


def add_session(session: WriteSession, *, digest: bytes, staff_id: int, now: datetime, ends_at: datetime) -> None:
    session.add(StaffSession, digest=digest, staff_id=staff_id, created_at=now, last_used_at=now, ends_at=ends_at, revoked_at=None)


_HOLDER = once(
    select(
        StaffSession.id.label("session_id"),
        StaffSession.last_used_at,
        StaffSession.ends_at,
        StaffSession.revoked_at,
        Staff.id,
        Staff.uid,
        Staff.login,
        Staff.name,
        Staff.must_change,
        Staff.disabled_at,
    )
    .join(Staff, Staff.id == StaffSession.staff_id)
    .where(StaffSession.digest == bindparam("digest"))
)
"""Asked at every request of staff, so built once: building a statement costs more than running it."""


def session_holder(session: ReadSession, digest: bytes) -> Row[Any] | None:
    """The session of a token and whose it is; whether it still holds is the caller's to judge."""
    return session.row(_HOLDER, {"digest": digest})


def touch_session(session: WriteSession, session_id: int, *, now: datetime) -> None:
    session.execute(update(StaffSession).where(StaffSession.id == session_id).values(last_used_at=now))


def end_session(session: WriteSession, digest: bytes, *, now: datetime) -> None:
    session.execute(update(StaffSession).where(StaffSession.digest == digest, StaffSession.revoked_at.is_(None)).values(revoked_at=now))


def end_sessions(session: WriteSession, staff_id: int, *, now: datetime, keep: bytes | None = None) -> None:
    """Every session of one person but the one that is kept."""
    statement = update(StaffSession).where(StaffSession.staff_id == staff_id, StaffSession.revoked_at.is_(None))
    if keep is not None:
        statement = statement.where(StaffSession.digest != keep)
    session.execute(statement.values(revoked_at=now))


def holds(now: Any) -> ColumnElement[bool]:
    """The grants in force at an instant, which may be a bound parameter."""
    return and_(RoleGrant.valid_from <= now, or_(RoleGrant.valid_until.is_(None), RoleGrant.valid_until > now))


_GRANTS = once(
    select(RoleGrant.study_id, RoleGrant.role, RoleGrant.site_id, RoleGrant.no_power_attested_at)
    .where(RoleGrant.staff_id == bindparam("staff"), holds(bindparam("now", type_=RoleGrant.valid_from.type)))
    .order_by(RoleGrant.id)
)


def grants_of(session: ReadSession, staff_id: int, *, now: datetime) -> tuple[Grant, ...]:
    """What a person may do now (ix_role_grant_staff_study)."""
    rows = session.rows(_GRANTS, {"staff": staff_id, "now": now})
    return tuple(Grant(row.study_id, row.role, row.site_id, row.no_power_attested_at is not None) for row in rows)


def own_grants(session: ReadSession, viewer: Viewer, *, now: datetime) -> Sequence[Row[Any]]:
    """The viewer's own grants in force, with the study of each."""
    return session.rows(
        select(RoleGrant, Study.uid.label("study_uid"), Study.title.label("study_title"), Site.uid.label("site_uid"))
        .join(Study, Study.id == RoleGrant.study_id)
        .join(Site, Site.id == RoleGrant.site_id, isouter=True)
        .where(RoleGrant.staff_id == viewer.staff_id, holds(now))
        .order_by(RoleGrant.id)
    )


def grants_in(session: ReadSession, study_id: int) -> Sequence[Row[Any]]:
    """Every grant of a study, ended ones too: who could do what, and when, is part of its record."""
    return session.rows(_GRANT.where(RoleGrant.study_id == study_id).order_by(RoleGrant.id))


_GRANT = (
    select(RoleGrant, Staff.uid.label("staff_uid"), Staff.login, Staff.name, Site.uid.label("site_uid"))
    .join(Staff, Staff.id == RoleGrant.staff_id)
    .join(Site, Site.id == RoleGrant.site_id, isouter=True)
)


def grant_in(session: ReadSession, study_id: int, grant_uid: UUID) -> Row[Any]:
    """Raises Missing also for a grant of another study."""
    row = session.row(_GRANT.where(RoleGrant.study_id == study_id, RoleGrant.uid == grant_uid))
    if row is None:
        raise Missing("not_found", "There is no such grant.")
    return row


def others_with(session: ReadSession, study_id: int, role: Role, grant_id: int, *, now: datetime) -> bool:
    """Whether the role is held in the whole study by another grant that does not end by itself."""
    statement = select(RoleGrant.id).where(
        RoleGrant.study_id == study_id,
        RoleGrant.role == role,
        RoleGrant.id != grant_id,
        RoleGrant.site_id.is_(None),
        RoleGrant.valid_until.is_(None),
        holds(now),
    )
    return session.row(statement) is not None


def add_grant(
    session: WriteSession,
    *,
    study_id: int,
    staff_id: int,
    role: Role,
    site_id: int | None,
    valid_from: datetime,
    valid_until: datetime | None,
    granted_by: int | None,
    attested_at: datetime | None,
    now: datetime,
) -> UUID:
    grant_uid = new_uid()
    session.add(
        RoleGrant,
        uid=grant_uid,
        study_id=study_id,
        staff_id=staff_id,
        site_id=site_id,
        role=role,
        valid_from=valid_from,
        valid_until=valid_until,
        granted_by=granted_by,
        granted_at=now,
        no_power_attested_at=attested_at,
    )
    return grant_uid


def end_grant(session: WriteSession, grant_id: int, *, now: datetime) -> None:
    """Ends a grant now; one that has ended keeps its end. A grant that has not begun ends before it begins."""
    session.execute(
        update(RoleGrant)
        .where(RoleGrant.id == grant_id, or_(RoleGrant.valid_until.is_(None), RoleGrant.valid_until > now))
        .values(valid_until=now)
    )


def attest(session: WriteSession, staff_id: int, *, attested: bool, now: datetime) -> None:
    """What a person says about all the own grants that have not ended."""
    statement = update(RoleGrant).where(RoleGrant.staff_id == staff_id, or_(RoleGrant.valid_until.is_(None), RoleGrant.valid_until > now))
    if attested:
        statement = statement.where(RoleGrant.no_power_attested_at.is_(None))
    session.execute(statement.values(no_power_attested_at=now if attested else None))


def role_holder(session: ReadSession, study_id: int, staff_uid: UUID, roles: Sequence[Role], *, now: datetime) -> Row[Any] | None:
    """The person, where one of the roles is held in the study now."""
    return session.row(
        select(Staff.id, Staff.uid, Staff.name)
        .join(RoleGrant, RoleGrant.staff_id == Staff.id)
        .where(
            Staff.uid == staff_uid,
            Staff.disabled_at.is_(None),
            RoleGrant.study_id == study_id,
            RoleGrant.role.in_(list(roles)),
            holds(now),
        )
    )
