"""A told overdose is never just a row."""

import pytest
from sqlalchemy import select

from models.ids import new_uid
from models.tables import Alert
from tests.api.client import Phone, Served, enroll, open_study


def _tell(phone: Phone, kind: str, happened_at: str, client_id: str | None = None):
    return phone.put(f"/v1/participant/events/{client_id or new_uid()}", {"kind": kind, "happened_at": happened_at})


@pytest.mark.parametrize(("happened_at", "tier"), [("2026-03-04T14:00:00Z", 4), ("2026-02-20T14:00:00Z", 3)])
def test_a_told_overdose_opens_an_alert_once(house: Served, happened_at: str, tier: int) -> None:
    phone = enroll(house, open_study(house))
    client_id = str(new_uid())
    assert [_tell(phone, "overdose", happened_at, client_id).status_code for _ in range(2)] == [201, 200]
    with house.house.sessions.reading() as session:
        rows = session.rows(select(Alert.tier, Alert.family, Alert.occurrences).where(Alert.enrollment_id == phone.invited.enrollment_id))
    assert [tuple(row) for row in rows] == [(tier, "overdose_event", 1)]


def test_another_event_opens_none(house: Served) -> None:
    phone = enroll(house, open_study(house))
    assert _tell(phone, "dose", "2026-03-04T14:00:00Z").status_code == 201
    with house.house.sessions.reading() as session:
        assert not session.rows(select(Alert.id).where(Alert.enrollment_id == phone.invited.enrollment_id))


def _refused_report(need: str) -> dict[str, object]:
    at = "2026-03-04T15:00:00Z"
    answers = {"m_crave_now": {"value": 42}, "c_need": {"value": need}}
    head = {"protocol_revision": 1, "instrument": "craving", "zone": "America/New_York"}
    return {**head, "answered_at": at, "sent_at": at, "answers": answers}


def test_a_refusal_of_what_disclosed_shows_the_crisis_page_first(house: Served) -> None:
    phone = enroll(house, open_study(house))
    reply = phone.put(f"/v1/participant/responses/{new_uid()}", _refused_report("not_safe"))
    assert (reply.status_code, reply.json()["code"], reply.json()["safety"]["screen"]) == (422, "invalid", "crisis")
    reading = reply.json()["safety"]["reading"]
    assert reading["somebody"] is True
    assert reading["by"] > "2026-03-04T15:00:00Z"
    batch = phone.post("/v1/participant/responses/batch", {"items": [{"id": str(new_uid()), **_refused_report("not_safe")}]})
    assert batch.json()["results"][0]["problem"]["safety"]["screen"] == "crisis"


def test_an_ordinary_refusal_says_nothing_of_safety(house: Served) -> None:
    phone = enroll(house, open_study(house))
    reply = phone.put(f"/v1/participant/responses/{new_uid()}", _refused_report("no"))
    assert reply.status_code == 422
    assert "safety" not in reply.json()
