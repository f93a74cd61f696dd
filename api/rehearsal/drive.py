"""A study lived through: study time moves in ticks, phones act over HTTP in between, and staff work what comes of it."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import perf_counter, sleep
from typing import Final

from api.rehearsal.agenda import Agenda
from api.rehearsal.coordinators import Coordinators
from api.rehearsal.desk import Desk
from api.rehearsal.handset import Handset
from api.rehearsal.held import Held
from api.rehearsal.living import Living
from api.rehearsal.office import Office
from api.rehearsal.people.make import make_people
from api.rehearsal.people.terms import Person, Preset, World
from api.rehearsal.recorder import Recorder
from api.rehearsal.wire import Wire
from models.errors import Busy, Conflict

TICK: Final = timedelta(minutes=15)
"""What is done within it reaches the server together, at its end."""
STEP_MINUTES: Final = 15
"""What comes due within it is worked by the server together, at its end (alerts at their own minute): no phone looks more often."""
THREADS: Final = 16
"""Phones that act at the same time: answers that wait together are stored by one commit."""
LONGEST_MOVE: Final = timedelta(days=30)
TELL_SECONDS: Final = 0.2
"""Of the wall clock, between two looks at how far it has come."""
AFTER_THE_END: Final = timedelta(days=14)
"""For answers that are on their way when the study ends; nobody takes longer."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is rehearsed. `hour_seconds`: how long an hour of the study lasts on the wall; None: as fast as it goes."""

    seed: int = 1
    people: int = 20
    days: int = 28
    staff: int = 2
    mnar: float = 0.6
    preset: Preset = Preset.RECOVERY
    world: World = World.USUAL
    tick: timedelta = TICK
    threads: int = THREADS
    hour_seconds: float | None = None
    house: int = 0
    """Of several side by side, from 0: each has a staff of its own."""
    numbers: range | None = None
    """Those of the group who live in this house; None: everyone. Who a person is does not depend on it."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far it has come."""

    now: datetime
    day: float
    days: float
    """When everyone's time in the study is over; what is on its way then still comes."""
    prompts: int
    answers: int
    alerts: int
    requests: int


Tell = Callable[[Reached], None]


class StudyClock:
    """Study time as the driver moves it. The server is the one that keeps it."""

    def __init__(self, now: datetime) -> None:
        self.now, self.moves, self.seconds = now, 0, 0.0

    def read(self) -> datetime:
        return self.now

    def move(self, desk: Desk, instant: datetime) -> None:
        """Moves the server's study time, which runs the duties up to it. Raises Conflict where the server's is further already."""
        started = perf_counter()
        while self.now < instant:
            step = min(instant, self.now + LONGEST_MOVE)
            reply = desk.call("POST", "/v1/system/clock", body={"study_now": step.isoformat(), "step_minutes": STEP_MINUTES}, expect=(200,))
            if not reply.ok:
                raise Conflict(reply.code or "clock_not_moved", "Study time could not be moved; does someone else move it too?")
            self.now, self.moves = step, self.moves + 1
        self.seconds += perf_counter() - started


