"""What kind of item a foreign field becomes, with its range. The same in every language."""

import re
from dataclasses import dataclass
from typing import Final

from api.foreign.fields import Choice, Field
from api.foreign.logic.sums import plain_number
from api.foreign.notes import Kind, Notes
from models.definition.steps import SHORTEST, on_step
from models.kinds import ItemKind

_CHOICES: Final = {
    "radio": ItemKind.SINGLE,
    "dropdown": ItemKind.SINGLE,
    "matrix-radio": ItemKind.SINGLE,
    "range-info": ItemKind.SINGLE,
    "checkbox": ItemKind.MULTI,
}
_PLAIN: Final = {
    "notes": ItemKind.TEXT,
    "yesno": ItemKind.YES_NO,
    "truefalse": ItemKind.YES_NO,
    "descriptive": ItemKind.INFORMATION,
    "info": ItemKind.INFORMATION,
}
_SCALES: Final = frozenset({"slider", "range"})
_UNASKED: Final = frozenset({"file", "audio", "guided-audio", "timed", "web", "healthkit", "launcher"})
"""Answered by a recording, an upload or another app."""
_VALIDATED: Final = (
    (re.compile(r"integer\Z"), ItemKind.INTEGER),
    (re.compile(r"number(_\ddp)?(_comma_decimal)?\Z"), ItemKind.DECIMAL),
    (re.compile(r"date(_(ymd|mdy|dmy))?\Z"), ItemKind.DATE),
    (re.compile(r"time\Z"), ItemKind.TIME),
    (re.compile(r"duration\Z"), ItemKind.DURATION),
)
_HIDES: Final = re.compile(r"@(HIDDEN(-APP|-SURVEY|-FORM|-PDF)?|READONLY(-APP|-SURVEY|-FORM)?|CALCTEXT|CALCDATE)(?![\w-])")
_NUMBERS: Final = frozenset({ItemKind.INTEGER, ItemKind.DECIMAL, ItemKind.DURATION})


@dataclass(frozen=True, slots=True)
class Shape:
    """`kind` is None for a field that is not asked here. `low` and `high` are the labels at the ends of a scale."""

    kind: ItemKind | None
    choices: tuple[Choice, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    low: str = ""
    high: str = ""


def shape_of(field: Field, notes: Notes) -> Shape:
    """The shape of a field. Whatever is lost is a warning; what becomes of a calculation is said where it is read."""
    if field.type == "calc":
        return Shape(None)
    reason = _unasked(field)
    if reason:
        notes.add(Kind.NOT_ASKED, field.place, field.name, reason)
        return Shape(None)
    if field.type in _SCALES:
        return _scale(field, notes)
    if field.type in _CHOICES and field.choices:
        return Shape(_CHOICES[field.type], field.choices)
    kind = _PLAIN.get(field.type) or (_by_validation(field, notes) if field.type == "text" else None)
    if kind is None:
        notes.add(Kind.TYPE_APPROXIMATED, field.place, field.name, "There is no item of this type; it is asked as a text.", field.type)
        kind = ItemKind.TEXT
    low, high = _range(field, kind, notes)
    return Shape(kind, minimum=low, maximum=high)


def _unasked(field: Field) -> str:
    if field.record_id:
        return "It is the id of a record; here the enrollment is."
    if field.type in _UNASKED:
        return "It is answered by a recording, an upload or another app."
    if _HIDES.search(field.cell("field_annotation")):
        return "An action tag hides it, locks it or computes it."
    return ""


def _by_validation(field: Field, notes: Notes) -> ItemKind:
    validation = field.cell("text_validation_type_or_show_slider_number").strip().lower()
    for pattern, kind in _VALIDATED:
        if pattern.match(validation):
            return kind
    if validation:
        notes.add(Kind.VALIDATION_NOT_CARRIED, field.place, field.name, "The form of the text is not checked here.", validation)
    return ItemKind.TEXT


def _range(field: Field, kind: ItemKind, notes: Notes) -> tuple[float | None, float | None]:
    texts = field.cell("text_validation_min").strip(), field.cell("text_validation_max").strip()
    if not any(texts):
        return None, None
    low, high = (plain_number(text) for text in texts)
    unread = [text for text, value in zip(texts, (low, high), strict=True) if text and value is None]
    reason = ""
    if kind not in _NUMBERS:
        reason = f"An item of kind {kind} has no range."
    elif unread:
        reason = "The range is not one of plain numbers."
    elif low is not None and high is not None and low >= high:
        reason = "The range is empty."
    if not reason:
        return low, high
    notes.add(Kind.RANGE_NOT_CARRIED, field.place, field.name, reason, " to ".join(texts))
    return None, None


def _scale(field: Field, notes: Notes) -> Shape:
    """From a RADAR range, from numbered choices, or from REDCap's labels for left, middle and right on 0 to 100."""
    choices = list(field.choices)
    places = [plain_number(choice.code) for choice in choices]
    numbered = len(choices) > 1 and all(place is not None for place in places)
    low, high = plain_number(field.cell("text_validation_min")), plain_number(field.cell("text_validation_max"))
    if field.low is not None and field.high is not None:
        low, high = field.low, field.high
    elif numbered:
        found = [place for place in places if place is not None]
        low, high = min(found), max(found)
    low, high = 0 if low is None else low, 100 if high is None else high
    if low >= high:
        notes.add(Kind.RANGE_NOT_CARRIED, field.place, field.name, "The ends of the scale are not in order; 0 to 100 is taken.")
        low, high = 0, 100
    step = field.step if field.step is not None and SHORTEST <= field.step <= high - low and on_step(high, field.step, low) else None
    if field.step is not None and step is None:
        told = "The ends of the scale are no whole number of steps apart; any number between them is taken."
        notes.add(Kind.RANGE_NOT_CARRIED, field.place, field.name, told, f"{field.step:g}")
    middle = [choice.label for choice in choices[1:-1] if choice.label and choice.label != choice.code]
    if middle:
        notes.add(Kind.MIDDLE_LABEL_NOT_CARRIED, field.place, field.name, "A scale has labels at its ends only.", " | ".join(middle))
    return Shape(ItemKind.SLIDER, (), low, high, step, choices[0].label if choices else "", choices[-1].label if len(choices) > 1 else "")
