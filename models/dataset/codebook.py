"""From protocols to columns: which columns the items of all revisions make, and what every item says. Pure.

An item id is one question wherever it is asked, so it is one column, the union of all revisions; `items` has a row for each
place where it is asked, with the words of that revision.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.dataset.columns import TO_PERSON, count, flag, number, text, words
from models.dataset.deidentify import LISTED, Sharing, sharing
from models.dataset.layout import PROMPT_COLUMNS
from models.dataset.schema import Column, FieldType, Record, Table
from models.definition.answer_values import NONE_OF_LIST
from models.definition.base import Text
from models.definition.instrument import Instrument, Item, Measured
from models.definition.protocol import Protocol
from models.kinds import Domain, ItemKind, Node, RecallFrame

_CHOICES = frozenset({ItemKind.MULTI, ItemKind.BODY_MAP})
_Asked = tuple[Protocol, Item]
_FIXED_NAMES = frozenset(column.name for column in PROMPT_COLUMNS)

ITEMS = Table(
    "items",
    "The codebook: one row for each item of each questionnaire of each protocol revision.",
    (
        text("column", "Its column in the prompt table; empty: it has none."),
        text("item", "Id of the item.", required=True),
        text("instrument", "Which questionnaire.", required=True),
        count("protocol_revision", "Revision of the protocol.", 1),
        text("protocol_version", "Version of the protocol."),
        count("position", "Place in the questionnaire, from 1.", 1),
        text("kind", "Kind of answer.", words(ItemKind)),
        text("text", "The question, in the protocol's first language."),
        text("options", "code = label, separated by semicolons."),
        number("minimum", "Lowest answer."),
        number("maximum", "Highest answer."),
        number("step", "Distance of possible answers."),
        text("low_label", "Words at the low end."),
        text("high_label", "Words at the high end."),
        text("variable", "The series it belongs to; the same name is the same series in every questionnaire."),
        text("frame", "The time it asks about.", words(RecallFrame)),
        text("domain", "Domain of the craving network.", words(Domain)),
        text("node", "Node of the estimator.", words(Node)),
        count("direction", "1: more is more of the node, -1: less, 0: neither.", -1),
        number("weight", "Weight within the node."),
        number("half_life_hours", "How fast one answer stops being evidence."),
        flag("required", "Refusing counts as declined."),
        flag("reverse", "Scored in reverse."),
        text("show_if", "Branching, as an expression in JSON."),
        number("inclusion_probability", "Probability with which the rotation asks it; empty: always asked.", minimum=0, maximum=1),
        text("block", "Where its place is drawn: shuffle/block of the questionnaire; empty: it stands as written."),
        text(
            "measure_of", "Of a number that the server computed: the task that it comes from, whose place is its own. Empty: it was asked."
        ),
        text("measure", "Which measure of that task."),
        text("task", "What a timed task sets, as JSON."),
        text("exported_as", "How much of the answer leaves.", ("value", "listed", "presence", "nothing")),
    ),
    key=("protocol_revision", "instrument", "item"),
)


@dataclass(frozen=True, slots=True)
class ItemColumns:
    """The columns of one item id. `options` maps an option code to its 0/1 column."""

    main: Column
    sharing: Sharing
    options: Mapping[str, Column] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Codebook:
    """Columns by item id in order of first appearance, and the questionnaires by (revision, id)."""

    items: Mapping[str, ItemColumns]
    instruments: Mapping[tuple[int, str], Instrument]
    protocols: Mapping[int, Protocol]

    def prompts_table(self) -> Table:
        return Table(
            "prompts",
            "One row for each prompt whose moment had come, also missed, expired, declined and blocked ones, and for each entry.",
            PROMPT_COLUMNS + self.item_columns(),
            key=("record_id",),
            references=(TO_PERSON,),
        )

    def item_columns(self) -> tuple[Column, ...]:
        """The columns of the prompt table that the items make, in their order."""
        return tuple(column for one in self.items.values() for column in (one.main, *one.options.values()))

    def item_rows(self) -> Iterator[Record]:
        """The rows of `ITEMS`, by revision in the order of the protocol."""
        for revision, protocol in sorted(self.protocols.items()):
            for instrument in protocol.instruments:
                for position, item in enumerate(instrument.items, 1):
                    yield _item_row(self, revision, protocol, instrument, position, item)
                    for measured in item.measured():
                        yield {
                            **_item_row(self, revision, protocol, instrument, position, measured),
                            "measure_of": item.id,
                            "measure": measured.measure,
                        }


def codebook(versions: Mapping[int, Protocol]) -> Codebook:
    """The codebook of protocol revisions. The same revisions give the same columns in the same order."""
    asked: dict[str, list[_Asked]] = {}
    instruments: dict[tuple[int, str], Instrument] = {}
    for revision, protocol in sorted(versions.items()):
        for instrument in protocol.instruments:
            instruments[revision, instrument.id] = instrument
            for item in instrument.series():
                asked.setdefault(item.id, []).append((protocol, item))
    used = set(_FIXED_NAMES)
    items = {item_id: _columns(item_id, places, used) for item_id, places in asked.items()}
    return Codebook({name: one for name, one in items.items() if one is not None}, instruments, dict(versions))


def _columns(item_id: str, asked: Sequence[_Asked], used: set[str]) -> ItemColumns | None:
    places = [item for _, item in asked]
    label = _words(places[-1].text, asked[-1][0])
    least = max(sharing(item) for item in places)
    if least is Sharing.NOTHING:
        return None
    if least is Sharing.PRESENCE:
        return ItemColumns(Column(_free(f"{item_id}__given", used), "boolean", f"Whether this was answered: {label}"), least)
    codes = _codes(asked, least)
    multiple = any(item.kind in _CHOICES for item in places)
    kind = _joined([_type(item) for item in places])
    main = Column(
        _free(item_id, used),
        kind,
        label,
        enum=tuple(codes) if codes and not multiple and all(map(_has_options, places)) else (),
        minimum=_bound([_ends(item)[0] for item in places], min) if kind in {"integer", "number"} else None,
        maximum=_bound([_ends(item)[1] for item in places], max) if kind in {"integer", "number"} else None,
        labels=codes,
    )
    options = {code: Column(_free(f"{item_id}__{code}", used), "boolean", words) for code, words in codes.items()} if multiple else {}
    return ItemColumns(main, least, options)


def _free(name: str, used: set[str]) -> str:
    """The name, with underscores where another column has it."""
    while name in used:
        name += "_"
    used.add(name)
    return name


def _codes(asked: Sequence[_Asked], least: Sharing) -> dict[str, str]:
    """Option codes of all places with their newest words."""
    codes: dict[str, str] = {}
    for protocol, item in asked:
        codes |= {option.code: _words(option.label, protocol) for option in item.options}
    if least is Sharing.LISTED:
        codes |= {LISTED: "an entry of the person's own list", NONE_OF_LIST: "none of the list"}
    return codes


def _has_options(item: Item) -> bool:
    return bool(item.options or item.options_from)


def _type(item: Item) -> FieldType:
    if _has_options(item):
        return "string"
    if item.task is not None:
        return "object"
    kinds: dict[ItemKind, FieldType] = {
        ItemKind.SLIDER: "number",
        ItemKind.DECIMAL: "number",
        ItemKind.DURATION: "number",
        ItemKind.INTEGER: "integer",
        ItemKind.LIKERT: "integer",
        ItemKind.YES_NO: "boolean",
        ItemKind.DATE: "date",
        ItemKind.TASK: "array",
    }
    return kinds.get(item.kind, "string")


def _joined(types: Sequence[FieldType]) -> FieldType:
    """One type that holds the answers of all revisions."""
    found = set(types)
    if len(found) == 1:
        return types[0]
    return "number" if found == {"integer", "number"} else "string"


def _ends(item: Item) -> tuple[float | None, float | None]:
    """The least and the greatest that can stand in a cell."""
    return (item.least, item.greatest) if isinstance(item, Measured) else (item.minimum, item.maximum)


def _bound(bounds: Sequence[float | None], pick: Any) -> float | None:
    known = [bound for bound in bounds if bound is not None]
    return pick(known) if len(known) == len(bounds) else None


def _words(said: Text | None, protocol: Protocol) -> str:
    if not said:
        return ""
    return said.get(protocol.language) or next(iter(said.values()))


def _item_row(book: Codebook, revision: int, protocol: Protocol, instrument: Instrument, position: int, item: Item) -> Record:
    columns = book.items.get(item.id)
    rotation = next((one for one in instrument.rotations if item.id in one.items), None)
    return {
        "column": None if columns is None else columns.main.name,
        "item": item.id,
        "instrument": instrument.id,
        "protocol_revision": revision,
        "protocol_version": protocol.version,
        "position": position,
        "kind": item.kind.value,
        "text": _words(item.text, protocol),
        "options": "; ".join(f"{option.code} = {_words(option.label, protocol)}" for option in item.options) or None,
        "minimum": item.minimum,
        "maximum": item.maximum,
        "step": item.step,
        "low_label": _words(item.low_label, protocol) or None,
        "high_label": _words(item.high_label, protocol) or None,
        "variable": item.variable,
        "frame": item.frame.value,
        "domain": None if item.domain is None else item.domain.value,
        "node": item.node.value,
        "direction": item.direction,
        "weight": item.weight,
        "half_life_hours": item.half_life_hours,
        "required": item.required,
        "reverse": item.reverse,
        "show_if": None if item.show_if is None else json.dumps(item.model_dump(mode="json")["show_if"], separators=(",", ":")),
        "inclusion_probability": None if rotation is None else min(rotation.draw, len(rotation.items)) / len(rotation.items),
        "block": _block(instrument, item),
        "task": None if item.task is None else json.dumps(item.task.model_dump(mode="json"), separators=(",", ":"), sort_keys=True),
        "exported_as": (Sharing.NOTHING if columns is None else columns.sharing).name.lower(),
    }


def _block(instrument: Instrument, item: Item) -> str | None:
    found = (f"{shuffle.id}/{block.id}" for shuffle in instrument.shuffles for block in shuffle.blocks if item.id in block.items)
    return next(found, None)
