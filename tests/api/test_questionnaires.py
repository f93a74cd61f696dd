"""Questionnaires from the phone to the dataset: drawn orders, the four kinds of nothing, languages, own lists, scores."""

import csv
import io
import json
import runpy
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from models.dataset.build import build_waiting
from models.definition.check import check
from models.definition.load import parse
from models.definition.order import item_order, report_slot
from models.definition.protocol import Protocol
from models.ids import new_uid
from models.kinds import Role
from models.tables import Prompt
from tests.api.answering import response_body
from tests.api.client import Phone, Served, enroll, faults, open_study, sign_in
from tests.build import NOW, SHIPPED, Built

PROMPTS, RESPONSES, LISTS = "/v1/participant/prompts", "/v1/participant/responses", "/v1/participant/lists"
PHONE = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "examples" / "expressions" / "phone.py"))
"""The second implementation, which imports nothing of ours."""

SHUFFLE = {
    "id": "feelings",
    "blocks": [
        {"id": "first", "items": ["m_valence", "m_stress"], "shuffled": True},
        {"id": "second", "items": ["m_tense", "m_low"]},
        {"id": "third", "items": ["m_irritable", "m_lonely"]},
    ],
}
SCORES = [
    {"id": "strain", "how": "mean", "items": ["m_stress", "m_tense", "m_low"], "least_answered": 0.3},
    {"id": "load", "how": "expression", "value": ["+", {"item": "m_crave_now"}, ["coalesce", ["count", {"item": "m_cue_types"}], 0]]},
]


def in_spanish(value: Any) -> None:
    """Every text below, in two languages."""
    if isinstance(value, dict) and set(value) == {"en"}:
        value["es"] = f"es {value['en']}"
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        in_spanish(part)


def asked() -> Protocol:
    document = json.loads((SHIPPED / "oud.json").read_bytes())
    by_id = {one["id"]: one for one in document["instruments"]}
    by_id["momentary"] |= {"shuffles": [SHUFFLE], "scores": SCORES}
    by_id["good"]["shuffles"] = [
        {"id": "all", "blocks": [{"id": "one", "items": ["g_line", "g_about", "m_enjoy", "m_valence"], "shuffled": True}]}
    ]
    for part in (by_id["craving"], by_id["use"], document["help"], document["content"]):
        in_spanish(part)
    protocol = parse(json.dumps(document).encode())
    assert check(protocol) == ()
    return protocol


@dataclass
class Life:
    """What one phone did, and what the dataset says of it."""

    served: Served
    study: Built
    phone: Phone
    said: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def send(self, instrument: str, entries: dict[str, Any], client_id: str | None = None, **members: Any) -> tuple[str, Any]:
        client_id = client_id or str(new_uid())
        body = response_body(self.served, instrument, {}, **members) | {"answers": entries}
        return client_id, self.phone.put(f"{RESPONSES}/{client_id}", body)

    def stored(self, client_id: str) -> dict[str, Any]:
        return dict(self.phone.get(f"{RESPONSES}/{client_id}").json())

    def slot(self, prompt_id: str) -> str:
        with self.served.house.sessions.reading() as session:
            found = {str(row.uid): row for row in session.rows(select(Prompt.uid, Prompt.design, Prompt.slot))}
        return f"{found[prompt_id].design}/{found[prompt_id].slot}"

    @property
    def key(self) -> bytes:
        return b64decode(self.phone.enrolled["plan_key"])


def given(**values: Any) -> dict[str, Any]:
    return {name: {"value": value} for name, value in values.items()}


@pytest.fixture(scope="module")
def life(shared_house: Served) -> Iterator[Life]:
    """One phone through two check-ins and three reports, and the dataset of it."""
    app = shared_house.client.app
    assert isinstance(app, FastAPI)
    app.state.house, before = shared_house.house, app.state.house
    shared_house.clock.study_now = shared_house.clock.system_now = NOW
    study = open_study(shared_house, asked())
    lived = Life(shared_house, study, enroll(shared_house, study))
    live(lived)
    export(lived)
    yield lived
    app.state.house = before


