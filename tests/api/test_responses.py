"""An answer is stored once, answered with its first receipt, and brings back what was decided for it."""

import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
from sqlalchemy import func, select, update
from starlette.testclient import TestClient

from api.actions.open_sealed import open_amendment, open_texts
from api.actions.submission import read_submission
from api.actions.submit_response import Submitted, apply_submissions
from api.app import build_house, make_app
from api.auth.device_tokens import digest_of
from api.auth.participant import live_digests
from api.rehearsal.server import served as serving
from api.settings import ApiSettings
from models.definition.load import canonical, checksum, parse
from models.errors import Unauthenticated
from models.ids import new_uid
from models.queries.response import lock_enrollments
from models.queries.study import add_protocol_version, set_mark
from models.session import Sessions
from models.tables import (
    Alert,
    DecisionRow,
    Device,
    Enrollment,
    Response,
    ResponseAmendment,
    RiskEstimateRow,
)
from tests.api.answering import response_body
from tests.api.client import HandClock, Served, enroll, open_study, refusal
from tests.api.pocket import (
    RESPONSES,
    quick_phone,
    receipt,
    rows,
    send,
)
from tests.build import NOW

SATURDAY = datetime(2026, 3, 7, 17, 0, tzinfo=NOW.tzinfo)
SCENE = {"text": "The bread is warm and the window is open.", "language": "en", "horizon": "week", "goal_area": "home"}


def test_an_answer_is_stored_and_the_receipt_says_how(house, phone):
    at = house.clock.study() - timedelta(minutes=2)
    reply = send(house, phone, "momentary", {"m_crave_now": 3, "m_stress": 4, "m_where": "home"}, at=at)
    assert reply.status_code == 201
    (row,) = rows(house, Response, phone)
    said = reply.json()["receipt"]
    assert said == {
        "id": str(row.client_id),
        "revision": 1,
        "received_at": "2026-03-04T15:00:00Z",
        "timing": "unprompted",
        "clock_suspect": False,
        "content": row.content_hash.hex(),
        "answers": 3,
        "prompt_id": None,
    }
    assert (row.answers, row.instrument, row.zone, row.offset_minutes) == (
        {"m_crave_now": 3, "m_stress": 4, "m_where": "home"},
        "momentary",
        "America/New_York",
        -300,
    )
    assert (row.event_time, row.answered_at, row.received_at) == (at, at, house.clock.study())
    assert row.missing["m_crave_peak"] == "not_shown"
    assert row.missing["m_pain"] == "skipped"


