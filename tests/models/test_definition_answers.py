"""What a submission says: valid values, the four kinds of nothing, faults that name places and never answers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.definition.answers import Checked, validate
from models.definition.instrument import Instrument, Item, Option, Rotation
from models.kinds import InstrumentKind, ItemKind, Missing, RecallFrame


def ask(item_id: str, kind: ItemKind, **settings: Any) -> Item:
    return Item(id=item_id, kind=kind, text={"en": "?"}, variable=item_id, frame=RecallFrame.NOW, **settings)


def options(*codes: str, alone: str = "") -> tuple[Option, ...]:
    return tuple(Option(code=code, label={"en": code}, exclusive=code == alone) for code in codes)


ITEMS = (
    ask("craving", ItemKind.SLIDER, minimum=0, maximum=10),
    ask("hours", ItemKind.DECIMAL, minimum=0, maximum=24),
    ask("tenths", ItemKind.SLIDER, minimum=-1, maximum=1, step=0.1),
    ask("days", ItemKind.INTEGER, minimum=0, maximum=7),
    ask("agree", ItemKind.LIKERT, minimum=1, maximum=5),
    ask("often", ItemKind.LIKERT, options=options("never", "always")),
    ask("place", ItemKind.SINGLE, options=options("home", "work")),
    ask("types", ItemKind.MULTI, options=options("person", "money", "nothing", alone="nothing")),
    ask("parts", ItemKind.MULTI, options=options("night", "day")),
    ask("own", ItemKind.SINGLE, options_from="reminders"),
    ask("body", ItemKind.BODY_MAP, options=options("head", "back")),
    ask("cue", ItemKind.YES_NO),
    ask("line", ItemKind.TEXT, max_length=5),
    ask("slept", ItemKind.TIME),
    ask("day", ItemKind.DATE),
    ask("walk", ItemKind.DURATION, maximum=600),
    ask("trials", ItemKind.TASK, max_length=3),
    ask("intro", ItemKind.INFORMATION),
)
EVERYTHING = Instrument(id="all", kind=InstrumentKind.REPORT, title={"en": "All"}, seconds=60, items=ITEMS)
LISTS = {"reminders": {"entry-1"}}


def check(raw: dict[str, Any], instrument: Instrument = EVERYTHING, **settings: Any) -> Checked:
    return validate(instrument, raw, **{"drawn": None, "lists": LISTS, **settings})


def one(item_id: str, value: Any) -> Checked:
    return check({item_id: {"value": value}})


@pytest.mark.parametrize(
    ("item_id", "value", "stored"),
    [
        ("craving", 7, 7),
        ("craving", 7.5, 7.5),
        ("hours", 6.25, 6.25),
        ("tenths", 0.1 + 0.2, 0.1 + 0.2),
        ("days", 3, 3),
        ("days", 3.0, 3),
        ("agree", 5, 5),
        ("often", "always", "always"),
        ("place", "home", "home"),
        ("types", ["money", "person"], ("person", "money")),
        ("types", ["nothing"], ("nothing",)),
        ("parts", [], ()),
        ("own", "entry-1", "entry-1"),
        ("own", "none", "none"),
        ("body", ["back", "head"], ("head", "back")),
        ("cue", False, False),
        ("line", "hello", "hello"),
        ("slept", "23:59", "23:59"),
        ("day", "2024-02-29", "2024-02-29"),
        ("walk", 0, 0),
        ("trials", [412.5, {"time": 380, "right": True}], (412.5, {"time": 380, "right": True})),
    ],
)
def test_a_valid_value_is_stored_as_its_kind(item_id: str, value: Any, stored: Any) -> None:
    checked = one(item_id, value)
    assert checked.faults == ()
    assert checked.values[item_id] == stored
    assert type(checked.values[item_id]) is type(stored)


@pytest.mark.parametrize(
    ("item_id", "value", "rule"),
    [
        ("craving", True, "wrong_type"),
        ("craving", "7", "wrong_type"),
        ("craving", 10.5, "out_of_range"),
        ("craving", -1, "out_of_range"),
        ("tenths", 0.25, "off_step"),
        ("tenths", 1.05, "out_of_range"),
        ("craving", float("nan"), "wrong_type"),
        ("craving", float("inf"), "wrong_type"),
        ("days", 3.5, "wrong_type"),
        ("days", False, "wrong_type"),
        ("days", 8, "out_of_range"),
        ("days", 10**400, "out_of_range"),
        ("agree", 6, "out_of_range"),
        ("often", 1, "wrong_type"),
        ("often", "sometimes", "unknown_option"),
        ("place", "car", "unknown_option"),
        ("place", ["home"], "wrong_type"),
        ("types", "money", "wrong_type"),
        ("types", ["money", 3], "wrong_type"),
        ("types", ["money", "car"], "unknown_option"),
        ("types", ["money", "money"], "option_twice"),
        ("types", ["nothing", "money"], "exclusive_option"),
        ("own", "entry-2", "unknown_option"),
        ("cue", 1, "wrong_type"),
        ("cue", "yes", "wrong_type"),
        ("line", 5, "wrong_type"),
        ("line", "too long", "too_long"),
        ("line", "a\0b", "not_storable"),
        ("line", "a\ud800", "not_storable"),
        ("slept", "24:00", "wrong_type"),
        ("slept", "7:30", "wrong_type"),
        ("slept", "07:30\n", "wrong_type"),
        ("day", "2023-02-29", "wrong_type"),
        ("day", "20230228", "wrong_type"),
        ("walk", -1, "out_of_range"),
        ("walk", 601, "out_of_range"),
        ("trials", [1, 2, 3, 4], "too_long"),
        ("trials", ["text"], "wrong_type"),
        ("trials", [{"a": {"b": 1}}], "wrong_type"),
        ("trials", [float("inf")], "wrong_type"),
    ],
)
def test_a_bad_value_is_a_fault_at_its_place(item_id: str, value: Any, rule: str) -> None:
    checked = one(item_id, value)
    assert [(fault.pointer, fault.rule) for fault in checked.faults] == [(f"/answers/{item_id}/value", rule)]
    assert item_id not in checked.values
    assert item_id not in checked.missing


def test_a_number_off_its_step_is_refused_and_heard_all_the_same() -> None:
    checked = check({"tenths": {"value": 0.25}, "hours": {"value": 25}})
    assert [(fault.pointer, fault.rule) for fault in checked.faults] == [
        ("/answers/hours/value", "out_of_range"), ("/answers/tenths/value", "off_step"),
    ]  # fmt: skip
    assert checked.values == {}
    assert checked.disclosable == {"tenths": 0.25}


def test_no_fault_repeats_an_answer() -> None:
    checked = check({"line": {"value": "confidential words"}, "place": {"value": "secret place"}, "they-hurt-me": {"value": 1}})
    told = " ".join(f"{fault.pointer} {fault.rule} {fault.message}" for fault in checked.faults)
    assert len(checked.faults) == 3
    assert not any(word in told for word in ("confidential", "secret", "hurt"))


def test_an_unknown_item_is_named_only_where_its_name_could_be_one() -> None:
    faults = check({"other_item": {"value": 1}, "I feel bad": {"value": 1}}).faults
    assert [(fault.pointer, fault.rule) for fault in faults] == [("/answers", "unknown_item"), ("/answers/other_item", "unknown_item")]


@pytest.mark.parametrize(
    "entry",
    [
        3,
        None,
        [],
        {},
        {"value": 1, "skipped": True},
        {"skipped": False},
        {"skipped": 1},
        {"value": 1, "note": "x"},
        {"at": "2026-01-01T00:00:00Z"},
    ],
)
def test_an_answer_holds_exactly_one_of_value_skipped_and_declined(entry: Any) -> None:
    (fault,) = check({"craving": entry}).faults
    assert (fault.pointer, fault.rule) == ("/answers/craving", "wrong_members")


def test_one_bad_answer_leaves_the_others_valid() -> None:
    checked = check({"craving": {"value": 99}, "place": {"value": "home"}, "cue": {"value": True}})
    assert checked.values == {"place": "home", "cue": True}
    assert len(checked.faults) == 1


def test_skipped_and_declined_stay_apart_and_an_unanswered_question_is_skipped() -> None:
    checked = check({"craving": {"skipped": True}, "place": {"declined": True}})
    assert checked.missing["craving"] is Missing.SKIPPED
    assert checked.missing["place"] is Missing.DECLINED
    assert checked.missing["cue"] is Missing.SKIPPED
    assert checked.faults == ()


def test_refusing_a_required_item_is_allowed_and_counts_as_declined() -> None:
    required = Instrument(
        id="r", kind=InstrumentKind.REPORT, title={"en": "R"}, seconds=5, items=(ask("must", ItemKind.YES_NO, required=True),)
    )
    for raw in ({"must": {"skipped": True}}, {}):
        checked = check(raw, required)
        assert checked.missing == {"must": Missing.DECLINED}
        assert checked.faults == ()


@pytest.mark.parametrize(("item_id", "value"), [("craving", None), ("line", "  "), ("types", []), ("trials", [])])
def test_a_value_that_says_nothing_counts_as_skipped(item_id: str, value: Any) -> None:
    assert one(item_id, value).missing[item_id] is Missing.SKIPPED


def test_a_page_of_information_is_neither_answered_nor_missing() -> None:
    checked = one("intro", True)
    assert "intro" not in checked.values
    assert "intro" not in checked.missing
    assert checked.faults == ()


def test_the_instant_of_each_answer_is_kept_in_utc() -> None:
    checked = check({"craving": {"value": 1, "at": "2026-03-08T01:30:00-05:00"}, "cue": {"skipped": True, "at": "2026-03-08T06:31:00Z"}})
    assert checked.at == {"craving": datetime(2026, 3, 8, 6, 30, tzinfo=UTC), "cue": datetime(2026, 3, 8, 6, 31, tzinfo=UTC)}


@pytest.mark.parametrize("at", ["2026-03-08T01:30:00", "yesterday", 5, "0001-01-01T00:00:00+14:00"])
def test_an_instant_without_an_offset_is_a_fault_and_the_value_stands(at: Any) -> None:
    checked = check({"craving": {"value": 1, "at": at}})
    assert [(fault.pointer, fault.rule) for fault in checked.faults] == [("/answers/craving/at", "not_an_instant")]
    assert checked.values == {"craving": 1}


BRANCHED = Instrument(
    id="branched",
    kind=InstrumentKind.MOMENTARY,
    title={"en": "B"},
    seconds=30,
    items=(
        ask("cue", ItemKind.YES_NO),
        ask("kind", ItemKind.SINGLE, options=options("place", "person"), show_if=("==", {"item": "cue"}, True)),
        ask("own", ItemKind.YES_NO, show_if=("==", {"item": "kind"}, "person")),
        ask("tense", ItemKind.SLIDER, minimum=0, maximum=10),
        ask("low", ItemKind.SLIDER, minimum=0, maximum=10),
        ask("last", ItemKind.YES_NO),
    ),
    rotations=(Rotation(id="set", items=("tense", "low"), draw=1),),
)


def test_an_answer_hidden_by_branching_is_not_shown_and_no_error() -> None:
    checked = check({"cue": {"value": False}, "kind": {"value": "person"}, "own": {"value": True}, "last": {"value": True}}, BRANCHED)
    assert checked.missing["kind"] is Missing.NOT_SHOWN
    assert checked.missing["own"] is Missing.NOT_SHOWN
    assert checked.values == {"cue": False, "last": True}
    assert checked.given_hidden == {"kind": "person", "own": True}
    assert checked.faults == ()


def test_what_was_said_behind_a_closed_branch_can_still_disclose() -> None:
    checked = check({"cue": {"value": False}, "own": {"value": True}}, BRANCHED)
    assert checked.disclosable == {"cue": False, "own": True}


def test_an_item_that_the_rotation_did_not_draw_is_not_shown() -> None:
    checked = check({"tense": {"value": 3}, "low": {"value": 4}}, BRANCHED, drawn={"low"})
    assert checked.missing["tense"] is Missing.NOT_SHOWN
    assert checked.given_hidden == {"tense": 3}
    assert checked.values == {"low": 4}


def test_a_drawn_item_left_out_was_skipped() -> None:
    checked = check({"cue": {"value": False}}, BRANCHED, drawn={"low"})
    assert checked.missing["low"] is Missing.SKIPPED
    assert checked.missing["tense"] is Missing.NOT_SHOWN


def test_without_a_known_draw_a_rotating_item_was_shown_if_it_was_answered() -> None:
    checked = check({"low": {"value": 4}}, BRANCHED)
    assert checked.values == {"low": 4}
    assert checked.missing["tense"] is Missing.NOT_SHOWN


def test_in_a_partial_submission_questions_after_the_last_entry_were_not_reached() -> None:
    checked = check({"cue": {"value": True}, "kind": {"skipped": True}}, BRANCHED, drawn={"low"}, complete=False)
    assert checked.missing == {
        "kind": Missing.SKIPPED,
        "own": Missing.NOT_REACHED,
        "tense": Missing.NOT_SHOWN,
        "low": Missing.NOT_REACHED,
        "last": Missing.NOT_REACHED,
    }


def test_in_a_partial_submission_a_branch_that_is_already_closed_was_not_shown() -> None:
    checked = check({"cue": {"value": False}}, BRANCHED, drawn={"low"}, complete=False)
    assert checked.missing["kind"] is Missing.NOT_SHOWN
    assert checked.missing["last"] is Missing.NOT_REACHED


def test_an_empty_partial_submission_reached_nothing() -> None:
    checked = check({}, BRANCHED, drawn={"low", "tense"}, complete=False)
    assert set(checked.missing.values()) == {Missing.NOT_REACHED}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=4), part, max_size=3),
    max_leaves=8,
)
_entries = (
    st.fixed_dictionaries({"value": _json}, optional={"at": _json}) | st.just({"skipped": True}) | st.just({"declined": True}) | _json
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([item.id for item in ITEMS]) | st.text(max_size=6), _entries, max_size=8), st.booleans())
def test_whatever_is_sent_every_question_has_exactly_one_fate(raw: dict[str, Any], complete: bool) -> None:
    checked = check(raw, complete=complete)
    faulty = {fault.pointer.split("/")[2] for fault in checked.faults if fault.pointer.count("/") > 1 and not fault.pointer.endswith("/at")}
    for item in ITEMS:
        fates = [item.id in checked.values, item.id in checked.missing, item.id in faulty]
        assert sum(fates) == (item.kind is not ItemKind.INFORMATION or item.id in faulty)
