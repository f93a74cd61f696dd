"""A small dataset told row by row, packed as the house packs one, and what a driver would have seen of it."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from api.rehearsal.happened import Happened, PersonSaw, Replies
from models.dataset.codebook import ITEMS, codebook
from models.dataset.compliance import Compliance, Mean
from models.dataset.layout import PROMPT_SIDE
from models.dataset.package import Facts, Reached, data_package, manifest
from models.dataset.points_layout import POINT_SIDE
from models.dataset.write import Outputs, member, pack, write_json
from models.definition.load import canonical, checksum
from models.definition.protocol import Protocol
from tests.build import shipped

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""A Monday, 7:00 in New York; on Sunday the 8th clocks go forward."""

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEW_YORK = "America/New_York"

HAPPENED = Happened(
    synthetic=True, seed=7, people=1, days=7, staff=1, preset="recovery", mnar=0.6, protocol_name="oud_ema", protocol_version="1.0.0",
    protocol_checksum="c" * 64, study_id="study", started_at=START, ended_at=START + 7 * DAY, complete=True, wall_seconds=61.5,
    drive_seconds=50.0, clock_seconds=12.0, ticks=900, versions={"python": "3.11.7", "tzdata": "2026a"}, platform="test",
    database="sqlite",
    routes=(
        Replies("PUT", "/v1/participant/responses/{id}", {"200": 1, "201": 9}, 10, 8.0, 31.0, 33.0, ((5.0, 1), (10.0, 6), (50.0, 3))),
        Replies("GET", "/v1/participant/prompts", {"200": 40}, 40, 3.0, 9.0, 12.0, ((5.0, 30), (10.0, 8), (20.0, 2))),
    ),
    persons=(), acknowledged=0, acknowledged_digest="", duplicates_sent=1, duplicates_equal=1, conflicts=0, refusals=(), content={},
    prompts_noticed=0, prompts_ignored=0, alerts=(), acts={"answer": 9}, unexpected=(), export_sha256="e" * 64, export_bytes=1,
)  # fmt: skip


def enrolled(number: int, acknowledged: int = 0) -> PersonSaw:
    return PersonSaw(number, f"e{number}", NEW_YORK, acknowledged, None, None, {})


