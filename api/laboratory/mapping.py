"""How the tables of a foreign dataset become histories: `breakwater.evaluation/1`. Reading only: no value is guessed or filled in."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from api.rehearsal.mapping import read_mapping

Later = Annotated[float, msgspec.Meta(ge=1.0)]
"""Days from the midnight that begins a day until its things may be read: never before the day is over."""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows of a table and the column with their study day. `where` keeps rows whose column has one of these texts."""

    table: str
    day: str
    where: dict[str, list[str]] = {}


class Happening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A thing of a whole day. `known_after_days` 1: from the midnight that ends the day.

    `rising` 1: more of them may never lower the risk, -1: never raise it, 0: either.
    """

    table: str
    day: str
    where: dict[str, list[str]] = {}
    known_after_days: Later = 1.0
    rising: int = 0


class Answered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number by day, turned to [0, 1] between `minimum` (least active) and `maximum`, which may be the lower number."""

    table: str
    day: str
    value: str
    minimum: float
    maximum: float
    where: dict[str, list[str]] = {}
    node: Literal["C", "R", "S", "W", "E", "none"] = "none"
    known_after_days: Later = 1.0
    rising: bool = False

    def __post_init__(self) -> None:
        if self.minimum == self.maximum:
            raise ValueError("`minimum` and `maximum` are one number")


class Word(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A word of a person. `words` renames, `cuts` makes bands of a number, and the first row of a person counts."""

    table: str
    column: str
    where: dict[str, list[str]] = {}
    words: dict[str, str] = {}
    cuts: list[float] = []

    def __post_init__(self) -> None:
        if self.cuts != sorted(set(self.cuts)):
            raise ValueError("`cuts` do not rise")


class Followed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `start` on, as long as one of `until` has rows, at most `longest_days` and at least `least_days`; use is known from
    `look_back_days` before."""

    start: Place
    until: list[Place]
    longest_days: int
    least_days: int
    look_back_days: int = 28


class Mapped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping document. `person` is the column with the person's pseudonym, in every table; `missing` are texts that mean nothing.

    `asked` names the rows that say that a day's outcome was asked for; without it a day without use is a day of no use.
    """

    schema: Literal["breakwater.evaluation/1"]
    title: str
    source: str
    synthetic: bool
    person: str
    missing: list[str]
    followed: Followed
    use: Happening
    asked: Place | None = None
    series: dict[str, Answered] = {}
    events: dict[str, Happening] = {}
    groups: dict[str, Word] = {}
    site: Word | None = None
    site_word: str = "site"
    fence: bool = True
    notes: list[str] = []


def load_mapping(path: Path) -> Mapped:
    """Raises Invalid with the place of the first fault."""
    return read_mapping(path, Mapped)
