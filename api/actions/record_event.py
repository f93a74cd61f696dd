"""Record that something happened to a person at a time: use, dose, release, a visit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from api.actions.plan_event import confirm
from models.codec import digest
from models.errors import Conflict, Fault, Gone, Invalid, Missing
from models.kinds import EnrollmentState, TimedEventKind
from models.queries import planning
from models.queries.enrollment import add_timed_event, timed_event
from models.queries.events import retract
from models.session import WriteSession
from risk.mind import Mind
from risk.observe import event_observed
from risk.owed import take_in

FUTURE_LIMIT: Final = timedelta(minutes=5)
LONGEST_AGO: Final = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """`client_id` is made by the caller: the same id and content again is the same event.

    `planned_id` names the planned event that has happened with it.
    """

    client_id: UUID
    kind: TimedEventKind
    happened_at: datetime
    ended_at: datetime | None = None
    planned_id: UUID | None = None

    @property
    def content_hash(self) -> bytes:
        planned = () if self.planned_id is None else (str(self.planned_id),)
        return digest([str(self.kind), self.happened_at, self.ended_at, *planned])


def record_event(session: WriteSession, mind: Mind, person: Row[Any], event: NewEvent, *, source: str, now: datetime) -> tuple[UUID, bool]:
    """The event's public id and whether it is new. `person` is the locked enrollment.

    The event enters the fold at its own time, and the plan is marked as owed, since designs may be anchored to it.
    Raises Conflict for another event under the same id, Invalid where nothing of its kind is planned under `planned_id`.
    """
    known = timed_event(session, person.id, event.client_id)
    if known is not None:
        if bytes(known.content_hash) != event.content_hash:
            raise Conflict("event_differs", "Another event is stored under this id.")
        if known.retracted_at is not None:
            raise Gone("event_retracted", "This event was taken back; make a new one.")
        known_uid: UUID = known.uid
        return known_uid, False
    if person.state not in {EnrollmentState.ACTIVE, EnrollmentState.COMPLETED} or not person.consent_collect:
        raise Gone("collection_stopped", "Nothing more is collected about this person.")
    _check(event, now)
    happened_at = min(event.happened_at, now)
    event_id, event_uid = add_timed_event(
        session,
        {
            "study_id": person.study_id,
            "enrollment_id": person.id,
            "client_id": event.client_id,
            "kind": event.kind,
            "happened_at": happened_at,
            "ended_at": event.ended_at,
            "reported_at": now,
            "source": source,
            "content_hash": event.content_hash,
            "retracted_at": None,
            "synthetic": person.synthetic,
        },
    )
    if event.planned_id is not None:
        confirm(session, person, event.planned_id, event.kind, event_id, source=source, now=now)
    _think_again(session, mind, person, event.kind, event.client_id, happened_at, gone=False, now=now)
    return event_uid, True


def retract_event(session: WriteSession, mind: Mind, person: Row[Any], client_id: UUID, *, now: datetime) -> None:
    """It did not happen: it no longer counts, and the row stays. Once more changes nothing. Raises Missing where there is none."""
    known = timed_event(session, person.id, client_id)
    if known is None:
        raise Missing("not_found", "There is no such event.")
    if known.retracted_at is None:
        retract(session, known.id, now=now)
        _think_again(session, mind, person, known.kind, client_id, known.happened_at, gone=True, now=now)


def _think_again(
    session: WriteSession, mind: Mind, person: Row[Any], kind: str, client_id: UUID, happened_at: datetime, *, gone: bool, now: datetime
) -> None:
    """As `past_of` would read the event."""
    observation = event_observed(str(kind), source_id=str(client_id), happened_at=happened_at, offset_minutes=0)
    planning.mark_stale(session, [person.id])
    take_in(session, mind, person, observation, gone=gone, now=now)


def _check(event: NewEvent, now: datetime) -> None:
    faults = []
    if event.happened_at > now + FUTURE_LIMIT:
        faults.append(Fault("/happened_at", "in_the_future", "What has not happened is no event."))
    if event.happened_at < now - LONGEST_AGO:
        faults.append(Fault("/happened_at", "too_long_ago", "More than five years ago."))
    if event.ended_at is not None and not event.happened_at <= event.ended_at <= now + FUTURE_LIMIT:
        faults.append(Fault("/ended_at", "out_of_order", "The end lies after the start and not in the future."))
    if faults:
        raise Invalid("invalid", "The event breaks the rules named in errors.", faults)
