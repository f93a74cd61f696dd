"""The four ways to leave (safety.md rule 11), each carried out at once and told to the person as done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import Request
from sqlalchemy import Row

from api.actions.pause import UNTIL_RESUMED, set_pause
from api.actions.record_act import act_of, add_act
from api.auth.participant import forget_tokens
from api.deps import House
from models.access import Viewer
from models.kinds import EnrollmentState, Leaving
from models.queries import enrollment_phone as queries
from models.queries.device import revoke_devices
from models.session import WriteSession
from scheduler.horizon import plan_enrollment

DONE: Final[dict[Leaving, tuple[str, ...]]] = {
    Leaving.PAUSE_PROMPTS: ("No prompts are sent until you resume.", "What you send yourself is still taken."),
    Leaving.STOP_COLLECTION: (
        "Nothing more is asked or collected.",
        "Waiting prompts were called off.",
        "Help and your own data stay open on this phone.",
    ),
    Leaving.STOP_USE: (
        "What you sent is left out of every dataset that is made from now on.",
        "Datasets that were made before cannot be called back.",
    ),
    Leaving.ERASE_IDENTIFIERS: (
        "The key to your name, contact, own words, scenes and lists was destroyed; they cannot be read again.",
        "Nothing more is asked or collected, and waiting prompts were called off.",
        "Every phone was signed out. The help screen stays on it.",
    ),
}
"""What was done, in plain words."""


SCOPES: Final[dict[Leaving, str]] = {
    Leaving.PAUSE_PROMPTS: "prompts",
    Leaving.STOP_COLLECTION: "collect",
    Leaving.STOP_USE: "use",
    Leaving.ERASE_IDENTIFIERS: "erase",
}


@dataclass(frozen=True, slots=True)
class Left:
    how: Leaving
    at: datetime
    done: tuple[str, ...]


def leave(house: House, request: Request, viewer: Viewer, how: Leaving) -> Left:
    """Carries it out in one transaction. Once more changes nothing and says the same."""
    with house.sessions.transaction() as session:
        if how is Leaving.ERASE_IDENTIFIERS:
            people = _erase(session, house, viewer)
        else:
            person = queries.lock_own(session, viewer)
            people = [person] if _carry_out(session, house, viewer, person, how) else []
        for one in people:
            queries.add_consent(session, one, SCOPES[how], given=False, leaving=how, actor=viewer.actor, now=house.clock.study())
        for one in sorted(people, key=lambda row: str(row.study_uid)):
            act = act_of(house, request, viewer, "left", "enrollment", one.uid, person=one.uid, how=how.value)
            add_act(session, house, one.study_uid, act)
    forget_tokens(house)
    return Left(how, house.clock.study(), DONE[how])


def _carry_out(session: WriteSession, house: House, viewer: Viewer, person: Row[Any], how: Leaving) -> bool:
    """False where it was done before."""
    if how is Leaving.PAUSE_PROMPTS:
        if person.paused_until == UNTIL_RESUMED or person.state == EnrollmentState.WITHDRAWN:
            return False
        set_pause(session, house, person, until=None, reason="left", actor=viewer.actor)
    elif how is Leaving.STOP_COLLECTION:
        if not person.consent_collect:
            return False
        end_collection(session, house, person.id)
    else:
        if not person.consent_use:
            return False
        queries.change(session, person.id, consent_use=False)
    return True


def _erase(session: WriteSession, house: House, viewer: Viewer) -> list[Row[Any]]:
    """In every study of the person, since the key is the person's. Enrollments are locked in order of id."""
    participant_id = queries.own(session, viewer).participant_id
    people = [queries.lock_by_key(session, key) for key in queries.enrollments_of_person(session, participant_id)]
    for one in people:
        queries.change(session, one.id, consent_contact=False)
        end_collection(session, house, one.id)
    keys = [one.id for one in people]
    revoke_devices(session, keys, "erased", now=house.clock.system())
    queries.shred(session, participant_id, keys, now=house.clock.study())
    return people


def end_collection(session: WriteSession, house: House, enrollment_id: int) -> None:
    """Withdrawn from now on; the planner calls off what waits."""
    now = house.clock.study()
    queries.end_enrollment(session, enrollment_id, now=now)
    plan_enrollment(session, house.keys, house.protocols, enrollment_id, now=now, reason="withdrawn", actor="participant")
