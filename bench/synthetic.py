"""A study of any size as rows, made fast: people, prompts with their history, responses of 12 items. Synthetic: about nobody.

Rows lie in the tables as a living study leaves them: day by day, everyone's prompts of the day together. About 70 % of the prompts
are answered; the others expire, a few are blocked. The same seed gives the same answers.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from models.access import SYSTEM
from models.definition.protocol import Protocol
from models.queries.export import ExportRequest, request_export
from models.sealed import Keys
from models.session import Sessions, WriteSession
from models.settings import DatabaseSettings
from models.tables import Export, Prompt, PromptEvent, Response, Study
from tests.build import Built, build_study, insert_person, shipped

START = datetime(2026, 1, 5, 5, tzinfo=UTC)
"""Midnight of the first day in New York."""

ITEMS = (
    "m_valence", "m_stress", "m_tense", "m_low", "m_irritable", "m_pain", "m_crave_now", "m_crave_peak", "m_choice", "m_where", "m_cue",
    "m_cue_types",
)  # fmt: skip
PER_DAY = 5
_HOURS = (9, 12, 15, 18, 20)
_MINUTE = 60_000_000
_DAY = 1_440 * _MINUTE
_OFFSET = -300


@dataclass(frozen=True)
class Size:
    """Prompts: people x days x 5."""

    people: int
    days: int

    @property
    def prompts(self) -> int:
        return self.people * self.days * PER_DAY


def twelve_items() -> Protocol:
    """The shipped protocol with a check-in of twelve items and nothing else to ask."""
    protocol = shipped()
    momentary = protocol.instrument("momentary")
    assert momentary is not None
    known = {item.id: item for item in momentary.items}
    cut = momentary.model_copy(update={"items": tuple(known[name] for name in ITEMS), "rotations": ()})
    return protocol.model_copy(update={"instruments": (cut,)})


def settings_at(place: Path) -> DatabaseSettings:
    """The database in a folder."""
    return DatabaseSettings(url=f"sqlite:///{place / 'breakwater.db'}", directory=place)


def ask(sessions: Sessions, tables: Sequence[str], now: datetime) -> Any:
    """The row of an export of the study."""
    with sessions.transaction() as session:
        study_id = session.value(select(Study.id))
        uid = request_export(session, SYSTEM, study_id, ExportRequest("bench", "Measuring the export.", tables=tuple(tables)), now=now)
        return session.row(select(Export).where(Export.uid == uid))


COHORT = 100
"""People whose rows are made one by one; further cohorts are copies of the first with ids of their own."""


def make(settings: DatabaseSettings, keys: Keys, size: Size, *, seed: int = 20260105) -> Built:
    """Fills an empty, migrated database with the study."""
    sessions = Sessions(settings)
    study = build_study(sessions, twelve_items(), now=START)
    first = min(COHORT, size.people)
    cohorts = -(-size.people // first)
    with sessions.transaction() as session:
        persons = [
            insert_person(session, keys, study, zone="America/New_York", now=START, synthetic=True, arm="ab"[number % 2])
            for number in range(first * cohorts)
        ]
    places = [(one.enrollment_id, one.device_id) for one in persons[:first]]
    with sessions.transaction() as session:
        raw: Any = session._connection.connection.driver_connection
        if sessions.embedded:
            raw.execute("PRAGMA cache_size = -200000")
        for day in range(size.days):
            rows = _day(study, places, day, Random(f"{seed}/{day}"), embedded=sessions.embedded)
            for table, found in zip((Prompt, PromptEvent, Response), rows, strict=True):
                _store(raw, table, found, embedded=sessions.embedded)
        _copy(session, first, cohorts - 1)
        if not sessions.embedded:
            for name in ("prompt", "prompt_event", "response"):
                raw.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
                raw.execute(f"ANALYZE {name}")
    sessions.close()
    return study


def _copy(session: WriteSession, people: int, copies: int) -> None:
    """Further cohorts: everything but ids and persons is as in the first, which no row of a file and no cache can see."""
    uid = "gen_random_uuid()" if session.dialect == "postgresql" else "lower(hex(randomblob(16)))"
    steps = {table: int(session.value(text(f"SELECT max(id) FROM {table}")) or 0) for table in ("prompt", "prompt_event", "response")}
    for number in range(1, copies + 1):
        for table, model in (("prompt", Prompt), ("prompt_event", PromptEvent), ("response", Response)):
            changed = {
                "id": f"id + {number * steps[table]}",
                "enrollment_id": f"enrollment_id + {number * people}",
                "device_id": f"device_id + {number * people}",
                "prompt_id": f"prompt_id + {number * steps['prompt']}",
                "uid": uid,
                "client_id": uid,
            }
            names = [column.name for column in model.__table__.columns]
            cells = ", ".join(changed.get(name, name) for name in names)
            session.execute(text(f"INSERT INTO {table} ({', '.join(names)}) SELECT {cells} FROM {table} WHERE id <= {steps[table]}"))


def _store(raw: Any, table: Any, rows: Sequence[dict[str, Any]], *, embedded: bool) -> None:
    if not rows:
        return
    names = list(rows[0])
    called = table.__tablename__
    if embedded:
        marks = ", ".join(f":{name}" for name in names)
        raw.executemany(f"INSERT INTO {called} ({', '.join(names)}) VALUES ({marks})", rows)
        return
    with raw.cursor().copy(f"COPY {called} ({', '.join(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(tuple(row.values()))


class _Making:
    """The rows of one day, with ids that follow on those of the day before."""

    def __init__(self, study: Built, first: int, random: Random, *, embedded: bool) -> None:
        self.study, self.random, self.embedded = study, random, embedded
        self.prompt_id, self.event_id, self.response_id = first, 6 * first, first
        self.prompts: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []

    def instant(self, micros: int | None) -> Any:
        if micros is None or self.embedded:
            return micros
        return datetime.fromtimestamp(micros // 1_000_000, UTC) + timedelta(microseconds=micros % 1_000_000)

    def uid(self) -> Any:
        value = UUID(int=self.random.getrandbits(128), version=4)
        return value.hex if self.embedded else value

    def person(self, enrollment_id: int, device_id: int, day: int) -> None:
        shares = {"study_id": self.study.study_id, "enrollment_id": enrollment_id}
        local = (START - timedelta(hours=5) + timedelta(days=day)).date()
        for index, hour in enumerate(_HOURS):
            due = int(START.timestamp()) * 1_000_000 + day * _DAY + hour * 60 * _MINUTE + int(self.random.random() * 110 * _MINUTE)
            self._prompt(shares, device_id, local, day, index, due)

    def _prompt(self, shares: dict[str, int], device_id: int, local: date, day: int, index: int, due: int) -> None:
        fate = self.random.random()
        answered, blocked, late = fate < 0.7, fate > 0.99, fate < 0.03
        opened = due + int(self.random.random() * 20 * _MINUTE) + 4_000_000
        told = opened + 95_000_000
        state = "blocked" if blocked else ("completed" if answered else "expired")
        self.prompt_id += 1
        delivered = None if blocked else due + 1_500_000 + int(self.random.random() * 900_000)
        instant = self.instant
        self.prompts.append(
            {
                "id": self.prompt_id, "uid": self.uid(), **shares, "protocol_version_id": self.study.version_id, "design": "random_checks",
                "instrument": "momentary", "kind": "stratified", "slot": f"{local}.{index}", "slot_date": str(local), "slot_index": index,
                "state": state, "reason": "travel" if blocked else None, "due_at": instant(due),
                "window_start": instant(due - 40 * _MINUTE),
                "window_end": instant(due + 70 * _MINUTE), "expires_at": instant(due + 45 * _MINUTE), "next_at": None,
                "reminders_left": "[]", "zone": "America/New_York", "local_due": f"{local}T00:00:00", "offset_minutes": _OFFSET,
                "study_day": day + 1, "density": 0.00909, "day_probability": 1.0, "drawn": None, "plan_revision": 1,
                "superseded_by": None, "source": None, "planned_at": instant(due - 2 * _DAY), "sent_at": instant(delivered),
                "delivered_at": instant(delivered), "opened_at": instant(opened) if answered else None,
                "first_answer_at": instant(opened) if answered else None, "completed_at": instant(told) if answered else None,
                "reminders_sent": 0 if answered else 1, "snoozes": 0, "synthetic": True,
            }
        )  # fmt: skip
        self._history(shares, due, delivered, opened, told, state, late=late)
        if answered:
            self._response(shares, device_id, opened, told, late=late)

    def _history(self, shares: dict[str, int], due: int, delivered: int | None, opened: int, told: int, state: str, *, late: bool) -> None:
        if delivered is None:
            moves = [("blocked", None, "blocked", due - 2 * _DAY)]
        else:
            moves = [
                ("planned", None, "planned", due - 2 * _DAY),
                ("queued", "planned", "queued", due + 400_000),
                ("sent", "queued", "sent", due + 900_000),
                ("delivered", "sent", "delivered", delivered),
            ]
            if state == "completed":
                arrived = told + (_DAY if late else 2_000_000)
                moves += [("opened", "delivered", "opened", opened), ("completed", "opened", "completed", arrived)]
            else:
                moves += [("reminded", "delivered", "delivered", due + 20 * _MINUTE)]
                moves += [("expired", "delivered", "expired", due + 45 * _MINUTE)]
        for name, before, after, at in moves:
            self.event_id += 1
            self.events.append(
                {
                    "id": self.event_id, **shares, "prompt_id": self.prompt_id, "at": self.instant(at), "name": name, "from_state": before,
                    "to_state": after, "actor": "participant" if name in {"opened", "completed"} else "system",
                    "reason": "travel" if name == "blocked" else None,
                    "detail": '{"timing":"on_time"}' if name == "completed" else None,
                }
            )  # fmt: skip

    def _response(self, shares: dict[str, int], device_id: int, opened: int, told: int, *, late: bool) -> None:
        answers, missing, times = self._answers(opened)
        received = told + (_DAY if late else 2_000_000)
        uid = self.uid()
        instant = self.instant
        self.response_id += 1
        self.responses.append(
            {
                "id": self.response_id, **shares, "client_id": uid, "revision": 1, "base_revision": None, "edit_reason": None,
                "superseded": False, "device_id": device_id, "prompt_id": self.prompt_id, "protocol_version_id": self.study.version_id,
                "instrument": "momentary", "complete": True, "started_at": instant(opened), "answered_at": instant(told),
                "sent_at": instant(received - 300_000), "received_at": instant(received), "event_time": instant(told), "skew_seconds": 0.0,
                "clock_suspect": False, "timing": "late" if late else "on_time", "zone": "America/New_York", "offset_minutes": _OFFSET,
                "answers": json.dumps(answers, separators=(",", ":")), "missing": json.dumps(missing, separators=(",", ":")),
                "answer_times": json.dumps(times, separators=(",", ":")), "texts_sealed": None,
                "content_hash": hashlib.sha256(str(uid).encode()).digest(),
                "receipt": b'{"id":"' + str(uid).encode() + b'","stored":true,"decision":{"mode":"live","content":null}}',
                "quality": '{"app_version":"1.4.2","os":"android 15"}', "decision_status": "decided", "synthetic": True,
            }
        )  # fmt: skip

    def _answers(self, opened: int) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
        random = self.random
        answers: dict[str, Any] = {name: int(random.random() * 11) for name in ITEMS[1:9]}
        answers = {"m_valence": int(random.random() * 11) - 5, **answers, "m_where": random.choice(("home", "work", "outside"))}
        answers |= {"m_cue": True, "m_cue_types": random.sample(("person", "place", "money", "stress"), 2)}
        missing: dict[str, str] = {}
        if random.random() < 0.6:
            answers["m_cue"] = False
            del answers["m_cue_types"]
            missing["m_cue_types"] = "not_shown"
        if random.random() < 0.1:
            del answers["m_pain"]
            missing["m_pain"] = "skipped"
        began = datetime.fromtimestamp(opened // 1_000_000, UTC)
        times = {name: f"{began + timedelta(seconds=6 * place):%Y-%m-%dT%H:%M:%S}.250Z" for place, name in enumerate(answers, 1)}
        return answers, missing, times


def _day(
    study: Built, places: Sequence[tuple[int, int]], day: int, random: Random, *, embedded: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    making = _Making(study, day * len(places) * PER_DAY, random, embedded=embedded)
    for enrollment_id, device_id in places:
        making.person(enrollment_id, device_id, day)
    return making.prompts, making.events, making.responses
