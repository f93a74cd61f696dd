"""The plan: every occasion of an enrollment on a local date or over a stretch of time.

A pure function of the designs, their ids, the plan key, the local date and the person's windows and zones. The protocol's
version is not part of a draw, only what it says: a design that a revision did not touch keeps its times.
"""

from datetime import date, datetime

from scheduler.plan.calendar import DAY, local, zone_at
from scheduler.plan.inputs import PlanInput
from scheduler.plan.occasion import Occasion
from scheduler.plan.planner import Planner


def plan_day(inputs: PlanInput, local_date: date) -> tuple[Occasion, ...]:
    """Every occasion whose slot lies on `local_date`, blocked ones included, in order of (due_at, design, index)."""
    return tuple(sorted(Planner(inputs).occasions(local_date)))


def plan(inputs: PlanInput, from_instant: datetime, until_instant: datetime) -> tuple[Occasion, ...]:
    """Every occasion of the local dates that `planning_dates` gives: whole days, so that a change of time never leaves the range.

    Compare it with stored rows of exactly those local dates. Ordered by (due_at, design, index).
    """
    first, last = planning_dates(inputs, from_instant, until_instant)
    return plan_dates(inputs, first, last)


def plan_dates(inputs: PlanInput, first: date, last: date) -> tuple[Occasion, ...]:
    """Every occasion of the local dates from `first` to `last`, both included; ordered as `plan`."""
    return tuple(Planner(inputs).dates(first, last))


def planning_dates(inputs: PlanInput, from_instant: datetime, until_instant: datetime) -> tuple[date, date]:
    """First and last local date with a slot that may be due between two instants, both included.

    Two days early: a window that crosses midnight, before a move over the date line.
    """
    first = local(from_instant, zone_at(inputs.zones, from_instant)).date - 2 * DAY
    last = local(until_instant, zone_at(inputs.zones, until_instant)).date
    return first, last
