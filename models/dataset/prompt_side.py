"""The prompt side of one person after another: slots, their events, prompts, entries and answers, written as they are read.

At most a chunk of one person's slots, events and responses is in memory, and at most a batch of rows on their way to the files.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from models.dataset.answers import LongRows
from models.dataset.compliance import Compliance, Mean, week_of
from models.dataset.frames import Place, PromptRows, Slot, status
from models.dataset.framing import Framing, Person
from models.dataset.instants import micros, said_micros
from models.dataset.lifeline import life, moment
from models.dataset.people import SlotRows, Span
from models.dataset.scores import SCORES, ScoreRows
from models.dataset.shape import CSV, TYPED, Row, Shape
from models.dataset.task_rows import TaskRows
from models.dataset.tasks_layout import TASK_SCORES, TRIALS
from models.dataset.write import Outputs
from models.kinds import PromptState
from models.queries.cut import Cut
from models.queries.dataset_rows import CHUNK, EventRow, PromptSide
from models.session import ReadSession
from models.tables import PromptEvent

BATCH: Final = 500
"""Rows of a table that are held before they are written."""

_SHAPES: Final = {CSV.name: CSV, TYPED.name: TYPED}


class _Maker(NamedTuple):
    """The rows of one shape."""

    shape: Shape
    prompts: PromptRows
    slots: SlotRows
    long: LongRows
    scores: ScoreRows
    tasks: TaskRows


class _Sheet:
    """The rows of one table, in each shape, on their way to its files. Nothing is kept of a table that was not asked for."""

    def __init__(self, outputs: Outputs, table: str, shapes: Iterable[str]) -> None:
        self.wanted = outputs.wants(table)
        self._outputs, self._table = outputs, table
        self._held: dict[str, list[Row]] = {shape: [] for shape in shapes}

    def add(self, shape: Shape, rows: Iterable[Row]) -> None:
        self._held[shape.name].extend(rows)

    def flush(self, least: int = 1) -> None:
        """Writes what is held, once it is at least so many rows."""
        if len(next(iter(self._held.values()))) >= least:
            self._outputs.write_rows(self._table, self._held)
            for rows in self._held.values():
                rows.clear()


_Alike = tuple[str, int, str, str | None, bool]
"""Design, study week, status, timing and completeness of prompts that count alike."""


class _Met(NamedTuple):
    """A slot with the id that leaves."""

    slot: Slot
    prompt_id: str


class PromptWalk:
    """Writes the tables of prompts, answers, scores, tasks, the schedule, events and compliance; `close` writes what is held.

    `replaced` maps a prompt to what the first replanning after the cut replaced.
    """

    def __init__(
        self, session: ReadSession, framing: Framing, cut: Cut, outputs: Outputs, formats: Sequence[str], replaced: Mapping[int, Any]
    ) -> None:
        self._cut, self._outputs, self._replaced = cut, outputs, replaced
        self._side = PromptSide(session, cut)
        self._as_of = micros(cut.as_of)
        self._last_event = cut.marks[PromptEvent.__tablename__]
        self._late_events = cut.late.get(PromptEvent.__tablename__, frozenset())
        shapes = [_SHAPES[name] for name in formats]
        self._makers = [
            _Maker(
                shape,
                PromptRows(framing, shape),
                SlotRows(framing, shape),
                LongRows(framing, shape),
                ScoreRows(framing, shape),
                TaskRows(framing, shape),
            )
            for shape in shapes
        ]
        self._prompts, self._long, self._scores, self._trials, self._task_scores, self._schedule, self._events = (
            _Sheet(outputs, table, formats)
            for table in ("prompts", "answers_long", SCORES.name, TRIALS.name, TASK_SCORES.name, "schedule", "events")
        )
        self._revisions = framing.revisions
        self.on_time, self.ever = Mean(), Mean()

    def close(self) -> None:
        for sheet in (self._prompts, self._long, self._scores, self._trials, self._task_scores, self._schedule, self._events):
            sheet.flush()

    def person(self, person: Person, enrollment_id: int) -> Span:
        """Slots and entries in the order of time; days, beeps and entries are counted on the way."""
        span, tally, alike = Span(), Compliance(), Counter[_Alike]()
        if not self._outputs.wants("prompts", "schedule", "events", "compliance", "compliance_weeks", "participants"):
            return span
        counting, edited = _Counting(self._as_of), self._side.edited(enrollment_id)
        met = self._met(person, enrollment_id, edited, counting)
        for one in in_order(met, self._side.entries(enrollment_id, edited)):
            if not isinstance(one, _Met):
                place = counting.entry(one)
                for maker in self._makers if self._prompts.wanted else ():
                    self._prompts.add(maker.shape, [maker.prompts.entry(person, one, place)])
            elif counting.belongs(one.slot):
                self._prompt(person, one, counting.prompt(one.slot), span, alike)
            self._prompts.flush(BATCH)
        for (design, week, what, timing, complete), times in alike.items():
            tally.add(design, what, timing, complete=complete, times=times, week=week)
        for record in tally.rows(person.participant_id):
            self._outputs.write("compliance", record)
        for record in tally.week_rows(person.participant_id):
            self._outputs.write("compliance_weeks", record)
        self.on_time.add(tally.on_time)
        self.ever.add(tally.ever)
        return span

    def _prompt(self, person: Person, met: _Met, place: Place, span: Span, alike: Counter[_Alike]) -> None:
        slot, prompt_id = met
        what = status(slot, as_of=self._as_of)
        if self._prompts.wanted:
            for maker in self._makers:
                self._prompts.add(maker.shape, (maker.prompts.prompt(person, slot, place, prompt_id=prompt_id, what=what),))
        if slot.moment.due_at > self._as_of:
            return  # answered early; it counts once its moment has come
        revision = self._revisions.get(slot.moment.protocol_version_id)
        if revision is not None:
            span.add(revision, slot.moment.study_day)
        if slot.life.state is not PromptState.SUPERSEDED:
            response = slot.response
            timing, complete = (None, False) if response is None else (response.timing, bool(response.complete))
            alike[slot.prompt.design, week_of(slot.moment.study_day), what, timing, complete] += 1

    def _met(self, person: Person, enrollment_id: int, edited: Mapping[str, int], counting: "_Counting") -> Iterator[_Met]:
        """Every slot by its planned moment at the cut; writes schedule and events on the way."""
        planned = self._side.order(enrollment_id)
        counting.days(day for _, day, _ in planned)
        order = [row_id for row_id, _, _ in planned]
        if not self._replaced.keys().isdisjoint(order):
            order = [row_id for _, row_id in sorted((self._due(row_id, due_at), row_id) for row_id, _, due_at in planned)]
        for start in range(0, len(order), CHUNK):
            yield from self._chunk(person, order[start : start + CHUNK], edited)

    def _due(self, prompt_id: int, due_at: int) -> int:
        was = self._replaced.get(prompt_id)
        return due_at if was is None or "due_at" not in was else said_micros(was["due_at"])

    def _chunk(self, person: Person, prompt_ids: Sequence[int], edited: Mapping[str, int]) -> Iterator[_Met]:
        slots, histories = self._side.slots(prompt_ids), self._side.events(prompt_ids)
        responses = self._side.responses(prompt_ids, edited)
        others = self._schedule.wanted or self._events.wanted
        for prompt_id in prompt_ids:
            row = slots[prompt_id]
            before, after = self._parted(histories.get(prompt_id, ()))
            was = self._replaced.get(prompt_id)
            plan = row if was is None else moment(row, was)  # a row has all that a plan has
            slot = Slot(row, plan, life(row, before, after, as_of=self._as_of), responses.get(prompt_id, ()))
            met = _Met(slot, person.prompt_id(row.uid))
            if others:
                self._told(person, met, before)
            yield met
        self._schedule.flush(BATCH)
        self._events.flush(BATCH)

    def _told(self, person: Person, met: _Met, before: Sequence[EventRow]) -> None:
        """The rows of a slot in the tables `schedule` and `events`."""
        for maker in self._makers:
            if self._schedule.wanted:
                self._schedule.add(maker.shape, (maker.slots.slot(person, met.slot, met.prompt_id),))
            if self._events.wanted:
                self._events.add(maker.shape, maker.slots.events(person, met.prompt_id, before))

    def _parted(self, events: Sequence[EventRow]) -> tuple[Sequence[EventRow], Sequence[EventRow]]:
        """Those in the cut, and those that came later."""
        last, late = self._last_event, self._late_events
        if not late and (not events or events[-1].id <= last):
            return events, ()
        inside = [event.id <= last and event.id not in late for event in events]
        return (
            [event for event, within in zip(events, inside, strict=True) if within],
            [event for event, within in zip(events, inside, strict=True) if not within],
        )

    def answers(self, person: Person, enrollment_id: int) -> None:
        """The long table of one person, their scores, and their tasks."""
        sheets = (self._long, self._scores, self._trials, self._task_scores)
        if not any(sheet.wanted for sheet in sheets):
            return
        edited = self._side.edited(enrollment_id)
        for response in self._side.answers(enrollment_id):
            newest = response.revision >= edited.get(response.client_id, 0)
            prompt_id = person.prompt_id(response.prompt_uid) if response.prompt_uid else None
            for maker in self._makers:
                makers = (maker.long.rows, maker.scores.rows, maker.tasks.trials, maker.tasks.scores)
                for sheet, rows in zip(sheets, makers, strict=True):
                    if sheet.wanted:
                        sheet.add(maker.shape, rows(person, response, newest=newest, prompt_id=prompt_id))
            for sheet in sheets:
                sheet.flush(BATCH)


def in_order(slots: Iterator[_Met], entries: Iterator[Any]) -> Iterator[Any]:
    """Slots and entries by time, each already in order; of one moment, prompts come before entries."""
    entry = next(entries, None)
    for met in slots:
        while entry is not None and entry.event_time < met.slot.moment.due_at:
            yield entry
            entry = next(entries, None)
        yield met
    while entry is not None:
        yield entry
        entry = next(entries, None)


@dataclass(slots=True)
class _Counting:
    """Counters of one person, in the order of the rows."""

    as_of: int
    ordinals: dict[str, int] = field(default_factory=dict)
    beeps: dict[str, int] = field(default_factory=dict)
    prompts: int = 0
    entries: int = 0
    zone: str | None = None

    def days(self, dates: Iterable[str]) -> None:
        self.ordinals = {day: number for number, day in enumerate(sorted(set(dates)), 1)}

    def belongs(self, slot: Slot) -> bool:
        """Whether a slot is a row of the prompt table: its moment had come and it had not vanished, or it was answered all the same."""
        if slot.responses:
            return True
        return slot.life.state is not PromptState.SUPERSEDED and bool(slot.moment.due_at <= self.as_of)

    def prompt(self, slot: Slot) -> Place:
        day = slot.prompt.slot_date
        self.prompts += 1
        beep = self.beeps[day] = self.beeps.get(day, 0) + 1
        return Place(self.ordinals[day], beep, self.prompts, None, self._changed(slot.moment.zone))

    def entry(self, response: Any) -> Place:
        self.entries += 1
        return Place(entry_seq=self.entries, tz_changed=self._changed(response.zone))

    def _changed(self, zone: str) -> bool:
        changed = self.zone is not None and zone != self.zone
        self.zone = zone
        return changed
