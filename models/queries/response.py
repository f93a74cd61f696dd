"""Responses: set-based statements of the hot path, and reads for people.

The writes take no viewer: the batch has checked its tokens in the same transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, select, tuple_, update

from models.access import Ability, Viewer, visible
from models.errors import Missing
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import (
    Enrollment,
    ListEntry,
    Participant,
    Prompt,
    ProtocolVersion,
    RejectedSubmission,
    Response,
    ResponseAmendment,
    Study,
)

_STORED = (
    Response.id,
    Response.enrollment_id,
    Response.client_id,
    Response.revision,
    Response.superseded,
    Response.content_hash,
    Response.receipt,
    Response.decision_status,
    Response.prompt_id,
    Response.instrument,
    Response.protocol_version_id,
)


_PERSON = (
    select(
        Enrollment.id,
        Enrollment.uid,
        Enrollment.study_id,
        Enrollment.state,
        Enrollment.protocol_version_id,
        Enrollment.plan_key,
        Enrollment.randomization_key,
        Enrollment.key_id,
        Enrollment.zone,
        Enrollment.wake_windows,
        Enrollment.own_word,
        Enrollment.bereaved_at,
        Enrollment.start_date,
        Enrollment.paused_until,
        Enrollment.consent_collect,
        Enrollment.consent_use,
        Enrollment.synthetic,
        Study.content_off,
        Participant.uid.label("participant_uid"),
        Participant.data_key,
        Participant.key_id.label("person_key_id"),
    )
    .join(Study, Study.id == Enrollment.study_id)
    .join(Participant, Participant.id == Enrollment.participant_id)
)
"""What the hot path needs to know of a person."""


_LOCK_PEOPLE = once(
    _PERSON.where(Enrollment.id.in_(bindparam("people", expanding=True)))
    .order_by(Enrollment.id)
    .with_for_update(of=Enrollment, key_share=True)
)
"""Statements of the hot path are built once: building one costs as much as running it."""


def lock_enrollments(session: WriteSession, enrollment_ids: Collection[int]) -> Mapping[int, Row[Any]]:
    """What a batch needs to know of each person, locked in order of id (primary key)."""
    return {row.id: row for row in session.rows(_LOCK_PEOPLE, {"people": sorted(enrollment_ids)})}


_HOLD = once(
    select(Enrollment.id)
    .where(Enrollment.id.in_(bindparam("people", expanding=True)))
    .order_by(Enrollment.id)
    .with_for_update(key_share=True)
)


def hold_enrollments(session: WriteSession, enrollment_ids: Collection[int]) -> None:
    """Takes the locks of `lock_enrollments` and reads nothing. On SQLite the transaction is the lock."""
    if session.dialect == "postgresql":
        session.rows(_HOLD, {"people": sorted(enrollment_ids)})


def own_person(session: ReadSession, viewer: Viewer) -> Row[Any]:
    """The same for the viewer's own enrollment. Raises Missing."""
    row = session.row(_PERSON.where(Enrollment.id == viewer.enrollment_id))
    if row is None:
        raise Missing("not_found", "There is no such enrollment.")
    return row


_FIND_STORED = once(
    select(*_STORED)
    .where(Response.enrollment_id.in_(bindparam("people", expanding=True)), Response.client_id.in_(bindparam("names", expanding=True)))
    .order_by(Response.id)
)
"""Two lists instead of a list of pairs: SQLite finds no index for pairs and would read the whole table."""


def stored(session: ReadSession, wanted: Collection[tuple[int, UUID]]) -> Sequence[Row[Any]]:
    """Every revision stored under these (enrollment, client id) pairs (unique index of response)."""
    if not wanted:
        return []
    found = session.rows(_FIND_STORED, _named(wanted))
    return [row for row in found if (row.enrollment_id, row.client_id) in wanted]


