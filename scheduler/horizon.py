"""Keeps the next days of prompts planned as rows. Planning twice changes nothing; what was sent or has passed is never touched."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from models.definition.expression import holds
from models.definition.prompting import FollowUp
from models.definition.protocol import Protocol
from models.kinds import DesignKind, EnrollmentState, PromptState
from models.protocols import Protocols
from models.queries import planning
from models.queries import prompt as prompts
from models.sealed import Keys
from models.session import Sessions, WriteSession
from scheduler.plan.calendar import DAY
from scheduler.plan.followup import Prior, Source, follow_up
from scheduler.plan.occasion import Occasion
from scheduler.plan.occasions import plan, plan_day, planning_dates
from scheduler.plan.reconcile import CALENDAR_KINDS, Block, Changes, PlannedRow, Retime, reconcile
from scheduler.plan_inputs import Person, read_person, unmovable
from scheduler.plan_writes import PlanWrites

HORIZON_DAYS: Final = 7
REFRESH: Final = timedelta(days=1)
"""A horizon that is shorter than its length by this is planned again, so everyone is planned once a day."""

SYSTEM: Final = "system"


@dataclass(frozen=True, slots=True)
class Counts:
    """What planning changed. `cancelled` counts prompts of someone who is no longer asked."""

    inserted: int = 0
    retimed: int = 0
    blocked: int = 0
    superseded: int = 0
    moved_version: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        return self.inserted + self.retimed + self.blocked + self.superseded + self.moved_version + self.cancelled


def plan_enrollment(
    session: WriteSession,
    keys: Keys,
    protocols: Protocols,
    enrollment_id: int,
    *,
    now: datetime,
    days: int = HORIZON_DAYS,
    reason: str = "replanned",
    actor: str = SYSTEM,
) -> Counts:
    """Brings a person's unsent prompts to what the plan says up to `days` from `now`, and gives how many changed.

    Locks the enrollment, then its prompts. `reason` (coded: zone, wake, pause, protocol, event) stands on what it changes. Someone
    who has left, finished or withdrawn consent has all waiting prompts cancelled.
    """
    enrollment = planning.lock_enrollment(session, enrollment_id)
    if enrollment is None or (refusal := _not_asked(enrollment)) == "not_started":
        return Counts()
    if refusal is not None:
        planning.finish_plan(session, enrollment.id, planned_until=None, protocol_version_id=enrollment.protocol_version_id)
        return Counts(cancelled=cancel_waiting(session, enrollment.id, now=now, reason=refusal, actor=actor))
    person = read_person(session, keys, enrollment, now=now)
    return _plan(session, protocols, person, now=now, days=days, reason=reason, actor=actor)


def plan_due(sessions: Sessions, keys: Keys, protocols: Protocols, *, now: datetime, limit: int, days: int = HORIZON_DAYS) -> int:
    """Plans enrollments whose horizon has come near or whose plan is stale, each in its own transaction; gives how many.

    One person whose plan fails is raised after the others were planned, so that nobody waits for a stranger's fault.
    """
    with sessions.reading() as reading:
        owed = planning.due_enrollments(reading, edge=now + timedelta(days=days) - REFRESH, limit=limit)
    failed: list[Exception] = []
    for enrollment_id in owed:
        try:
            with sessions.transaction() as session:
                plan_enrollment(session, keys, protocols, enrollment_id, now=now, days=days)
        except Exception as error:  # noqa: BLE001  # raised below; the worker logs and counts it
            failed.append(error)
    if failed:
        raise failed[0]
    return len(owed)


def plan_follow_up(
    session: WriteSession,
    keys: Keys,
    protocols: Protocols,
    enrollment_id: int,
    *,
    version_id: int,
    source: Source,
    now: datetime,
    actor: str = SYSTEM,
) -> tuple[UUID, ...]:
    """Plans what a response asks for, at most one prompt for each follow-up design, and gives the ids of those that were new.

    Called in the transaction that stores the response, whatever was decided for it: treated and untreated are asked alike. The designs
    are those of the version that the answer names. The same response again plans nothing. Locks the enrollment.
    """
    protocol = protocols.get(session, version_id)
    designs = [one for one in protocol.designs if isinstance(one, FollowUp) and _asks(one, source)]
    enrollment = planning.lock_enrollment(session, enrollment_id) if designs else None
    if enrollment is None or _not_asked(enrollment) is not None:
        return ()
    person = read_person(session, keys, enrollment, now=now)
    inputs = person.inputs(protocol, {})
    writes = PlanWrites(session, person, {version_id: protocol}, {}, now, actor)
    planned: list[UUID] = []
    for design in designs:
        found = follow_up(inputs, design, source, _priors(session, enrollment_id, design.id, source.answered_at), now=now).occasion
        if found is not None and writes.insert([found], version_id=version_id):
            planned.append(found.uid)
    writes.finish()
    return tuple(planned)


def _asks(design: FollowUp, source: Source) -> bool:
    """Looked at first, so that most responses cost no read."""
    return source.instrument in design.after and holds(design.condition, source.items, {})


def _priors(session: WriteSession, enrollment_id: int, design: str, answered_at: datetime) -> list[Prior]:
    """The follow-ups near enough for any budget or cool-down of less than 30 days."""
    rows = planning.follow_ups(session, enrollment_id, design, answered_at.date() - DAY * 30)
    return [Prior(row.source, row.slot_date, row.due_at) for row in rows]


def cancel_waiting(session: WriteSession, enrollment_id: int, *, now: datetime, reason: str, actor: str) -> int:
    """Calls off every prompt of a person that has not ended. The caller holds the enrollment's lock."""
    rows = prompts.lock_waiting(session, enrollment_id)
    prompts.apply_moves(
        session,
        [prompts.Move(row, "cancelled", PromptState.CANCELLED, now, actor, reason, changes={"reason": reason}) for row in rows],
    )
    return len(rows)