def test_the_same_answer_again_gives_the_first_receipt_byte_for_byte_and_the_same_content(house, phone):
    body, id = response_body(house, "craving", {"m_crave_now": 9, "m_stress": 2}), new_uid()
    first = phone.put(f"{RESPONSES}/{id}", body)
    house.clock.study_now += timedelta(hours=3)
    body["sent_at"] = house.clock.study().isoformat()
    again = phone.put(f"{RESPONSES}/{id}", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert receipt(again) == receipt(first)
    kept = ("id", "status", "reason", "sentence", "content")
    one, other = first.json()["decision"], again.json()["decision"]
    assert {name: one[name] for name in kept} == {name: other[name] for name in kept}
    assert one["content"] is not None
    assert [len(rows(house, table, phone)) for table in (Response, DecisionRow, RiskEstimateRow)] == [1, 1, 1]


def test_the_same_answer_written_in_another_order_is_the_same(house, phone):
    body, id = response_body(house, "craving", {"m_crave_now": 4, "m_stress": 2}), new_uid()
    assert phone.put(f"{RESPONSES}/{id}", body).status_code == 201
    shuffled = json.dumps({name: body[name] for name in reversed(body)}, indent=3).encode()
    assert phone.call("PUT", f"{RESPONSES}/{id}", content=shuffled).status_code == 200


def test_two_people_may_use_the_same_id(house, study, phone):
    other, id = enroll(house, study), str(new_uid())
    assert send(house, phone, "craving", {"m_crave_now": 4}, id=id).status_code == 201
    assert send(house, other, "craving", {"m_crave_now": 5}, id=id).status_code == 201
    assert rows(house, Response, other)[0].answers == {"m_crave_now": 5}


def test_other_content_under_the_same_id_is_refused_and_kept_sealed_beside_it(house, phone):
    id = str(new_uid())
    first = send(house, phone, "craving", {"m_crave_now": 4}, id=id)
    body = response_body(house, "craving", {"m_crave_now": 8, "m_low": 3})
    for _ in range(2):
        assert refusal(phone.put(f"{RESPONSES}/{id}", body)) == (409, "response_differs")
    (row,) = rows(house, Response, phone)
    (amendment,) = rows(house, ResponseAmendment, phone)
    assert (row.answers, row.revision, amendment.response_id) == ({"m_crave_now": 4}, 1, row.id)
    assert b"m_low" not in amendment.body_sealed
    with house.house.sessions.transaction() as session:
        person = lock_enrollments(session, {phone.invited.enrollment_id})[phone.invited.enrollment_id]
    assert json.loads(open_amendment(house.house.keys, person, amendment)) == body
    assert receipt(send(house, phone, "craving", {"m_crave_now": 4}, id=id)) == receipt(first)


def test_a_disclosure_in_refused_content_opens_its_alert(house, phone):
    id = str(new_uid())
    send(house, phone, "craving", {"m_crave_now": 4}, id=id)
    assert refusal(send(house, phone, "craving", {"m_crave_now": 4, "c_need": "not_safe"}, id=id)) == (409, "response_differs")
    (alert,) = rows(house, Alert, phone)
    assert (alert.tier, alert.family, alert.source_id) == (4, "not_safe", id)


def test_a_deliberate_edit_is_a_new_revision_that_names_its_base(house, phone):
    id = str(new_uid())
    first = send(house, phone, "craving", {"m_crave_now": 9}, id=id).json()
    edit = {"base_revision": 1, "edit_reason": "wrong_scale"}
    second = send(house, phone, "craving", {"m_crave_now": 2}, id=id, **edit)
    assert (second.status_code, second.json()["receipt"]["revision"]) == (201, 2)
    assert [(row.revision, row.superseded, row.answers) for row in rows(house, Response, phone)] == [
        (1, True, {"m_crave_now": 9}),
        (2, False, {"m_crave_now": 2}),
    ]
    assert len(rows(house, DecisionRow, phone)) == 1
    assert second.json()["decision"]["id"] == first["decision"]["id"], "an edit opens no decision; the first one stands"
    assert second.json()["decision"]["status"] == "decided"
    assert phone.get(f"{RESPONSES}/{id}").json()["answers"] == {"m_crave_now": 2}
    assert phone.get(f"{RESPONSES}/{id}/decision").json()["id"] == first["decision"]["id"]
    again = send(house, phone, "craving", {"m_crave_now": 2}, id=id, **edit)
    assert (again.status_code, receipt(again)) == (200, receipt(second))


@pytest.mark.parametrize("base", [2, 7])
def test_an_edit_of_a_revision_that_is_not_the_newest_is_refused(house, phone, base):
    id = str(new_uid())
    send(house, phone, "craving", {"m_crave_now": 9}, id=id)
    edit = {"base_revision": base, "edit_reason": "wrong_scale"}
    assert refusal(send(house, phone, "craving", {"m_crave_now": 2}, id=id, **edit)) == (409, "edit_base_moved")
    assert refusal(send(house, phone, "craving", {"m_crave_now": 2}, id=str(new_uid()), **edit)) == (409, "edit_base_moved")
    assert len(rows(house, Response, phone)) == 1


def test_a_hundred_tries_at_once_are_one_row_one_decision_and_one_receipt(house, phone):
    body, id = response_body(house, "craving", {"m_crave_now": 9, "m_stress": 2}), new_uid()
    with ThreadPoolExecutor(25) as pool:
        replies = list(pool.map(lambda _: phone.put(f"{RESPONSES}/{id}", body), range(100)))
    assert sorted(reply.status_code for reply in replies) == [200] * 99 + [201]
    assert len({receipt(reply) for reply in replies}) == 1
    assert len({json.dumps(reply.json()["decision"]["content"]) for reply in replies}) == 1
    assert [len(rows(house, table, phone)) for table in (Response, DecisionRow, RiskEstimateRow, ResponseAmendment)] == [1, 1, 1, 0]


def test_two_servers_on_one_database_store_an_answer_once(house, study, phone):
    """Each has a writer of its own; the enrollment's lock and the unique keys keep them apart."""
    other = build_house(house.house.sessions, house.house.keys, ApiSettings(), clock=house.clock)
    people = [phone, *(enroll(house, study) for _ in range(3))]
    bodies = [response_body(house, "craving", {"m_crave_now": 9, "m_stress": number}) for number in range(5)]
    sent = [(one, new_uid(), body) for body in bodies for one in people]
    with TestClient(make_app(other)) as second, ThreadPoolExecutor(12) as pool:
        servers = (house.client, second)
        work = [pool.submit(replace(one, client=server).put, f"{RESPONSES}/{id}", body) for one, id, body in sent for server in servers * 2]
        replies = [one.result() for one in work]
    for number in range(len(sent)):
        same = replies[4 * number : 4 * number + 4]
        assert sorted(reply.status_code for reply in same) == [200, 200, 200, 201]
        assert len({receipt(reply) for reply in same}) == 1
    for one in people:
        assert [len(rows(house, table, one)) for table in (Response, DecisionRow)] == [5, 5]
        assert len({row.source_id for row in rows(house, RiskEstimateRow, one)}) == 5


def test_many_people_at_once_over_a_real_connection_are_each_answered_with_their_own(sqlite_settings, keys):
    sessions = Sessions(sqlite_settings)
    with sessions.transaction() as session:
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=False, tzdata_version="test", now=NOW)
    clock = HandClock()
    house = build_house(sessions, keys, ApiSettings(), clock=clock)
    with serving(make_app(house)) as url, httpx.Client(base_url=url) as client:
        world = Served(house, client, clock)  # type: ignore[arg-type]
        study = open_study(world)
        phones = [enroll(world, study) for _ in range(6)]
        tries = [(phone, new_uid(), craving) for craving in range(4) for phone in phones]
        bodies = [response_body(world, "craving", {"m_crave_now": craving}) for _, _, craving in tries]
        with ThreadPoolExecutor(12) as pool:
            work = [pool.submit(phone.put, f"{RESPONSES}/{id}", body) for (phone, id, _), body in zip(tries, bodies, strict=True)]
            replies = [one.result() for one in work]
        assert [reply.json()["receipt"]["id"] for reply in replies] == [str(id) for _, id, _ in tries]
        with sessions.reading() as session:
            assert session.value(select(func.count()).select_from(Response)) == len(tries)
        assert house.writer.batches <= len(tries)
    sessions.close()


