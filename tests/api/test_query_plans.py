"""What the response path asks of the database is answered from indexes, however many rows there are."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from models.ids import new_uid
from tests.api.client import Phone, Served, enroll, open_study

_READS_ALL = re.compile(r"^SCAN (?!CONSTANT|\d+ CONSTANT|\()")


@contextmanager
def _statements(engine: Engine) -> Iterator[dict[str, Any]]:
    seen: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE")):
            seen[statement] = values[0] if isinstance(values, list) else values

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def _batch(house: Served, phone: Phone, answers: dict[str, Any], size: int) -> list[dict[str, Any]]:
    at = house.clock.study().isoformat()
    return [
        {
            "id": str(new_uid()),
            "protocol_revision": 1,
            "instrument": "craving",
            "answered_at": at,
            "sent_at": at,
            "zone": "America/New_York",
            "answers": answers,
        }
        for _ in range(size)
    ]


def test_no_statement_of_the_response_path_reads_a_whole_table(house: Served) -> None:
    if not house.house.sessions.embedded:
        pytest.skip("PostgreSQL plans by the size of its tables, which are empty here; the statements and indexes are the same")
    phone = enroll(house, open_study(house))
    engine = house.house.sessions.write_engine
    with _statements(engine) as seen:
        for size in (1, 8):
            sent = phone.post("/v1/participant/responses/batch", {"items": _batch(house, phone, {"m_crave_now": {"value": 8}}, size)})
            assert {one["status"] for one in sent.json()["results"]} == {201}
    assert len(seen) > 15
    scans = {}
    with engine.connect() as connection:
        for statement, values in seen.items():
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(values))]
            if found := [step for step in plan if _READS_ALL.match(step)]:
                scans[statement] = found
    assert scans == {}
