"""Protocol bytes in, `Protocol` out, and back to canonical bytes with a checksum.

Refusals name the place and the rule, never the value that stood there.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from pydantic import ValidationError

from models.definition.base import pointer
from models.definition.protocol import Protocol
from models.errors import Fault, Invalid, TooLarge

MAX_BYTES: Final = 5_000_000
MAX_DEPTH: Final = 64
MAX_FAULTS: Final = 200


def parse(raw: bytes) -> Protocol:
    """The protocol that a JSON document (UTF-8) says.

    Raises `TooLarge` above 5 MB or 64 levels, `Invalid` where it is not JSON (`protocol_not_json`) or breaks
    the schema (`protocol_invalid`, with at most 200 faults in order of their pointers). References between
    parts are `check`'s work.
    """
    if len(raw) > MAX_BYTES:
        raise TooLarge("protocol_too_large", f"The document has more than {MAX_BYTES} bytes.")
    document = _document(raw)
    try:
        return Protocol.model_validate_json(raw)
    except ValidationError as refused:
        faults = sorted(
            {_fault(document, error) for error in refused.errors(include_url=False, include_input=False)},
            key=lambda fault: (fault.pointer, fault.rule),
        )[:MAX_FAULTS]
    raise Invalid("protocol_invalid", "The protocol breaks the schema.", faults)


def canonical(protocol: Protocol) -> bytes:
    """Canonical JSON: keys sorted, no spaces, UTF-8. Equal protocols give equal bytes, and `parse` gives the protocol back."""
    document = protocol.model_dump(mode="json", by_alias=True)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def checksum(protocol: Protocol) -> str:
    """SHA-256 of the canonical bytes, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(protocol)).hexdigest()


def _document(raw: bytes) -> Any:
    """The document as plain Python; refuses what two JSON readers could read differently."""
    _check_depth(raw)
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_members, parse_constant=_constant)
    except json.JSONDecodeError as broken:
        _not_json(f"Not JSON: {broken.msg} at line {broken.lineno}, column {broken.colno}.")
    except UnicodeDecodeError:
        _not_json("The document is not UTF-8.")
    except ValueError as broken:
        _not_json(str(broken) if isinstance(broken, _Ambiguous) else "A number has too many digits.")


class _Ambiguous(ValueError):
    """JSON by some readers, not by others."""


def _not_json(detail: str) -> NoReturn:
    raise Invalid("protocol_not_json", detail, (Fault("", "not_json", detail),)) from None


def _members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _Ambiguous("An object names one member twice.")
    return members


def _constant(_: str) -> NoReturn:
    raise _Ambiguous("NaN and Infinity are not JSON numbers.")


def _check_depth(raw: bytes) -> None:
    """Counts open brackets outside strings, so that hostile nesting is refused before any recursive reader sees it."""
    depth, in_string, escaped = 0, False, False
    for byte in raw:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in (0x5B, 0x7B):
            depth += 1
            if depth > MAX_DEPTH:
                raise TooLarge("protocol_too_deep", f"The document is nested deeper than {MAX_DEPTH} levels.")
        elif byte in (0x5D, 0x7D):
            depth -= 1


def _fault(document: Any, error: Mapping[str, Any]) -> Fault:
    rule = str(error["type"])
    message = str(error["msg"]).removeprefix("Value error, ")
    if rule in {"union_tag_invalid", "union_tag_not_found"}:
        tags = error.get("ctx", {}).get("expected_tags", "")
        message = f"`kind` must be one of {tags}" if tags else "`kind` is missing"
    return Fault(_place(document, error["loc"], missing=rule == "missing"), rule, message)


def _place(document: Any, location: Sequence[str | int], *, missing: bool) -> str:
    """The place in the document. Parts that are not in it (a branch of a union, a key marker) are left out, except a missing member."""
    here = document
    parts: list[str | int] = []
    for position, part in enumerate(location):
        found = part in here if isinstance(here, dict) else isinstance(here, list) and isinstance(part, int) and part < len(here)
        if found:
            here = here[part]
        if found or (missing and position == len(location) - 1):
            parts.append(part)
    return pointer(*parts)
