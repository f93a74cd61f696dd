"""Closes proximal outcomes that nobody answered: silence is data."""

from datetime import datetime

from models.queries import moments
from risk.outcomes_store import expire_outcomes
from scheduler.jobs.batches import in_batches
from scheduler.jobs.duties import Duties

BATCH = 500
_ROUNDS = 20


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """Closes every outcome whose window has ended and gives how many."""
    with duties.sessions.reading() as session:
        due = moments.outcome_due(session, now=now)
    return work(duties, now=now, system_now=system_now) if due else 0


def work(duties: Duties, *, now: datetime, system_now: datetime) -> int:  # noqa: ARG001  # every duty has this shape
    """`run`, where it is known that an outcome is due."""
    return in_batches(duties.sessions, lambda session: expire_outcomes(session, now=now, limit=BATCH), batch=BATCH, rounds=_ROUNDS)
