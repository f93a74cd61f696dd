"""Whatever comes, the reply is a documented one."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from models.ids import new_uid
from models.tables import (
    DecisionRow,
    Response,
)
from tests.api.answering import response_body
from tests.api.client import Served
from tests.api.pocket import (
    RESPONSES,
    put,
    rows,
    told,
)

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["no", "not_safe", "2026-03-04T15:00:00Z", "craving", "\x00", "\ud800", "9" * 5000, [], {}, [[]], {"value": {}}]),
    st.lists(st.integers(), max_size=3),
)
NAMES = st.sampled_from(
    ["protocol_revision", "instrument", "prompt_id", "started_at", "answered_at", "sent_at", "zone", "complete", "answers", "base_revision"]
)
ASKED = st.sampled_from(["m_crave_now", "m_stress", "c_need", "r_cue_types", "m_cue_own", "c_started", "no_such", "", "\x00", "é"])
MUTATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("envelope"), NAMES | st.text(max_size=6), ODD),
        st.tuples(st.just("drop"), NAMES, st.none()),
        st.tuples(st.just("answer"), ASKED, ODD),
        st.tuples(st.just("entry"), ASKED, st.dictionaries(st.sampled_from(["value", "skipped", "declined", "at", "x"]), ODD, max_size=3)),
    ),
    max_size=5,
)
DOCUMENTED = {200, 201, 400, 404, 409, 410, 413, 422}


def mutated(house: Served, mutations: list) -> bytes:
    body: dict[str, Any] = response_body(house, "craving", {"m_crave_now": 4, "m_stress": 3})
    for kind, name, value in mutations:
        if kind == "envelope":
            body[name] = value
        elif kind == "drop":
            body.pop(name, None)
        elif isinstance(body.get("answers"), dict):
            body["answers"][name] = value if kind == "entry" else {"value": value}
    return json.dumps(body).encode()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutations=MUTATIONS)
def test_whatever_is_wrong_with_a_body_the_status_is_a_documented_one(house, phone, mutations):
    sent = put(phone, mutated(house, mutations))
    assert sent.reply.status_code in DOCUMENTED, sent.reply.text
    if sent.reply.status_code >= 400:
        told(sent, sent.reply.status_code)
        assert not [row for row in rows(house, Response, phone) if row.client_id == sent.id], "refused means not stored"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.one_of(st.binary(max_size=60), st.integers(0, 120), st.integers(0, 120)), bit=st.integers(0, 7))
def test_whatever_bytes_come_the_status_is_a_documented_one(house, phone, raw, bit):
    if isinstance(raw, int):
        body = bytearray(json.dumps(response_body(house, "craving", {"m_crave_now": 4})).encode())
        body[raw] ^= 1 << bit
        raw = bytes(body)
    sent = put(phone, raw)
    assert sent.reply.status_code in DOCUMENTED, sent.reply.text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=st.lists(MUTATIONS | ODD, max_size=4))
def test_whatever_a_batch_holds_each_item_has_a_result_and_a_documented_status(house, phone, items):
    bodies = [
        {"id": str(new_uid()), **json.loads(mutated(house, one))} if isinstance(one, list) and one and isinstance(one[0], tuple) else one
        for one in items
    ]
    reply = phone.call("POST", f"{RESPONSES}/batch", content=json.dumps({"items": bodies}).encode())
    if reply.status_code == 200:
        assert [one["status"] in DOCUMENTED for one in reply.json()["results"]] == [True] * len(items)
    else:
        assert reply.status_code == 400, "a number or a text that JSON cannot hold spoils the whole body"


def test_after_all_that_the_house_still_counts_right(house, phone):
    put(phone, response_body(house, "craving", {"m_crave_now": 4}))
    with house.house.sessions.reading() as session:
        for table in (Response, DecisionRow):
            assert session.value(select(func.count()).select_from(table).where(table.enrollment_id == phone.invited.enrollment_id)) == 1
