"""Population models of a study: in shadow first, promoted and rolled back by a named human, refused where a hostile hand made them."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select, update

from api.actions.house_duties import house_duties
from models.codec import canonical
from models.definition.escalation import AlertRule
from models.kinds import Role
from models.tables import Audit, Enrollment, PopulationModelRow, PopulationScore
from risk.population.artefact import MOST_BYTES, PopulationModel, write
from scheduler.jobs import score_people
from tests.api.answering import answer, disclose
from tests.api.client import Phone, Served, StaffDoor, enroll, fresh, open_study, refusal, sign_in
from tests.build import Built, shipped
from tests.risk.artefacts import model


@pytest.fixture
def study(house: Served) -> Built:
    return open_study(house, slug=fresh("study"))


@pytest.fixture
def ida(house: Served, study: Built) -> StaffDoor:
    return sign_in(house, study, Role.INVESTIGATOR, login=fresh("ida"))


def base(study: Built) -> str:
    return f"/v1/research/studies/{study.study_uid}/models"


def put(staff: StaffDoor, study: Built, file: bytes, note: str = "on trial") -> Any:
    return staff.call("POST", f"{base(study)}?note={quote(note)}", content=file, headers={"Content-Type": "application/json"})


def stored(staff: StaffDoor, study: Built, made: PopulationModel) -> str:
    reply = put(staff, study, write(made))
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def moved(staff: StaffDoor, study: Built, model_id: str, act: str, note: str = "as agreed") -> Any:
    return staff.post(f"{base(study)}/{model_id}/{act}", {"note": note})


def standings(staff: StaffDoor, study: Built) -> list[str]:
    return [one["standing"] for one in staff.get(base(study)).json()["items"]]


def scored(house: Served, phone: Phone) -> list[Any]:
    """The duty's work on a person's second day, when study time is moved there."""
    duties = house_duties(house.house)
    score_people.run(duties, now=house.clock.study(), system_now=house.clock.system())
    with house.house.sessions.reading() as session:
        wanted = PopulationScore.enrollment_id == phone.invited.enrollment_id
        return list(session.rows(select(PopulationScore).where(wanted).order_by(PopulationScore.id)))


def on_day_three(house: Served, phone: Phone) -> None:
    """As if the person had begun two days ago."""
    began = house.clock.study() - timedelta(days=2)
    with house.house.sessions.transaction() as session:
        mine = Enrollment.id == phone.invited.enrollment_id
        session.execute(update(Enrollment).where(mine).values(started_at=began, start_date=began.date()))


def test_a_model_is_tried_in_shadow_then_promoted_then_rolled_back_by_name_and_with_a_reason(house, study, ida):
    first = stored(ida, study, model(number=1))
    assert standings(ida, study) == ["shadow"]
    assert moved(ida, study, first, "promotion", "Eight weeks in shadow; calibration held.").status_code == 200
    second = stored(ida, study, model(number=2))
    assert standings(ida, study) == ["in_use", "shadow"]
    assert moved(ida, study, second, "promotion").status_code == 200
    assert standings(ida, study) == ["former", "in_use"]
    assert moved(ida, study, second, "rollback", "Alerts doubled.").status_code == 200
    assert standings(ida, study) == ["in_use", "none"]
    (one, two) = ida.get(base(study)).json()["items"]
    assert [(move["what"], move["note"]) for move in one["moves"]] == [
        ("shadowed", "on trial"),
        ("promoted", "Eight weeks in shadow; calibration held."),
    ]
    assert {move["by"] for move in (*one["moves"], *two["moves"])} == {one["stored_by"]} != {""}
    with house.house.sessions.reading() as session:
        acts = [row.action for row in session.rows(select(Audit.action).where(Audit.object_kind == "population_model").order_by(Audit.id))]
    assert acts[-5:] == ["model_shadowed", "model_promoted", "model_shadowed", "model_promoted", "model_rolled_back"]


def test_nothing_is_promoted_that_was_not_in_shadow_and_nothing_without_a_reason(house, study, ida):
    tried, again = stored(ida, study, model(number=3)), model(number=4)
    assert refusal(put(ida, study, write(model(number=3)))) == (409, "model_stands")
    assert refusal(moved(ida, study, tried, "rollback")) == (409, "model_not_in_use")
    assert ida.post(f"{base(study)}/{tried}/promotion", {"note": "  "}).status_code == 422
    other = stored(ida, study, again)
    assert standings(ida, study) == ["none", "shadow"], "one at a time"
    assert refusal(moved(ida, study, tried, "promotion")) == (409, "model_not_in_shadow")
    assert moved(ida, study, other, "withdrawal").status_code == 200
    assert put(ida, study, write(model(number=3))).status_code == 200, "the file is there; it is tried again"
    assert standings(ida, study) == ["shadow", "none"]


def test_a_shadow_is_shown_to_no_one_and_a_promoted_model_to_those_who_may_see_estimates(house, study, ida):
    phone = enroll(house, study)
    on_day_three(house, phone)
    page = f"/v1/care/participants/{phone.enrollment_uid}"
    tried = stored(ida, study, model(number=5))
    (shadow,) = scored(house, phone)
    assert shadow.shadow
    answer(house, phone, "craving", {"m_crave_now": 3})
    assert ida.get(page).json()["probabilities"] == []
    moved(ida, study, tried, "promotion")
    assert scored(house, phone) == [shadow], "a day keeps the score it has"
    with house.house.sessions.transaction() as session:
        session.execute(update(PopulationScore).where(PopulationScore.id == shadow.id).values(shadow=False))
    (shown,) = ida.get(page).json()["probabilities"]
    assert (shown["target"], shown["probability"], shown["model"]) == ("day", shadow.probability, model(number=5).id)
    assert shown["evidence_age_hours"] == 0
    admin = sign_in(house, study, Role.ADMIN, login=fresh("admin"))
    assert admin.get(page).json()["probabilities"] is None
    ann = sign_in(house, study, Role.COORDINATOR, login=fresh("ann"), attested=False)
    assert ann.get(page).json()["probabilities"] is None
    moved(ida, study, tried, "rollback")
    assert ida.get(page).json()["probabilities"] == []


def test_after_a_day_without_an_answer_the_number_is_withheld_and_never_low(house, study, ida):
    phone = enroll(house, study)
    on_day_three(house, phone)
    tried = stored(ida, study, model(number=6))
    moved(ida, study, tried, "promotion")
    (score,) = scored(house, phone)
    assert not score.shadow
    (shown,) = ida.get(f"/v1/care/participants/{phone.enrollment_uid}").json()["probabilities"]
    assert (shown["probability"], shown["evidence_age_hours"]) == (None, 48.0)


HOSTILE = {
    "truncated": lambda raw: raw[:-30],
    "wrong digest": lambda raw: raw.replace(b'"day"', b'"week"'),
    "extra member": lambda raw: raw[:-1] + b',"more":1}',
    "extra type": lambda raw: resigned(raw, lambda document: document["learner"].update(kind="pickle")),
    "another schema": lambda raw: resigned(raw, lambda document: document.update(schema="breakwater.population-model/2")),
    "not a number": lambda raw: raw.replace(b"-2", b"NaN"),
    "endless number": lambda raw: raw.replace(b"-2", b"1e999"),
    "no text": lambda raw: raw.replace(b"digest", b"\x80igest"),
    "deep": lambda _: b"[" * 100_000,
    "nothing": lambda _: b"",
    "not a document": lambda _: b"\x80\x04\x95",
    "simulated people": lambda _: resigned(write(model()), lambda document: document.update(synthetic=True)),
    "a column of another study": lambda _: write(model(column="last:chocolate")),
}


def resigned(raw: bytes, change: Any) -> bytes:
    from hashlib import sha256

    whole = json.loads(raw)
    change(whole["document"])
    whole["digest"] = sha256(canonical(whole["document"])).hexdigest()
    return canonical(whole)


@pytest.mark.parametrize("how", HOSTILE)
def test_a_file_of_a_hostile_hand_is_refused_and_what_serves_goes_on(house, study, ida, how):
    good = stored(ida, study, model(number=7))
    moved(ida, study, good, "promotion")
    refused = put(ida, study, HOSTILE[how](write(model(number=8))))
    assert refusal(refused) == (422, "model_unfit" if how == "a column of another study" else "model_refused")
    assert refused.json()["errors"][0]["pointer"].startswith("/")
    assert standings(ida, study) == ["in_use"]
    phone = enroll(house, study)
    on_day_three(house, phone)
    assert [one.shadow for one in scored(house, phone)] == [False]


def test_a_file_beyond_the_limit_is_not_read(house, study, ida):
    assert put(ida, study, b" " * (MOST_BYTES + 1)).status_code == 413


def test_a_broken_model_touches_no_answer_no_disclosure_and_no_page(house, study, ida):
    tried = stored(ida, study, model(number=9))
    moved(ida, study, tried, "promotion")
    with house.house.sessions.transaction() as session:
        session.execute(update(PopulationModelRow).where(PopulationModelRow.study_id == study.study_id).values(file=b"\x00"))
    phone = enroll(house, study)
    on_day_three(house, phone)
    assert scored(house, phone) == []
    disclose(house, phone)
    page = ida.get(f"/v1/care/participants/{phone.enrollment_uid}").json()
    assert (page["open_alerts"], page["highest_tier"], page["probabilities"]) == (1, 4, [])
    (one,) = ida.get(base(study)).json()["items"]
    assert (one["standing"], one["readable"]) == ("in_use", False)


RULE = {"id": "score_high", "when": {"var": "risk_crossed"}, "reason": {"en": "The model's number is above its threshold."}}


def test_an_alert_of_a_model_says_its_number_the_usual_one_and_that_it_is_an_association(house):
    protocol = shipped()
    rules = (*protocol.alert_rules, AlertRule(**RULE))
    study = open_study(house, protocol.model_copy(update={"alert_rules": rules}), slug=fresh("study"))
    ida = sign_in(house, study, Role.INVESTIGATOR, login=fresh("ida"))
    phone = enroll(house, study)
    with house.house.sessions.transaction() as session:
        began = house.clock.study() - timedelta(days=10)
        mine = Enrollment.id == phone.invited.enrollment_id
        session.execute(update(Enrollment).where(mine).values(started_at=began, start_date=began.date()))
    moved(ida, study, stored(ida, study, model(number=10)), "promotion")
    (score,) = scored(house, phone)
    (listed,) = ida.get(f"/v1/care/alerts?enrollment={phone.enrollment_uid}").json()["items"]
    assert listed["reason"] == RULE["reason"]["en"]
    page = ida.get(f"/v1/care/alerts/{listed['id']}").json()
    shown = page["score"]
    assert (page["rule"], shown["model"], shown["threshold"]) == ("score_high", model(number=10).id, f"{model(number=10).id}@0.2")
    assert (shown["probability"], shown["crossed"], shown["threshold_probability"]) == (score.probability, "probability", 0.3)
    assert 0 < shown["usual"] <= score.probability
    assert "an association, not a cause" in shown["sentence"]
    assert shown["evidence_age_hours"] is None, "nobody answered yet"
    ann = sign_in(house, study, Role.COORDINATOR, login=fresh("ann"), attested=False)
    assert ann.get(f"/v1/care/alerts/{listed['id']}").status_code in {403, 404}
    disclose(house, phone)
    crisis = next(one for one in ida.get(f"/v1/care/alerts?enrollment={phone.enrollment_uid}&tier=4").json()["items"])
    assert ida.get(f"/v1/care/alerts/{crisis['id']}").json()["score"] is None
