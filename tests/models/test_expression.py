"""The expression language: what it means, and that nothing in it can raise or run away."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from models.definition.expression import (
    MAX_DEPTH,
    MAX_NODES,
    OPERANDS,
    Expression,
    check_shape,
    evaluate,
    holds,
    items_read,
    variables_read,
)

ITEMS = {"craving": 8, "stress": 2.5, "cue": True, "kinds": ("place", "money"), "medicine": "missed", "slept": "23:30"}
VARIABLES = {"level": 61.0, "rising": False, "craving": 0.8}


def value(tree: Any) -> Any:
    return evaluate(tree, ITEMS, VARIABLES)


item = lambda name: {"item": name}  # noqa: E731
var = lambda name: {"var": name}  # noqa: E731


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ([">=", item("craving"), 7], True),
        (["<", item("craving"), item("stress")], False),
        (["==", item("medicine"), "missed"], True),
        (["has", item("kinds"), "money"], True),
        (["has", item("kinds"), "smell"], False),
        (["answered", "stress"], True),
        (["answered", "pain"], False),
        (["and", item("cue"), ["not", var("rising")]], True),
        (["+", item("craving"), 1, 1], 10.0),
        (["-", item("craving")], -8.0),
        (["*", item("stress"), 2], 5.0),
        (["mean", item("craving"), 4], 6.0),
        (["min", 3, item("stress")], 2.5),
        (["max", 3, item("stress")], 3.0),
        (["coalesce", item("pain"), var("craving"), 1], 0.8),
        (["<", "22:00", item("slept")], True),
        (["==", item("craving"), 8.0], True),
    ],
)
def test_an_operation_gives_its_value(tree: Any, expected: Any) -> None:
    assert value(tree) == expected


@pytest.mark.parametrize("name", ["<", "<=", ">", ">=", "!=", "+", "*", "min", "max", "mean"])
def test_a_missing_operand_makes_arithmetic_and_order_missing(name: str) -> None:
    assert value([name, item("pain"), 3]) is None
    assert value([name, 3, item("pain")]) is None


def test_equality_with_a_missing_side_is_false_unless_both_are_missing() -> None:
    assert value(["==", item("pain"), 3]) is False
    assert value(["==", item("pain"), var("nothing")]) is True


def test_null_written_out_asks_whether_an_answer_was_given() -> None:
    assert value(["==", item("pain"), None]) is True
    assert value(["!=", item("pain"), None]) is False
    assert value(["!=", item("craving"), None]) is True


def test_no_condition_holds_on_an_answer_that_was_not_given() -> None:
    for condition in ([">=", item("pain"), 0], ["<", item("pain"), 99], ["!=", item("pain"), 4]):
        assert not holds(condition, ITEMS, VARIABLES)
        assert not holds(["not", condition], ITEMS, VARIABLES)


def test_and_and_or_decide_where_the_given_operands_decide() -> None:
    unknown = [">=", item("pain"), 3]
    assert value(["and", unknown, False]) is False
    assert value(["or", unknown, True]) is True
    assert value(["and", unknown, True]) is None
    assert value(["or", unknown, False]) is None


@pytest.mark.parametrize(
    "tree",
    [["+", item("medicine"), 1], [">", item("cue"), 0], ["has", item("craving"), "8"], ["not", 1], ["<", "a", 1], ["*", 1e15, 1e15, 1e300]],
)
def test_a_clash_of_types_counts_as_missing(tree: Any) -> None:
    assert value(tree) is None or value(tree) == pytest.approx(1e15 * 1e15 * 1e300)


def test_a_boolean_never_equals_a_number() -> None:
    assert value(["==", item("cue"), 1]) is False
    assert value(["!=", item("cue"), 1]) is True


def test_no_condition_holds_always() -> None:
    assert holds(None, {}, {})


def test_only_the_value_true_holds() -> None:
    assert not holds(1, {}, {})
    assert not holds("true", {}, {})


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        (["eval", "1"], "unknown operation"),
        ([], "unknown operation"),
        ([["=="], 1, 2], "unknown operation"),
        (["==", 1], "takes 2 operands"),
        (["not"], "takes 1 operands"),
        (["answered", 3], "takes an item id"),
        ([">=", {"item": "a", "var": "b"}, 1], "reference"),
        ([">=", {"file": "a"}, 1], "reference"),
        ([">=", {"item": 3}, 1], "reference"),
        ([">=", float("nan"), 1], "not finite"),
        ([">=", float("inf"), 1], "not finite"),
        ([">=", 10**400, 1], "not finite"),
        (["==", "x" * 201, 1], "longer than"),
        (["==", b"x", 1], "is not a number"),
        (["and", *[["or", True, True]] * 80], "more than"),
    ],
)
def test_a_malformed_tree_is_refused_with_its_reason(tree: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_shape(tree)


def test_a_tree_nested_too_deeply_is_refused_before_it_is_walked() -> None:
    tree: Any = True
    for _ in range(100_000):
        tree = ["not", tree]
    with pytest.raises(ValueError, match=f"deeper than {MAX_DEPTH}"):
        check_shape(tree)


def test_a_refusal_never_repeats_what_was_written() -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Expression).validate_python(["secret-word", 1])
    assert "secret-word" not in refused.value.errors()[0]["msg"]


def test_references_are_gathered_wherever_they_stand() -> None:
    tree = ["or", ["answered", "a"], ["==", item("b"), ["coalesce", var("x"), item("c")]], ["has", item("d"), "item"]]
    assert items_read(tree) == {"a", "b", "c", "d"}
    assert variables_read(tree) == {"x"}
    assert items_read(None) == variables_read(None) == frozenset()


_operands = (
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(-1e15, 1e15)
    | st.sampled_from(["", "place", "23:30"])
    | st.sampled_from([*map(item, [*ITEMS, "pain"]), *map(var, [*VARIABLES, "nothing"])])
)
_trees = st.recursive(
    _operands,
    lambda parts: (
        st.tuples(st.sampled_from(sorted(set(OPERANDS) - {"answered"})), st.lists(parts, min_size=1, max_size=4)).map(
            lambda made: [made[0], *made[1]]
        )
        | st.sampled_from([*ITEMS, "pain"]).map(lambda name: ["answered", name])
    ),
    max_leaves=30,
)
_junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=3),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.sampled_from(["item", "var", "x"]), parts, max_size=2),
    max_leaves=15,
)
_values = st.dictionaries(
    st.sampled_from([*ITEMS, "pain"]),
    st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.lists(st.text(max_size=3), max_size=3) | st.none(),
)


@settings(max_examples=300, deadline=None)
@given(_trees, _values, _values)
def test_every_tree_that_passes_evaluates_without_raising_and_survives_json(tree: Any, items: Any, variables: Any) -> None:
    adapter = TypeAdapter(Expression)
    try:
        checked = adapter.validate_python(tree)
    except ValidationError:
        return
    found = evaluate(checked, items, variables)
    assert found is None or isinstance(found, bool | int | float | str | tuple)
    assert adapter.validate_json(adapter.dump_json(checked)) == checked
    assert items_read(checked) <= {*ITEMS, "pain"}


@settings(max_examples=300, deadline=None)
@given(_junk)
def test_anything_at_all_is_either_a_tree_or_refused_with_a_value_error(raw: Any) -> None:
    try:
        assert 1 <= check_shape(raw) <= MAX_NODES
    except ValueError:
        return
    evaluate(raw, {}, {})
