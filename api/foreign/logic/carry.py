"""A foreign rule in our own expression tree, where it means the same for every answer, given or not.

Their blank is a value: `[a] <> '1'` holds where `a` was not answered. Our `!=` with a missing operand is missing, so unequal is
carried as `not ==`. An order with a blank holds on neither side. A field that was hidden counts as blank.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from api.foreign.logic.grammar import COMPARISONS
from api.foreign.logic.scope import NUMBERS, Known, NotCarried, Scope
from api.foreign.logic.sums import number, plain_number
from api.foreign.logic.tree import Binary, Call, Joined, Number, Reference, Text, Tree, Unary
from models.definition.expression import check_shape
from models.kinds import ItemKind

_ORDERS: Final[Mapping[str, Callable[[float, float], bool]]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}
_CLOCK: Final = {ItemKind.DATE: re.compile(r"\d{4}-\d\d-\d\d\Z"), ItemKind.TIME: re.compile(r"\d\d:\d\d\Z")}
_BLANK: Final = frozenset({"isblankormissingcode", "isblankornull", "isnull"})
_CERTAIN: Final = frozenset({"==", "answered"})
"""Operations that are never missing, so that two negations are none."""
_YES_NO: Final[Mapping[str, bool]] = {"1": True, "0": False}


def carry(tree: Tree, scope: Scope) -> Any:
    """Our condition, frozen. Raises NotCarried.

    >>> from api.foreign.logic.grammar import parse
    >>> scope = Scope({"used": Known("used", ItemKind.YES_NO), "days": Known("days", ItemKind.INTEGER)})
    >>> carry(parse("[used] = '1' and [days] > 3"), scope)
    ('and', ('==', {'item': 'used'}, True), ('>', {'item': 'days'}, 3))
    """
    found = _condition(tree, scope)
    try:
        check_shape(found)
    except ValueError as error:
        raise NotCarried("too_large", f"Our tree would be {error}.") from None
    return found


def _condition(tree: Tree, scope: Scope) -> Any:
    if isinstance(tree, Joined):
        return (tree.operator, *(_condition(part, scope) for part in tree.parts))
    if isinstance(tree, Unary) and tree.operator == "not":
        inner = _decided(_condition(tree.operand, scope))
        twice = inner[0] == "not" and inner[1][0] in _CERTAIN
        return inner[1] if twice else ("not", inner)
    if isinstance(tree, Binary) and tree.operator in COMPARISONS:
        return _comparison(tree, scope)
    if isinstance(tree, Reference):
        return _alone(tree, scope.find(tree))
    if isinstance(tree, Call) and tree.function in _BLANK and len(tree.arguments) == 1 and isinstance(tree.arguments[0], Reference):
        return _blank("=", scope.find(tree.arguments[0]))
    raise NotCarried("not_a_condition", "It is neither true nor false.")


def _decided(condition: Any) -> Any:
    """Never missing: `not` turns a blank's False into True, as theirs does."""
    if condition[0] in _CERTAIN or (condition[0] == "not" and condition[1][0] in {*_CERTAIN, "coalesce"}):
        return condition
    return ("coalesce", condition, False)


def _alone(tree: Reference, known: Known) -> Any:
    """A field by itself holds where it is 1."""
    if tree.code is not None:
        return _has(known, tree.code)
    if known.kind is ItemKind.YES_NO:
        return ("==", known.ref, True)
    raise NotCarried("not_a_condition", "It is neither true nor false.")


def _has(known: Known, code: str) -> Any:
    if known.kind is not ItemKind.MULTI:
        raise NotCarried("code_of_single_choice", "It asks for one choice of a field that is no checkbox.")
    if code not in known.codes:
        raise NotCarried("unknown_option", "It asks for a choice that the field does not have.")
    return ("has", known.ref, known.codes[code])


def _comparison(tree: Binary, scope: Scope) -> Any:
    left, right, sign = tree.left, tree.right, tree.operator
    if isinstance(left, Number | Text) and not isinstance(right, Number | Text):
        left, right, sign = right, left, _MIRRORED[sign]
    if isinstance(left, Reference):
        known = scope.find(left)
        if left.code is not None:
            return _ticked(sign, _has(known, left.code), right)
        if isinstance(right, Number | Text):
            return _with_literal(sign, known, _written(right))
        if isinstance(right, Reference) and right.code is None:
            return _two_fields(sign, known, scope.find(right))
    return _signed(sign, number(left, scope), number(right, scope))