def test_a_high_craving_answer_brings_something_to_try_and_says_who_is_reading(house, phone):
    decision = send(house, phone, "craving", {"m_crave_now": 9}).json()["decision"]
    assert decision["content"]["kind"] in {"urge_surf", "breath"}
    assert all(step["text"] for step in decision["content"]["steps"])
    assert decision["screen"] == "none"
    assert decision["reading"]["somebody"] is True
    by = datetime.fromisoformat(decision["reading"]["by"])
    assert by > house.clock.study()
    assert f"{(by - timedelta(hours=5)):%H:%M}" in decision["reading"]["text"]


def test_at_the_weekend_a_high_craving_answer_hears_plainly_that_nobody_reads_it(house, phone, study):
    house.clock.study_now = SATURDAY
    decision = send(house, phone, "craving", {"m_crave_now": 9}).json()["decision"]
    assert decision["reading"]["somebody"] is False
    assert decision["reading"]["text"] == study.protocol.help.nobody_reading["en"]


def test_a_low_answer_is_not_told_who_reads(house, phone):
    assert send(house, phone, "craving", {"m_crave_now": 2}).json()["decision"]["reading"] is None


def test_no_number_of_the_model_is_in_a_reply(house, phone):
    decision = send(house, phone, "craving", {"m_crave_now": 9, "m_stress": 8}).json()["decision"]
    assert decision.keys() == {"status", "id", "reason", "sentence", "content", "screen", "reading"}
    assert decision["content"].keys() == {"code", "version", "kind", "title", "steps", "scene"}


