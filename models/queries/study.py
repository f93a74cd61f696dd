"""Studies, protocol versions and the mark of the database."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, func, or_, select, update

from models.access import Viewer
from models.errors import Missing
from models.ids import new_uid
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import DatabaseMark, ProtocolVersion, Site, Study


def mark(session: ReadSession) -> Row[Any] | None:
    """What kind of database this is; no viewer: asked before anyone is known."""
    return session.row(select(DatabaseMark))


def lock_mark(session: WriteSession) -> Row[Any]:
    """The mark, locked: whoever makes the first study is alone."""
    row = session.row(select(DatabaseMark).with_for_update())
    assert row is not None
    return row


def set_mark(
    session: WriteSession,
    *,
    fingerprint: str,
    rehearsal: bool,
    tzdata_version: str,
    now: datetime,
    study_now: datetime | None = None,
) -> None:
    """`study_now` is where study time begins; only a rehearsal has one."""
    session.add(
        DatabaseMark,
        id=1,
        key_fingerprint=fingerprint,
        rehearsal=rehearsal,
        study_now=study_now if rehearsal else None,
        tzdata_version=tzdata_version,
        made_at=now,
    )


_INSTANT = bindparam("instant", type_=DatabaseMark.study_now.type)
_MOVE = once(
    update(DatabaseMark)
    .where(DatabaseMark.rehearsal, or_(DatabaseMark.study_now.is_(None), DatabaseMark.study_now < _INSTANT))
    .values(study_now=_INSTANT)
)


def move_study_time(session: WriteSession, instant: datetime) -> None:
    """Where study time stands, never back; the caller has checked that this is a rehearsal."""
    session.change(_MOVE, [{"instant": instant}])


def study_by_uid(session: ReadSession, viewer: Viewer, study_uid: UUID) -> Row[Any]:
    """Raises Missing for a study in which the viewer has no role."""
    row = session.row(select(Study).where(Study.uid == study_uid))
    if row is None or (viewer.kind == "staff" and not any(grant.study_id == row.id for grant in viewer.grants)):
        raise Missing("not_found", "There is no such study.")
    return row


def study_by_slug(session: ReadSession, slug: str) -> Row[Any] | None:
    """No viewer: used by the command line and the first run."""
    return session.row(select(Study).where(Study.slug == slug))


def any_study(session: ReadSession) -> bool:
    """Whether there is a study at all; no viewer: asked by the first run."""
    return session.row(select(Study.id).limit(1)) is not None


def studies_of(session: ReadSession, viewer: Viewer) -> Sequence[Row[Any]]:
    """The studies in which the viewer has a role."""
    statement = select(Study).order_by(Study.id)
    if viewer.kind != "system":
        statement = statement.where(Study.id.in_({grant.study_id for grant in viewer.grants}))
    return session.rows(statement)


def add_study(session: WriteSession, *, slug: str, title: str, zone: str, synthetic: bool, now: datetime) -> tuple[int, UUID]:
    study_uid = new_uid()
    study_id = session.add(
        Study,
        uid=study_uid,
        slug=slug,
        title=title,
        zone=zone,
        synthetic=synthetic,
        certificate_of_confidentiality=True,
        created_at=now,
    )
    return study_id, study_uid


def lock_study(session: WriteSession, study_id: int) -> None:
    """Who publishes in it does so one after the other."""
    session.row(select(Study.id).where(Study.id == study_id).with_for_update())


def add_protocol_version(
    session: WriteSession,
    *,
    study_id: int,
    name: str,
    version: str,
    checksum: str,
    document: bytes,
    effective_from: date,
    published_by: int | None,
    note: str | None,
    now: datetime,
) -> tuple[int, UUID, int]:
    """Internal key, public id and revision number of the new version."""
    lock_study(session, study_id)
    revision = 1 + last_revision(session, study_id)
    version_uid = new_uid()
    version_id = session.add(
        ProtocolVersion,
        uid=version_uid,
        study_id=study_id,
        revision=revision,
        name=name,
        version=version,
        checksum=checksum,
        document=document,
        effective_from=effective_from,
        published_at=now,
        published_by=published_by,
        note=note,
    )
    return version_id, version_uid, revision


def protocol_row(session: ReadSession, version_id: int) -> Row[Any] | None:
    """No viewer: a protocol version is readable by everyone who holds its internal key."""
    return session.row(select(ProtocolVersion).where(ProtocolVersion.id == version_id))


def protocol_by_checksum(session: ReadSession, study_id: int, checksum: str) -> Row[Any] | None:
    return session.row(select(ProtocolVersion).where(ProtocolVersion.study_id == study_id, ProtocolVersion.checksum == checksum))


def revision_called(session: ReadSession, study_id: int, version: str) -> int | None:
    """The first revision under this version text; a withdrawn one holds it too, since answers name it. A scan of a study's few."""
    called = select(func.min(ProtocolVersion.revision)).where(ProtocolVersion.study_id == study_id, ProtocolVersion.version == version)
    found: int | None = session.value(called)
    return found


_STANDS = ProtocolVersion.withdrawn_at.is_(None)


def newest_protocol(session: ReadSession, study_id: int) -> Row[Any] | None:
    """The newest version that was not withdrawn."""
    standing = select(ProtocolVersion).where(ProtocolVersion.study_id == study_id, _STANDS)
    return session.row(standing.order_by(ProtocolVersion.revision.desc()))


def last_revision(session: ReadSession, study_id: int) -> int:
    """The highest number given so far, withdrawn versions included; 0 where there is none."""
    return session.value(select(func.max(ProtocolVersion.revision)).where(ProtocolVersion.study_id == study_id)) or 0


def protocol_for(session: ReadSession, study_id: int, day: date) -> Row[Any] | None:
    """The version that someone who enrolls on this local day gets: the newest that is in effect and was not withdrawn.

    In a transaction it is kept from being withdrawn meanwhile, where the database locks rows (ix_protocol_version_effective).
    """
    statement = (
        select(ProtocolVersion)
        .where(ProtocolVersion.study_id == study_id, ProtocolVersion.effective_from <= day, _STANDS)
        .order_by(ProtocolVersion.revision.desc())
        .limit(1)
    )
    return session.row(statement.with_for_update(read=True) if isinstance(session, WriteSession) else statement)


def protocol_by_revision(session: ReadSession, study_id: int, revision: int) -> Row[Any]:
    """Raises Missing where the study has no such revision; the caller may see the study."""
    row = session.row(select(ProtocolVersion).where(ProtocolVersion.study_id == study_id, ProtocolVersion.revision == revision))
    if row is None:
        raise Missing("not_found", "There is no such protocol revision.")
    return row


def protocols_of(session: ReadSession, study_id: int) -> Sequence[Row[Any]]:
    """Every revision of a study without its document, newest first; the caller may see the study."""
    kept = [column for column in ProtocolVersion.__table__.columns if column.name != "document"]
    return session.rows(select(*kept).where(ProtocolVersion.study_id == study_id).order_by(ProtocolVersion.revision.desc()))


def site_by_uid(session: ReadSession, study_id: int, site_uid: UUID) -> Row[Any] | None:
    return session.row(select(Site).where(Site.study_id == study_id, Site.uid == site_uid))
