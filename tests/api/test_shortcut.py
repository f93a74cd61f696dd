"""The way of an answer past the framework gives what the framework's way gives, and tokens looked up together stay apart."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.participant.me import AccessOut, MeOut
from api.participant.prompts import PromptList
from api.shapes import Page
from models.ids import new_uid
from tests.api.answering import response_body
from tests.api.client import Phone, Served, enroll, open_study
from tests.api.pocket import RESPONSES
from tests.api.test_participant_prompts import PROMPTS, open_one

BEHIND = "/behind"
"""Under a root path the shortcut steps aside, so the same request goes the framework's way."""

REFUSED: dict[str, tuple[str, bytes, dict[str, str], int, str]] = {
    "no token": (str(new_uid()), b"{}", {"authorization": ""}, 401, "token_missing"),
    "another scheme": (str(new_uid()), b"{}", {"authorization": "Basic x"}, 401, "token_missing"),
    "unknown token": (str(new_uid()), b"{}", {"authorization": "Bearer bwa_nobody"}, 401, "token_ended"),
    "an id that is none": ("17", b"{}", {}, 422, "invalid"),
    "no JSON": (str(new_uid()), b"{", {}, 400, "broken_json"),
    "wrong shape": (str(new_uid()), b"{}", {}, 422, "invalid"),
    "too long": (str(new_uid()), b" " * 262_145, {}, 413, "body_too_large"),
    "two parts": (f"{new_uid()}/x", b"{}", {}, 404, "not_found"),
}


def sent(client: TestClient, phone: Phone, id: str, body: Any, headers: dict[str, str]) -> Any:
    given = {"authorization": f"Bearer {phone.token}", "content-type": "application/json", **headers}
    return client.put(f"{RESPONSES}/{id}", content=body, headers=given)


@pytest.fixture
def behind(house: Served) -> TestClient:
    assert isinstance(house.client.app, FastAPI)
    return TestClient(house.client.app, root_path=BEHIND)


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_the_same_by_both_ways(name: str, house: Served, phone: Phone, behind: TestClient) -> None:
    id, body, headers, status, code = REFUSED[name]
    quick, usual = sent(house.client, phone, id, body, headers), sent(behind, phone, id, body, headers)
    assert (quick.status_code, quick.json()["code"]) == (status, code)
    assert quick.json() | {"instance": ""} == usual.json() | {"instance": ""}
    assert quick.headers.keys() == usual.headers.keys()


def test_a_body_that_tells_no_length_is_refused_alike(house: Served, phone: Phone, behind: TestClient) -> None:
    for client in (house.client, behind):
        reply = sent(client, phone, str(new_uid()), iter([b" " * 200_000] * 2), {})
        assert (reply.status_code, reply.json()["code"]) == (413, "body_too_large")


def test_an_answer_stored_by_one_way_is_known_by_the_other(house: Served, phone: Phone, behind: TestClient) -> None:
    id, body = str(new_uid()), response_body(house, "momentary", {"m_crave_now": 3})
    first = house.client.put(f"{RESPONSES}/{id}", json=body, headers={"authorization": f"Bearer {phone.token}"})
    again = behind.put(f"{RESPONSES}/{id}", json=body, headers={"authorization": f"Bearer {phone.token}"})
    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert first.json()["receipt"] == again.json()["receipt"]
    assert first.headers.keys() == again.headers.keys()


def test_many_tokens_looked_up_at_once_each_open_their_own_record(house: Served) -> None:
    study = open_study(house)
    phones = [enroll(house, study) for _ in range(5)]
    asked: list[tuple[str, str | None]] = [
        *((one.token, one.enrollment_uid) for one in phones),
        *((f"bwa_none{n}", None) for n in range(3)),
    ]

    def ask(one: tuple[str, str | None]) -> Any:
        return house.client.get("/v1/participant/me", headers={"authorization": f"Bearer {one[0]}"})

    with ThreadPoolExecutor(len(asked) * 2) as pool:
        replies = list(pool.map(ask, [*asked, *asked]))
    for (_, enrollment), reply in zip([*asked, *asked], replies, strict=True):
        assert reply.status_code == (401 if enrollment is None else 200)
        assert enrollment is None or enrollment in reply.text


