"""The words of a foreign field, in the language of its form."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.foreign.fields import Field, Form
from api.foreign.limits import MAX_TEXT
from api.foreign.names import code_of
from api.foreign.notes import Kind, Notes
from api.foreign.text import plain


@dataclass(frozen=True, slots=True)
class Words:
    """`header` is the section header that stands before `label` in `text`; empty where none does."""

    text: str
    header: str
    help: str
    options: dict[str, str]
    low: str
    high: str


def words_of(form: Form, notes: Notes) -> Iterator[tuple[Field, Words]]:
    """Every field with its words. A matrix shows its header above all its rows, so each of them carries it: one question a screen."""
    matrix, header = "", ""
    for field in form.fields:
        own, group = field.cell("section_header"), field.cell("matrix_group_name")
        if own or not group or group != matrix:
            header = plain(own, notes, field.place, field.name)
        matrix = group
        yield field, _words(field, header, notes)


def _words(field: Field, header: str, notes: Notes) -> Words:
    def read(text: str) -> str:
        return plain(text, notes, field.place, field.name)

    label = read(field.cell("field_label"))
    options = {choice.code: read(choice.label) or code_of(choice.code, prefix="c") for choice in field.choices if choice.code}
    if field.type == "info":
        label = "\n".join(part for part in (label, *options.values()) if part)
    if not (label or header):
        notes.add(Kind.LABEL_MISSING, field.place, field.name, "There is no label; the name stands for it.")
        label = plain(field.name, notes, field.place, field.name) or "?"
    text = "\n".join(part for part in (header, label) if part)
    ends = [read(field.choices[place].label) for place in (0, -1)] if len(field.choices) > 1 else ["", ""]
    return Words(_cut(text), header, read(field.cell("field_note")), options, ends[0], ends[1])


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def by_language(said: Sequence[tuple[str, str]]) -> dict[str, str]:
    """A text of ours from (language, words) pairs, without the empty ones."""
    return {language: words for language, words in said if words}
