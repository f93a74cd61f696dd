"""What a column and a table of the dataset are, and their Frictionless Table Schema. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

FieldType = Literal["string", "integer", "number", "boolean", "datetime", "date", "object", "array"]


@dataclass(frozen=True, slots=True)
class Code:
    """A missing code in a cell: printed as it stands, null where a format knows null."""

    text: str


Cell = str | int | float | bool | datetime | date | Code | None
"""What a row holds under a column name. Objects and arrays are JSON text."""

Record = Mapping[str, Cell]
"""One row by column name; a column that is not named is empty."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `labels` say what the values of `enum` mean to people."""

    name: str
    type: FieldType
    about: str
    enum: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `references` are (column, table, column of that table)."""

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    references: tuple[tuple[str, str, str], ...] = ()


def table_schema(table: Table, missing_values: Sequence[str], exported: Sequence[str]) -> dict[str, Any]:
    """The Table Schema (Frictionless v1). References to tables that are not `exported` are left out.

    >>> one = Table("t", "A table.", (Column("a", "boolean", "Whether.", required=True),), key=("a",))
    >>> table_schema(one, ["", "-77"], [])["fields"][0]["constraints"]
    {'required': True}
    """
    schema: dict[str, Any] = {"fields": [_field(column) for column in table.columns], "missingValues": list(missing_values)}
    if table.key:
        schema["primaryKey"] = list(table.key)
    references = [
        {"fields": [column], "reference": {"resource": target, "fields": [there]}}
        for column, target, there in table.references
        if target in exported
    ]
    return schema | ({"foreignKeys": references} if references else {})


def _field(column: Column) -> dict[str, Any]:
    described: dict[str, Any] = {"name": column.name, "type": column.type, "description": column.about}
    if column.type == "boolean":
        described |= {"trueValues": ["1"], "falseValues": ["0"]}
    constraints: dict[str, Any] = {"required": True} if column.required else {}
    if column.enum:
        constraints["enum"] = list(column.enum)
    if column.minimum is not None:
        constraints["minimum"] = _plain(column, column.minimum)
    if column.maximum is not None:
        constraints["maximum"] = _plain(column, column.maximum)
    if constraints:
        described["constraints"] = constraints
    if column.labels:
        described["labels"] = dict(column.labels)
    return described


def _plain(column: Column, bound: float) -> float | int:
    return int(bound) if column.type == "integer" else bound
