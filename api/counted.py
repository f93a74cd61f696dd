"""Adherence as it is shown: counts with their denominator, for all designs and for each, over the whole time and week by week."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from api.shapes import Shape
from models.dataset.alike import tally
from models.dataset.compliance import ALL, Counts
from models.dataset.recent import Recent
from models.queries.adherence import WINDOW


class CountsOut(Shape):
    """Shares are null where the denominator is 0."""

    planned: int
    """Prompts whose moment has come, without those still open."""
    not_sent: int
    withdrawn: int
    open: int
    denominator: int
    """planned - not_sent - withdrawn."""
    completed_on_time: int
    completed_ever: int
    compliance_on_time: float | None
    compliance_ever: float | None


class ComplianceOut(CountsOut):
    design: str
    """`(all)`: all designs together."""


class WeekOut(ComplianceOut):
    week: int
    """By the study day of the prompt; 1 is study days 1 to 7."""


class RecentOut(CountsOut):
    """Of the prompts due in the past days."""

    days: int
    missed_in_a_row: int
    """Ended without any answer, since the last that got an answer or a refusal."""
    silent_hours: float | None
    """Since the newest answer, prompted or not, or since the start; null before the start."""


def by_design(groups: Sequence[Row[Any]], *, now: datetime) -> list[ComplianceOut]:
    """`(all)` first, then each design by name. `groups` are rows of `models.queries.adherence`."""
    whole = tally(groups, lambda _: ALL, now=now) or {ALL: Counts()}
    designs = tally(groups, lambda group: str(group.design), now=now)
    return [ComplianceOut(design=design, **counts.told()) for design, counts in (*whole.items(), *sorted(designs.items()))]


def by_week(groups: Sequence[Row[Any]], *, now: datetime) -> list[WeekOut]:
    """The weeks in order, in each `(all)` first, then each design by name."""
    whole = tally(groups, lambda group: (int(group.week), ""), now=now)
    designs = tally(groups, lambda group: (int(group.week), str(group.design)), now=now)
    return [WeekOut(week=week, design=design or ALL, **counts.told()) for (week, design), counts in sorted({**whole, **designs}.items())]


def recent_out(of: Recent) -> RecentOut:
    silent = None if of.silent_hours is None else round(of.silent_hours, 2)
    return RecentOut(days=WINDOW.days, missed_in_a_row=of.missed_in_a_row, silent_hours=silent, **of.counts.told())
