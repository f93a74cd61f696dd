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