def _named(wanted: Collection[tuple[int, UUID]]) -> dict[str, Any]:
    return {"people": sorted({person for person, _ in wanted}), "names": sorted({name for _, name in wanted})}


_LOCK_PROMPTS = once(
    select(Prompt)
    .where(Prompt.enrollment_id.in_(bindparam("people", expanding=True)), Prompt.uid.in_(bindparam("names", expanding=True)))
    .order_by(Prompt.id)
    .with_for_update()
)


def lock_prompts(session: WriteSession, wanted: Collection[tuple[int, UUID]]) -> Mapping[tuple[int, UUID], Row[Any]]:
    """The prompts that answers name, of the same enrollment only: another's prompt is not there."""
    if not wanted:
        return {}
    rows = session.rows(_LOCK_PROMPTS, _named(wanted))
    return {(row.enrollment_id, row.uid): row for row in rows if (row.enrollment_id, row.uid) in wanted}


def version_ids(session: ReadSession, wanted: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], int]:
    """Internal keys of protocol versions by (study, revision)."""
    if not wanted:
        return {}
    pair = tuple_(ProtocolVersion.study_id, ProtocolVersion.revision)
    rows = session.rows(select(ProtocolVersion.study_id, ProtocolVersion.revision, ProtocolVersion.id).where(pair.in_(sorted(wanted))))
    return {(row.study_id, row.revision): row.id for row in rows}


