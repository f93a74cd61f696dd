"""What the response path asks of the database is answered from indexes, however many rows there are."""

from typing import Any

import pytest

from models.ids import new_uid
from tests.api.client import Phone, Served, enroll, open_study
from tests.query_plans import scans, statements


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
    with statements(engine) as seen:
        for size in (1, 8):
            sent = phone.post("/v1/participant/responses/batch", {"items": _batch(house, phone, {"m_crave_now": {"value": 8}}, size)})
            assert {one["status"] for one in sent.json()["results"]} == {201}
    assert len(seen) > 15
    assert scans(engine, seen) == {}
