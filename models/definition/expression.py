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

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer

from models.definition.operations import OPERATIONS, QUICK_ORDER, Value, as_value, equality, exact

MAX_DEPTH: Final = 12
MAX_NODES: Final = 200
MAX_STRING: Final = 200

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
_PLAIN: Final = frozenset({int, float})


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
        value = as_value(tree)
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
        return lambda items, variables: equality(name, left(items, variables), right(items, variables), against_null=null)
    operation = OPERATIONS.get(name)
    if operation is None or not _counts(name, parts):
        return _nothing
    if name in QUICK_ORDER:
        return _ordered(parts[0], parts[1], QUICK_ORDER[name], operation)
    if name in {"and", "or"}:
        return _joined(parts, stops_at=name == "or")
    return lambda items, variables: operation([part(items, variables) for part in parts])


def _ordered(left: _Run, right: _Run, quick: Callable[[Any, Any], bool], operation: Callable[[Sequence[Value]], Value]) -> _Run:
    """A comparison; two plain numbers, which is nearly all of them, go the short way."""

    def run(items: Mapping[str, Value], variables: Mapping[str, Value]) -> Value:
        a, b = left(items, variables), right(items, variables)
        return quick(a, b) if type(a) in _PLAIN and type(b) in _PLAIN and exact(a) and exact(b) else operation((a, b))

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


def _reference(tree: Mapping[str, str]) -> _Run:
    if "item" in tree:
        item = tree["item"]
        return lambda items, _variables: as_value(items.get(item))
    variable = tree.get("var", "")
    return lambda _items, variables: as_value(variables.get(variable))


def _answered(item: str) -> _Run:
    return lambda items, _variables: as_value(items.get(item)) is not None


def _nothing(_items: Mapping[str, Value], _variables: Mapping[str, Value]) -> Value:
    return None


def _no(_items: Mapping[str, Value], _variables: Mapping[str, Value]) -> Value:
    return False


def _counts(name: str, values: Sequence[Any]) -> bool:
    least, most = OPERANDS[name]
    return least <= len(values) <= most


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
