"""Signal-contingent prompts, uniform random: every set of moments that keeps the gap is as likely as every other.

**The law.** N whole seconds of what is open, any two at least the gap g apart. What is open is the window, without the
stretches around the prompts of excluded designs: parts. A prompt of another part is further away than the gap, since each
stretch is twice as long, so a set is a number of moments for each part, and moments in it. Take g - 1 seconds out between each
two neighbors of a part of L seconds and its sets of n become the sets of n different seconds of L - (n - 1)(g - 1) (the spacings
method): C(L - (n - 1)(g - 1), n) of them. So the sets are counted exactly, one keyed number chooses how many fall in each part,
in proportion to the sets that have these numbers, and n keyed numbers one of the sets in each part (Floyd's algorithm; Bentley and
Floyd 1987). Nothing is drawn and thrown away. Given the moments before it, the density of each is exact, and the density of the
day is their product: 1 / (number of admissible sets).

Where a prompt of the day before, or one already sent, is near, the window begins a gap after it. Where not all fit, as many as fit
are drawn, and the last slots do not fit.
"""

from collections.abc import Mapping, Sequence
from math import comb
from typing import NamedTuple

from models.definition.prompting import Uniform
from scheduler.plan.draw import DayView, Draw, Keep, Span, stretches, without
from scheduler.plan.keyed import PlanKey, message
from scheduler.plan.signal import trimmed


class Room(NamedTuple):
    """What is open on a day before anything is drawn; the same for everybody who keeps the same distances.

    parts   what is open, in order; `start` and `end` are the window's
    fitting how many moments are drawn
    ways    of each part and those after it: how many sets they have of 0, 1, … moments; empty where there is one part alone
    names   what the draws are keyed on: one for each moment, and the last for how many fall in each part
    """

    start: int
    end: int
    gap: int
    parts: Sequence[Span]
    fitting: int
    ways: Sequence[Sequence[int]]
    names: Sequence[bytes]


def draw(
    key: PlanKey,
    design: Uniform,
    view: DayView,
    slots: Sequence[int],
    *,
    keeps: Sequence[Keep] = (),
    away: Sequence[Keep] = (),
    label: str = "",
) -> Mapping[int, Draw]:
    """A moment for each of these slots, in rising order, no earlier than `view.since` and apart from `keeps`, `away` and each other.

    All come after `keeps`, which are prompts of this design; `away` are those of excluded ones.
    """
    return pick(key, room(design, view, slots, keeps=keeps, away=away, label=label), slots)


def room(
    design: Uniform, view: DayView, slots: Sequence[int], *, keeps: Sequence[Keep] = (), away: Sequence[Keep] = (), label: str = ""
) -> Room:
    start, end = trimmed(design, view)
    first, last = start if view.since is None else max(start, view.since), end
    for at, apart in keeps:
        if at > end:
            last = min(last, at - apart)
        else:
            first = max(first, at + apart)
    parts = without((first, last), stretches((first, last), away))
    gap = max(design.gap_minutes * 60, 1)
    count = min(len(slots), sum((high - low) // gap + 1 for low, high in parts))
    day, what = view.day.isoformat(), "spacings" + label
    names = [message(design.id, day, one, what) for one in (*map(str, range(count)), "parts")]
    return Room(start, end, gap, parts, count, _ways(parts, count, gap) if len(parts) > 1 else (), names)


def pick(key: PlanKey, found: Room, slots: Sequence[int]) -> Mapping[int, Draw]:
    """The day's set, each as likely as any other."""
    start, end, gap, parts, count, _, _ = found
    drawn = {k: Draw(start, start, max(start, end), None, False) for k in slots}
    left = _sets_from(found, 0, parts[0][0], count) if parts else 1
    for place, (k, (part, at)) in enumerate(zip(slots, _moments(key, found), strict=False)):
        after = _sets_from(found, part, at + gap, count - place - 1)
        drawn[k] = Draw(at, start, end, 60 * after / left)
        left = after
    return drawn


def _sets(length: int, count: int, gap: int) -> int:
    """How many sets of `count` moments a part of so many seconds has."""
    return comb(max(length - (count - 1) * (gap - 1), 0), count) if count else 1


def _sets_from(found: Room, part: int, first: int, count: int) -> int:
    """How many sets of `count` moments are left from the second `first` of a part on."""
    parts, gap = found.parts, found.gap
    length = parts[part][1] - first + 1
    if part + 1 == len(parts):
        return _sets(length, count, gap)
    after = found.ways[part + 1]
    return sum(_sets(length, here, gap) * after[count - here] for here in range(count + 1))


def _ways(parts: Sequence[Span], count: int, gap: int) -> Sequence[Sequence[int]]:
    ways = [[1] + [0] * count]
    for low, high in reversed(parts):
        own = [_sets(high - low + 1, number, gap) for number in range(count + 1)]
        after = ways[-1]
        ways.append([sum(own[here] * after[number - here] for here in range(number + 1)) for number in range(count + 1)])
    return ways[::-1]


def _numbers(key: PlanKey, found: Room) -> Sequence[int]:
    """How many moments fall in each part."""
    parts, left, ways = found.parts, found.fitting, found.ways
    if len(parts) < 2:
        return (left,)
    numbers: list[int] = []
    index = key.choose(ways[0][left], found.names[-1])
    for place, (low, high) in enumerate(parts):
        for here in range(left + 1):
            own, after = _sets(high - low + 1, here, found.gap), ways[place + 1][left - here]
            if index < own * after:
                index, left = index // own, left - here
                numbers.append(here)
                break
            index -= own * after
    return numbers


def _moments(key: PlanKey, found: Room) -> list[tuple[int, int]]:
    """The part and the second of each moment, in order."""
    moments: list[tuple[int, int]] = []
    more = found.gap - 1
    for part, number in enumerate(_numbers(key, found)):
        if number:
            low, high = found.parts[part]
            names = found.names[len(moments) : len(moments) + number]
            chosen = sorted(_chosen(key, high - low + 1 - (number - 1) * more, names))
            moments += [(part, low + at + place * more) for place, at in enumerate(chosen)]
    return moments


def _chosen(key: PlanKey, room: int, names: Sequence[bytes]) -> set[int]:
    """A number below `room` for each name, all different; every such set is as likely as every other."""
    found: set[int] = set()
    for name, top in zip(names, range(room - len(names), room), strict=True):
        one = key.choose(top + 1, name)
        found.add(top if one in found else one)
    return found
