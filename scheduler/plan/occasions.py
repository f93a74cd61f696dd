"""The plan: every occasion of an enrollment on a local date or over a stretch of time.

A pure function of the designs, their ids, the plan key, the local date and the person's windows and zones. The protocol's
version is not part of a draw, only what it says: a design that a revision did not touch keeps its times.
"""

from collections.abc import Sequence
from datetime import date, datetime

from scheduler.plan.calendar import DAY, local, zone_at
from scheduler.plan.draw import to_instant
from scheduler.plan.inputs import PlanInput
from scheduler.plan.moves import Settled
from scheduler.plan.occasion import Blocked, Occasion, occasion
from scheduler.plan.planner import Planned, Planner
from scheduler.plan.slots import Slot
from scheduler.plan.when import opens_at


def plan_day(inputs: PlanInput, local_date: date) -> tuple[Occasion, ...]:
    """Every occasion whose slot lies on `local_date`, blocked ones included, in order of (due_at, design, index)."""
    return _ordered(_occasions(Planner(inputs), local_date))


def plan(inputs: PlanInput, from_instant: datetime, until_instant: datetime) -> tuple[Occasion, ...]:
    """Every occasion of the local dates that `planning_dates` gives: whole days, so that a change of time never leaves the range.

    Compare it with stored rows of exactly those local dates. Ordered by (due_at, design, index).
    """
    planner = Planner(inputs)
    first, last = planning_dates(inputs, from_instant, until_instant)
    days = (first + DAY * number for number in range((last - first).days + 1))
    return _ordered([one for day in days for one in _occasions(planner, day)])


def planning_dates(inputs: PlanInput, from_instant: datetime, until_instant: datetime) -> tuple[date, date]:
    """First and last local date with a slot that may be due between two instants, both included.

    Two days early: a window that crosses midnight, before a move over the date line.
    """
    first = local(from_instant, zone_at(inputs.zones, from_instant)).date - 2 * DAY
    last = local(until_instant, zone_at(inputs.zones, until_instant)).date
    return first, last


def _ordered(found: Sequence[Occasion]) -> tuple[Occasion, ...]:
    return tuple(sorted(found, key=lambda one: (one.due_at, one.design, one.slot.index)))


def _occasions(planner: Planner, day: date) -> list[Occasion]:
    return [one for design in planner.inputs.designs if isinstance(design, Planned) for one in _of(planner, design, day)]


def _of(planner: Planner, design: Planned, day: date) -> list[Occasion]:
    opens = opens_at(planner.inputs, design, day)
    if opens is None:
        return []
    settled = planner.final(design, day).items()
    # A slot that a move took away was planned once, so it stays a row even where its window now lies before the enrollment.
    return [_occasion(planner, design, day, k, one) for k, one in settled if one.moved or to_instant(one.draw.at) >= opens]


def _occasion(planner: Planner, design: Planned, day: date, index: int, one: Settled) -> Occasion:
    draw = one.draw
    blocked: Blocked | None = None if draw.fits else "travel" if one.moved else "window"
    return occasion(
        planner.inputs,
        design,
        Slot(day, index),
        planner.uid(design, day, index),
        due_at=to_instant(draw.at),
        window=(to_instant(draw.start), to_instant(draw.end)),
        density=draw.per_minute,
        blocked=blocked,
    )
