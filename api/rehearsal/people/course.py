"""Craving over weeks: what a class adds to a person's level."""

import math
from typing import Final

from api.rehearsal.people.terms import CravingClass, Person

SPREAD: Final = 0.15
"""Craving on an answer's 0–1 for one unit of the table's row, whose SD within a person is about 1.14 (anchor: SD 16.5 of 100, SHINE
drinkers)."""

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


def level(person: Person, day: float) -> float:
    """Mean craving on 0–1 on day `day`, before anything of the day itself."""
    return person.craving_level + offset(person.craving_class, day)
