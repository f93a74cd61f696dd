"""The process that keeps time. The only file that imports APScheduler, which merely ticks: rows are the truth, duties are jobs.

One scheduler a process, jobs in memory: a job store that is shared by processes runs jobs twice and kills scheduler threads.
"""

import signal
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
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


class Worker:
    """Runs the timetable on threads of this process until it is stopped."""

    def __init__(self, duties: Duties, *, timetable: Sequence[Duty] = TIMETABLE) -> None:
        self._duties = duties
        self._timetable = timetable
        self._leadership = Leadership(duties.sessions)
        self._pulses = _Pulses()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(max(1, len(timetable)))},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Every duty runs at once, then at its interval, by the machine's clock: that is the one APScheduler waits by."""
        first = SystemClock().system()
        for duty in self._timetable:
            self._scheduler.add_job(self.run_once, "interval", seconds=duty.every_seconds, args=[duty], id=duty.name, next_run_time=first)
        self._scheduler.start()
        log.info("worker.started", duties=len(self._timetable))

    def stop(self) -> None:
        """Lets running duties finish, then gives up the lead."""
        if self._scheduler.running:
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
