"""The vectors that ship with the documentation: the server, the second reading beside them and the file agree on every one."""

import json
import runpy
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from models.definition.answers import validate
from models.definition.checks.types import Scope, Typing, item_type
from models.definition.expression import OPERANDS, check_shape, evaluate, items_read
from models.definition.instrument import Instrument, Item
from models.definition.language import best
from models.definition.order import item_order
from models.definition.piping import fill, said, since
from models.definition.protocol import LastCheckIn
from models.definition.rotation import draw_rotation
from models.definition.score import scores
from models.kinds import InstrumentKind, ItemKind, Missing, RecallFrame

FOLDER = Path(__file__).parents[2] / "docs" / "examples" / "expressions"
VECTORS = json.loads((FOLDER / "vectors.json").read_text())
INSTRUMENTS = {one["id"]: Instrument.model_validate_json(json.dumps(one)) for one in VECTORS["instruments"]}


def item(document: Any) -> Item:
    return Item.model_validate_json(json.dumps(document))


def frozen(tree: Any) -> Any:
    """A tree as documents hold it."""
    return tuple(map(frozen, tree)) if isinstance(tree, list) else tree


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def alike(found: Any, expected: Any) -> bool:
    return bool(plain(found) == expected) and isinstance(found, bool) == isinstance(expected, bool)


def cases(part: list[Any]) -> Any:
    return pytest.mark.parametrize("case", part, ids=[str(one.get("about", number)) for number, one in enumerate(part)])


def test_the_file_is_what_its_maker_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    made = runpy.run_path(str(FOLDER / "make_vectors.py"))
    assert made["written"]() == (FOLDER / "vectors.json").read_text(encoding="utf-8")
    sys.modules.pop("phone", None)


@cases(VECTORS["expressions"]["cases"])
def test_a_tree_has_the_value_that_is_written(case: Any) -> None:
    tree = frozen(case["tree"])
    check_shape(case["tree"])
    assert alike(evaluate(tree, VECTORS["expressions"]["answers"], VECTORS["expressions"]["variables"]), case["value"])


def test_every_pair_of_operands_of_every_operation_gives_the_same() -> None:
    values = VECTORS["pairs"]["values"]
    for one in VECTORS["pairs"]["operations"]:
        tree = (one["operation"], {"item": "left"}, {"item": "right"})
        for left, row in zip(values, one["results"], strict=True):
            for right, expected in zip(values, row, strict=True):
                assert alike(evaluate(tree, {"left": left, "right": right}, {}), expected), (tree[0], left, right)


def test_every_operation_has_a_vector() -> None:
    def heads(tree: Any) -> Iterator[str]:
        if isinstance(tree, list):
            yield tree[0]
            for part in tree[1:]:
                yield from heads(part)

    assert {head for case in VECTORS["expressions"]["cases"] for head in heads(case["tree"])} == OPERANDS.keys()


@cases(VECTORS["refused"])
def test_a_tree_that_is_none_is_refused(case: Any) -> None:
    with pytest.raises(ValueError, match=r"level|nested|nodes"):
        check_shape(case["tree"])


@cases(VECTORS["types"]["cases"])
def test_a_tree_of_the_wrong_types_is_refused_by_its_rule(case: Any) -> None:
    typing = Typing(Scope({one.id: item_type(one) for one in map(item, VECTORS["types"]["items"])}, None))
    judge = typing.condition if case["as"] == "condition" else typing.number
    judge(frozen(case["tree"]))
    assert {fault.rule for fault in typing.faults} == ({case["rule"]} if case["rule"] else set())


