"""What cannot be stored is refused by place and rule, kept sealed, and never costs a disclosure."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from api.actions.open_sealed import open_rejected
from api.actions.submit_response import apply_submissions
from api.app import _deliver
from models.ids import new_uid
from models.queries.response import lock_enrollments
from models.tables import (
    AccessToken,
    Alert,
    DecisionRow,
    Enrollment,
    Prompt,
    RejectedSubmission,
    Response,
    RiskEstimateRow,
    RiskStateRow,
)
from models.writer import Lane, Writer
from tests.api.answering import response_body
from tests.api.client import Phone, Served, enroll, open_study, refusal, theirs
from tests.api.pocket import quick_phone
from tests.build import Built

RESPONSES = "/v1/participant/responses"
WORD = "heron7531"
"""Planted where values go; no refusal may hold it."""


@pytest.fixture(scope="module")
def study(shared_house: Served) -> Built:
    return open_study(shared_house)


@pytest.fixture
def phone(house: Served, study: Built) -> Phone:
    return quick_phone(house, study)


@dataclass
class Sent:
    id: UUID
    body: bytes
    reply: Any


def put(phone: Phone, body: Any) -> Sent:
    """A body as it stands: bytes, or anything that JSON can hold."""
    id, raw = new_uid(), body if isinstance(body, bytes) else json.dumps(body).encode()
    return Sent(id, raw, phone.call("PUT", f"{RESPONSES}/{id}", content=raw, headers={"content-type": "application/json"}))


def rows(house: Served, table, phone: Phone) -> list:
    with house.house.sessions.reading() as session:
        return list(session.rows(theirs(table, phone)))


def nothing_is_stored(house: Served, phone: Phone) -> None:
    assert [len(rows(house, table, phone)) for table in (Response, DecisionRow, RiskEstimateRow, RiskStateRow)] == [0, 0, 0, 0]


def the_body_is_kept_sealed(house: Served, phone: Phone, sent: Sent, code: str) -> None:
    kept = [row for row in rows(house, RejectedSubmission, phone) if row.client_id == str(sent.id)]
    assert [row.code for row in kept] == [code]
    with house.house.sessions.transaction() as session:
        person = lock_enrollments(session, {phone.invited.enrollment_id})[phone.invited.enrollment_id]
    assert open_rejected(house.house.keys, person, kept[0]) == sent.body.decode("utf-8", "replace")
    assert WORD.encode() not in kept[0].body_sealed
    assert WORD not in str(kept[0].faults)


def told(sent: Sent, status: int) -> list[tuple[str, str]]:
    """(pointer, rule) of each fault, after checking the document's form."""
    reply = sent.reply
    assert reply.status_code == status, reply.text[:500]
    assert reply.headers["content-type"] == "application/problem+json"
    assert WORD not in reply.text
    said = reply.json()
    assert (said["status"], said["type"]) == (status, f"urn:breakwater:problem:{said['code']}")
    assert all(one.keys() == {"pointer", "rule", "detail"} for one in said.get("errors", []))
    return [(one["pointer"], one["rule"]) for one in said.get("errors", [])]


