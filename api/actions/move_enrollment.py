"""Move an enrollment to another protocol version, from a local day of the person on."""

from datetime import date
from uuid import UUID

from fastapi import Request

from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import Ability, Viewer
from models.errors import Conflict, Fault, Gone, Invalid
from models.kinds import EnrollmentState
from models.queries.enrollment import add_move, lock_person, raise_version
from models.queries.planning import mark_stale
from models.queries.study import protocol_by_revision
from scheduler.plan.calendar import local
from scheduler.plan_inputs import read_person


def move_enrollment(
    house: House, request: Request, viewer: Viewer, enrollment_uid: UUID, *, revision: int, valid_from: date | None, version: int
) -> tuple[int, date]:
    """The enrollment's new version and the day from which the revision holds; today where none is named.

    Someone who has not started is simply put on it. For everyone else the horizon replans what was not sent; the past is never
    touched, so a day before the person's today is refused.
    """
    now = house.clock.study()
    with house.sessions.transaction() as session:
        person = lock_person(session, viewer, Ability.MANAGE_STUDY, enrollment_uid, now=now)
        if person.state in {EnrollmentState.WITHDRAWN, EnrollmentState.COMPLETED}:
            raise Gone("enrollment_ended", "This enrollment has ended.")
        target = protocol_by_revision(session, person.study_id, revision)
        started = person.state is EnrollmentState.ACTIVE and person.started_at is not None
        today = read_person(session, house.keys, person, now=now).today(now=now) if started else local(now, person.zone).date
        day = valid_from or today
        if day < today:
            raise Invalid(
                "invalid", "The past is never planned again.", (Fault("/valid_from", "in_the_past", "The person's today, or later."),)
            )
        if day < target.effective_from:
            raise Conflict("not_in_effect", "The revision is not in effect on that day.")
        changes = {} if started else {"protocol_version_id": target.id}
        new_version = raise_version(session, person, version, **changes)
        add_move(session, person, version_id=target.id, valid_from=day, moved_by=viewer.staff_id, now=now)
        if started:
            mark_stale(session, [person.id])
        act = act_of(
            house, request, viewer, "enrollment_moved", "enrollment", person.uid, person=person.uid, purpose="care", revision=revision
        )
        add_act(session, house, person.study_uid, act)
    return new_version, day