class Drive:
    """One rehearsal. `run` lives it through; what it saw is in `record` and in its parts."""

    def __init__(self, wire: Wire, clock: StudyClock, office: Office, wanted: Wanted) -> None:
        self.wire, self.clock, self.office, self.wanted = wire, clock, office, wanted
        self.record: Recorder = wire.record
        self.started_at = clock.now
        self.held = Held()
        self.coordinators = Coordinators(office, self.record, wanted.seed, wanted.house)
        self.people = people_of(wanted, clock.now)
        self._pool = ThreadPoolExecutor(max(1, wanted.threads), "phones")
        self._pairs = ThreadPoolExecutor(max(1, wanted.threads), "pairs")
        self.lives = [self._life(one) for one in self.people]
        self._agenda = Agenda([one.line for one in self.lives])
        self.complete = False
        self.seconds = 0.0

    @property
    def ends_at(self) -> datetime:
        """When the last one who joined has been in the study for all its days."""
        return max(one.ends_at for one in self.people)

    def _life(self, person: Person) -> Living:
        phone = Handset(self.wire, person.number)
        return Living(person, phone, self.record, self.held, self._pairs, self.office.invite, self.coordinators.ring)

    def run(self, tell: Tell) -> None:
        """Until everything has come to its end, or Ctrl-C; either way no thread is left at work."""
        started = told = perf_counter()
        try:
            self.coordinators.begin(self.clock.now)
            while (upcoming := self._upcoming()) is not None:
                self._step(self._tick(upcoming), started)
                if perf_counter() - told > TELL_SECONDS:
                    tell(self.reached())
                    told = perf_counter()
            self._drain(started)
            self.complete = True
        except KeyboardInterrupt:
            self.record.act("interrupted")
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pairs.shutdown(wait=True, cancel_futures=True)
            self.seconds = perf_counter() - started
            tell(self.reached())

    def reached(self) -> Reached:
        return Reached(
            now=self.clock.now,
            day=(self.clock.now - self.started_at) / timedelta(days=1),
            days=(self.ends_at - self.started_at) / timedelta(days=1),
            prompts=sum(one.noticed for one in self.lives),
            answers=self.record.acknowledged(),
            alerts=self.record.count("alert_resolved"),
            requests=self.record.requests(),
        )

    def _step(self, instant: datetime, started: float) -> None:
        """One move of the clock, and everything that phones and staff do up to it."""
        self._wait(instant, started)
        self.coordinators.closing = instant > self.ends_at
        self.clock.move(self.office.lead, instant)
        due = self._agenda.due(instant)
        self._act([self.lives[place] for place in due], instant)
        self._agenda.ran(due)
        self.coordinators.work(instant)

    def _act(self, due: Sequence[Living], instant: datetime) -> None:
        """Each of them up to that instant, as many at the same time as there are threads."""
        if len(due) < 2:
            for one in due:
                one.line.run(instant)
            return
        waiting = iter(due)  # shared by all threads: a task for each person would cost more than most of what they do

        def run() -> None:
            for one in waiting:
                one.line.run(instant)

        tasks = [self._pool.submit(run) for _ in range(min(len(due), self.wanted.threads))]
        try:
            wait(tasks, return_when=FIRST_EXCEPTION)
        finally:
            list(waiting)  # where one has failed, or at Ctrl-C, nobody else begins
        for done in tasks:
            done.result()

    def _upcoming(self) -> datetime | None:
        """When somebody next does something; None where all phones have come to their end."""
        phones = self._agenda.wakes_at()
        if phones is None or phones > self.ends_at + AFTER_THE_END:
            return None
        desks = self.coordinators.line.wakes_at()
        return phones if desks is None else min(phones, desks)

    def _tick(self, upcoming: datetime) -> datetime:
        """The first tick at or after it, and later than now. Shown living, the clock goes from tick to tick."""
        tick = self.wanted.tick
        wanted = self.clock.now + tick if self.wanted.hour_seconds else max(upcoming, self.clock.now + timedelta(microseconds=1))
        return _EPOCH + -((_EPOCH - wanted) // tick) * tick

    def _drain(self, started: float) -> None:
        """Past the last expiry, so that every prompt that came due has ended."""
        last = max((one.last_expiry for one in self.lives if one.last_expiry is not None), default=self.clock.now)
        while self.clock.now <= last:
            desks = self.coordinators.line.wakes_at() or last
            self._step(self._tick(min(max(desks, self.clock.now), last + self.wanted.tick)), started)

    def _wait(self, instant: datetime, started: float) -> None:
        """Shown living: an hour of the study lasts so long."""
        if self.wanted.hour_seconds:
            hours = (instant - self.started_at) / timedelta(hours=1)
            sleep(max(0.0, started + hours * self.wanted.hour_seconds - perf_counter()))


def people_of(wanted: Wanted, start: datetime) -> Sequence[Person]:
    """Who lives in this house, each in the study for the wanted days from joining: the same arguments give the same ones."""
    made = make_people(
        wanted.seed, wanted.people, start=start, days=wanted.days, mnar=wanted.mnar, preset=wanted.preset, world=wanted.world
    )
    here = made if wanted.numbers is None else [made[number] for number in wanted.numbers]
    return tuple(replace(one, ends_at=one.joins_at + timedelta(days=wanted.days)) for one in here)


def read_clock(desk: Desk) -> datetime:
    """Where study time stands. Raises Conflict where the server does not serve a rehearsal."""
    reply = desk.call("GET", "/v1/system/clock", expect=(200, 403))
    if not reply.ok:
        raise Conflict("role_missing", f"{desk.login} may not read the study clock: driving a rehearsal needs the role operator.")
    told = reply.json()
    if not told["rehearsal"]:
        raise Conflict(
            "not_a_rehearsal",
            "This server's database is not marked as a rehearsal, so its study time cannot be moved and nobody simulated may enter it. "
            "Start one with `breakwater serve --rehearsal` on a directory of its own.",
        )
    return datetime.fromisoformat(told["study_now"])


def reachable(wire: Wire) -> None:
    """Raises Busy where nobody answers at the address."""
    reply = wire.call("GET", "/healthz", expect=(200,))
    if not reply.ok:
        raise Busy("server_gone", f"{wire.url} answers, but not as Breakwater does.")
