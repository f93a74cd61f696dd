"""Throws away spent tokens and staff sessions."""

from datetime import datetime, timedelta

from models.queries import sweep
from scheduler.jobs.duties import Duties

BATCH = 1_000


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:  # noqa: ARG001  # tokens live in system time
    """Removes one batch and gives how many rows."""
    before = system_now - timedelta(days=duties.settings.token_grace_days)
    with duties.sessions.reading() as reading:
        if not sweep.spent(reading, before=before):
            return 0
    with duties.sessions.transaction() as session:
        return sweep.remove_spent(session, before=before, limit=BATCH)
