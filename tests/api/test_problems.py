"""Every refusal is a problem document, the framework's own included, and none repeats what was sent."""

import json

import pytest

from api.problems import MEDIA_TYPE
from models.kinds import Role
from tests.api.answering import response_body
from tests.api.client import Door, Served, enroll, fresh, open_study, sign_in

WORD = "heron7531"
"""Planted in every request; no reply may hold it."""


@pytest.fixture
def staff(house: Served) -> Door:
    return sign_in(house, open_study(house, slug=fresh("study")), Role.COORDINATOR, Role.ADMIN, Role.INVESTIGATOR, login=fresh("ann"))


def told(reply, status: int, code: str) -> dict:
    """The problem document, checked for its form."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == MEDIA_TYPE
    assert WORD not in reply.text
    assert WORD not in str(reply.headers)
    said = reply.json()
    assert said["status"] == status
    assert said["code"] == code
    assert said["type"] == f"urn:breakwater:problem:{code}"
    assert said["instance"] == f"urn:breakwater:request:{reply.headers['x-request-id']}"
    assert set(said) <= {"type", "title", "status", "code", "detail", "instance", "errors"}
    for fault in said.get("errors", []):
        assert set(fault) == {"pointer", "rule", "detail"}
        assert fault["pointer"] == "" or fault["pointer"].startswith("/")
    return said


def test_an_unknown_address(house):
    told(house.client.get(f"/v1/{WORD}"), 404, "not_found")
    told(house.client.get(f"/{WORD}?q={WORD}", headers={"x-note": WORD}), 404, "not_found")


def test_a_method_that_an_address_does_not_answer(house):
    reply = house.client.delete("/healthz", headers={"x-note": WORD})
    told(reply, 405, "method_not_allowed")
    assert "GET" in reply.headers["allow"]


@pytest.mark.parametrize("path", ["/v1/staff/session", "/v1/participant/enroll"])
def test_a_body_that_is_no_json(house, path):
    for body in (f'{{"login": "{WORD}"', f"{WORD}", '{"login": NaN', b"\xff\xfe" + WORD.encode()):
        reply = house.client.post(path, content=body, headers={"content-type": "application/json"})
        assert reply.json()["code"] in {"broken_json", "bad_request"}
        told(reply, 400, reply.json()["code"])


def test_a_body_of_another_type(house):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", WORD):
        reply = house.client.post("/v1/staff/session", content=f"login={WORD}", headers={"content-type": kind})
        assert reply.status_code in {400, 415, 422}
        told(reply, reply.status_code, reply.json()["code"])


def test_a_body_that_is_nested_beyond_reading(house, staff):
    deep = "[" * 100_000 + "]" * 100_000
    reply = staff.call("POST", "/v1/care/participants", content=deep, headers={"content-type": "application/json"})
    assert reply.status_code in {400, 413, 422}
    told(reply, reply.status_code, reply.json()["code"])
    nested = '{"a":' * 20_000 + f'"{WORD}"' + "}" * 20_000
    reply = house.client.post("/v1/staff/session", content=nested, headers={"content-type": "application/json"})
    told(reply, reply.status_code, reply.json()["code"])
    assert reply.status_code in {400, 413, 422}


def test_a_body_that_is_too_large(house, staff):
    large = json.dumps({"login": WORD * 40_000, "password": "x"})
    told(house.client.post("/v1/staff/session", content=large, headers={"content-type": "application/json"}), 413, "body_too_large")

    def stream():
        for _ in range(400):
            yield WORD.encode() * 100

    told(house.client.post("/v1/staff/session", content=stream(), headers={"content-type": "application/json"}), 413, "body_too_large")


@pytest.mark.parametrize(
    ("body", "pointer", "rule"),
    [
        ({"login": WORD}, "/password", "missing"),
        ({"login": 7, "password": WORD}, "/login", "string_type"),
        ({"login": WORD, "password": [WORD]}, "/password", "string_type"),
        ({"login": WORD, "password": "x", "extra": WORD}, "/extra", "extra_forbidden"),
        ({"login": WORD * 30, "password": "x"}, "/login", "string_too_long"),
        ([WORD], "", "model_attributes_type"),
        (WORD, "", "model_attributes_type"),
        (None, "", "missing"),
    ],
)
def test_a_wrong_shape_names_the_place_and_the_rule(house, body, pointer, rule):
    said = told(house.client.post("/v1/staff/session", json=body), 422, "invalid")
    assert (pointer, rule) in {(one["pointer"], one["rule"]) for one in said["errors"]}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (f"/v1/care/participants/{WORD}", "/path/enrollment_id"),
        (f"/v1/care/participants?limit={WORD}", "/query/limit"),
        ("/v1/care/participants?limit=0", "/query/limit"),
        (f"/v1/care/participants?state={WORD}", "/query/state/0"),
        (f"/v1/care/participants?cursor={WORD}", "/query/cursor"),
        (f"/v1/care/alerts?since={WORD}", "/query/since"),
        (f"/static/{WORD}", "/path/name"),
    ],
)
def test_a_wrong_parameter_names_where_it_stands(staff, path, place):
    said = told(staff.get(path), 422, staff.get(path).json()["code"])
    assert place in {one["pointer"] for one in said["errors"]}


@pytest.mark.parametrize("given", [WORD, '"a"', "1.5", '"' + "9" * 40 + '"'])
def test_an_if_match_that_is_none(house, staff, given):
    person = enroll(house, open_study(house, slug=fresh("study"))).enrollment_uid
    said = told(staff.call("PATCH", f"/v1/care/participants/{person}", {}, headers={"If-Match": given}), 422, "invalid")
    assert said["errors"][0]["pointer"].lower() in {"/header/if-match", "/if-match"}


@pytest.mark.parametrize("value", [0, 1_772_636_400, "2026-03-04T15:00:00", "yesterday", True, "9999-12-31T00:00:00Z"])
def test_an_instant_is_text_with_an_offset(house, staff, value):
    person = enroll(house, open_study(house, slug=fresh("study"))).enrollment_uid
    event = {"id": "6b3b7a52-9f0d-4c58-8f3b-5a0a4a1d1f10", "kind": "visit", "happened_at": value}
    told(staff.post(f"/v1/care/participants/{person}/events", event), 422, "invalid")


def test_a_refused_answer_is_named_by_item_and_rule_and_never_repeated(house):
    phone = enroll(house, open_study(house, slug=fresh("study")))
    body = response_body(house, "momentary", {"m_crave_now": 7531, WORD: 3, "m_where": WORD})
    reply = phone.put("/v1/participant/responses/6b3b7a52-9f0d-4c58-8f3b-5a0a4a1d1f10", body)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == MEDIA_TYPE
    assert "7531" not in reply.text.replace(WORD, "")
    assert "/answers/m_crave_now/value" in {one["pointer"] for one in reply.json()["errors"]}


def test_a_text_that_the_database_cannot_hold_is_refused_and_not_a_fault_of_ours(staff):
    for name in ("a\x00b", "a\nb", "\ud800", "", " " * 500):
        body = json.dumps({"login": fresh("bea"), "name": name})
        reply = staff.call("POST", "/v1/staff", content=body, headers={"content-type": "application/json"})
        told(reply, 422, "invalid")


def test_a_request_id_of_the_caller_is_kept_only_where_it_is_plain(house):
    assert house.client.get("/healthz", headers={"x-request-id": "abcd-1234"}).headers["x-request-id"] == "abcd-1234"
    for given in ("short", "with space in it", "x" * 65, "<script>alert(1)</script>"):
        assert house.client.get("/healthz", headers={"x-request-id": given}).headers["x-request-id"] != given


def test_every_reply_carries_the_headers_that_keep_browsers_safe(house):
    for path in ("/", "/healthz", "/docs", f"/{WORD}"):
        headers = house.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
