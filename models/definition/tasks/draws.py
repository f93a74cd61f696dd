"""Which trial comes when, drawn by the person's plan key: the phone and the server draw the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from models.definition.shuffle import pick, shuffled

_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True, repr=False)
class TrialDraws:
    """The draws of one task in one response.

    `key` is the enrollment's plan key, `item` the task's item, and `of` the id of the prompt that is answered or, where there is none, of
    the response, in lower case with hyphens. A stream is named by `task`, item, `of` and what is drawn, with line feeds between.

    >>> TrialDraws(bytes(32), "inhibit", "00000000-0000-0000-0000-000000000001").shuffled("trials", "abcdef")
    ['c', 'a', 'e', 'f', 'd', 'b']
    """

    key: bytes
    item: str
    of: str

    def pick(self, what: str, number: int, count: int) -> int:
        """A whole number on 0 … `count` - 1."""
        return pick(count, self.key, self._stream(what), number)

    def shuffled(self, what: str, things: Sequence[_Thing], count: int | None = None) -> list[_Thing]:
        """The first `count` of the things, all by default, in a random order."""
        return shuffled(things, len(things) if count is None else count, self.key, self._stream(what))

    def _stream(self, what: str) -> str:
        return f"task\n{self.item}\n{self.of}\n{what}"
