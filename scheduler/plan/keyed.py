"""Randomness as a function of a key and a name, so that no draw depends on order, process or library version.

A phone that holds the plan key reproduces every number here: HMAC-SHA256 over the parts, each written as
`length:utf8,` (a netstring, so that no two lists of parts share an encoding), of which the first 64 bits are read
big-endian and the upper 53 used, since 53 bits are exact in a double.
"""

import hashlib
from typing import Final

_LABEL: Final = b"breakwater.plan/1"
"""Keeps these numbers apart from any other use of the same key."""

_BITS: Final = 53
_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


class PlanKey:
    """A plan key made ready for many draws: what HMAC (RFC 2104) makes of the key alone is hashed once."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER) + _LABEL)
        self._outer = hashlib.sha256(block.translate(_OUTER))

    def fraction(self, *parts: str) -> float:
        """The number on [0, 1) that belongs to these parts under this key; a multiple of 2**-53.

        >>> PlanKey(bytes(32)).fraction("signal", "2026-03-08", "0", "time")
        0.523989861684969
        >>> PlanKey(bytes(32)).fraction("a", "b") == PlanKey(bytes(32)).fraction("ab")
        False
        """
        return self.choose(1 << _BITS, message(*parts)) / (1 << _BITS)

    def pick(self, count: int, *parts: str) -> int:
        """A whole number on 0 … `count` - 1, each as likely as any other up to `count` / 2**53.

        Integer arithmetic: `floor(fraction * count)` without the rounding of a product of doubles.

        >>> PlanKey(bytes(32)).pick(100, "signal", "2026-03-08", "0", "time")
        52
        """
        return self.choose(count, message(*parts))

    def choose(self, count: int, named: bytes) -> int:
        """`pick` by the `message` of the parts, which is the same for everybody and may be made once."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(named)
        outer.update(inner.digest())
        return ((int.from_bytes(outer.digest()[:8], "big") >> (64 - _BITS)) * count) >> _BITS


def message(*parts: str) -> bytes:
    """The parts as netstrings.

    >>> message("signal", "0")
    b'6:signal,1:0,'
    """
    raws = (part.encode() for part in parts)
    return b"".join(b"%d:%b," % (len(raw), raw) for raw in raws)