def answers(**given: Any) -> dict[str, Any]:
    return {name: value if isinstance(value, dict) else {"value": value} for name, value in given.items()}


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
    ("number_instant", {"answered_at": 1_772_636_400}, "/answered_at", "datetime_type"),
    ("naive_instant", {"answered_at": "2026-03-04T15:00:00"}, "/answered_at", "timezone_aware"),
    ("no_instant", {"sent_at": WORD}, "/sent_at", None),
    ("far_instant", {"sent_at": "9999-12-31T23:59:59Z"}, "/sent_at", "value_error"),
    ("old_instant", {"answered_at": "0001-01-01T00:00:00Z"}, "/answered_at", "value_error"),
    ("null_instant", {"answered_at": None}, "/answered_at", "datetime_type"),
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
    ("unknown_item", answers(no_such=1), "/answers/no_such", "unknown_item"),
    ("strange_name", {f"{WORD} said\n": {"value": 1}}, "/answers", "unknown_item"),
    ("null_in_name", {"m_\x00": {"value": 1}}, "/answers", "unknown_item"),
    ("text_for_number", answers(m_crave_now=WORD), "/answers/m_crave_now/value", "wrong_type"),
    ("true_for_number", answers(m_crave_now=True), "/answers/m_crave_now/value", "wrong_type"),
    ("above", answers(m_crave_now=10.001), "/answers/m_crave_now/value", "out_of_range"),
    ("below", answers(m_crave_now=-1), "/answers/m_crave_now/value", "out_of_range"),
    ("huge", answers(m_crave_now=BIG), "/answers/m_crave_now/value", "out_of_range"),
    ("huge_negative", answers(m_crave_now=-BIG), "/answers/m_crave_now/value", "out_of_range"),
    ("past_floats", answers(m_crave_now=10**400), "/answers/m_crave_now/value", None),
    ("list_for_number", answers(m_crave_now=[1]), "/answers/m_crave_now/value", "wrong_type"),
    ("object_for_number", answers(m_crave_now={"value": {"a": WORD}}), "/answers/m_crave_now/value", "wrong_type"),
    ("bare_value", {"m_crave_now": 4}, "/answers/m_crave_now", "wrong_members"),
    ("two_members", answers(m_crave_now={"value": 4, "skipped": True}), "/answers/m_crave_now", "wrong_members"),
    ("no_member", answers(m_crave_now={}), "/answers/m_crave_now", "wrong_members"),
    ("skipped_false", answers(m_crave_now={"skipped": False}), "/answers/m_crave_now", "wrong_members"),
    ("extra_member", answers(m_crave_now={"value": 4, "note": WORD}), "/answers/m_crave_now", "wrong_members"),
    ("bad_instant", answers(m_crave_now={"value": 4, "at": WORD}), "/answers/m_crave_now/at", "not_an_instant"),
    ("naive_at", answers(m_crave_now={"value": 4, "at": "2026-03-04T15:00:00"}), "/answers/m_crave_now/at", "not_an_instant"),
    ("unknown_option", answers(c_need=WORD), "/answers/c_need/value", "unknown_option"),
    ("number_option", answers(c_need=3), "/answers/c_need/value", "wrong_type"),
    ("option_twice", answers(r_cue_types=["place", "place"]), "/answers/r_cue_types/value", "option_twice"),
    ("alone", answers(r_cue_types=["place", "nothing"]), "/answers/r_cue_types/value", "exclusive_option"),
    ("not_my_list", answers(m_cue_own=[str(UUID(int=7))]), "/answers/m_cue_own/value", "unknown_option"),
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


# Disclosures


def alerts(house: Served, phone: Phone) -> list[tuple[int, str]]:
    return [(row.tier, row.family) for row in rows(house, Alert, phone)]


def test_a_bad_slider_beside_not_safe_is_refused_and_the_alert_opens_all_the_same(house, phone):
    sent = put(phone, response_body(house, "craving", {"m_crave_now": 99, "c_need": "not_safe"}))
    assert told(sent, 422) == [("/answers/m_crave_now/value", "out_of_range")]
    nothing_is_stored(house, phone)
    the_body_is_kept_sealed(house, phone, sent, "invalid")
    (alert,) = rows(house, Alert, phone)
    assert (alert.tier, alert.family, alert.source_id, alert.state) == (4, "not_safe", str(sent.id), "open")
    assert alert.next_at is not None


ENVELOPES_BROKEN = {
    "no_sent_at": {"sent_at": ...},
    "no_answered_at": {"answered_at": ...},
    "unknown_revision": {"protocol_revision": 9},
    "huge_revision": {"protocol_revision": BIG},
    "no_revision": {"protocol_revision": ...},
    "text_revision": {"protocol_revision": "one"},
    "bad_zone": {"zone": "Mars/Olympus"},
    "extra": {"mood": 1},
    "future": {"answered_at": "2026-03-05T15:00:00Z"},
    "no_such_prompt": {"prompt_id": str(UUID(int=1))},
    "half_an_edit": {"base_revision": 1},
    "edit_of_nothing": {"base_revision": 3, "edit_reason": "oops"},
}


@pytest.mark.parametrize("changes", ENVELOPES_BROKEN.values(), ids=ENVELOPES_BROKEN)
def test_a_disclosure_in_a_broken_envelope_opens_its_alert(house, phone, changes):
    body = {**response_body(house, "use", {"safe_now": "no", "u_before_crave": 3}), **changes}
    sent = put(phone, {name: value for name, value in body.items() if value is not ...})
    assert sent.reply.status_code in {404, 409, 422}
    told(sent, sent.reply.status_code)
    assert alerts(house, phone) == [(4, "not_safe")]
    the_body_is_kept_sealed(house, phone, sent, sent.reply.json()["code"])


def test_the_same_refused_disclosure_again_rings_once(house, phone):
    body = response_body(house, "use", {"safe_now": "no", "u_before_crave": 99})
    id = new_uid()
    for _ in range(3):
        assert phone.put(f"{RESPONSES}/{id}", body).status_code == 422
    (alert,) = rows(house, Alert, phone)
    assert alert.occurrences == 1
    assert len(rows(house, RejectedSubmission, phone)) == 1


