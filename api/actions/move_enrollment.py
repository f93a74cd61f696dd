"""Move an enrollment to another protocol version, from a local day of the person on."""

from datetime import date
from uuid import UUID

from fastapi import Request

from api.actions.moving import read_moving, write_moves
from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import Ability, Viewer
from models.errors import Conflict, Fault, Gone, Invalid
from models.kinds import EnrollmentState
from models.queries.enrollment import check_version, lock_person
from models.queries.enrollment import person as read_one
from models.queries.revision import lock_version
from scheduler.plan.versions import moved
from scheduler.plan_inputs import read_person


def move_enrollment(
    house: House, request: Request, viewer: Viewer, enrollment_uid: UUID, *, revision: int, valid_from: date | None, version: int
) -> tuple[int, date]:
    """The enrollment's new version and the day from which the revision holds; today where none is named.

    Someone who has not started begins with what holds on the day. For everyone else the horizon replans what was not sent; the past
    is never touched, so a day before the person's today is refused.
    """
    now = house.clock.study()
    with house.sessions.transaction() as session:
        seen = read_one(session, viewer, Ability.MANAGE_STUDY, enrollment_uid, now=now)
        target = lock_version(session, seen.study_id, revision)
        person = lock_person(session, viewer, Ability.MANAGE_STUDY, enrollment_uid, now=now)
        if person.state in {EnrollmentState.WITHDRAWN, EnrollmentState.COMPLETED}:
            raise Gone("enrollment_ended", "This enrollment has ended.")
        (moving,) = read_moving(session, (person,), now=now)
        today = read_person(session, house.keys, person, now=now).today(now=now) if moving.started else moving.today
        day = valid_from or today
        if day < today:
            raise Invalid(
                "invalid", "The past is never planned again.", (Fault("/valid_from", "in_the_past", "The person's today, or later."),)
            )
        if day < target.effective_from:
            raise Conflict("not_in_effect", "The revision is not in effect on that day.")
        check_version(person, version)
        write_moves(session, [(moving, moved(moving.versions, day, target.id) or [(day, target.id)])], moved_by=viewer.staff_id, now=now)
        act = act_of(
            house, request, viewer, "enrollment_moved", "enrollment", person.uid, person=person.uid, purpose="care", revision=revision
        )
        add_act(session, house, person.study_uid, act)
    return person.version + 1, day
