"""Moves alerts whose moment has come: the next rung, a repeat, the end of a snooze."""

from datetime import datetime, timedelta

from models.queries import moments
from models.session import WriteSession
from risk.alerting import escalate_due
from scheduler.jobs.batches import in_batches
from scheduler.jobs.duties import Duties

BATCH = 200
_ROUNDS = 50


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """Moves every due alert once and gives how many."""
    with duties.sessions.reading() as session:
        due = moments.alert_due(session, now=now)
    return work(duties, now=now, system_now=system_now) if due else 0


def work(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """`run`, where it is known that an alert is due."""

    def one_batch(session: WriteSession) -> int:
        return escalate_due(session, now=now, system_now=system_now, limit=BATCH)

    return in_batches(duties.sessions, one_batch, batch=BATCH, rounds=_ROUNDS)


def coming(duties: Duties, *, now: datetime, system_now: datetime) -> timedelta | None:  # noqa: ARG001  # alerts live in study time
    """How long until an alert moves on."""
    with duties.sessions.reading() as session:
        found = moments.next_alert(session, after=now)
    return None if found is None else found - now
