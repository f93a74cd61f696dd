"""Warnings about what a study's authors would regret: they come where they should, and a quiet protocol gets none."""

import json
from typing import Any

import pytest

from api.rehearsal.report import regrets
from api.rehearsal.report.regrets import Regret, warnings
from api.rehearsal.report.summary import summarize
from models.definition.load import parse
from models.definition.protocol import Protocol
from tests.api.rehearsal.told_dataset import DAY, HOUR, MINUTE, START, Told
from tests.build import SHIPPED


def protocol(**changes: Any) -> Protocol:
    """The shipped protocol without decision rules, so that what is asked and answered stands alone."""
    document = json.loads((SHIPPED / "oud.json").read_bytes())
    return parse(json.dumps(document | {"rules": []} | changes).encode())


def quiet(**changes: Any) -> Told:
    """A person who is asked little, by day, answers all of it, and is well."""
    told = Told(protocol=protocol(**changes))
    told.person()
    for day in range(7):
        told.answered(START + day * DAY + 2 * HOUR, design="morning_diary")
        told.answered(START + day * DAY + 5 * HOUR)
    return told


def codes(told: Told, tmp_path: Any) -> dict[str, Regret]:
    summary = summarize(told.pack(tmp_path / "a.zip"), told.happened())
    found = warnings(summary, told.protocol)
    document = json.loads(told.protocol.model_dump_json(by_alias=True))
    for one in found:
        assert points_somewhere(document, one.place), one.place
        assert one.sentence.endswith(".")
        assert one.change.endswith(".")
        assert json.loads(json.dumps(one.document()))["code"] == one.code
    return {one.code: one for one in found}


def points_somewhere(document: Any, place: str) -> bool:
    for part in place.split("/")[1:]:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document is not None or place.endswith("when")


def test_a_quiet_protocol_gets_no_warning(tmp_path):
    assert codes(quiet(), tmp_path) == {}


def test_a_day_that_asks_for_too_many_minutes_is_named_with_its_longest_questionnaire(tmp_path):
    told = quiet()
    for day in range(7):
        for index in range(8):
            told.answered(START + day * DAY + 6 * HOUR + index * HOUR, index=index + 2)
        for _ in range(7):
            told.report(START + day * DAY + 10 * HOUR)
    one = codes(told, tmp_path)["day_too_long"]
    # A morning of 75 s, nine check-ins and seven reports of 60 s.
    assert one.figure == pytest.approx(1.25 + 9 + 7)
    assert one.limit == regrets.DAY_MINUTES
    assert one.place.endswith("/seconds")


def test_prompts_while_most_people_sleep_are_named_with_their_design(tmp_path):
    told = quiet()
    told.answered(START + DAY + 20 * HOUR, index=1)
    one = codes(told, tmp_path)["prompts_at_night"]
    assert one.figure == pytest.approx(1 / 15, abs=1e-3)
    assert told.protocol.designs[int(one.place.split("/")[-1])].id == "random_checks"


def test_an_urgent_alert_when_nobody_is_at_work_is_the_first_warning(tmp_path):
    office = {"zone": "America/New_York", "outside_hours": {"en": "Nobody reads now."}}
    hours = [{"weekdays": [1, 2, 3, 4, 5], "start": "08:00", "end": "18:00", "tiers": [2, 3, 4]}]
    told = quiet(staffing={**office, "hours": hours})
    told.alert(START + 3 * HOUR, tier=4, family="not_safe")
    assert "alerts_unread" not in codes(told, tmp_path)
    told.tables.pop("compliance")
    told.alert(START + 16 * HOUR, tier=4, family="not_safe")
    found = codes(told, tmp_path)
    assert found["alerts_unread"].figure == 1
    assert next(iter(found)) == "alerts_unread"


def test_questions_that_can_disclose_when_nobody_reads_are_named_before_anyone_answers(tmp_path):
    office = {"zone": "America/New_York", "outside_hours": {"en": "Nobody reads now."}}
    told = quiet(staffing={**office, "hours": [{"weekdays": [1, 2, 3, 4, 5], "start": "08:00", "end": "18:00", "tiers": [2, 3, 4]}]})
    told.prompt(START.replace(day=8, hour=15), design="weekly_review")
    assert codes(told, tmp_path)["questions_unread"].figure == 1


def test_more_alerts_than_a_coordinator_can_work_are_named_with_the_rule_that_opens_most(tmp_path):
    told = quiet()
    for day in range(8):
        for minute in range(9):
            told.alert(START + day * DAY + 2 * HOUR + minute * MINUTE, tier=2, family="craving_rise")
    one = codes(told, tmp_path)["alerts_many"]
    assert one.figure == 9
    assert one.place == "/alert_rules/1"


def test_an_alert_family_that_nobody_takes_in_time_is_named(tmp_path):
    told = quiet()
    for day in range(5):
        told.alert(START + day * DAY + 2 * HOUR, acknowledged=61 if day else 59)
    one = codes(told, tmp_path)["alerts_late"]
    assert one.figure == pytest.approx(0.2)
    assert told.protocol.disclosures[int(one.place.split("/")[-1])].id == "need_now"


