"""How strongly each kind of reminder goes with a person's craving, beyond what reminders do for them in general.

A kind is one of the protocol's cue types. What is learned of it is the surprise of an answered prompt at which it was met: craving minus
what the nowcast row expected of the person there, cue coupling included. Kinds met together share it. What is expected of a kind that was
never met is the cue coupling itself: it generalizes. `novel` says whether the first meetings of new kinds went beyond that.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Final

from risk.estimate.lagged import WIDTH_90
from risk.estimate.state import Cue
from risk.terms import Band, CueStrength

KINDS: Final = 16
"""Kinds remembered; a new one beyond them takes the place of the one met longest ago."""
KAPPA: Final = 5.0
"""Meetings that the person's other reminders count for."""
MEMORY: Final = 60
"""Meetings over which a surprise is averaged."""
NEW_DAYS: Final = 28


def learn(before: Mapping[str, Cue], kinds: Sequence[str], day: int, surprise: float | None) -> dict[str, Cue]:
    """What is known of each kind after these were met on `day`. `surprise` in latent units; None where nothing was learned there.

    >>> learn({}, ("place",), 20000, 0.5)
    {'place': Cue(first=20000, last=20000, times=1, mean=0.5)}
    """
    after = dict(before)
    for kind in kinds:
        known = before.get(kind)
        if known is None:
            if len(after) >= KINDS:
                del after[min(after, key=lambda one: (after[one].last, one))]
            known = Cue(day, day, 0, 0.0)
        if surprise is None:
            after[kind] = Cue(known.first, day, known.times, known.mean)
        else:
            times = known.times + 1
            step = (surprise - known.mean) / (min(times, MEMORY) * len(kinds))
            after[kind] = Cue(known.first, day, times, round(known.mean + step, 3))
    return after


def novel(before: tuple[int, float], known: Mapping[str, Cue], kinds: Sequence[str], surprise: float | None) -> tuple[int, float]:
    """Number of first meetings and their mean surprise: above 0, new kinds pull more than what the person's reminders do in general.

    >>> novel((1, 0.2), {"place": Cue(1, 1, 1, 0.2)}, ("place", "money"), 0.8)
    (2, 0.5)
    """
    if surprise is None or all(kind in known for kind in kinds):
        return before
    count = before[0] + 1
    return count, round(before[1] + (surprise - before[1]) / min(count, MEMORY), 3)


def strengths(known: Mapping[str, Cue], variance: float) -> dict[str, CueStrength]:
    """Each kind with what it adds, shrunken towards the person's other reminders; `variance` is that of a surprise."""
    return {kind: CueStrength(one.first, one.last, one.times, beyond(one.mean, one.times, variance)) for kind, one in known.items()}


def beyond(mean: float, times: int, variance: float) -> Band:
    """A mean surprise over so many meetings, shrunken, with its 90% interval.

    >>> beyond(0.6, 5, 0.0)
    Band(value=0.3, low=0.3, high=0.3)
    """
    weight = min(times, MEMORY) + KAPPA
    middle = mean * (weight - KAPPA) / weight
    width = WIDTH_90 * sqrt(variance / weight)
    return Band(middle, middle - width, middle + width)


def new_kinds(known: Mapping[str, Cue], day: int) -> int:
    """Kinds met for the first time in the last 28 days."""
    return sum([day - one.first < NEW_DAYS for one in known.values()]) if known else 0
