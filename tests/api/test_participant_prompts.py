"""Prompts on the phone: fetched, opened, deferred, declined."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from api.actions.touch_prompts import Touch
from api.actions.write import apply_operations
from models.access import Viewer
from models.ids import new_uid
from models.kinds import DeliveryState, PromptState
from models.queries.prompt import Move
from models.tables import Delivery, Prompt, PromptEvent
from models.writer import Lane
from scheduler.jobs.dispatch_prompts import dispatch
from scheduler.prompt_moves import opening
from scheduler.snooze import snoozing
from tests.api.client import Phone, Served, enroll, faults, open_study, refusal, theirs

PROMPTS = "/v1/participant/prompts"


def _dispatch(served: Served) -> None:
    with served.house.sessions.transaction() as session:
        dispatch(session, served.house.mind, now=served.clock.study(), system_now=served.clock.system(), limit=1000)


def _events(served: Served, uid: str) -> list[str]:
    with served.house.sessions.reading() as session:
        rows = session.rows(
            select(Prompt.uid, PromptEvent.name).join(PromptEvent, PromptEvent.prompt_id == Prompt.id).order_by(PromptEvent.id)
        )
    return [row.name for row in rows if str(row.uid) == uid]


def open_one(served: Served, phone: Phone, design: str = "random_checks") -> dict[str, Any]:
    """A prompt of this design that is due and was sent, as the phone sees it."""
    upcoming = phone.get(PROMPTS).json()["upcoming"]
    due = min(datetime.fromisoformat(one["due_at"]) for one in upcoming if one["design"] == design)
    served.clock.study_now = due + timedelta(seconds=30)
    _dispatch(served)
    found: dict[str, Any] = next(one for one in phone.get(PROMPTS).json()["open"] if one["design"] == design)
    return found


def test_a_phone_sees_what_is_open_and_what_is_planned(house: Served) -> None:
    phone = enroll(house, open_study(house))
    listed = phone.get(PROMPTS).json()
    assert listed["open"] == []
    dues = [one["due_at"] for one in listed["upcoming"]]
    assert dues == sorted(dues)
    assert len(dues) > 10
    assert all(one["state"] == "planned" and one["protocol_revision"] == 1 for one in listed["upcoming"])
    assert len(phone.get(PROMPTS + "?days=1").json()["upcoming"]) < len(dues)
    drawn = next(one for one in listed["upcoming"] if one["instrument"] == "momentary")
    assert len(drawn["drawn_items"]) == 3
    assert phone.get(f"{PROMPTS}/{drawn['id']}").json() == drawn


def test_fetching_a_prompt_that_was_sent_marks_it_delivered_once(house: Served) -> None:
    phone = enroll(house, open_study(house))
    prompt = open_one(house, phone)
    assert prompt["state"] == "delivered"
    phone.get(PROMPTS)
    assert phone.get(f"{PROMPTS}/{prompt['id']}").json()["state"] == "delivered"
    assert _events(house, prompt["id"]) == ["planned", "queued", "sent", "delivered"]
    with house.house.sessions.reading() as session:
        row = session.row(theirs(Delivery, phone).where(Delivery.kind == "prompt"))
    assert row is not None
    assert row.state == DeliveryState.DELIVERED


def _full(*_: Any) -> Any:
    raise OperationalError("INSERT", {}, Exception("database or disk is full"))


@pytest.mark.parametrize(("capacity", "apply"), [(0, None), (2048, _full)], ids=["queue", "disk"])
def test_prompts_are_told_where_nothing_can_be_written_and_their_receipt_stays_owed(
    house: Served, monkeypatch: pytest.MonkeyPatch, capacity: int, apply: Any
) -> None:
    phone = enroll(house, open_study(house))
    upcoming = phone.get(PROMPTS).json()["upcoming"]
    first = min(upcoming, key=lambda one: one["due_at"])
    house.clock.study_now = datetime.fromisoformat(first["due_at"]) + timedelta(seconds=30)
    _dispatch(house)
    with monkeypatch.context() as broken:
        broken.setattr(house.house.writer, "_capacity", {Lane.NORMAL: capacity})
        if apply is not None:
            broken.setattr(house.house.writer, "_apply", apply)
        listed = phone.get(PROMPTS).json()
        assert [one["state"] for one in listed["open"] if one["id"] == first["id"]] == ["sent"]
        assert phone.get(f"{PROMPTS}/{first['id']}").json()["state"] == "sent"
        assert phone.post(f"{PROMPTS}/{first['id']}/open", {}).status_code == 503, "an act is never told as done that was not stored"
    assert _events(house, first["id"]) == ["planned", "queued", "sent"]
    assert phone.get(f"{PROMPTS}/{first['id']}").json()["state"] == "delivered"


def test_opening_counts_once_and_never_before_it_happened(house: Served) -> None:
    phone = enroll(house, open_study(house))
    prompt = open_one(house, phone)
    ahead = (house.clock.study() + timedelta(hours=3)).isoformat()
    first = phone.post(f"{PROMPTS}/{prompt['id']}/open", {"at": ahead})
    assert first.json()["state"] == "opened"
    house.clock.forward(minutes=1)
    assert phone.post(f"{PROMPTS}/{prompt['id']}/open", {}).json() == first.json()
    assert _events(house, prompt["id"])[-1] == "opened"
    with house.house.sessions.reading() as session:
        row = session.row(theirs(Prompt, phone).where(Prompt.state == PromptState.OPENED))
    assert row is not None
    assert row.opened_at == house.clock.study() - timedelta(minutes=1)


def test_a_prompt_can_be_deferred_as_often_as_the_protocol_says(house: Served) -> None:
    phone = enroll(house, open_study(house))
    prompt = open_one(house, phone)
    assert prompt["snoozes_left"] == 1
    address = f"{PROMPTS}/{prompt['id']}/snooze"
    once = phone.post(address, {"number": 1}).json()
    assert (once["state"], once["snoozes_left"]) == ("snoozed", 0)
    assert phone.post(address, {"number": 1}).json() == once
    assert refusal(phone.post(address, {"number": 2})) == (409, "snooze_spent")
    assert refusal(phone.post(address, {"number": 3})) == (409, "snooze_out_of_turn")
    assert faults(phone.post(address, {"number": "1"})) == [("/number", "int_type")]
    assert _events(house, prompt["id"]).count("snoozed") == 1


def test_declining_needs_a_reason_of_the_list_and_costs_nothing(house: Served) -> None:
    phone = enroll(house, open_study(house))
    prompt = open_one(house, phone)
    address = f"{PROMPTS}/{prompt['id']}/decline"
    reply = phone.post(address, {"reason": "because my boss is here"})
    assert faults(reply) == [("/reason", "literal_error")]
    assert "boss" not in reply.text
    declined = phone.post(address, {"reason": "driving"})
    assert declined.json()["state"] == "declined"
    assert phone.post(address, {"reason": "driving"}).json() == declined.json()
    with house.house.sessions.reading() as session:
        row = session.row(theirs(Prompt, phone).where(Prompt.state == PromptState.DECLINED))
    assert row is not None
    assert (row.reason, row.next_at) == ("driving", None)
    assert refusal(phone.post(f"{PROMPTS}/{prompt['id']}/snooze", {"number": 1})) == (409, "prompt_transition")


def test_another_persons_prompt_is_not_there(house: Served) -> None:
    study = open_study(house)
    phone, other = enroll(house, study), enroll(house, study)
    theirs = other.get(PROMPTS).json()["upcoming"][0]["id"]
    assert other.get(f"{PROMPTS}/{theirs}").status_code == 200
    for reply in (
        phone.get(f"{PROMPTS}/{theirs}"),
        phone.post(f"{PROMPTS}/{theirs}/open", {}),
        phone.post(f"{PROMPTS}/{theirs}/snooze", {"number": 1}),
        phone.post(f"{PROMPTS}/{theirs}/decline", {"reason": "busy"}),
        phone.get(f"{PROMPTS}/{new_uid()}"),
    ):
        assert refusal(reply) == (404, "not_found")
    assert phone.get(f"{PROMPTS}/not-an-id").status_code == 422
    assert phone.get(PROMPTS + "?days=99").status_code == 422


def test_acts_of_one_batch_are_done_in_order_and_one_that_is_refused_is_refused_alone(house: Served) -> None:
    phone = enroll(house, open_study(house))
    prompt = open_one(house, phone)
    now = house.clock.study()
    viewer = Viewer(kind="participant", enrollment_id=phone.invited.enrollment_id)

    def opened(row: Any, _expiry: Any, _hours: Any, at: datetime) -> Move:
        return opening(row, opened_at=at, now=at, actor="participant")

    def snoozed(row: Any, expiry: Any, hours: Any, at: datetime) -> Move:
        return snoozing(row, expiry, hours, now=at, actor="participant")

    def unchanged(*_: Any) -> None:
        return None

    mine, nobodys = UUID(prompt["id"]), new_uid()
    acts = [(mine, opened), (nobodys, opened), (mine, snoozed), (mine, snoozed), (mine, unchanged)]
    with house.house.sessions.transaction() as session:
        found = apply_operations(session, [Touch(viewer, uid, act) for uid, act in acts], house.house)
    assert [type(one).__name__ for one in found] == ["Touched", "Missing", "Touched", "Conflict", "Touched"]
    assert [found[place].row.state for place in (0, 2, 4)] == [PromptState.OPENED, PromptState.SNOOZED, PromptState.SNOOZED]
    assert _events(house, prompt["id"])[-2:] == ["opened", "snoozed"]
    shown = phone.get(f"{PROMPTS}/{mine}").json()
    back = datetime.fromisoformat(shown["reminders"][0])
    assert (shown["snoozes_left"], back) == (0, now + timedelta(minutes=shown["snooze_minutes"]))
