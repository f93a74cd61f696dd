"""Moves alerts whose moment has come: the next rung, a repeat, the end of a snooze."""

from datetime import datetime, timedelta

from models.queries import moments
from risk.alerting import escalate_due
from scheduler.jobs.duties import Duties

BATCH = 200
_ROUNDS = 50


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """Moves every due alert once and gives how many."""
    moved = 0
    for _ in range(_ROUNDS):
        with duties.sessions.reading() as reading:
            if not moments.alert_due(reading, now=now):
                return moved
        with duties.sessions.transaction() as session:
            found = escalate_due(session, now=now, system_now=system_now, limit=BATCH)
        moved += found
        if found < BATCH:
            return moved
    return moved


def coming(duties: Duties, *, now: datetime, system_now: datetime) -> timedelta | None:  # noqa: ARG001  # alerts live in study time
    """How long until an alert moves on."""
    with duties.sessions.reading() as session:
        found = moments.next_alert(session, after=now)
    return None if found is None else found - now
