"""Which protocol version holds on which local date of a person, and what moving to another one adds to that. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import takewhile

from scheduler.plan.calendar import DAY

Decision = tuple[date, int]
"""From a local date on, this version."""


@dataclass(frozen=True, slots=True)
class Versions:
    """`moves` are in order, one for each date."""

    before: int | None
    """The version before the first move; None where a move has replaced it and nothing says what it was."""
    moves: tuple[Decision, ...]

    def on(self, day: date) -> int | None:
        """The version of a local date; None for a past that is no longer planned."""
        return next((version for valid_from, version in reversed(self.moves) if valid_from <= day), self.before)

    def next_after(self, day: date) -> date | None:
        """The first local date after `day` on which another version begins."""
        return next((valid_from for valid_from, _ in self.moves if valid_from > day), None)

    def among(self, first: date, last: date) -> tuple[int, ...]:
        """Every version that holds on some date from `first` to `last`."""
        edges = (first, *(valid_from for valid_from, _ in self.moves if first < valid_from <= last))
        return tuple(dict.fromkeys(version for edge in edges if (version := self.on(edge)) is not None))

    def spans(self, first: date, last: date) -> Iterator[tuple[int | None, date, date]]:
        """(version, first date, last date) of each stretch of one version, in order, from `first` to `last`.

        >>> [one[0] for one in Versions(1, ((date(2026, 3, 9), 2),)).spans(date(2026, 3, 7), date(2026, 3, 12))]
        [1, 2]
        """
        begins = first
        for edge in (*(valid_from for valid_from, _ in self.moves if first < valid_from <= last), None):
            if edge is None or self.on(edge) != self.on(begins):
                yield self.on(begins), begins, last if edge is None else edge - DAY
                begins = begins if edge is None else edge

    def after(self, decisions: Collection[Decision]) -> "Versions":
        """The same after later decisions: of two for one date the later one holds.

        >>> Versions(1, ((date(2026, 3, 9), 2),)).after([(date(2026, 3, 9), 1)]).on(date(2026, 3, 10))
        1
        """
        return Versions(self.before, tuple(sorted({**dict(self.moves), **dict(decisions)}.items())))


def moved(versions: Versions, day: date, version: int, *, leaves: int | None = None) -> tuple[Decision, ...]:
    """The decisions that put a person on a version from a date on; none where it holds then, or where who is not on `leaves` stays.

    A change that was decided for a later date stands. A later date that changes nothing, as a withdrawal leaves one behind where the
    version that was to begin never will, goes along: else the move would end on it.

    >>> back_on_one = Versions(1, ((date(2026, 3, 9), 1), (date(2026, 3, 12), 2)))
    >>> moved(back_on_one, date(2026, 3, 8), 3)
    ((datetime.date(2026, 3, 8), 3), (datetime.date(2026, 3, 9), 3))
    """
    held = versions.on(day)
    if held == version or (leaves is not None and held != leaves):
        return ()
    later = (decision for decision in versions.moves if decision[0] > day)
    unchanged = takewhile(lambda decision: decision[1] == held, later)
    return (day, version), *((valid_from, version) for valid_from, _ in unchanged)


def taken_back(
    versions: Versions, version: int, day: date, *, today: date, withdrawn: Collection[int], to: int | None, otherwise: int
) -> tuple[Decision, ...]:
    """The decisions that take a person off a version from `day` on, and see to it that it never begins after `today`.

    Each stretch goes to the version `to`; without one to the last before it that is not among `withdrawn`, else to `otherwise`.

    >>> on_two = Versions(1, ((date(2026, 3, 9), 2),))
    >>> taken_back(on_two, 2, date(2026, 3, 12), today=date(2026, 3, 10), withdrawn={2}, to=None, otherwise=3)
    ((datetime.date(2026, 3, 12), 1),)
    """
    found: list[Decision] = []
    for edge in sorted({day, *(valid_from for valid_from, _ in versions.moves if valid_from > today)}):
        so_far = versions.after(found)
        if so_far.on(edge) == version:
            found.append((edge, to or _standing(so_far, edge, withdrawn) or otherwise))
    return tuple(found)


def _standing(versions: Versions, day: date, withdrawn: Collection[int]) -> int | None:
    """The last version before a date that was not withdrawn."""
    earlier = (*(held for valid_from, held in reversed(versions.moves) if valid_from < day), versions.before)
    return next((held for held in earlier if held is not None and held not in withdrawn), None)
