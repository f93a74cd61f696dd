"""Scores each person's new local day with the population models of the study, where it has any, and judges what those in use say."""

from datetime import date, datetime, tzinfo

from models.queries import population
from models.session import WriteSession
from risk.serving import Calendar, score_due
from scheduler.jobs.batches import in_batches
from scheduler.jobs.duties import Duties
from scheduler.plan.calendar import resolve, zone_info

BATCH = 50
_ROUNDS = 20
"""Batches of one run; what is left waits for the next tick, so that the other duties have their turn."""


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """Scores everyone whose next day has begun and gives how many."""
    with duties.sessions.reading() as session:
        due = population.score_due(session, now=now)
    return work(duties, now=now, system_now=system_now) if due else 0


def work(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """`run`, where it is known that somebody's next day has begun."""

    def one_batch(session: WriteSession) -> int:
        return score_due(session, duties.shelf, duties.protocols, _CALENDAR, now=now, system_now=system_now, limit=BATCH)

    return in_batches(duties.sessions, one_batch, batch=BATCH, rounds=_ROUNDS)


def _zone(name: str) -> tzinfo:
    return zone_info(name)


def _midnight(day: date, zone: str) -> datetime:
    return resolve(day, "00:00", zone)


_CALENDAR = Calendar(_zone, _midnight)
