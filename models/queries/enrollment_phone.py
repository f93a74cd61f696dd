"""An enrollment as its own phone reads and changes it: windows, zone, pauses, consent, leaving, and who looked.

Every function takes the row that `own` or `lock_own` gave for the viewer, so nothing here can reach another person.
Lock order: enrollment, then prompt.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Row, bindparam, delete, func, literal, or_, select, update

from models.access import Ability, Viewer
from models.errors import Missing
from models.ids import new_uid
from models.kinds import EnrollmentState, Leaving
from models.prepared import once
from models.queries.enrollment import page
from models.queries.response import responses_of
from models.session import ReadSession, WriteSession
from models.tables import (
    Audit,
    Consent,
    Enrollment,
    ListEntry,
    Participant,
    Pause,
    PersonalKey,
    Prompt,
    ProtocolMove,
    ProtocolVersion,
    Response,
    RoleGrant,
    SceneVersion,
    SignalPoint,
    Staff,
    Study,
    TimedEvent,
    WakeHistory,
    ZoneHistory,
)

_OWN = (
    select(
        Enrollment,
        Study.uid.label("study_uid"),
        Study.content_off,
        Participant.uid.label("participant_uid"),
        Participant.data_key,
        Participant.key_id.label("person_key_id"),
        ProtocolVersion.revision,
        ProtocolVersion.checksum,
    )
    .join(Study, Study.id == Enrollment.study_id)
    .join(Participant, Participant.id == Enrollment.participant_id)
    .join(ProtocolVersion, ProtocolVersion.id == Enrollment.protocol_version_id)
)


_ONE = once(_OWN.where(Enrollment.id == bindparam("enrollment")))
_LOCK_ONE = once(_ONE.with_for_update(of=Enrollment, key_share=True))
"""Built once: building a statement costs more than running it."""


def own(session: ReadSession, viewer: Viewer) -> Row[Any]:
    """The enrollment of the phone that asks, with its study, its person's key and its protocol version (primary keys)."""
    return _there(session.row(_ONE, {"enrollment": viewer.enrollment_id}))


def lock_own(session: WriteSession, viewer: Viewer) -> Row[Any]:
    """The same, locked; rows that name the person may still be written, or the escalator and we would wait for each other."""
    return _there(session.row(_LOCK_ONE, {"enrollment": viewer.enrollment_id}))


def lock_by_key(session: WriteSession, enrollment_id: int) -> Row[Any]:
    """The same for a code that named the enrollment: nobody is known yet."""
    return _there(session.row(_LOCK_ONE, {"enrollment": enrollment_id}))