def _written(literal: Number | Text) -> str:
    if isinstance(literal, Text):
        return literal.value
    return f"{literal.value:.15g}"


def _ticked(sign: str, chosen: Any, right: Tree) -> Any:
    """A checkbox is 1 or 0, and 0 where nothing was answered."""
    value = _written(right).strip() if isinstance(right, Number | Text) else ""
    if sign not in {"=", "<>"} or value not in _YES_NO:
        raise NotCarried("checkbox_value", "A choice of a checkbox is 1 or 0.")
    return chosen if _YES_NO[value] is (sign == "=") else ("not", ("coalesce", chosen, False))


def _with_literal(sign: str, known: Known, text: str) -> Any:
    if text == "":
        return _blank(sign, known)
    if known.kind is ItemKind.YES_NO:
        return _one_of(sign, known, _YES_NO, text)
    if known.kind in {ItemKind.SINGLE, ItemKind.LIKERT} and known.codes:
        return _one_of(sign, known, known.codes, text)
    if known.kind in NUMBERS:
        value = plain_number(text)
        if value is None:
            raise NotCarried("not_a_number", "A number is compared with a text.")
        return _signed(sign, known.ref, value)
    if known.kind in _CLOCK and not _CLOCK[known.kind].match(text):
        raise NotCarried("not_a_date", "A date or time is compared with another form of text.")
    if known.kind in _CLOCK or (known.kind is ItemKind.TEXT and sign in {"=", "<>"} and plain_number(text) is None and len(text) <= 200):
        return _signed(sign, known.ref, text)
    raise NotCarried("type", "The comparison does not fit the kind of answer.")


def _blank(sign: str, known: Known) -> Any:
    if sign not in {"=", "<>"} or known.kind is ItemKind.MULTI:
        raise NotCarried("blank", "A blank is compared in a way that our tree does not say.")
    answered = ("answered", known.item)
    return answered if sign == "<>" else ("not", answered)


def _one_of(sign: str, known: Known, codes: Mapping[str, str | bool], text: str) -> Any:
    """Choices have no order here, so an order of codes is carried as the choices that it means."""
    if sign in {"=", "<>"}:
        code = codes.get(text.strip(), _by_number(codes, text))
        if code is None:
            raise NotCarried("unknown_option", "It asks for a choice that the field does not have.")
        return _signed(sign, known.ref, code)
    limit, places = plain_number(text), {plain_number(code): ours for code, ours in codes.items()}
    if limit is None or None in places:
        raise NotCarried("order_of_words", "Choices without numbers have no order.")
    meant = [("==", known.ref, ours) for place, ours in places.items() if place is not None and _ORDERS[sign](place, limit)]
    if not meant:
        raise NotCarried("unknown_option", "No choice of the field is in this range.")
    return meant[0] if len(meant) == 1 else ("or", *meant)


def _by_number(codes: Mapping[str, str | bool], text: str) -> str | bool | None:
    """Codes are compared loosely: 01 is 1."""
    value = plain_number(text)
    return next((ours for code, ours in codes.items() if value is not None and plain_number(code) == value), None)


def _two_fields(sign: str, one: Known, other: Known) -> Any:
    alike = {one.kind, other.kind} <= NUMBERS or (one.kind is other.kind and one.kind in {ItemKind.DATE, ItemKind.TIME})
    same = one.kind is other.kind is ItemKind.YES_NO or (one.kind is other.kind is ItemKind.SINGLE and one.codes == other.codes)
    if not (alike or (same and sign in {"=", "<>"})):
        raise NotCarried("type", "Two answers of different kinds are compared.")
    return _signed(sign, one.ref, other.ref)


def _signed(sign: str, left: Any, right: Any) -> Any:
    if sign == "=":
        return ("==", left, right)
    return ("not", ("==", left, right)) if sign == "<>" else (sign, left, right)