@pytest.mark.parametrize("kind", sorted(set(ItemKind) - {ItemKind.TASK}))
def test_right_wrong_and_edge_values_of_an_item_kind(kind: ItemKind) -> None:
    mine = [one for one in VECTORS["values"]["cases"] if one["item"]["kind"] == kind]
    assert mine
    for case in mine:
        asked = item(case["item"])
        report = Instrument(id="r", kind=InstrumentKind.REPORT, title={"en": "?"}, seconds=9, items=(asked,))
        lists = {"reminders": VECTORS["values"]["reminders"]}
        checked = validate(report, {"a": {"value": case["raw"]}}, drawn=None, lists=lists)
        if "rule" in case:
            assert [(fault.pointer, fault.rule) for fault in checked.faults] == [("/answers/a/value", case["rule"])], case
            assert not checked.values
        elif "stored" in case:
            assert checked.faults == ()
            assert alike(checked.values["a"], case["stored"]), case
        else:
            skipped = {"a": Missing.SKIPPED} if case["nothing"] == "skipped" else {}
            assert (checked.values, checked.missing, checked.faults) == ({}, skipped, ()), case


@cases(VECTORS["responses"])
def test_a_response_says_what_was_answered_shown_and_reached(case: Any) -> None:
    asked = INSTRUMENTS[case["instrument"]]
    checked = validate(
        asked, case["entries"], drawn=case.get("drawn_items"), lists={}, complete=case.get("complete", True), order=case.get("order")
    )
    assert checked.faults == ()
    assert {name: plain(value) for name, value in checked.values.items()} == case["values"]
    assert checked.missing == case["missing"]
    assert scores(asked, checked.values) == case["scores"]


def test_the_four_kinds_of_nothing_are_all_in_the_vectors() -> None:
    assert {kind for case in VECTORS["responses"] for kind in case["missing"].values()} == set(Missing)


def test_rotations_and_orders_are_drawn_alike_on_both_sides() -> None:
    asked = INSTRUMENTS[VECTORS["orders"]["instrument"]]
    found = []
    for case in VECTORS["orders"]["cases"]:
        key = bytes.fromhex(case["key"])
        assert list(draw_rotation(asked, key, case["slot"]).items) == case["drawn_items"]
        assert list(item_order(asked, key, case["slot"])) == case["order"]
        assert sorted(case["order"]) == sorted(one.id for one in asked.items)
        found.append(tuple(case["order"]))
    assert len(set(found)) > 5


def test_what_a_condition_reads_is_earlier_in_every_drawn_order() -> None:
    asked = INSTRUMENTS["check_in"]
    for case in VECTORS["orders"]["cases"]:
        for one in asked.items:
            assert all(case["order"].index(name) < case["order"].index(one.id) for name in items_read(one.show_if))


@pytest.mark.parametrize("case", VECTORS["languages"], ids=str)
def test_the_language_that_is_shown(case: Any) -> None:
    assert best(case["tags"], case["wanted"], case["default"]) == case["shown"]


@cases(VECTORS["texts"]["cases"])
def test_a_text_is_filled_or_falls_back(case: Any) -> None:
    part, wanted = VECTORS["texts"], case.get("language")
    piped = {one.id: one for one in map(item, part["items"])}
    known: dict[str, str | None] = {
        f"item:{name}": said(piped[name], frozen(value), wanted, part["default"]) for name, value in case.get("answers", {}).items()
    }
    known["own_word"] = said(item(part["own_word"]), case.get("own_word"), wanted, part["default"])
    last = datetime.fromisoformat(case["last"]) if "last" in case else None
    now = datetime.fromisoformat(case.get("now", "2026-03-08T00:00:00"))
    words = LastCheckIn.model_validate_json(json.dumps(part["last_check_in"]))
    known["since"] = since(words, last, now, wanted, part["default"])
    assert fill(case["text"], known) == case["shown"]


def test_an_own_list_is_said_by_the_labels_that_the_phone_holds() -> None:
    own = Item(id="a", kind=ItemKind.MULTI, text={"en": "?"}, variable="a", frame=RecallFrame.NOW, options_from="reasons")
    assert said(own, ("one", "gone"), None, "en", {"one": "my girl"}) == "my girl"
    assert said(own, ("gone",), None, "en", {"one": "my girl"}) is None
