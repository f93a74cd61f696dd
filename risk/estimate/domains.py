"""What one observation says of each node, in one pass over its items (risk-model.md 2.3 step 2, 2.4 steps 1 and 2).

Two scales stand side by side. *Own* scores are in the person's own standard deviations. *Exposures* are deviations
from the person's mean in fixed population units, so that a person who avoids cues does not seem desensitized.
"""

from collections.abc import Mapping
from math import exp2, sqrt
from typing import Final, NamedTuple

from models.errors import Fault, Invalid
from risk.estimate.layout import VARIANCE_FLOOR, Asked, Layout, Place
from risk.estimate.state import Baseline

CLIP: Final = 3.0
"""No score counts for more than this many deviations: one extreme answer must not move a coupling far."""
LEAST: Final = -CLIP

Answered = tuple[Place, float, float]
"""An answered item, or a signal that was measured, with its answer and its own score."""


class Scores(NamedTuple):
    """Scores of C, R, S, W, E; None where a node was not answered.

    `exposure[0]` is latent craving by its indicators, missing ones integrated out; `noise` is its measurement variance.
    `strength` is a direct answer on [0, 1]; `floored` says that craving was reported at the lowest value that can be said.
    `answered` holds what was answered or measured, node by node. `coverage` is of what a person was asked.
    """

    own: list[float | None]
    exposure: list[float | None]
    coverage: list[float]
    noise: float
    strength: float | None
    floored: bool
    answered: list[Answered]


def read(items: Mapping[str, Baseline], answers: Mapping[str, float], floor: frozenset[str], layout: Layout, second: int) -> Scores:
    """Scores of the answers given, against baselines as they were before.

    A slow item (weekly, say) goes on counting for one half-life, drawn towards the person's mean by its age.
    Raises Invalid (`answer_outside_scale`) for an indicator outside [0, 1]: the item map turned it wrongly.
    """
    answered: list[Answered] = []
    own, exposure, covered, noise, strength, floored = _craving(items, answers, floor, layout, answered)
    owns, exposures, coverage = [own], [exposure], [covered]
    for asked in layout.others:
        own, exposure, covered = _node(asked, items, answers, second, answered)
        owns.append(own)
        exposures.append(exposure)
        coverage.append(covered)
    return Scores(owns, exposures, coverage, noise, strength, floored, answered)


def _craving(
    items: Mapping[str, Baseline], answers: Mapping[str, float], floor: frozenset[str], layout: Layout, answered: list[Answered]
) -> tuple[float | None, float | None, float, float, float | None, bool]:
    """Own score and exposure of latent craving, coverage, measurement variance, direct answer, and whether it is at the floor.

    What was answered is added to `answered`. Craving is never carried on from an earlier answer: silence ages it.
    """
    own = exposure = present = information = 0.0
    best, floored = -1.0, False
    strength: float | None = None
    for place in layout.craving.items:
        answer = answers.get(place.variable)
        if answer is None:
            continue
        if not 0.0 <= answer <= 1.0:
            raise _outside(place)
        known = items.get(place.variable)
        if known is None:
            met = score = _clip((answer - place.mean) / place.unit)
        else:
            deviation = answer - known.mean
            met, score = _clip(deviation / place.unit), _clip(deviation / sqrt(known.variance + VARIANCE_FLOOR))
        present += place.weight
        own += place.pull * score
        exposure += place.pull * met
        information += place.information
        if place.information > best:
            best, floored = place.information, place.variable in floor
            strength = answer if place.direct or place is layout.main else None
        answered.append((place, answer, score))
    total = layout.craving.total
    covered = present / total if total else 0.0
    if information <= 0.0:
        return None, None, covered, 0.0, strength, floored
    score, met = _clip(own / sqrt(information * (1.0 + information))), _clip(exposure / information)
    return score, met, covered, 1.0 / information, strength, floored


def _node(
    asked: Asked, items: Mapping[str, Baseline], answers: Mapping[str, float], second: int, answered: list[Answered]
) -> tuple[float | None, float | None, float]:
    """Own score, exposure and coverage of a node by its items and its signals; what was answered is added to `answered`."""
    own = exposure = present = squares = 0.0
    for place in asked.items:
        answer = answers.get(place.variable)
        if answer is None:
            if not place.slow:
                continue
            known = items.get(place.variable)
            carried = _carried(place, known, second)
            if known is None or carried is None:
                continue
            deviation = carried
        elif 0.0 <= answer <= 1.0:
            known = items.get(place.variable)
            deviation = answer - (place.mean if known is None else known.mean)
        else:
            raise _outside(place)
        met = deviation / place.unit
        score = met if known is None else deviation / sqrt(known.variance + VARIANCE_FLOOR)
        if met > CLIP or met < LEAST:
            met = _clip(met)
        if score > CLIP or score < LEAST:
            score = _clip(score)
        weight = place.weight
        present += weight
        own += weight * score
        exposure += weight * met
        squares += weight * weight
        if answer is not None:
            answered.append((place, answer, score))
    covered = present / asked.total if asked.total else 0.0
    for place, answer, score, met in _measured(asked, items, answers) if asked.signals else ():
        answered.append((place, answer, score))
        if place.variable in items:
            weight = place.weight
            present += weight
            own += weight * score
            exposure += weight * met
            squares += weight * weight
    if present <= 0.0:
        return None, None, covered
    scale = model_deviation(present, squares, asked.correlation)
    score, met = own / scale, exposure / scale
    return score if LEAST <= score <= CLIP else _clip(score), met if LEAST <= met <= CLIP else _clip(met), covered


def _measured(asked: Asked, items: Mapping[str, Baseline], answers: Mapping[str, float]) -> list[tuple[Place, float, float, float]]:
    """The signals of a node that were measured, each with its own score and its exposure, to be added as items are.

    The first of a person has nothing to stand against: it begins a baseline and says nothing.
    """
    heard: list[tuple[Place, float, float, float]] = []
    for place in asked.signals:
        answer, known = answers.get(place.variable), items.get(place.variable)
        if answer is None:
            continue
        if not 0.0 <= answer <= 1.0:
            raise _outside(place)
        if known is None:
            heard.append((place, answer, 0.0, 0.0))
            continue
        deviation = answer - known.mean
        heard.append((place, answer, _clip(deviation / sqrt(known.variance + VARIANCE_FLOOR)), _clip(deviation / place.unit)))
    return heard


def model_deviation(weight: float, squares: float, correlation: float) -> float:
    """Standard deviation of a weighted sum of unit scores: sqrt((1 - r) sum a^2 + r (sum a)^2).

    >>> round(model_deviation(6.0, 6.0, 0.4) / 6, 2), model_deviation(1.0, 1.0, 0.4)
    (0.71, 1.0)
    """
    return sqrt((1.0 - correlation) * squares + correlation * weight * weight)


def _carried(place: Place, known: Baseline | None, second: int) -> float | None:
    """What is left of the last deviation of a slow item; None after its half-life."""
    if known is None:
        return None
    fade = exp2(-(second - known.at) / 3600.0 / place.half_life_hours)
    return (known.value - known.mean) * fade if fade >= 0.5 else None


def _clip(score: float) -> float:
    return CLIP if score > CLIP else LEAST if score < LEAST else score  # noqa: FURB136


def _outside(place: Place) -> Invalid:
    fault = Fault(f"/answers/{place.variable}", "indicator_on_unit_interval", "An indicator lies on [0, 1].")
    return Invalid("answer_outside_scale", "An indicator lies on [0, 1].", (fault,))
