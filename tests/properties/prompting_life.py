"""A house for random lives of a study: real actions and duties over SQLite, one clock, a process that dies where it is told to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row, select, update

from api.actions.enroll import Newcomer, add_person
from api.actions.enroll_device import _begin
from api.actions.publish_protocol import publish
from api.actions.submission import read_submission
from api.actions.submit_response import apply_submissions
from api.actions.write import apply_operations
from api.app import build_house
from api.settings import ApiSettings
from models.access import Viewer
from models.clock import MovableClock
from models.codec import canonical
from models.definition.prompting import Expiry, Fixed, FollowUp, Interval, Reminders, Stratified, Uniform, WakeWindow, When, Window
from models.definition.protocol import Protocol
from models.errors import Problem
from models.ids import new_uid
from models.kinds import Role, TimedEventKind
from models.protocols import Protocols
from models.queries import enrollment_phone, planning
from models.queries.study import set_mark
from models.session import Sessions, WriteSession
from models.settings import DatabaseSettings
from models.tables import AccessToken, Device, Enrollment, Prompt, ProtocolVersion, Study, TokenFamily
from risk.mind import Mind
from scheduler.delivery.channels.memory import Memory
from scheduler.horizon import Counts, plan_enrollment
from scheduler.jobs.duties import Duties
from scheduler.plan_inputs import Person, read_person
from scheduler.settings import SchedulerSettings
from scheduler.timetable import run_until
from tests.build import NOW, build_staff, build_study
from tests.conftest import fixed_keys
from tests.scheduler.house import add_endpoint, small_protocol

REQUEST = Request({"type": "http", "headers": [], "request_id": "life"})
TICK = timedelta(minutes=10)


class Crash(BaseException):
    """The process is gone; nothing in it may catch this."""


class OneClock(MovableClock):
    """Study time and system time are the same, and stand where they were put."""

    def system(self) -> datetime:
        return self.study()


class Mortal(Sessions):
    """Dies at a transaction to come: before its commit, or just after it."""

    fuse: int | None = None
    after_commit = False

    @contextmanager
    def transaction(self) -> Iterator[WriteSession]:
        with super().transaction() as session:
            yield session
            self._burn(after_commit=False)
        self._burn(after_commit=True)

    def _burn(self, *, after_commit: bool) -> None:
        if self.fuse is None or after_commit != self.after_commit:
            return
        self.fuse -= 1
        if self.fuse < 0:
            self.fuse = None
            raise Crash


@dataclass
class AtOnce:
    """The writer's work in the caller's thread, one operation a transaction: so that the process dies where it is told to."""

    house: Any

    def submit(self, operation: Any, done: Callable[[Any], None], _lane: Any) -> None:
        with self.house.sessions.transaction() as session:
            (result,) = apply_operations(session, [operation], self.house)
        done(result)


def protocols() -> tuple[Protocol, ...]:
    """What the study may say: each differs from the others in designs, gaps and length. All can be met by any allowed wake window."""
    life = Expiry(minutes=60, reminders=Reminders(count=1, every_minutes=20), snoozes=2, snooze_minutes=10)
    waking = Window(id="waking", instrument="diary", edge="start", jitter_minutes=30, expiry=Expiry(minutes=90))
    random = Stratified(id="random", instrument="check", prompts=3, gap_minutes=90, expiry=life)
    spread = Uniform(id="spread", instrument="check", prompts=2, gap_minutes=120, expiry=life, when=When(day_probability=0.7))
    noon = Fixed(id="noon", instrument="diary", times=("12:30", "02:30"), expiry=life)
    often = Interval(id="often", instrument="check", every=7, unit="hours", jitter_minutes=20, expiry=life)
    visit = Stratified(
        id="visit", instrument="check", prompts=2, gap_minutes=30, expiry=life, when=When(anchor=TimedEventKind.VISIT, last_day=2)
    )
    after = FollowUp(id="after_report", instrument="after", after=("report",), delay_minutes=20, cooldown_minutes=30, expiry=life)
    sets = (
        (waking, random, spread, noon, often, visit, after),
        (random.model_copy(update={"prompts": 4, "gap_minutes": 60}), waking, spread, visit, after),
        (noon.model_copy(update={"times": ("18:00",)}), random, spread.model_copy(update={"gap_minutes": 150}), visit, after),
    )
    return tuple(small_protocol(length_days=20, designs=designs, version=f"1.0.{number}") for number, designs in enumerate(sets))


PROTOCOLS = protocols()


@dataclass
class Somebody:
    """A person with a phone. `begun` is False before the phone was enrolled."""

    enrollment_id: int
    enrollment_uid: UUID
    zone: str
    viewer: Viewer | None = None
    token: bytes = b""

    @property
    def begun(self) -> bool:
        return self.viewer is not None


class Life:
    """One study, from its first day. `attempt` lets things be refused, and starts a new process where one died."""

    def __init__(self, settings: DatabaseSettings, *, gateway: bool) -> None:
        self.sessions, self.keys, self.clock = Mortal(replace(settings, durable=False)), fixed_keys(), OneClock(NOW)
        with self.sessions.transaction() as session:
            set_mark(session, fingerprint=self.keys.fingerprint(), rehearsal=True, tzdata_version="test", now=NOW, study_now=NOW)
        self.study = build_study(self.sessions, PROTOCOLS[0])
        self.staff = build_staff(self.sessions, self.study, Role.INVESTIGATOR)
        self.gateway = gateway
        if gateway:
            add_endpoint(self.sessions, self.keys, self.study, "https://push.example.org/a", "prompt")
        self.memory = Memory()
        self.people: list[Somebody] = []
        self.published = 1
        self.crashes = 0
        self.start()

    def start(self) -> None:
        """A new process: nothing of the old one is remembered but rows."""
        self.house = build_house(self.sessions, self.keys, ApiSettings(), clock=self.clock)
        self.house.writer = AtOnce(self.house)  # type: ignore[assignment]
        texts, channels = Protocols(), {"memory": self.memory, "inbox": self.memory, "webhook": self.memory}
        self.duties = Duties(
            self.sessions, self.keys, texts, Mind(self.keys, texts), self.clock, channels, SchedulerSettings(delivery_threads=1)
        )

    def close(self) -> None:
        self.sessions.close()

    @property
    def now(self) -> datetime:
        return self.clock.study()

    def attempt(self, act: Callable[[], Any]) -> Any:
        """What the act gives; None where it was refused, or the process died at it."""
        try:
            return act()
        except Problem:
            return None
        except Crash:
            self.crashes += 1
            self.start()
            return None
        finally:
            self.sessions.fuse = None

    def live_until(self, instant: datetime) -> None:
        """The duties, from moment to moment."""
        run_until(self.duties, instant, step=TICK)

    @property
    def row(self) -> Row[Any]:
        with self.sessions.reading() as session:
            found = session.row(select(Study).where(Study.id == self.study.study_id))
        assert found is not None
        return found

    def invite(self, zone: str, arm: str) -> Somebody:
        row = self.row
        with self.sessions.transaction() as session:
            added = add_person(session, self.keys, row, Newcomer(zone=zone, arm=arm), site_id=None, now=self.now)
        self.people.append(Somebody(added.id, added.uid, zone))
        return self.people[-1]

    def begin(self, one: Somebody) -> None:
        """The phone is enrolled, with a token that lasts; without the code, whose hash is dear. Again where a crash took its reply."""
        device_uid = new_uid()
        token = sha256(device_uid.bytes).digest()
        mine = {"study_id": self.study.study_id, "enrollment_id": one.enrollment_id}
        ends = self.now + timedelta(days=400)
        with self.sessions.transaction() as session:
            device_id = session.add(
                Device,
                **mine,
                uid=device_uid,
                public_key=b"",
                app_version="1.0.0",
                os="test",
                registered_at=self.now,
                last_seen_at=self.now,
            )
            family = session.add(TokenFamily, uid=new_uid(), **mine, device_id=device_id, generation=1, created_at=self.now, ends_at=ends)
            session.add(AccessToken, digest=token, **mine, device_id=device_id, family_id=family, issued_at=self.now, expires_at=ends)
            _begin(session, self.house, enrollment_phone.lock_by_key(session, one.enrollment_id), one.zone)
            plan_enrollment(session, self.keys, self.house.protocols, one.enrollment_id, now=self.now, reason="enrolled")
        # Nobody travels in the microsecond in which the study begins for them: of two zones from one instant the later alone counts.
        self.clock.move(self.now + timedelta(minutes=1))
        one.token = token
        one.viewer = Viewer(
            kind="participant", uid=device_uid, enrollment_id=one.enrollment_id, study_id=self.study.study_id, device_id=device_id
        )

    def publish(self, number: int) -> None:
        """One of the protocols under a version of its own."""
        protocol = PROTOCOLS[number].model_copy(update={"version": f"2.{self.published}.0"})
        with self.sessions.transaction() as session:
            publish(
                session,
                study_id=self.study.study_id,
                protocol=protocol,
                effective_from=self.now.date() - timedelta(days=2),
                published_by=None,
                note=None,
                now=self.now,
            )
        self.published += 1

    def send(self, one: Somebody, client_id: UUID, instrument: str, revision: int, at: datetime, prompt: UUID | None) -> None:
        """A response on its way through the writer's `apply`."""
        body = {
            "protocol_revision": revision,
            "instrument": instrument,
            "prompt_id": None if prompt is None else str(prompt),
            "answered_at": at.isoformat(),
            "sent_at": self.now.isoformat(),
            "zone": one.zone,
            "answers": {},
        }
        assert one.viewer is not None
        submission = read_submission(one.viewer, one.token, client_id, canonical(body))
        with self.sessions.transaction() as session:
            apply_submissions(session, [submission], self.house)

    def prompts(self, one: Somebody) -> list[Row[Any]]:
        with self.sessions.reading() as session:
            return list(session.rows(select(Prompt).where(Prompt.enrollment_id == one.enrollment_id).order_by(Prompt.due_at, Prompt.id)))

    def texts(self) -> dict[int, Protocol]:
        """Every version of the study."""
        with self.sessions.reading() as session:
            rows = session.rows(select(ProtocolVersion.id).where(ProtocolVersion.study_id == self.study.study_id))
            return {row.id: self.house.protocols.get(session, row.id) for row in rows}

    def revisions(self) -> dict[int, int]:
        with self.sessions.reading() as session:
            rows = session.rows(select(ProtocolVersion.id, ProtocolVersion.revision))
        return {row.id: row.revision for row in rows}

    def person(self, one: Somebody) -> Person:
        with self.sessions.reading() as session:
            row = session.row(select(Enrollment).where(Enrollment.id == one.enrollment_id))
            assert row is not None
            return read_person(session, self.keys, row, now=self.now)

    def replan(self, one: Somebody) -> Counts:
        """What a plan made from nothing would change, whatever this one is thought to stand on; nothing is written."""

        class Undone(Exception):
            pass

        found = Counts()
        try:
            with self.sessions.transaction() as session:
                planning.lock_enrollment(session, one.enrollment_id)
                session.execute(update(Enrollment).where(Enrollment.id == one.enrollment_id).values(plan_basis=None))
                found = plan_enrollment(session, self.keys, self.house.protocols, one.enrollment_id, now=self.now)
                raise Undone
        except Undone:
            return found


def hours(start: int, length: int) -> WakeWindow:
    """A wake window from a full hour on."""
    return WakeWindow(start=f"{start:02}:00", end=f"{(start + length) % 24:02}:00")


def local_days(first: date, last: date) -> Iterator[date]:
    yield from (first + timedelta(days=number) for number in range((last - first).days + 1))
