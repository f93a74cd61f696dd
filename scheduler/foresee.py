"""What moving a person to other protocol versions would change of the plan, before anything is written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from models.definition.protocol import Protocol
from scheduler.plan.calendar import DAY
from scheduler.plan.occasion import Occasion
from scheduler.plan.versions import Versions
from scheduler.plan_inputs import Person
from scheduler.plan_turn import wanted_of

Change = Literal["gains", "loses", "moves", "keeps"]
"""A prompt that would be asked only then, one that would not be asked any more, one at another time or with another instrument, or one
that stays as it is but for the words of the other version."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One slot that may still be asked before or after: `before` and `after` are None where it would not be."""

    change: Change
    before: Occasion | None
    after: Occasion | None

    @property
    def occasion(self) -> Occasion:
        found = self.after or self.before
        assert found is not None
        return found


def foresee(
    person: Person, after: Versions, texts: Mapping[int, Protocol], sent: Mapping[UUID, datetime], first: date, last: date, *, now: datetime
) -> list[Foreseen]:
    """Every prompt of the dates `first` to `last` that is still to come, by the planner itself, in order of time.

    `texts` has every version that holds on these dates before or after; `sent` are the moments of the person's prompts from two
    days before today on that can no longer move: they stay, and what comes next keeps its distance from them.
    """
    old, new = (
        {one.uid: one for one in wanted_of(person, versions, texts, sent, first, last) if one.uid not in sent and _asks(one, now)}
        for versions in (person.versions, after)
    )
    found = [_compared(old.get(uid), new.get(uid)) for uid in dict.fromkeys((*old, *new))]
    return sorted(found, key=lambda one: one.occasion[:3])


def _asks(one: Occasion, now: datetime) -> bool:
    return one.blocked is None and one.due_at > now


def _compared(before: Occasion | None, after: Occasion | None) -> Foreseen:
    if before is None:
        return Foreseen("gains", before, after)
    if after is None:
        return Foreseen("loses", before, after)
    same = (before.due_at, before.instrument) == (after.due_at, after.instrument)
    return Foreseen("keeps" if same else "moves", before, after)


def needed(person: Person, after: Versions, first: date, last: date) -> Iterator[int]:
    """The versions that `foresee` wants the texts of."""
    yield from dict.fromkeys((*person.versions.among(first - DAY, last), *after.among(first - DAY, last)))
