"""Looks at people's adherence by the clock, so that silence is noticed without an answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from models.queries import adherence
from risk.watch import watch
from scheduler.jobs.duties import Duties
from scheduler.moment import whereabouts

BATCH = 200
_ROUNDS = 20
"""Batches of one run; what is left waits for the next tick, so that the other duties have their turn."""


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """Looks at everyone whose moment has come and gives how many."""
    looked = 0
    for _ in range(_ROUNDS):
        with duties.sessions.reading() as reading:
            if not adherence.watch_due(reading, now=now):
                return looked
        with duties.sessions.transaction() as session:
            found = watch(session, duties.mind, _study_day, now=now, system_now=system_now, limit=BATCH)
        looked += found
        if found < BATCH:
            return looked
    return looked


def _study_day(instant: datetime, person: Row[Any]) -> int:
    return whereabouts(instant, zone=person.zone, wake_windows=person.wake_windows, start_date=person.start_date).study_day
