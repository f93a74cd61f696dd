"""What the days of a design count from: events that were told, and days that are set for events to come.

A planned day is a local date, so it stays the same day wherever the person travels, and is found in the zone where the person
is when it comes.
"""

from collections.abc import Container, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from models.definition.prompting import Design
from models.kinds import TimedEventKind
from scheduler.plan.calendar import ZoneSpan, offsets, study_date, wake_on
from scheduler.plan.inputs import PlanInput, PlannedDay
from scheduler.plan.seconds import midnight, to_seconds, wall_seconds


class Anchor(NamedTuple):
    """The second from which something may be asked, and the study date that is day 1."""

    at: int
    day: date


def anchors(inputs: PlanInput, kind: TimedEventKind) -> tuple[Anchor, ...]:
    """The anchors of one kind, told and planned, earliest first and each once."""
    told = (Anchor(to_seconds(one), study_date(one, inputs.zones, inputs.wake)) for one in inputs.anchors.get(kind, ()))
    planned = (_planned(inputs, one) for one in inputs.planned_days.get(kind, ()))
    return tuple(sorted({*told, *planned}))


class Waiting(NamedTuple):
    """A design that asks nothing yet, and what it counts from."""

    design: str
    anchor: TimedEventKind


def waiting(designs: Iterable[Design], arm: str | None, known: Container[TimedEventKind]) -> tuple[Waiting, ...]:
    """The designs of an arm that count from an event which was neither told nor set for a day; `known` are the kinds that were."""
    mine = [one for one in designs if not one.when.arms or arm in one.when.arms]
    return tuple(Waiting(one.id, one.when.anchor) for one in mine if one.when.anchor != "enrollment" and one.when.anchor not in known)


def shown_where_the_person_is(zones: Sequence[ZoneSpan], wall: int) -> tuple[int, ZoneSpan, bool]:
    """When the wall first shows this where the person then is, the zone span that says so, and whether a move skipped the time.

    A time that a move skipped is given as the new zone would have shown it, which is before the person was there.
    """
    for place, span in enumerate(zones):
        at = offsets(span.zone).first(wall)
        if place + 1 == len(zones) or at < to_seconds(zones[place + 1].valid_from):
            return at, span, place > 0 and at < to_seconds(span.valid_from)
    raise AssertionError("a history has a last zone")


def _planned(inputs: PlanInput, one: PlannedDay) -> Anchor:
    wall = midnight(one.day) + wall_seconds(one.wall or wake_on(inputs.wake, one.day).start)
    at, span, skipped = shown_where_the_person_is(inputs.zones, wall)
    begins = to_seconds(span.valid_from) if skipped else at
    return Anchor(max(begins, to_seconds(one.set_at)), one.day)
