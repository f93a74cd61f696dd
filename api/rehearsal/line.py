"""What one simulated person will do, in order of study time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Final

Act = Callable[[datetime, datetime], None]
"""Called with the instant at which the person does it and with the study time at which the server hears of it."""

AT_ONCE: Final = timedelta()
PATIENT: Final = timedelta(minutes=30)
"""How long what nobody waits for may lie until the clock is moved for something else."""

_MOST: Final = 100_000
"""Acts of one person at one move of the clock: more is a loop of the driver, not a life."""


class Line:
    """Acts at the same instant come in the order in which they were put in.

    Moving study time is what a rehearsal spends its time on, so an act says how long it can wait for a move that something else needs
    (`patience`), and one that only happens in a head and sends nothing (`silent`) needs none at all.
    """

    def __init__(self) -> None:
        self._acts: list[tuple[datetime, int, Act]] = []
        self._wakes: list[tuple[datetime, int]] = []
        self._silent: set[int] = set()
        self._waiting: set[int] = set()
        self._number = 0

    def put(self, at: datetime, act: Act, *, patience: timedelta = AT_ONCE, silent: bool = False) -> None:
        self._number += 1
        heappush(self._acts, (at, self._number, act))
        self._waiting.add(self._number)
        if silent:
            self._silent.add(self._number)
        else:
            heappush(self._wakes, (at + patience, self._number))

    @property
    def next_at(self) -> datetime | None:
        """When the next act happens."""
        return self._acts[0][0] if self._acts else None

    def wakes_at(self) -> datetime | None:
        """Until when the clock must be moved for this person; None: it need not be. Silent acts at the head happen now."""
        while self._acts and self._acts[0][1] in self._silent:
            self._next(self._acts[0][0])
        while self._wakes and self._wakes[0][1] not in self._waiting:
            heappop(self._wakes)
        return self._wakes[0][0] if self._wakes else None

    def run(self, now: datetime) -> int:
        """Everything up to `now`, also what these acts add; gives how many there were."""
        for number in range(_MOST):
            if not self._acts or self._acts[0][0] > now:
                return number
            self._next(now)
        raise RuntimeError("a simulated person does not come to an end at one instant")

    def _next(self, now: datetime) -> None:
        at, number, act = heappop(self._acts)
        self._waiting.discard(number)
        self._silent.discard(number)
        act(at, now)
