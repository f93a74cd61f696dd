"""Conditional reading: the strong tag of what a phone may hold already, and `If-Match` of what it changes."""

import re
from typing import Any, Final

from fastapi import Request, Response

from models.errors import Fault, Invalid

FRESH: Final = "private, no-cache"
"""Kept by the phone, asked about each time."""

UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "The phone holds it already."}}
"""For a route's documented replies."""

IF_MATCH: Final[dict[str, Any]] = {
    "name": "if-match",
    "in": "header",
    "required": False,
    "description": "The ETag that was read; only for a change.",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
}
"""For the description of a route that asks for it with `matched_version`."""

_VERSION: Final = re.compile(r'^\s*"(\d{1,9})"\s*$', re.ASCII)


def unchanged(request: Request, tag: str, cache: str = FRESH) -> Response | None:
    """304 where `If-None-Match` names the tag (weak or strong, or `*`), else None."""
    given = request.headers.get("if-none-match", "")
    names = {one.strip().removeprefix("W/") for one in given.split(",")}
    if tag in names or "*" in names:
        return Response(status_code=304, headers=tagged(tag, cache))
    return None


def tagged(tag: str, cache: str = FRESH) -> dict[str, str]:
    return {"ETag": tag, "Cache-Control": cache}


def matched_version(request: Request) -> int | None:
    """The version that `If-Match` names; None without the header. Raises Invalid where it is not one quoted number."""
    given = request.headers.get("if-match")
    if given is None:
        return None
    found = _VERSION.match(given)
    if found is None:
        fault = Fault("/if-match", "version_tag", 'Send the version as it came in ETag, for example "3".')
        raise Invalid("invalid", "If-Match cannot be read.", (fault,))
    return int(found[1])
