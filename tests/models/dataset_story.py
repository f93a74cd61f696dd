"""One person's days as rows, for the tests of the dataset: every fate that a prompt can have."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from models.access import Viewer
from models.dataset.build import Built, build_export
from models.ids import new_uid
from models.kinds import (
    AlertState,
    DecisionPointKind,
    DecisionStatus,
    Disposition,
    Intention,
    OutcomeStatus,
    PromptState,
    Role,
    TimedEventKind,
    Timing,
)
from models.queries.export import ExportRequest, request_export
from models.sealed import Keys
from models.session import Sessions, WriteSession
from models.tables import (
    Alert,
    AlertEvent,
    Consent,
    DecisionRow,
    Engagement,
    Export,
    PlannedEvent,
    Prompt,
    PromptEvent,
    ProximalOutcome,
    Response,
    RiskEstimateRow,
    TimedEvent,
)
from tests.build import NOW, Person, build_person, build_staff, build_study
from tests.build import Built as Study

SECRET = "=my cousin at Oak Street"
MINUTE = timedelta(minutes=1)
CUT = NOW + timedelta(days=2, hours=3)
"""When the dataset is asked for."""

QUITS, VISITS = UUID(int=31), UUID(int=32)
"""What the person plans: a quit day, moved once, and a visit that came."""

MISSING_ALL = {"m_intrude": "not_shown", "m_crave_why": "skipped", "m_relief": "declined", "m_doing": "not_reached"}


def momentary(**changes: Any) -> dict[str, Any]:
    """Answers to every item of the check-in that is not in `MISSING_ALL`."""
    answers: dict[str, Any] = {
        "m_valence": -2, "m_stress": 4, "m_tense": 3, "m_low": 2, "m_irritable": 5, "m_lonely": 1, "m_enjoy": 6, "m_forward": 7,
        "m_impulsive": 2, "m_concentrate": 4, "m_withdraw": 0, "m_pain": 1, "m_crave_now": 7.5, "m_crave_peak": 8, "m_choice": 5,
        "m_where": "home", "m_with": "nobody", "m_cue": True, "m_cue_types": ["person", "money"],
    }  # fmt: skip
    return answers | changes


@dataclass
class Story:
    """Writes rows as the house would. Each method is one thing that happens to the person."""

    session: WriteSession
    study: Study
    person: Person
    seen: dict[str, int] = field(default_factory=dict)

    @property
    def shares(self) -> dict[str, int]:
        return {"study_id": self.study.study_id, "enrollment_id": self.person.enrollment_id}

    def prompt(self, name: str, due_at: datetime, *, index: int = 0, state: PromptState = PromptState.PLANNED, **columns: Any) -> int:
        local = due_at - timedelta(hours=5)
        values: dict[str, Any] = {
            "uid": new_uid(), "protocol_version_id": self.study.version_id, "design": "random_checks", "instrument": "momentary",
            "kind": "stratified", "slot": f"{local.date()}.{name}", "slot_date": local.date(), "slot_index": index, "state": state,
            "reason": None, "due_at": due_at, "window_start": due_at - 60 * MINUTE, "window_end": due_at + 60 * MINUTE,
            "expires_at": due_at + 45 * MINUTE, "reminders_left": [], "zone": "America/New_York",
            "local_due": local.replace(tzinfo=None).isoformat(), "offset_minutes": -300,
            "study_day": (local.date() - (NOW - timedelta(hours=5)).date()).days + 1, "density": 0.004, "day_probability": 1.0,
            "drawn": {"items": ["m_tense"], "probabilities": {"m_tense": 0.5, "m_low": 0.5}}, "planned_at": NOW, "synthetic": False,
        }  # fmt: skip
        ended = state in {PromptState.SUPERSEDED, PromptState.BLOCKED}
        values["next_at"] = None if ended else due_at
        self.seen[name] = self.session.add(Prompt, **self.shares, **{**values, **columns})
        self.event(name, "blocked" if state is PromptState.BLOCKED else "planned", None, state, NOW, columns.get("reason"))
        return self.seen[name]

    def event(
        self, name: str, what: str, before: PromptState | None, after: PromptState, at: datetime, reason: str | None = None, **detail: Any
    ) -> None:
        self.session.add(
            PromptEvent, **self.shares, prompt_id=self.seen[name], at=at, name=what, from_state=before, to_state=after,
            actor="system", reason=reason, detail=detail or None,
        )  # fmt: skip
        ended = after in {PromptState.COMPLETED, PromptState.EXPIRED, PromptState.SUPERSEDED, PromptState.BLOCKED, PromptState.DECLINED}
        values = (
            {"state": after, "reason": reason, "next_at": None} if ended else {"state": after, "next_at": func.coalesce(Prompt.next_at, at)}
        )
        self.session.execute(update(Prompt).where(Prompt.id == self.seen[name]).values(**values))

    def send(self, name: str, at: datetime) -> None:
        self.event(name, "queued", PromptState.PLANNED, PromptState.QUEUED, at)
        self.event(name, "sent", PromptState.QUEUED, PromptState.SENT, at)
        self.session.execute(update(Prompt).where(Prompt.id == self.seen[name]).values(sent_at=at))

    def response(self, at: datetime, *, prompt: str | None = None, client_id: UUID | None = None, **columns: Any) -> int:
        values: dict[str, Any] = {
            "client_id": client_id or new_uid(), "revision": 1, "device_id": self.person.device_id,
            "prompt_id": self.seen[prompt] if prompt else None, "protocol_version_id": self.study.version_id, "instrument": "momentary",
            "complete": True, "started_at": at - MINUTE, "answered_at": at, "sent_at": at, "received_at": at, "event_time": at,
            "skew_seconds": 0.0, "clock_suspect": False, "timing": Timing.ON_TIME if prompt else Timing.UNPROMPTED,
            "zone": "America/New_York", "offset_minutes": -300, "answers": momentary(), "missing": MISSING_ALL, "content_hash": b"h",
            "receipt": b"{}", "decision_status": DecisionStatus.DECIDED, "synthetic": False,
            "answer_times": {"m_valence": (at - MINUTE / 2).isoformat()},
        }  # fmt: skip
        return self.session.add(Response, **self.shares, **{**values, **columns})

    def estimate(self, source: str, revision: int, made_at: datetime, response_id: int | None) -> int:
        return self.session.add(
            RiskEstimateRow, **self.shares, uid=new_uid(), response_id=response_id, source_id=source, revision=revision, as_of=made_at,
            made_at=made_at, evidence="current", age_hours=0.5, level=61.0 + revision, rise=0.4, rising=False,
            detail={"nodes": {"R": 0.5}, "features": {"level": 62.0, "drive": 0.25}, "contributions": {"S": 0.5}}, prior_id="p",
            model_id=None, estimator_version="e", item_map_hash="m", inputs_hash=b"i",
            estimate_hash=b"e", synthetic=False,
        )  # fmt: skip

    def decision(self, source: str, at: datetime, response_id: int, estimate_id: int, **columns: Any) -> int:
        values: dict[str, Any] = {
            "uid": new_uid(), "protocol_version_id": self.study.version_id, "point": DecisionPointKind.RESPONSE, "source_id": source,
            "response_id": response_id, "estimate_id": estimate_id, "estimate_revision": 1, "due_at": at, "decided_at": at,
            "zone": "America/New_York", "mode": "live", "available": True, "unavailable": [], "rule": self.randomized.id,
            "rule_version": 1, "rule_hash": "r", "rule_trace": [], "arm": self.arm(True), "arm_probabilities": self.arm_probabilities,
            "arm_fraction": 0.1, "content_code": "scene", "content_version": 1, "content_hash": "c",
            "content_probabilities": {"scene": 1.0}, "content_fraction": 0.2, "key_id": "k1", "reason": "shown", "sentence": "Shown.",
            "snapshot": json.dumps({"level": 62.0, "has_scene": True, "something_else": SECRET}).encode(), "outcome": None,
            "outcome_status": OutcomeStatus.PENDING, "synthetic": False,
        }  # fmt: skip
        return self.session.add(DecisionRow, **self.shares, **{**values, **columns})

    @property
    def randomized(self) -> Any:
        """A rule of the protocol with an arm that gives content and one that does not."""
        return next(rule for rule in self.study.protocol.rules if len({bool(arm.groups) for arm in rule.arms}) == 2)

    @property
    def arm_probabilities(self) -> dict[str, float]:
        return {arm.id: arm.probability for arm in self.randomized.arms}

    def arm(self, gives: bool) -> str:
        return str(next(arm.id for arm in self.randomized.arms if bool(arm.groups) is gives))

    def outcome(self, decision_id: int, at: datetime) -> int:
        return self.session.add(
            ProximalOutcome, **self.shares, decision_id=decision_id, variable="craving", opens_at=at, closes_at=at + 60 * MINUTE,
            status=OutcomeStatus.PENDING, value=None, response_id=None, missing_reason=None, closed_at=None,
        )  # fmt: skip

    def close(self, outcome_id: int, at: datetime, response_id: int) -> None:
        closed = {"status": OutcomeStatus.OBSERVED, "value": 0.4, "response_id": response_id, "closed_at": at}
        self.session.execute(update(ProximalOutcome).where(ProximalOutcome.id == outcome_id).values(**closed))

    def alert(self, source: str, at: datetime) -> int:
        alert_id = self.session.add(
            Alert, **self.shares, uid=new_uid(), tier=3, family="safety", dedup_key="e/safety/3", state=AlertState.OPEN, ladder={}, rung=0,
            rung_since=at, next_at=at + MINUTE, occurrences=1, last_occurred_at=at, source_id=source,
            protocol_version_id=self.study.version_id, rule_hash="r", opened_at=at, version=1, synthetic=False,
        )  # fmt: skip
        self.alert_event(alert_id, 1, "opened", None, AlertState.OPEN, at, "system")
        return alert_id

    def alert_event(
        self, alert_id: int, sequence: int, name: str, before: AlertState | None, after: AlertState, at: datetime, actor: str
    ) -> None:
        self.session.add(
            AlertEvent, **self.shares, alert_id=alert_id, sequence=sequence, at=at, name=name, from_state=before, to_state=after, rung=0,
            actor=actor, reason=None, note_sealed=SECRET.encode(), detail={"said": SECRET},
        )  # fmt: skip

    def resolve(self, alert_id: int, at: datetime) -> None:
        self.alert_event(alert_id, 3, "resolved", AlertState.ACKNOWLEDGED, AlertState.RESOLVED, at, f"staff:{UUID(int=7)}")
        ended = {"state": AlertState.RESOLVED, "next_at": None, "disposition": Disposition.REACHED_SAFE, "minutes_spent": 12}
        self.session.execute(update(Alert).where(Alert.id == alert_id).values(**ended, resolved_at=at))

    def timed_event(self, at: datetime) -> int:
        return self.session.add(
            TimedEvent, **self.shares, uid=new_uid(), client_id=new_uid(), kind=TimedEventKind.DOSE, happened_at=at,
            reported_at=at + 90 * MINUTE, source="participant", content_hash=b"h", synthetic=False,
        )  # fmt: skip

    def plans(self, client_id: UUID, revision: int, day: date, at: datetime, **columns: Any) -> None:
        values: dict[str, Any] = {"kind": TimedEventKind.QUIT_DAY, "intention": Intention.PLANNED, "wall": None, "source": "participant"}
        self.session.add(
            PlannedEvent, **self.shares, uid=new_uid(), client_id=client_id, revision=revision, day=day, recorded_at=at, synthetic=False,
            **{**values, **columns},
        )  # fmt: skip

    def engage(self, decision_id: int | None, at: datetime) -> None:
        self.session.add(
            Engagement, **self.shares, decision_id=decision_id, client_id=new_uid(), content_code="scene", what="completed", value=None,
            at=at, received_at=at,
        )  # fmt: skip

    def leave(self, scope: str, at: datetime) -> None:
        self.session.add(Consent, **self.shares, uid=new_uid(), given=False, scope=scope, leaving=None, at=at, actor="participant")

    def tell(self) -> None:
        """Two days: completed and edited, missed, answered after expiry, blocked, superseded, open, and still to come."""
        day = NOW + timedelta(days=1)
        self.prompt("done", day)
        self.send("done", day)
        self.event("done", "opened", PromptState.SENT, PromptState.OPENED, day + 2 * MINUTE)
        client_id = new_uid()
        first = self.response(day + 4 * MINUTE, prompt="done", client_id=client_id)
        self.event("done", "completed", PromptState.OPENED, PromptState.COMPLETED, day + 4 * MINUTE)
        edited = {"revision": 2, "base_revision": 1, "edit_reason": "slip", "answers": momentary(m_stress=9)}
        self.response(day + 4 * MINUTE, prompt="done", client_id=client_id, **edited)
        self.session.execute(update(Response).where(Response.id == first).values(superseded=True))
        for place, name in enumerate(("missed", "late"), 1):
            due = day + timedelta(hours=3 * place)
            self.prompt(name, due, index=place)
            self.send(name, due)
            self.event(name, "expired", PromptState.SENT, PromptState.EXPIRED, due + 45 * MINUTE)
        late_at = day + timedelta(hours=9)
        self.response(late_at, prompt="late", timing=Timing.AFTER_EXPIRY, answers=momentary(m_cue=False, m_cue_types=[]))
        self.event("late", "completed", PromptState.EXPIRED, PromptState.EXPIRED, late_at)
        self.prompt("blocked", day + timedelta(hours=7), index=3, state=PromptState.BLOCKED, reason="travel")
        self.prompt("gone", day + timedelta(hours=8), index=4, state=PromptState.SUPERSEDED, reason="replanned")
        self.prompt("open", CUT - 10 * MINUTE, index=0)
        self.send("open", CUT - 10 * MINUTE)
        self.prompt("coming", CUT + timedelta(hours=4), index=1)
        report = self.response(
            day + timedelta(hours=5), instrument="craving", missing={"m_intrude": "skipped"}, texts_sealed=b"sealed",
            answers={"m_crave_now": 9, "m_low": 3, "m_stress": 8, "m_withdraw": 2, "m_choice": 4, "c_started": "now",
                     "m_crave_why": "sleep", "r_cue_types": ["nothing"], "m_cue_own": [SECRET], "c_next": "ride", "c_need": "no"},
            answer_times=None,
        )  # fmt: skip
        estimate_id = self.estimate("source-1", 1, day + 5 * MINUTE, first)
        self.estimate("source-1", 2, day + 6 * MINUTE, first)
        decision_id = self.decision("source-1", day + 5 * MINUTE, first, estimate_id)
        self.close(self.outcome(decision_id, day + 20 * MINUTE), day + 30 * MINUTE, report)
        self.seen["second"] = self.decision("source-2", day + timedelta(hours=5), report, estimate_id, content_code=None, content_hash=None,
                                            content_version=None, arm=self.arm(False))  # fmt: skip
        self.seen["outcome"] = self.outcome(self.seen["second"], day + timedelta(hours=5))
        self.engage(decision_id, day + 10 * MINUTE)
        self.seen["alert"] = self.alert("source-2", day + timedelta(hours=5))
        acknowledged = day + timedelta(hours=5, minutes=6)
        self.alert_event(
            self.seen["alert"], 2, "acknowledged", AlertState.OPEN, AlertState.ACKNOWLEDGED, acknowledged, f"staff:{UUID(int=7)}"
        )
        self.seen["dose"] = self.timed_event(day - timedelta(hours=1))
        self.plans(QUITS, 1, date(2026, 3, 9), NOW)
        self.plans(QUITS, 2, date(2026, 3, 11), day, source="staff", wall="09:30")
        visit = {"kind": TimedEventKind.VISIT, "timed_event_id": self.seen["dose"], "intention": Intention.HAPPENED}
        self.plans(VISITS, 1, date(2026, 3, 5), NOW, kind=TimedEventKind.VISIT)
        self.plans(VISITS, 2, date(2026, 3, 5), day, **visit)

    def go_on(self) -> None:
        """What may happen after the cut: answers, a late answer, an edit, moves, expiry, closing, resolving, taking back."""
        at = CUT + 5 * MINUTE
        self.response(at, prompt="open", received_at=CUT)
        self.event("open", "completed", PromptState.SENT, PromptState.COMPLETED, CUT)
        self.response(at, prompt="missed", timing=Timing.AFTER_EXPIRY)
        self.event("missed", "opened", PromptState.EXPIRED, PromptState.EXPIRED, at)
        self.event("missed", "completed", PromptState.EXPIRED, PromptState.EXPIRED, at)
        told_late = {"opened_at": CUT - 60 * MINUTE, "delivered_at": CUT - 61 * MINUTE, "first_answer_at": CUT - 59 * MINUTE}
        self.session.execute(update(Prompt).where(Prompt.id == self.seen["missed"]).values(**told_late))
        late = self.session.row(select(Response).where(Response.prompt_id == self.seen["late"]))
        assert late is not None
        self.response(late.event_time, prompt="late", client_id=late.client_id, revision=2, answers=momentary(m_pain=10))
        self.session.execute(update(Response).where(Response.id == late.id).values(superseded=True))
        for name in ("blocked", "coming"):
            row = self.session.row(select(Prompt).where(Prompt.id == self.seen[name]))
            assert row is not None
            was = {"due_at": row.due_at.isoformat(), "expires_at": row.expires_at.isoformat(), "zone": row.zone, "density": row.density,
                   "offset_minutes": row.offset_minutes, "window_start": row.window_start.isoformat(),
                   "window_end": row.window_end.isoformat()}  # fmt: skip
            self.event(name, "replanned", row.state, PromptState.PLANNED, at, "zone", was=was)
            moved = {"due_at": CUT + timedelta(hours=6), "expires_at": CUT + timedelta(hours=7), "next_at": CUT + timedelta(hours=6),
                     "zone": "Asia/Tokyo", "offset_minutes": 540, "density": 0.5, "reason": None,
                     "window_start": CUT, "window_end": CUT + timedelta(hours=8)}  # fmt: skip
            self.session.execute(update(Prompt).where(Prompt.id == self.seen[name]).values(**moved))
        response_id = self.response(at, instrument="good", answers={"m_enjoy": 5}, missing={})
        self.estimate("source-1", 3, CUT, response_id)
        self.close(self.seen["outcome"], CUT, response_id)
        self.outcome(self.decision("source-3", CUT, response_id, self.estimate("source-3", 1, CUT, response_id)), CUT)
        self.engage(None, CUT)
        self.resolve(self.seen["alert"], CUT)
        self.session.execute(update(Alert).where(Alert.id == self.seen["alert"]).values(occurrences=3, rung=2))
        self.session.execute(update(TimedEvent).where(TimedEvent.id == self.seen["dose"]).values(retracted_at=CUT))
        self.timed_event(CUT)
        self.plans(QUITS, 3, date(2026, 3, 11), CUT - MINUTE, intention=Intention.RETRACTED)
        self.plans(new_uid(), 1, date(2026, 3, 20), CUT)
        self.leave("contact", CUT)
        self.prompt("new", CUT - MINUTE, index=7)


@dataclass(frozen=True)
class World:
    sessions: Sessions
    keys: Keys
    study: Study
    person: Person
    viewer: Viewer
    story: Mapping[str, int]

    def ask(self, *, viewer: Viewer | None = None, now: datetime = CUT, **changes: Any) -> UUID:
        wanted = {"release": "2026-03", "purpose": "Testing the dataset.", **changes}
        with self.sessions.transaction() as session:
            return request_export(session, viewer or self.viewer, self.study.study_id, ExportRequest(**wanted), now=now)

    def row(self, export_uid: UUID) -> Any:
        with self.sessions.reading() as session:
            return session.row(select(Export).where(Export.uid == export_uid))

    def build(self, export_uid: UUID, directory: Path, now: datetime = CUT) -> Built:
        return build_export(self.sessions, self.keys, self.row(export_uid), directory, now=now)

    def tell_on(self) -> None:
        with self.sessions.transaction() as session:
            Story(session, self.study, self.person, dict(self.story)).go_on()


def build_world(sessions: Sessions, keys: Keys) -> World:
    study = build_study(sessions)
    person = build_person(sessions, keys, study, arm="a")
    with sessions.transaction() as session:
        story = Story(session, study, person)
        story.tell()
    return World(sessions, keys, study, person, build_staff(sessions, study, Role.INVESTIGATOR), story.seen)


def table(path: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(path) as archive:
        return list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode())))


def document(path: Path, name: str) -> Any:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(name))


def everything(path: Path) -> bytes:
    """All bytes of all members but the protocol's."""
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist() if not name.startswith("protocol/"))
