"""What a database does for a statement: the statements that a piece of the house really sends, and the plan of each."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from models.session import Sessions

_WHOLE = re.compile(r"\bSeq Scan on (\w+)|^SCAN (?!CONSTANT)(\w+)(?! USING (?:COVERING )?INDEX)", re.MULTILINE)


@contextmanager
def sent(sessions: Sessions, *words: str) -> Iterator[dict[str, Any]]:
    """Notes every statement on the database that begins with one of the words, with its values."""
    seen: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().upper().startswith(words):
            seen[statement] = values[0] if isinstance(values, list) else values

    engines = {sessions.write_engine, sessions._read}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


def plan(sessions: Sessions, statement: str, values: Any) -> str:
    """The plan of one statement; PostgreSQL runs it and says how many rows each step met. Nothing it does is kept."""
    word = "EXPLAIN QUERY PLAN" if sessions.embedded else "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF)"
    with sessions.write_engine.connect() as connection:
        rows = connection.exec_driver_sql(f"{word} {statement}", tuple(values) if sessions.embedded else values).all()
        connection.rollback()
    return "\n".join(str(row[-1]) for row in rows)


def whole_reads(text: str, table: str) -> int:
    """How many steps of a plan read this table from end to end, or, on SQLite, sort into a table of their own."""
    return sum(table in found.groups() for found in _WHOLE.finditer(text)) + text.count("USE TEMP B-TREE")
