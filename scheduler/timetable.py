"""The duties as data: what runs how often, and what moves with study time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from sqlalchemy import Row

from models.clock import MovableClock
from models.queries import moments
from scheduler.horizon import REFRESH
from scheduler.jobs import (
    audit_alerts,
    build_exports,
    dispatch_prompts,
    escalate_alerts,
    expire_outcomes,
    plan_horizon,
    run_decision_points,
    send_deliveries,
    sweep,
)
from scheduler.jobs.duties import Duties


class Run(Protocol):
    """`now` is study time, `system_now` system time; gives how many items were worked."""

    def __call__(self, duties: Duties, *, now: datetime, system_now: datetime) -> int: ...


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of the timetable.

    `moves`: it also runs at each step where study time is moved. `single`: on PostgreSQL one process at a time does it; the others
    claim rows and may run anywhere.
    """

    name: str
    every_seconds: int
    run: Run
    moves: bool = True
    single: bool = True


TIMETABLE: Final = (
    Duty("plan_horizon", 10, plan_horizon.run),
    Duty("dispatch_prompts", 5, dispatch_prompts.run, single=False),
    Duty("run_decision_points", 10, run_decision_points.run),
    Duty("expire_outcomes", 30, expire_outcomes.run),
    Duty("escalate_alerts", 5, escalate_alerts.run, single=False),
    Duty("send_deliveries", 2, send_deliveries.run, single=False),
    Duty("audit_alerts", 30, audit_alerts.run, moves=False),
    Duty("build_exports", 5, build_exports.run, moves=False),
    Duty("sweep", 3_600, sweep.run, moves=False),
)

STEP: Final = timedelta(minutes=1)

_PASSES: Final = 200
"""Passes at one instant: a duty that worked a whole batch may have left some over, but nothing may go round for ever."""

_LEAST_SILENCE: Final = timedelta(seconds=60)


def run_until(duties: Duties, instant: datetime, *, step: timedelta = STEP, timetable: Sequence[Duty] = TIMETABLE) -> int:
    """Runs the duties from where study time stands up to `instant`, in order, and gives how many items were worked.

    Goes from one next moment to the next, rounded up to a multiple of `step`: nothing runs before its time, and later than
    it by less than `step`. A movable clock is moved along. An instant at or before study time runs the duties once, now.
    """
    now, worked = duties.clock.study(), 0
    while True:
        worked += _settle(duties, now, [one for one in timetable if one.moves])
        if now >= instant:
            return worked
        coming = _coming(duties, now)
        now = instant if coming is None else min(instant, _round_up(coming, step))
        if isinstance(duties.clock, MovableClock):
            duties.clock.move(now)


def silent(pulses: Iterable[Row[Any]], *, system_now: datetime, timetable: Sequence[Duty] = TIMETABLE) -> tuple[str, ...]:
    """The duties that have not ended well for four of their intervals, and at least a minute; a duty without a pulse is silent.

    `pulses` are the rows of `heartbeat.pulses`. Health is the age of the last good beat, not whether a thread is alive.
    """
    beats = {row.duty: row.beat_at for row in pulses}

    def quiet(duty: Duty) -> bool:
        limit = max(_LEAST_SILENCE, timedelta(seconds=4 * duty.every_seconds))
        return duty.name not in beats or system_now - beats[duty.name] > limit

    return tuple(one.name for one in timetable if quiet(one))


def _settle(duties: Duties, now: datetime, timetable: Sequence[Duty]) -> int:
    """The duties in order, each finding what those before it left; again only where one worked a whole batch."""
    worked = 0
    for _ in range(_PASSES):
        done = [one.run(duties, now=now, system_now=duties.clock.system()) for one in timetable]
        worked += sum(done)
        if max(done, default=0) < min(duties.settings.plan_batch, run_decision_points.BATCH):
            break
    return worked


def _coming(duties: Duties, now: datetime) -> datetime | None:
    """The first instant later than `now` at which a duty of study time has something to do."""
    ahead = timedelta(days=duties.settings.horizon_days) - REFRESH
    with duties.sessions.reading() as session:
        edge = moments.next_edge(session, after=now + ahead)
        found = (
            moments.next_prompt(session, after=now),
            moments.next_alert(session, after=now),
            moments.next_outcome(session, after=now),
            None if edge is None else edge - ahead,
        )
    return min((one for one in found if one is not None), default=None)


def _round_up(instant: datetime, step: timedelta) -> datetime:
    """The first multiple of `step` since 1970 at or after `instant`."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + -((epoch - instant) // step) * step
