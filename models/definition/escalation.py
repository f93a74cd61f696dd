"""Disclosures, alert rules, ladders and staffed hours."""

from typing import Final

from pydantic import Field

from models.definition.base import Code, Document, Text, WallTime
from models.definition.decision import ADHERENCE_VARIABLES, BUDGETED_VARIABLES
from models.definition.expression import Expression, variables_read
from models.definition.prompting import Weekday
from models.kinds import RungTarget


class Disclosure(Document):
    """An answer that must reach a human, whatever the model says.

    `when` reads items only, so that it can run on whatever items of a submission are valid,
    before any refusal and with every other part switched off (safety.md rule 6).
    """

    id: Code
    tier: int = Field(ge=2, le=4)
    instruments: tuple[Code, ...] = ()
    """Empty: any instrument that asks the items."""
    when: Expression
    reason: Text
    """For staff, inside the signed-in app."""
    screen: str = Field(default="crisis", pattern="^(crisis|help|none)$")
    """What the phone shows first."""


BUDGET_REFRACTORY_HOURS: Final = 168.0
"""Between two alerts of a model about one person. Thresholds by alert budget are set for it, so that a protocol cannot choose another."""


class AlertRule(Document):
    """A rule over tailoring variables that opens a tier 2 alert. Never tier 3 or 4: those are disclosures.

    One about adherence is looked at by the clock and not at decision points: a person who stops answering reaches none. One about the
    alert budget is looked at when a day begins and is scored.
    """

    id: Code
    tier: int = Field(default=2, ge=2, le=2)
    when: Expression
    reason: Text
    refractory_hours: float = Field(default=168, ge=0)

    @property
    def about_adherence(self) -> bool:
        return not variables_read(self.when).isdisjoint(ADHERENCE_VARIABLES)

    @property
    def about_budget(self) -> bool:
        return not variables_read(self.when).isdisjoint(BUDGETED_VARIABLES)


class Rung(Document):
    """Who is told, and how long they have before the next rung."""

    to: RungTarget
    acknowledge_minutes: int = Field(ge=1)
    repeat_minutes: int = Field(ge=1)
    """Told again at this interval while the rung lasts."""


class Ladder(Document):
    """Frozen on each alert when it opens. The last rung never ends: it repeats until a human acts."""

    tier: int = Field(ge=2, le=4)
    group_wait_minutes: int = Field(default=0, ge=0)
    rungs: tuple[Rung, ...] = Field(min_length=1)
    acknowledgement_minutes: int = Field(ge=1)
    """An acknowledgement without progress for this long reopens the alert on the next rung."""
    snooze_limit_minutes: int = Field(default=0, ge=0)


class StaffedHours(Document):
    """Wall-clock hours in `zone` when a human answers. An end at or before the start lies on the next day; equal ends are 24 h."""

    weekdays: tuple[Weekday, ...] = Field(min_length=1)
    start: WallTime
    end: WallTime
    tiers: tuple[int, ...] = Field(min_length=1)


class Staffing(Document):
    zone: str
    hours: tuple[StaffedHours, ...] = ()
    outside_hours: Text | None = None
    """What a person is told when nobody is reading. Needed where any hour of tier 3 or 4 is uncovered."""

    def tiers(self) -> frozenset[int]:
        return frozenset(tier for hours in self.hours for tier in hours.tiers)
