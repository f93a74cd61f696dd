"""Chance as a function of a key and a name: a retry, a restart or another process draws the same.

`u` is the first 64 bits of HMAC-SHA256 over the decision's source and the name of the stream, each written as
`length:utf8,` so that no two pairs share an encoding; the upper 53 bits are used, since 53 bits are exact in a double.
The logged probabilities are therefore true, which they are not for a small-seeded generator.
"""

import hmac
from collections.abc import Mapping
from typing import Final

_LABEL: Final = b"breakwater.decision/1"
"""Keeps these numbers apart from any other use of the same key."""

_BITS: Final = 53

ARM: Final = "arm"
CONTENT: Final = "content"
"""The two streams; neither tells anything about the other."""


def fraction(key: bytes, source: str, stream: str) -> float:
    """The number on [0, 1) that belongs to this source and stream under this key; a multiple of 2**-53.

    >>> fraction(bytes(32), "source", "arm") == fraction(bytes(32), "source", "arm")
    True
    >>> fraction(bytes(32), "source", "arm") == fraction(bytes(32), "sourcea", "rm")
    False
    """
    message = bytearray(_LABEL)
    for part in (source, stream):
        raw = part.encode()
        message += b"%d:%b," % (len(raw), raw)
    return (int.from_bytes(hmac.digest(key, message, "sha256")[:8], "big") >> (64 - _BITS)) / (1 << _BITS)


def pick(probabilities: Mapping[str, float], u: float) -> str | None:
    """The first name whose cumulative probability exceeds `u`; None where every probability is 0.

    Names are taken in the mapping's order. Rounding may leave the sum a hair below `u`; then the last possible name is taken.

    >>> pick({"a": 0.5, "b": 0.0, "c": 0.5}, 0.5)
    'c'
    """
    total, last = 0.0, None
    for name, probability in probabilities.items():
        if probability <= 0:
            continue
        total += probability
        last = name
        if total > u:
            return name
    return last
