"""What is kept of a foreign form beside its items, so that it can be written again as it was."""

from collections.abc import Mapping
from typing import Final

from api.foreign.drafts import Draft
from api.foreign.fields import Form
from models.definition.instrument import Item
from models.definition.origin import OriginField, OriginForm

_SAID: Final = frozenset({"field_name", "form_name", "field_type", "field_label", "field_note", "identifier", "required_field"})
"""Columns that an item says itself."""
_TYPE: Final = 60


def origin_of(form: Form, instrument: str, drafts: list[Draft], items: Mapping[str, Item], scores: Mapping[str, str]) -> OriginForm:
    """`scores` is the score id by field name."""
    fields = tuple(_field(draft, items.get(draft.item or ""), scores.get(draft.field.name)) for draft in drafts)
    return OriginForm(instrument=instrument, format=form.format, name=form.name[:200], fields=fields)


def _field(draft: Draft, item: Item | None, score: str | None) -> OriginField:
    field = draft.field
    validation = field.cell("text_validation_type_or_show_slider_number").strip()
    return OriginField(
        name=field.name[:200],
        type=field.type[:_TYPE],
        validation=validation[:_TYPE],
        item=draft.item,
        score=score,
        codes={ours: foreign for foreign, ours in draft.codes.items() if ours != foreign},
        kept=_kept(draft, item, score),
    )


def _kept(draft: Draft, item: Item | None, score: str | None) -> dict[str, str]:
    field = draft.field
    if item is None:
        said = {"field_name", "field_type", *(["select_choices_or_calculations"] if score is not None else [])}
        return {column: text for column, text in field.cells.items() if text and column not in said}
    unsaid = {column: text for column, text in field.cells.items() if text and column not in _SAID and not _carried(column, item)}
    header = next(iter(draft.words.values())).header
    return unsaid | ({"section_header": header} if header else {})


def _carried(column: str, item: Item) -> bool:
    """Whether the item says what this column said."""
    if column == "text_validation_type_or_show_slider_number":
        return True
    if column == "select_choices_or_calculations":
        return bool(item.options)
    if column in {"text_validation_min", "text_validation_max"}:
        return item.minimum is not None or item.maximum is not None
    if column == "branching_logic":
        return item.show_if is not None
    return column == "section_header"