def test_a_disclosing_item_that_is_itself_invalid_discloses_nothing(house, phone):
    told(put(phone, response_body(house, "use", {"safe_now": "NO!", "u_overdose": "yes"})), 422)
    assert alerts(house, phone) == []


def test_a_disclosure_that_branching_would_have_hidden_counts(house, phone):
    """What the person said, the person said."""
    sent = put(phone, response_body(house, "evening", {"am_moud": "missed", "am_moud_when": "08:00"}))
    assert sent.reply.status_code == 201
    assert alerts(house, phone) == [(2, "missed_medicine")]


def test_a_disclosure_goes_through_while_prompts_are_paused(house, study):
    phone = quick_phone(house, study)
    with house.house.sessions.transaction() as session:
        until = house.clock.study() + timedelta(days=3)
        session.execute(update(Enrollment).where(Enrollment.id == phone.invited.enrollment_id).values(paused_until=until))
    sent = put(phone, response_body(house, "use", {"safe_now": "no"}))
    assert (sent.reply.status_code, sent.reply.json()["decision"]["screen"]) == (201, "crisis")
    assert alerts(house, phone) == [(4, "not_safe")]


@pytest.fixture
def full(house: Served) -> Iterator[Served]:
    """The house with a writer whose lanes take nothing but safety; protocols are in memory as after the first answer."""
    before = house.house.writer
    house.house.writer = Writer(
        house.house.sessions,
        lambda session, operations: apply_submissions(session, operations, house.house),
        capacity={Lane.NORMAL: 0, Lane.LOW: 0},
        deliver=_deliver,
    )
    house.house.writer.start()
    yield house
    house.house.writer.stop()
    house.house.writer = before


def warm(house: Served, phone: Phone) -> None:
    """The first answer of a process lets it know the protocol; until then every answer counts as safety."""
    assert put(phone, response_body(house, "craving", {"m_crave_now": 1})).reply.status_code == 201


def test_a_full_queue_says_when_to_come_back_and_stores_nothing(house, full, phone):
    warm(house, phone)
    sent = put(phone, response_body(house, "craving", {"m_crave_now": 4}))
    told(sent, 503)
    assert (sent.reply.json()["code"], sent.reply.headers["retry-after"]) == ("queue_full", "1")
    assert len(rows(house, Response, phone)) == 1
    assert rows(house, RejectedSubmission, phone) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"safe_now": "no"}, 201),
        ({"safe_now": "no", "u_before_crave": 99}, 422),
        ({"u_with": False, "u_again": True}, 201),
    ],
    ids=["stored", "refused", "two-items"],
)
def test_a_full_queue_never_sheds_a_disclosure(house, full, phone, body, status):
    warm(house, phone)
    assert put(phone, response_body(house, "use", body)).reply.status_code == status
    assert len(alerts(house, phone)) == 1


@pytest.mark.parametrize(
    "changes", [{"sent_at": ...}, {"protocol_revision": 9}, {"protocol_revision": ...}], ids=["sent", "unknown", "none"]
)
def test_a_full_queue_never_sheds_a_disclosure_in_a_broken_envelope(house, full, phone, changes):
    warm(house, phone)
    body = {**response_body(house, "use", {"safe_now": "no"}), **changes}
    assert put(phone, {name: value for name, value in body.items() if value is not ...}).reply.status_code == 422
    assert alerts(house, phone) == [(4, "not_safe")]


def test_a_full_queue_in_the_middle_of_a_batch_is_told_item_by_item(house, full, phone):
    warm(house, phone)
    plain = {"id": str(new_uid()), **response_body(house, "craving", {"m_crave_now": 4})}
    urgent = {"id": str(new_uid()), **response_body(house, "craving", {"m_crave_now": 4, "c_need": "not_safe"})}
    results = phone.post(f"{RESPONSES}/batch", {"items": [plain, urgent]}).json()["results"]
    assert [one["status"] for one in results] == [503, 201]
    assert results[0]["problem"]["code"] == "queue_full"
    assert alerts(house, phone) == [(4, "not_safe")]


def test_someone_who_left_is_refused_and_nothing_more_is_kept(house, phone):
    with house.house.sessions.transaction() as session:
        mine = Enrollment.id == phone.invited.enrollment_id
        session.execute(update(Enrollment).where(mine).values(consent_collect=False))
    sent = put(phone, response_body(house, "craving", {"m_crave_now": 4}))
    told(sent, 410)
    nothing_is_stored(house, phone)
    assert rows(house, RejectedSubmission, phone) == []


# Whatever comes

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
