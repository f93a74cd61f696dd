"""Statements that are built once a process, put to SQLite's own driver.

SQLAlchemy writes such a statement once for each shape: which values are given, and how many members its lists have. After that an execution
converts values by the columns' types, asks the driver, and gives rows as named tuples. The text is the same, letter by letter; what is left
out is SQLAlchemy's way around each execution, which costs several times what SQLite needs for a short one (docs/decisions/0038).
"""

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import BindParameter, Dialect, Uuid
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeEngine

Statement = TypeVar("Statement")
Convert = Callable[[Any], Any]
Values = Mapping[str, Any]

UUIDS: Final = 8_192
"""Ids that are kept as they were read."""

SHAPES: Final = 256
"""Shapes that are kept of one statement: lists may have any length, and a house runs for months."""

_ONCE: Final[dict[Any, "Prepared"]] = {}


def once(statement: Statement) -> Statement:
    """The same statement, known from now on as one that is built once and asked again and again.

    Only the values that are given with it may differ between two executions. A statement that is made from it is another one.
    """
    _ONCE[statement] = Prepared(statement)
    return statement


def prepared(statement: Any) -> "Prepared | None":
    """How to ask it directly; None for one that was not said to be built once."""
    return _ONCE.get(statement)


@dataclass(frozen=True, slots=True)
class Slot:
    """What stands at a `?`: a value by its name, a member of a list by its place, or, without a name, what the statement itself says."""

    name: str | None
    place: int | None
    convert: Convert | None
    said: Any = None


@dataclass(frozen=True, slots=True)
class Shape:
    """The text, and what stands at each `?` of it."""

    text: str
    slots: tuple[Slot, ...]

    def bound(self, values: Values) -> list[Any]:
        """The driver's values, in order."""
        out = []
        for slot in self.slots:
            if slot.name is None:
                out.append(slot.said)
                continue
            value = values[slot.name] if slot.place is None else values[slot.name][slot.place]
            out.append(value if slot.convert is None else slot.convert(value))
        return out


@dataclass(frozen=True, slots=True)
class Reading:
    """How the driver's rows become named tuples: what is converted, by place."""

    make: Callable[[Any], Any]
    conversions: tuple[tuple[int, Convert], ...]

    def rows(self, found: Sequence[Any]) -> list[Any]:
        make, conversions = self.make, self.conversions
        if not conversions:
            return [make(row) for row in found]
        out = []
        for row in found:
            cells = list(row)
            for place, convert in conversions:
                cells[place] = convert(cells[place])
            out.append(make(cells))
        return out


