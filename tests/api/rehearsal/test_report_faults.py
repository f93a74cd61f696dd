"""Every promise that a report looks after: kept without a word, broken in one place and found there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.rehearsal.happened import PersonSaw, Unexpected
from api.rehearsal.report.promises import KINDS, Faults
from api.rehearsal.report.responses import Answers
from api.rehearsal.report.summary import summarize
from models.dataset.deidentify import Rekey
from tests.api.rehearsal.told_dataset import DAY, HOUR, MINUTE, START, Told


def quiet(told: Told) -> None:
    """A day on which every promise is kept, some of them to the minute."""
    told.person()
    told.answered(START + 2 * HOUR, design="morning_diary")
    told.answered(START + 3 * HOUR)
    told.answered(START + 4 * HOUR, index=1)
    told.prompt(START + 5 * HOUR, design="evening_diary")
    told.decision(START + 3 * HOUR)
    told.alert(START + 4 * HOUR)


def found(told: Told, tmp_path: Path, **changes: Any) -> dict[str, int]:
    """The faults by kind, without those that did not happen."""
    faults = summarize(told.pack(tmp_path / "a.zip"), told.happened(**changes))["faults"]
    assert faults["total"] == sum(faults["counts"].values())
    assert set(faults["counts"]) == set(KINDS)
    return {kind: count for kind, count in faults["counts"].items() if count}


def test_a_day_on_which_every_promise_is_kept_has_no_fault(tmp_path):
    told = Told()
    quiet(told)
    assert found(told, tmp_path) == {}


def event(told: Told, *states: str) -> None:
    before = None
    for state in states:
        told.event("q00001", before, state, START)
        before = state


PLANTED: dict[str, Callable[[Told], Any]] = {
    "gap": lambda told: [told.prompt(START + DAY + minutes * MINUTE, index=minutes) for minutes in (0, 59, 119)],
    "gap_to_excluded": lambda told: [told.prompt(START + DAY, design="morning_diary"), told.prompt(START + DAY + 59 * MINUTE)],
    "outside_window": lambda told: told.prompt(START + DAY, slot={"window_end_utc": START + DAY - MINUTE}),
    "sent_before_due": lambda told: told.prompt(START + DAY, sent_utc=START + DAY - MINUTE),
    "sent_after_expiry": lambda told: told.prompt(START + DAY, sent_utc=START + DAY + 46 * MINUTE),
    "slot_twice": lambda told: [told.prompt(START + DAY + hours * HOUR, design="weekly_review", index=3) for hours in (0, 5)],
    "sent_twice": lambda told: event(told, "queued", "sent", "delivered", "sent"),
    "stored_twice": lambda told: told.answers(told.tables["answers_long"][0]["response_id"]),
    "stuck": lambda told: told.prompt(START + DAY, state="sent", status="missed"),
    "probability": lambda told: told.decision(START + DAY, arm_probabilities='{"nothing":0.5,"scene":0.6}'),
    "decision_twice": lambda told: [told.decision(START + DAY, source_id="same") for _ in range(2)],
    "alert_stalled": lambda told: told.alert(START + HOUR, tier=4, family="not_safe", acknowledged=None, resolved=None),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_each_broken_promise_is_found_once_and_alone(kind, tmp_path):
    told = Told()
    quiet(told)
    PLANTED[kind](told)
    assert found(told, tmp_path) == {kind: 1}


def test_every_kind_of_fault_is_planted_somewhere_in_this_file():
    assert set(KINDS) == {*PLANTED, "lost", "unclaimed", "receipt", "unexpected_reply", "compliance"}


@pytest.mark.parametrize(
    "columns",
    [
        {"prob_arm": None},
        {"prob_arm": 0.5},
        {"arm_probabilities": None},
        {"prob_content": None},
        {"content_probabilities": '{"your_scene":0.5}'},
        {"content_probabilities": '{"slow_breath":1.0}'},
    ],
)
def test_a_draw_without_its_own_logged_probability_or_with_a_vector_that_is_not_whole_is_a_fault(columns, tmp_path):
    told = Told()
    quiet(told)
    told.decision(START + DAY, **columns)
    assert found(told, tmp_path) == {"probability": 1}


def test_a_gap_is_one_of_absolute_time_across_both_clock_changes_and_a_move(tmp_path):
    """Ten to two and ten past three of one wall clock are twenty minutes apart in spring; an hour more on it may be none in autumn."""
    spring = Told()
    spring.person()
    gap = START.replace(day=8, hour=7)
    spring.prompt(gap - 10 * MINUTE)
    spring.prompt(gap + 10 * MINUTE, index=1)
    assert found(spring, tmp_path) == {"gap": 1}
    moved = Told()
    moved.person(n_zones=2)
    moved.prompt(START + DAY)
    moved.prompt(START + DAY + 59 * MINUTE, index=1, zone="Europe/Berlin")
    assert found(moved, tmp_path) == {"gap": 1}
    kept = Told()
    kept.person(n_zones=2)
    kept.prompt(START + DAY)
    kept.prompt(START + DAY + 60 * MINUTE, index=1, zone="Asia/Kolkata")
    assert found(kept, tmp_path) == {}


def test_a_diary_that_a_later_move_brought_near_is_no_fault_but_one_that_was_there_first_is(tmp_path):
    later = Told()
    later.person(n_zones=2)
    later.prompt(START + DAY)
    later.prompt(START + DAY + 20 * MINUTE, design="evening_diary", zone="Europe/Berlin")
    assert found(later, tmp_path) == {}
    first = Told()
    first.person(n_zones=2)
    first.prompt(START + DAY - 20 * MINUTE, design="morning_diary")
    first.prompt(START + DAY, zone="Europe/Berlin")
    assert found(first, tmp_path) == {"gap_to_excluded": 1}


def test_a_slot_that_asks_nothing_shortens_no_gap(tmp_path):
    told = Told()
    quiet(told)
    for state in ("blocked", "cancelled", "superseded"):
        told.prompt(START + 4 * HOUR + 10 * MINUTE, index=len(told.tables["schedule"]), state=state, status="not_sent")
    assert found(told, tmp_path) == {}


def test_two_follow_ups_of_one_report_are_two_prompts_of_one_slot(tmp_path):
    told = Told()
    quiet(told)
    for minute, source in ((0, "r1"), (30, "r2")):
        told.prompt(START + DAY + minute * MINUTE, design="craving_follow_up", source_response_id=source)
    assert found(told, tmp_path) == {}
    told.prompt(START + DAY + HOUR, design="craving_follow_up", source_response_id="r1")
    told.tables.pop("compliance")
    assert found(told, tmp_path) == {"slot_twice": 1}


def test_a_prompt_that_is_due_later_or_still_open_is_not_stuck(tmp_path):
    told = Told()
    told.person()
    told.prompt(told.as_of + HOUR, state="planned", status="not_sent")
    told.prompt(told.as_of - 10 * MINUTE, index=1, state="delivered", status="open")
    assert found(told, tmp_path) == {}
    told.tables.pop("compliance")
    told.prompt(told.as_of - 6 * MINUTE, design="weekly_review", state="queued", status="open", expires=HOUR)
    assert found(told, tmp_path) == {"stuck": 1}


def test_another_revision_of_a_response_is_not_a_second_copy(tmp_path):
    told = Told()
    quiet(told)
    told.answers(told.tables["answers_long"][0]["response_id"], revision=2, instrument="morning")
    assert found(told, tmp_path) == {}


def test_an_acknowledged_response_that_is_not_in_the_dataset_is_lost_by_count(tmp_path):
    told = Told()
    quiet(told)
    one = told.happened().persons[0]
    assert found(told, tmp_path, persons=(replace(one, acknowledged=one.acknowledged + 2),)) == {"lost": 2}


@pytest.mark.parametrize(("items", "twice"), [("go slips where error", 0), ("go slips go slips", 1), ("go go go", 2)])
def test_a_task_and_its_measures_stand_at_one_place_and_are_no_second_copy(items, twice):
    faults = Faults()
    Answers().read((("p", "r", 1, True, "games", item, None) for item in items.split()), faults)
    assert faults.counts["stored_twice"] == twice


def test_what_the_driver_found_by_id_on_the_server_counts_too(tmp_path):
    told = Told()
    quiet(told)
    assert found(told, tmp_path, stored=3, lost=0, doubled=0, unclaimed=0) == {}
    told.tables.pop("compliance")
    assert found(told, tmp_path, stored=3, lost=1, doubled=2, unclaimed=4) == {"lost": 1, "stored_twice": 2, "unclaimed": 4}


def test_without_the_exports_key_who_withdrew_the_use_of_their_data_is_not_missed(tmp_path):
    told = Told()
    quiet(told)
    gone = PersonSaw(2, "e2", "UTC", 40, "stop_use", START, {})
    persons = (*told.happened().persons, gone)
    summary = summarize(told.pack(tmp_path / "o.zip"), told.happened(persons=persons))
    assert (summary["responses"]["lost"], summary["responses"]["people_left_out"]) == (0, 1)
    stranger = summarize(tmp_path / "o.zip", told.happened(persons=(*persons, replace(gone, left=None))))
    assert stranger["responses"]["compared"].startswith("nothing")


def test_with_the_exports_key_each_person_is_counted_alone_and_those_left_out_are_not_missed(tmp_path):
    rekey = Rekey(b"k" * 32, "study", "test")
    told = Told()
    names = [rekey("participant", f"e{number}") for number in (1, 2)]
    for name in names:
        told.person(name)
    told.answered(START + HOUR, person=names[0])
    told.answered(START + HOUR, person=names[1])
    seen = told.happened()
    one, two = seen.persons
    apart = replace(seen, persons=(replace(one, acknowledged=2), replace(two, acknowledged=0), replace(one, number=3, enrollment_id="e3")))
    summary = summarize(told.pack(tmp_path / "k.zip"), apart, rekey=rekey)
    # Equal in sum, but one person lost an answer; the third took theirs along.
    assert summary["responses"]["lost"] == summary["faults"]["counts"]["lost"] == 1
    assert summary["responses"]["stored_without_receipt"] == 1
    assert summary["responses"]["people_left_out"] == 1


def test_with_ids_the_very_response_that_was_lost_is_named(tmp_path):
    rekey = Rekey(b"k" * 32, "study", "test")
    told = Told()
    name = rekey("participant", "e1")
    told.person(name)
    stored, lost = rekey("source", "e1", "r1"), rekey("source", "e1", "r2")
    told.answered(START + HOUR, person=name)
    for row in told.tables["answers_long"]:
        row["response_id"] = stored
    summary = summarize(told.pack(tmp_path / "i.zip"), told.happened(), rekey=rekey, acknowledged=[("e1", "r1"), ("e1", "r2")])
    assert summary["faults"]["examples"]["lost"] == [lost]
    assert summary["faults"]["counts"]["lost"] == 1
    assert summary["responses"]["compared"] == "every id"


def test_a_receipt_that_changed_and_a_reply_nobody_planned_are_faults(tmp_path):
    told = Told()
    quiet(told)
    odd = Unexpected(START, "GET", "/v1/participant/prompts", 500, None, 1)
    assert found(told, tmp_path, duplicates_sent=3, duplicates_equal=2, unexpected=(odd,)) == {"receipt": 1, "unexpected_reply": 1}


def test_compliance_that_the_export_counts_otherwise_is_a_fault(tmp_path):
    told = Told()
    quiet(told)
    summary = summarize(told.pack(tmp_path / "m.zip", on_time=0.9), told.happened())
    assert not summary["compliance"]["agreement"]["means_agree"]
    assert summary["faults"]["counts"]["compliance"] == 1
    told.tables["prompts"][0]["status"] = "missed"
    told.tables.pop("compliance")
    summary = summarize(told.pack(tmp_path / "n.zip"), told.happened())
    assert summary["compliance"]["agreement"]["differing"] == 2
