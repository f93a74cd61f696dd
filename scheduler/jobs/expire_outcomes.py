"""Closes proximal outcomes that nobody answered: silence is data."""

from datetime import datetime

from models.queries import moments
from risk.outcomes_store import expire_outcomes
from scheduler.jobs.duties import Duties

BATCH = 500
_ROUNDS = 20


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:  # noqa: ARG001  # every duty has this shape
    """Closes every outcome whose window has ended and gives how many."""
    closed = 0
    for _ in range(_ROUNDS):
        with duties.sessions.reading() as reading:
            if not moments.outcome_due(reading, now=now):
                return closed
        with duties.sessions.transaction() as session:
            found = expire_outcomes(session, now=now, limit=BATCH)
        closed += found
        if found < BATCH:
            return closed
    return closed
