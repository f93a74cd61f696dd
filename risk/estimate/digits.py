"""Numbers as they are kept in a state: to six decimals where they are reported, else packed as 32-bit floats."""

from functools import cache
from struct import Struct
from typing import Final

TO_WHOLE: Final = 1.5 * 2.0**52
"""Added and taken away, it leaves the nearest whole number of any that is below 2^51."""


def short(value: float) -> float:
    """A number to 6 decimals: less than any answer can tell, and a state that stays small.

    >>> short(1 / 3)
    0.333333
    """
    return (value * 1e6 + TO_WHOLE - TO_WHOLE) / 1e6


def packed(*values: float) -> bytes:
    """Numbers as 32-bit floats, the least significant byte first: seven digits, which is more than answers can tell."""
    return _packing(len(values)).pack(*values)


def unpacked(memory: bytes) -> tuple[float, ...]:
    """The numbers in packed bytes.

    >>> unpacked(packed(1.5, -0.25))
    (1.5, -0.25)
    """
    return _packing(len(memory) // 4).unpack(memory)


@cache
def _packing(count: int) -> Struct:
    return Struct(f"<{count}f")