TOLD: dict[str, tuple[str, str, bytes, dict[str, str], int, str]] = {
    "no token": ("GET", "", b"", {"authorization": ""}, 401, "token_missing"),
    "unknown token": ("GET", "?days=2", b"", {"authorization": "Bearer bwa_nobody"}, 401, "token_ended"),
    "too many days": ("GET", "?days=99", b"", {}, 422, "invalid"),
    "no days": ("GET", "?days=x", b"", {}, 422, "invalid"),
    "nobody's prompt": ("POST", f"/{new_uid()}/open", b"{}", {}, 404, "not_found"),
    "an id that is none": ("POST", "/17/open", b"{}", {}, 422, "invalid"),
    "no JSON": ("POST", f"/{new_uid()}/open", b"{", {}, 400, "broken_json"),
    "wrong shape": ("POST", f"/{new_uid()}/decline", b'{"reason":"weather"}', {}, 422, "invalid"),
    "not called JSON": ("POST", f"/{new_uid()}/snooze", b'{"number":1}', {"content-type": "text/plain"}, 422, "invalid"),
    "too long": ("POST", f"/{new_uid()}/open", b" " * 262_145, {}, 413, "body_too_large"),
    "another method": ("DELETE", "", b"", {}, 405, "method_not_allowed"),
}


def told(client: TestClient, phone: Phone, method: str, place: str, body: bytes = b"", **headers: str) -> Any:
    given = {"authorization": f"Bearer {phone.token}", "content-type": "application/json", **headers}
    return client.request(method, f"{PROMPTS}{place}", content=body, headers=given)


@pytest.mark.parametrize("name", TOLD)
def test_a_refusal_about_prompts_is_the_same_by_both_ways(name: str, house: Served, phone: Phone, behind: TestClient) -> None:
    method, place, body, headers, status, code = TOLD[name]
    quick, usual = told(house.client, phone, method, place, body, **headers), told(behind, phone, method, place, body, **headers)
    assert (quick.status_code, quick.json()["code"]) == (status, code)
    assert quick.json() | {"instance": ""} == usual.json() | {"instance": ""}
    assert quick.headers.keys() == usual.headers.keys()


def test_prompts_are_listed_alike_and_as_the_api_describes_them(house: Served, behind: TestClient) -> None:
    phone = enroll(house, open_study(house))
    prompt_id = open_one(house, phone)["id"]
    for place in ("", "?days=0", "?days=5", "?days=05", "?days=1&days=2"):
        quick, usual = told(house.client, phone, "GET", place), told(behind, phone, "GET", place)
        assert (quick.status_code, quick.content) == (200, usual.content)
        assert quick.headers.keys() == usual.headers.keys()
        shown = PromptList.model_validate_json(quick.content)
        assert shown.model_dump_json().encode() == quick.content
    assert str(shown.open[0].id) == prompt_id


def test_what_is_done_with_a_prompt_by_one_way_is_known_by_the_other(house: Served, behind: TestClient) -> None:
    phone = enroll(house, open_study(house))
    prompt_id = open_one(house, phone)["id"]
    opened = told(house.client, phone, "POST", f"/{prompt_id}/open", b'{"at":null}')
    assert (opened.status_code, opened.json()["state"]) == (200, "opened")
    assert told(behind, phone, "POST", f"/{prompt_id}/open", b"{}").content == opened.content
    snoozed = told(behind, phone, "POST", f"/{prompt_id}/snooze", b'{"number":1}')
    assert told(house.client, phone, "POST", f"/{prompt_id}/snooze", b'{"number":1}').content == snoozed.content
    refused = told(house.client, phone, "POST", f"/{prompt_id}/snooze", b'{"number":3}')
    assert refused.json()["code"] == "snooze_out_of_turn"
    declined = told(house.client, phone, "POST", f"/{prompt_id}/decline", b'{"reason":"busy"}')
    assert told(behind, phone, "GET", f"/{prompt_id}").content == declined.content


