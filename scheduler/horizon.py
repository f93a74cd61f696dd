"""Keeps the next days of prompts planned as rows. Planning twice changes nothing; what was sent or has passed is never touched."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from models.definition.prompting import FollowUp
from models.kinds import EnrollmentState, PromptState
from models.protocols import Protocols
from models.queries import planning
from models.queries import prompt as prompts
from models.sealed import Keys
from models.session import Sessions, WriteSession
from scheduler.plan.calendar import DAY
from scheduler.plan.followup import Prior, Source, follow_up
from scheduler.plan.reconcile import CALENDAR_KINDS
from scheduler.plan_inputs import Person, by_person, read_people, read_person
from scheduler.plan_turn import Changed, Turn, take_turn
from scheduler.plan_writes import PlanWrites

HORIZON_DAYS: Final = 7
REFRESH: Final = timedelta(days=1)
"""A horizon that is shorter than its length by this is planned again, so everyone is planned once a day."""

SOON: Final = timedelta(hours=1)
"""Whoever is owed a plan within it is planned along with someone who is owed one now: most of a turn's cost is the same for several."""

TOGETHER: Final = 16
"""People planned in one transaction. More would save little, and on SQLite whoever answers waits as long as it takes."""

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
    """`plan_enrollments` for one person: how many prompts changed."""
    found = plan_enrollments(session, keys, protocols, (enrollment_id,), now=now, days=days, reason=reason, actor=actor)
    return found.get(enrollment_id, Counts())


def plan_enrollments(
    session: WriteSession,
    keys: Keys,
    protocols: Protocols,
    enrollment_ids: Collection[int],
    *,
    now: datetime,
    days: int = HORIZON_DAYS,
    reason: str = "replanned",
    actor: str = SYSTEM,
) -> Mapping[int, Counts]:
    """Brings people's unsent prompts to what the plan says up to `days` from `now`, and gives what changed by enrollment.

    Locks the enrollments, then their prompts; reads and writes set by set, and writes differences alone. Where a person's plan is made
    from what it was made from before, only the dates that have come within reach are planned, and no prompt is read. `reason` (coded:
    zone, wake, pause, protocol, event) stands on what it changes. Someone who has left, finished or withdrawn consent has all waiting
    prompts cancelled.
    """
    locked = [(row, _not_asked(row)) for row in planning.lock_enrollments(session, enrollment_ids)]
    counts: dict[int, Counts] = {}
    for row, refusal in locked:
        if refusal is not None and refusal != "not_started":
            planning.finish_plans(session, [planning.Finished(row.id, None, row.protocol_version_id, row.wake_windows)])
            counts[row.id] = Counts(cancelled=cancel_waiting(session, row.id, now=now, reason=refusal, actor=actor))
    asked = [row for row, refusal in locked if refusal is None]
    if asked:
        people = read_people(session, keys, asked, now=now)
        counts |= _plan(session, protocols, people, now=now, days=days, reason=reason, actor=actor)
    return counts


def plan_due(sessions: Sessions, keys: Keys, protocols: Protocols, *, now: datetime, limit: int, days: int = HORIZON_DAYS) -> int:
    """Plans enrollments whose horizon has come near or whose plan is stale, some in one transaction; gives how many.

    One person whose plan fails is raised after the others were planned, so that nobody waits for a stranger's fault.
    """
    with sessions.reading() as reading:
        owed = planning.due_enrollments(reading, edge=now + timedelta(days=days) - REFRESH, soon=SOON, limit=limit)
    failed: list[Exception] = []
    for place in range(0, len(owed), TOGETHER):
        together = owed[place : place + TOGETHER]
        try:
            with sessions.transaction() as session:
                plan_enrollments(session, keys, protocols, together, now=now, days=days)
        except Exception:  # noqa: BLE001  # done again one by one, where each fault is its own
            failed += _one_by_one(sessions, keys, protocols, together, now=now, days=days)
    if failed:
        raise failed[0]
    return len(owed)


def _one_by_one(
    sessions: Sessions, keys: Keys, protocols: Protocols, enrollment_ids: Iterable[int], *, now: datetime, days: int
) -> list[Exception]:
    failed: list[Exception] = []
    for enrollment_id in enrollment_ids:
        try:
            with sessions.transaction() as session:
                plan_enrollment(session, keys, protocols, enrollment_id, now=now, days=days)
        except Exception as error:  # noqa: BLE001  # raised by the caller; the worker logs and counts it
            failed.append(error)
    return failed


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
    designs = [one for one in protocol.designs if isinstance(one, FollowUp) and source.asks(one)]
    enrollment = planning.lock_enrollment(session, enrollment_id) if designs else None
    if enrollment is None or _not_asked(enrollment) is not None:
        return ()
    person = read_person(session, keys, enrollment, now=now)
    inputs = person.inputs(protocol, {})
    writes = PlanWrites(session, now, actor)
    for design in designs:
        found = follow_up(inputs, design, source, _priors(session, enrollment_id, design.id, source.answered_at), now=now).occasion
        if found is not None:
            writes.insert(person, {version_id: protocol}, found, version_id)
    return tuple(writes.finish())


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


def _plan(
    session: WriteSession, protocols: Protocols, people: Sequence[Person], *, now: datetime, days: int, reason: str, actor: str
) -> Mapping[int, Counts]:
    turns = [take_turn(session, protocols, person, now=now, until=now + timedelta(days=days)) for person in people]
    stored = _lock_stored(session, [one for one in turns if not one.stands])
    writes = PlanWrites(session, now, actor)
    changed = {
        one.key: one.extend(session, protocols, writes)
        if one.stands
        else one.collect(session, protocols, writes, stored.get(one.key, ()), reason=reason)
        for one in turns
    }
    new = writes.finish()
    planning.finish_plans(session, [one.finished(changed[one.key], refresh=REFRESH) for one in turns])
    return {key: _counted(one, new) for key, one in changed.items()}


def _lock_stored(session: WriteSession, turns: Sequence[Turn]) -> Mapping[int, Sequence[Row[Any]]]:
    if not turns:
        return {}
    return by_person(planning.lock_planned(session, [one.key for one in turns], min(one.first for one in turns), CALENDAR_KINDS))


def _counted(changed: Changed, new: Collection[UUID]) -> Counts:
    changes = changed.changes
    inserted = sum(one.uid in new for one in changes.insert)
    return Counts(inserted, len(changes.retime), len(changes.block), len(changes.supersede), changed.moved_version)
