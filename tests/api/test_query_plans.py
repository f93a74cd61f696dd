"""What is asked of the database for phones all day is answered from indexes, however many rows there are."""

from typing import Any

import pytest

from models.ids import new_uid
from tests.api.client import Phone, Served, enroll, open_study
from tests.api.test_participant_prompts import PROMPTS, open_one
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


def test_no_statement_of_what_phones_ask_all_day_reads_a_whole_table(house: Served) -> None:
    sessions = house.house.sessions
    if not sessions.embedded:
        pytest.skip("PostgreSQL plans by the size of its tables, which are empty here; the statements and indexes are the same")
    phone = enroll(house, open_study(house))
    prompt_id, at = open_one(house, phone)["id"], house.clock.study().isoformat()
    with statements(sessions.write_engine) as written, statements(sessions._read) as read:
        replies = [
            phone.get(f"{PROMPTS}?days=7"),
            phone.post(f"{PROMPTS}/{prompt_id}/open", {}),
            phone.post(f"{PROMPTS}/{prompt_id}/decline", {"reason": "busy"}),
            phone.put(f"/v1/participant/events/{new_uid()}", {"kind": "dose", "happened_at": at}),
            phone.get("/v1/participant/me"),
            phone.get("/v1/participant/me/access"),
            phone.refresh(),
        ]
    assert {one.status_code for one in replies} == {200, 201}, [one.text for one in replies]
    assert len(written) > 11
    assert len(read) > 6
    assert scans(sessions.write_engine, written) == {}
    assert scans(sessions._read, read) == {}
