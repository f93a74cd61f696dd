"""Compliance: completed on time / (planned - not sent - withdrawn), with both numerators and the denominator. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from models.dataset.schema import Cell

ALL = "(all)"


@dataclass(slots=True)
class Counts:
    """Prompts of one person and design. `planned` counts those whose moment had come, without the ones that are still open."""

    planned: int = 0
    not_sent: int = 0
    withdrawn: int = 0
    open: int = 0
    completed_on_time: int = 0
    completed_ever: int = 0

    @property
    def denominator(self) -> int:
        return self.planned - self.not_sent - self.withdrawn

    def share(self, completed: int) -> float | None:
        """None where nothing could have been completed."""
        return completed / self.denominator if self.denominator else None

    def told(self) -> dict[str, Any]:
        """Every count with its name, the denominator, and both shares."""
        return {
            "planned": self.planned,
            "not_sent": self.not_sent,
            "withdrawn": self.withdrawn,
            "open": self.open,
            "denominator": self.denominator,
            "completed_on_time": self.completed_on_time,
            "completed_ever": self.completed_ever,
            "compliance_on_time": self.share(self.completed_on_time),
            "compliance_ever": self.share(self.completed_ever),
        }

    def add(self, status: str, timing: str | None, *, complete: bool, times: int = 1) -> None:
        """Counts so many prompts that are alike. `complete`: they were answered to the end, whenever that was."""
        if status == "open":
            self.open += times
            return
        self.planned += times
        self.not_sent += times * (status == "not_sent")
        self.withdrawn += times * (status == "withdrawn")
        self.completed_on_time += times * (complete and status == "completed" and timing == "on_time")
        self.completed_ever += times * (complete and status in {"completed", "expired"})


@dataclass(slots=True)
class Compliance:
    """The counts of one person, design by design, and those of each study week for which one is given.

    >>> person = Compliance()
    >>> person.add("random", "completed", "on_time", complete=True)
    >>> person.add("random", "missed", None, complete=False)
    >>> person.add("random", "not_sent", None, complete=False)
    >>> person.on_time
    0.5
    """

    designs: dict[str, Counts] = field(default_factory=dict)
    total: Counts = field(default_factory=Counts)
    weeks: dict[int, "Compliance"] = field(default_factory=dict)

    def add(self, design: str, status: str, timing: str | None, *, complete: bool, times: int = 1, week: int | None = None) -> None:
        for counts in (self.designs.setdefault(design, Counts()), self.total):
            counts.add(status, timing, complete=complete, times=times)
        if week is not None:
            self.weeks.setdefault(week, Compliance()).add(design, status, timing, complete=complete, times=times)

    @property
    def on_time(self) -> float | None:
        return self.total.share(self.total.completed_on_time)

    @property
    def ever(self) -> float | None:
        return self.total.share(self.total.completed_ever)

    def rows(self, participant_id: str) -> Iterator[dict[str, Cell]]:
        """All designs together, then each by name."""
        for design, counts in ((ALL, self.total), *sorted(self.designs.items())):
            yield {"participant_id": participant_id, "design": design, **counts.told()}

    def week_rows(self, participant_id: str) -> Iterator[dict[str, Cell]]:
        """The same for each study week in which a prompt was due."""
        for week, one in sorted(self.weeks.items()):
            for row in one.rows(participant_id):
                yield {**row, "week": week}


def week_of(study_day: int) -> int:
    """The study week of a study day; 1 is days 1 to 7.

    >>> week_of(1), week_of(7), week_of(8)
    (1, 1, 2)
    """
    return (study_day - 1) // 7 + 1


@dataclass(slots=True)
class Mean:
    """The mean over persons of a share, each person counting once. `value` is None without any."""

    total: float = 0.0
    persons: int = 0

    def add(self, share: float | None) -> None:
        if share is not None:
            self.total += share
            self.persons += 1

    @property
    def value(self) -> float | None:
        return self.total / self.persons if self.persons else None
