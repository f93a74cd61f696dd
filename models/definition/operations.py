"""What each operation of an expression gives for the values of its operands. Total: a clash of types gives None."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Value = bool | int | float | str | tuple[str, ...] | None

_PLAINEST: Final = frozenset({int, str, bool, type(None)})


def exact(value: Any) -> bool:
    """Whether comparing it as it is and as a float is the same."""
    return bool(-9_007_199_254_740_992 <= value <= 9_007_199_254_740_992)


def as_value(raw: Any) -> Value:
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


def equality(name: str, left: Value, right: Value, *, against_null: bool) -> bool | None:
    """`==` or `!=`; `against_null` where one of the two was written as `null`."""
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


QUICK_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}

OPERATIONS: Final[Mapping[str, Callable[[Sequence[Value]], Value]]] = {
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