def live(life: Life) -> None:
    upcoming = [one for one in life.phone.get(PROMPTS).json()["upcoming"] if one["instrument"] == "momentary"]
    first, second = life.said["first"], life.said["second"] = upcoming[:2]
    life.served.clock.study_now = datetime.fromisoformat(first["due_at"]) + timedelta(minutes=1)
    order = [name for name in first["item_order"] if name in life.said["first"]["drawn_items"] or name not in rotating(life)]
    feelings = [name for name in order if name in {"m_valence", "m_stress", "m_tense", "m_low", "m_irritable", "m_lonely"}]
    left = feelings[0]
    whole = given(m_withdraw=0, m_pain=1, m_crave_now=7, m_choice=5, m_where="home", m_cue=True, m_cue_types=["person", "money"])
    rest = {name: {"value": 4} for name in order if name in feelings[1:] or (name in first["drawn_items"] and name != "m_crave_why")}
    motive = {"m_crave_why": {"value": "sleep"}} if "m_crave_why" in first["drawn_items"] else {}
    entries = whole | rest | motive | {left: {"skipped": True}, "m_with": {"declined": True}}
    life.said["left"], life.said["order"] = left, order
    life.said["whole"], reply = life.send("momentary", entries, prompt_id=first["id"], language="es-MX")
    assert reply.status_code == 201, reply.text
    life.served.clock.study_now = datetime.fromisoformat(second["due_at"]) + timedelta(minutes=1)
    begun = next(name for name in second["item_order"] if name not in rotating(life))
    life.said["begun"] = begun
    life.said["partial"], reply = life.send("momentary", given(**{begun: 3}), prompt_id=second["id"], complete=False)
    assert reply.status_code == 201, reply.text
    life.said["good"], reply = life.send("good", given(m_enjoy=5), complete=False)
    assert reply.status_code == 201, reply.text
    life.said["urge"], life.said["urge_reply"] = life.send("craving", given(m_crave_now=9), language="es-419")
    assert life.said["urge_reply"].status_code == 201, life.said["urge_reply"].text


def rotating(life: Life) -> set[str]:
    instrument = life.study.protocol.instrument("momentary")
    assert instrument is not None
    return {name for rotation in instrument.rotations for name in rotation.items}


def export(life: Life) -> None:
    life.served.clock.forward(minutes=1)
    ida = sign_in(life.served, life.study, Role.DATA_MANAGER, login="ida_of_questionnaires")
    body = {
        "study_id": str(life.study.study_uid),
        "release": "one",
        "purpose": "to test what leaves",
        "tables": ["prompts", "answers_long", "scores"],
    }
    asked_for = ida.post("/v1/research/exports", body)
    assert asked_for.status_code == 202, asked_for.text
    house = life.served.house
    directory = house.sessions.settings.directory / "exports"
    while build_waiting(house.sessions, house.keys, directory, now=life.served.clock.study(), limit=5):
        continue
    file = ida.get(f"/v1/research/exports/{asked_for.json()['id']}/file")
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        for name in archive.namelist():
            if name.endswith(".csv"):
                life.tables[name.removesuffix(".csv")] = list(csv.DictReader(io.StringIO(archive.read(name).decode())))


def long_rows(life: Life, instrument: str, *, complete: bool) -> dict[str, dict[str, str]]:
    """The rows of one response by item. Of each questionnaire there is one complete and one partial response at most."""
    row = next(
        one
        for one in life.tables["prompts"]
        if one["instrument"] == instrument and one["status"] == ("completed" if complete else "partial")
    )
    return {one["item"]: one for one in life.tables["answers_long"] if one["response_id"] == row["response_id"]}


