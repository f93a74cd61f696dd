"""Prompts at the same wall-clock times."""

from collections.abc import Mapping, Sequence

from models.definition.prompting import Fixed
from scheduler.plan.calendar import resolve_seconds
from scheduler.plan.draw import DayView, Draw


def draw(design: Fixed, view: DayView, slots: Sequence[int]) -> Mapping[int, Draw]:
    """The moment of each slot: its wall-clock time on this calendar date. One that had passed when the zone began does not fit."""
    return {k: _at(resolve_seconds(view.day, design.times[k], view.zone), view) for k in slots}


def _at(at: int, view: DayView) -> Draw:
    return Draw(at, at, at, None, view.since is None or at >= view.since)
