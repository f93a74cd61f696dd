"""The cells of one row of a dictionary, from an item and from what is kept of its origin."""

import json
import re
from collections.abc import Mapping
from typing import Final

from api.foreign.logic.scope import NotCarried
from api.foreign.logic.write import Named, write
from api.foreign.notes import Kind, Notes
from api.foreign.piping import unpiped
from models.definition.instrument import Instrument, Item, Score
from models.definition.origin import OriginField
from models.kinds import ItemKind

Row = dict[str, str]
"""By column name; a column that is not there is empty."""

_NAMES: Final = "text notes calc dropdown radio checkbox yesno truefalse file slider descriptive sql"
TYPES: Final = frozenset(_NAMES.split())
"""The field types of REDCap."""
_OURS: Final[Mapping[ItemKind, tuple[str, ...]]] = {
    ItemKind.SLIDER: ("slider",),
    ItemKind.LIKERT: ("radio", "dropdown"),
    ItemKind.SINGLE: ("radio", "dropdown"),
    ItemKind.MULTI: ("checkbox",),
    ItemKind.BODY_MAP: ("checkbox",),
    ItemKind.YES_NO: ("yesno", "truefalse"),
    ItemKind.INTEGER: ("text",),
    ItemKind.DECIMAL: ("text",),
    ItemKind.DURATION: ("text",),
    ItemKind.TIME: ("text",),
    ItemKind.DATE: ("text",),
    ItemKind.TEXT: ("text", "notes", "dropdown", "radio", "checkbox", "sql"),
    ItemKind.INFORMATION: ("descriptive",),
    ItemKind.TASK: ("notes",),
}
"""The field types that an item of this kind may have; the first where its origin says none of them."""
_VALIDATIONS: Final[Mapping[ItemKind, tuple[str, str]]] = {
    ItemKind.INTEGER: ("integer", r"integer"),
    ItemKind.DECIMAL: ("number", r"number.*"),
    ItemKind.DURATION: ("integer", r"integer|number.*"),
    ItemKind.TIME: ("time", r"time"),
    ItemKind.DATE: ("date_ymd", r"date(_.*)?"),
    ItemKind.TEXT: ("", r".*"),
    ItemKind.SLIDER: ("number", r"number|"),
}
_KEPT: Final = ("section_header", "custom_alignment", "question_number", "matrix_group_name", "matrix_ranking", "field_annotation")


def type_of(item: Item, origin: OriginField | None) -> str:
    """The field type: the origin's own where it still says the same kind.

    A short text of ours without an origin is `text`; a long one is asked in more than one line.
    """
    fitting = _OURS[item.kind]
    if origin is not None and origin.type in fitting:
        return origin.type
    return "text" if item.options_from is not None else fitting[0]


def item_row(item: Item, origin: OriginField | None, named: Mapping[str, Named], language: str, notes: Notes) -> Row:
    """The row of an item. What REDCap does not say is a warning."""
    kept = origin.kept if origin is not None else {}
    row: Row = {column: kept[column] for column in _KEPT if column in kept}
    kind = type_of(item, origin)
    names = {ours: theirs.name for ours, theirs in named.items()}

    def words(text: Mapping[str, str]) -> str:
        return unpiped(text.get(language, ""), names, item.id, notes)

    row |= {
        "field_name": named[item.id].name,
        "field_type": kind,
        "field_label": _label(words(item.text), kept.get("section_header", "")),
        "field_note": words(item.help or {}),
        "select_choices_or_calculations": _choices(item, origin, named[item.id], language),
        "text_validation_type_or_show_slider_number": _validation(item, origin),
        "identifier": "y" if item.identifying else "",
        "required_field": "y" if item.required else "",
        "branching_logic": _branching(item, kept, named, notes),
    }
    row |= _range(item, kept)
    if origin is None:
        row["field_annotation"] = _annotation(item, named[item.id])
    if item.kind is ItemKind.TASK or item.options_from is not None:
        notes.add(Kind.TYPE_APPROXIMATED, item.id, item.id, "REDCap has no field of this kind; it is a text.", str(item.kind))
    return row


def _label(text: str, header: str) -> str:
    return text.removeprefix(header).lstrip("\n") if header and text != header else text


