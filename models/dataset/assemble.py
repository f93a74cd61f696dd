"""Reads people one after another and writes their rows: at most a chunk of one person's rows is in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from heapq import merge
from typing import Any

from models.codec import parse
from models.dataset.answers import answer_rows
from models.dataset.compliance import Compliance, Mean
from models.dataset.frames import Place, Slot, entry_row, prompt_row
from models.dataset.framing import Framing, Person
from models.dataset.lifeline import life, moment
from models.dataset.people import Span, event_row, participant_row, schedule_row
from models.dataset.points import (
    alert_event_row,
    alert_life,
    alert_row,
    decision_row,
    engagement_row,
    estimate_row,
    timed_event_row,
)
from models.dataset.write import Outputs
from models.kinds import PromptState
from models.queries import dataset as query
from models.queries.cut import Cut
from models.session import ReadSession
from models.tables import PromptEvent


@dataclass(slots=True)
class Walk:
    """The growing result over all persons."""

    session: ReadSession
    framing: Framing
    cut: Cut
    outputs: Outputs
    replaced: Mapping[int, Mapping[str, Any]]
    on_time: Mean = field(default_factory=Mean)
    ever: Mean = field(default_factory=Mean)

    def person(self, row: Any) -> None:
        """Writes everything of one person, in the order of the dataset's tables."""
        rekey, uid = self.framing.rekey, str(row.uid)
        site = rekey("site", row.site_uid) if row.site_uid else None
        person = Person(uid, rekey("participant", uid), site, row.arm, row.start_date, row.synthetic)
        span = self._prompts(person, row.id)
        if self.outputs.wants("participants"):
            zones = query.zones(self.session, row.id, self.cut)
            consents = query.consents(self.session, row.id, self.cut)
            self.outputs.write("participants", participant_row(self.framing, person, row, zones=zones, consents=consents, span=span))
        self._answers(person, row.id)
        self._points(person, row.id)
        self._alerts(person, row.id)

    def _prompts(self, person: Person, enrollment_id: int) -> Span:
        """Slots and entries in the order of time; days, beeps and entries are counted on the way."""
        span, tally = Span(), Compliance()
        if not self.outputs.wants("prompts", "schedule", "events", "compliance", "participants"):
            return span
        counting = _Counting(self.cut.as_of)
        slots: Iterator[Any] = self._slots(person, enrollment_id, counting)
        entries = query.entries(self.session, enrollment_id, self.cut)
        for row in merge(slots, entries, key=_by_time):
            if not isinstance(row, Slot):
                self.outputs.write("prompts", entry_row(self.framing, person, row, counting.entry(row)))
            elif counting.belongs(row):
                self._prompt(person, row, counting.prompt(row), span, tally)
        for record in tally.rows(person.participant_id):
            self.outputs.write("compliance", record)
        self.on_time.add(tally.on_time)
        self.ever.add(tally.ever)
        return span

    def _prompt(self, person: Person, slot: Slot, place: Place, span: Span, tally: Compliance) -> None:
        record = prompt_row(self.framing, person, slot, place)
        self.outputs.write("prompts", record)
        revision = self.framing.revisions.get(slot.moment.protocol_version_id)
        if revision is not None:
            span.add(revision, slot.moment.study_day)
        if slot.life.state is not PromptState.SUPERSEDED:
            complete = slot.response is not None and slot.response.complete
            timing = None if slot.response is None else str(slot.response.timing)
            tally.add(slot.prompt.design, str(record["status"]), timing, complete=complete)

    def _slots(self, person: Person, enrollment_id: int, counting: "_Counting") -> Iterator[Slot]:
        """Every slot by its planned moment at the cut; writes schedule and events on the way."""
        planned = query.slots(self.session, enrollment_id, self.cut)
        counting.days(row.slot_date for row in planned)
        order = sorted((self._due(row), row.id) for row in planned)
        for start in range(0, len(order), query.CHUNK):
            ids = [row_id for _, row_id in order[start : start + query.CHUNK]]
            for slot, events in self._read_slots(ids):
                self.outputs.write("schedule", schedule_row(self.framing, person, slot))
                for sequence, event in enumerate(events, 1):
                    self.outputs.write("events", event_row(self.framing, person, slot.prompt.uid, event, sequence))
                yield slot

    def _due(self, row: Any) -> datetime:
        was = self.replaced.get(row.id, {})
        return datetime.fromisoformat(was["due_at"]) if "due_at" in was else row.due_at

    def _read_slots(self, prompt_ids: Sequence[int]) -> Iterator[tuple[Slot, Sequence[Any]]]:
        prompts = query.prompts(self.session, prompt_ids)
        events = query.prompt_events(self.session, prompt_ids)
        responses = query.responses_to(self.session, prompt_ids, self.cut)
        for prompt_id in prompt_ids:
            prompt, history = prompts[prompt_id], events.get(prompt_id, ())
            before = [event for event in history if self.cut.has(PromptEvent, event.id)]
            after = [event for event in history if not self.cut.has(PromptEvent, event.id)]
            slot = Slot(
                prompt,
                moment(prompt, self.replaced.get(prompt_id)),
                life(prompt, before, after, as_of=self.cut.as_of),
                tuple(responses.get(prompt_id, ())),
            )
            yield slot, before

    def _answers(self, person: Person, enrollment_id: int) -> None:
        if self.outputs.wants("answers_long"):
            for response in query.answers(self.session, enrollment_id, self.cut):
                for record in answer_rows(self.framing, person, response):
                    self.outputs.write("answers_long", record)

    def _points(self, person: Person, enrollment_id: int) -> None:
        write, framing, cut = self.outputs.write, self.framing, self.cut
        if self.outputs.wants("timed_events"):
            for row in query.timed_events(self.session, enrollment_id, cut):
                write("timed_events", timed_event_row(framing, person, row, retracted=row.id in cut.retracted))
        if self.outputs.wants("estimates"):
            for row in query.estimates(self.session, enrollment_id, cut):
                write("estimates", estimate_row(framing, person, row))
        if self.outputs.wants("decisions"):
            for number, row in enumerate(query.decisions(self.session, enrollment_id, cut), 1):
                snapshot = parse(row.snapshot)
                write("decisions", decision_row(framing, person, row, number, snapshot=snapshot, closed=self._closed(row)))
        if self.outputs.wants("engagement"):
            for row in query.engagements(self.session, enrollment_id, cut):
                write("engagement", engagement_row(framing, person, row))

    def _closed(self, row: Any) -> bool:
        """Whether the proximal outcome had been closed at the cut."""
        closed_at = row.outcome_closed_at
        return closed_at is not None and closed_at <= self.cut.as_of and row.outcome_id not in self.cut.open_outcomes

    def _alerts(self, person: Person, enrollment_id: int) -> None:
        if not self.outputs.wants("alerts", "alert_events"):
            return
        for row in query.alerts(self.session, enrollment_id, self.cut):
            events = query.alert_events(self.session, row.id, self.cut)
            self.outputs.write("alerts", alert_row(self.framing, person, row, alert_life(events)))
            for event in events:
                self.outputs.write("alert_events", alert_event_row(self.framing, person, row.uid, event))


