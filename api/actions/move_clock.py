"""Move study time in a rehearsal, and let the duties live through what lies between."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from api.actions.house_duties import house_duties
from api.actions.record_act import add_act
from api.deps import House
from models.clock import MovableClock
from models.errors import Busy, Conflict, Fault, Invalid, Missing
from models.queries.audit import Act
from models.queries.study import move_study_time
from scheduler.follow import catch_up
from scheduler.timetable import STEP, run_until

FARTHEST: Final = timedelta(days=35)
"""In one request; a longer way is several steps."""


def move_clock(house: House, instant: datetime, act: Callable[[int], Act], *, step: timedelta = STEP) -> int:
    """How many items the duties worked; `act` says it for the audit, and is written where the move ends.

    What comes due within a `step` is worked together, at its end.

    Each moment on the way is stored before anyone is shown it, so that a crash never takes study time back; what was due at it is
    found at the next start. Raises Missing outside a rehearsal, Conflict for an instant that is past.
    """
    if not house.rehearsal or not isinstance(house.clock, MovableClock):
        raise Missing("not_found", "There is nothing here.")
    lock: Lock = house.notes.setdefault("move_clock", Lock())
    if not lock.acquire(blocking=False):
        raise Busy("clock_moving", "Study time is being moved; try again in a moment.")
    try:
        if not house.sessions.embedded:
            catch_up(house.sessions, house.clock)
        now = house.clock.study()
        if instant < now:
            raise Conflict("clock_backwards", "Study time never goes back.")
        if instant - now > FARTHEST:
            raise Invalid("invalid", "Too far for one step.", (Fault("/study_now", "too_far", f"At most {FARTHEST.days} days at once."),))
        worked = run_until(house_duties(house), instant, step=step, keep=lambda moment: _keep(house, moment))
        with house.sessions.transaction() as session:
            add_act(session, house, None, act(worked))
    finally:
        lock.release()
    return worked


def _keep(house: House, moment: datetime) -> None:
    with house.sessions.transaction() as session:
        move_study_time(session, moment)
