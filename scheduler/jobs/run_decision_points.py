"""Takes up what the hot path left: decisions that are pending and states that are stale."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from risk.decision_point import Whereabouts
from risk.owed import settle
from scheduler.jobs.duties import Duties
from scheduler.moment import whereabouts

BATCH = 50


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """Settles up to a batch of people and gives how many."""
    return settle(duties.sessions, duties.mind, _locate, now=now, system_now=system_now, limit=BATCH)


def _locate(instant: datetime, zone: str, enrollment: Row[Any]) -> Whereabouts:
    return whereabouts(instant, zone=zone, wake_windows=enrollment.wake_windows, start_date=enrollment.start_date)
