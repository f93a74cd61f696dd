"""The duties as data: what runs how often, and what moves with study time."""

from collections.abc import Callable, Iterable, Sequence
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
    score_people,
    send_deliveries,
    sweep,
    watch_adherence,
)
from scheduler.jobs.duties import Duties


class Run(Protocol):
    """`now` is study time, `system_now` system time; gives how many items were worked."""

    def __call__(self, duties: Duties, *, now: datetime, system_now: datetime) -> int: ...


class Coming(Protocol):
    """How long until the next row wants the duty, counted from the times given; None: no row does. Never changes anything."""

    def __call__(self, duties: Duties, *, now: datetime, system_now: datetime) -> timedelta | None: ...


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of the timetable.

    `owed`: what it works; where study time is moved it runs at each moment that owes it, None: it does not move with study time.
    `work` is `run` where it is known that something is due, and looks no further; None: `run`.
    `single`: on PostgreSQL one process at a time does it; the others claim rows and may run anywhere. `coming`: between two intervals
    it also runs at the moment that the next row names, so that nobody waits for the interval. `wakes`: duties that run at once where
    this one worked anything. `stop` ends a long beat early where the process ends; what it was at is begun again at the next start.
    """

    name: str
    every_seconds: int
    run: Run
    owed: moments.Owed | None = None
    work: Run | None = None
    single: bool = True
    coming: Coming | None = None
    wakes: tuple[str, ...] = ()
    stop: Callable[[], None] | None = None


TIMETABLE: Final = (
    Duty("plan_horizon", 10, plan_horizon.run, "plan"),
    Duty(
        "dispatch_prompts",
        5,
        dispatch_prompts.run,
        "prompt",
        dispatch_prompts.work,
        single=False,
        coming=dispatch_prompts.coming,
        wakes=("send_deliveries",),
    ),
    Duty("run_decision_points", 10, run_decision_points.run, "decision"),
    Duty("expire_outcomes", 30, expire_outcomes.run, "outcome", expire_outcomes.work),
    Duty("watch_adherence", 60, watch_adherence.run, "watch", watch_adherence.work, single=False),
    Duty("score_people", 60, score_people.run, "score", score_people.work, single=False),
    Duty(
        "escalate_alerts",
        5,
        escalate_alerts.run,
        "alert",
        escalate_alerts.work,
        single=False,
        coming=escalate_alerts.coming,
        wakes=("send_deliveries",),
    ),
    Duty("send_deliveries", 2, send_deliveries.run, "delivery", single=False, coming=send_deliveries.coming),
    Duty("audit_alerts", 30, audit_alerts.run),
    Duty("build_exports", 5, build_exports.run, stop=build_exports.stop),
    Duty("sweep", 3_600, sweep.run),
)

STEP: Final = timedelta(minutes=1)

_PASSES: Final = 200
"""Passes at one instant: a duty may leave some over, or something for another, but nothing may go round for ever."""

_LEAST_SILENCE: Final = timedelta(seconds=60)


def run_until(
    duties: Duties,
    instant: datetime,
    *,
    step: timedelta = STEP,
    timetable: Sequence[Duty] = TIMETABLE,
    keep: Callable[[datetime], None] = lambda _: None,
) -> int:
    """Runs the duties from where study time stands up to `instant`, in order, and gives how many items were worked.

    Goes from one next moment to the next, rounded up to a multiple of `step`: nothing runs before its time, and later than
    it by less than `step`, alerts by less than a minute however coarse the step is. A movable clock is moved along. An instant at or
    before study time runs the duties once, now.
    `keep` is told each moment before the clock shows it: what stores it there sees to it that no crash takes study time back.
    """
    now, worked = duties.clock.study(), 0
    look = _look(duties, now)
    while True:
        done, look = _settle(duties, look, now, timetable)
        worked += done
        if now >= instant:
            return worked
        wanted = ((_coming(duties, look), step), (look.alert, min(step, STEP)))
        now = min([instant, *(_round_up(at, by) for at, by in wanted if at is not None)])
        keep(now)
        if isinstance(duties.clock, MovableClock):
            duties.clock.move(now)
        # At the end of the way a look of its own: what a phone brought meanwhile must not wait for the next move.
        look = look.later(now=now, edge=now + _ahead(duties)) if now < instant else _look(duties, now)


def silent(pulses: Iterable[Row[Any]], *, system_now: datetime, timetable: Sequence[Duty] = TIMETABLE) -> tuple[str, ...]:
    """The duties that have not ended well for four of their intervals, and at least a minute; a duty without a pulse is silent.

    `pulses` are the rows of `heartbeat.pulses`. Health is the age of the last good beat, not whether a thread is alive.
    """
    beats = {row.duty: row.beat_at for row in pulses}

    def quiet(duty: Duty) -> bool:
        limit = max(_LEAST_SILENCE, timedelta(seconds=4 * duty.every_seconds))
        return duty.name not in beats or system_now - beats[duty.name] > limit

    return tuple(one.name for one in timetable if quiet(one))


def _settle(duties: Duties, look: moments.Look, now: datetime, timetable: Sequence[Duty]) -> tuple[int, moments.Look]:
    """The duties that are owed something, in order, until nothing is owed or nothing could be worked; and what comes next."""
    worked = 0
    for _ in range(_PASSES):
        if not look.due:
            break
        owed = [one for one in timetable if one.owed in look.due]
        done = sum((one.work or one.run)(duties, now=now, system_now=duties.clock.system()) for one in owed)
        worked, look = worked + done, _look(duties, now)
        if not done:
            break
    return worked, look


def _look(duties: Duties, now: datetime) -> moments.Look:
    with duties.sessions.reading() as session:
        return moments.look(session, now=now, edge=now + _ahead(duties), system_now=duties.clock.system())


def _coming(duties: Duties, look: moments.Look) -> datetime | None:
    """The first later instant at which a duty of study time has something to do."""
    plan = None if look.plan is None else look.plan - _ahead(duties)
    return min((one for one in (look.prompt, look.alert, look.outcome, look.watch, look.score, plan) if one is not None), default=None)


def _ahead(duties: Duties) -> timedelta:
    """How far prompts must stand as rows."""
    return timedelta(days=duties.settings.horizon_days) - REFRESH


def _round_up(instant: datetime, step: timedelta) -> datetime:
    """The first multiple of `step` since 1970 at or after `instant`."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + -((epoch - instant) // step) * step
