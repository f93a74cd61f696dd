"""Reads the members of trials strictly. A fault says where within the answer and which rule, never what was there."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

MAX_FAULTS: Final = 20
"""Of one answer; a phone that writes all trials wrongly learns it from these."""

Place = tuple[str | int, ...]


@dataclass(eq=False)
class BrokenTrial(Exception):
    """A rule that is broken at a place within the answer. The message never holds what stood there."""

    at: Place
    rule: str
    message: str


class TrialReader:
    """One trial as it came. Each method gives a member in its stored form, or raises BrokenTrial with the member's place."""

    def __init__(self, raw: Any, at: Place, names: Collection[str]) -> None:
        self._at = at
        if not isinstance(raw, Mapping):
            self.broken((), "wrong_type", "A trial is an object.")
        self.practice = raw.get("practice", False) is True
        if raw.keys() - {"practice"} != set(names) or not isinstance(raw.get("practice", False), bool):
            listed = ", ".join(f"`{name}`" for name in names)
            self.broken((), "wrong_members", f"A trial has {listed} and, if it is one, `practice: true`.")
        self._raw = raw

    def broken(self, at: Place, rule: str, message: str) -> NoReturn:
        raise BrokenTrial((*self._at, *at), rule, message)

    def flag(self, name: str) -> bool:
        found = self._raw[name]
        if not isinstance(found, bool):
            self.broken((name,), "wrong_type", "This is true or false.")
        return found

    def word(self, name: str, words: Collection[str]) -> str:
        found = self._raw[name]
        if not isinstance(found, str):
            self.broken((name,), "wrong_type", "This is a word.")
        if found not in words:
            self.broken((name,), "unknown_option", "This word cannot stand here.")
        return found

    def word_or_none(self, name: str, words: Collection[str]) -> str | None:
        return None if self._raw[name] is None else self.word(name, words)

    def whole(self, name: str, low: int, high: int) -> int:
        return self._whole((name,), self._raw[name], low, high)

    def cells(self, name: str, count: int, cells: int) -> tuple[int, ...]:
        """So many different cells of a grid, in order."""
        found = self._raw[name]
        if not isinstance(found, list | tuple):
            self.broken((name,), "wrong_type", "This is a list of cells.")
        if len(found) != count:
            self.broken((name,), "wrong_count", f"There are {count} cells.")
        numbers = [self._whole((name, place), one, 0, cells - 1) for place, one in enumerate(found)]
        if len(set(numbers)) < count:
            self.broken((name,), "cell_twice", "A cell stands twice.")
        return tuple(sorted(numbers))

    def cells_or_none(self, name: str, count: int, cells: int) -> tuple[int, ...] | None:
        return None if self._raw[name] is None else self.cells(name, count, cells)

    def reaction(self, name: str, most: float, *, answered: bool) -> float | int | None:
        """Milliseconds from the onset where there was an answer, None where there was none."""
        found = self._raw[name]
        if (found is not None) != answered:
            self.broken((name,), "contradiction", "There is a reaction time exactly where there is an answer.")
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, int | float) or (isinstance(found, float) and not math.isfinite(found)):
            self.broken((name,), "wrong_type", "A reaction time is a number of milliseconds.")
        if not 0 <= found <= most:
            self.broken((name,), "out_of_range", f"A reaction time lies between 0 and {most:g} ms.")
        return found

    def stored(self, **members: Any) -> dict[str, Any]:
        """The trial as it is kept."""
        return members | ({"practice": True} if self.practice else {})

    def _whole(self, at: Place, found: Any, low: int, high: int) -> int:
        if isinstance(found, bool) or not isinstance(found, int):
            self.broken(at, "wrong_type", "This is a whole number.")
        if not low <= found <= high:
            self.broken(at, "out_of_range", f"This is a whole number between {low} and {high}.")
        return found
