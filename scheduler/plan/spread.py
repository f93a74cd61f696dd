"""Signal-contingent prompts, uniform random: every set of moments that keeps the gap is as likely as every other.

**The law.** N whole seconds of the window, any two at least the gap g apart. Take g - 1 seconds out between each two neighbors and
the sets become the sets of N different seconds of a shorter window (the spacings method), so one of those is drawn, each as
likely as any other, by N keyed numbers (Floyd's algorithm; Bentley and Floyd 1987) and spread again. Nothing is drawn and thrown
away. Given the moments before it, the density of each is exact, and the density of the day is their product:
1 / (number of admissible sets).

Where a prompt of the day before, or one already sent, is near, the window begins a gap after it. Where not all fit, as many as fit
are drawn, and the last slots do not fit.
"""

from collections.abc import Mapping, Sequence
from math import comb

from models.definition.prompting import Uniform
from scheduler.plan.draw import DayView, Draw, Keep
from scheduler.plan.keyed import PlanKey, message
from scheduler.plan.signal import trimmed


def draw(
    key: PlanKey, design: Uniform, view: DayView, slots: Sequence[int], *, keeps: Sequence[Keep] = (), label: str = ""
) -> Mapping[int, Draw]:
    """A moment for each of these slots, in rising order, no earlier than `view.since` and apart from `keeps` and each other."""
    start, end = trimmed(design, view)
    first, last = start if view.since is None else max(start, view.since), end
    for at, apart in keeps:
        if at > end:
            last = min(last, at - apart)
        else:
            first = max(first, at + apart)
    gap = max(design.gap_minutes * 60, 1)
    count = min(len(slots), max(0, (last - first) // gap + 1))
    room = last - first + 1 - (count - 1) * (gap - 1)
    name = (design.id, view.day.isoformat())
    chosen = sorted(_chosen(key, room, count, (*name, "spacings" + label)))
    drawn = {k: Draw(start, start, max(start, end), None, False) for k in slots}
    left = room
    for place, (k, at) in enumerate(zip(slots, chosen, strict=False)):
        after = room - 1 - at
        density = 60 * comb(after, count - place - 1) / comb(left, count - place)
        drawn[k] = Draw(first + at + place * (gap - 1), start, end, density)
        left = after
    return drawn


def _chosen(key: PlanKey, room: int, count: int, name: tuple[str, str, str]) -> set[int]:
    """`count` different numbers below `room`; every such set is as likely as every other."""
    design, day, what = name
    found: set[int] = set()
    for number, top in enumerate(range(room - count, room)):
        one = key.choose(top + 1, message(design, day, str(number), what))
        found.add(top if one in found else one)
    return found
