"""The way of an answer past the framework gives what the framework's way gives, and tokens looked up together stay apart."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from models.ids import new_uid
from tests.api.answering import response_body
from tests.api.client import Phone, Served, enroll, open_study
from tests.api.pocket import RESPONSES

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
