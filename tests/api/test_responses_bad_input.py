"""What cannot be stored is refused by place and rule, kept sealed, and never costs a disclosure."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from models.ids import new_uid
from models.tables import (
    AccessToken,
    Prompt,
    RejectedSubmission,
    Response,
)
from tests.api.answering import response_body
from tests.api.client import enroll, refusal
from tests.api.pocket import (
    RESPONSES,
    WORD,
    nothing_is_stored,
    put,
    rows,
    said,
    the_body_is_kept_sealed,
    told,
)

BIG = 10**30

ENVELOPE = [
    ("sent_at_missing", {"sent_at": ...}, "/sent_at", "missing"),
    ("answers_missing", {"answers": ...}, "/answers", "missing"),
    ("extra", {"mood": WORD}, "/mood", "extra_forbidden"),
    ("text_revision", {"protocol_revision": "1"}, "/protocol_revision", "int_type"),
    ("float_revision", {"protocol_revision": 1.5}, "/protocol_revision", None),
    ("true_revision", {"protocol_revision": True}, "/protocol_revision", "int_type"),
    ("zero_revision", {"protocol_revision": 0}, "/protocol_revision", "greater_than_equal"),
    ("huge_revision", {"protocol_revision": BIG}, "/protocol_revision", None),
    ("long_revision", {"protocol_revision": 2**40}, "/protocol_revision", None),
    ("unknown_revision", {"protocol_revision": 77}, "/protocol_revision", "unknown_revision"),
    ("unknown_instrument", {"instrument": "no_such"}, "/instrument", "unknown_instrument"),
    ("instrument_pattern", {"instrument": f"{WORD} 1"}, "/instrument", "string_pattern_mismatch"),
    ("number_instrument", {"instrument": 7}, "/instrument", "string_type"),
    ("number_instant", {"answered_at": 1_772_636_400}, "/answered_at", "not_an_instant"),
    ("quoted_number_instant", {"answered_at": "1772636400"}, "/answered_at", "not_an_instant"),
    ("day_for_instant", {"answered_at": "2026-03-04"}, "/answered_at", "not_an_instant"),
    ("naive_instant", {"answered_at": "2026-03-04T15:00:00"}, "/answered_at", "timezone_aware"),
    ("no_instant", {"sent_at": WORD}, "/sent_at", None),
    ("far_instant", {"sent_at": "9999-12-31T23:59:59Z"}, "/sent_at", "year_out_of_range"),
    ("old_instant", {"answered_at": "0001-01-01T00:00:00Z"}, "/answered_at", "year_out_of_range"),
    ("null_instant", {"answered_at": None}, "/answered_at", "not_an_instant"),
    ("after_sent", {"answered_at": "2026-03-04T15:06:00Z"}, "/answered_at", "after_sent"),
    ("started_after", {"started_at": "2026-03-04T15:00:01Z"}, "/started_at", "after_answered"),
    ("zone", {"zone": "Mars/Olympus"}, "/zone", "zone_unknown"),
    ("zone_path", {"zone": "../../etc/passwd"}, "/zone", "zone_unknown"),
    ("zone_null", {"zone": "UTC\x00"}, "/zone", "zone_unknown"),
    ("zone_long", {"zone": "U" * 65}, "/zone", "string_too_long"),
    ("prompt_text", {"prompt_id": WORD}, "/prompt_id", "uuid_parsing"),
    ("complete_text", {"complete": "yes"}, "/complete", "bool_type"),
    ("answers_list", {"answers": [WORD]}, "/answers", "dict_type"),
    ("many_answers", {"answers": {f"i{number}": {"value": 1} for number in range(401)}}, "/answers", "too_long"),
    ("edit_without_reason", {"base_revision": 1}, "/edit_reason", "edit_needs_both"),
    ("reason_without_base", {"edit_reason": "oops"}, "/edit_reason", "edit_needs_both"),
    ("huge_base", {"base_revision": BIG, "edit_reason": "oops"}, "/base_revision", None),
]


@pytest.mark.parametrize(("changes", "pointer", "rule"), [one[1:] for one in ENVELOPE], ids=[one[0] for one in ENVELOPE])
def test_an_envelope_that_breaks_a_rule_is_refused_by_place_and_kept(house, phone, changes, pointer, rule):
    body = {**response_body(house, "craving", {"m_crave_now": 4}), **changes}
    sent = put(phone, {name: value for name, value in body.items() if value is not ...})
    found = told(sent, 422)
    assert any(place == pointer and rule in {None, broken} for place, broken in found), found
    nothing_is_stored(house, phone)
    the_body_is_kept_sealed(house, phone, sent, "invalid")


ITEMS = [
    ("unknown_item", said(no_such=1), "/answers/no_such", "unknown_item"),
    ("strange_name", {f"{WORD} said\n": {"value": 1}}, "/answers", "unknown_item"),
    ("null_in_name", {"m_\x00": {"value": 1}}, "/answers", "unknown_item"),
    ("text_for_number", said(m_crave_now=WORD), "/answers/m_crave_now/value", "wrong_type"),
    ("true_for_number", said(m_crave_now=True), "/answers/m_crave_now/value", "wrong_type"),
    ("above", said(m_crave_now=10.001), "/answers/m_crave_now/value", "out_of_range"),
    ("below", said(m_crave_now=-1), "/answers/m_crave_now/value", "out_of_range"),
    ("huge", said(m_crave_now=BIG), "/answers/m_crave_now/value", "out_of_range"),
    ("huge_negative", said(m_crave_now=-BIG), "/answers/m_crave_now/value", "out_of_range"),
    ("past_floats", said(m_crave_now=10**400), "/answers/m_crave_now/value", None),
    ("list_for_number", said(m_crave_now=[1]), "/answers/m_crave_now/value", "wrong_type"),
    ("object_for_number", said(m_crave_now={"value": {"a": WORD}}), "/answers/m_crave_now/value", "wrong_type"),
    ("bare_value", {"m_crave_now": 4}, "/answers/m_crave_now", "wrong_members"),
    ("two_members", said(m_crave_now={"value": 4, "skipped": True}), "/answers/m_crave_now", "wrong_members"),
    ("no_member", said(m_crave_now={}), "/answers/m_crave_now", "wrong_members"),
    ("skipped_false", said(m_crave_now={"skipped": False}), "/answers/m_crave_now", "wrong_members"),
    ("extra_member", said(m_crave_now={"value": 4, "note": WORD}), "/answers/m_crave_now", "wrong_members"),
    ("bad_instant", said(m_crave_now={"value": 4, "at": WORD}), "/answers/m_crave_now/at", "not_an_instant"),
    ("naive_at", said(m_crave_now={"value": 4, "at": "2026-03-04T15:00:00"}), "/answers/m_crave_now/at", "not_an_instant"),
    ("unknown_option", said(c_need=WORD), "/answers/c_need/value", "unknown_option"),
    ("number_option", said(c_need=3), "/answers/c_need/value", "wrong_type"),
    ("option_twice", said(r_cue_types=["place", "place"]), "/answers/r_cue_types/value", "option_twice"),
    ("alone", said(r_cue_types=["place", "nothing"]), "/answers/r_cue_types/value", "exclusive_option"),
    ("not_my_list", said(m_cue_own=[str(UUID(int=7))]), "/answers/m_cue_own/value", "unknown_option"),
]


@pytest.mark.parametrize(("given", "pointer", "rule"), [one[1:] for one in ITEMS], ids=[one[0] for one in ITEMS])
def test_an_answer_that_breaks_a_rule_is_refused_by_item_and_rule_and_kept(house, phone, given, pointer, rule):
    body = {**response_body(house, "craving", {}), "answers": {**given, "m_low": {"value": 3}}}
    sent = put(phone, body)
    found = told(sent, 422)
    assert any(place == pointer and rule in {None, broken} for place, broken in found), found
    nothing_is_stored(house, phone)
    the_body_is_kept_sealed(house, phone, sent, "invalid")


def test_a_number_that_json_cannot_hold_is_refused(house, phone):
    for word in (b"NaN", b"Infinity", b"-Infinity", b"1e999"):
        raw = json.dumps(response_body(house, "craving", {"m_crave_now": 4})).encode().replace(b'"value": 4', b'"value": ' + word)
        assert put(phone, raw).reply.status_code in {400, 422}
    nothing_is_stored(house, phone)


def test_every_broken_rule_is_named_at_once(house, phone):
    body = response_body(house, "craving", {"m_crave_now": 11, "m_stress": "x", "c_need": WORD, "nope": 1}, zone="Mars")
    found = told(put(phone, body), 422)
    assert {place for place, _ in found} == {
        "/zone",
        "/answers/m_crave_now/value",
        "/answers/m_stress/value",
        "/answers/c_need/value",
        "/answers/nope",
    }


def test_a_refusal_stays_short_however_much_is_wrong(house, phone):
    body = {**response_body(house, "craving", {}), **{f"x{number}": 1 for number in range(20_000)}}
    sent = put(phone, body)
    assert len(told(sent, 422)) <= 100
    assert len(sent.reply.content) < 20_000


@pytest.mark.parametrize("name", ["m\x00d", "a\nb", WORD + " is what I took", "x" * 5000, "é"])
def test_a_member_whose_name_could_be_an_answer_is_not_repeated(house, phone, name):
    sent = put(phone, {**response_body(house, "craving", {"m_crave_now": 4}), name: 1})
    assert ("", "extra_forbidden") in told(sent, 422)
    assert name not in sent.reply.text
    the_body_is_kept_sealed(house, phone, sent, "invalid")


BROKEN = {
    "half": b'{"instrument": "craving", "answers": {"m_crave_now"',
    "empty": b"",
    "words": WORD.encode(),
    "not_utf8": b'{"instrument": "\xff\xfe' + WORD.encode() + b'"}',
    "lone_surrogate": b'{"instrument": "\\ud800", "answers": {}}',
    "deep_list": b"[" * 60_000 + b"]" * 60_000,
    "deep_object": b'{"answers":' * 20_000 + b"1" + b"}" * 20_000,
    "trailing": b'{"answers": {}} trailing',
    "utf16": '{"answers": {}}'.encode("utf-16"),
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN)
def test_what_is_no_json_is_refused_and_its_bytes_are_kept(house, phone, raw):
    sent = put(phone, raw)
    told(sent, 400)
    assert sent.reply.json()["code"] == "broken_json"
    nothing_is_stored(house, phone)
    the_body_is_kept_sealed(house, phone, sent, "broken_json")


@pytest.mark.parametrize("raw", [b"[]", b"3", b"null", b'"text"', b"true", b"{}"])
def test_json_that_is_no_response_is_refused(house, phone, raw):
    told(put(phone, raw), 422)
    nothing_is_stored(house, phone)


@pytest.mark.parametrize("depth", [150, 220])
def test_an_answer_may_not_be_nested_deeply(house, phone, depth):
    value: Any = 1
    for _ in range(depth):
        value = [value]
    sent = put(phone, response_body(house, "craving", {"m_crave_now": value}))
    assert sent.reply.status_code in {400, 422}
    nothing_is_stored(house, phone)


def test_ten_megabytes_are_refused_before_they_are_read(house, phone):
    sent = put(phone, b'{"answers": "' + WORD.encode() * 1_100_000 + b'"}')
    told(sent, 413)
    assert sent.reply.json()["code"] == "body_too_large"

    def stream() -> Iterator[bytes]:
        for _ in range(3000):
            yield b"a" * 100

    reply = phone.call("PUT", f"{RESPONSES}/{new_uid()}", content=stream(), headers={"content-type": "application/json"})
    assert refusal(reply) == (413, "body_too_large")
    assert rows(house, RejectedSubmission, phone) == []


def test_ten_megabytes_are_too_much_for_a_batch_too(house, phone):
    reply = phone.call("POST", f"{RESPONSES}/batch", content=b" " * 10_000_000, headers={"content-type": "application/json"})
    assert refusal(reply) == (413, "body_too_large")


def test_another_persons_prompt_is_not_there(house, study, phone):
    other = enroll(house, study)
    prompt = next(row for row in rows(house, Prompt, other) if row.instrument == "momentary")
    sent = put(phone, response_body(house, "momentary", {"m_crave_now": 4}, prompt_id=str(prompt.uid)))
    assert told(sent, 404) == [("/prompt_id", "unknown_prompt")]
    nothing_is_stored(house, phone)
    the_body_is_kept_sealed(house, phone, sent, "not_found")
    assert rows(house, Prompt, other)[0].state == rows(house, Prompt, other)[0].state
    assert next(row for row in rows(house, Prompt, other) if row.id == prompt.id).state is prompt.state


def test_a_prompt_asks_one_instrument(house, study):
    phone = enroll(house, study)
    prompt = next(row for row in rows(house, Prompt, phone) if row.instrument == "momentary")
    sent = put(phone, response_body(house, "craving", {"m_crave_now": 4}, prompt_id=str(prompt.uid)))
    assert told(sent, 422) == [("/instrument", "other_instrument")]
    nothing_is_stored(house, phone)


@pytest.mark.parametrize("path", ["not-a-uuid", "7", "00000000-0000-0000-0000-00000000000g"])
def test_an_id_that_is_no_uuid_is_refused(house, phone, path):
    reply = phone.put(f"{RESPONSES}/{path}", response_body(house, "craving", {"m_crave_now": 4}))
    assert refusal(reply) == (422, "invalid")
    assert path not in reply.text.replace(reply.json()["instance"], "")


def test_without_a_token_nothing_is_read(house, phone):
    body = response_body(house, "craving", {"m_crave_now": 4})
    for headers in (
        {},
        {"Authorization": "Bearer bwa_none"},
        {"Authorization": "Basic " + WORD},
        {"Authorization": "Bearer " + "\u00e9" * 9},
    ):
        encoded = {name: value.encode() for name, value in headers.items()}
        reply = house.client.put(f"{RESPONSES}/{new_uid()}", json=body, headers=encoded)
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"] == "Bearer"
        assert WORD not in reply.text


def test_a_token_that_ended_between_door_and_batch_stores_nothing(house, phone):
    assert put(phone, response_body(house, "craving", {"m_crave_now": 4})).reply.status_code == 201
    with house.house.sessions.transaction() as session:
        session.execute(
            update(AccessToken).where(AccessToken.enrollment_id == phone.invited.enrollment_id).values(revoked_at=house.clock.system())
        )
    sent = put(phone, response_body(house, "craving", {"m_crave_now": 5}))
    told(sent, 401)
    assert len(rows(house, Response, phone)) == 1
    assert rows(house, RejectedSubmission, phone) == []
