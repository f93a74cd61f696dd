"""A RADAR questionnaire: a JSON list of fields in REDCap's words, one file for each language."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from api.foreign.choices import kept_choices
from api.foreign.fields import COLUMNS, Choice, Field, Form
from api.foreign.json import number_of, text_of
from api.foreign.limits import MAX_FIELDS
from api.foreign.notes import Kind, Notes
from models.definition.base import pointer
from models.errors import TooLarge

_ARMT: Final = re.compile(r"(?P<name>.+)_armt(?:_(?P<language>[a-z]{2}))?\.json", re.IGNORECASE)
_SCALES: Final = frozenset({"slider", "range"})


def read_questionnaire(document: list[Any], notes: Notes, language: str) -> Form:
    """The form. Its name is that of the file without `_armt` and language, by which protocols call it."""
    if len(document) > MAX_FIELDS:
        raise TooLarge("foreign_too_large", f"{notes.file} has more than {MAX_FIELDS} fields.")
    name, named = named_by(notes.file)
    fields = tuple(_fields(document, notes))
    forms = list(dict.fromkeys(field.cell("form_name") for field in fields if field.cell("form_name")))
    title = (forms[0] if len(forms) == 1 else name).replace("_", " ")
    return Form(name, title, "radar", notes.file, named or language, fields)


def named_by(file: str) -> tuple[str, str | None]:
    """Name and language of a questionnaire's file.

    >>> named_by("phq8_armt_de.json"), named_by("questionnaires/esm/esm_armt.json"), named_by("mine.json")
    (('phq8', 'de'), ('esm', None), ('mine', None))
    """
    base = file.replace("\\", "/").rpartition("/")[2]
    match = _ARMT.fullmatch(base)
    if match is None:
        return base.removesuffix(".json"), None
    return match["name"], match["language"].lower() if match["language"] else None


def _fields(document: list[Any], notes: Notes) -> Iterator[Field]:
    for number, raw in enumerate(document):
        place = pointer(number)
        name = text_of(raw.get("field_name")).strip() if isinstance(raw, dict) else ""
        kind = text_of(raw.get("field_type")).strip().lower() if isinstance(raw, dict) else ""
        if not name or not kind:
            notes.add(Kind.ROW_REFUSED, place, name, "A field without a name or a type is left out.")
            continue
        yield _field(raw, name, kind, place, notes)


def _field(raw: Mapping[str, Any], name: str, kind: str, place: str, notes: Notes) -> Field:
    cells = {column: _cell(raw.get(column)) for column in COLUMNS} | {"field_name": name, "field_type": kind}
    given = raw.get("range")
    ends: Mapping[str, Any] = given if isinstance(given, dict) else {}
    choices = _choices(raw.get("select_choices_or_calculations"), kind, notes, place, name)
    if kind in _SCALES and ends:
        choices = (Choice("", text_of(ends.get("labelLeft"))), Choice("", text_of(ends.get("labelRight"))))
    return Field(
        place,
        {column: text for column, text in cells.items() if text},
        choices,
        evaluated=text_of(raw.get("evaluated_logic")),
        low=number_of(ends.get("min")),
        high=number_of(ends.get("max")),
        step=number_of(ends.get("step")),
    )


def _cell(value: Any) -> str:
    """A list or an object, which REDCap has not, as JSON."""
    return text_of(json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) and value else value)


def _choices(value: Any, kind: str, notes: Notes, place: str, name: str) -> tuple[Choice, ...]:
    """A list of code and label, or lines of `code|label`. An `info` field writes its paragraphs there; their codes mean nothing."""
    if isinstance(value, str):
        lines = (line.partition("|") for line in value.split("\n") if line.strip())
        return kept_choices((Choice(code.strip(), label.strip()) for code, _, label in lines), notes, place, name)
    if not isinstance(value, list):
        return ()
    said = [(text_of(one.get("code")).strip(), text_of(one.get("label")).strip()) for one in value if isinstance(one, dict)]
    if kind == "info":
        said = [(str(number), label) for number, (_, label) in enumerate(said) if label]
    return kept_choices((Choice(code, label) for code, label in said), notes, place, name)
