"""Watches the escalator. Where it is silent or late, this duty does its work and says so, beat after beat, until it is back."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from models.errors import Problem
from models.queries import heartbeat
from models.session import ReadSession
from risk.alerting import audit_alerts
from scheduler.jobs import escalate_alerts
from scheduler.jobs.duties import Duties

log = structlog.get_logger("audit_alerts")

GRACE: Final = timedelta(minutes=2)
"""How late an alert may move before someone must know; the shortest rung is a minute."""

SILENCE: Final = timedelta(minutes=1)
"""How long the escalator may go without a beat that ended well."""

WATCHED: Final = "escalate_alerts"


class EscalatorSilent(Problem):
    """Alerts were moved by the auditor, because the escalator did not."""


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """0 where all is well. Otherwise escalates, then raises `EscalatorSilent`, so that this duty's own pulse shows the fault."""
    with duties.sessions.reading() as reading:
        late = len(audit_alerts(reading, now=now, grace=GRACE))
        silent = _silent(reading, system_now)
    if not late and not silent:
        return 0
    moved = escalate_alerts.run(duties, now=now, system_now=system_now)
    log.error("alerts.escalator_silent", late=late, moved=moved, silent=silent)
    raise EscalatorSilent("escalator_silent", f"The escalator is {'silent' if silent else 'late'}; the auditor moved {moved} alerts.")


def _silent(session: ReadSession, system_now: datetime) -> bool:
    """An escalator that never beat has not been started here: a rehearsal calls the duties by itself."""
    pulse = heartbeat.pulse(session, WATCHED)
    return pulse is not None and pulse.beat_at + SILENCE < system_now
