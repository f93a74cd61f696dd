"""Keeps promises: claim and commit, send, record and commit."""

from datetime import datetime

from scheduler.delivery.send import send_due
from scheduler.jobs.duties import Duties


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:  # noqa: ARG001  # claims and records read the system clock each
    """Tries every due delivery once and gives how many."""
    return send_due(duties.sender, now=now)