def test_the_persons_own_scene_comes_first_and_is_opened_for_nobody_else(house, study, phone):
    other = quick_phone(house, study)
    assert phone.put(f"/v1/participant/scenes/{new_uid()}", SCENE).status_code == 201
    reply = send(house, phone, "craving", {"m_crave_now": 8})
    content = reply.json()["decision"]["content"]
    assert (content["code"], content["kind"]) == ("your_scene", "future_scene")
    assert (content["scene"]["text"], content["scene"]["horizon"]) == (SCENE["text"], "week")
    again = phone.get(f"{RESPONSES}/{reply.json()['receipt']['id']}/decision").json()
    assert again["content"] == content
    assert send(house, other, "craving", {"m_crave_now": 8}).json()["decision"]["content"]["scene"] is None


@pytest.mark.parametrize("bad", [{"m_low": 8}, {"m_withdraw": 7}])
def test_no_scene_plays_where_imagining_a_future_can_hurt(house, phone, bad):
    phone.put(f"/v1/participant/scenes/{new_uid()}", SCENE)
    content = send(house, phone, "craving", {"m_crave_now": 9, **bad}).json()["decision"]["content"]
    assert content["scene"] is None
    assert content["kind"] != "future_scene"


@pytest.mark.parametrize("instrument", ["craving", "momentary"])
def test_withdrawal_goes_to_medicine_and_not_to_breathing(house, phone, instrument):
    content = send(house, phone, instrument, {"m_crave_now": 9, "m_withdraw": 7}).json()["decision"]["content"]
    assert (content["code"], content["kind"]) == ("body_first", "medication")


def test_someone_who_is_not_safe_meets_the_crisis_page_and_people_before_anything_else(house, phone):
    decision = send(house, phone, "use", {"safe_now": "no"}).json()["decision"]
    assert (decision["screen"], decision["reason"], decision["content"]) == ("crisis", "safety_tier", None)
    assert decision["reading"]["somebody"] is True
    (alert,) = rows(house, Alert, phone)
    assert (alert.tier, alert.family) == (4, "not_safe")


def test_free_text_is_sealed_and_stands_in_no_reply_and_no_column(house, phone):
    words = "half a strip, from the blue house"
    reply = send(house, phone, "use", {"safe_now": "yes", "u_amount": words, "u_what": "opioid"})
    id = reply.json()["receipt"]["id"]
    (row,) = rows(house, Response, phone)
    assert row.answers == {"safe_now": "yes", "u_what": "opioid"}
    assert words not in reply.text + phone.get(f"{RESPONSES}/{id}").text + repr(dict(row._mapping))
    with house.house.sessions.transaction() as session:
        person = lock_enrollments(session, {phone.invited.enrollment_id})[phone.invited.enrollment_id]
    assert open_texts(house.house.keys, person, row) == {"u_amount": words}
    (decision,) = rows(house, DecisionRow, phone)
    assert words.encode() not in decision.snapshot


def test_an_answer_that_branching_hid_is_kept_apart_and_sealed(house, phone):
    send(house, phone, "morning", {"am_moud": "not_on", "am_moud_when": "08:00"})
    (row,) = rows(house, Response, phone)
    assert "am_moud_when" not in row.answers
    assert (row.missing["am_moud_when"], row.quality["given_hidden"]) == ("not_shown", ["am_moud_when"])


def test_a_partial_answer_keeps_not_reached_apart_from_skipped(house, phone):
    body = response_body(house, "craving", {"m_crave_now": 5}, complete=False)
    body["answers"]["m_stress"] = {"declined": True}
    reply = phone.put(f"{RESPONSES}/{new_uid()}", body)
    (row,) = rows(house, Response, phone)
    assert reply.status_code == 201
    assert (row.complete, row.missing["m_low"], row.missing["m_stress"], row.missing["c_need"]) == (
        False,
        "skipped",
        "declined",
        "not_reached",
    )