def test_a_protocol_without_a_scheduled_item_that_reaches_a_human_is_told_so(tmp_path):
    designs = [one for one in json.loads((SHIPPED / "oud.json").read_bytes())["designs"] if one["id"] != "weekly_review"]
    assert codes(quiet(designs=designs), tmp_path).keys() == {"nothing_scheduled_reaches_a_human"}


def test_a_tier_that_answers_can_open_and_no_hours_name_is_told(tmp_path):
    hours = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00", "tiers": [2, 4]}]
    found = codes(quiet(staffing={"zone": "UTC", "hours": hours, "outside_hours": {"en": "Nobody."}}), tmp_path)
    assert "tier 3" in found["tier_unstaffed"].sentence


def test_slots_without_room_in_the_wake_window_are_told_but_not_those_that_travel_or_a_pause_took(tmp_path):
    told = quiet()
    for reason in ("travel", "paused"):
        told.prompt(START + 6 * DAY + 8 * HOUR, index=len(reason), state="blocked", status="not_sent", reason=reason)
    assert codes(told, tmp_path) == {}
    told.tables.pop("compliance")
    told.prompt(START + 6 * DAY + 9 * HOUR, index=9, state="blocked", status="not_sent", reason="window")
    assert codes(told, tmp_path)["no_room"].figure == pytest.approx(1 / 10)


def test_long_silence_is_told(tmp_path):
    told = Told(protocol=protocol())
    told.person()
    told.answered(START + 2 * HOUR)
    one = codes(told, tmp_path)["silent_days"]
    assert one.figure == pytest.approx(6 / 7, abs=1e-3)
    assert "6 days" in one.sentence


@pytest.mark.parametrize(("missed", "told_so"), [(0, False), (10, False), (11, True), (70, True)])
def test_a_fall_of_compliance_is_told_where_it_is_more_than_usual(missed, told_so, tmp_path):
    told = Told(protocol=protocol(), as_of=START + 14 * DAY)
    told.person(days=14)
    dues = [START + day * DAY + (2 + index) * HOUR for day in range(14) for index in range(10)]
    for place, due in enumerate(dues):
        if place < len(dues) - missed:
            told.answered(due, index=place % 10)
        else:
            told.prompt(due, index=place % 10)
    found = codes(told, tmp_path)
    assert ("compliance_falls" in found) is told_so
    if told_so:
        assert found["compliance_falls"].figure == pytest.approx(missed / 70, abs=1e-3)


def rules(*arms: dict[str, Any]) -> list[dict[str, Any]]:
    document = json.loads((SHIPPED / "oud.json").read_bytes())
    rule = next(one for one in document["rules"] if one["id"] == "high_craving")
    return [rule | ({"arms": list(arms)} if arms else {})]


def test_too_few_draws_to_estimate_anything_are_told_and_enough_are_not(tmp_path):
    told = quiet(rules=rules())
    one = codes(told, tmp_path)["too_few_draws"]
    assert "randomized 0 times" in one.sentence
    told.tables.pop("compliance")
    for minute in range(362):
        told.decision(START + minute * MINUTE)
    # 2.8 / sqrt(362 * 0.24) is just above 0.3, one draw more brings it below.
    assert codes(told, tmp_path)["too_few_draws"].figure == pytest.approx(0.3, abs=1e-3)
    told.tables.pop("compliance")
    told.decision(START + DAY)
    assert "too_few_draws" not in codes(told, tmp_path)


def test_caps_and_gaps_that_hold_nearly_everything_back_are_told(tmp_path):
    told = quiet(rules=rules({"id": "scene", "probability": 1.0, "groups": [["your_scene"]]}))
    held = {"rule": "high_craving", "mode": "live", "availability": False, "unavailable": "recent_content", "reason": "recent_content"}
    for minute in range(11):
        told.idle(START + HOUR + minute * MINUTE, **held)
        told.decision(START + 2 * HOUR + minute * MINUTE)
    assert "pacing_holds_back" not in codes(told, tmp_path)
    told.tables.pop("compliance")
    told.idle(START + 5 * HOUR, **held)
    one = codes(told, tmp_path)["pacing_holds_back"]
    assert (one.figure, one.place) == (pytest.approx(12 / 23, abs=1e-3), "/availability/gap_minutes")


def test_what_was_never_reached_is_told_only_after_enough_person_days(tmp_path, monkeypatch):
    told = quiet(rules=rules({"id": "scene", "probability": 1.0, "groups": [["your_scene"]]}))
    assert codes(told, tmp_path) == {}
    monkeypatch.setattr(regrets, "WORTH_TRYING", 7)
    told.tables.pop("compliance")
    found = codes(told, tmp_path)
    assert {"rules_never_held", "content_never_shown", "alerts_never_opened", "items_never_shown"} <= set(found)
    assert "high_craving" in found["rules_never_held"].sentence
    assert "safety_item_never_shown" in found
