"""Identifiers and secrets: the only caller of the system's randomness."""

import os
import secrets
from uuid import UUID, uuid5

NAMESPACE = UUID("6f1f4d0e-4c1c-5f0a-9a3c-2b1f6a7c8d90")
"""Namespace of every derived id of this project."""

_CODE_ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""No I, L, O, U, 0 or 1: a code is read aloud and typed by hand."""


_DRAWN: list[bytes] = []
"""Randomness drawn ahead for ids, never for keys: each call into the system gives the interpreter away to another thread."""
_AHEAD = 256
os.register_at_fork(after_in_child=_DRAWN.clear)


def new_uid() -> UUID:
    """A random UUID version 4."""
    while True:
        try:
            return UUID(bytes=_DRAWN.pop(), version=4)
        except IndexError:
            drawn = secrets.token_bytes(16 * _AHEAD)
            _DRAWN.extend(drawn[start : start + 16] for start in range(0, len(drawn), 16))


def derived_uid(*parts: str) -> UUID:
    """A UUID version 5 of the parts; the same parts give the same id on every platform."""
    return uuid5(NAMESPACE, "\x1f".join(parts))


def new_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(32)


def new_token(prefix: str) -> str:
    """An opaque bearer token of 256 bits, `prefix_...`; the prefix lets secret scanners recognize it."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def new_code(length: int) -> str:
    """A code for people, `length` symbols of 4.9 bits each."""
    return "".join(secrets.choice(_CODE_ALPHABET) for _ in range(length))


def new_password() -> str:
    """A one-time password of 78 bits in four groups."""
    return "-".join(new_code(4) for _ in range(4))
