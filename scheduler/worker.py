"""The process that keeps time. The only file that imports APScheduler, which merely ticks: rows are the truth, duties are jobs.

One scheduler a process, jobs in memory: a job store that is shared by processes runs jobs twice and kills scheduler threads.
"""

import signal
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from time import monotonic
from types import FrameType
from typing import Final

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from prometheus_client import Counter, Histogram

from models.clock import SystemClock
from models.errors import Forbidden
from models.queries.heartbeat import Beat, beat
from models.queries.leadership import Leadership
from scheduler.jobs.duties import Duties
from scheduler.timetable import TIMETABLE, Duty

log = structlog.get_logger("worker")

BEAT_SECONDS: Final = 15
"""A duty with nothing to do writes its pulse at most this often."""

PAUSE: Final = timedelta(milliseconds=250)
"""The least time between two beats of one duty: what comes due meanwhile is worked together, in one transaction."""

_ITEMS = Counter("breakwater_duty_items_total", "Items worked by a duty.", ["duty"])
_FAILURES = Counter("breakwater_duty_failures_total", "Beats of a duty that ended in an exception.", ["duty"])
_SECONDS = Histogram("breakwater_duty_seconds", "Length of a beat.", ["duty"])


@dataclass(slots=True)
class _Pulse:
    """What this process remembers of a duty's pulse, so that an idle beat costs no write."""

    written_at: datetime | None = None
    failing: bool = False


@dataclass(slots=True)
class _Pulses:
    known: dict[str, _Pulse] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def of(self, duty: str) -> _Pulse:
        with self.lock:
            return self.known.setdefault(duty, _Pulse())


@dataclass(slots=True)
class _Turns:
    """Which duties are at work, which were asked to come again meanwhile, and whether the end has come."""

    lock: Lock = field(default_factory=Lock)
    working: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    over: bool = False


class Worker:
    """Runs the timetable on threads of this process until it is stopped."""

    def __init__(self, duties: Duties, *, timetable: Sequence[Duty] = TIMETABLE) -> None:
        self._duties = duties
        self._timetable = timetable
        self._leadership = Leadership(duties.sessions)
        self._pulses = _Pulses()
        self._turns = _Turns()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(max(1, len(timetable)))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Every duty runs at once, then at its interval or when its next row wants it, whichever is first.

        By the machine's clock: that is the one APScheduler waits by.
        """
        first = SystemClock().system()
        for duty in self._timetable:
            self._scheduler.add_job(self._turn, "interval", seconds=duty.every_seconds, args=[duty], id=duty.name, next_run_time=first)
        self._scheduler.start()
        log.info("worker.started", duties=len(self._timetable))

    def stop(self) -> None:
        """Lets running duties finish, long ones early, then gives up the lead."""
        with self._turns.lock:
            self._turns.over = True  # APScheduler holds its locks while it waits for the threads; none may ask it for another turn then
        if self._scheduler.running:
            self._scheduler.pause()
            for duty in self._timetable:
                if duty.stop is not None:
                    duty.stop()
            self._scheduler.shutdown(wait=True)
        self._leadership.release()
        log.info("worker.stopped")

    def run_once(self, duty: Duty) -> int:
        """One beat: whatever a duty raises is logged and counted, and the duty goes on at its next beat. Gives the items worked."""
        if duty.single and not self._leadership.held():
            return 0
        begun, done, problem = monotonic(), 0, None
        try:
            done = duty.run(self._duties, now=self._duties.clock.study(), system_now=self._duties.clock.system())
        except Exception as error:  # noqa: BLE001  # the worker loop: no fault of one duty may end it or another
            problem = type(error).__name__
            _FAILURES.labels(duty.name).inc()
            log.error("duty.failed", duty=duty.name, kind=problem, where=_where(error))
        took = monotonic() - begun
        _ITEMS.labels(duty.name).inc(done)
        _SECONDS.labels(duty.name).observe(took)
        self._beat(Beat(duty.name, self._duties.clock.system(), duty.every_seconds, took, done, problem))
        return done

    def _turn(self, duty: Duty) -> None:
        """A beat, and what follows from it: the duties it wakes, and its own next moment where that is before its interval."""
        with self._turns.lock:
            self._turns.working.add(duty.name)
            self._turns.asked.discard(duty.name)
        # Read before the beat: a row whose moment comes during it is still to come.
        now, system_now, began = self._duties.clock.study(), self._duties.clock.system(), SystemClock().system()
        done = self.run_once(duty)
        waits = self._coming(duty, now, system_now)
        soon = SystemClock().system() + PAUSE
        with self._turns.lock:
            self._turns.working.discard(duty.name)
            if duty.name in self._turns.asked:
                self._call(duty.name, soon)
            elif waits is not None:
                self._call(duty.name, max(soon, began + waits))
            for other in duty.wakes if done else ():
                self._call(other, SystemClock().system())

    def _coming(self, duty: Duty, now: datetime, system_now: datetime) -> timedelta | None:
        """How long until the duty's next row, within its interval; None: the interval is soon enough."""
        if duty.coming is None:
            return None
        try:
            waits = duty.coming(self._duties, now=now, system_now=system_now)
        except Exception as error:  # noqa: BLE001  # the next beat meets the same fault and is counted
            log.warning("worker.coming_failed", duty=duty.name, kind=type(error).__name__)
            return None
        return waits if waits is not None and waits.total_seconds() < duty.every_seconds else None

    def _call(self, name: str, at: datetime) -> None:
        """Brings a duty's next turn forward, never back. The caller holds the turns."""
        if self._turns.over:
            return
        if name in self._turns.working:
            self._turns.asked.add(name)
            return
        job = self._scheduler.get_job(name)
        if job is not None and job.next_run_time > at:
            job.modify(next_run_time=at)

    def _beat(self, one: Beat) -> None:
        pulse = self._pulses.of(one.duty)
        fresh = pulse.written_at is not None and (one.at - pulse.written_at).total_seconds() < BEAT_SECONDS
        if fresh and not one.done and one.problem is None and not pulse.failing:
            return
        try:
            with self._duties.sessions.transaction() as session:
                beat(session, one)
        except Exception as error:  # noqa: BLE001  # a database that is away shows by the age of the last beat
            log.error("worker.beat_failed", duty=one.duty, kind=type(error).__name__)
            return
        pulse.written_at, pulse.failing = one.at, one.problem is not None


def run_forever(duties: Duties, *, timetable: Sequence[Duty] = TIMETABLE, stop: Event | None = None) -> None:
    """The command `breakwater worker`: beats until SIGTERM or SIGINT (or `stop`), then finishes what runs.

    Raises `Forbidden` on SQLite, which has one writing process. Call it on the main thread.
    """
    if duties.sessions.embedded:
        raise Forbidden(
            "worker_embedded",
            "SQLite has one writing process, and the server runs the duties inside it; a separate worker needs PostgreSQL.",
        )
    ended = stop or Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    worker = Worker(duties, timetable=timetable)
    worker.start()
    try:
        ended.wait()
    finally:
        worker.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _where(error: Exception) -> str:
    """File, line and function of the last frame; never the message, which may hold a row's values."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    return f"{last.filename.rpartition('/')[2]}:{last.lineno} {last.name}"
