"""The item map, indicators, scores, rotations and disclosures."""

import json
from collections import Counter
from collections.abc import Mapping
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from models.definition.disclose import Disclosed, disclosures
from models.definition.instrument import Instrument, Item, Option, Rotation, Score
from models.definition.itemmap import at_floor, indicator, item_map
from models.definition.load import parse
from models.definition.rotation import draw_rotation
from models.definition.score import scores
from models.kinds import InstrumentKind, ItemKind, Node, RecallFrame

SHIPPED = Path(__file__).parents[2] / "api" / "actions" / "shipped" / "oud.json"
OUD = parse(SHIPPED.read_bytes())


def ask(item_id: str, kind: ItemKind = ItemKind.SLIDER, **settings: Any) -> Item:
    return Item(id=item_id, kind=kind, text={"en": "?"}, variable=item_id, frame=RecallFrame.NOW, **settings)


def instrument(*items: Item, **settings: Any) -> Instrument:
    return Instrument(id="one", kind=InstrumentKind.WEEKLY, title={"en": "One"}, seconds=60, items=items, **settings)


def scored(*pairs: tuple[str, float | None]) -> tuple[Option, ...]:
    return tuple(Option(code=code, label={"en": code}, score=score) for code, score in pairs)


VALENCE = ask("valence", minimum=-5, maximum=5, node=Node.S, direction=-1)
CHOICE = ask("choice", ItemKind.SINGLE, options=scored(("never", 0.0), ("often", 0.75), ("unsaid", None)), node=Node.S)
SEVERAL = ask("several", ItemKind.MULTI, options=scored(("a", 0.2), ("b", 0.9)), node=Node.R)


@pytest.mark.parametrize(
    ("item", "value", "expected"),
    [
        (ask("craving", minimum=0, maximum=10, node=Node.C), 7, 0.7),
        (ask("craving", minimum=0, maximum=10, node=Node.C), 12, 1.0),
        (VALENCE, 5, 0.0),
        (VALENCE, -5, 1.0),
        (VALENCE, 0, 0.5),
        (ask("cue", ItemKind.YES_NO, node=Node.R), True, 1.0),
        (ask("calm", ItemKind.YES_NO, node=Node.S, direction=-1), True, 0.0),
        (CHOICE, "often", 0.75),
        (CHOICE, "unsaid", None),
        (SEVERAL, ("a", "b"), 0.9),
        (SEVERAL, (), None),
        (ask("craving", minimum=0, maximum=10, node=Node.C), True, None),
        (ask("craving", minimum=0, maximum=10, node=Node.C), None, None),
        (ask("stored", minimum=0, maximum=10), 7, None),
        (ask("stored", minimum=0, maximum=10, node=Node.C, direction=0), 7, None),
        (ask("where", ItemKind.SINGLE, options=scored(("home", 0.1)), node=Node.CONTEXT), "home", None),
        (ask("line", ItemKind.TEXT, node=Node.S), "words", None),
    ],
)
def test_an_answer_has_its_place_on_the_scale_of_its_node(item: Item, value: Any, expected: float | None) -> None:
    assert indicator(item, value) == expected


def test_the_lowest_activity_that_an_item_can_say_is_its_floor() -> None:
    assert at_floor(VALENCE, 5)
    assert not at_floor(VALENCE, -5)
    assert not at_floor(ask("stored", minimum=0, maximum=10), 0)


def test_each_variable_stands_once_in_the_map_with_what_its_items_say() -> None:
    mapped = item_map(OUD)
    asked = [item for instrument in OUD.instruments for item in instrument.items]
    assert list(mapped.entries) == sorted({item.variable for item in asked})
    for item in asked:
        entry = mapped.entries[item.variable]
        assert (entry.node, entry.direction, entry.domain, entry.frame) == (item.node, item.direction, item.domain, item.frame)


def test_the_hash_of_the_map_changes_with_the_map_and_with_nothing_else() -> None:
    document = json.loads(SHIPPED.read_bytes())
    document["title"]["en"] = "Other words"
    assert item_map(parse(json.dumps(document).encode())).hash == item_map(OUD).hash
    for one in document["instruments"]:
        for item in one["items"]:
            if item["variable"] == "pain":
                item["weight"] = 0.9
    assert item_map(parse(json.dumps(document).encode())).hash != item_map(OUD).hash


def test_the_map_names_the_indicators_of_each_node() -> None:
    assert {entry.variable for entry in item_map(OUD).node(Node.C)} == {"craving", "intrusion"}
    assert {entry.variable for entry in item_map(OUD).node(Node.W)} == {"withdrawal", "pain"}
    assert {entry.variable for entry in item_map(OUD).node(Node.CONTEXT)} == set()


def week(*names: str, **settings: Any) -> Instrument:
    return instrument(*[ask(name, ItemKind.INTEGER, minimum=0, maximum=7) for name in names], **settings)


