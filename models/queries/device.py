"""Phones, their tokens and the codes that let them in.

No viewer where nobody is known yet: a code, a refresh token and an access token are what makes someone known. Tokens count in system time;
what a phone tells about itself stands in study time.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Row, Select, and_, bindparam, case, exists, false, func, literal, or_, select, true, update
from sqlalchemy.orm import aliased

from models.access import Ability, Viewer, visible
from models.base import Instant
from models.ids import new_uid
from models.kinds import EnrollmentState
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import AccessToken, Device, Enrollment, EnrollmentCode, ProtocolMove, ProtocolVersion, Study, TokenFamily

COLLECTING = frozenset({EnrollmentState.ACTIVE, EnrollmentState.COMPLETED})
"""A completed enrollment still takes the answers that a phone kept while it was offline."""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """Whose access token it is. `collects` is False after the person stopped collection."""

    digest: bytes
    device_id: int
    device_uid: UUID
    enrollment_id: int
    study_id: int
    protocol_version_id: int
    expires_at: datetime
    collects: bool
    app_version: str

    def viewer(self) -> Viewer:
        return Viewer(
            kind="participant", uid=self.device_uid, enrollment_id=self.enrollment_id, study_id=self.study_id, device_id=self.device_id
        )


_LIVE = once(
    select(
        AccessToken.digest,
        AccessToken.device_id,
        Device.uid.label("device_uid"),
        Device.app_version,
        AccessToken.enrollment_id,
        AccessToken.study_id,
        AccessToken.expires_at,
        Enrollment.state,
        Enrollment.consent_collect,
        Enrollment.protocol_version_id,
    )
    .join(TokenFamily, TokenFamily.id == AccessToken.family_id)
    .join(Device, Device.id == AccessToken.device_id)
    .join(Enrollment, Enrollment.id == AccessToken.enrollment_id)
    .where(
        AccessToken.digest.in_(bindparam("digests", expanding=True)),
        AccessToken.expires_at > bindparam("now", type_=Instant),
        AccessToken.revoked_at.is_(None),
        TokenFamily.revoked_at.is_(None),
        Device.revoked_at.is_(None),
    )
)
"""Built once: every batch of answers asks it."""


def live_tokens(session: ReadSession, digests: Collection[bytes], *, now: datetime) -> Mapping[bytes, TokenRow]:
    """The access tokens that hold at `now` (system time), in one statement; what is missing has ended.

    Relies on uq_access_token_digest and primary keys.
    """
    if not digests:
        return {}
    rows = session.rows(_LIVE, {"digests": sorted(digests), "now": now})
    return {bytes(row.digest): _token_row(row) for row in rows}


def _token_row(row: Row[Any]) -> TokenRow:
    return TokenRow(
        digest=bytes(row.digest),
        device_id=row.device_id,
        device_uid=row.device_uid,
        app_version=row.app_version,
        enrollment_id=row.enrollment_id,
        study_id=row.study_id,
        protocol_version_id=row.protocol_version_id,
        expires_at=row.expires_at,
        collects=row.state in COLLECTING and row.consent_collect,
    )


def lookup_taken(session: ReadSession, lookup: str) -> bool:
    """Whether a code with this look-up part was ever issued."""
    return bool(session.value(select(exists(select(EnrollmentCode.id).where(EnrollmentCode.lookup == lookup)))))


def add_code(
    session: WriteSession,
    *,
    study_id: int,
    enrollment_id: int,
    lookup: str,
    secret_hash: str,
    expires_at: datetime,
    issued_by: int | None,
    now: datetime,
) -> None:
    """Stores a code and uses up those of the same enrollment that still waited: one code is alive at a time."""
    session.execute(
        update(EnrollmentCode).where(EnrollmentCode.enrollment_id == enrollment_id, EnrollmentCode.used_at.is_(None)).values(used_at=now)
    )
    session.add(
        EnrollmentCode,
        study_id=study_id,
        enrollment_id=enrollment_id,
        lookup=lookup,
        secret_hash=secret_hash,
        expires_at=expires_at,
        used_at=None,
        issued_by=issued_by,
        issued_at=now,
    )


def count_try(session: WriteSession, lookup: str) -> Row[Any] | None:
    """Counts a try against a code and gives its row, the try included; None where there is no such code."""
    return session.row(
        update(EnrollmentCode)
        .where(EnrollmentCode.lookup == lookup)
        .values(tries=EnrollmentCode.tries + 1)
        .returning(
            EnrollmentCode.id,
            EnrollmentCode.study_id,
            EnrollmentCode.enrollment_id,
            EnrollmentCode.secret_hash,
            EnrollmentCode.tries,
            EnrollmentCode.expires_at,
            EnrollmentCode.used_at,
        )
    )


def spend_code(session: WriteSession, code_id: int, *, now: datetime) -> bool:
    """Uses a code up. False where someone was faster."""
    statement = update(EnrollmentCode).where(EnrollmentCode.id == code_id, EnrollmentCode.used_at.is_(None)).values(used_at=now)
    return session.execute(statement).rowcount == 1


def add_device(session: WriteSession, *, study_id: int, enrollment_id: int, now: datetime, **columns: Any) -> tuple[int, UUID]:
    """Internal key and public id of a phone that was just enrolled. `columns` are what the phone told about itself."""
    device_uid = columns.pop("uid", None) or new_uid()
    device_id = session.add(
        Device,
        uid=device_uid,
        study_id=study_id,
        enrollment_id=enrollment_id,
        registered_at=now,
        last_seen_at=now,
        **columns,
    )
    return device_id, device_uid


def update_device(session: WriteSession, device_id: int, **columns: Any) -> None:
    session.execute(update(Device).where(Device.id == device_id).values(**columns))


@dataclass(frozen=True, slots=True)
class Held:
    """Which phones to list; empty members do not narrow. `today` is what the calendar shows in each zone where someone is."""

    today: Mapping[str, date]
    study_id: int | None = None
    behind: bool | None = None
    unseen_since: datetime | None = None


def zones_of(session: ReadSession, viewer: Viewer, *, now: datetime) -> Sequence[str]:
    """Where the people are whom the viewer sees."""
    statement = select(Enrollment.zone).where(Enrollment.state == EnrollmentState.ACTIVE, visible(viewer, Ability.SEE_PEOPLE, now=now))
    return [row.zone for row in session.rows(statement.distinct())]


def held(viewer: Viewer, wanted: Held, *, now: datetime) -> Select[Any]:
    """Phones in use of people who are asked and whom the viewer sees, each with the revision that it said it holds and the one that asks.

    `behind`: it said nothing, or another one than what asks now or is still to come. `asked_from` is the local day from which the one
    that asks now does. Relies on ix_device_enrollment and ix_protocol_move_enrollment.
    """
    utc = literal(now.date(), Date)
    today = case(dict(wanted.today), value=Enrollment.zone, else_=utc) if wanted.today else utc
    behind = or_(Device.held_revision.is_(None), and_(Device.held_revision != ProtocolVersion.revision, ~_coming(today)))
    asked_from = select(func.max(ProtocolMove.valid_from)).where(
        ProtocolMove.enrollment_id == Enrollment.id,
        ProtocolMove.protocol_version_id == Enrollment.protocol_version_id,
        ProtocolMove.valid_from <= today,
    )
    statement = (
        select(
            Device,
            Enrollment.uid.label("enrollment_uid"),
            Study.uid.label("study_uid"),
            ProtocolVersion.revision.label("asked_revision"),
            func.coalesce(asked_from.scalar_subquery(), Enrollment.start_date).label("asked_from"),
            case((behind, true()), else_=false()).label("behind"),
        )
        .join(Enrollment, Enrollment.id == Device.enrollment_id)
        .join(Study, Study.id == Enrollment.study_id)
        .join(ProtocolVersion, ProtocolVersion.id == Enrollment.protocol_version_id)
        .where(Device.revoked_at.is_(None), Enrollment.state == EnrollmentState.ACTIVE, visible(viewer, Ability.SEE_PEOPLE, now=now))
    )
    if wanted.study_id is not None:
        statement = statement.where(Enrollment.study_id == wanted.study_id)
    if wanted.unseen_since is not None:
        statement = statement.where(Device.last_seen_at < wanted.unseen_since)
    if wanted.behind is not None:
        statement = statement.where(behind if wanted.behind else ~behind)
    return statement


def _coming(today: Any) -> ColumnElement[bool]:
    """Whether the revision that a phone holds is one that will ask the person, and no later decision took that day back."""
    coming, later = aliased(ProtocolMove), aliased(ProtocolMove)
    version = aliased(ProtocolVersion)
    changed = exists(
        select(later.id).where(later.enrollment_id == coming.enrollment_id, later.valid_from == coming.valid_from, later.id > coming.id)
    )
    return exists(
        select(coming.id)
        .join(version, version.id == coming.protocol_version_id)
        .where(coming.enrollment_id == Enrollment.id, version.revision == Device.held_revision, coming.valid_from > today, ~changed)
        .correlate(Enrollment, Device)
    )


def is_behind(session: ReadSession, device_id: int, today: date) -> bool:
    """Whether one phone is behind what asks its person, on the person's local date."""
    behind = and_(Device.held_revision != ProtocolVersion.revision, ~_coming(literal(today, Date)))
    statement = (
        select(Device.id)
        .join(Enrollment, Enrollment.id == Device.enrollment_id)
        .join(ProtocolVersion, ProtocolVersion.id == Enrollment.protocol_version_id)
        .where(Device.id == device_id, or_(Device.held_revision.is_(None), behind))
    )
    return session.row(statement) is not None


