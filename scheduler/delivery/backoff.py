"""When to try again: the retry schedule of Standard Webhooks 1.0, spread by a keyed jitter. Pure."""

import hmac
from datetime import timedelta
from typing import Final

SCHEDULE: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The wait after each failed attempt; the first attempt is made at once (Standard Webhooks 1.0.0, retry schedule)."""

ATTEMPTS: Final = len(SCHEDULE) + 1

JITTER: Final = 0.2
"""Waits are longer by up to this share, so that receivers that failed together are not tried together."""

_STEPS: Final = 1 << 32


def wait(failed: int, key: bytes) -> timedelta | None:
    """The time between failed attempt number `failed` (from 1) and the next; None where the schedule has ended.

    The same delivery (`key`) and attempt always wait the same time, between the schedule's and 1.2 times it.

    >>> wait(1, b"delivery").total_seconds()
    5.948371
    >>> wait(10, b"delivery") is None
    True
    """
    if failed > len(SCHEDULE):
        return None
    digest = hmac.digest(key, b"breakwater.backoff/1:%d" % failed, "sha256")
    return SCHEDULE[failed - 1] * (1 + JITTER * int.from_bytes(digest[:4], "big") / _STEPS)
