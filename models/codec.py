"""Canonical JSON: one text for one value, so that checksums survive the database."""

import hashlib
import re
from typing import Any, Final

import msgspec

_encoder = msgspec.json.Encoder(order="sorted")
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")
"""Of a place as msgspec says it: `$.series[...].weights[2]`."""


def canonical(value: Any) -> bytes:
    """UTF-8 JSON with sorted members and no spaces. Datetimes become ISO 8601 with `Z`."""
    return _encoder.encode(value)


def parse(raw: bytes | str) -> Any:
    return msgspec.json.decode(raw)


def digest(value: Any) -> bytes:
    """sha256 of the canonical form, 32 bytes."""
    return hashlib.sha256(canonical(value)).digest()


def digest_hex(value: Any) -> str:
    return digest(value).hex()


def misplaced(problem: msgspec.ValidationError, raw: bytes, kind: type) -> tuple[str, str]:
    """The JSON pointer (RFC 6901) of what is not of its kind in `raw`, and what is wrong there.

    msgspec does not say which member of a mapping it means: that is looked for by halves of its members.

    >>> raw = b'{"a": 1, "b/c": "two"}'
    >>> try: msgspec.json.decode(raw, type=dict[str, int])
    ... except msgspec.ValidationError as problem: misplaced(problem, raw, dict[str, int])
    ('/b~1c', 'Expected `int`, got `str`')
    """
    words, _, place = str(problem).partition(" - at `")
    try:
        document = parse(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # damaged behind what was read
        return "", words
    here, found = document, ""
    for name, index in _STEP.findall(place):
        step: str | int = name or index
        if index == "...":
            if not (isinstance(here, dict) and here):
                break
            step = _blamed(document, here, str(problem), kind)
        elif index:
            step = int(index)
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):  # a name that stands there twice: the last one is what was read
            break
        found += "/" + str(step).replace("~", "~0").replace("/", "~1")
    return found, words


def _blamed(document: Any, mapping: dict[str, Any], problem: str, kind: type) -> str:
    """The member of a mapping within `document` for which it is refused. No other is left in it."""
    members = list(mapping.items())
    while len(members) > 1:
        half = members[: len(members) // 2]
        mapping.clear()
        mapping.update(half)
        members = half if _refusal(document, kind) == problem else members[len(half) :]
    mapping.clear()
    mapping.update(members)
    return members[0][0]


def _refusal(document: Any, kind: type) -> str:
    try:
        msgspec.json.decode(msgspec.json.encode(document), type=kind)
    except msgspec.ValidationError as problem:
        return str(problem)
    return ""
