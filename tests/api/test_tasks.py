"""A timed task from the phone to the dataset, over HTTP, on both databases."""

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models.dataset.build import build_waiting
from models.definition.load import parse
from models.definition.tasks.draws import TrialDraws
from models.definition.tasks.task import drawn_trials
from models.ids import new_uid
from models.kinds import Role
from models.tables import DecisionRow, Response, RiskEstimateRow
from tests.api.answering import response_body
from tests.api.client import Phone, Served, enroll, faults, open_study, sign_in, theirs
from tests.build import Built
from tests.models.task_builders import chose, press

EXAMPLE = parse((Path(__file__).parents[2] / "docs" / "examples" / "tasks" / "tasks.protocol.json").read_bytes())
PURPOSE = "To read trials."


@pytest.fixture
def asked(served: Served) -> tuple[Built, Phone]:
    study = open_study(served, EXAMPLE)
    return study, enroll(served, study)


def circles(phone: Phone, response_id: str, *, slips: int) -> dict[str, Any]:
    """A go/no-go run in the order that this phone draws for this response; the first `slips` no-go trials are pressed."""
    item = next(item for _, item in EXAMPLE.items() if item.id == "green_circle")
    assert item.task is not None
    trials, pressed = [press("go", 700) | {"practice": True}], 0
    for number, kind in enumerate(drawn_trials(item.task, TrialDraws(phone.invited.plan_key, item.id, response_id))):
        presses = kind == "go" or pressed < slips
        pressed += kind != "go" and presses
        trials.append(press(kind, 380 + number if presses else None))
    return {"trials": trials}


def send(served: Served, phone: Phone, response_id: str, answers: dict[str, Any], *, instrument: str = "games", **members: Any) -> Any:
    body = response_body(served, instrument, answers, **members)
    return phone.put(f"/v1/participant/responses/{response_id}", body)


def exported(served: Served, study: Built) -> zipfile.ZipFile:
    staff = sign_in(served, study, Role.DATA_MANAGER, Role.INVESTIGATOR)
    asked = staff.post("/v1/research/exports", {"study_id": str(study.study_uid), "release": "first", "purpose": PURPOSE})
    assert asked.status_code == 202, asked.text
    house = served.house
    directory = house.sessions.settings.directory / "exports"
    assert build_waiting(house.sessions, house.keys, directory, now=served.clock.forward(minutes=1)) == 1
    return zipfile.ZipFile(io.BytesIO(staff.get(f"/v1/research/exports/{asked.json()['id']}/file").content))


def rows(archive: zipfile.ZipFile, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(f"{table}.csv").decode())))


def test_a_task_goes_from_the_phone_to_rules_the_estimator_and_the_dataset(served: Served, asked: tuple[Built, Phone]) -> None:
    study, phone = asked
    response_id = str(new_uid())
    money = chose(("now", "later", "later", "now", "later"))
    reply = send(served, phone, response_id, {"green_circle": circles(phone, response_id, slips=9), "now_or_later": money})
    assert reply.status_code == 201, reply.text
    assert reply.json()["receipt"]["answers"] == 2

    with served.house.sessions.reading() as session:
        kept = session.row(theirs(Response, phone, Response.answers, Response.missing))
        snapshot = json.loads(session.value(select(DecisionRow.snapshot)))
        features = session.value(select(RiskEstimateRow.detail))["features"]
    assert kept.answers["green_circle"]["order"] == "derived"
    assert (kept.answers["green_circle_slips"], len(kept.answers["green_circle"]["trials"])) == (9 / 15, 61)
    assert kept.missing == {"where_dots": "skipped", "games_room": "skipped"}
    assert snapshot["items"] == {"green_circle_slips": 0.6}, "the rule of the example reads it"
    assert features["anchored:inhibition_slips"] > 0
    assert features.get("anchored:memory_error") is None, "what was not done says nothing"

    archive = exported(served, study)
    (prompt,) = rows(archive, "prompts")
    assert float(prompt["green_circle_slips"]) == pytest.approx(0.6)
    assert (prompt["where_dots"], prompt["where_dots_error"]) == ("-99", "-99")
    assert (prompt["n_items_shown"], prompt["n_items_answered"]) == ("4", "2")
    trials = [row for row in rows(archive, "trials") if row["item"] == "green_circle"]
    assert [int(row["trial"]) for row in trials] == list(range(1, 62))
    assert [(row["practice"], row["scored"]) for row in trials[:2]] == [("1", "0"), ("0", "1")]
    assert sum(row["type"] == "no_go" and row["correct"] == "0" for row in trials) == 9
    assert {row["rt_ms"] for row in trials if row["answer"] == ""} == {""}
    choices = [(row["stimulus"], row["answer"]) for row in rows(archive, "trials") if row["item"] == "now_or_later"]
    assert choices == [("21", "now"), ("1", "later"), ("4", "later"), ("10.5", "now"), ("7", "later")]
    scores = {row["measure"]: row for row in rows(archive, "task_scores") if row["item"] == "green_circle"}
    assert float(scores["commission_rate"]["value"]) == pytest.approx(0.6)
    assert (scores["commission_rate"]["variable"], scores["commission_rate"]["column"]) == ("inhibition_slips", "green_circle_slips")
    assert (scores["d_prime"]["valid"], scores["d_prime"]["flags"], scores["d_prime"]["variable"]) == ("1", "", "")
    said = {row["item"]: row for row in rows(archive, "answers_long")}
    assert (said["green_circle_slips"]["node"], float(said["green_circle_slips"]["value_number"])) == ("E", pytest.approx(0.6))
    book = {row["item"]: row for row in rows(archive, "items")}
    assert (book["green_circle_slips"]["measure_of"], book["green_circle_slips"]["measure"]) == ("green_circle", "commission_rate")
    assert json.loads(book["green_circle"]["task"])["no_go_share"] == 0.25
    assert phone.enrolled["enrollment_id"] not in archive.read("trials.csv").decode()


