"""Answers as cells of the prompt table and as rows of the long table. Pure.

What a questionnaire needs is worked out once (`ItemCells`, `LongRows`); a row then only looks up its answers.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from models.codec import parse
from models.dataset.codebook import Codebook, ItemColumns
from models.dataset.deidentify import Sharing, shared
from models.dataset.framing import Framing, Person, asked
from models.dataset.instants import said_micros
from models.dataset.schema import FieldType
from models.dataset.shape import Row, Shape
from models.definition.instrument import Item
from models.kinds import ItemKind

STRAIGHT_LEAST: Final = 5
_NUMBERS: Final = frozenset({bool, int, float})
_SCALES: Final = frozenset({ItemKind.SLIDER, ItemKind.LIKERT})


def document(text: str | None) -> Any:
    """A stored document; an empty one where there is none."""
    return {} if text is None else parse(text)


class _Place(NamedTuple):
    """Where an item stands among the item cells of a row. `convert` is None where only its presence may leave."""

    item: Item
    cell: int
    convert: Callable[[Any], Any] | None
    options: tuple[tuple[str, int], ...]
    level: Sharing
    every: tuple[int, ...]
    simple: bool
    """Nothing is to be left out of a value, and it has no cells of options."""


class ItemCells:
    """The item cells of the prompt table for one questionnaire: the value, or what stands for the kind of nothing.

    A multiple choice also has a cell of 0 or 1 for each option. `codes` maps a kind of nothing to what stands in the cell.
    """

    def __init__(self, book: Codebook, items: Sequence[Item], codes: Mapping[str, str], shape: Shape) -> None:
        places = {column.name: number for number, column in enumerate(book.item_columns())}
        self.width = len(places)
        self._flag = shape.flag
        self._codes = {kind: shape.code(code) for kind, code in codes.items()}
        self._places = tuple(
            _place(item, columns, places, shape)
            for item in items
            if item.kind is not ItemKind.INFORMATION and (columns := book.items.get(item.id)) is not None
        )
        self._fast = tuple((place.item.id, place) for place in self._places)

    def __call__(self, answers: Mapping[str, Any], missing: Mapping[str, str]) -> Row:
        cells: Row = [None] * self.width
        for name, place in self._fast:
            if name in missing:
                code = self._codes[missing[name]]
                for cell in place.every:
                    cells[cell] = code
            elif place.convert is None:
                cells[place.cell] = self._flag(True)
            elif (value := answers.get(name)) is not None:
                if place.simple and type(value) is not list:
                    cells[place.cell] = place.convert(value)
                else:
                    self._choice(cells, place, value)
        return cells

    def _choice(self, cells: Row, place: _Place, value: Any) -> None:
        value = shared(place.item, value, place.level)
        chosen = value if isinstance(value, tuple) else (value,)
        for code, cell in place.options:
            cells[cell] = self._flag(code in chosen)
        assert place.convert is not None
        cells[place.cell] = place.convert(value)


def _place(item: Item, columns: ItemColumns, places: Mapping[str, int], shape: Shape) -> _Place:
    main = places[columns.main.name]
    options = tuple((code, places[column.name]) for code, column in columns.options.items())
    convert = None if columns.sharing is Sharing.PRESENCE else _converter(item, columns.main.type, shape)
    simple = columns.sharing is Sharing.VALUE and not options
    return _Place(item, main, convert, options, columns.sharing, (main, *(cell for _, cell in options)), simple)


def _converter(item: Item, kind: FieldType, shape: Shape) -> Callable[[Any], Any]:
    def text(value: Any) -> Any:
        return shape.text(as_text(item, value))

    def flag(value: Any) -> Any:
        return shape.flag(bool(value))

    def day(value: Any) -> Any:
        return shape.day(date.fromisoformat(value).isoformat())

    by_kind: Mapping[str, Callable[[Any], Any]] = {"number": float, "integer": int, "boolean": flag, "date": day}
    return by_kind.get(kind, text)


class _Asked(NamedTuple):
    """An item of the long table: its place and meaning, and how much of it leaves."""

    item: Item
    meaning: Row
    level: Sharing


class LongRows:
    """The rows of the long table in one shape: one for each item of the questionnaire of each revision of each response."""

    def __init__(self, framing: Framing, shape: Shape) -> None:
        self._framing, self._shape = framing, shape
        self._known: dict[tuple[int, str], tuple[int | None, tuple[_Asked, ...]]] = {}

    def rows(self, person: Person, response: Any, *, newest: bool, prompt_id: str | None) -> Iterator[Row]:
        """`response` is an `AnswersRow`; `newest`: of its revisions in the cut."""
        key = (response.protocol_version_id, response.instrument)
        revision, items = self._known.get(key) or self._learn(key)
        if not items:
            return
        flag, text, both = self._shape.flag, self._shape.text, self._shape.both
        answers, missing, times = document(response.answers), document(response.missing), document(response.answer_times)
        probabilities = document(response.drawn).get("probabilities", {})
        shift, offset = response.event_time - response.answered_at, response.offset_minutes
        head = [
            person.participant_id,
            person.source_id(response.client_id),
            response.revision,
            flag(newest),
            prompt_id,
            text(response.instrument),
            revision,
            response.timing,
            self._shape.utc(response.event_time),
        ]
        synthetic, yes, no = flag(response.synthetic), flag(True), flag(False)
        for one in items:
            name = one.item.id
            value: Any = None
            number = kind = None
            withheld = no
            if name in missing:
                kind = missing[name]
            elif one.level is Sharing.PRESENCE:
                withheld = yes
            else:
                value = answers.get(name)
                if one.level is not Sharing.VALUE or type(value) is list:
                    value = shared(one.item, value, one.level)
                if type(value) in _NUMBERS:
                    number = float(value)
                if value is not None:
                    value = text(as_text(one.item, value))
            said = times.get(name)
            local, utc = both(None if said is None else said_micros(said) + shift, offset)
            yield [*head, *one.meaning, value, number, kind, withheld, local, utc, probabilities.get(name), synthetic]

    def _learn(self, key: tuple[int, str]) -> tuple[int | None, tuple[_Asked, ...]]:
        revision, instrument = asked(self._framing, *key)
        known = self._framing.book.items
        items = () if instrument is None else tuple(enumerate(instrument.items, 1))
        found = tuple(_Asked(item, self._meaning(position, item), known[item.id].sharing) for position, item in items if item.id in known)
        self._known[key] = (revision, found)
        return self._known[key]

    def _meaning(self, position: int, item: Item) -> Row:
        text = self._shape.text
        domain = None if item.domain is None else item.domain.value
        return [text(item.id), position, text(item.variable), item.frame.value, domain, item.node.value]


def as_text(item: Item, value: Any) -> str | None:
    """A value as text: yes is 1, several choices are separated by semicolons, trials are JSON."""
    if value is None:
        return None
    if item.kind is ItemKind.TASK:
        return json.dumps(value, separators=(",", ":"), sort_keys=True)
    if isinstance(value, tuple):
        return ";".join(value)
    return str(int(value)) if isinstance(value, bool) else str(value)


def scales(items: Sequence[Item]) -> tuple[tuple[str, ...], ...]:
    """Items that are answered on one scale, of every scale that has enough of them for a straight line."""
    found: dict[tuple[float | None, float | None], list[str]] = {}
    for item in items:
        if item.kind in _SCALES:
            found.setdefault((item.minimum, item.maximum), []).append(item.id)
    return tuple(tuple(names) for names in found.values() if len(names) >= STRAIGHT_LEAST)


def straight_line(scales: Sequence[Sequence[str]], answers: Mapping[str, Any]) -> bool:
    """Whether at least five answers on one scale are all alike: every scale with so many answers is looked at."""
    for names in scales:
        given = [value for name in names if type(value := answers.get(name)) in (int, float)]
        if len(given) >= STRAIGHT_LEAST and given.count(given[0]) == len(given):
            return True
    return False


def earliest(times: Mapping[str, str], shift: int) -> int | None:
    """When the first item was answered, device clock corrected by `shift` microseconds. None where no item says."""
    return min(map(said_micros, times.values())) + shift if times else None
