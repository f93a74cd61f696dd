"""Answers as cells of the prompt table and as rows of the long table. Pure.

What a questionnaire needs is worked out once (`ItemCells`, `LongRows`); a row then only looks up its answers.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import msgspec

from models.codec import parse
from models.dataset.codebook import Codebook, ItemColumns
from models.dataset.deidentify import Sharing, shared
from models.dataset.framing import Framing, Person, asked
from models.dataset.instants import utc_micros
from models.dataset.schema import FieldType
from models.dataset.shape import Row, Shape
from models.definition.instrument import Item, Measured
from models.definition.itemmap import SCALES, STRAIGHT_LEAST
from models.kinds import ItemKind

_NUMBERS: Final = frozenset({bool, int, float})
_TIMES: Final = msgspec.json.Decoder(dict[str, datetime])


def document(text: str | None) -> Any:
    """A stored document; an empty one where there is none."""
    return {} if text is None else parse(text)


def item_times(text: str | None) -> Mapping[str, datetime]:
    """When each item was answered, as the device said it: stored ISO 8601, seconds with at most six digits."""
    if text is None:
        return {}
    try:
        return _TIMES.decode(text)
    except msgspec.ValidationError:  # ISO 8601 that RFC 3339 does not know
        return {name: datetime.fromisoformat(said) for name, said in parse(text).items()}


class _Place(NamedTuple):
    """Where an item stands among the item cells of a row. `convert` is None where only its presence may leave."""

    cell: int
    convert: Callable[[Any], Any] | None
    simple: bool
    """Nothing is to be left out of a value, and it has no cells of options."""
    item: Item
    options: tuple[tuple[str, int], ...]
    level: Sharing
    every: tuple[int, ...]


class ItemCells:
    """The item cells of the prompt table for one questionnaire: the value, or what stands for the kind of nothing.

    A multiple choice also has a cell of 0 or 1 for each option. The measures of a task that was not done have its kind of nothing.
    `codes` maps a kind of nothing to what stands in the cell.
    """

    def __init__(self, book: Codebook, items: Sequence[Item], codes: Mapping[str, str], shape: Shape) -> None:
        places = {column.name: number for number, column in enumerate(book.item_columns())}
        self._flag = shape.flag
        self._codes = {kind: shape.code(code) for kind, code in codes.items()}
        self._places = {
            item.id: _place(item, columns, places, shape)
            for item in items
            if item.kind is not ItemKind.INFORMATION and (columns := book.items.get(item.id)) is not None
        }
        for item in items:
            task = self._places.get(item.source) if isinstance(item, Measured) else None
            if isinstance(item, Measured) and task is not None and (measure := self._places.get(item.id)) is not None:
                self._places[item.source] = task._replace(every=(*task.every, *measure.every))
        self._blank: Row = [shape.nothing] * len(places)
        for place in self._places.values():
            if place.convert is None and not isinstance(place.item, Measured):  # answered, as long as nothing says that it is missing
                self._blank[place.cell] = shape.flag(True)

    def __call__(self, answers: Mapping[str, Any], missing: Mapping[str, str]) -> Row:
        cells, places = self._blank.copy(), self._places
        for name, value in answers.items():
            if value is None or (place := places.get(name)) is None:
                continue
            cell, convert, simple, *_ = place
            if convert is None:
                continue
            if simple and type(value) is not list:
                cells[cell] = convert(value)
            else:
                self._choice(cells, place, value)
        for name, kind in missing.items():
            if (place := places.get(name)) is not None:
                code = self._codes[kind]
                for cell in place.every:
                    cells[cell] = code
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
    return _Place(main, convert, simple, item, options, columns.sharing, (main, *(cell for _, cell in options)))


def _converter(item: Item, kind: FieldType, shape: Shape) -> Callable[[Any], Any]:
    def text(value: Any) -> Any:
        return shape.text(as_text(item, value))

    def integer(value: Any) -> Any:
        return shape.count(int(value))

    def flag(value: Any) -> Any:
        return shape.flag(bool(value))

    def day(value: Any) -> Any:
        return shape.day(date.fromisoformat(value).isoformat())

    by_kind: Mapping[str, Callable[[Any], Any]] = {"number": shape.decimal, "integer": integer, "boolean": flag, "date": day}
    return by_kind.get(kind, text)


class _Asked(NamedTuple):
    """An item of the long table: its place and meaning, how much of it leaves, and the item that says when and why not."""

    item: Item
    meaning: Row
    level: Sharing
    source: str


class LongRows:
    """The rows of the long table in one shape: one for each item of the questionnaire of each revision of each response.

    A task is followed by its measures. One without value and kind of nothing belongs to a task whose scores are not valid.
    """

    def __init__(self, framing: Framing, shape: Shape) -> None:
        self._framing, self._shape = framing, shape
        self._known: dict[tuple[int, str], tuple[int | None, tuple[_Asked, ...]]] = {}

    def rows(self, person: Person, response: Any, *, newest: bool, prompt_id: str | None) -> Iterator[Row]:
        """`response` is an `AnswersRow`; `newest`: of its revisions in the cut."""
        key = (response.protocol_version_id, response.instrument)
        revision, items = self._known.get(key) or self._learn(key)
        if not items:
            return
        flag, text, both, decimal = self._shape.flag, self._shape.text, self._shape.both, self._shape.decimal
        nothing, count, number_of = self._shape.nothing, self._shape.count, self._shape.number
        synthetic, yes, no = flag(response.synthetic), flag(True), flag(False)
        answers, missing, times = document(response.answers), document(response.missing), item_times(response.answer_times)
        probabilities = document(response.drawn).get("probabilities", {})
        order = document(response.item_order)
        places = {name: count(place) for place, name in enumerate(order, 1)} if order else None
        shift, zone = response.event_time - response.answered_at, response.zone
        head = [
            person.participant_id,
            person.source_id(response.client_id),
            count(response.revision),
            flag(newest),
            nothing if prompt_id is None else prompt_id,
            text(response.instrument),
            count(revision),
            response.timing,
            self._shape.utc(response.event_time),
        ]
        for item, told, level, source in items:
            name = item.id
            meaning = told if places is None else [*told[:2], places[source], *told[3:]]
            value = number = kind = nothing
            withheld = no
            if source in missing:
                kind = missing[source]
            elif level is Sharing.PRESENCE:
                withheld = yes
            elif (given := answers.get(name)) is not None:
                if level is not Sharing.VALUE or type(given) is list:
                    given = shared(item, given, level)
                if type(given) in _NUMBERS:
                    number = decimal(given)
                value = text(as_text(item, given))
            at = times.get(source)
            local, utc = both(None if at is None else utc_micros(at) + shift, zone)
            yield [*head, *meaning, value, number, kind, withheld, local, utc, number_of(probabilities.get(source)), synthetic]

    def _learn(self, key: tuple[int, str]) -> tuple[int | None, tuple[_Asked, ...]]:
        revision, instrument = asked(self._framing, *key)
        known = self._framing.book.items
        items = () if instrument is None else tuple(enumerate(instrument.items, 1))
        found = tuple(
            _Asked(one, self._meaning(position, one), known[one.id].sharing, item.id)
            for position, item in items
            for one in (item, *item.measured())
            if one.id in known
        )
        self._known[key] = (revision, found)
        return self._known[key]

    def _meaning(self, position: int, item: Item) -> Row:
        """Its cells from `item` to `node`; the place in the order is the written one where nothing was drawn."""
        text = self._shape.text
        domain = self._shape.nothing if item.domain is None else item.domain.value
        place = self._shape.count(position)
        return [text(item.id), place, place, text(item.variable), item.frame.value, domain, item.node.value]


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
        if item.kind in SCALES:
            found.setdefault((item.minimum, item.maximum), []).append(item.id)
    return tuple(tuple(names) for names in found.values() if len(names) >= STRAIGHT_LEAST)


def straight_line(scales: Sequence[Sequence[str]], answers: Mapping[str, Any]) -> bool:
    """Whether at least five answers on one scale are all alike: every scale with so many answers is looked at."""
    return any(_alike(names, answers) for names in scales)


def _alike(names: Sequence[str], answers: Mapping[str, Any]) -> bool:
    first, count = None, 0
    for name in names:
        value = answers.get(name)
        if type(value) in (int, float):
            if count and value != first:
                return False
            first = value
            count += 1
    return count >= STRAIGHT_LEAST


def earliest(times: Mapping[str, datetime], shift: int) -> int | None:
    """When the first item was answered, device clock corrected by `shift` microseconds. None where no item says."""
    if not times:
        return None
    try:
        return utc_micros(min(times.values())) + shift
    except TypeError:  # some with an offset, some without
        return min(map(utc_micros, times.values())) + shift
