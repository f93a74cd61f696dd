"""Looks at people's adherence by the clock, so that silence is noticed without an answer."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from models.queries import adherence
from models.session import WriteSession
from risk.watch import watch
from scheduler.jobs.batches import in_batches
from scheduler.jobs.duties import Duties
from scheduler.moment import whereabouts

BATCH = 200
_ROUNDS = 20
"""Batches of one run; what is left waits for the next tick, so that the other duties have their turn."""


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """Looks at everyone whose moment has come and gives how many."""
    with duties.sessions.reading() as session:
        due = adherence.watch_due(session, now=now)
    return work(duties, now=now, system_now=system_now) if due else 0


def work(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """`run`, where it is known that somebody's moment has come."""

    def one_batch(session: WriteSession) -> int:
        return watch(session, duties.mind, _study_day, now=now, system_now=system_now, limit=BATCH)

    return in_batches(duties.sessions, one_batch, batch=BATCH, rounds=_ROUNDS)


def _study_day(instant: datetime, person: Row[Any]) -> int:
    return whereabouts(instant, zone=person.zone, wake_windows=person.wake_windows, start_date=person.start_date).study_day