def own_device(session: ReadSession, viewer: Viewer) -> Row[Any]:
    """The phone that asks."""
    row = session.row(select(Device).where(Device.id == viewer.device_id))
    assert row is not None
    return row


def add_family(session: WriteSession, *, study_id: int, enrollment_id: int, device_id: int, now: datetime, ends_at: datetime) -> Row[Any]:
    """A family of refresh tokens at its first generation."""
    family_uid = new_uid()
    family_id = session.add(
        TokenFamily,
        uid=family_uid,
        study_id=study_id,
        enrollment_id=enrollment_id,
        device_id=device_id,
        generation=1,
        rotation_id=None,
        rotated_at=None,
        created_at=now,
        ends_at=ends_at,
        revoked_at=None,
        revoked_reason=None,
    )
    row = session.row(select(TokenFamily).where(TokenFamily.id == family_id))
    assert row is not None
    return row


def add_access_token(session: WriteSession, family: Row[Any], digest: bytes, *, now: datetime, expires_at: datetime) -> None:
    """An access token of a family; only its digest is stored."""
    session.add(
        AccessToken,
        digest=digest,
        study_id=family.study_id,
        enrollment_id=family.enrollment_id,
        device_id=family.device_id,
        family_id=family.id,
        issued_at=now,
        expires_at=expires_at,
        revoked_at=None,
    )