def insert_responses(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> Mapping[tuple[int, UUID, int], int]:
    """Inserts and gives internal keys by (enrollment, client id, revision). A row that is there already gives none."""
    added = session.add_new(Response, rows, Response.id, Response.enrollment_id, Response.client_id, Response.revision)
    return {(row.enrollment_id, row.client_id, row.revision): row.id for row in added}


def mark_superseded(session: WriteSession, response_ids: Collection[int]) -> None:
    session.execute(update(Response).where(Response.id.in_(sorted(response_ids))).values(superseded=True))


_SET_STATUS = once(update(Response).where(Response.id == bindparam("key")).values(decision_status=bindparam("status")))


def set_decision_status(session: WriteSession, changes: Sequence[tuple[int, str]]) -> None:
    if changes:
        session.change(_SET_STATUS, [{"key": key, "status": status} for key, status in changes])


def insert_amendments(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    session.add_new(ResponseAmendment, rows)


def insert_rejected(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    session.add_new(RejectedSubmission, rows)


def own_response(session: ReadSession, viewer: Viewer, client_id: UUID) -> Row[Any]:
    """The newest revision of the viewer's own response. Raises Missing, also for another's."""
    row = session.row(
        select(Response)
        .where(Response.enrollment_id == viewer.enrollment_id, Response.client_id == client_id)
        .order_by(Response.revision.desc())
    )
    if row is None:
        raise Missing("not_found", "There is no such response.")
    return row


def responses_of(viewer: Viewer, ability: Ability, enrollment_uid: UUID, *, now: datetime) -> Select[Any]:
    """The responses of one person that the viewer may see, newest first."""
    return (
        select(Response)
        .join(Enrollment, Enrollment.id == Response.enrollment_id)
        .where(Enrollment.uid == enrollment_uid, visible(viewer, ability, now=now), Response.superseded.is_(False))
        .order_by(Response.event_time.desc(), Response.id.desc())
    )


_HISTORY = once(
    select(
        Response.id,
        Response.client_id,
        Response.revision,
        Response.instrument,
        Response.protocol_version_id,
        Response.event_time,
        Response.received_at,
        Response.offset_minutes,
        Response.answers,
        Response.timing,
        Response.decision_status,
        Response.prompt_id,
    )
    .where(Response.enrollment_id == bindparam("enrollment"), Response.superseded.is_(False), Response.event_time >= bindparam("after"))
    .order_by(Response.event_time, Response.id)
)


def history(session: ReadSession, enrollment_id: int, *, after: datetime) -> Sequence[Row[Any]]:
    """Newest revisions of one person's responses from an event time on, for the fold. No viewer: the house's own work.

    Relies on ix_response_enrollment_time.
    """
    return session.rows(_HISTORY, {"enrollment": enrollment_id, "after": after})


_NEWEST_VERSION = once(
    select(Response.protocol_version_id)
    .where(Response.enrollment_id == bindparam("enrollment"), Response.superseded.is_(False))
    .order_by(Response.event_time.desc(), Response.id.desc())
    .limit(1)
)


def newest_version(session: ReadSession, enrollment_id: int) -> int | None:
    """The protocol version of a person's newest answers (ix_response_enrollment_time)."""
    found: int | None = session.value(_NEWEST_VERSION, {"enrollment": enrollment_id})
    return found


_NEWEST_VERSIONS = once(
    select(
        Enrollment.id,
        select(Response.protocol_version_id)
        .where(Response.enrollment_id == Enrollment.id, Response.superseded.is_(False))
        .order_by(Response.event_time.desc(), Response.id.desc())
        .limit(1)
        .scalar_subquery()
        .label("version"),
    ).where(Enrollment.id.in_(bindparam("people", expanding=True)))
)


def newest_versions(session: ReadSession, enrollment_ids: Collection[int]) -> Mapping[int, int]:
    """`newest_version` of several people; nobody who has answered nothing is in it (ix_response_enrollment_time)."""
    rows = session.rows(_NEWEST_VERSIONS, {"people": sorted(enrollment_ids)})
    return {row.id: row.version for row in rows if row.version is not None}


_ANSWERED = once(
    select(Response.id)
    .where(
        Response.enrollment_id == bindparam("enrollment"),
        Response.event_time >= bindparam("first"),
        Response.event_time < bindparam("last"),
        Response.superseded.is_(False),
    )
    .limit(1)
)


def answered_between(session: ReadSession, enrollment_id: int, first: datetime, last: datetime) -> bool:
    """Whether one person has an answer from `first` on and before `last` (ix_response_enrollment_time). No viewer: the house's own work."""
    return session.value(_ANSWERED, {"enrollment": enrollment_id, "first": first, "last": last}) is not None


def keep_facts(session: WriteSession, enrollment_id: int, facts: Mapping[str, Any]) -> None:
    """What a person told of themselves that later decisions and texts need: `own_word`, `bereaved_at`."""
    session.execute(update(Enrollment).where(Enrollment.id == enrollment_id).values(**facts))


def pending(session: ReadSession, limit: int) -> Sequence[int]:
    """Enrollments of the first `limit` responses whose decision is owed (ix_response_pending, in its own order)."""
    owed = select(Response.enrollment_id).where(Response.decision_status == "pending").order_by(Response.id).limit(limit)
    return sorted({row.enrollment_id for row in session.rows(owed)})


def pending_of(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """One person's responses whose decision is owed, in order of time."""
    return session.rows(
        select(Response)
        .where(Response.enrollment_id == enrollment_id, Response.decision_status == "pending")
        .order_by(Response.event_time, Response.id)
    )


_LISTED = once(
    select(ListEntry.enrollment_id, ListEntry.list_name, ListEntry.client_id).where(
        ListEntry.enrollment_id.in_(bindparam("people", expanding=True))
    )
)


def list_entries(session: ReadSession, enrollment_ids: Collection[int]) -> Mapping[int, Mapping[str, Collection[str]]]:
    """Enrollment -> list name -> ids of the entries that may be chosen (ix_list_entry_enrollment).

    Those that were removed too: a phone that is offline may send tomorrow what it offered yesterday.
    """
    if not enrollment_ids:
        return {}
    rows = session.rows(_LISTED, {"people": sorted(enrollment_ids)})
    lists: dict[int, dict[str, set[str]]] = {}
    for row in rows:
        lists.setdefault(row.enrollment_id, {}).setdefault(row.list_name, set()).add(str(row.client_id))
    return lists
