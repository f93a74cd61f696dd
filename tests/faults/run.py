"""One run: a house with people in it, a fault, quiet, and the laws."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Any

from sqlalchemy import exists, func, select

from models.queries import moments
from models.queries import response as response_queries
from models.queries.study import mark
from models.secrets_file import load
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import Delivery, Export, Response, RiskStateRow
from tests.build import shipped
from tests.faults import protocol
from tests.faults.cluster import Cluster
from tests.faults.house import ROOT, House, Kind
from tests.faults.law import GRACE_SECONDS, Facts, Verdict, judge
from tests.faults.ledger import Ledger
from tests.faults.nursery import Nursery
from tests.faults.phones import Phone
from tests.faults.receivers import QUICK, Receivers
from tests.faults.staff import Coordinator, Desk, Mover
from tests.faults.wire import Wire

LATER_HOURS = 80
"""At the end system time goes on by this much, past every lease, retry and end of a promise."""
LAST_MOVE_HOURS = 5
"""And study time by this much in a rehearsal: past every outcome's window, and some rungs up each ladder."""
JOIN_SECONDS = 240
"""How long clients may take to come to rest, all together."""
LEFT_OPEN = 4
"""Alerts that nobody takes to the end; each rings every few minutes of study time."""
ZONES = ("America/New_York", "America/Los_Angeles", "America/Chicago", "America/Phoenix")


@dataclass(frozen=True, slots=True)
class Size:
    """How much goes on. `pace` stretches what clients wait between two deeds."""

    phones: int = 8
    pace: float = 0.4
    quiet_seconds: float = 900
    again: int = 40


@dataclass
class Outcome:
    """What a run came to; `notes` are facts of the fault itself."""

    database: str
    fault: str
    seed: str
    seconds: float = 0.0
    counts: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    skipped: str | None = None
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def broken(self) -> int:
        return sum(len(one.broken) for one in self.verdicts)

    def document(self) -> dict[str, Any]:
        return asdict(self) | {"broken": self.broken}


