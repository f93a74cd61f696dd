"""The wake window of a study that knows none: the frame's, opened as far as the imported times need."""

from collections.abc import Iterable

from models.definition.checks.fit import length, minutes
from models.definition.prompting import Design, Fixed, WakeBounds, WakeWindow, WakeWindows


def opened(wake: WakeBounds, designs: Iterable[Design]) -> WakeBounds:
    """The bounds, with windows that hold every fixed time and its reminders on the same day, to the whole hour.

    Outside a window nothing is sent: a time that the study had would fall silent.
    """
    spans = [_span(time, design) for design in designs if isinstance(design, Fixed) for time in design.times]
    if not spans:
        return wake
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    weekday, weekend = (_opened(window, first, last) for window in (wake.default.weekday, wake.default.weekend))
    longest = max(wake.longest_hours, *(length(window.start, window.end) / 60 for window in (weekday, weekend)))
    return WakeBounds(shortest_hours=wake.shortest_hours, longest_hours=longest, default=WakeWindows(weekday=weekday, weekend=weekend))


def _span(time: str, design: Fixed) -> tuple[int, int]:
    reminders = design.expiry.reminders
    start = minutes(time)
    return start, min(start + reminders.count * reminders.every_minutes, 1440)


def _opened(window: WakeWindow, first: int, last: int) -> WakeWindow:
    start = minutes(window.start)
    end = start + length(window.start, window.end)
    start, end = min(start, first // 60 * 60), max(end, -(-last // 60) * 60)
    if end - start >= 1440:
        return WakeWindow(start="00:00", end="00:00")
    return WakeWindow(start=_clock(start), end=_clock(end % 1440))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
