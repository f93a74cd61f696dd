"""A population model's number for one person at one moment, in plain Python. Pure.

The same arithmetic as in training: trees give the same bits as scikit-learn, the logistic regression the same number to 1e-12.
"""

from collections.abc import Mapping
from math import exp, isnan

from risk.population.artefact import LogisticPart, PopulationModel, Tree, TreesPart
from risk.population.features import Sources, columns, features_at, spline
from risk.population.history import History


def probability(model: PopulationModel, values: Mapping[str, float]) -> float:
    """The calibrated probability of use within the model's horizon. A column that is not there is missing (NaN)."""
    row = [values.get(name, float("nan")) for name in model.columns]
    score = _logistic(model.learner, row) if isinstance(model.learner, LogisticPart) else _trees(model.learner, row)
    return _expit(model.calibration.slope * score + model.calibration.intercept)


def probability_at(model: PopulationModel, history: History, moment: float, sources: Sources) -> float:
    """The same from a history, by what was known at the moment."""
    names = (one.name for one in columns(sources))
    return probability(model, dict(zip(names, features_at(history, moment, sources), strict=True)))


def _expit(logit: float) -> float:
    """Stable on both sides. Raises ValueError for what is no number: nothing is said where nothing is known, and never 0.

    >>> _expit(0.0), _expit(-1000.0), _expit(1000.0)
    (0.5, 0.0, 1.0)
    """
    if isnan(logit):
        raise ValueError("The score of the model is no number.")
    if logit >= 0.0:
        return 1.0 / (1.0 + exp(-logit))
    small = exp(max(logit, -745.0)) if logit > -745.0 else 0.0
    return small / (1.0 + small)


def _logistic(part: LogisticPart, row: list[float]) -> float:
    filled = [fill if isnan(value) else value for value, fill in zip(row, part.fill, strict=True)]
    design = [*filled, *(float(isnan(row[hole])) for hole in part.holes), *spline(filled[part.splined])]
    shares = (w * (x - m) / s for w, x, m, s in zip(part.weights, design, part.mean, part.scale, strict=True))
    return sum(shares) + part.intercept


def _trees(part: TreesPart, row: list[float]) -> float:
    score = part.base
    for tree in part.trees:
        score += _leaf(tree, row)
    return score


def _leaf(tree: Tree, row: list[float]) -> float:
    node = 0
    while tree.left[node]:
        value = row[tree.column[node]]
        left = tree.missing_left[node] if isnan(value) else value <= tree.threshold[node]
        node = tree.left[node] if left else tree.right[node]
    return tree.value[node]