def _by_time(row: Any) -> tuple[datetime, int, int]:
    """Of one moment, prompts come before entries."""
    return (row.moment.due_at, 0, row.prompt.id) if isinstance(row, Slot) else (row.event_time, 1, row.id)


@dataclass(slots=True)
class _Counting:
    """Counters of one person, in the order of the rows."""

    as_of: datetime
    ordinals: dict[date, int] = field(default_factory=dict)
    beeps: dict[date, int] = field(default_factory=dict)
    prompts: int = 0
    entries: int = 0
    zone: str | None = None

    def days(self, dates: Iterator[date]) -> None:
        self.ordinals = {day: number for number, day in enumerate(sorted(set(dates)), 1)}

    def belongs(self, slot: Slot) -> bool:
        """Whether a slot is a row of the prompt table: its moment had come and it had not vanished, or it was answered all the same."""
        if slot.responses:
            return True
        return slot.life.state is not PromptState.SUPERSEDED and slot.moment.due_at <= self.as_of

    def prompt(self, slot: Slot) -> Place:
        day = slot.prompt.slot_date
        self.prompts += 1
        self.beeps[day] = self.beeps.get(day, 0) + 1
        return Place(self.ordinals[day], self.beeps[day], self.prompts, None, self._changed(slot.moment.zone))

    def entry(self, response: Any) -> Place:
        self.entries += 1
        return Place(entry_seq=self.entries, tz_changed=self._changed(response.zone))

    def _changed(self, zone: str) -> bool:
        changed = self.zone is not None and zone != self.zone
        self.zone = zone
        return changed