@dataclass(slots=True, eq=False)
class Prepared:
    """One statement on SQLite. What it needs is found at its first execution and is the same for every connection."""

    statement: Any
    lists: tuple[str, ...] | None = None
    """The names whose values are lists; None before the first execution."""
    shapes: dict[tuple[Any, ...], Shape] = field(default_factory=dict)
    reading: Reading | None = None

    def rows(self, driver: sqlite3.Connection, dialect: Dialect, values: Values) -> list[Any]:
        """All rows. Raises what SQLAlchemy raises for the same."""
        shape = self._shape(dialect, values, ())
        return self._asked(driver, dialect, shape, shape.bound(values))

    def added(self, driver: sqlite3.Connection, dialect: Dialect, rows: Sequence[Values]) -> list[Any]:
        """Executes it once for each of `rows`, which give the same names; what all of them return."""
        shape = self._shape(dialect, rows[0], tuple(rows[0]))
        return [found for one in rows for found in self._asked(driver, dialect, shape, shape.bound(one))]

    def change(self, driver: sqlite3.Connection, dialect: Dialect, rows: Sequence[Values]) -> None:
        """Executes it with each of `rows`, which give the same names, and returns nothing."""
        shape = self._shape(dialect, rows[0], tuple(rows[0]))
        try:
            driver.executemany(shape.text, [shape.bound(one) for one in rows]).close()
        except sqlite3.Error as error:
            raise _wrapped(error, shape.text, dialect) from error

    def _asked(self, driver: sqlite3.Connection, dialect: Dialect, shape: Shape, bound: Sequence[Any]) -> list[Any]:
        try:
            cursor = driver.execute(shape.text, bound)
            found = cursor.fetchall()
        except sqlite3.Error as error:
            raise _wrapped(error, shape.text, dialect) from error
        if cursor.description is None:
            return []
        if self.reading is None:
            self.reading = self._reading([one[0] for one in cursor.description], dialect)
        return self.reading.rows(found)

    def _shape(self, dialect: Dialect, values: Values, columns: tuple[str, ...]) -> Shape:
        """`columns`: what an INSERT or UPDATE is given, which its text depends on."""
        if self.lists is None:
            binds = self._compiled(dialect, values).binds
            self.lists = tuple(name for name, one in binds.items() if one.expanding and name in values)
        key = (*columns, *(len(values[name]) for name in self.lists))
        shape = self.shapes.get(key)
        if shape is None:
            if len(self.shapes) >= SHAPES:
                self.shapes.clear()
            shape = self.shapes[key] = self._written(dialect, values)
        return shape

    def _compiled(self, dialect: Dialect, values: Values) -> SQLCompiler:
        compiled: SQLCompiler = self.statement.compile(dialect=dialect, column_keys=list(values))
        return compiled

    def _written(self, dialect: Dialect, values: Values) -> Shape:
        """The statement for these values. Raises ValueError for what only SQLAlchemy can execute."""
        compiled = self._compiled(dialect, values)
        state = compiled.construct_expanded_state(dict(values))
        standing = {one.key: one.default.arg for one in compiled.insert_prefetch if isinstance(one.default, ScalarElementColumnDefault)}
        if compiled.literal_execute_params or compiled.update_prefetch or len(standing) < len(compiled.insert_prefetch):
            raise ValueError("a statement with values that SQLAlchemy makes at each execution is not one that is built once")
        members = {name: (given, place) for given, names in state.parameter_expansion.items() for place, name in enumerate(names)}
        slots = []
        for name in state.positiontup or ():
            given, place = members.get(name, (name, None))
            convert = state.processors.get(name) if name in members else _converting(compiled.binds[name], dialect)
            if given in values:
                if place is not None and len(state.parameter_expansion[given]) != len(values[given]):
                    raise ValueError("a list of tuples is not a list of values")
                slots.append(Slot(given, place, convert))
            else:
                said = standing[name] if name in standing else state.parameters[name]
                slots.append(Slot(None, None, None, said if convert is None else convert(said)))
        return Shape(state.statement, tuple(slots))

    def _reading(self, names: Sequence[str], dialect: Dialect) -> Reading:
        columns = tuple(self.statement.exported_columns)
        if len(columns) != len(names):
            raise ValueError("each column of a statement that is built once has a name of its own")
        converted = [(place, _read(column.type, dialect)) for place, column in enumerate(columns)]
        row: Any = namedtuple("row", names)  # type: ignore[misc]  # the names are those of the statement
        return Reading(row._make, tuple((place, convert) for place, convert in converted if convert is not None))


def run(driver: sqlite3.Connection, text: str, dialect: Dialect) -> None:
    """Something of the driver's own (BEGIN, SAVEPOINT). Raises what SQLAlchemy raises for the same."""
    try:
        driver.execute(text)
    except sqlite3.Error as error:
        raise _wrapped(error, text, dialect) from error


def _read(kind: TypeEngine[Any], dialect: Dialect) -> Convert | None:
    """How a cell of the column is read; None: as it is."""
    if isinstance(kind, Uuid) and kind.as_uuid:
        return _uuid
    convert: Convert | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return convert


@lru_cache(maxsize=UUIDS)
def _uuid(value: str | None) -> UUID | None:
    """Ids come again and again: making one costs more than reading the rest of a row."""
    return None if value is None else UUID(value)


def _converting(bind: BindParameter[Any], dialect: Dialect) -> Convert | None:
    convert: Convert | None = bind.type.dialect_impl(dialect).bind_processor(dialect)
    return convert


def _wrapped(error: sqlite3.Error, text: str, dialect: Dialect) -> Exception:
    """As SQLAlchemy says it, without the values."""
    wrapped: Exception = DBAPIError.instance(text, (None,), error, sqlite3.Error, hide_parameters=True, dialect=dialect)
    return wrapped
