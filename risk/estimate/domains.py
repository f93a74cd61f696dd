"""What one observation says of each node, in one pass over its items (risk-model.md 2.3 step 2, 2.4 steps 1 and 2).

Two scales stand side by side. *Own* scores are in the person's own standard deviations. *Exposures* are deviations
from the person's mean in fixed population units, so that a person who avoids cues does not seem desensitized.
"""

from collections.abc import Mapping
from math import exp2, sqrt
from typing import Final, NamedTuple

from models.errors import Fault, Invalid
from risk.estimate.layout import VARIANCE_FLOOR, Layout, Place
from risk.estimate.state import Baseline

CLIP: Final = 3.0
"""No score counts for more than this many deviations: one extreme answer must not move a coupling far."""


class Scores(NamedTuple):
    """Scores of C, R, S, W, E; None where a node was not answered.

    `exposure[0]` is latent craving by its indicators, missing ones integrated out; `noise` is its measurement variance.
    `strength` is a direct answer on [0, 1]; `floored` says that craving was reported at the lowest value that can be said.
    `answered` holds each answered item with its answer and its own score, signals that were measured included. `coverage` is of what
    a person was asked.
    """

    own: list[float | None]
    exposure: list[float | None]
    coverage: list[float]
    noise: float
    strength: float | None
    floored: bool
    answered: list[tuple[Place, float, float]]


def read(items: Mapping[str, Baseline], answers: Mapping[str, float], floor: frozenset[str], layout: Layout, second: int) -> Scores:
    """Scores of the answers given, against baselines as they were before.

    A slow item (weekly, say) goes on counting for one half-life, drawn towards the person's mean by its age.
    Raises Invalid (`answer_outside_scale`) for an indicator outside [0, 1]: the item map turned it wrongly.
    """
    own, exposure, present, squares = [0.0] * 5, [0.0] * 5, [0.0] * 5, [0.0] * 5
    answered: list[tuple[Place, float, float]] = []
    information, best, floored = 0.0, -1.0, False
    strength: float | None = None
    for place in layout.places:
        variable = place.variable
        answer = answers.get(variable)
        if answer is None and not place.slow:
            continue
        known = items.get(variable)
        if answer is None:
            deviation = _carried(place, known, second)
            if deviation is None:
                continue
        elif 0.0 <= answer <= 1.0:
            deviation = answer - (place.mean if known is None else known.mean)
        else:
            raise Invalid("answer_outside_scale", "An indicator lies on [0, 1].", (_fault(place),))
        met = deviation / place.unit
        score = met if known is None else deviation / sqrt(known.variance + VARIANCE_FLOOR)
        if not -CLIP <= met <= CLIP:
            met = _clip(met)
        if not -CLIP <= score <= CLIP:
            score = _clip(score)
        node, weight = place.node, place.weight
        present[node] += weight
        if node:
            own[node] += weight * score
            exposure[node] += weight * met
            squares[node] += weight * weight
        else:
            own[0] += place.pull * score
            exposure[0] += place.pull * met
            information += place.information
            if place.information > best:
                best, floored = place.information, variable in floor
                strength = answer if place.direct or place is layout.main else None
        if answer is not None:
            answered.append((place, answer, score))
    coverage = [have / total if total else 0.0 for have, total in zip(present, layout.totals, strict=True)]
    if layout.signals:
        answered += _measured(items, answers, layout, own, exposure, present, squares)
    owns: list[float | None] = [None] * 5
    exposures: list[float | None] = [None] * 5
    if information > 0.0:
        owns[0], exposures[0] = _clip(own[0] / sqrt(information * (1.0 + information))), _clip(exposure[0] / information)
    for node in (1, 2, 3, 4):
        if present[node] > 0.0:
            scale = model_deviation(present[node], squares[node], layout.correlations[node])
            score, met = own[node] / scale, exposure[node] / scale
            owns[node], exposures[node] = score if -CLIP <= score <= CLIP else _clip(score), met if -CLIP <= met <= CLIP else _clip(met)
    return Scores(owns, exposures, coverage, 1.0 / information if information else 0.0, strength, floored, answered)


def _measured(
    items: Mapping[str, Baseline],
    answers: Mapping[str, float],
    layout: Layout,
    own: list[float],
    exposure: list[float],
    present: list[float],
    squares: list[float],
) -> list[tuple[Place, float, float]]:
    """Adds the signals that were measured to the sums of their nodes, as items are added, and gives them with their own scores.

    The first of a person has nothing to stand against: it begins a baseline and says nothing.
    """
    heard: list[tuple[Place, float, float]] = []
    for place in layout.signals:
        answer, known, node, weight = answers.get(place.variable), items.get(place.variable), place.node, place.weight
        if answer is None:
            continue
        if not 0.0 <= answer <= 1.0:
            raise Invalid("answer_outside_scale", "An indicator lies on [0, 1].", (_fault(place),))
        if known is None:
            heard.append((place, answer, 0.0))
            continue
        deviation = answer - known.mean
        score = _clip(deviation / sqrt(known.variance + VARIANCE_FLOOR))
        own[node] += weight * score
        exposure[node] += weight * _clip(deviation / place.unit)
        present[node] += weight
        squares[node] += weight * weight
        heard.append((place, answer, score))
    return heard


def model_deviation(weight: float, squares: float, correlation: float) -> float:
    """Standard deviation of a weighted sum of unit scores: sqrt((1 - r) sum a^2 + r (sum a)^2).

    >>> round(model_deviation(6.0, 6.0, 0.4) / 6, 2), model_deviation(1.0, 1.0, 0.4)
    (0.71, 1.0)
    """
    return sqrt((1.0 - correlation) * squares + correlation * weight * weight)


def _carried(place: Place, known: Baseline | None, second: int) -> float | None:
    """What is left of the last deviation of a slow item; None after its half-life. Craving is never carried: silence ages it."""
    if known is None or place.node == 0:
        return None
    fade = exp2(-(second - known.at) / 3600.0 / place.half_life_hours)
    return (known.value - known.mean) * fade if fade >= 0.5 else None


def _clip(score: float) -> float:
    return CLIP if score > CLIP else max(score, -CLIP)


def _fault(place: Place) -> Fault:
    return Fault(f"/answers/{place.variable}", "indicator_on_unit_interval", "An indicator lies on [0, 1].")
