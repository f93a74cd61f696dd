"""What leaves the house: a kind, an opaque id and an expiry. Pure.

A push service, a mail server and a lock screen may all read it, so there is nothing in it about health, and
nothing that names a person.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

MEMBERS: Final = ("id", "expires_at")
"""All that a receiver is told besides the kind; whatever else a stored payload holds stays here."""


def body(kind: str, payload: Mapping[str, Any], *, created_at: datetime) -> bytes:
    """The JSON body (UTF-8) in the shape of Standard Webhooks 1.0: `type`, `timestamp`, `data`; equal for every attempt.

    >>> body("prompt", {"id": "6f…", "expires_at": "2026-03-04T16:00:00+00:00", "craving": 9}, created_at=datetime(2026, 3, 4, tzinfo=UTC))
    b'{"type":"prompt","timestamp":"2026-03-04T00:00:00Z","data":{"id":"6f\\\\u2026","expires_at":"2026-03-04T16:00:00+00:00"}}'
    """
    document = {"type": kind, "timestamp": stamp(created_at), "data": {name: payload[name] for name in MEMBERS if name in payload}}
    return json.dumps(document, separators=(",", ":")).encode()


def stamp(instant: datetime) -> str:
    """ISO 8601 in UTC, to the second, with `Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
