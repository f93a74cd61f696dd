"""Say who looks after a person, from when until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row

from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import CASELOAD_ROLES, Ability, Viewer
from models.errors import Fault, Invalid
from models.queries.caseload import Assignment, assignments_of, replace_assignments
from models.queries.enrollment import lock_person, raise_version
from models.queries.staff import role_holder
from models.session import WriteSession


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """`valid_from` None: now. `valid_until` None: until someone changes it."""

    staff_uid: UUID
    is_cover: bool
    valid_from: datetime | None
    valid_until: datetime | None


def assign(
    house: House, request: Request, viewer: Viewer, enrollment_uid: UUID, wanted: Sequence[NewAssignment], *, version: int
) -> tuple[int, Sequence[Row[Any]]]:
    """The new version of the enrollment and all its assignments. Raises Invalid with a pointer to each that breaks a rule."""
    now = house.clock.study()
    with house.sessions.transaction() as session:
        person = lock_person(session, viewer, Ability.ENROLL, enrollment_uid, now=now)
        new_version = raise_version(session, person, version)
        assignments = _checked(session, person, wanted, now=now, system_now=house.clock.system())
        replace_assignments(session, person, assignments, set_by=viewer.staff_id, now=now)
        act = act_of(
            house, request, viewer, "caseload_set", "enrollment", person.uid, person=person.uid, purpose="care", people=len(assignments)
        )
        stored = assignments_of(session, person.id)
        add_act(session, house, person.study_uid, act)
    return new_version, stored


def _checked(
    session: WriteSession, person: Row[Any], wanted: Sequence[NewAssignment], *, now: datetime, system_now: datetime
) -> list[Assignment]:
    faults: list[Fault] = []
    assignments: list[Assignment] = []
    for number, one in enumerate(wanted):
        place = f"/assignments/{number}"
        holder = role_holder(session, person.study_id, one.staff_uid, sorted(CASELOAD_ROLES), now=system_now)
        starts = max(one.valid_from or now, now)
        if holder is None:
            faults.append(Fault(f"{place}/staff_id", "not_a_coordinator", "Holds no coordinator's or clinician's role in the study now."))
        elif one.valid_until is not None and one.valid_until <= starts:
            faults.append(Fault(f"{place}/valid_until", "ends_before_it_starts", "The end must lie after the start and after now."))
        else:
            assignments.append(Assignment(holder.id, one.is_cover, starts, one.valid_until))
    if faults:
        raise Invalid("invalid", "The request breaks the rules named in errors.", faults)
    return assignments
