"""The batch of a phone that was offline: a result for each item, in the order sent."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from models.ids import new_uid
from models.tables import (
    AccessToken,
    Alert,
    DecisionRow,
    Response,
)
from tests.api.answering import response_body
from tests.api.client import Phone, Served, refusal
from tests.api.pocket import (
    RESPONSES,
    rows,
)


def batch(house: Served, phone: Phone, items: list[dict[str, Any]]):
    return phone.post(f"{RESPONSES}/batch", {"items": items})


def item(house: Served, instrument: str = "craving", answers: dict[str, Any] | None = None, *, minutes: float = 0, **members: Any) -> dict:
    at = house.clock.study() - timedelta(minutes=minutes)
    return {"id": str(new_uid()), **response_body(house, instrument, answers or {"m_crave_now": 3}, at=at, **members)}


def test_a_batch_is_answered_in_the_order_sent_and_one_bad_item_is_refused_alone(house, phone):
    items = [item(house, minutes=minutes, answers={"m_crave_now": minutes % 10}) for minutes in (50, 300, 10, 120)]
    items.insert(2, item(house, answers={"m_crave_now": 11}))
    results = batch(house, phone, items).json()["results"]
    assert [one["id"] for one in results] == [one["id"] for one in items]
    assert [one["status"] for one in results] == [201, 201, 422, 201, 201]
    assert [one["pointer"] for one in results[2]["problem"]["errors"]] == ["/answers/m_crave_now/value"]
    assert [one["reply"]["receipt"]["id"] for one in results if "reply" in one] == [one["id"] for one in items if one is not items[2]]
    times = {str(row.client_id): row.event_time for row in rows(house, Response, phone)}
    assert sorted(times, key=times.__getitem__) == [items[place]["id"] for place in (1, 4, 0, 3)]


def test_a_batch_sent_again_stores_nothing_new_and_gives_the_first_receipts(house, phone):
    items = [item(house, minutes=minutes) for minutes in (50, 30)]
    first = batch(house, phone, items).json()["results"]
    again = batch(house, phone, items).json()["results"]
    assert [one["status"] for one in again] == [200, 200]
    assert [one["reply"]["receipt"] for one in again] == [one["reply"]["receipt"] for one in first]
    assert len(rows(house, Response, phone)) == 2


def test_five_hundred_answers_of_a_phone_that_was_away_are_all_stored(house, phone):
    """More than the limit of a single answer's body."""
    asked = ("m_crave_now", "m_stress", "m_low", "m_tense", "m_withdraw", "m_pain", "m_choice", "m_relief", "m_impulsive", "m_enjoy")
    count = 500 if house.house.sessions.embedded else 150
    items = [item(house, "momentary", dict.fromkeys(asked, number % 10), minutes=60 * (count - number)) for number in range(count)]
    for one in items:
        for answer in one["answers"].values():
            answer["at"] = one["answered_at"]
    assert count < 500 or len(json.dumps(items)) > house.house.settings.body_limit
    reply = batch(house, phone, items)
    assert reply.status_code == 200, reply.text[:300]
    assert {one["status"] for one in reply.json()["results"]} == {201}
    assert len(rows(house, Response, phone)) == count
    assert len(rows(house, DecisionRow, phone)) == count


def test_a_batch_of_more_than_five_hundred_is_refused_whole(house, phone):
    items = [{"id": str(number)} for number in range(501)]
    assert refusal(batch(house, phone, items)) == (413, "batch_too_large")
    assert rows(house, Response, phone) == []


def test_an_edit_may_travel_with_its_base_even_where_it_moves_the_answer_back(house, phone):
    base = item(house, minutes=30)
    edit = {**item(house, minutes=90), "id": base["id"], "base_revision": 1, "edit_reason": "wrong_time"}
    results = batch(house, phone, [edit, base]).json()["results"]
    assert [one["status"] for one in results] == [201, 201]
    assert [(row.revision, row.superseded) for row in rows(house, Response, phone)] == [(1, True), (2, False)]


def test_a_disclosure_in_a_batch_opens_its_alert_whatever_is_wrong_with_its_item(house, phone):
    unreadable = {**item(house, "use", {"safe_now": "no"}), "id": "7"}
    broken = item(house, "use", {"u_overdose": True, "u_before_crave": 99})
    fine = item(house)
    results = batch(house, phone, [unreadable, broken, fine]).json()["results"]
    assert [one["status"] for one in results] == [422, 422, 201]
    assert sorted(row.family for row in rows(house, Alert, phone)) == ["not_safe", "overdose"]


@pytest.mark.parametrize("odd", [7, None, "text", [1]])
def test_an_item_that_is_no_object_is_refused_alone(house, phone, odd):
    reply = phone.post(f"{RESPONSES}/batch", {"items": [item(house), odd]})
    assert [one["status"] for one in reply.json()["results"]] == [201, 422]


@pytest.mark.parametrize("body", [{}, {"items": {}}, [], {"items": None}, 3])
def test_a_batch_of_another_shape_is_refused(house, phone, body):
    assert refusal(phone.post(f"{RESPONSES}/batch", body)) == (422, "invalid")


def test_an_empty_batch_is_answered_with_nothing(house, phone):
    assert batch(house, phone, []).json() == {"results": []}


def test_a_batch_whose_token_ended_on_the_way_is_refused_as_a_whole(house, phone):
    """So that a phone does what it does at any 401: it refreshes, and sends the same again."""
    items = [item(house, minutes=minutes) for minutes in (50, 30)]
    assert phone.get(f"{RESPONSES[: RESPONSES.rindex('/')]}/me").status_code == 200  # the door knows the token for some seconds
    with house.house.sessions.transaction() as session:
        mine = AccessToken.enrollment_id == phone.invited.enrollment_id
        session.execute(update(AccessToken).where(mine).values(revoked_at=house.clock.system()))
    assert refusal(batch(house, phone, items)) == (401, "token_ended")
    assert rows(house, Response, phone) == []


def test_a_whole_number_may_be_written_with_a_point(house, phone):
    one = item(house)
    assert batch(house, phone, [one | {"protocol_revision": float(one["protocol_revision"])}]).json()["results"][0]["status"] == 201
