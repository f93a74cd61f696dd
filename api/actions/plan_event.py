"""A quit day, a visit or a discharge is set for a day to come: designs that are anchored to it follow at once.

A planned event is no event. It says when to ask, and the estimator never sees it: what nobody has told has not happened.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from api.deps import House
from models.errors import Conflict, Fault, Gone, Invalid, Missing
from models.kinds import PLANNABLE, EnrollmentState, Intention, TimedEventKind
from models.queries.events import add_planned, planned_event
from models.session import WriteSession
from scheduler.horizon import plan_enrollment
from scheduler.plan_inputs import read_person

LONGEST_AHEAD: Final = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class Plan:
    """`client_id` is made by the caller. `wall` is `HH:MM` where the person is on that day; None: from waking."""

    client_id: UUID
    kind: TimedEventKind
    day: date
    wall: str | None = None


def plan_event(session: WriteSession, house: House, person: Row[Any], plan: Plan, *, source: str) -> tuple[int, bool]:
    """Sets or moves it, and gives the revision and whether it is new. `person` is the locked enrollment. The same again changes nothing.

    What was sent stays, whatever day it was sent for; the rest is planned again from now on. Raises Conflict for another kind
    under the same id, Gone for one that was called off or has been told, Invalid for a day that has passed.
    """
    now = house.clock.study()
    known = planned_event(session, person.id, plan.client_id)
    if known is not None:
        if known.kind != plan.kind:
            raise Conflict("event_differs", "Another event is planned under this id.")
        if known.intention is Intention.RETRACTED:
            raise Gone("event_retracted", "This was called off; plan a new one.")
        if known.intention is Intention.HAPPENED:
            raise Gone("event_happened", "This has been told as an event; plan a new one.")
        if (known.day, known.wall) == (plan.day, plan.wall):
            return known.revision, False
    if person.state is not EnrollmentState.ACTIVE or not person.consent_collect:
        raise Gone("collection_stopped", "Nothing is planned for this person.")
    _check(plan, read_person(session, house.keys, person, now=now).today(now=now))
    revision = 1 if known is None else known.revision + 1
    _add(session, person, plan, revision, Intention.PLANNED, source=source, now=now)
    _plan_again(session, house, person, source)
    return revision, True


def call_off(session: WriteSession, house: House, person: Row[Any], client_id: UUID, *, source: str) -> None:
    """It will not be: it anchors nothing any more. Once more changes nothing. Raises Missing where there is none."""
    known = _known(session, person, client_id)
    if known.intention is Intention.PLANNED:
        _add(session, person, _plan(known), known.revision + 1, Intention.RETRACTED, source=source, now=house.clock.study())
        _plan_again(session, house, person, source)


def confirm(
    session: WriteSession, person: Row[Any], client_id: UUID, kind: TimedEventKind, event_id: int, *, source: str, now: datetime
) -> None:
    """It has happened and stands as an event, which is the anchor from now on.

    Raises Invalid where no event of this kind is planned under the id.
    """
    known = planned_event(session, person.id, client_id)
    if known is None or known.kind != kind or known.intention is not Intention.PLANNED:
        fault = Fault("/planned_id", "not_planned", "No event of this kind is planned under this id.")
        raise Invalid("invalid", "The event breaks the rules named in errors.", (fault,))
    _add(session, person, _plan(known), known.revision + 1, Intention.HAPPENED, source=source, now=now, timed_event_id=event_id)


def _known(session: WriteSession, person: Row[Any], client_id: UUID) -> Row[Any]:
    known = planned_event(session, person.id, client_id)
    if known is None:
        raise Missing("not_found", "There is no such planned event.")
    return known


def _plan(known: Row[Any]) -> Plan:
    return Plan(known.client_id, known.kind, known.day, known.wall)


def _add(
    session: WriteSession, person: Row[Any], plan: Plan, revision: int, intention: Intention, *, source: str, now: datetime, **more: Any
) -> None:
    values = {
        "study_id": person.study_id,
        "enrollment_id": person.id,
        "client_id": plan.client_id,
        "revision": revision,
        "kind": plan.kind,
        "day": plan.day,
        "wall": plan.wall,
        "intention": intention,
        "recorded_at": now,
        "source": source,
        "synthetic": person.synthetic,
    }
    add_planned(session, {**values, **more})


def _plan_again(session: WriteSession, house: House, person: Row[Any], source: str) -> None:
    plan_enrollment(session, house.keys, house.protocols, person.id, now=house.clock.study(), reason="event", actor=source)


def _check(plan: Plan, today: date) -> None:
    faults = []
    if plan.kind not in PLANNABLE:
        faults.append(Fault("/kind", "not_plannable", f"Only these are planned: {', '.join(sorted(PLANNABLE))}."))
    if plan.day < today:
        faults.append(Fault("/day", "in_the_past", "The person's today, or later; what has happened is told as an event."))
    if plan.day > today + LONGEST_AHEAD:
        faults.append(Fault("/day", "too_far_ahead", "More than five years ahead."))
    if faults:
        raise Invalid("invalid", "The planned event breaks the rules named in errors.", faults)
