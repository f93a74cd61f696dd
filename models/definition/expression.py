"""A small safe expression tree in JSON: no eval, no calls, bounded depth.

Written in JSON as a list whose head names the operation::

    ["and", [">=", {"item": "m_crave_now"}, 7], ["answered", "m_stress"]]

Operands: numbers, strings, booleans, null, `{"item": id}` (an answer of this submission), `{"var": name}`
(a tailoring variable, in decision rules, alert rules and contraindications). Operations:
`and or not`, `== != < <= > >=`, `+ - * /`, `min max mean`, `has` (a multiple choice holds a code), `count` (how many it holds),
`answered` (an item id), `coalesce` (the first operand that is not missing), `if` (condition, then, else).
`docs/expressions.md` is the whole of it for whoever writes a phone, with vectors that both sides are held to.

**Missing is a value.** Arithmetic, order, `!=` and `not` with a missing operand give missing; `==` with missing is
False unless both are missing; `and` and `or` decide where the given operands decide, else give missing; a missing
condition counts as False, also that of `if`. A division by zero is missing. So no rule fires on an answer that was
not given. Against the written `null`, `==` and `!=` ask whether the other side is missing. A clash of types counts as
missing; numbers never equal booleans.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer

MAX_DEPTH: Final = 12
MAX_NODES: Final = 200
MAX_STRING: Final = 200

Value = bool | int | float | str | tuple[str, ...] | None

_UNBOUNDED: Final = MAX_NODES
OPERANDS: Final[Mapping[str, tuple[int, int]]] = {
    "and": (1, _UNBOUNDED),
    "or": (1, _UNBOUNDED),
    "not": (1, 1),
    "==": (2, 2),
    "!=": (2, 2),
    "<": (2, 2),
    "<=": (2, 2),
    ">": (2, 2),
    ">=": (2, 2),
    "+": (2, _UNBOUNDED),
    "-": (1, 2),
    "*": (2, _UNBOUNDED),
    "/": (2, 2),
    "min": (1, _UNBOUNDED),
    "max": (1, _UNBOUNDED),
    "mean": (1, _UNBOUNDED),
    "has": (2, 2),
    "count": (1, 1),
    "answered": (1, 1),
    "coalesce": (1, _UNBOUNDED),
    "if": (3, 3),
}
"""Operation -> least and most operands."""


def _shape(raw: Any) -> Any:
    """Checks operation names, operand counts, depth and size; raises ValueError with what is wrong and where."""
    check_shape(raw)
    return _freeze(raw)


def _freeze(raw: Any) -> Any:
    return tuple(_freeze(part) for part in raw) if isinstance(raw, list | tuple) else raw


def _thaw(tree: Any) -> Any:
    return [_thaw(part) for part in tree] if isinstance(tree, tuple) else tree


Expression = Annotated[Any, BeforeValidator(_shape), PlainSerializer(_thaw)]
"""A checked tree; lists have become tuples. Serializes to the same JSON."""


def check_shape(raw: Any, depth: int = 0) -> int:
    """Returns the number of nodes of a well-formed tree, else raises ValueError.

    Messages name the rule and the level of nesting, never what was written there.

    >>> check_shape([">=", {"item": "m_crave_now"}, 7])
    3
    >>> check_shape(["eval", "1"])
    Traceback (most recent call last):
    ValueError: unknown operation at level 0
    """
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(raw, list | tuple):
        return _check_operation(raw, depth)
    _check_operand(raw, depth)
    return 1


def _check_operation(raw: Sequence[Any], depth: int) -> int:
    name = raw[0] if raw else None
    if not isinstance(name, str) or name not in OPERANDS:
        raise ValueError(f"unknown operation at level {depth}")
    least, most = OPERANDS[name]
    count = len(raw) - 1
    if not least <= count <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise ValueError(f"`{name}` at level {depth} takes {wanted} operands and has {count}")
    if name == "answered" and not isinstance(raw[1], str):
        raise ValueError(f"`answered` at level {depth} takes an item id")
    nodes = 1
    for part in raw[1:]:
        nodes += check_shape(part, depth + 1)
        if nodes > MAX_NODES:
            raise ValueError(f"more than {MAX_NODES} nodes")
    return nodes


def _check_operand(raw: Any, depth: int) -> None:
    if isinstance(raw, dict):
        if len(raw) != 1 or not all(key in {"item", "var"} and isinstance(name, str) for key, name in raw.items()):
            raise ValueError(f'a reference at level {depth} is written {{"item": id}} or {{"var": name}}')
    elif isinstance(raw, str):
        if len(raw) > MAX_STRING:
            raise ValueError(f"a string at level {depth} is longer than {MAX_STRING} characters")
    elif isinstance(raw, int | float):
        if not isinstance(raw, bool) and not abs(raw) <= 1e15:
            raise ValueError(f"a number at level {depth} is not finite or beyond 1e15")
    elif raw is not None:
        raise ValueError(f"an operand at level {depth} is not a number, string, boolean, null, reference or operation")


def evaluate(tree: Any, items: Mapping[str, Value], variables: Mapping[str, Value]) -> Value:
    """The value of a checked tree; total: never raises, a type clash gives None.

    Numbers that come out of arithmetic are floats. Time is linear in the size of the tree.

    >>> evaluate(("and", (">=", {"item": "m_crave_now"}, 7), ("answered", "m_stress")), {"m_crave_now": 8, "m_stress": 2}, {})
    True
    >>> evaluate(("+", {"item": "m_crave_now"}, 1), {}, {}) is None
    True
    """
    return _compiled(tree)(items, variables)


_Run = Callable[[Mapping[str, Value], Mapping[str, Value]], Value]
_COMPILED: Final[dict[int, tuple[Any, _Run]]] = {}
_KEPT: Final = 10_000


def _compiled(tree: Any) -> _Run:
    """The tree as nested functions, kept by identity for the frozen trees of documents: a rule is walked once, not at every answer."""
    if not isinstance(tree, tuple):
        return _compile(tree, 0)
    held = _COMPILED.get(id(tree))
    if held is None or held[0] is not tree:
        if len(_COMPILED) >= _KEPT:
            _COMPILED.clear()
        # The tree is kept beside its function, so that its identity cannot be given to another.
        held = _COMPILED[id(tree)] = (tree, _compile(tree, 0))
    return held[1]


def _compile(tree: Any, depth: int) -> _Run:
    if isinstance(tree, dict):
        return _reference(tree)
    if not isinstance(tree, list | tuple):
        value = _known(tree)
        return lambda _items, _variables: value
    if not tree or depth > MAX_DEPTH or not isinstance(tree[0], str):
        return _nothing
    name = tree[0]
    if name == "answered":
        return _answered(tree[1]) if len(tree) == 2 and isinstance(tree[1], str) else _no
    parts = [_compile(part, depth + 1) for part in tree[1:]]
    if name in {"==", "!="} and len(parts) == 2:
        left, right = parts
        null = tree[1] is None or tree[2] is None
        return lambda items, variables: _equality(name, left(items, variables), right(items, variables), against_null=null)
    operation = _OPERATIONS.get(name)
    if operation is None or not _counts(name, parts):
        return _nothing
    if name in _QUICK_ORDER:
        return _ordered(parts[0], parts[1], _QUICK_ORDER[name], operation)
    if name in {"and", "or"}:
        return _joined(parts, stops_at=name == "or")
    return lambda items, variables: operation([part(items, variables) for part in parts])


def _ordered(left: _Run, right: _Run, quick: Callable[[Any, Any], bool], operation: Callable[[Sequence[Value]], Value]) -> _Run:
    """A comparison; two plain numbers, which is nearly all of them, go the short way."""

    def run(items: Mapping[str, Value], variables: Mapping[str, Value]) -> Value:
        a, b = left(items, variables), right(items, variables)
        return quick(a, b) if type(a) in _PLAIN and type(b) in _PLAIN and _exact(a) and _exact(b) else operation((a, b))

    return run


def _joined(parts: Sequence[_Run], *, stops_at: bool) -> _Run:
    """`and` stops at the first False, `or` at the first True; otherwise a part that is not a truth value makes the whole missing."""

    def run(items: Mapping[str, Value], variables: Mapping[str, Value]) -> Value:
        known = True
        for part in parts:
            value = part(items, variables)
            if value is stops_at:
                return stops_at
            known = known and value is (not stops_at)
        return (not stops_at) if known else None

    return run


_PLAIN: Final = frozenset({int, float})
_PLAINEST: Final = frozenset({int, str, bool, type(None)})


def _exact(value: Any) -> bool:
    """Whether comparing it as it is and as a float is the same."""
    return bool(-9_007_199_254_740_992 <= value <= 9_007_199_254_740_992)


def _reference(tree: Mapping[str, str]) -> _Run:
    if "item" in tree:
        item = tree["item"]
        return lambda items, _variables: _known(items.get(item))
    variable = tree.get("var", "")
    return lambda _items, variables: _known(variables.get(variable))


def _answered(item: str) -> _Run:
    return lambda items, _variables: _known(items.get(item)) is not None


def _nothing(_items: Mapping[str, Value], _variables: Mapping[str, Value]) -> Value:
    return None


def _no(_items: Mapping[str, Value], _variables: Mapping[str, Value]) -> Value:
    return False


def _counts(name: str, values: Sequence[Any]) -> bool:
    least, most = OPERANDS[name]
    return least <= len(values) <= most


def _known(raw: Any) -> Value:
    """A value of the language, or None for anything else."""
    if type(raw) in _PLAINEST:  # nearly all there are
        return raw  # type: ignore[no-any-return]
    if isinstance(raw, float):
        return raw if math.isfinite(raw) else None
    if isinstance(raw, bool | int | str):
        return raw
    if isinstance(raw, list | tuple) and all(isinstance(part, str) for part in raw):
        return tuple(raw)
    return None


def _number(value: Value) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _equality(name: str, left: Value, right: Value, *, against_null: bool) -> bool | None:
    if name == "!=" and not against_null and (left is None or right is None):
        return None
    equal = isinstance(left, bool) == isinstance(right, bool) and left == right
    return equal if name == "==" else not equal


def _all(values: Sequence[Value]) -> Value:
    if any(value is False for value in values):
        return False
    return True if all(value is True for value in values) else None


def _any(values: Sequence[Value]) -> Value:
    if any(value is True for value in values):
        return True
    return False if all(value is False for value in values) else None


def _not(values: Sequence[Value]) -> Value:
    return not values[0] if isinstance(values[0], bool) else None


def _order(holds_for: Callable[[Any, Any], bool]) -> Callable[[Sequence[Value]], Value]:
    def compare(values: Sequence[Value]) -> Value:
        left, right = values
        if isinstance(left, str) and isinstance(right, str):
            return holds_for(left, right)
        a, b = _number(left), _number(right)
        return None if a is None or b is None else holds_for(a, b)

    return compare


def _arithmetic(combine: Callable[[list[float]], float]) -> Callable[[Sequence[Value]], Value]:
    def compute(values: Sequence[Value]) -> Value:
        numbers = [number for number in map(_number, values) if number is not None]
        if len(numbers) < len(values):
            return None
        result = combine(numbers)
        return result if math.isfinite(result) else None

    return compute


def _has(values: Sequence[Value]) -> Value:
    chosen, code = values
    return code in chosen if isinstance(chosen, tuple) and isinstance(code, str) else None


def _count(values: Sequence[Value]) -> Value:
    return float(len(values[0])) if isinstance(values[0], tuple) else None


def _if(values: Sequence[Value]) -> Value:
    condition, then, otherwise = values
    return then if condition is True else otherwise


def total(numbers: Sequence[float]) -> float:
    """The sum from left to right, each step rounded: `sum` of later Pythons compensates, and a phone would not agree.

    >>> total([0.1] * 10)
    0.9999999999999999
    """
    added = 0.0
    for number in numbers:
        added += number
    return added


def _quotient(numbers: list[float]) -> float:
    over, under = numbers
    return over / under if under else math.nan


def _coalesce(values: Sequence[Value]) -> Value:
    return next((value for value in values if value is not None), None)


_QUICK_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}

_OPERATIONS: Final[Mapping[str, Callable[[Sequence[Value]], Value]]] = {
    "and": _all,
    "or": _any,
    "not": _not,
    "<": _order(lambda a, b: a < b),
    "<=": _order(lambda a, b: a <= b),
    ">": _order(lambda a, b: a > b),
    ">=": _order(lambda a, b: a >= b),
    "+": _arithmetic(total),
    "-": _arithmetic(lambda numbers: -numbers[0] if len(numbers) == 1 else numbers[0] - numbers[1]),
    "*": _arithmetic(math.prod),
    "/": _arithmetic(_quotient),
    "min": _arithmetic(min),
    "max": _arithmetic(max),
    "mean": _arithmetic(lambda numbers: total(numbers) / len(numbers)),
    "has": _has,
    "count": _count,
    "coalesce": _coalesce,
    "if": _if,
}


def holds(tree: Any, items: Mapping[str, Value], variables: Mapping[str, Value]) -> bool:
    """True only where the tree is exactly True. `None` as a tree holds always.

    >>> holds(None, {}, {}), holds((">=", {"item": "m_stress"}, 7), {}, {})
    (True, False)
    """
    return tree is None or evaluate(tree, items, variables) is True


def items_read(tree: Any) -> frozenset[str]:
    """The item ids that a tree refers to.

    >>> sorted(items_read(("or", ("answered", "a"), ("==", {"item": "b"}, {"var": "level"}))))
    ['a', 'b']
    """
    return frozenset(name for kind, name in _references(tree) if kind == "item")


def variables_read(tree: Any) -> frozenset[str]:
    """The variable names that a tree refers to.

    >>> sorted(variables_read(("or", ("answered", "a"), ("==", {"item": "b"}, {"var": "level"}))))
    ['level']
    """
    return frozenset(name for kind, name in _references(tree) if kind == "var")


def _references(tree: Any) -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        yield from tree.items()
    elif isinstance(tree, list | tuple) and tree:
        if tree[0] == "answered" and len(tree) == 2 and isinstance(tree[1], str):
            yield ("item", tree[1])
        else:
            for part in tree[1:]:
                yield from _references(part)
