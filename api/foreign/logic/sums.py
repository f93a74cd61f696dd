"""Foreign arithmetic in our tree. Theirs and ours agree that a sum with a blank has no value."""

import re
from typing import Any, Final

from api.foreign.logic.scope import NUMBERS, NotCarried, Scope
from api.foreign.logic.tree import Binary, Call, Number, Reference, Text, Tree, Unary

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})")


def plain_number(text: str) -> float | int | None:
    """The number that a text says, a whole one without a point; None where it says none.

    >>> plain_number("007"), plain_number("1.50"), plain_number("1e3"), plain_number("")
    (7, 1.5, None, None)
    """
    if not _NUMBER.fullmatch(text.strip()):
        return None
    value = float(text)
    return int(value) if value.is_integer() else value


def number(tree: Tree, scope: Scope) -> Any:
    """The expression of a foreign number. Raises NotCarried for what our tree cannot compute."""
    if isinstance(tree, Number):
        return int(tree.value) if tree.value.is_integer() else tree.value
    if isinstance(tree, Text):
        value = plain_number(tree.value)
        if value is None:
            raise NotCarried("not_a_number", "A text stands where a number is computed.")
        return value
    if isinstance(tree, Reference):
        return _reference(tree, scope)
    if isinstance(tree, Unary) and tree.operator == "-":
        return ("-", number(tree.operand, scope))
    if isinstance(tree, Binary) and tree.operator in {"+", "-", "*"}:
        return (tree.operator, number(tree.left, scope), number(tree.right, scope))
    if isinstance(tree, Call) and tree.function == "sum" and tree.arguments:
        return _sum([number(one, scope) for one in tree.arguments])
    raise NotCarried("operation", "It computes with an operation that our tree does not have.")


def _reference(tree: Reference, scope: Scope) -> Any:
    known = scope.find(tree)
    if known.kind not in NUMBERS or tree.code is not None:
        raise NotCarried("not_a_number", "It computes with an answer that is no number here.")
    return known.ref


def _sum(parts: list[Any]) -> Any:
    """Their `sum` passes over blanks."""
    filled = [("coalesce", part, 0) if isinstance(part, dict | tuple) else part for part in parts]
    return filled[0] if len(filled) == 1 else ("+", *filled)
