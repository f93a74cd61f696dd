"""What SQLite does for the statements of a piece of work, and which of them read a whole table."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from models.base import Base

_PARTIAL = frozenset(
    index.name for table in Base.metadata.tables.values() for index in table.indexes if index.dialect_options["sqlite"]["where"] is not None
)
"""These hold only what is still to be done, so reading one whole is reading what is due."""

_SCAN = re.compile(r"^SCAN (?!CONSTANT|\d+ CONSTANT|\()\S+(?: USING (?:COVERING )?INDEX (\S+))?")


@contextmanager
def statements(engine: Engine) -> Iterator[dict[str, Any]]:
    """Every SELECT and UPDATE sent to this engine, with the values of the last time."""
    seen: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE")):
            seen[statement] = values[0] if isinstance(values, list) else values

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def scans(engine: Engine, seen: Mapping[str, Any]) -> dict[str, list[str]]:
    """Statement -> the steps of its plan that read a whole table."""
    found: dict[str, list[str]] = {}
    with engine.connect() as connection:
        for statement, values in seen.items():
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(values))]
            if steps := [step for step in plan if (scan := _SCAN.match(step)) and scan[1] not in _PARTIAL]:
                found[statement] = steps
    return found