def test_a_task_that_was_broken_off_is_kept_and_counts_for_nothing(served: Served, asked: tuple[Built, Phone]) -> None:
    study, phone = asked
    response_id = str(new_uid())
    broken = {**circles(phone, str(new_uid()), slips=2), "interrupted": True}
    assert send(served, phone, response_id, {"green_circle": broken}).status_code == 201
    archive = exported(served, study)
    (prompt,) = rows(archive, "prompts")
    assert prompt["green_circle_slips"] == ""
    assert {(row["valid"], row["flags"]) for row in rows(archive, "task_scores")} == {("0", "interrupted;other_order")}
    assert len(rows(archive, "trials")) == 61


def test_a_broken_trial_is_refused_at_its_place_and_never_shown(served: Served, asked: tuple[Built, Phone]) -> None:
    _, phone = asked
    money = chose(("now", "later"))
    money["trials"][1]["delay"] = 31
    dots = {"trials": [{"shown": [0, 1, 2], "placed": [0, 1, 7654321], "rt_ms": 2000}]}
    reply = send(served, phone, str(new_uid()), {"now_or_later": money, "where_dots": dots})
    assert faults(reply) == [
        ("/answers/where_dots/value/trials/0/placed/2", "out_of_range"),
        ("/answers/now_or_later/value/trials/1/delay", "impossible_path"),
    ]
    assert "7654321" not in reply.text


def test_cue_words_are_kept_where_the_person_agreed(served: Served, asked: tuple[Built, Phone]) -> None:
    _, phone = asked
    trial = {"word": "cue_1", "color": "red", "answer": "red", "rt_ms": 700}
    answer: dict[str, Any] = {"color_of_word": {"trials": [trial]}}
    assert faults(send(served, phone, str(new_uid()), answer, instrument="word_colors")) == [
        ("/answers/color_of_word/value/agreed", "not_agreed")
    ]
    answer["color_of_word"]["agreed"] = True
    assert send(served, phone, str(new_uid()), answer, instrument="word_colors").status_code == 201


def test_the_phone_gets_every_parameter(asked: tuple[Built, Phone]) -> None:
    _, phone = asked
    told = phone.get("/v1/participant/protocol").json()
    tasks = {item["id"]: item["task"] for one in told["instruments"] for item in one["items"]}
    assert tasks["green_circle"]["anticipation_ms"] == 150
    assert tasks["where_dots"]["recall_ms"] == 15_000
    assert tasks["color_of_word"]["cue"][0] == {"code": "cue_1", "text": {"en": "(cue word 1)"}}
    assert tasks["games_room"] is None
    assert told["cue_words"]["consent"]["en"]
