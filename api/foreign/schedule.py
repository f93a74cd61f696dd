"""When a foreign study asks: offsets from the midnight that begins a cycle, as clocks on the wall show them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Start = Literal["enrollment", "visit", "person"]
"""What a cycle counts from: the first day, a clinic visit, or nothing, because the person starts it at any time."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`minutes` are offsets from the midnight that begins the cycle's first day: 1,500 is one o'clock on its second day.

    The cycle comes again every `every_days`; None: it comes once. `reminders` are minutes after the prompt.
    """

    place: str
    name: str
    start: Start
    minutes: tuple[int, ...] = ()
    every_days: int | None = None
    expiry_minutes: int = 1440
    reminders: tuple[int, ...] = ()
    push: Mapping[str, str] = field(default_factory=dict)

    def by_day(self, length_days: int) -> dict[int, tuple[str, ...]]:
        """The clock times by study day, from 1 to `length_days`, each once and in order.

        >>> Schedule("", "", "enrollment", (480, 2040), every_days=2).by_day(4)
        {1: ('08:00',), 2: ('10:00',), 3: ('08:00',), 4: ('10:00',)}
        """
        starts = range(0, length_days, self.every_days) if self.every_days else (0,)
        found: dict[int, set[str]] = {}
        for offset in self.minutes:
            day, minute = divmod(offset, 1440)
            for start in starts:
                if start + day < length_days:
                    found.setdefault(start + day + 1, set()).add(f"{minute // 60:02}:{minute % 60:02}")
        return {day: tuple(sorted(found[day])) for day in sorted(found)}

    @property
    def written_by_hand(self) -> bool:
        """Times that differ from day to day: somebody drew them once, for everybody."""
        days: dict[int, set[int]] = {}
        for offset in self.minutes:
            days.setdefault(offset // 1440, set()).add(offset % 1440)
        return len({frozenset(times) for times in days.values()}) > 1

    @property
    def last_day(self) -> int:
        """The last study day of the first cycle."""
        return max((offset // 1440 + 1 for offset in self.minutes), default=0)
