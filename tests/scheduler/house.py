"""Builders for this room: a clock with both times in hand, duties over a database, prompts and promises as rows."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from models.definition.instrument import Instrument, Item, Rotation
from models.definition.prompting import Expiry, FollowUp, Reminders, Stratified, Window
from models.definition.protocol import Protocol
from models.ids import new_uid
from models.kinds import InstrumentKind, ItemKind, PromptState, RecallFrame
from models.protocols import Protocols
from models.queries.outbox import Promise, promise
from models.sealed import Keys, place, seal
from models.session import Sessions
from models.tables import Attempt, Delivery, Prompt, PromptEvent, WebhookEndpoint
from risk.mind import Mind
from scheduler.delivery.channels.memory import Memory
from scheduler.jobs.duties import Duties
from scheduler.settings import SchedulerSettings
from tests.build import NOW, Built, Person, shipped

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def _instrument(
    name: str, *items: str, rotations: tuple[Rotation, ...] = (), kind: InstrumentKind = InstrumentKind.MOMENTARY
) -> Instrument:
    asked = tuple(Item(id=one, kind=ItemKind.YES_NO, text={"en": "?"}, variable=one, frame=RecallFrame.NOW) for one in items)
    return Instrument(id=name, kind=kind, title={"en": name}, items=asked, rotations=rotations, seconds=60)


def small_protocol(**changes: Any) -> Protocol:
    """A diary after waking, two random checks with a rotating set, a report and its follow-up; two weeks."""
    rotations = (Rotation(id="set", items=("a", "b", "c", "d"), draw=2),)
    reminders = Reminders(count=1, every_minutes=15)
    parts: dict[str, Any] = {
        "length_days": 14,
        "instruments": (
            _instrument("check", "now", "a", "b", "c", "d", rotations=rotations),
            _instrument("diary", "slept", kind=InstrumentKind.DIARY),
            _instrument("report", "urge", kind=InstrumentKind.REPORT),
            _instrument("after", "now"),
        ),
        "designs": (
            Window(id="waking", instrument="diary", edge="start", jitter_minutes=30, expiry=Expiry(minutes=90)),
            Stratified(
                id="random",
                instrument="check",
                prompts=2,
                gap_minutes=60,
                from_start_minutes=120,
                expiry=Expiry(minutes=45, reminders=reminders, snoozes=1),
            ),
            FollowUp(id="after_report", instrument="after", after=("report",), delay_minutes=20, expiry=Expiry(minutes=40)),
        ),
        "disclosures": (),
        "alert_rules": (),
        "rules": (),
    }
    return shipped().model_copy(update={**parts, **changes})


@dataclass
class TwoTimes:
    """A clock whose study and system time stand where a test puts them."""

    study_now: datetime = NOW
    system_now: datetime = NOW

    def study(self) -> datetime:
        return self.study_now

    def system(self) -> datetime:
        return self.system_now

    def pass_(self, elapsed: timedelta) -> None:
        self.study_now += elapsed
        self.system_now += elapsed


@dataclass
class Place:
    """Duties over a database, with what a test looks at."""

    sessions: Sessions
    keys: Keys
    clock: Any = field(default_factory=TwoTimes)
    memory: Memory = field(default_factory=Memory)
    channels: dict[str, Any] = field(default_factory=dict)
    settings: SchedulerSettings = field(default_factory=SchedulerSettings)

    def __post_init__(self) -> None:
        protocols = Protocols()
        everything = {"memory": self.memory, "inbox": self.memory, "webhook": self.memory, **self.channels}
        mind = Mind(self.keys, protocols)
        self.duties = Duties(self.sessions, self.keys, protocols, mind, self.clock, everything, self.settings)

    def run(self, duty: Any) -> int:
        """One run of a duty's `run`."""
        return int(duty(self.duties, now=self.clock.study(), system_now=self.clock.system()))

    def prompts(self) -> list[Row[Any]]:
        with self.sessions.reading() as session:
            return list(session.rows(select(Prompt).order_by(Prompt.due_at, Prompt.id)))

    def prompt(self, uid: UUID) -> Row[Any]:
        return next(row for row in self.prompts() if row.uid == uid)

    def deliveries(self) -> list[Row[Any]]:
        with self.sessions.reading() as session:
            return list(session.rows(select(Delivery).order_by(Delivery.id)))

    def attempts(self) -> list[Row[Any]]:
        with self.sessions.reading() as session:
            return list(session.rows(select(Attempt).order_by(Attempt.delivery_id, Attempt.number)))

    def events(self, uid: UUID | None = None) -> list[str]:
        """The names of what happened, in order."""
        statement = select(PromptEvent.name).join(Prompt, Prompt.id == PromptEvent.prompt_id).order_by(PromptEvent.id)
        if uid is not None:
            statement = statement.where(Prompt.uid == uid)
        with self.sessions.reading() as session:
            return [row.name for row in session.rows(statement)]


def add_prompt(sessions: Sessions, study: Built, person: Person, *, due_at: datetime = NOW, life: timedelta = HOUR, **columns: Any) -> UUID:
    """A planned prompt, due at `due_at`, and its id."""
    uid = new_uid()
    values: dict[str, Any] = {
        "uid": uid,
        "study_id": study.study_id,
        "enrollment_id": person.enrollment_id,
        "protocol_version_id": study.version_id,
        "design": "random",
        "instrument": "check",
        "kind": "stratified",
        "slot": str(uid),
        "slot_date": due_at.date(),
        "slot_index": 0,
        "state": PromptState.PLANNED,
        "due_at": due_at,
        "window_start": due_at,
        "window_end": due_at,
        "expires_at": due_at + life,
        "next_at": due_at,
        "reminders_left": [],
        "zone": "America/New_York",
        "local_due": "2026-03-04T10:00:00",
        "offset_minutes": -300,
        "study_day": 1,
        "density": None,
        "day_probability": 1.0,
        "planned_at": due_at,
        "synthetic": False,
    }
    with sessions.transaction() as session:
        session.add(Prompt, **{**values, **columns})
    return uid


def add_promise(sessions: Sessions, study: Built, *, now: datetime = NOW, name: str = "one", **changes: Any) -> UUID:
    """A promise on the channel `memory`, and its subject."""
    subject = new_uid()
    values: dict[str, Any] = {
        "study_id": study.study_id,
        "enrollment_id": None,
        "kind": "study_event",
        "subject": subject,
        "channel": "memory",
        "recipient": "staff:someone",
        "dedup_key": name,
        "expires_at": now + timedelta(days=7),
        "urgent": False,
        "synthetic": False,
    }
    with sessions.transaction() as session:
        promise(session, [Promise(**{**values, **changes})], system_now=now)
    return subject


def add_endpoint(sessions: Sessions, keys: Keys, study: Built, url: str, *kinds: str, secrets: str = SECRET) -> UUID:
    """A webhook endpoint that wants these kinds."""
    uid = new_uid()
    sealed = seal(keys.encryption[keys.key_id], secrets.encode(), place("webhook_endpoint", "secret", str(uid)))
    with sessions.transaction() as session:
        session.add(
            WebhookEndpoint,
            uid=uid,
            study_id=study.study_id,
            url=url,
            secret_sealed=sealed,
            key_id=keys.key_id,
            kinds=list(kinds),
            created_at=NOW,
        )
    return uid
