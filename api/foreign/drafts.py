"""A field on its way to an item: its shape, its words in every language, its option codes and its id."""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.foreign.fields import Field, Form
from api.foreign.logic.scope import Known
from api.foreign.names import code_of
from api.foreign.notes import Kind, Notes
from api.foreign.registry import Registry
from api.foreign.shapes import Shape, shape_of
from api.foreign.words import Words, by_language, words_of
from models.definition.instrument import Item, Option
from models.kinds import ItemKind, RecallFrame

_NONE_OF: Final = re.compile(r"@NONEOFTHEABOVE\s*=\s*['\"]?([\w,. -]+)")


@dataclass(frozen=True, slots=True)
class Draft:
    """`item` is the id, None for a field that is not asked. `codes` is our option code by foreign code."""

    field: Field
    shape: Shape
    words: Mapping[str, Words]
    item: str | None
    codes: Mapping[str, str]

    @property
    def known(self) -> Known | None:
        return None if self.item is None or self.shape.kind is None else Known(self.item, self.shape.kind, self.codes)


def drafts_of(forms: Sequence[Form], instrument: str, registry: Registry, notes: Notes) -> list[Draft]:
    """The fields of the first form in order, with the words of the same fields in the other languages."""
    base = forms[0]
    said = {form.language: _read(form, notes) for form in forms[1:]}
    drafts: list[Draft] = []
    names, here = set[str](), set[str]()
    for field, words in words_of(base, notes):
        if field.name in names:
            notes.add(Kind.ROW_REFUSED, field.place, field.name, "A field of this name stands above; this one is left out.")
            continue
        names.add(field.name)
        shape = shape_of(field, notes)
        codes = _codes(shape)
        texts = {base.language: words, **_translated(field, said, notes)}
        item = registry.claim(field.name, _scale(shape, codes), instrument, here) if shape.kind is not None else None
        if item is not None and item != field.name:
            notes.add(Kind.NAME_CHANGED, field.place, field.name, f"It is called {item} here.")
        drafts.append(Draft(field, shape, texts, item, codes))
    return drafts


def _read(form: Form, notes: Notes) -> dict[str, Words]:
    """The words of a translation by field. Its warnings name its own file."""
    before, notes.file = notes.file, form.file
    found = {field.name: words for field, words in words_of(form, notes)}
    notes.file = before
    return found


def _translated(field: Field, said: Mapping[str, Mapping[str, Words]], notes: Notes) -> dict[str, Words]:
    found: dict[str, Words] = {}
    for language, words in said.items():
        own = words.get(field.name)
        if own is None or own.options.keys() != {choice.code for choice in field.choices if choice.code}:
            notes.add(Kind.LANGUAGE_DIFFERS, field.place, field.name, f"The file in {language} lacks this field, or has other choices.")
        if own is not None:
            found[language] = own
    return found


def _codes(shape: Shape) -> dict[str, str]:
    codes: dict[str, str] = {}
    for choice in shape.choices:
        codes[choice.code] = code_of(choice.code, set(codes.values()), "c")
    return codes


def _scale(shape: Shape, codes: Mapping[str, str]) -> Hashable:
    return shape.kind, shape.minimum, shape.maximum, tuple(codes.values())


def item_of(draft: Draft, show_if: object, notes: Notes) -> Item:
    """The item. Unreviewed, so of no node and no domain: it is stored and moves no estimate."""
    field, shape = draft.field, draft.shape
    assert draft.item is not None
    assert shape.kind is not None
    _unused(draft, notes)
    return Item(
        id=draft.item,
        kind=shape.kind,
        text=by_language([(language, words.text) for language, words in draft.words.items()]),
        help=by_language([(language, words.help) for language, words in draft.words.items()]) or None,
        options=_options(draft),
        minimum=shape.minimum,
        maximum=shape.maximum,
        step=shape.step,
        low_label=_end(draft, "low"),
        high_label=_end(draft, "high"),
        required=field.cell("required_field").strip().lower() in {"y", "yes"} and shape.kind is not ItemKind.INFORMATION,
        show_if=show_if,
        variable=draft.item,
        frame=RecallFrame.NONE,
        direction=0,
        identifying=field.cell("identifier").strip().lower() == "y",
    )


def _end(draft: Draft, end: str) -> dict[str, str] | None:
    if draft.shape.kind is not ItemKind.SLIDER:
        return None
    return by_language([(language, str(getattr(words, end))) for language, words in draft.words.items()]) or None


def _options(draft: Draft) -> tuple[Option, ...]:
    alone = _NONE_OF.search(draft.field.cell("field_annotation")) if draft.shape.kind is ItemKind.MULTI else None
    exclusive = {code.strip() for code in alone[1].split(",")} if alone else set()
    return tuple(
        Option(
            code=draft.codes[choice.code],
            label=by_language([(language, words.options.get(choice.code, "")) for language, words in draft.words.items()]),
            exclusive=choice.code in exclusive,
        )
        for choice in draft.shape.choices
    )


_TAG: Final = re.compile(r"@[A-Z][A-Z0-9]+(?:-[A-Z]+)*")
_DONE: Final = frozenset({"@NONEOFTHEABOVE"})


def _unused(draft: Draft, notes: Notes) -> None:
    """What the field says on the side, and nothing here does."""
    field = draft.field
    tags = [tag for tag in _TAG.findall(field.cell("field_annotation")) if tag not in _DONE]
    if tags:
        notes.add(Kind.ACTION_TAG_NOT_CARRIED, field.place, field.name, "Nothing here acts on its action tags.", " ".join(tags))
    if field.cell("matrix_ranking").strip().lower() == "y":
        notes.add(Kind.RANKING_NOT_CARRIED, field.place, field.name, "A column of the matrix may be chosen more than once here.")
