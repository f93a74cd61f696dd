"""Randomness as a function of a key and a name, so that no draw depends on order, process or library version.

A phone that holds the plan key reproduces every number here: HMAC-SHA256 over the parts, each written as
`length:utf8,` (a netstring, so that no two lists of parts share an encoding), of which the first 64 bits are read
big-endian and the upper 53 used, since 53 bits are exact in a double.
"""

import hmac
from typing import Final

_LABEL: Final = b"breakwater.plan/1"
"""Keeps these numbers apart from any other use of the same key."""

_BITS: Final = 53


def fraction(key: bytes, *parts: str) -> float:
    """The number on [0, 1) that belongs to these parts under this key; a multiple of 2**-53.

    >>> fraction(bytes(32), "signal", "2026-03-08", "0", "time")
    0.523989861684969
    >>> fraction(bytes(32), "a", "b") == fraction(bytes(32), "ab")
    False
    """
    return _bits(key, parts) / (1 << _BITS)


def pick(key: bytes, count: int, *parts: str) -> int:
    """A whole number on 0 … `count` - 1, each as likely as any other up to `count` / 2**53.

    Integer arithmetic: `floor(fraction * count)` without the rounding of a product of doubles.

    >>> pick(bytes(32), 100, "signal", "2026-03-08", "0", "time")
    52
    """
    return (_bits(key, parts) * count) >> _BITS


def _bits(key: bytes, parts: tuple[str, ...]) -> int:
    message = bytearray(_LABEL)
    for part in parts:
        raw = part.encode()
        message += b"%d:%b," % (len(raw), raw)
    return int.from_bytes(hmac.digest(key, message, "sha256")[:8], "big") >> (64 - _BITS)