def test_phone_and_server_draw_the_same_order_from_key_and_slot(life: Life) -> None:
    document = json.loads(life.study.protocol.instrument("momentary").model_dump_json())  # type: ignore[union-attr]
    orders = set()
    for prompt in (one for one in life.phone.get(f"{PROMPTS}?days=14").json()["upcoming"] if one["instrument"] == "momentary"):
        slot = life.slot(prompt["id"])
        assert prompt["item_order"] == PHONE["order"](document, life.key, slot)
        assert rotating(life) - set(prompt["drawn_items"]) == PHONE["left_out"](document, life.key, slot)
        orders.add(tuple(prompt["item_order"]))
    assert len(orders) > 3
    others = [one for one in life.phone.get(PROMPTS).json()["upcoming"] if one["instrument"] != "momentary"]
    assert others
    assert all(one["item_order"] is None and one["drawn_items"] is None for one in others)


def test_the_four_kinds_of_nothing_go_from_the_phone_to_the_dataset(life: Life) -> None:
    whole, partial = long_rows(life, "momentary", complete=True), long_rows(life, "momentary", complete=False)
    out = (rotating(life) - set(life.said["first"]["drawn_items"])) | {"m_doing"}
    wanted = {life.said["left"]: "skipped", "m_with": "declined", **dict.fromkeys(out, "not_shown")}
    assert {name: row["missing"] for name, row in whole.items() if row["missing"]} == wanted
    missing = {name: row["missing"] for name, row in partial.items() if row["missing"]}
    assert missing.pop("m_cue_types") == missing.pop("m_doing") == "not_reached"
    not_drawn = rotating(life) - set(life.said["second"]["drawn_items"])
    assert {name for name, kind in missing.items() if kind == "not_shown"} == not_drawn
    order = life.said["second"]["item_order"]
    before = order[: order.index(life.said["begun"])]
    assert all(missing[name] == "skipped" for name in before if name not in not_drawn)
    assert all(missing[name] == "not_reached" for name in order[len(before) + 1 :] if name not in not_drawn and name in missing)


def test_the_second_implementation_says_the_same_of_every_response(life: Life) -> None:
    document = json.loads(life.study.protocol.instrument("momentary").model_dump_json())  # type: ignore[union-attr]
    for name, which, complete in (("whole", "first", True), ("partial", "second", False)):
        prompt, stored = life.said[which], life.stored(life.said[name])
        assert stored["item_order"] == prompt["item_order"]
        entries = {item: {"value": value} for item, value in stored["answers"].items()}
        entries |= {item: {kind: True} for item, kind in stored["missing"].items() if kind == "declined"}
        found = PHONE["fates"](document, entries, prompt["item_order"], rotating(life) - set(prompt["drawn_items"]), complete=complete)
        assert (found["values"], found["missing"]) == (stored["answers"], stored["missing"])


def test_every_row_says_at_which_place_the_item_was_asked(life: Life) -> None:
    for name, complete in (("first", True), ("second", False)):
        rows, order = long_rows(life, "momentary", complete=complete), life.said[name]["item_order"]
        assert {item: int(row["order_position"]) for item, row in rows.items()} == {item: order.index(item) + 1 for item in rows}
    plain = long_rows(life, "craving", complete=True)
    assert all(row["order_position"] == row["position"] for row in plain.values())
    blocks = {row["item"]: row["block"] for row in life.tables["items"] if row["instrument"] == "momentary"}
    assert (blocks["m_valence"], blocks["m_low"], blocks["m_crave_now"]) == ("feelings/first", "feelings/second", "")


def test_a_report_draws_its_order_from_its_own_id_and_ends_where_it_was_left(life: Life) -> None:
    instrument = life.study.protocol.instrument("good")
    assert instrument is not None
    stored = life.stored(life.said["good"])
    assert stored["item_order"] == list(item_order(instrument, life.key, report_slot(life.said["good"])))
    at = stored["item_order"].index("m_enjoy")
    expected = {name: "skipped" if place < at else "not_reached" for place, name in enumerate(stored["item_order"]) if name != "m_enjoy"}
    assert stored["missing"] == expected


