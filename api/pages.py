"""Cursors of lists, and versions for If-Match."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import Depends, Header
from pydantic.json_schema import SkipJsonSchema

from models.codec import canonical
from models.errors import Fault, Invalid, PreconditionRequired


def cursor_of(*parts: datetime | UUID | int) -> str:
    """An opaque cursor that names the last row of a page.

    >>> read_cursor(cursor_of(7), int)
    (7,)
    """
    return urlsafe_b64encode(canonical(list(parts))).decode().rstrip("=")


def read_cursor(text: str, *kinds: type) -> tuple[Any, ...]:
    """The parts of a cursor, of these types. Raises Invalid for anything else."""
    wanted: Any = tuple.__class_getitem__(kinds)
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        parts: tuple[Any, ...] = msgspec.json.decode(raw, type=wanted)
    except (NotBase64, ValueError, msgspec.MsgspecError):
        raise _invalid() from None
    if not all(_plausible(part) for part in parts):
        raise _invalid()
    return parts


def _plausible(part: Any) -> bool:
    if isinstance(part, datetime):
        return part.tzinfo is not None and 1970 <= part.year <= 2200
    return not isinstance(part, int) or 0 <= part < 2**63


def _invalid() -> Invalid:
    return Invalid("cursor_invalid", "This cursor is none of ours.", (Fault("/query/cursor", "cursor_invalid", "Take it from `next`."),))


def etag(version: int) -> str:
    """The entity tag of a stored version.

    >>> etag(3)
    '"3"'
    """
    return f'"{version}"'


_TAG: Final = {"pattern": r'^(W/)?"?[0-9]{1,15}"?$'}
"""For whoever reads the description; what does not fit is refused in our own words."""

_Given = Annotated[str | SkipJsonSchema[None], Header(description="The ETag that was read.", max_length=40, json_schema_extra=_TAG)]


def _expected(if_match: _Given = None) -> int:
    if if_match is None:
        raise PreconditionRequired("if_match_needed", "Say which version you change: If-Match with the ETag you read.")
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isdecimal() or len(text) > 15:
        raise Invalid(
            "invalid", "If-Match is none of our entity tags.", (Fault("/header/If-Match", "etag_invalid", "Use the ETag you read."),)
        )
    return int(text)


Expected = Annotated[int, Depends(_expected)]
"""The version that the caller read and means to change. 428 where it is left out, 412 (from the query) where it is not the stored one."""
