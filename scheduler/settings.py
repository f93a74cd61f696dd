"""How far ahead, how much at a time, how long to wait: the slice of settings that belongs to this room."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchedulerSettings:
    """Sizes are rows a transaction; times are in the unit of their name."""

    horizon_days: int = 7
    """Prompts are rows this far ahead."""
    plan_batch: int = 50
    prompt_batch: int = 500
    """Claims of 500 were as fast as 2 000 on both databases and hold locks for less long."""
    delivery_batch: int = 32
    delivery_threads: int = 8
    lease_seconds: int = 180
    """Longer than a whole batch of receivers that all time out: batch / threads x timeout."""
    webhook_timeout_seconds: float = 15.0
    webhook_allow_loopback: bool = False
    """Plain HTTP to this machine; for tests and development only."""
    token_grace_days: int = 7
    """Spent tokens are kept this long, so that a reuse is still recognized."""

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "SchedulerSettings":
        """From `BREAKWATER_HORIZON_DAYS` and `BREAKWATER_WEBHOOK_ALLOW_LOOPBACK` (1 or 0)."""
        return cls(
            horizon_days=int(environment.get("BREAKWATER_HORIZON_DAYS", "7")),
            webhook_allow_loopback=environment.get("BREAKWATER_WEBHOOK_ALLOW_LOOPBACK", "0") == "1",
        )
