"""Faults that the fuzz over the whole document has found, each kept out by a small test."""

import pytest

from api.edge import REQUESTS
from models.ids import new_uid
from models.kinds import Role
from tests.api.client import fresh, refusal, sign_in

HUGE = 10**30

NOBODY = "00000000-0000-4000-8000-000000000000"
"""In the names of tests, which are the same in every process."""


@pytest.mark.parametrize("number", [2**31, HUGE])
def test_a_number_that_no_column_holds_is_refused(house, phone, number):
    held = phone.put("/v1/participant/protocol/held", {"revision": number})
    assert [(one["pointer"], one["rule"]) for one in held.json()["errors"]] == [("/revision", "less_than_equal")]
    snoozed = phone.post(f"/v1/participant/prompts/{new_uid()}/snooze", {"number": number})
    assert refusal(snoozed) == (422, "invalid")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        (f"/v1/care/participants/{NOBODY}", "GET, PATCH"),
        (f"/v1/care/participants/{NOBODY}/events", "GET, POST"),
        (f"/v1/research/studies/{NOBODY}/rota", "GET, PUT"),
        (f"/v1/participant/responses/{NOBODY}", "GET, PUT"),
        ("/healthz", "GET"),
    ],
)
def test_a_method_that_is_not_there_is_answered_with_all_that_are(house, path, methods):
    reply = house.client.request("OPTIONS", path)
    assert refusal(reply) == (405, "method_not_allowed")
    assert reply.headers["Allow"] == methods


def test_who_asks_is_looked_at_before_what_is_asked(house, study):
    paths = {
        f"/v1/care/alerts/{new_uid()}/acknowledge": "POST",
        f"/v1/care/participants/{new_uid()}": "PATCH",
        f"/v1/care/participants/{new_uid()}/caseload": "PUT",
        f"/v1/care/participants/{new_uid()}/moves": "POST",
    }
    body = {"assignments": [], "revision": 1}
    for path, method in paths.items():
        taken = {one: value for one, value in body.items() if path.endswith({"assignments": "caseload", "revision": "moves"}[one])}
        assert refusal(house.client.request(method, path, json=taken)) == (401, "not_signed_in"), path
    ida = sign_in(house, study, Role.COORDINATOR, login=fresh("ida"))
    assert refusal(ida.post(f"/v1/care/alerts/{new_uid()}/acknowledge")) == (428, "if_match_needed")


def test_methods_that_a_caller_makes_up_share_one_count(house):
    def methods() -> set[str]:
        return {sample.labels["method"] for metric in REQUESTS.collect() for sample in metric.samples}

    for _ in range(3):
        assert house.client.request(fresh("HERON"), "/healthz").status_code == 405
    assert {one for one in methods() if one.startswith("HERON")} == set()
    assert "OTHER" in methods()
