"""Moves of people between protocol versions, and versions that are withdrawn.

Reads of people take a Viewer. Lock order: study, protocol version, enrollment.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.orm import aliased

from models.access import Ability, Viewer, visible
from models.errors import Conflict, Missing
from models.kinds import EnrollmentState
from models.session import ReadSession, WriteSession
from models.tables import Enrollment, ProtocolMove, ProtocolVersion, Site, Study, StudyMove

ASKED: Final = (EnrollmentState.INVITED, EnrollmentState.ACTIVE)
"""Who is asked, or will be."""


@dataclass(frozen=True, slots=True)
class Whom:
    """Which people of a study; empty members do not narrow."""

    site_id: int | None = None
    arm: str | None = None


def lock_study(session: WriteSession, study_id: int) -> None:
    """One move or withdrawal of a study at a time; rows that name the study may still be written."""
    session.row(select(Study.id).where(Study.id == study_id).with_for_update(key_share=True))


def lock_version(session: WriteSession, study_id: int, revision: int, *, withdraw: bool = False) -> Row[Any]:
    """A version that stands, kept from being withdrawn meanwhile; `withdraw`: alone, to be withdrawn itself.

    Raises Missing, and Conflict (`revision_withdrawn`).
    """
    return _stands(session.row(_version(study_id, revision).with_for_update(read=not withdraw, key_share=withdraw)))


def standing(session: ReadSession, study_id: int, revision: int) -> Row[Any]:
    """The same, only read."""
    return _stands(session.row(_version(study_id, revision)))


def _version(study_id: int, revision: int) -> Select[Any]:
    return select(ProtocolVersion).where(ProtocolVersion.study_id == study_id, ProtocolVersion.revision == revision)


def _stands(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise Missing("not_found", "There is no such protocol revision.")
    if row.withdrawn_at is not None:
        raise Conflict("revision_withdrawn", "This revision was withdrawn: nobody is moved to it.")
    return row


def version_id(session: ReadSession, study_id: int, revision: int) -> int:
    """Withdrawn ones too. Raises Missing."""
    found: int | None = session.value(
        select(ProtocolVersion.id).where(ProtocolVersion.study_id == study_id, ProtocolVersion.revision == revision)
    )
    if found is None:
        raise Missing("not_found", "There is no such protocol revision.")
    return found


def withdraw_version(session: WriteSession, version_id: int, *, by: int | None, note: str | None, now: datetime) -> None:
    values = {"withdrawn_at": now, "withdrawn_by": by, "withdrawn_note": note}
    session.execute(update(ProtocolVersion).where(ProtocolVersion.id == version_id).values(values))


def withdrawn_versions(session: ReadSession, study_id: int) -> frozenset[int]:
    rows = session.rows(select(ProtocolVersion.id).where(ProtocolVersion.study_id == study_id, ProtocolVersion.withdrawn_at.is_not(None)))
    return frozenset(row.id for row in rows)


def people_of(viewer: Viewer, ability: Ability, study_id: int, whom: Whom, *, now: datetime) -> Select[Any]:
    """The whole rows of those who are asked or will be, in order of id (ix_enrollment_study_state)."""
    statement = select(Enrollment).where(Enrollment.study_id == study_id, Enrollment.state.in_(ASKED), visible(viewer, ability, now=now))
    if whom.site_id is not None:
        statement = statement.where(Enrollment.site_id == whom.site_id)
    if whom.arm is not None:
        statement = statement.where(Enrollment.arm == whom.arm)
    return statement.order_by(Enrollment.id)


def lock_people(session: WriteSession, chosen: Select[Any]) -> Sequence[Row[Any]]:
    """`people_of`, locked; rows that name the people may still be written."""
    return session.rows(chosen.with_for_update(of=Enrollment, key_share=True))


def key_of(session: ReadSession, study_id: int, enrollment_uid: UUID) -> int | None:
    """Where a page of `people_of` goes on."""
    found: int | None = session.value(select(Enrollment.id).where(Enrollment.study_id == study_id, Enrollment.uid == enrollment_uid))
    return found


def count(session: ReadSession, chosen: Select[Any]) -> int:
    return int(session.value(select(func.count()).select_from(chosen.order_by(None).subquery())))


def add_moves(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """From which local day whom another version asks; the horizon carries it out."""
    session.add_all(ProtocolMove, rows)


def touch(session: WriteSession, enrollment_ids: Collection[int], *, stale: Collection[int]) -> None:
    """Gives enrollments their next version, and has those of `stale` planned again at the next tick."""
    session.execute(update(Enrollment).where(Enrollment.id.in_(sorted(enrollment_ids))).values(version=Enrollment.version + 1))
    session.execute(update(Enrollment).where(Enrollment.id.in_(sorted(stale))).values(plan_stale=True))


def put_on(session: WriteSession, enrollment_ids: Collection[int], version_id: int) -> None:
    """The version that people who have not started begin with."""
    session.execute(update(Enrollment).where(Enrollment.id.in_(sorted(enrollment_ids))).values(protocol_version_id=version_id))


def study_move(session: ReadSession, study_id: int, uid: UUID) -> Row[Any] | None:
    return session.row(select(StudyMove).where(StudyMove.study_id == study_id, StudyMove.uid == uid))


def study_moves(session: ReadSession, study_id: int, limit: int) -> Sequence[Row[Any]]:
    """The newest moves of a study with the revisions that they name; the caller may see the study (uq_study_move_study_id_uid)."""
    to, leaves = aliased(ProtocolVersion), aliased(ProtocolVersion)
    return session.rows(
        select(StudyMove, to.revision.label("revision"), leaves.revision.label("leaves"), Site.uid.label("site_uid"))
        .outerjoin(to, to.id == StudyMove.protocol_version_id)
        .outerjoin(leaves, leaves.id == StudyMove.leaves_version_id)
        .outerjoin(Site, Site.id == StudyMove.site_id)
        .where(StudyMove.study_id == study_id)
        .order_by(StudyMove.id.desc())
        .limit(limit)
    )


def add_study_move(session: WriteSession, values: Mapping[str, Any]) -> int:
    return session.add(StudyMove, **values)