def _there(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise Missing("not_found", "There is no such enrollment.")
    return row


def change(session: WriteSession, enrollment_id: int, **columns: Any) -> None:
    """Sets columns of a locked enrollment and counts its version up."""
    session.execute(update(Enrollment).where(Enrollment.id == enrollment_id).values(**columns, version=Enrollment.version + 1))


def add_zone(session: WriteSession, person: Row[Any], zone: str, *, source: str, tzdata_version: str, now: datetime) -> None:
    """The person is in `zone` from now on: a move counts from when it became known, never earlier."""
    session.add(
        ZoneHistory,
        study_id=person.study_id,
        enrollment_id=person.id,
        zone=zone,
        valid_from=now,
        source=source,
        tzdata_version=tzdata_version,
        recorded_at=now,
    )


def add_wake(session: WriteSession, person: Row[Any], windows: Mapping[str, Any], valid_from: date, *, source: str, now: datetime) -> None:
    """Wake windows from a local day on. The first row of a history also holds before its day."""
    session.add(
        WakeHistory,
        study_id=person.study_id,
        enrollment_id=person.id,
        wake_windows=dict(windows),
        valid_from=valid_from,
        source=source,
        recorded_at=now,
    )


def pause_now(session: ReadSession, enrollment_id: int, *, now: datetime) -> Row[Any] | None:
    """The pause that holds at `now`, or None (ix_pause_enrollment)."""
    return session.row(
        select(Pause)
        .where(
            Pause.enrollment_id == enrollment_id,
            Pause.starts_at <= now,
            or_(Pause.ends_at.is_(None), Pause.ends_at > now),
            or_(Pause.ended_early_at.is_(None), Pause.ended_early_at > now),
        )
        .order_by(Pause.id.desc())
    )


def add_pause(session: WriteSession, person: Row[Any], *, now: datetime, ends_at: datetime | None, reason: str | None, set_by: str) -> None:
    session.add(
        Pause,
        uid=new_uid(),
        study_id=person.study_id,
        enrollment_id=person.id,
        starts_at=now,
        ends_at=ends_at,
        ended_early_at=None,
        reason=reason,
        set_by=set_by,
    )


def end_pauses(session: WriteSession, enrollment_id: int, *, now: datetime) -> int:
    """Ends whatever pause holds or is still to come, and gives how many."""
    running = (
        Pause.enrollment_id == enrollment_id,
        Pause.ended_early_at.is_(None),
        or_(Pause.ends_at.is_(None), Pause.ends_at > now),
    )
    return session.execute(update(Pause).where(*running).values(ended_early_at=now)).rowcount


def add_consent(
    session: WriteSession, person: Row[Any], scope: str, *, given: bool, leaving: Leaving | None, actor: str, now: datetime
) -> None:
    """One act of consent or withdrawal."""
    session.add(
        Consent,
        uid=new_uid(),
        study_id=person.study_id,
        enrollment_id=person.id,
        given=given,
        scope=scope,
        leaving=leaving,
        purpose=None,
        recipient_class=None,
        statement_version=None,
        expires_at=None,
        at=now,
        actor=actor,
    )


def consents(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """Every act of consent, oldest first (ix_consent_enrollment)."""
    return session.rows(select(Consent).where(Consent.enrollment_id == enrollment_id).order_by(Consent.at, Consent.id))


def enrollments_of_person(session: ReadSession, participant_id: int) -> Sequence[int]:
    """Internal keys of all enrollments of one person: erasing what identifies reaches every study."""
    return [
        row.id for row in session.rows(select(Enrollment.id).where(Enrollment.participant_id == participant_id).order_by(Enrollment.id))
    ]


def end_enrollment(session: WriteSession, enrollment_id: int, *, now: datetime) -> None:
    """Nothing more is planned or collected. What was said stays, and so does the day on which it ended first."""
    change(
        session,
        enrollment_id,
        state=EnrollmentState.WITHDRAWN,
        ended_at=func.coalesce(Enrollment.ended_at, literal(now, Enrollment.ended_at.type)),
        consent_collect=False,
        planned_until=None,
        plan_stale=False,
    )


def shred(session: WriteSession, participant_id: int, enrollment_ids: Sequence[int], *, now: datetime) -> None:
    """Deletes the person's data key and empties the columns that identify.

    Whatever else is sealed under the key, in any table, can no longer be opened.
    """
    session.execute(
        update(Participant)
        .where(Participant.id == participant_id)
        .values(
            data_key=None,
            name_sealed=None,
            contact_sealed=None,
            contact_index=None,
            contact_preference=None,
            safe_to_voicemail=None,
            erased_at=func.coalesce(Participant.erased_at, literal(now, Participant.erased_at.type)),
        )
    )
    session.execute(delete(PersonalKey).where(PersonalKey.participant_id == participant_id))
    session.execute(update(ListEntry).where(ListEntry.enrollment_id.in_(enrollment_ids)).values(label_sealed=b""))
    session.execute(update(SceneVersion).where(SceneVersion.enrollment_id.in_(enrollment_ids)).values(text_sealed=b""))


_WHOSE = bindparam("enrollment", type_=Enrollment.id.type)
_HELD = once(
    select(
        select(func.count()).where(Response.enrollment_id == _WHOSE, Response.superseded.is_(False)).scalar_subquery().label("responses"),
        select(func.count())
        .where(Prompt.enrollment_id == _WHOSE, Prompt.due_at <= bindparam("now", type_=Prompt.due_at.type))
        .scalar_subquery()
        .label("prompts"),
        select(func.count()).where(TimedEvent.enrollment_id == _WHOSE, TimedEvent.retracted_at.is_(None)).scalar_subquery().label("events"),
        select(func.count()).where(SignalPoint.enrollment_id == _WHOSE).scalar_subquery().label("signals"),
    )
)


def held_counts(session: ReadSession, enrollment_id: int, *, now: datetime) -> Row[Any]:
    """How much is held of one person: responses, prompts that were due, timed events, points of signals."""
    row = session.row(_HELD, {"enrollment": enrollment_id, "now": now})
    assert row is not None
    return row


_CHECKED_IN = once(
    select(Response.instrument, func.max(Response.event_time).label("at"))
    .where(Response.enrollment_id == _WHOSE, Response.complete, Response.revision == 1)
    .group_by(Response.instrument)
)


def last_check_ins(session: ReadSession, enrollment_id: int) -> Mapping[str, datetime]:
    """Instrument -> when one person last answered it to the end (ix_response_enrollment_time); an edit is no new check-in."""
    return {row.instrument: row.at for row in session.rows(_CHECKED_IN, {"enrollment": enrollment_id})}


def responses_page(
    session: ReadSession, viewer: Viewer, enrollment_uid: UUID, *, after: tuple[datetime, UUID] | None, limit: int, now: datetime
) -> Sequence[Row[Any]]:
    """One's own newest revisions, newest answer first, with one row more than the page (ix_response_enrollment_time)."""
    statement = responses_of(viewer, Ability.SEE_ANSWERS, enrollment_uid, now=now)
    return session.rows(page(statement, Response.event_time, Response.client_id, after, limit))


_READINGS = once(
    select(Audit.sequence, Audit.at, Audit.actor, Audit.action, Audit.object_kind, Audit.purpose)
    .where(Audit.enrollment_uid == bindparam("whose"), Audit.actor.not_like("device:%"))
    .order_by(Audit.sequence.desc())
    .limit(bindparam("most", type_=Integer))
)
_READINGS_BEFORE = once(_READINGS.where(Audit.sequence < bindparam("before")))


def readings(session: ReadSession, enrollment_uid: UUID, *, before: int | None, limit: int) -> Sequence[Row[Any]]:
    """What staff and the house did with one person's record, newest first; the phone's own acts are left out (ix_audit_enrollment).

    `before` is the number of an act in its chain.
    """
    asked = {"whose": str(enrollment_uid), "most": limit}
    return session.rows(_READINGS, asked) if before is None else session.rows(_READINGS_BEFORE, {**asked, "before": before})


_ROLES = once(
    select(Staff.uid, RoleGrant.role, RoleGrant.valid_from, RoleGrant.valid_until)
    .join(RoleGrant, RoleGrant.staff_id == Staff.id)
    .where(Staff.uid.in_(bindparam("staff", expanding=True)), RoleGrant.study_id == bindparam("study"))
    .order_by(RoleGrant.id)
)


def roles_of(session: ReadSession, study_id: int, staff: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Every grant that these members of staff ever had in a study, without a name (ix_role_grant_staff_study)."""
    return session.rows(_ROLES, {"staff": sorted(staff), "study": study_id}) if staff else []


def own_protocol(session: ReadSession, person: Row[Any], revision: int | None) -> Row[Any] | None:
    """The version that the person is asked from, or another one that asked, asks or will ask this person; None for any other.

    Relies on uq_protocol_version_study_id_revision, ix_protocol_move_enrollment and ix_prompt_enrollment_due.
    """
    if revision is None:
        return session.row(select(ProtocolVersion).where(ProtocolVersion.id == person.protocol_version_id))
    moved = select(ProtocolMove.protocol_version_id).where(ProtocolMove.enrollment_id == person.id)
    asked = select(Prompt.protocol_version_id).where(Prompt.enrollment_id == person.id)
    theirs = or_(ProtocolVersion.id == person.protocol_version_id, ProtocolVersion.id.in_(moved), ProtocolVersion.id.in_(asked))
    return session.row(
        select(ProtocolVersion).where(ProtocolVersion.study_id == person.study_id, ProtocolVersion.revision == revision, theirs)
    )


def protocol_with(session: ReadSession, checksum: str) -> Row[Any] | None:
    """A version by its checksum, whoever asks: what it says of help is for everyone who holds it. A scan of a few rows."""
    return session.row(select(ProtocolVersion).where(ProtocolVersion.checksum == checksum).order_by(ProtocolVersion.id))


def revisions(session: ReadSession, version_ids: Collection[int]) -> Mapping[int, int]:
    """Revision numbers of protocol versions by internal key."""
    if not version_ids:
        return {}
    rows = session.rows(select(ProtocolVersion.id, ProtocolVersion.revision).where(ProtocolVersion.id.in_(sorted(version_ids))))
    return {row.id: row.revision for row in rows}