EVENTS, TOKENS, ME = "/v1/participant/events", "/v1/participant/token", "/v1/participant/me"
EVENT = b'{"kind":"dose","happened_at":"2026-01-01T08:00:00Z"}'
REFRESH = b'{"refresh_token":"x","rotation_id":"6f1f4d0e-4c1c-4f0a-9a3c-2b1f6a7c8d90"}'
OTHERS: dict[str, tuple[str, str, bytes, dict[str, str], int, str]] = {
    "an event without a token": ("PUT", f"{EVENTS}/{new_uid()}", EVENT, {"authorization": ""}, 401, "token_missing"),
    "an event of no kind": ("PUT", f"{EVENTS}/{new_uid()}", EVENT.replace(b"dose", b"party"), {}, 422, "invalid"),
    "an event without an id": ("PUT", f"{EVENTS}/17", EVENT, {}, 422, "invalid"),
    "an event to come": ("PUT", f"{EVENTS}/{new_uid()}", EVENT.replace(b"2026", b"2126"), {}, 422, "invalid"),
    "an event that is no JSON": ("PUT", f"{EVENTS}/{new_uid()}", b"{", {}, 400, "broken_json"),
    "an event that is too long": ("PUT", f"{EVENTS}/{new_uid()}", b" " * 262_145, {}, 413, "body_too_large"),
    "tokens for nothing": ("POST", TOKENS, b"{}", {}, 422, "invalid"),
    "tokens for an unknown token": ("POST", TOKENS, REFRESH, {}, 401, "refresh_unknown"),
    "nobody's own data": ("GET", ME, b"", {"authorization": "Bearer bwa_nobody"}, 401, "token_ended"),
    "who looked, of nobody": ("GET", f"{ME}/access", b"", {"authorization": ""}, 401, "token_missing"),
    "who looked, from nowhere": ("GET", f"{ME}/access?cursor=x", b"", {}, 422, "cursor_invalid"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_else_is_refused_is_refused_alike(name: str, house: Served, phone: Phone, behind: TestClient) -> None:
    method, path, body, headers, status, code = OTHERS[name]
    given = {"authorization": f"Bearer {phone.token}", "content-type": "application/json", **headers}
    quick, usual = (client.request(method, path, content=body, headers=given) for client in (house.client, behind))
    assert (quick.status_code, quick.json()["code"]) == (status, code)
    assert quick.json() | {"instance": ""} == usual.json() | {"instance": ""}
    assert quick.headers.keys() == usual.headers.keys()


def test_an_event_and_the_own_data_are_the_same_by_both_ways(house: Served, behind: TestClient) -> None:
    phone, id = enroll(house, open_study(house)), new_uid()
    given = {"authorization": f"Bearer {phone.token}", "content-type": "application/json"}
    first, again = (client.put(f"{EVENTS}/{id}", content=EVENT, headers=given) for client in (house.client, behind))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content
    assert house.client.put(f"{EVENTS}/{id}", content=EVENT, headers=given).status_code == 200
    for path, shape in ((ME, MeOut), (f"{ME}/access", Page[AccessOut])):
        quick, usual = (client.get(path, headers=given) for client in (house.client, behind))
        assert (quick.status_code, quick.content) == (200, usual.content)
        assert quick.headers.keys() == usual.headers.keys()
        assert shape.model_validate_json(quick.content).model_dump_json().encode() == quick.content


def test_a_reply_with_tokens_that_was_lost_by_one_way_is_given_again_by_the_other(house: Served, behind: TestClient) -> None:
    phone, rotation = enroll(house, open_study(house)), str(new_uid())
    body = {"refresh_token": phone.refresh_token, "rotation_id": rotation, "proof": phone.proof(rotation)}
    quick, usual = (client.post(TOKENS, json=body) for client in (house.client, behind))
    assert (quick.status_code, usual.status_code) == (200, 200)
    assert quick.json()["refresh_token"] == usual.json()["refresh_token"]
    assert list(quick.json()) == list(usual.json())
    assert quick.headers.keys() == usual.headers.keys()
    for reply in (quick, usual):
        assert house.client.get(ME, headers={"authorization": f"Bearer {reply.json()['access_token']}"}).status_code == 200
