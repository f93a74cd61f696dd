"""Draws as a function of a key and a name (as `scheduler.plan.keyed`, under a label of its own).

A part may be text or a whole number. Many numbers of one name come from one pass of SHAKE-256, eight bytes each, of which
the upper 53 bits are kept: a person's day needs a hundred draws, and one keyed hash for each would be most of its cost.
"""

import math
import struct
from collections.abc import Sequence
from hashlib import shake_256
from typing import Final, TypeVar

_LABEL: Final = b"breakwater.people/1"
_UNIT: Final = 2.0**-53
_TURN: Final = 2.0 * math.pi

Part = str | int
_Option = TypeVar("_Option")


def person_key(seed: int, number: int) -> bytes:
    """The key of all later draws of one person, 32 bytes."""
    return shake_256(_message(b"", ("person", seed, number))).digest(32)


def numbers(key: bytes, count: int, *parts: Part) -> list[float]:
    """`count` numbers on [0, 1) that belong to these parts under this key. The first ones do not depend on `count`.

    >>> key = person_key(1, 0)
    >>> numbers(key, 3, "day", 4)[:2] == numbers(key, 2, "day", 4)
    True
    """
    raw = shake_256(_message(key, parts)).digest(8 * count)
    return [(bits >> 11) * _UNIT for bits in struct.unpack(f">{count}Q", raw)]


def fraction(key: bytes, *parts: Part) -> float:
    """One number on [0, 1)."""
    return numbers(key, 1, *parts)[0]


def bells(key: bytes, count: int, *parts: Part) -> list[float]:
    """`count` draws from the standard normal distribution (Box and Muller 1958), in pairs."""
    even = numbers(key, count + count % 2, *parts)
    out: list[float] = []
    for first, second in zip(even[::2], even[1::2], strict=True):
        radius = math.sqrt(-2.0 * math.log(1.0 - first))
        out += (radius * math.cos(_TURN * second), radius * math.sin(_TURN * second))
    return out[:count]


def bell(key: bytes, *parts: Part) -> float:
    """One draw from the standard normal distribution."""
    return bells(key, 1, *parts)[0]


def normal(first: float, second: float) -> float:
    """A draw from the standard normal distribution from two numbers on [0, 1)."""
    return math.sqrt(-2.0 * math.log(1.0 - first)) * math.cos(_TURN * second)


def chosen(place: float, options: Sequence[tuple[_Option, float]]) -> _Option:
    """The option in whose share of the total weight a number on [0, 1) falls.

    >>> chosen(0.8, (("a", 3.0), ("b", 1.0)))
    'b'
    """
    left = place * sum(weight for _, weight in options)
    for option, weight in options:
        left -= weight
        if left < 0:
            return option
    return options[-1][0]


def _message(key: bytes, parts: Sequence[Part]) -> bytes:
    message = bytearray(_LABEL + key)
    for part in parts:
        raw = str(part).encode()
        message += b"%d:%b," % (len(raw), raw)
    return bytes(message)
