"""Signal-contingent prompts, stratified random: one in each equal block of the wake window, the gap guaranteed.

**The law.** The window, trimmed, is cut in N equal blocks; block k holds the whole seconds A(k) that are in it and at
least the gap away from every excluded prompt. From the last slot back, U(k) is the latest second of A(k) that leaves a gap to
U(k+1). From the first slot on, x(k) is drawn evenly from the seconds of A(k) between x(k-1) + gap and U(k). So no draw can
make a later one impossible, nothing is drawn twice, and the density of each draw given those before it is 1 / (number of
seconds); the density of the day is their product. The marginal density of a slot is flat in its block where the gap
is 0, and otherwise bends at the edges, where the prompts beside it may stand in the way.

All N fit where (N - 1) x gap <= the trimmed window and nothing is excluded. A slot that cannot be kept beside those after
it does not fit and is left to the caller to report; the others keep the law.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from models.definition.prompting import Stratified, Uniform
from scheduler.plan.calendar import window_seconds
from scheduler.plan.draw import DayView, Draw, Keep, Span, clip, nth, size, stretches, without
from scheduler.plan.keyed import PlanKey, message


def blocks(start: int, end: int, count: int) -> list[Span]:
    """Equal blocks of the seconds from `start` to `end`, both included; the last second belongs to the last block.

    >>> blocks(0, 10, 3)
    [(0, 2), (3, 5), (6, 10)]
    """
    length = max(end - start, 0)
    edges = [start + length * k // count for k in range(count + 1)]
    return [(edges[k], edges[k + 1] - 1 if k < count - 1 else end) for k in range(count)]


def trimmed(design: Stratified | Uniform, view: DayView) -> Span:
    """The part of the window that prompts may stand in; its end lies before its start where nothing is left."""
    start, end = view.start, view.end
    if design.hours is not None:
        start, end = window_seconds(view.day, design.hours.start, design.hours.end, view.zone)
    return start + design.from_start_minutes * 60, end - design.to_end_minutes * 60


def draw(
    key: PlanKey, design: Stratified, view: DayView, slots: Sequence[int], *, keeps: Sequence[Keep] = (), label: str = ""
) -> Mapping[int, Draw]:
    """A moment for each of these slots (in rising order), no earlier than `view.since`, apart from `keeps` and each other.

    `label` makes the draw a fresh one where an earlier draw of the same slots is already partly known.
    """
    return pick(key, rooms(design, view, slots, keeps, label=label), design.gap_minutes * 60)


class Room(NamedTuple):
    """A slot's block, the seconds of it that are open, and the latest that leaves room to all after it; None: it does not fit.

    `name` is what the draw is keyed on.
    """

    slot: int
    start: int
    end: int
    open: list[Span]
    latest: int | None
    name: bytes


def rooms(design: Stratified, view: DayView, slots: Sequence[int], keeps: Sequence[Keep], *, label: str = "") -> list[Room]:
    """What is open to each of these slots before anything is drawn; the same for everybody who keeps the same distances."""
    whole = trimmed(design, view)
    own = blocks(*whole, design.prompts)
    earliest = own[0][0] if view.since is None else view.since
    taken = stretches(whole, keeps)
    free = {k: clip(without(own[k], taken), earliest, own[k][1]) for k in slots}
    latest = _latest(free, design.gap_minutes * 60)
    day, what = view.day.isoformat(), "time" + label
    return [Room(k, *own[k], free[k], latest.get(k), message(design.id, day, str(k), what)) for k in slots]


def pick(key: PlanKey, found: Sequence[Room], gap: int) -> Mapping[int, Draw]:
    """A moment in each room, in order; `gap` in seconds."""
    drawn: dict[int, Draw] = {}
    after: int | None = None
    for k, start, end, free, latest, name in found:
        if latest is None:
            drawn[k] = Draw(start, start, max(start, end), None, False)
            continue
        if len(free) == 1:
            low, high = free[0]
            low = low if after is None or after < low else after
            count = (min(latest, high)) - low + 1
            at = low + key.choose(count, name)
        else:
            admissible = clip(free, free[0][0] if after is None else after, latest)
            count = size(admissible)
            at = nth(admissible, key.choose(count, name))
        drawn[k] = Draw(at, start, end, 60 / count)
        after = at + gap
    return drawn


def _latest(free: Mapping[int, Sequence[Span]], gap: int) -> dict[int, int]:
    """U(k) for each slot that fits: the latest second that leaves the gap to all fitting slots after it."""
    found: dict[int, int] = {}
    limit: int | None = None
    for k in sorted(free, reverse=True):
        ends = [high if limit is None else min(high, limit) for low, high in free[k] if limit is None or low <= limit]
        if ends:
            found[k] = max(ends)
            limit = found[k] - gap
    return found