def _choices(item: Item, origin: OriginField | None, named: Named, language: str) -> str:
    if item.options:
        labels = ((named.codes.get(one.code, one.code), one.label.get(language, one.code)) for one in item.options)
        return " | ".join(f"{code}, {_piece(label)}" for code, label in labels)
    if item.kind is ItemKind.SLIDER:
        return _slider(item, origin, language)
    if item.kind is ItemKind.LIKERT and item.minimum is not None and item.maximum is not None:
        return " | ".join(_steps(item, language))
    return _kept_choices(origin) if item.kind is ItemKind.TEXT else ""


def _kept_choices(origin: OriginField | None) -> str:
    """The cell as it was; not the JSON that RADAR has in its place."""
    cell = origin.kept.get("select_choices_or_calculations", "") if origin is not None else ""
    return "" if cell.startswith("[") else cell


def _slider(item: Item, origin: OriginField | None, language: str) -> str:
    """Left, middle and right; the middle one is kept of the origin alone."""
    kept = _kept_choices(origin).split("|")
    middle = kept[1].strip() if len(kept) == 3 else ""
    low, high = ((label or {}).get(language, "") for label in (item.low_label, item.high_label))
    return " | ".join(map(_piece, (low, middle, high))) if low or middle or high else ""


def _steps(item: Item, language: str) -> list[str]:
    assert item.minimum is not None
    assert item.maximum is not None
    low, high = int(item.minimum), int(item.maximum)
    ends = {low: (item.low_label or {}).get(language, ""), high: (item.high_label or {}).get(language, "")}
    return [f"{place}, {_piece(ends.get(place, '')) or place}" for place in range(low, high + 1)]


def _piece(label: str) -> str:
    """A label inside a cell of labels: REDCap has no way to write a bar or a new line there."""
    return " ".join(label.replace("|", "/").split("\n"))


def _validation(item: Item, origin: OriginField | None) -> str:
    ours, pattern = _VALIDATIONS.get(item.kind, ("", ""))
    if origin is not None and re.fullmatch(pattern, origin.validation):
        return origin.validation
    return "" if item.options_from is not None else ours


def _range(item: Item, kept: Mapping[str, str]) -> Row:
    if item.kind is ItemKind.LIKERT or (item.kind is ItemKind.SLIDER and (item.minimum, item.maximum) == (0, 100)):
        return {}
    ends = {"text_validation_min": item.minimum, "text_validation_max": item.maximum}
    return {column: kept.get(column, "") if end is None else f"{end:.15g}" for column, end in ends.items()}


def _branching(item: Item, kept: Mapping[str, str], named: Mapping[str, Named], notes: Notes) -> str:
    if item.show_if is None:
        return kept.get("branching_logic", "")
    try:
        return write(item.show_if, named)
    except NotCarried as refused:
        notes.add(Kind.LOGIC_NOT_CARRIED, item.id, item.id, f"{refused.rule}: {refused.message}", json.dumps(item.show_if))
        return ""


def _annotation(item: Item, named: Named) -> str:
    """Tags that REDCap knows, then what we know of the item, as JSON."""
    alone = ",".join(named.codes.get(one.code, one.code) for one in item.options if one.exclusive)
    tag = f"@NONEOFTHEABOVE='{alone}' " if alone else ""
    about = {
        "item": item.id,
        "variable": item.variable,
        "frame": str(item.frame),
        "domain": str(item.domain or ""),
        "node": str(item.node),
        "cues": [str(cue) for cue in item.cues],
    }
    return tag + json.dumps({name: value for name, value in about.items() if value}, ensure_ascii=False)


def unasked_row(origin: OriginField, name: str) -> Row:
    """A field that is not asked here, as it was."""
    return {**origin.kept, "field_name": name, "field_type": origin.type, "text_validation_type_or_show_slider_number": origin.validation}


def score_row(score: Score, origin: OriginField | None, name: str, instrument: Instrument, named: Mapping[str, Named]) -> Row:
    """A score as a calculated field."""
    read = [f"[{named[item].name}]" for item in score.items if instrument.item(item) is not None]
    formula = f"mean({', '.join(read)})" if score.how == "mean" else " + ".join(read)
    kept = {column: text for column, text in (origin.kept if origin is not None else {}).items() if column != "form_name"}
    return {"field_label": score.id, **kept, "field_name": name, "field_type": "calc", "select_choices_or_calculations": formula}