@dataclass
class Told:
    """Rows by table. Each method is one thing that a person, a prompt or an alert went through."""

    protocol: Protocol = field(default_factory=shipped)
    as_of: datetime = START + 7 * DAY
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    tally: dict[str, Compliance] = field(default_factory=dict)
    seen: int = 0

    def add(self, table: str, **row: Any) -> None:
        self.tables.setdefault(table, []).append(row)

    def id(self, letter: str) -> str:
        self.seen += 1
        return f"{letter}{self.seen:05d}"

    def person(self, name: str = "p1", *, days: int = 7, **columns: Any) -> None:
        row = {
            "participant_id": name, "study_id": "y1", "state": "active", "start_date": START.date(), "started_utc": START,
            "last_study_day": days, "iana_tz": NEW_YORK, "n_zones": 1, "synthetic": True,
        }  # fmt: skip
        self.add("participants", **{**row, **columns})
        self.tally.setdefault(name, Compliance())

    def prompt(
        self,
        due: datetime,
        *,
        person: str = "p1",
        design: str = "random_checks",
        index: int = 0,
        zone: str = NEW_YORK,
        expires: timedelta = 45 * MINUTE,
        state: str = "expired",
        status: str = "missed",
        reason: str | None = None,
        slot: Mapping[str, Any] | None = None,
        **columns: Any,
    ) -> str:
        """A planned prompt, sent and missed unless said otherwise; `slot` changes its row of the schedule."""
        prompt_id, local = self.id("q"), due.astimezone(ZoneInfo(zone))
        found = self.protocol.design(design)
        assert found is not None
        day = (local.date() - START.date()).days + 1
        shared = {"participant_id": person, "prompt_id": prompt_id, "design": design, "instrument": found.instrument, "study_day": day}
        scheduled = {"scheduled_utc": due, "scheduled_local": local.isoformat(timespec="seconds")}
        plan = {
            **shared, **scheduled, "design_kind": found.kind.value, "protocol_revision": 1, "slot_date": local.date(), "slot_index": index,
            "window_start_utc": due - HOUR, "window_end_utc": due + HOUR, "expires_utc": due + expires, "iana_tz": zone, "state": state,
            "reason": reason, "synthetic": True,
        }  # fmt: skip
        self.add("schedule", **{**plan, **(slot or {})})
        if due <= self.as_of and state != "superseded":
            sent = None if status == "not_sent" else due
            row: dict[str, Any] = {
                **shared, **scheduled, "study_id": "y1", "record_id": prompt_id, "row_kind": "prompt", "trigger": "random",
                "sent_utc": sent, "weekday": local.isoweekday(), "iana_tz": zone, "tz_changed": False, "state": state, "status": status,
                "reason": reason, "n_responses": 0, "synthetic": True,
            } | columns  # fmt: skip
            self.add("prompts", **row)
            tally = self.tally.setdefault(person, Compliance())
            tally.add(design, status, row.get("timing"), complete=row.get("completed_utc") is not None)
            for before, after in ((None, "planned"), ("planned", "queued"), ("queued", "sent")) if sent else ():
                self.event(prompt_id, before, after, due, person)
        return prompt_id

    def event(self, prompt_id: str, before: str | None, after: str, at: datetime, person: str = "p1") -> None:
        row = {"participant_id": person, "prompt_id": prompt_id, "sequence": 1, "at_utc": at, "name": after}
        self.add("events", **row, from_state=before, to_state=after, actor="system")

    def answered(self, due: datetime, *, after: timedelta = 4 * MINUTE, took: float = 60.0, person: str = "p1", **columns: Any) -> str:
        """A prompt answered to the end on time, with its answers; gives the response's id."""
        response, at = self.id("r"), due + after
        local = at.astimezone(ZoneInfo(columns.get("zone", NEW_YORK)))
        row = {
            "state": "completed", "status": "completed", "timing": "on_time", "response_id": response, "completed_utc": at,
            "completed_local": local.isoformat(timespec="seconds"), "server_received_utc": at, "duration_s": took, "n_responses": 1,
            "clock_suspect": False,
        }  # fmt: skip
        self.prompt(due, person=person, **{**row, **columns})
        found = self.protocol.design(columns.get("design", "random_checks"))
        assert found is not None
        self.answers(response, person=person, instrument=found.instrument)
        return response

    def report(self, at: datetime, *, instrument: str = "craving", person: str = "p1", took: float = 30.0) -> str:
        response, local = self.id("r"), at.astimezone(ZoneInfo(NEW_YORK))
        self.add(
            "prompts", participant_id=person, study_id="y1", record_id=response, row_kind="entry", response_id=response,
            instrument=instrument, trigger="event", study_day=(local.date() - START.date()).days + 1, weekday=local.isoweekday(),
            status="completed", completed_utc=at, completed_local=local.isoformat(timespec="seconds"), server_received_utc=at,
            timing="unprompted", duration_s=took, clock_suspect=False, iana_tz=NEW_YORK, tz_changed=False, synthetic=True,
        )  # fmt: skip
        self.answers(response, person=person, instrument=instrument)
        return response

    def answers(
        self,
        response: str,
        *,
        person: str = "p1",
        instrument: str = "momentary",
        missing: Mapping[str, str] | None = None,
        revision: int = 1,
    ) -> None:
        asked = self.protocol.instrument(instrument)
        assert asked is not None
        for position, item in enumerate(asked.items, 1):
            row = {"participant_id": person, "response_id": response, "revision": revision, "newest": True, "instrument": instrument}
            self.add("answers_long", **row, item=item.id, position=position, missing=(missing or {}).get(item.id), synthetic=True)

    def decision(self, at: datetime, *, person: str = "p1", **columns: Any) -> str:
        """A randomized decision that gave content, unless said otherwise."""
        decision_id = self.id("d")
        row: dict[str, Any] = {
            "participant_id": person, "decision_id": decision_id, "decision_point": self.seen, "point": "response",
            "source_id": decision_id, "decided_utc": at, "availability": True, "mode": "live", "rule": "high_craving", "arm": "scene",
            "prob_arm": 0.6, "treatment": True, "prob_treatment": 0.6, "arm_probabilities": '{"nothing":0.4,"scene":0.6}',
            "content": "your_scene",
            "prob_content": 1.0, "content_probabilities": '{"your_scene":1.0}', "reason": "content", "outcome_status": "observed",
            "synthetic": True,
        }  # fmt: skip
        self.add("decisions", **{**row, **columns})
        return decision_id

    def control(self, at: datetime, **columns: Any) -> str:
        """The same rule's other arm: nothing was shown."""
        nothing = {
            "arm": "nothing",
            "prob_arm": 0.4,
            "treatment": False,
            "content": None,
            "prob_content": None,
            "content_probabilities": None,
        }
        return self.decision(at, **{**nothing, "reason": "control_arm", **columns})

    def idle(self, at: datetime, **columns: Any) -> str:
        """A decision point where no rule held."""
        nothing = dict.fromkeys(("mode", "rule", "arm", "prob_arm", "prob_treatment", "arm_probabilities", "content", "prob_content"))
        return self.decision(at, **{**nothing, "content_probabilities": None, "treatment": False, "reason": "no_rule", **columns})

    def alert(
        self,
        at: datetime,
        *,
        tier: int = 3,
        family: str = "need_now",
        acknowledged: float | None = 10,
        resolved: float | None = 30,
        person: str = "p1",
    ) -> str:
        """An alert taken and ended after so many minutes; None: never."""
        alert_id = self.id("a")
        moments = [
            (at, "open"),
            *(
                (at + minutes * MINUTE, name)
                for minutes, name in ((acknowledged, "acknowledged"), (resolved, "resolved"))
                if minutes is not None
            ),
        ]
        self.add(
            "alerts", participant_id=person, alert_id=alert_id, tier=tier, family=family, state=moments[-1][1], opened_utc=at,
            acknowledged_utc=None if acknowledged is None else at + acknowledged * MINUTE,
            resolved_utc=None if resolved is None else at + resolved * MINUTE, minutes_to_acknowledge=acknowledged,
            disposition=None if resolved is None else "reached_safe", minutes_spent=None if resolved is None else 12, highest_rung=0,
            synthetic=True,
        )  # fmt: skip
        for sequence, (when, name) in enumerate(moments):
            self.add("alert_events", participant_id=person, alert_id=alert_id, sequence=sequence, at_utc=when, name=name, to_state=name)
        return alert_id

    def estimate(
        self, at: datetime, level: float | None, *, evidence: str = "current", age: float | None = 0.0, person: str = "p1"
    ) -> None:
        self.add(
            "estimates", participant_id=person, estimate_id=self.id("m"), revision=1, as_of_utc=at, made_utc=at, evidence=evidence,
            age_hours=age, level=level, rise=0.1, synthetic=True,
        )  # fmt: skip

    def pack(self, target: Path, **said: float | None) -> Path:
        """The archive. `said` replaces a compliance mean of the manifest."""
        book, on_time, ever = codebook({1: self.protocol}), Mean(), Mean()
        for name, tally in self.tally.items():
            on_time.add(tally.on_time)
            ever.add(tally.ever)
            self.tables.setdefault("compliance", []).extend(tally.rows(name))
        tables = (book.prompts_table(), *PROMPT_SIDE, *POINT_SIDE)
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            with Outputs(work, (*tables, ITEMS), ("csv",)) as outputs:
                for table, rows in self.tables.items():
                    for row in rows:
                        outputs.write(table, row)
                for record in book.item_rows():
                    outputs.write("items", record)
            facts = Facts(
                "y1", "A study", "study", False, True, "test", "A test.", self.as_of, "0.0", ("csv",), (), {"skipped": "-99"}, "cut"
            )
            (work / "protocol").mkdir()
            (work / "protocol/revision-1.json").write_bytes(canonical(self.protocol))
            members = [member(work, f"{table.name}.csv") for table in (*tables, ITEMS)] + [member(work, "protocol/revision-1.json")]
            files = {one.name: (one.sha256, one.size_bytes) for one in members}
            reached = Reached(len(self.tally), 0, said.get("on_time", on_time.value), said.get("ever", ever.value))
            write_json(work / "datapackage.json", data_package(facts, (*tables, ITEMS), files, outputs.rows(), reached))
            write_json(work / "MANIFEST.json", manifest(facts, files, outputs.rows(), reached))
            pack(target, [member(work, "datapackage.json"), member(work, "MANIFEST.json"), *members])
        return target

    def happened(self, **changes: Any) -> Happened:
        """A driver that had a receipt for every stored response."""
        stored = [
            {row["response_id"] for row in self.tables.get("answers_long", ()) if row["participant_id"] == name} for name in self.tally
        ]
        persons = tuple(enrolled(number, len(ids)) for number, ids in enumerate(stored, 1))
        said = {
            "days": (self.as_of - START) // DAY,
            "people": len(persons),
            "persons": persons,
            "acknowledged": sum(map(len, stored)),
            "protocol_checksum": checksum(self.protocol),
        }
        return replace(HAPPENED, **{**said, **changes})