def _not_asked(enrollment: Row[Any]) -> str | None:
    if enrollment.state == EnrollmentState.INVITED or enrollment.started_at is None:
        return "not_started"
    if enrollment.state != EnrollmentState.ACTIVE:
        return str(enrollment.state.value)
    return None if enrollment.consent_collect else "no_consent"


def _plan(session: WriteSession, protocols: Protocols, person: Person, *, now: datetime, days: int, reason: str, actor: str) -> Counts:
    until = now + timedelta(days=days)
    today = person.today(now=now)
    current = person.versions.on(today)
    assert current is not None
    first, last = planning_dates(person.inputs(protocols.get(session, current), {}), now, until)
    stored = planning.lock_planned(session, person.enrollment.id, first, CALENDAR_KINDS)
    rows = {row.uid: row for row in stored if person.versions.on(row.slot_date) is not None}
    last = max(last, max((row.slot_date for row in rows.values()), default=last))
    texts = {version: protocols.get(session, version) for version in (current, *person.versions.among(first, last))}
    sent = unmovable(stored, now=now)
    wanted = {one.uid: one for one in _wanted(person, texts, sent, now=now, until=until, last=last)}
    changes = reconcile([_planned_row(row) for row in rows.values()], wanted.values(), now=now, reason=reason)
    counts = _apply(PlanWrites(session, person, texts, rows, now, actor), changes, wanted, reason)
    planned_until = _planned_until(person, texts[current], today, last, now=now, days=days)
    planning.finish_plan(session, person.enrollment.id, planned_until=planned_until, protocol_version_id=current)
    return counts


def _wanted(
    person: Person, texts: Mapping[int, Protocol], sent: Mapping[UUID, datetime], *, now: datetime, until: datetime, last: date
) -> Iterator[Occasion]:
    """The occasions up to the local date `last`, each by the version that holds on its date.

    `last` lies after the dates of `until` only where rows were planned before a move to the west.
    """
    for version in texts:
        inputs = person.inputs(texts[version], sent)
        _, end = planning_dates(inputs, now, until)
        later = (plan_day(inputs, end + DAY * number) for number in range(1, (last - end).days + 1))
        for one in chain(plan(inputs, now, until), *later):
            if person.versions.on(one.slot.local_date) == version:
                yield one


def _planned_row(row: Row[Any]) -> PlannedRow:
    return PlannedRow(
        uid=row.uid,
        kind=DesignKind(row.kind),
        instrument=row.instrument,
        state=PromptState(row.state),
        due_at=row.due_at,
        expires_at=row.expires_at,
        zone=row.zone,
        plan_revision=row.plan_revision,
        reason=row.reason,
    )


def _apply(writes: PlanWrites, changes: Changes, wanted: Mapping[UUID, Occasion], reason: str) -> Counts:
    again: tuple[Retime | Block, ...] = (*changes.retime, *changes.block)
    for one in again:
        writes.replan(one.row.uid, one.occasion, one.plan_revision, reason)
    for gone in changes.supersede:
        writes.supersede(gone.row.uid, gone.reason)
    moved = list(_other_version(writes, changes.keep, wanted))
    for row, occasion in moved:
        writes.replan(row.uid, occasion, row.plan_revision + 1, "protocol")
    inserted = writes.insert(changes.insert)
    writes.finish()
    return Counts(inserted, len(changes.retime), len(changes.block), len(changes.supersede), len(moved))


def _other_version(
    writes: PlanWrites, kept: Iterable[PlannedRow], wanted: Mapping[UUID, Occasion]
) -> Iterator[tuple[PlannedRow, Occasion]]:
    """Prompts still to come whose times stay and whose protocol version does not; what was sent finishes on its own version."""
    for row in kept:
        one = wanted.get(row.uid)
        if one is None or row.due_at <= writes.now or row.due_at != one.due_at:
            continue
        same_state = row.state is (PromptState.PLANNED if one.blocked is None else PromptState.BLOCKED)
        if same_state and writes.rows[row.uid].protocol_version_id != writes.version(one):
            yield row, one


def _planned_until(person: Person, protocol: Protocol, today: date, last: date, *, now: datetime, days: int) -> datetime | None:
    """None after the last study day. Where another version is to come, no later than makes its first day plan again."""
    until = now + timedelta(days=days)
    coming = person.versions.next_after(today)
    if coming is not None:
        return min(until, person.begins(coming) + timedelta(days=days) - REFRESH)
    ended = last > person.inputs(protocol, {}).start_date + DAY * (protocol.length_days - 1)
    return None if ended else until
