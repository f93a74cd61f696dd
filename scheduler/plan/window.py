"""Prompts at an offset from waking or from the end of the day, with an optional jitter."""

from models.definition.prompting import Window
from scheduler.plan.draw import DayView, Draw, Span
from scheduler.plan.keyed import PlanKey


def span(design: Window, view: DayView) -> Span:
    """The first and the last second on which the prompt may stand."""
    start = (view.start if design.edge == "start" else view.end) + design.offset_minutes * 60
    return start, start + design.jitter_minutes * 60


def still(design: Window, view: DayView) -> Draw:
    """The moment of a design without jitter, where no move is near."""
    start, end = span(design, view)
    return Draw(start, start, end)


def draw(key: PlanKey, design: Window, view: DayView, *, label: str = "") -> Draw:
    """The moment of the one slot: even over the whole seconds from the offset to the offset plus the jitter, both included.

    After a move only the seconds from `view.since` on are left.
    """
    start, end = span(design, view)
    first = start if view.since is None else max(start, view.since)
    count = end - first + 1
    if count < 1:
        return Draw(start, start, end, None, False)
    if not design.jitter_minutes:
        return Draw(start, start, end)
    return Draw(first + key.pick(count, design.id, view.day.isoformat(), "0", "time" + label), start, end, 60 / count)
