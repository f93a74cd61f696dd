"""What became known of one person, and when. Pure.

All times are days (floats) since the local midnight that begins the person's study day 1: day 0 is study day 1. `known` is the moment from
which a thing may be used; what happened is never used before it was known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Told:
    """Things that happened `at`, in the order in which they became `known`. A thing of a whole day has the day's number."""

    at: tuple[float, ...] = ()
    known: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers in the order in which they became known: answers on [0, 1], turned so that 1 is most active, or an estimate's numbers."""

    known: tuple[float, ...] = ()
    values: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompts:
    """Prompts in the order in which it was clear whether they were answered; `latency_hours` is NaN where that is unknown."""

    known: tuple[float, ...] = ()
    answered: tuple[bool, ...] = ()
    latency_hours: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """One person. Decisions fall on the midnights `first` .. `last` - 1; outcomes are followed up to midnight `last`.

    `since` is the midnight from which use is known at all. `followed` are days whose outcome was asked for and answered; None: every day.
    `began` is the calendar day of day 0, None where a dataset has no calendar. `groups` are for looking at subgroups, never features, and
    so is `covered`: 1 where a craving that was told lay within the 90 % interval that the estimate had for it, else 0.
    """

    person: str
    first: int
    last: int
    since: int
    uses: Told
    followed: frozenset[int] | None = None
    series: Mapping[str, Series] = field(default_factory=dict)
    events: Mapping[str, Told] = field(default_factory=dict)
    prompts: Prompts | None = None
    states: Mapping[str, Series] = field(default_factory=dict)
    site: str = ""
    began: date | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    covered: Series = Series()


def told(pairs: list[tuple[float, float]]) -> Told:
    """From (at, known) in any order.

    >>> told([(3.0, 5.0), (4.0, 4.5)])
    Told(at=(4.0, 3.0), known=(4.5, 5.0))
    """
    ordered = sorted(pairs, key=lambda one: (one[1], one[0]))
    return Told(tuple(at for at, _ in ordered), tuple(known for _, known in ordered))


def series(pairs: list[tuple[float, float]]) -> Series:
    """From (known, value) in any order; of values that became known at one moment, their order counts."""
    ordered = sorted(pairs, key=lambda one: one[0])
    return Series(tuple(known for known, _ in ordered), tuple(value for _, value in ordered))
