"""A REDCap data dictionary: comma-separated, one field a row."""

import csv
import io
from collections.abc import Iterator
from typing import Final

from api.foreign.choices import read_choices
from api.foreign.fields import Choice, Field, Form
from api.foreign.limits import MAX_CELL, MAX_FIELDS
from api.foreign.notes import Kind, Notes
from api.foreign.redcap.header import columns_of
from api.foreign.text import decoded
from models.errors import Invalid, TooLarge

_DELIMITERS: Final = ",;\t"
_ESCAPED: Final = ("'=", "'+", "'-", "'@")


def read_dictionary(raw: bytes, notes: Notes, language: str, *, whole: bool = True) -> tuple[Form, ...]:
    """The forms of a dictionary in their order. `whole`: a project's, whose first field is the record's id; not that of one instrument.

    Raises Invalid (`foreign_header`, `foreign_not_text`, `foreign_broken`) or TooLarge.
    """
    rows = _rows(decoded(raw, notes), notes)
    _, head = next(rows, (1, []))
    columns = columns_of(head, notes)
    fields: dict[str, list[Field]] = {}
    emptied = False
    for number, (line, row) in enumerate(rows):
        if number >= MAX_FIELDS:
            raise TooLarge("foreign_too_large", f"{notes.file} has more than {MAX_FIELDS} fields.")
        cells = {columns[place]: cell for place, cell in enumerate(row) if place in columns}
        emptied = emptied or "NA" in cells.values()
        cells = {column: _unescaped(cell) for column, cell in cells.items() if cell != "NA" or column == "field_name"}
        field = _field(cells, f"line {line}", notes, first=whole and not fields)
        if field is not None:
            fields.setdefault(field.cell("form_name"), []).append(field)
    if emptied:
        notes.add(Kind.NA_IS_EMPTY, "", "", "Cells that say NA are read as empty.")
    return tuple(Form(form, _title(form), "redcap", notes.file, language, tuple(own)) for form, own in fields.items())


def _rows(text: str, notes: Notes) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line on which each ends, empty ones left out."""
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            if any(len(cell) > MAX_CELL for cell in row):
                raise TooLarge(
                    "foreign_too_large", f"{notes.file} has a cell of more than {MAX_CELL} characters, on line {reader.line_num}."
                )
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error:
        raise Invalid("foreign_broken", f"{notes.file} cannot be read as a table, at line {reader.line_num}.") from None


def _unescaped(cell: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from computing a cell."""
    return cell[1:] if cell.startswith(_ESCAPED) else cell


def _field(cells: dict[str, str], place: str, notes: Notes, *, first: bool) -> Field | None:
    name, kind = cells.get("field_name", "").strip(), cells.get("field_type", "").strip().lower()
    if not name or not kind:
        notes.add(Kind.ROW_REFUSED, place, name, "A row without a field name or a field type is left out.", cells.get("field_label", ""))
        return None
    cells = {**cells, "field_name": name, **{column: cells.get(column, "").strip() for column in ("form_name", "field_annotation")}}
    record = first and kind == "text" and not cells.get("text_validation_type_or_show_slider_number", "").strip()
    return Field(place, cells, choices_of(kind, cells.get("select_choices_or_calculations", ""), notes, place, name), record_id=record)


def choices_of(kind: str, cell: str, notes: Notes, place: str, name: str) -> tuple[Choice, ...]:
    """What the cell says for this type: choices, or the labels of a slider."""
    if kind == "slider":
        return tuple(Choice("", label.strip()) for label in cell.split("|")) if cell.strip() else ()
    return read_choices(cell, notes, place, name) if kind in {"radio", "dropdown", "checkbox", "yesno", "truefalse"} else ()


def _title(form: str) -> str:
    return form.replace("_", " ").strip().capitalize()
