"""Rows of the tables of timed tasks. Pure.

Scores are computed from the kept trials by the rules of the task's version, so that they are there for measures too that the protocol
names no series for.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from models.dataset.answers import document
from models.dataset.deidentify import Sharing
from models.dataset.framing import Framing, Person, asked
from models.dataset.shape import Row, Shape
from models.definition.instrument import Item, Measure
from models.definition.tasks.task import score_task, trial_rows
from models.kinds import ItemKind


class _Named(NamedTuple):
    """A measure for which the protocol names a series."""

    measure: Measure
    column: str | None


class _Done(NamedTuple):
    """A task of a response: its item, what was kept, and the cells that its rows begin with."""

    item: Item
    value: Any
    head: Row


class TaskRows:
    """The rows of both tables in one shape. `response` is an `AnswersRow`; `newest`: of its revisions in the cut."""

    def __init__(self, framing: Framing, shape: Shape) -> None:
        self._framing, self._shape = framing, shape
        self._known: dict[tuple[int, str], tuple[int | None, tuple[Item, ...]]] = {}

    def trials(self, person: Person, response: Any, *, newest: bool, prompt_id: str | None) -> Iterator[Row]:
        flag, text, count, number = self._shape.flag, self._shape.text, self._shape.count, self._shape.number
        nothing = self._shape.nothing
        for item, value, head in self._done(person, response, newest=newest, prompt_id=prompt_id):
            if item.task is None:
                for place, one in enumerate(value, 1):
                    detail = text(json.dumps(one, separators=(",", ":"), sort_keys=True))
                    yield [*head, count(place), *[nothing] * 8, detail, flag(response.synthetic)]
                continue
            for place, trial in enumerate(trial_rows(item.task, value), 1):
                yield [
                    *head,
                    count(place),
                    flag(trial.practice),
                    flag(trial.scored),
                    text(trial.type),
                    text(trial.stimulus),
                    text(trial.answer),
                    number(trial.rt_ms),
                    nothing if trial.correct is None else flag(trial.correct),
                    number(trial.error),
                    nothing,
                    flag(response.synthetic),
                ]

    def scores(self, person: Person, response: Any, *, newest: bool, prompt_id: str | None) -> Iterator[Row]:
        flag, text, count, number = self._shape.flag, self._shape.text, self._shape.count, self._shape.number
        for item, value, head in self._done(person, response, newest=newest, prompt_id=prompt_id):
            if item.task is None:
                continue
            scored, named = score_task(item.task, value), self._named(item)
            flags = text(";".join(scored.flags) or None)
            for name, found in scored.measures.items():
                series = named.get(name)
                yield [
                    *head,
                    text(name),
                    number(found),
                    flag(scored.valid),
                    flags,
                    count(scored.trials),
                    count(scored.used),
                    text(None if series is None else series.measure.variable),
                    text(None if series is None else series.column),
                    flag(response.synthetic),
                ]

    def _named(self, item: Item) -> dict[str, _Named]:
        columns = self._framing.book.items
        return {one.measure: _Named(one, columns[one.id].main.name if one.id in columns else None) for one in reversed(item.measures)}

    def _done(self, person: Person, response: Any, *, newest: bool, prompt_id: str | None) -> Iterator[_Done]:
        key = (response.protocol_version_id, response.instrument)
        revision, items = self._known.get(key) or self._learn(key)
        if not items:
            return
        answers, text, count = document(response.answers), self._shape.text, self._shape.count
        for item in items:
            value = answers.get(item.id)
            if value is not None:
                head = [
                    person.participant_id,
                    person.source_id(response.client_id),
                    count(response.revision),
                    self._shape.flag(newest),
                    self._shape.nothing if prompt_id is None else prompt_id,
                    text(response.instrument),
                    count(revision),
                    self._shape.utc(response.event_time),
                    text(item.id),
                    text(None if item.task is None else item.task.kind.value),
                    count(None if item.task is None else item.task.version),
                ]
                yield _Done(item, value, head)

    def _learn(self, key: tuple[int, str]) -> tuple[int | None, tuple[Item, ...]]:
        """The tasks of a questionnaire whose answers may leave; few questionnaires have any."""
        revision, instrument = asked(self._framing, *key)
        known = self._framing.book.items
        items = () if instrument is None else instrument.items
        tasks = tuple(item for item in items if item.kind is ItemKind.TASK and item.id in known and known[item.id].sharing is Sharing.VALUE)
        self._known[key] = (revision, tasks)
        return self._known[key]