_LOCK_FAMILY = once(
    select(
        TokenFamily,
        Device.public_key,
        Device.uid.label("device_uid"),
        Device.revoked_at.label("device_revoked_at"),
        Enrollment.uid.label("enrollment_uid"),
        Study.uid.label("study_uid"),
    )
    .join(Device, Device.id == TokenFamily.device_id)
    .join(Enrollment, Enrollment.id == TokenFamily.enrollment_id)
    .join(Study, Study.id == TokenFamily.study_id)
    .where(TokenFamily.uid == bindparam("family", type_=TokenFamily.uid.type))
    .with_for_update(of=TokenFamily)
)
_ROTATE = once(
    update(TokenFamily)
    .where(TokenFamily.id == bindparam("key"))
    .values(generation=bindparam("to_generation"), rotation_id=bindparam("by"), rotated_at=bindparam("at"))
)
_SEEN = once(update(Device).where(Device.id == bindparam("key")).values(last_seen_at=bindparam("at")))


def lock_family(session: WriteSession, family_uid: UUID) -> Row[Any] | None:
    """A family with its phone's public key and whose it is, locked: two rotations at once come one after the other."""
    return session.row(_LOCK_FAMILY, {"family": family_uid})


def rotate_family(session: WriteSession, family_id: int, *, generation: int, rotation_id: UUID, now: datetime) -> None:
    session.change(_ROTATE, [{"key": family_id, "to_generation": generation, "by": rotation_id, "at": now}])


def device_seen(session: WriteSession, device_id: int, *, now: datetime) -> None:
    """The phone was heard of."""
    session.change(_SEEN, [{"key": device_id, "at": now}])


def revoke_family(session: WriteSession, family_id: int, reason: str, *, now: datetime) -> None:
    """Ends a family and the access tokens that came of it."""
    session.execute(
        update(TokenFamily)
        .where(TokenFamily.id == family_id, TokenFamily.revoked_at.is_(None))
        .values(revoked_at=now, revoked_reason=reason)
    )
    session.execute(update(AccessToken).where(AccessToken.family_id == family_id, AccessToken.revoked_at.is_(None)).values(revoked_at=now))


def revoke_devices(session: WriteSession, enrollment_ids: Collection[int], reason: str, *, now: datetime) -> int:
    """Ends every phone of these people with its tokens, and gives how many phones there were."""
    people = sorted(enrollment_ids)
    session.execute(
        update(AccessToken).where(AccessToken.enrollment_id.in_(people), AccessToken.revoked_at.is_(None)).values(revoked_at=now)
    )
    session.execute(
        update(TokenFamily)
        .where(TokenFamily.enrollment_id.in_(people), TokenFamily.revoked_at.is_(None))
        .values(revoked_at=now, revoked_reason=reason)
    )
    return session.execute(
        update(Device)
        .where(Device.enrollment_id.in_(people), or_(Device.revoked_at.is_(None), Device.push_token_sealed.is_not(None)))
        .values(revoked_at=now, push_token_sealed=None)
    ).rowcount
