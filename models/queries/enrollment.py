"""Enrollments as staff see and change them: one person at a time.

Reads take a Viewer. Writes belong to a transaction in which the enrollment was found through one and is locked.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, func, literal, select, tuple_, update

from models.access import Ability, Grant, Viewer, visible
from models.errors import Forbidden, Missing, PreconditionFailed
from models.ids import new_uid
from models.kinds import EnrollmentState
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import (
    Consent,
    Device,
    Enrollment,
    Participant,
    ProtocolMove,
    ProtocolVersion,
    RejectedSubmission,
    Response,
    ResponseAmendment,
    Study,
    TimedEvent,
    WakeHistory,
    ZoneHistory,
)

_PERSON: Select[*tuple[Any, ...]] = (
    select(
        Enrollment,
        Study.uid.label("study_uid"),
        Study.title.label("study_title"),
        Participant.uid.label("participant_uid"),
        Participant.data_key,
        Participant.key_id.label("person_key_id"),
        Participant.name_sealed,
        Participant.contact_sealed,
        Participant.contact_preference,
        Participant.safe_to_voicemail,
        Participant.erased_at,
        ProtocolVersion.revision.label("protocol_revision"),
    )
    .join(Study, Study.id == Enrollment.study_id)
    .join(Participant, Participant.id == Enrollment.participant_id)
    .join(ProtocolVersion, ProtocolVersion.id == Enrollment.protocol_version_id)
)
"""By primary keys and the unique index of enrollment.uid."""

_ENROLLMENT = Enrollment.__table__.c


def person(session: ReadSession, viewer: Viewer, ability: Ability, enrollment_uid: UUID, *, now: datetime) -> Row[Any]:
    """An enrollment with its person. Raises Missing where the viewer may not know of it, Forbidden where only `ability` is lacking."""
    return _found(session, _PERSON, viewer, ability, enrollment_uid, now)


def lock_person(session: WriteSession, viewer: Viewer, ability: Ability, enrollment_uid: UUID, *, now: datetime) -> Row[Any]:
    """The same, locked for a change; rows that name the person may still be written."""
    return _found(session, _PERSON.with_for_update(of=Enrollment, key_share=True), viewer, ability, enrollment_uid, now)


def _found(
    session: ReadSession, statement: Select[*tuple[Any, ...]], viewer: Viewer, ability: Ability, enrollment_uid: UUID, now: datetime
) -> Row[Any]:
    row = session.row(statement.where(Enrollment.uid == enrollment_uid, visible(viewer, ability, now=now)))
    if row is not None:
        return row
    known = select(Enrollment.id).where(Enrollment.uid == enrollment_uid, visible(viewer, Ability.SEE_PEOPLE, now=now))
    if session.row(known) is not None:
        raise Forbidden("forbidden", "Your role does not allow this.")
    raise Missing("not_found", "There is no such participant.")


def reached(
    session: ReadSession, viewer: Viewer, abilities: Collection[Ability], enrollment_id: int, *, now: datetime
) -> frozenset[Ability]:
    """What of this the viewer may do for one person. What the same grants allow is asked once."""
    alike: dict[tuple[Grant, ...], list[Ability]] = {}
    for ability in abilities:
        alike.setdefault(viewer.granting(ability), []).append(ability)
    known = select(_ENROLLMENT.id).where(_ENROLLMENT.id == enrollment_id)
    seen = [those for those in alike.values() if session.row(known.where(visible(viewer, those[0], now=now))) is not None]
    return frozenset(ability for those in seen for ability in those)


def raise_version(session: WriteSession, row: Row[Any], expected: int | None, **values: Any) -> int:
    """Gives an enrollment its next version, with changes. Raises PreconditionFailed where someone else was first."""
    check_version(row, expected)
    version: int = row.version + 1
    session.execute(update(Enrollment).where(Enrollment.id == row.id).values(version=version, **values))
    return version


def check_version(row: Row[Any], expected: int | None) -> None:
    """Raises PreconditionFailed where a locked enrollment is not what the caller read."""
    if expected is not None and row.version != expected:
        raise PreconditionFailed("version_moved", "Someone else changed this first; read it again.")


def set_participant(session: WriteSession, participant_id: int, values: Mapping[str, Any]) -> None:
    if values:
        session.execute(update(Participant).where(Participant.id == participant_id).values(**values))


def add_participant(session: WriteSession, values: Mapping[str, Any]) -> int:
    return session.add(Participant, **values)


def add_enrollment(
    session: WriteSession, values: Mapping[str, Any], *, zone_from: datetime, wake_from: date, source: str, tzdata_version: str
) -> int:
    """An invited enrollment with the first entry of its zone and wake histories."""
    enrollment_id = session.add(Enrollment, **{"state": EnrollmentState.INVITED, **values})
    shared = {"study_id": values["study_id"], "enrollment_id": enrollment_id}
    session.add(
        ZoneHistory,
        **shared,
        zone=values["zone"],
        valid_from=zone_from,
        source=source,
        tzdata_version=tzdata_version,
        recorded_at=values["created_at"],
    )
    session.add(
        WakeHistory,
        **shared,
        wake_windows=values["wake_windows"],
        valid_from=wake_from,
        source=source,
        recorded_at=values["created_at"],
    )
    return enrollment_id


def devices_of(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """Devices of a person the caller was allowed to read, newest first (ix_device_enrollment)."""
    return session.rows(select(Device).where(Device.enrollment_id == enrollment_id).order_by(Device.id.desc()))


def leavings_of(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """Acts of consent and withdrawal, in order (ix_consent_enrollment)."""
    return session.rows(select(Consent).where(Consent.enrollment_id == enrollment_id).order_by(Consent.at, Consent.id))


def moves_of(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """Every move in the order in which it was decided; the first says what held before (ix_protocol_move_enrollment)."""
    return session.rows(
        select(ProtocolMove.valid_from, ProtocolMove.moved_at, ProtocolVersion.revision)
        .join(ProtocolVersion, ProtocolVersion.id == ProtocolMove.protocol_version_id)
        .where(ProtocolMove.enrollment_id == enrollment_id)
        .order_by(ProtocolMove.id)
    )


_EVENT = once(
    select(TimedEvent).where(
        TimedEvent.enrollment_id == bindparam("enrollment"), TimedEvent.client_id == bindparam("client", type_=TimedEvent.client_id.type)
    )
)


def timed_event(session: ReadSession, enrollment_id: int, client_id: UUID) -> Row[Any] | None:
    return session.row(_EVENT, {"enrollment": enrollment_id, "client": client_id})


def timed_events_of(session: ReadSession, enrollment_id: int, *, limit: int) -> Sequence[Row[Any]]:
    """Newest first, retracted ones too (ix_timed_event_enrollment)."""
    return session.rows(
        select(TimedEvent)
        .where(TimedEvent.enrollment_id == enrollment_id)
        .order_by(TimedEvent.happened_at.desc(), TimedEvent.id.desc())
        .limit(limit)
    )


def add_timed_event(session: WriteSession, values: Mapping[str, Any]) -> tuple[int, UUID]:
    """The internal key and the public id."""
    event_uid = new_uid()
    return session.add(TimedEvent, uid=event_uid, **values), event_uid


def rejected_of(viewer: Viewer, ability: Ability, enrollment_uid: UUID, *, now: datetime) -> Select[Any]:
    """What one person sent and we refused, newest first."""
    return (
        select(RejectedSubmission)
        .join(Enrollment, Enrollment.id == RejectedSubmission.enrollment_id)
        .where(Enrollment.uid == enrollment_uid, visible(viewer, ability, now=now))
        .order_by(RejectedSubmission.received_at.desc(), RejectedSubmission.id.desc())
    )


def rejected_one(session: ReadSession, enrollment_id: int, rejected_uid: UUID) -> Row[Any]:
    """Raises Missing also for one of another person."""
    row = session.row(
        select(RejectedSubmission).where(RejectedSubmission.enrollment_id == enrollment_id, RejectedSubmission.uid == rejected_uid)
    )
    if row is None:
        raise Missing("not_found", "There is no such submission.")
    return row


def mark_rejected_seen(session: WriteSession, rejected_id: int, *, staff_id: int | None, now: datetime) -> None:
    """The first to see it is kept."""
    session.execute(
        update(RejectedSubmission)
        .where(RejectedSubmission.id == rejected_id, RejectedSubmission.seen_at.is_(None))
        .values(seen_by=staff_id, seen_at=now)
    )


def amendments_of(viewer: Viewer, ability: Ability, enrollment_uid: UUID, *, now: datetime) -> Select[*tuple[Any, ...]]:
    """Other content that came under an id that was taken, newest first."""
    return (
        select(ResponseAmendment, Response.client_id, Response.revision)
        .join(Response, Response.id == ResponseAmendment.response_id)
        .join(Enrollment, Enrollment.id == ResponseAmendment.enrollment_id)
        .where(Enrollment.uid == enrollment_uid, visible(viewer, ability, now=now))
        .order_by(ResponseAmendment.received_at.desc(), ResponseAmendment.id.desc())
    )


def page(statement: Select[Any], at: Any, uid: Any, after: tuple[datetime, UUID] | None, limit: int) -> Select[Any]:
    """One page of a newest-first list by (at, uid), with one row more than the page, to see whether it ends."""
    if after is not None:
        statement = statement.where(tuple_(at, uid) < tuple_(literal(after[0], at.type), literal(after[1], uid.type)))
    return statement.order_by(None).order_by(at.desc(), uid.desc()).limit(limit + 1)


def revision_of(session: ReadSession, version_id: int) -> int:
    """The number of a protocol version within its study."""
    return int(session.value(select(ProtocolVersion.revision).where(ProtocolVersion.id == version_id)))


def count_by_state(session: ReadSession, study_id: int) -> Mapping[EnrollmentState, int]:
    """Enrollments of a study by state (ix_enrollment_study_state)."""
    rows = session.rows(
        select(Enrollment.state, func.count().label("number")).where(Enrollment.study_id == study_id).group_by(Enrollment.state)
    )
    return {EnrollmentState(row.state): row.number for row in rows}
