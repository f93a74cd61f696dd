"""The chance of using on a day."""

import math
from typing import Final

from api.rehearsal.people.terms import Person, Preset, World

RECOVERY_BASE: Final = -6.8
"""The table's -6.75, calibrated again with the craving and executive terms between its two targets, which no value meets together:
a lower one meets 38% of people within 278 days, a higher one 1.74% of days (anchor: study_risk2, 36% and 1.8%)."""

SPREAD: Final = 1.8
"""SD of the personal term u (assumption, with the base: it gives the share that ever lapses)."""

_BY_ABSTINENCE: Final = (
    (1, 0.66),
    (2, 0.19),
    (3, 0.14),
    (5, 0.10),
    (7, 0.14),
    (14, 0.059),
    (21, 0.031),
    (30, 0.027),
    (45, 0.018),
    (60, 0.012),
    (90, 0.008),
)
"""Up to this many days since the last use -> chance of use today (anchor: CTN-0094, risk-model.md 1.3; its bump at 7 is kept)."""
_BEYOND: Final = 0.005

ACTIVE_BASE: Final = -0.52
"""Calibrated: the table is pooled over people, whose differences come on top here; near 12% of days (anchor: CTN-0094)."""
ACTIVE_SHARE: Final = 0.4
"""How much of the personal term counts in the preset active use, where the hazard table already holds most of what tells people apart."""


def use_chance(person: Person, *, abstinent_days: float, craving_sd: float, executive_sd: float) -> float:
    """P(use today). `craving_sd` and `executive_sd` are today's levels in the person's own SD, so centered.

    Anchor: odds ratio 1.71 for an SD of craving, exp(0.54) (Perski 2023); 0.3 for executive load is assumed.
    """
    pull = 0.0 if person.world is World.NULL_OUTCOME else 0.54 * craving_sd + 0.3 * executive_sd
    if person.preset is Preset.RECOVERY:
        return logistic(RECOVERY_BASE + person.lapse_logit + 3.0 * math.exp(-abstinent_days / 5.0) + pull)
    share = next((share for days, share in _BY_ABSTINENCE if abstinent_days <= days), _BEYOND)
    return logistic(ACTIVE_BASE + logit(share) + ACTIVE_SHARE * person.lapse_logit + pull)


def logistic(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value))


def logit(share: float) -> float:
    return math.log(share / (1.0 - share))
