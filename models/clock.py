"""The only call to the system clock, and the two times of the house.

Study time orders prompts, answers and alerts and can be moved in a rehearsal; system time counts tokens,
leases, backoff and heartbeats and cannot (rulings.md, two clocks).
"""

from datetime import UTC, datetime
from threading import Lock
from typing import Protocol


class Clock(Protocol):
    """Both times, aware and in UTC."""

    def study(self) -> datetime: ...

    def system(self) -> datetime: ...


class SystemClock:
    """Study time is system time: every production study."""

    def study(self) -> datetime:
        return self.system()

    def system(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # the one place


class MovableClock(SystemClock):
    """A study clock that stands where it was put; only for a database marked as a rehearsal."""

    def __init__(self, instant: datetime) -> None:
        self._lock = Lock()
        self._instant = instant

    def study(self) -> datetime:
        with self._lock:
            return self._instant

    def move(self, instant: datetime) -> None:
        with self._lock:
            self._instant = instant

    def follow(self, instant: datetime) -> None:
        """Goes along to where another process moved study time; never back."""
        with self._lock:
            self._instant = max(self._instant, instant)
