"""Craving over weeks: what a class adds to a person's level, and what abstinence adds to the pull of cues."""

import math
from typing import Final

from api.rehearsal.people.terms import CravingClass, Person

SPREAD: Final = 0.17
"""One standard deviation of craving within a person on an answer's 0–1 (anchor: SD 16.5 of 100, SHINE drinkers)."""

_SEASON: Final = 112.0
"""Days over which the classes were seen: 16 weeks (Burgess-Hull 2022)."""


def offset(kind: CravingClass, day: float) -> float:
    """What the class adds to the level on day `day` of the person's study; sizes assumed, shapes from Burgess-Hull 2022."""
    along = min(1.0, max(0.0, day / _SEASON))
    match kind:
        case CravingClass.LOW:
            return 0.0
        case CravingClass.HIGH_UP:
            return 0.15 + 0.10 * along
        case CravingClass.UP_DOWN:
            return 0.05 + 0.22 * math.sin(math.pi * along)
        case CravingClass.FAST_DOWN:
            return 0.30 * math.exp(-day / 21.0)


def incubation(abstinent_days: float) -> float:
    """i(a) on 0–1: cue-induced craving grows between day 7 and day 35 of abstinence (anchor: Biol Psychiatry 2011; linear: assumed).

    It moves the pull of cues only, never the baseline risk (risk-model.md section 0, row 6).

    >>> incubation(7), incubation(21), incubation(60)
    (0.0, 0.5, 1.0)
    """
    return min(1.0, max(0.0, (abstinent_days - 7.0) / 28.0))


def level(person: Person, day: float) -> float:
    """Mean craving on 0–1 on day `day`, before anything of the day itself."""
    return person.craving_level + offset(person.craving_class, day)
