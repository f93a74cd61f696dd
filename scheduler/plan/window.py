"""Prompts at an offset from waking or from the end of the day, with an optional jitter."""

from models.definition.prompting import Window
from scheduler.plan.draw import DayView, Draw
from scheduler.plan.keyed import pick


def draw(key: bytes, design: Window, view: DayView, *, label: str = "") -> Draw:
    """The moment of the one slot: even over the whole seconds from the offset to the offset plus the jitter, both included.

    After a move only the seconds from `view.since` on are left.
    """
    start = (view.start if design.edge == "start" else view.end) + design.offset_minutes * 60
    end = start + design.jitter_minutes * 60
    first = start if view.since is None else max(start, view.since)
    count = end - first + 1
    if count < 1:
        return Draw(start, start, end, fits=False)
    if not design.jitter_minutes:
        return Draw(start, start, end)
    return Draw(first + pick(key, count, design.id, view.day.isoformat(), "0", "time" + label), start, end, 60 / count)
