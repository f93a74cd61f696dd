"""What a broken body says, read by another reader than the house's: which bodies must open an alert, and which must not.

The house reads with msgspec and pydantic; this reads with the standard library and trusts itself only where all readers of JSON agree.
"""

import json
from enum import StrEnum
from math import isfinite
from typing import Any, Final

from tests.fuzz.mutate import DISCLOSING, Body

DEEPEST: Final = 50
LARGEST: Final = 2**63


class Heard(StrEnum):
    MUST = "must"
    MUST_NOT = "must not"
    EITHER = "either"
    """The text is no JSON that every reader reads alike; hearing it is a gift."""


class _Doubtful(ValueError):
    pass


def heard(one: Body) -> Heard:
    """Whether the body must open an alert."""
    if not one.discloses:
        return Heard.MUST_NOT
    try:
        read = json.loads(one.raw.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_once)
        _plain(read, 0)
    except (ValueError, RecursionError):
        return Heard.EITHER
    if not isinstance(read, dict) or not isinstance(answers := read.get("answers"), dict):
        return Heard.EITHER
    return (
        Heard.MUST
        if any(read.get("instrument") == where and _says(answers.get(item), value) for where, item, value in DISCLOSING)
        else Heard.EITHER
    )


def _says(given: Any, value: Any) -> bool:
    return bool(given == {"value": value} and type(given["value"]) is type(value))


def _refuse(_text: str) -> Any:
    raise _Doubtful


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _Doubtful
    return dict(pairs)


def _plain(value: Any, depth: int) -> None:
    """Raises where readers differ: lone surrogates, numbers out of range, nesting without end."""
    if depth > DEEPEST:
        raise _Doubtful
    if isinstance(value, str):
        value.encode("utf-8")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if not isfinite(value) or (abs(value) >= LARGEST and isinstance(value, int)):
            raise _Doubtful
    elif isinstance(value, list):
        for one in value:
            _plain(one, depth + 1)
    elif isinstance(value, dict):
        for name, one in value.items():
            _plain(name, depth + 1)
            _plain(one, depth + 1)