def test_the_language_that_was_shown_is_stored_exported_and_answered_in(life: Life) -> None:
    reply = life.said["urge_reply"].json()["decision"]
    assert reply["reading"]["text"].startswith("es ")
    assert reply["content"] is None or reply["content"]["title"].startswith("es ")
    again = life.phone.get(f"{RESPONSES}/{life.said['urge']}/decision").json()
    assert again["content"] == reply["content"]
    assert life.stored(life.said["urge"])["language"] == "es"
    shown = {(row["instrument"], row["status"]): row["language"] for row in life.tables["prompts"] if row["response_id"]}
    assert shown["craving", "completed"] == "es"
    assert shown["momentary", "completed"] == "en", "the check-in stands in English alone"


def test_a_tag_that_is_none_is_refused_and_any_language_is_answered(life: Life) -> None:
    assert faults(life.send("good", given(m_enjoy=5), language="English, please")[1]) == [("/language", "string_pattern_mismatch")]
    client_id, reply = life.send("good", given(m_enjoy=5), language="fr-CA")
    assert reply.status_code == 201
    assert life.stored(client_id)["language"] == "en"


def test_scores_are_exported_with_their_rule_and_can_be_computed_again(life: Life) -> None:
    document = json.loads(life.study.protocol.instrument("momentary").model_dump_json())  # type: ignore[union-attr]
    rules = {row["score"]: row for row in life.tables["score_rules"] if row["instrument"] == "momentary"}
    assert (rules["strain"]["how"], rules["strain"]["items"], rules["strain"]["least_answered"]) == (
        "mean",
        "m_stress;m_tense;m_low",
        "0.3",
    )
    assert json.loads(rules["load"]["expression"]) == SCORES[1]["value"]
    for complete in (True, False):
        rows = long_rows(life, "momentary", complete=complete)
        several = {item["id"] for item in document["items"] if item["kind"] == "multi"}
        values = {
            name: row["value"].split(";") if name in several else float(row["value_number"]) if row["value_number"] else row["value"]
            for name, row in rows.items()
            if not row["missing"]
        }
        response = next(iter(rows.values()))["response_id"]
        exported = {row["score"]: row["value"] for row in life.tables["scores"] if row["response_id"] == response}
        again = PHONE["scores"](document, values)
        assert exported == {name: "" if value is None else repr(value) for name, value in again.items()}
    whole = [row for row in life.tables["scores"] if row["instrument"] == "momentary" and row["score"] == "load" and row["value"]]
    assert [(row["value"], row["n_items"], row["n_answered"]) for row in whole] == [("9.0", "2", "2")]


def test_ones_own_list_gives_the_options_also_after_an_entry_was_removed(life: Life) -> None:
    other = enroll(life.served, life.study)
    mine, removed, theirs = str(new_uid()), str(new_uid()), str(new_uid())
    for phone, client_id in ((life.phone, mine), (life.phone, removed), (other, theirs)):
        assert phone.put(f"{LISTS}/reminders/{client_id}", {"label": "the station", "kind": "place"}).status_code == 201
    assert life.phone.delete(f"{LISTS}/reminders/{removed}").status_code == 204
    for chosen in ([mine], ["none"], [removed, mine]):
        assert life.send("craving", given(m_crave_now=2, m_cue_own=chosen))[1].status_code == 201
    assert faults(life.send("craving", given(m_cue_own=[theirs]))[1]) == [("/answers/m_cue_own/value", "unknown_option")]
    assert faults(life.send("craving", given(m_cue_own=["none", mine]))[1]) == [("/answers/m_cue_own/value", "exclusive_option")]


def test_a_new_phone_learns_the_own_word_and_when_the_last_check_in_was(life: Life) -> None:
    fresh = enroll(life.served, life.study)
    assert fresh.get("/v1/participant/me").json()["last_check_ins"] == {}
    told = life.phone.get("/v1/participant/me").json()["last_check_ins"]
    stored = {name: life.phone.get(f"{RESPONSES}/{life.said[name]}").json()["receipt"]["received_at"] for name in ("whole", "urge")}
    assert datetime.fromisoformat(told["momentary"]) == datetime.fromisoformat(stored["whole"]), "the partial one ended none"
    assert datetime.fromisoformat(told["craving"]) >= datetime.fromisoformat(stored["urge"])
