"""Passive signals at the phone's door: points that are taken once, refused alone, and heard beside the next answer."""

import csv
import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from models.dataset.build import build_waiting
from models.ids import new_uid
from models.kinds import Role
from models.queries.enrollment_phone import change
from models.tables import Alert, DecisionRow, RiskEstimateRow, SignalPoint
from tests.api.answering import answer
from tests.api.client import Phone, Served, faults, fresh, open_study, refusal, sign_in
from tests.api.pocket import quick_phone, rows
from tests.build import NOW, Built
from tests.signaling import asking, beats, slept, upload, walked

SIGNALS = "/v1/participant/signals"
MINUTE = timedelta(minutes=1)
SAID = {"m_crave_now": 4, "m_low": 3, "m_stress": 5, "m_withdraw": 1, "m_choice": 7, "c_need": "no"}


@pytest.fixture(scope="module")
def watched(shared_house: Served) -> Built:
    return open_study(shared_house, asking(), slug=fresh("watched"))


@pytest.fixture
def phone(house: Served, watched: Built) -> Phone:
    """A new person in the study that asks for signals, since two days."""
    made = quick_phone(house, watched)
    with house.house.sessions.transaction() as session:
        change(session, made.invited.enrollment_id, started_at=NOW - timedelta(days=2))
    return made


def fates(reply: Any) -> list[int]:
    assert reply.status_code == 200, reply.text
    return [one["status"] for one in reply.json()["results"]]


def test_a_point_is_stored_once_whatever_is_sent_again(house: Served, phone: Phone) -> None:
    one, other = beats(72, NOW - 5 * MINUTE), walked(480, NOW - MINUTE)
    assert fates(phone.put(SIGNALS, upload([one, other, one]))) == [201, 201, 200]
    house.clock.forward(minutes=3)
    assert fates(phone.put(SIGNALS, upload([other, one], sent_at=house.clock.study()))) == [200, 200], "a retry is sent later"
    another = beats(73, NOW - 5 * MINUTE, id=one["header"]["uuid"])
    refused = phone.put(SIGNALS, upload([another, beats(70, NOW)], sent_at=house.clock.study())).json()["results"]
    assert [(one["status"], (one["problem"] or {}).get("code")) for one in refused] == [(409, "signal_differs"), (201, None)]
    stored = rows(house, SignalPoint, phone)
    assert [(row.kind, row.value, row.ended_at) for row in stored] == [
        ("heart_rate", 72.0, NOW - 5 * MINUTE),
        ("step_count", 480.0, NOW - MINUTE),
        ("heart_rate", 70.0, NOW),
    ]
    assert stored[1].started_at == NOW - 61 * MINUTE


def test_a_broken_point_is_refused_alone_by_its_place_and_never_with_its_value(house: Served, phone: Phone) -> None:
    loud = beats(72, NOW)
    loud["body"]["heart_rate"] = {"value": 987654, "unit": "heron7531"}
    typed, late, early = beats(70, NOW), beats(71, NOW + timedelta(hours=1)), slept(6, NOW - timedelta(hours=47))
    typed["header"]["modality"] = "self-reported"
    unasked = beats(72, NOW)
    unasked["header"]["schema_id"] = {"namespace": "omh", "name": "heart-rate-variability", "version": "1.0"}
    unasked["body"] |= {"heart_rate_variability": {"value": 41, "unit": "ms"}, "algorithm": "RMSSD"}
    reply = phone.put(SIGNALS, upload([loud, typed, late, early, unasked, "heron7531", beats(64, NOW)]))
    assert fates(reply) == [422, 422, 422, 422, 422, 422, 201]
    told = [[(one["pointer"], one["rule"]) for one in result["problem"]["errors"]] for result in reply.json()["results"][:6]]
    assert told == [
        [("/points/0/body/heart_rate/value", "less_than_equal"), ("/points/0/body/heart_rate/unit", "literal_error")],
        [("/points/1/header/modality", "literal_error")],
        [("/points/2/body/effective_time_frame", "after_sent")],
        [("/points/3/body/effective_time_frame", "before_enrollment")],
        [("/points/4/header/schema_id/name", "not_asked")],
        [("/points/5", "model_type")],
    ]
    assert reply.json()["results"][0]["id"] == loud["header"]["uuid"]
    assert "heron7531" not in reply.text
    assert "987654" not in reply.text
    assert [row.value for row in rows(house, SignalPoint, phone)] == [64.0]


def test_a_wrong_clock_is_corrected_by_what_it_was_off(house: Served, phone: Phone) -> None:
    ahead = timedelta(hours=2)
    assert fates(phone.put(SIGNALS, upload([walked(90, NOW + ahead - 10 * MINUTE)], sent_at=NOW + ahead))) == [201]
    [row] = rows(house, SignalPoint, phone)
    assert (row.started_at, row.ended_at) == (NOW - 70 * MINUTE, NOW - 10 * MINUTE)


def test_a_study_that_asks_for_nothing_takes_nothing(house: Served, study: Built) -> None:
    stranger = quick_phone(house, study)
    assert refusal(stranger.put(SIGNALS, upload([beats(72, NOW)]))) == (422, "signals_not_asked")
    assert rows(house, SignalPoint, stranger) == []


