"""What a person tells of themselves at intake holds for later texts and decisions."""

from datetime import timedelta

from sqlalchemy import select

from models.ids import new_uid
from models.tables import Enrollment
from tests.api.client import Phone, Served, enroll, open_study


def _answer(house: Served, phone: Phone, answers: dict[str, object], client_id: str | None = None, **more: object):
    at = (house.clock.study() - timedelta(minutes=1)).isoformat()
    body = {"protocol_revision": 1, "instrument": "intake", "answered_at": at, "sent_at": at, "zone": "America/New_York"}
    given = {item: {"value": value} for item, value in answers.items()}
    return phone.put(f"/v1/participant/responses/{client_id or new_uid()}", {**body, "answers": given, **more})


def _facts(house: Served, phone: Phone) -> tuple[str | None, bool]:
    with house.house.sessions.reading() as session:
        row = session.row(select(Enrollment.own_word, Enrollment.bereaved_at).where(Enrollment.id == phone.invited.enrollment_id))
    assert row is not None
    return row.own_word, row.bereaved_at is not None


def test_the_own_word_and_a_loss_are_kept_and_an_edit_takes_the_loss_back(house: Served) -> None:
    phone, client_id = enroll(house, open_study(house)), str(new_uid())
    assert _facts(house, phone) == (None, False)
    assert _answer(house, phone, {"i_own_word": "urge", "i_loss": True}, client_id).status_code == 201
    assert _facts(house, phone) == ("urge", True)
    edit = _answer(house, phone, {"i_own_word": "urge", "i_loss": False}, client_id, base_revision=1, edit_reason="wrong_tap")
    assert edit.status_code == 201
    assert _facts(house, phone) == ("urge", False)


def test_a_later_no_does_not_undo_a_loss(house: Served) -> None:
    phone = enroll(house, open_study(house))
    _answer(house, phone, {"i_loss": True})
    house.clock.forward(days=7)
    _answer(house, phone, {"i_loss": False})
    assert _facts(house, phone) == (None, True)
