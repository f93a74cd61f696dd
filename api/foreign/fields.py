"""Fields, forms and choices: what every foreign format says, before any of it is ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

COLUMNS: Final = (
    "field_name",
    "form_name",
    "section_header",
    "field_type",
    "field_label",
    "select_choices_or_calculations",
    "field_note",
    "text_validation_type_or_show_slider_number",
    "text_validation_min",
    "text_validation_max",
    "identifier",
    "branching_logic",
    "required_field",
    "custom_alignment",
    "question_number",
    "matrix_group_name",
    "matrix_ranking",
    "field_annotation",
)
"""The columns of a REDCap data dictionary, in order, by the names of its API. The other formats use the same words."""

Format = Literal["redcap", "radar"]


@dataclass(frozen=True, slots=True)
class Choice:
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `cells` holds the foreign columns as text; `choices` is `select_choices_or_calculations`, read.

    On a scale these are the labels, without codes. `evaluated` is the second branching column of RADAR, in another syntax;
    `low`, `high` and `step` are those of its `range`.
    """

    place: str
    cells: Mapping[str, str]
    choices: tuple[Choice, ...] = ()
    evaluated: str = ""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    record_id: bool = False

    @property
    def name(self) -> str:
        return self.cells["field_name"]

    @property
    def type(self) -> str:
        return self.cells.get("field_type", "").strip().lower()

    def cell(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Form:
    """A foreign form in one language, with its fields in their order."""

    name: str
    title: str
    format: Format
    file: str
    language: str
    fields: tuple[Field, ...] = field(default=())