class Run:
    """`home` is made and taken away again unless it is `kept`; `data` is where the database lies, if not in there."""

    def __init__(
        self,
        kind: Kind,
        fault: str,
        *,
        seed: str,
        home: Path,
        size: Size | None = None,
        rehearsal: bool = True,
        jumping: bool = False,
        manners: Sequence[str] = QUICK,
        data: Path | None = None,
        minutes: tuple[float, float] = (3, 15),
    ) -> None:
        self.kind, self.fault, self.home, self.size, self.rehearsal = kind, fault, home, size or Size(), rehearsal
        self.seed = f"{seed}:{kind}:{fault}"
        self.chance = Random(self.seed)
        self.outcome = Outcome(kind, fault, self.seed)
        self.ledger, self.receivers = Ledger(), Receivers()
        self._begun, self._manners, self._minutes = monotonic(), manners, minutes
        home.mkdir(parents=True, exist_ok=True, mode=0o755)
        home.chmod(0o755)
        self.offsets = home / "offsets"
        self.offsets.mkdir(exist_ok=True)
        self.cluster: Cluster | None = None
        if kind == "postgres":
            self.cluster = Cluster(home / "pg", data)
            self.cluster.start()
        directory = home / "var" if data is None or kind == "postgres" else data
        url = self.cluster.url if self.cluster else None
        self.nursery = Nursery(ROOT)
        self.house = House(kind, directory, url, rehearsal, home / "logs", self.offsets if jumping else None, self.nursery)
        self._wires: list[Wire] = []
        self.phones: list[Phone] = []
        self.staff: list[Coordinator | Mover] = []
        self.mover: Mover | None = None
        self.offset_seconds = 0.0

    # Setting up

    def begin(self) -> None:
        """The first run, the study's protocol, people with their phones, and receivers; then the load starts."""
        self.house.furnish()
        self.house.start()
        desk = Desk(self._wire(), self.ledger)
        study = desk.first_time(self.house.first_word())
        now = datetime.fromisoformat(desk.must("GET", "/v1/system/clock").json()["study_now"])
        document = protocol.busy() if self.rehearsal else protocol.every_minute(now, ZONES[0])
        desk.must("POST", f"/v1/research/studies/{study}/protocols", document, 201)
        for manner in self._manners:
            asked = {"url": self.receivers.url(manner), "kinds": ["alert"]}
            self.receivers.secrets[manner] = desk.must("POST", f"/v1/research/studies/{study}/webhooks", asked, 201).json()["secret"]
        self._enroll(desk, study)
        self.study, self.desk = study, desk
        self._staff()
        for thread in (*self.phones, *self.staff):
            thread.start()

    def _wire(self, first: int = 0, timeout_seconds: float = 30) -> Wire:
        self._wires.append(Wire(self.house.ports, first=first, timeout_seconds=timeout_seconds))
        return self._wires[-1]

    def _enroll(self, desk: Desk, study: str) -> None:
        items = {
            one.id: {item.id: (int(item.minimum), int(item.maximum)) for item in one.items if item.kind == "slider"}  # type: ignore[union-attr]
            for one in shipped().instruments
        }
        for number in range(self.size.phones):
            zone = ZONES[number % len(ZONES)] if self.rehearsal else ZONES[0]
            made = desk.must("POST", "/v1/care/participants", {"study_id": study, "zone": zone}, 201).json()
            phone = Phone(f"phone-{number}", self._wire(number), self.ledger, items, seed=self.seed, zone=zone, pace=self.size.pace)
            phone.lying = not self.rehearsal
            phone.enroll(made["code"])
            self.phones.append(phone)

    def _staff(self) -> None:
        self.coordinator = Coordinator(self._wire(), self.ledger, seed=self.seed, pace=self.size.pace)
        self.coordinator.desk.sign_in()
        self.staff.append(self.coordinator)
        if self.rehearsal:
            self.mover = Mover(
                self._wire(1, timeout_seconds=300), self.ledger, seed=self.seed, minutes=self._minutes, pause=0.5 * self.size.pace
            )
            self.mover.desk.sign_in()
            self.staff.append(self.mover)

    def ask_for_export(self, number: int) -> None:
        wanted = {"study_id": self.study, "release": f"r{number}", "purpose": "Rehearsal of a dataset under faults."}
        reply = self.desk.ask("POST", "/v1/research/exports", wanted)
        if reply.status == 202:
            self.ledger.act("export", None, reply.json()["id"])

    # Quiet

    def quiet(self) -> None:
        """Nothing is broken any more. What was begun is finished, time goes on past every deadline, and what is owed is done."""
        ends = monotonic() + min(JOIN_SECONDS, self.size.quiet_seconds)
        for process in self.house.processes:
            if not process.alive:
                process.start()
            process.wait_ready()
        self.receivers.behaving.set()
        for one in self.phones:
            one.resting.set()
        for other in self.staff:
            other.resting.set()
        for thread in (*self.phones, *self.staff):
            thread.join(max(1.0, ends - monotonic()))
            if thread.is_alive() and thread is not self.mover:  # a move of days may go on; it is repeated and promises nothing
                self.ledger.surprise(f"{thread.name} never got its acknowledgement")
        for one in self.phones:
            one.ask_again(self.size.again // max(1, len(self.phones)) + 1)
        self.coordinator.clear(but=LEFT_OPEN)
        if self.mover is not None:
            self.mover.move(timedelta(hours=LAST_MOVE_HOURS))
        self._later()
        self._settled(self.size.quiet_seconds)
        for phone in self.phones:
            phone.ended.set()
        self.outcome.notes["did not stop by themselves"] = self.house.stop()

    def _later(self) -> None:
        """The same house on a system clock that is days ahead."""
        for process in self.house.processes:
            if not process.stop():
                self.outcome.notes.setdefault("did not stop in time", []).append(process.name)
        self.offset_seconds = LATER_HOURS * 3600.0
        self.house.offsets = self.offsets
        self.house.furnish()
        for process in self.house.processes:
            (self.offsets / process.name).write_text(str(self.offset_seconds))
        self.house.start()

    def _settled(self, patience: float) -> None:
        """Waits until nothing is owed any more, or nothing of it was done for `patience` seconds; what is owed then breaks its law.

        Datasets come last, one after the other, each by a process that lets everyone else go first.
        """
        before: dict[str, Any] = {}
        ends = monotonic() + patience
        with self.opened() as sessions:
            while monotonic() < ends:
                with sessions.reading() as session:
                    now, system_now = self.nows(session)
                    system_now -= timedelta(seconds=GRACE_SECONDS / 2)
                    now -= timedelta(seconds=0 if self.rehearsal else GRACE_SECONDS / 2)
                    owed = {
                        "decisions": len(response_queries.pending(session, 1)),
                        "refolds": bool(session.value(_exists(RiskStateRow.stale))),
                        "prompts": _due(moments.next_prompt(session, after=datetime(2000, 1, 1, tzinfo=UTC)), now),
                        "alerts": moments.alert_due(session, now=now),
                        "outcomes": moments.outcome_due(session, now=now),
                        "deliveries": bool(session.value(_exists(Delivery.next_at <= system_now))),
                        "exports": session.value(select(func.count()).where(Export.state.in_(["waiting", "building"]))),
                    }
                if not any(owed.values()):
                    return
                if owed != before:
                    before, ends = owed, monotonic() + patience
                sleep(0.5)
            self.outcome.notes["still owed"] = [name for name, is_so in owed.items() if is_so]

    # The verdict

    def settings(self) -> DatabaseSettings:
        return DatabaseSettings.read(self.house.environment)

    @contextmanager
    def opened(self) -> Iterator[Sessions]:
        sessions = Sessions(self.settings())
        try:
            yield sessions
        finally:
            sessions.close()

    def nows(self, session: Any) -> tuple[datetime, datetime]:
        """Study time and system time of the house at the end."""
        system_now = datetime.now(UTC) + timedelta(seconds=self.offset_seconds)
        row = mark(session)
        return (row.study_now if row.rehearsal else system_now), system_now

    def facts(self, session: Any) -> Facts:
        study_now, system_now = self.nows(session)
        keys = load(self.house.directory / "secrets.toml")
        lying = not self.rehearsal
        return Facts(session, keys, self.ledger, list(self.receivers.got), study_now, system_now, self.rehearsal, lying)

    def verdict(self) -> Outcome:
        with self.opened() as sessions, sessions.reading() as session:
            self.outcome.verdicts = judge(self.facts(session))
        answers = self.ledger.answers.values()
        self.outcome.counts = {
            "answers sent": len(answers),
            "of them to prompts": sum(one.prompt is not None for one in answers),
            "acknowledged": len(self.ledger.stored()),
            "acknowledgements": sum(one.acknowledged for one in answers),
            "tries": sum(one.tries for one in answers),
            "never acknowledged": sum(one.receipt is None and one.refused is None for one in answers),
            "stored and never acknowledged": self._unacknowledged(),
            "replies lost": self.ledger.lost,
            "moves of study time": self.mover.moves if self.mover else 0,
            "acts": dict(Counter(one.what for one in self.ledger.acts).most_common()),
            "statuses": dict(self.ledger.statuses.most_common()),
            "webhooks": dict(self.receivers.counts()),
            "webhooks cut off by a kill": self.receivers.halves,
            "lives": {one.name: one.lives for one in self.house.processes},
            "logged": dict(self.house.logged().most_common(30)),
        }
        self.outcome.seconds = round(monotonic() - self._begun, 1)
        return self.outcome

    def _unacknowledged(self) -> int:
        known = {one.id for one in self.ledger.stored()}
        with self.opened() as sessions, sessions.reading() as session:
            return sum(str(row.client_id) not in known for row in session.rows(select(Response.client_id)))

    def close(self, *, keep: bool = False) -> None:
        for phone in self.phones:
            phone.resting.set()
            phone.ended.set()
        for one in self.staff:
            one.resting.set()
            one.desk.ended.set()
        for wire in self._wires:
            wire.close()
        self.house.kill()
        self.nursery.close()
        self.receivers.close()
        if self.cluster is not None:
            self.cluster.stop()
        if keep:
            (self.home / "outcome.json").write_text(json.dumps(self.outcome.document(), default=str, indent=1))
        else:
            shutil.rmtree(self.home, ignore_errors=True)


def _exists(condition: Any) -> Any:
    return select(exists().where(condition))


def _due(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now
