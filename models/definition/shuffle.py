"""Keyed draws that a phone repeats: the same key and stream give the same on every machine."""

import hashlib
import hmac
from collections.abc import Sequence
from typing import TypeVar

_Thing = TypeVar("_Thing")


def pick(count: int, key: bytes, stream: str, number: int) -> int:
    """A whole number on 0 … `count` - 1: HMAC-SHA256 under `key` over `stream`, a line feed and `number`, big-endian, modulo `count`.

    The bias for a count of a few hundred is below 2^-240.
    """
    return int.from_bytes(hmac.digest(key, f"{stream}\n{number}".encode(), hashlib.sha256), "big") % count


def shuffled(things: Sequence[_Thing], count: int, key: bytes, stream: str) -> list[_Thing]:
    """The first `count` things after a Fisher-Yates shuffle from the front, whose step s is the pick of number s."""
    pool = list(things)
    for step in range(count):
        other = step + pick(len(pool) - step, key, stream, step)
        pool[step], pool[other] = pool[other], pool[step]
    return pool[:count]
