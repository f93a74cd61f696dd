"""Who of many does something next. A line is looked at again only after it was run: nobody else puts anything into it."""

from collections.abc import Sequence
from datetime import datetime
from heapq import heappop, heappush

from api.rehearsal.line import Line


class Agenda:
    """The lines of a rehearsal's people, by their places in `lines`."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._acts: list[tuple[datetime, int]] = []
        self._wakes: list[tuple[datetime, int]] = []
        self._wakes_at: dict[int, datetime | None] = {}
        for place in range(len(lines)):
            self._look(place)

    def wakes_at(self) -> datetime | None:
        """Until when the clock must be moved for somebody; None: it need not be."""
        while self._wakes and self._wakes_at[self._wakes[0][1]] != self._wakes[0][0]:
            heappop(self._wakes)  # what it was before the line was run
        return self._wakes[0][0] if self._wakes else None

    def due(self, now: datetime) -> list[int]:
        """Those with something to do up to `now`, in the order of `lines`. They are to be run, and then given to `ran`."""
        found = []
        while self._acts and self._acts[0][0] <= now:
            found.append(heappop(self._acts)[1])
        return sorted(found)

    def ran(self, places: Sequence[int]) -> None:
        for place in places:
            self._look(place)

    def _look(self, place: int) -> None:
        line = self._lines[place]
        at = self._wakes_at[place] = line.wakes_at()
        if at is not None:
            heappush(self._wakes, (at, place))
        if line.next_at is not None:
            heappush(self._acts, (line.next_at, place))
