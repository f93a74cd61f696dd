"""Keeps promises: claim and commit, send, record and commit."""

from datetime import datetime, timedelta

from models.queries import delivery
from scheduler.delivery.send import send_due
from scheduler.jobs.duties import Duties


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:  # noqa: ARG001  # claims and records read the system clock each
    """Tries every due delivery once and gives how many."""
    return send_due(duties.sender, now=now)


def coming(duties: Duties, *, now: datetime, system_now: datetime) -> timedelta | None:  # noqa: ARG001  # promises live in system time
    """How long until the next try, the end of a lease or the end of a promise."""
    with duties.sessions.reading() as session:
        found = delivery.next_moment(session, after=system_now)
    return None if found is None else found - system_now
