"""Keeps the next days of prompts planned."""

from datetime import datetime

from scheduler.horizon import plan_due
from scheduler.jobs.duties import Duties


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:  # noqa: ARG001  # every duty has this shape
    """Plans whoever is owed a plan and gives how many."""
    settings = duties.settings
    return plan_due(duties.sessions, duties.keys, duties.protocols, now=now, limit=settings.plan_batch, days=settings.horizon_days)
