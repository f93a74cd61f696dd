"""Who a person is: everything that stays the same for the whole study. Shares and sizes are risk-model.md section 4's."""

import math
from typing import Final

from api.rehearsal.people.chance import bell, bells, chosen, fraction, numbers
from api.rehearsal.people.hazard import SPREAD
from api.rehearsal.people.terms import Couplings, CravingClass, Preset, Style, StyleKind, Wake, World

ZONES: Final = (
    ("America/New_York", 50.0),
    ("America/Chicago", 15.0),
    ("America/Los_Angeles", 15.0),
    ("Europe/London", 12.0),
    ("Australia/Sydney", 8.0),
)
"""Home zones and their shares (assumption): north and south of the equator, so that spring and autumn changes fall in one run."""

CLASSES: Final = (
    (CravingClass.LOW, 73.0),
    (CravingClass.HIGH_UP, 11.0),
    (CravingClass.UP_DOWN, 8.5),
    (CravingClass.FAST_DOWN, 7.5),
)
"""Anchor: Burgess-Hull 2022."""

_STYLES: Final = ((StyleKind.WHOLE, 60.0), (StyleKind.MIDPOINT, 15.0), (StyleKind.ENDS, 10.0), (StyleKind.FIVES, 15.0))
_SKIPS: Final = 0.03
ANSWER_SPREAD: Final = 1.4
"""SD of the personal term of answering, on the logit: the SD of personal shares is then 0.18–0.25 (anchor: adherence file, [D])."""


def couplings(key: bytes, *, female: bool, world: World = World.USUAL) -> Couplings:
    """Normal over people, cut where a sign would be absurd for the lag only. All but the lag are 0 in the world without them."""
    lag, cue, stress, executive, both = bells(key, 5, "couplings")
    if world is World.NULL_COUPLING:
        return Couplings(min(0.7, max(0.05, 0.35 + 0.12 * lag)), 0.0, 0.0, 0.0, 0.0, 0.0, cue_leads=True)
    leads, incubates = numbers(key, 2, "kind of person")
    return Couplings(
        lag=min(0.7, max(0.05, 0.35 + 0.12 * lag)),
        cue=0.45 + 0.25 * cue,
        stress=0.30 + 0.12 * female + 0.20 * stress,
        executive=0.15 + 0.10 * executive,
        cue_stress=0.10 + 0.08 * both,
        incubation=0.6 if incubates < 0.5 else 0.0,
        cue_leads=leads < 0.73,
    )


def style(key: bytes) -> Style:
    """How the person uses a scale (assumption)."""
    kind, straight, pace = numbers(key, 3, "style")
    lines = 0.04 if straight < 0.25 else 0.002
    return Style(chosen(kind, _STYLES), 0.03 * bell(key, "shift"), lines, _SKIPS, 2.0 + 3.0 * pace)


def wake(key: bytes) -> Wake:
    """Wake windows of 14 to 17 hours, later on weekends, on whole quarters of an hour."""
    start, length, later = numbers(key, 3, "wake")
    rises, hours = 6 * 4 + int(start * 13), 14 * 4 + int(length * 13)
    lies_in = int(later * 9)
    return Wake((_wall(rises), _wall(rises + hours)), (_wall(rises + lies_in), _wall(rises + lies_in + hours)))


def _wall(quarters: int) -> str:
    return f"{quarters // 4 % 24:02d}:{quarters % 4 * 15:02d}"


def cue_rate(key: bytes) -> float:
    """Beta(2, 6): the second smallest of seven uniform draws."""
    return sorted(numbers(key, 7, "cue rate"))[1]


def craving_level(key: bytes) -> float:
    """Before the class adds to it; with the classes it gives ICC 0.21–0.32 (anchor: openESM)."""
    return 0.06 + 0.07 * bell(key, "craving level")


def stress_level(key: bytes) -> float:
    """Mean 48 of 100 in waking hours, which the daily term lifts a little; the SD over people gives ICC 0.30 (anchor: openESM)."""
    return 0.455 + 0.16 * bell(key, "stress level")


def body(key: bytes, preset: Preset) -> tuple[float, float]:
    """Usual withdrawal and pain, 0–1 (assumption)."""
    sick, hurt = bells(key, 2, "body")
    return (0.28 if preset is Preset.ACTIVE_USE else 0.08) + 0.08 * sick, max(0.0, 0.18 + 0.15 * hurt)


def abstinent_days(key: bytes, preset: Preset) -> float:
    """At entry: median 60 days in recovery, 2 in active use, with a long tail (assumption)."""
    median, spread = (2.0, 0.8) if preset is Preset.ACTIVE_USE else (60.0, 1.0)
    return median * math.exp(spread * bell(key, "abstinent"))


def lapse_logit(key: bytes) -> float:
    """u ~ N(0, 1.8²)."""
    return SPREAD * bell(key, "lapse")


def answer_logit(key: bytes) -> float:
    return ANSWER_SPREAD * bell(key, "answers")


def language(key: bytes) -> str:
    """Mostly English, some Spanish (assumption); a driver falls back on the protocol's own where it has no such texts."""
    return "es" if fraction(key, "language") < 0.12 else "en"
