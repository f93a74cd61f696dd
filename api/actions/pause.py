"""Pause all prompting for hours, days or until the person resumes; and resume. The plan follows in the same transaction."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from fastapi import Request
from sqlalchemy import Row

from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import Viewer
from models.errors import Fault, Invalid
from models.queries import enrollment_phone as queries
from models.session import WriteSession
from scheduler.horizon import plan_enrollment

UNTIL_RESUMED: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""What `enrollment.paused_until` holds for a pause without an end."""

LONGEST: Final = timedelta(days=366)

Reason = Literal["rest", "travel", "illness", "work", "family", "too_many", "upset", "private"]


def pause(house: House, request: Request, viewer: Viewer, *, until: datetime | None, reason: Reason | None) -> None:
    """No prompts from now until `until`; None: until the person resumes. Replaces a pause that runs.

    Raises Invalid for an end that is past or more than a year away.
    """
    now = house.clock.study()
    if until is not None and not now < until <= now + LONGEST:
        fault = Fault("/until", "out_of_range", "A pause ends in the future, within a year; leave it out to resume by yourself.")
        raise Invalid("invalid", "The pause breaks the rules named in errors.", (fault,))
    with house.sessions.transaction() as session:
        person = queries.lock_own(session, viewer)
        set_pause(session, house, person, until=until, reason=reason, actor=viewer.actor)
        act = act_of(house, request, viewer, "prompts_paused", "enrollment", person.uid, person=person.uid)
        add_act(session, house, person.study_uid, act)


def set_pause(session: WriteSession, house: House, person: Row[Any], *, until: datetime | None, reason: str | None, actor: str) -> None:
    """The same on a locked enrollment."""
    now = house.clock.study()
    queries.end_pauses(session, person.id, now=now)
    queries.add_pause(session, person, now=now, ends_at=until, reason=reason, set_by=actor)
    queries.change(session, person.id, paused_until=until or UNTIL_RESUMED)
    plan_enrollment(session, house.keys, house.protocols, person.id, now=now, reason="pause", actor="participant")


def resume(house: House, request: Request, viewer: Viewer) -> None:
    """Prompts come again from now on. Without a pause nothing changes."""
    now = house.clock.study()
    with house.sessions.transaction() as session:
        person = queries.lock_own(session, viewer)
        if queries.end_pauses(session, person.id, now=now) == 0:
            return
        queries.change(session, person.id, paused_until=None)
        plan_enrollment(session, house.keys, house.protocols, person.id, now=now, reason="pause", actor="participant")
        act = act_of(house, request, viewer, "prompts_resumed", "enrollment", person.uid, person=person.uid)
        add_act(session, house, person.study_uid, act)