def test_a_score_with_too_few_answers_is_missing_and_not_low() -> None:
    asked = week("a", "b", "c", scores=(Score(id="sum", how="sum", items=("a", "b", "c"), least_answered=0.6),))
    assert scores(asked, {"a": 1}) == {"sum": None}
    assert scores(asked, {"a": 1, "b": 3}) == {"sum": 6.0}
    assert scores(asked, {"a": 1, "b": 3, "c": 2}) == {"sum": 6.0}


def test_a_reversed_item_counts_from_the_other_end() -> None:
    asked = instrument(ask("a", minimum=1, maximum=5, reverse=True), scores=(Score(id="mean", how="mean", items=("a",)),))
    assert scores(asked, {"a": 2}) == {"mean": 4.0}


def test_choices_and_booleans_count_by_position() -> None:
    weekly = OUD.instrument("weekly")
    assert weekly is not None
    assert scores(weekly, {"w_phq_interest": "more_than_half", "w_phq_low": "nearly_every_day"})["phq2"] == 5.0


def rotating(*names: str, draw: int) -> Instrument:
    return instrument(*map(ask, names), rotations=(Rotation(id="set", items=names, draw=draw),))


def test_a_draw_is_the_same_for_the_same_slot_and_keeps_the_order_of_the_instrument() -> None:
    asked = rotating("a", "b", "c", "d", draw=2)
    first = draw_rotation(asked, b"k", "slot-1")
    assert first == draw_rotation(asked, b"k", "slot-1")
    assert len(first.items) == 2
    assert list(first.items) == sorted(first.items)
    assert dict(first.probabilities) == dict.fromkeys("abcd", 0.5)


def test_every_pair_of_items_is_drawn_evenly() -> None:
    asked = rotating("a", "b", "c", "d", draw=2)
    counts = Counter(draw_rotation(asked, b"key", str(slot)).items for slot in range(6000))
    assert len(counts) == 6
    statistic = sum((count - 1000) ** 2 / 1000 for count in counts.values())
    assert statistic < 20.5  # chi-square, 5 degrees of freedom, 0.999


def test_two_keys_and_two_instruments_draw_apart() -> None:
    asked = rotating(*"abcdefgh", draw=4)
    other = asked.model_copy(update={"id": "two"})
    draws = {draw_rotation(asked, b"1", "s").items, draw_rotation(asked, b"2", "s").items, draw_rotation(other, b"1", "s").items}
    assert len(draws) == 3


def test_drawing_all_items_of_a_set_shows_all_of_them() -> None:
    assert draw_rotation(rotating("a", "b", draw=2), b"k", "s").items == ("a", "b")
    assert draw_rotation(instrument(ask("a")), b"k", "s").items == ()


def found(instrument_id: str, answers: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(one.disclosure, one.tier) for one in disclosures(OUD, instrument_id, answers)]


@pytest.mark.parametrize(
    ("instrument_id", "answers", "expected"),
    [
        ("use", {"safe_now": "no"}, [("not_safe", 4)]),
        ("weekly", {"safe_now": "not_sure"}, [("unsure_safe", 3)]),
        ("use", {"u_overdose": True}, [("overdose", 4)]),
        ("weekly", {"w_thoughts": "plan"}, [("harm_plan", 4)]),
        ("weekly", {"w_thoughts": "thoughts"}, [("harm_thoughts", 3)]),
        ("use", {"u_with": False, "u_again": True}, [("use_alone", 3)]),
        ("use", {"u_with": False}, []),
        ("craving", {"c_need": "now"}, [("need_now", 3)]),
        ("craving", {"c_need": "not_safe"}, [("not_safe", 4)]),
        ("checking_back", {"c_need": "call"}, [("contact_request", 2)]),
        ("morning", {"am_moud": "missed"}, [("missed_medicine", 2)]),
        ("craving", {"m_crave_now": 10, "c_need": "no"}, []),
        ("craving", {}, []),
    ],
)
def test_an_answer_reaches_the_tier_that_the_shipped_protocol_promises(
    instrument_id: str, answers: Mapping[str, Any], expected: list[tuple[str, int]]
) -> None:
    assert found(instrument_id, answers) == expected


def test_several_disclosures_come_highest_tier_first() -> None:
    answers = {"safe_now": "no", "u_with": False, "u_again": True, "c_need": "call"}
    for order in permutations(answers):
        assert [tier for _, tier in found("use", {name: answers[name] for name in order})] == [4, 3, 2]


def test_a_disclosure_says_what_the_phone_shows_first() -> None:
    assert disclosures(OUD, "use", {"safe_now": "no"}) == (Disclosed("not_safe", 4, "crisis"),)


def test_a_disclosure_limited_to_instruments_ignores_the_others() -> None:
    limited = OUD.model_copy(update={"disclosures": (OUD.disclosures[0].model_copy(update={"instruments": ("weekly",)}),)})
    assert disclosures(limited, "use", {"safe_now": "no"}) == ()
    assert len(disclosures(limited, "weekly", {"safe_now": "no"})) == 1


def test_strange_values_disclose_nothing_and_raise_nothing() -> None:
    assert found("use", {"safe_now": object(), "u_overdose": "true", "c_need": ["now"]}) == []
