"""Validation of a submission's answers against the instrument that the answer names. Pure; the reading of one value is in `answer_values`.

Faults say where (`/answers/<item>/value`) and which rule, never what was answered.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from models.definition.answer_values import Broken, Empty, read_value
from models.definition.base import pointer
from models.definition.expression import evaluate, holds, items_read
from models.definition.instrument import Instrument, Item
from models.definition.tasks.draws import TrialDraws
from models.definition.tasks.parameters import Task
from models.definition.tasks.task import score_task
from models.errors import Fault
from models.kinds import ItemKind, Missing

_MEMBERS: Final = frozenset({"value", "skipped", "declined", "at"})


@dataclass(frozen=True, slots=True)
class Checked:
    """What a submission says, item by item.

    `values` holds the valid answers of shown items; `missing` one of the four kinds of nothing for every other question
    (an item with a fault stands in neither); `at` the instant of answering in UTC where given; `given_hidden` valid answers to items that
    branching or rotation did not show. Information items stand nowhere.
    `off_step` are numbers between the steps of their scale, each with a fault.
    `measured` are the measures of tasks, by id: the numbers that the server computed. They stand in `values` too.
    """

    values: Mapping[str, Any]
    missing: Mapping[str, Missing]
    at: Mapping[str, datetime]
    faults: tuple[Fault, ...]
    given_hidden: Mapping[str, Any]
    measured: Mapping[str, float]
    off_step: Mapping[str, float]

    @property
    def disclosable(self) -> Mapping[str, Any]:
        """Everything that the person surely said, hidden or not: what disclosures run on. A number is heard also off its step."""
        return {**self.given_hidden, **self.off_step, **self.values}


def validate(
    instrument: Instrument,
    raw: Mapping[str, Any],
    *,
    drawn: Collection[str] | None,
    lists: Mapping[str, Collection[str]],
    complete: bool = True,
    order: Sequence[str] | None = None,
    draws: Callable[[str], TrialDraws] | None = None,
) -> Checked:
    """Reads `raw`: item id -> `{"value": v}`, `{"skipped": true}` or `{"declined": true}`, each with an optional `at`.

    `at` is the instant of answering, ISO 8601 with its UTC offset.
    `drawn` are the items that the prompt's rotation chose; None where that is not known, and then an item of a rotating set
    was shown exactly if it was answered. `lists` maps a list's name to the entry ids that may be chosen; `none` always may.
    `complete` False: a partial submission, in which questions after the last entry were not reached. `order`: that in which the items
    were asked, all of them (`item_order`); None: as written.
    Refusing is always allowed: a required item that was skipped or left out counts as declined. A null value, an
    empty text, and an empty choice where an exclusive option ("nothing") was offered count as skipped.
    `draws` gives those of a task by its item; None where nobody knows them.

    >>> from models.kinds import InstrumentKind, RecallFrame
    >>> stress = Item(id="m_stress", kind=ItemKind.SLIDER, text={"en": "?"}, minimum=0, maximum=10, variable="stress",
    ...               frame=RecallFrame.NOW)
    >>> report = Instrument(id="stressor", kind=InstrumentKind.REPORT, title={"en": "Stress"}, seconds=30, items=(stress,))
    >>> validate(report, {"m_stress": {"value": 4}}, drawn=None, lists={}).values
    {'m_stress': 4}
    >>> validate(report, {"m_stress": {"value": 11}}, drawn=None, lists={}).faults[0].pointer
    '/answers/m_stress/value'
    """
    rotating = frozenset(name for rotation in instrument.rotations for name in rotation.items)
    reading = _Reading(instrument, raw, drawn, lists, rotating, frozenset() if complete else _ahead(instrument, raw, order), draws)
    reading.unknown()
    for item in instrument.items:
        reading.read(item)
    values = {**reading.values, **reading.measured} if reading.measured else reading.values
    return Checked(values, reading.missing, reading.at, tuple(reading.faults), reading.given_hidden, reading.measured, reading.off_step)


def _ahead(instrument: Instrument, raw: Mapping[str, Any], order: Sequence[str] | None) -> frozenset[str]:
    """The items after the last that says anything."""
    asked = [item.id for item in instrument.items] if order is None else order
    return frozenset(asked[max((place for place, name in enumerate(asked, 1) if name in raw), default=0) :])


@dataclass(slots=True)
class _Reading:
    """The growing result: an item's visibility depends on the valid values before it.

    Items are read as they are written: a condition reads only what is earlier in every order (`branch_within_shuffle`).
    """

    instrument: Instrument
    raw: Mapping[str, Any]
    drawn: Collection[str] | None
    lists: Mapping[str, Collection[str]]
    rotating: frozenset[str]
    ahead: frozenset[str]
    draws: Callable[[str], TrialDraws] | None
    values: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, Missing] = field(default_factory=dict)
    at: dict[str, datetime] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    given_hidden: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, float] = field(default_factory=dict)
    off_step: dict[str, float] = field(default_factory=dict)

    def fault(self, item_id: str, member: str, rule: str, message: str) -> None:
        place = pointer("answers", item_id, member) if member else pointer("answers", item_id)
        self.faults.append(Fault(place, rule, message))

    def unknown(self) -> None:
        """A member's name may be anything a client sends: only names that could be item ids are repeated."""
        known = {item.id for item in self.instrument.items}
        for name in sorted(str(key) for key in self.raw if key not in known):
            if len(name) <= 63 and name.isascii() and name.replace("_", "").isalnum():
                self.fault(name, "", "unknown_item", "The instrument has no such item.")
            else:
                self.faults.append(Fault("/answers", "unknown_item", "A member is not the id of an item."))

    def read(self, item: Item) -> None:
        given = item.id in self.raw
        value = self._given(item) if given else Missing.SKIPPED
        if value is _FAULTY or item.kind is ItemKind.INFORMATION:
            return
        ahead = item.id in self.ahead
        if self._rotated_out(item, given) or not (ahead or holds(item.show_if, self.values, {})):
            self.missing[item.id] = Missing.NOT_SHOWN
            if not isinstance(value, Missing):
                self.given_hidden[item.id] = value
        elif ahead:
            self.missing[item.id] = self._not_reached(item)
        elif isinstance(value, Missing):
            self.missing[item.id] = Missing.DECLINED if item.required else value
        else:
            self.values[item.id] = value
            if item.task is not None and item.measures:
                self._measure(item, item.task, value)

    def _measure(self, item: Item, task: Task, value: Mapping[str, Any]) -> None:
        """The numbers of a task whose scores are valid; a measure that its trials do not give is left out."""
        scored = score_task(task, value)
        for one in item.measures if scored.valid else ():
            number = scored.measures.get(one.measure)
            if number is not None:
                self.measured[one.id] = number

    def _rotated_out(self, item: Item, given: bool) -> bool:
        return item.id in self.rotating and not (given if self.drawn is None else item.id in self.drawn)

    def _not_reached(self, item: Item) -> Missing:
        """After the end of a partial submission: not shown only where the given answers already decide that."""
        decided = items_read(item.show_if) <= self.values.keys()
        hidden = item.show_if is not None and decided and evaluate(item.show_if, self.values, {}) is not True
        return Missing.NOT_SHOWN if hidden else Missing.NOT_REACHED

    def _given(self, item: Item) -> Any:
        """The value, a kind of nothing, or `_FAULTY` after recording what is wrong."""
        entry = self.raw[item.id]
        if type(entry) is dict and len(entry) == 1 and "value" in entry:  # nearly all there are
            return self._value(item, entry["value"])
        if not isinstance(entry, Mapping) or not entry.keys() <= _MEMBERS:
            self.fault(item.id, "", "wrong_members", "An answer is an object with `value`, `skipped` or `declined`, and `at`.")
            return _FAULTY
        said = [name for name in ("value", "skipped", "declined") if name in entry]
        if len(said) != 1 or (said[0] != "value" and entry[said[0]] is not True):
            self.fault(item.id, "", "wrong_members", "An answer holds exactly one of `value`, `skipped: true` and `declined: true`.")
            return _FAULTY
        self._instant(item, entry)
        if said[0] != "value":
            return Missing(said[0])
        return self._value(item, entry["value"])

    def _value(self, item: Item, raw: Any) -> Any:
        try:
            draws = None if item.task is None or self.draws is None else self.draws(item.id)
            return read_value(item, raw, self.lists, draws)
        except Empty:
            return Missing.SKIPPED
        except Broken as broken:
            for one in (broken, *broken.more):
                self.faults.append(Fault(pointer("answers", item.id, "value", *one.at), one.rule, one.message))
            if broken.means is not None:
                self.off_step[item.id] = broken.means
            return _FAULTY

    def _instant(self, item: Item, entry: Mapping[str, Any]) -> None:
        if entry.get("at") is None:
            return
        try:
            instant = datetime.fromisoformat(entry["at"])
            if instant.tzinfo is None:
                raise ValueError
            self.at[item.id] = instant.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            self.fault(item.id, "at", "not_an_instant", "An instant is ISO 8601 with a UTC offset.")


_FAULTY: Final = object()