def test_points_are_taken_while_the_person_agrees_and_every_change_of_mind_is_kept(house: Served, phone: Phone) -> None:
    assert faults(phone.put(SIGNALS, upload([beats(72, NOW)], agreed=False))) == [("/agreed", "not_agreed")]
    for agreed in (True, True, False, False, True):
        assert fates(phone.put(SIGNALS, upload([], agreed=agreed))) == []
    consents = [one for one in phone.get("/v1/participant/me/consents").json()["items"] if one["scope"] == "signals"]
    assert [one["given"] for one in consents] == [True, False, True]
    assert phone.post("/v1/participant/pause", {}).status_code == 200
    assert fates(phone.put(SIGNALS, upload([beats(72, NOW)]))) == [201], "a pause is of prompts, as for answers"
    assert phone.post("/v1/participant/leave", {"how": "stop_collection"}).status_code == 200
    assert refusal(phone.put(SIGNALS, upload([beats(73, NOW)]))) == (410, "collection_stopped")
    assert phone.get("/v1/participant/me").json()["held"]["signals"] == 1
    assert [one["value"] for one in phone.get("/v1/participant/me/signals").json()["items"]] == [72.0], "one's own data stay open"


def test_ones_own_points_come_in_pages_and_nobody_elses(house: Served, watched: Built, phone: Phone) -> None:
    other = quick_phone(house, watched)
    other.put(SIGNALS, upload([beats(99, NOW)]))
    phone.put(SIGNALS, upload([beats(60 + number, NOW - number * MINUTE) for number in range(3)]))
    first = phone.get("/v1/participant/me/signals?limit=2").json()
    rest = phone.get(f"/v1/participant/me/signals?limit=2&cursor={first['next']}").json()
    assert [one["value"] for page in (first, rest) for one in page["items"]] == [60.0, 61.0, 62.0]
    assert rest["next"] is None
    assert first["items"][0] | {"id": "x", "received_at": "x"} == {
        "id": "x", "kind": "heart_rate", "started_at": None, "ended_at": "2026-03-04T15:00:00Z", "value": 60.0, "unit": "beats/min",
        "received_at": "x",
    }  # fmt: skip


def test_signals_alone_decide_nothing_and_beside_calm_answers_they_call_nobody(house: Served, phone: Phone) -> None:
    for number in range(6):
        answer(house, phone, "craving", {**SAID, "m_crave_now": 1, "m_stress": 1, "m_low": 1})
        assert fates(phone.put(SIGNALS, upload([beats(60 + number, house.clock.study())], sent_at=house.clock.study()))) == [201]
        house.clock.forward(hours=1)
    decided = len(rows(house, DecisionRow, phone))
    now = house.clock.study()
    assert fates(phone.put(SIGNALS, upload([beats(295, now - number * MINUTE) for number in range(60)], sent_at=now))) == [201] * 60
    assert len(rows(house, DecisionRow, phone)) == decided
    answer(house, phone, "craving", {**SAID, "m_crave_now": 1, "m_stress": 1, "m_low": 1})
    assert rows(house, Alert, phone) == []


def test_points_stand_in_the_dataset_with_their_series(house: Served, watched: Built, phone: Phone) -> None:
    phone.put(SIGNALS, upload([slept(7.5, NOW + 30 * MINUTE - MINUTE)], sent_at=NOW + 30 * MINUTE))
    house.clock.forward(minutes=30)
    staff = sign_in(house, watched, Role.DATA_MANAGER, login=fresh("manager"))
    asked = staff.post(
        "/v1/research/exports",
        {"study_id": str(watched.study_uid), "release": "one", "purpose": "To read signals.", "tables": ["participants", "signals"]},
    )
    directory = house.house.sessions.settings.directory / "exports"
    assert build_waiting(house.house.sessions, house.house.keys, directory, now=house.clock.forward(minutes=1)) == 1
    archive = zipfile.ZipFile(io.BytesIO(staff.get(f"/v1/research/exports/{asked.json()['id']}/file").content))
    points, series = (list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode()))) for name in ("signals", "signal_series"))
    assert {(row["kind"], row["unit"]) for row in points if row["kind"] != "heart_rate"} <= {
        ("sleep_duration", "h"),
        ("step_count", "steps"),
    }
    assert ("sleep_duration", "7.5", "1") in {(row["kind"], row["value"], row["protocol_revision"]) for row in points}
    ids = {row.client_id for row in rows(house, SignalPoint, phone)}
    assert not any(str(one) in row["point_id"] for one in ids for row in points), "ids are made anew"
    assert [(row["variable"], row["summary"], row["node"], row["direction"]) for row in series] == [
        ("beats", "mean", "S", "1"),
        ("slept", "sum", "S", "-1"),
        ("walked", "sum", "none", "1"),
    ]


def test_what_was_measured_stands_beside_the_answer_in_plain_sight(house: Served, phone: Phone) -> None:
    for rate in (62, 64, 60, 110):
        assert fates(phone.put(SIGNALS, upload([beats(rate, house.clock.study())], sent_at=house.clock.study()))) == [201]
        said = {"m_crave_now": 4, "m_stress": 5, "m_low": 3, "m_withdraw": 1, "m_choice": 7}
        answer(house, phone, "momentary", said)
        house.clock.forward(hours=4)
    *_, last = rows(house, RiskEstimateRow, phone)
    assert last.detail["signals"].keys() == {"heart_rate"}
    assert last.detail["signals"]["heart_rate"] > 1.0
    assert "anchored:beats" not in last.detail["features"], "no sensor has a place on the population's scale"


def test_an_upload_has_an_end(house: Served, phone: Phone) -> None:
    assert faults(phone.put(SIGNALS, upload(["x"] * 501))) == [("/points", "too_long")]
    assert phone.put(SIGNALS, {"agreed": True, "sent_at": NOW.isoformat(), "points": [], "more": str(new_uid())}).status_code == 422
