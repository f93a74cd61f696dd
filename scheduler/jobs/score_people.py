"""Scores each person's new local day with the population models of the study, where it has any, and judges what those in use say."""

from datetime import date, datetime, tzinfo

from models.queries import population
from risk.serving import Calendar, score_due
from scheduler.jobs.duties import Duties
from scheduler.plan.calendar import resolve, zone_info

BATCH = 50
_ROUNDS = 20
"""Batches of one run; what is left waits for the next tick, so that the other duties have their turn."""


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """Scores everyone whose next day has begun and gives how many."""
    done = 0
    for _ in range(_ROUNDS):
        with duties.sessions.reading() as reading:
            if not population.score_due(reading, now=now):
                return done
        with duties.sessions.transaction() as session:
            found = score_due(session, duties.shelf, duties.protocols, _CALENDAR, now=now, system_now=system_now, limit=BATCH)
        done += found
        if found < BATCH:
            return done
    return done


def _zone(name: str) -> tzinfo:
    return zone_info(name)


def _midnight(day: date, zone: str) -> datetime:
    return resolve(day, "00:00", zone)


_CALENDAR = Calendar(_zone, _midnight)