def test_one_reads_ones_own_answers_and_nobody_elses(house, study, phone):
    other = quick_phone(house, study)
    id = send(house, phone, "craving", {"m_crave_now": 4}).json()["receipt"]["id"]
    mine = phone.get(f"{RESPONSES}/{id}").json()
    assert (mine["answers"], mine["instrument"], mine["decision_status"]) == ({"m_crave_now": 4}, "craving", "decided")
    for path in (f"{RESPONSES}/{id}", f"{RESPONSES}/{id}/decision", f"{RESPONSES}/{new_uid()}"):
        assert refusal(other.get(path)) == (404, "not_found")


def test_an_answer_is_read_by_the_revision_that_it_names(house, study, phone):
    """A phone that was offline asks from the protocol it holds."""
    newer = study.protocol.model_copy(update={"version": "9.9.9", "instruments": study.protocol.instruments[:1]})
    with house.house.sessions.transaction() as session:
        add_protocol_version(
            session,
            study_id=study.study_id,
            name=newer.name,
            version=newer.version,
            checksum=checksum(newer),
            document=canonical(newer),
            effective_from=NOW.date(),
            published_by=None,
            note=None,
            now=NOW,
        )
    assert parse(canonical(newer)).instrument("craving") is None
    assert send(house, phone, "craving", {"m_crave_now": 4}, protocol_revision=1).status_code == 201
    refused = send(house, phone, "craving", {"m_crave_now": 4}, protocol_revision=2)
    assert [one["rule"] for one in refused.json()["errors"]] == ["unknown_instrument"]


def test_a_phone_that_was_revoked_is_refused_exactly_while_its_batch_goes_on(house, study, phone):
    """The door trusts a token for seconds; the batch that stores asks again."""
    other = quick_phone(house, study)
    assert send(house, phone, "craving", {"m_crave_now": 1}).status_code == 201
    with house.house.sessions.transaction() as session:
        mine = Device.enrollment_id == phone.invited.enrollment_id
        session.execute(update(Device).where(mine).values(revoked_at=house.clock.system()))
    assert refusal(send(house, phone, "craving", {"m_crave_now": 2})) == (401, "token_ended")
    bodies = [json.dumps(response_body(house, "craving", {"m_crave_now": 3})).encode() for _ in range(2)]
    with house.house.sessions.transaction() as session:
        row = live_digests(session, {digest_of(other.token)}, now=house.clock.system())[digest_of(other.token)]
        gone = read_submission(row.viewer(), digest_of(phone.token), new_uid(), bodies[0])
        stays = read_submission(row.viewer(), digest_of(other.token), new_uid(), bodies[1])
        refused, stored = apply_submissions(session, [gone, stays], house.house)
    assert isinstance(refused, Unauthenticated)
    assert isinstance(stored, Submitted)
    assert len(rows(house, Response, phone)) == 1


def test_a_completed_enrollment_still_takes_what_a_phone_kept(house, phone):
    at = house.clock.study() - timedelta(hours=3)
    with house.house.sessions.transaction() as session:
        session.execute(update(Enrollment).where(Enrollment.id == phone.invited.enrollment_id).values(state="completed"))
    reply = send(house, phone, "craving", {"m_crave_now": 9}, at=at)
    assert (reply.status_code, reply.json()["decision"]["content"]) == (201, None)


def test_answers_stand_in_no_log_line(house, phone, capsys):
    send(house, phone, "use", {"safe_now": "no", "u_amount": "heron7531"})
    send(house, phone, "craving", {"m_crave_now": 975311357911})
    said = capsys.readouterr()
    lines = said.out + said.err
    assert "http.request" in lines
    assert not [planted for planted in ("heron7531", b64encode(b"heron7531").decode(), "975311357911", "not_safe") if planted in lines]
