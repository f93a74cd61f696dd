"""The head of a data dictionary: which column stands where."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Final

from api.foreign.fields import COLUMNS
from api.foreign.limits import MAX_COLUMNS
from api.foreign.notes import Kind, Notes
from models.errors import Invalid, TooLarge

TITLES: Final = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)
"""As REDCap writes them, in the order of `COLUMNS`."""
NEEDED: Final = ("field_name", "field_type")

_ALIASES: Final[Mapping[str, str]] = {
    "variable": "field_name",
    "variablename": "field_name",
    "form": "form_name",
    "sectionheaderoptional": "section_header",
    "choices": "select_choices_or_calculations",
    "choicesorcalculations": "select_choices_or_calculations",
    "choicescalculations": "select_choices_or_calculations",
    "validation": "text_validation_type_or_show_slider_number",
    "validationmin": "text_validation_min",
    "validationmax": "text_validation_max",
    "textvalidationtype": "text_validation_type_or_show_slider_number",
    "branchinglogicshowfieldonlyif": "branching_logic",
    "questionnumbersurveysonly": "question_number",
}
_CLOSE: Final = 0.85


def _bare(title: str) -> str:
    return re.sub(r"[^a-z0-9]", "", title.lower())


_KNOWN: Final[Mapping[str, str]] = {
    **{_bare(title): column for title, column in zip(TITLES, COLUMNS, strict=True)},
    **{_bare(column): column for column in COLUMNS},
    **_ALIASES,
}


def columns_of(head: Sequence[str], notes: Notes) -> dict[int, str]:
    """Our column name by place. Case, quotes and order do not matter; a slip is mended by likeness, and a warning says so.

    Where the first cell names nothing and the rest is a dictionary's, it is the field's name. Raises Invalid (`foreign_header`)
    where field name or type is nowhere, TooLarge above the stated number of columns.
    """
    if len(head) > MAX_COLUMNS:
        raise TooLarge("foreign_too_large", f"{notes.file} has more than {MAX_COLUMNS} columns.")
    found: dict[int, str] = {}
    unread: list[int] = []
    for place, title in enumerate(head):
        column = _KNOWN.get(_bare(title))
        if column is None or column in found.values():
            unread.append(place)
        else:
            found[place] = column
    for place in [one for one in unread if head[one].strip()]:
        near = difflib.get_close_matches(
            _bare(head[place])[:80], [one for one, column in _KNOWN.items() if column not in found.values()], 1, _CLOSE
        )
        if near:
            found[place] = _KNOWN[near[0]]
            notes.add(Kind.HEADER_GUESSED, "line 1", found[place], "A column's name is misspelt; it was found by likeness.", head[place])
    _first(head, found, notes)
    missing = [column for column in NEEDED if column not in found.values()]
    if missing:
        raise Invalid("foreign_header", f"{notes.file} is no data dictionary: it has no column {' and no column '.join(missing)}.")
    for place in unread:
        if place not in found and head[place].strip():
            notes.add(Kind.COLUMN_LEFT_OUT, "line 1", "", "A column that dictionaries do not have is left out.", head[place])
    return found


def _first(head: Sequence[str], found: dict[int, str], notes: Notes) -> None:
    if 0 not in found and "field_name" not in found.values() and found.get(1) == "form_name" and len(found) >= 8:
        found[0] = "field_name"
        notes.add(Kind.HEADER_GUESSED, "line 1", "field_name", "The first column has another name; it was found by its place.", head[0])
