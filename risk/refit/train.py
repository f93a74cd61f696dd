"""Training with everything inside: settings and calibration come from folds of whole people within the training rows."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression

from models.errors import Invalid
from risk.refit.answering import weights
from risk.refit.folds import grouped
from risk.refit.learners import Fitted, Kind, candidates, fit, kind_for
from risk.refit.table import Flags, Floats, Table, Whole

INNER: Final = 3
OUTER: Final = 5
SEED: Final = 20260101


@dataclass(frozen=True, slots=True)
class Platt:
    """Calibrated logit = slope × score + intercept."""

    slope: float
    intercept: float

    def probability(self, scores: Floats) -> Floats:
        return np.asarray(1.0 / (1.0 + np.exp(-(self.slope * scores + self.intercept))))


@dataclass(frozen=True, slots=True)
class Trained:
    """A calibrated model. `out_of_fold` are calibrated probabilities of the rows it was trained from, each by a model that never saw the
    person."""

    kind: Kind
    setting: float
    fitted: Fitted
    platt: Platt
    out_of_fold: Floats

    def probability(self, x: Floats) -> Floats:
        return self.platt.probability(self.fitted.logit(x))


def train(table: Table, *, folds: int = INNER, seed: int = SEED, kind: Kind | None = None) -> Trained:
    """Learns from a table. No class is resampled: that breaks calibration.

    Raises Invalid (`too_few_people`, `one_outcome`) where there is nothing to learn from.
    """
    if len(np.unique(table.y[table.train])) < 2:
        raise Invalid("one_outcome", "Training needs answered windows with and without use.")
    kind = kind or kind_for(table)
    weight = weights(table, seed=seed)
    scores: dict[float, Floats] = {}
    for inside, outside in grouped(table.person, table.y, folds=folds, seed=seed):
        mine = inside[table.train[inside]]
        if len(np.unique(table.y[mine])) < 2:
            raise Invalid("one_outcome", "A fold of the training people has windows with and without use no more: they are too few.")
        for setting, found in candidates(kind, table.rows(mine), weight[mine], table.x[outside]):
            scores.setdefault(setting, np.zeros(len(table.y)))[outside] = found
    known = table.answered
    setting = min(scores, key=lambda one: _loss(scores[one][known], table.y[known], weight[known]))
    platt = calibrate(scores[setting][known], table.y[known], weight[known])
    fitted = fit(kind, table.rows(table.train), weight[table.train], setting)
    return Trained(kind, setting, fitted, platt, platt.probability(scores[setting]))


def calibrate(scores: Floats, y: Floats, weight: Floats) -> Platt:
    """Platt's two numbers, without a penalty; on answered rows that the fence kept out of training too."""
    model = LogisticRegression(C=np.inf, max_iter=1000).fit(scores[:, None], y, sample_weight=weight)
    return Platt(float(model.coef_[0, 0]), float(model.intercept_[0]))


def _loss(scores: Floats, y: Floats, weight: Floats) -> float:
    return float(np.average(np.logaddexp(0.0, scores) - y * scores, weights=weight))


@dataclass(frozen=True, slots=True)
class Nested:
    """What the outer folds gave: a calibrated probability of each row by a model that never saw the person, the fold of each row, and what
    the folds trained. `tested` is False where a row was in no test."""

    probability: Floats
    fold: Whole
    tested: Flags
    trained: tuple[Trained, ...]
    splits: tuple[tuple[Whole, Whole], ...]


def nested(table: Table, *, outer: int = OUTER, inner: int = INNER, seed: int = SEED, kind: Kind | None = None) -> Nested:
    """Person-grouped nested cross-validation."""
    return over(table, grouped(table.person, table.y, folds=outer, seed=seed), inner=inner, seed=seed, kind=kind or kind_for(table))


def over(table: Table, splits: list[tuple[Whole, Whole]], *, inner: int = INNER, seed: int = SEED, kind: Kind | None = None) -> Nested:
    """The same over any splits of whole people."""
    probability, fold = np.full(len(table.y), np.nan), np.full(len(table.y), -1, dtype=np.int64)
    trained = []
    for number, (inside, outside) in enumerate(splits):
        if np.intersect1d(table.person[inside], table.person[outside]).size:
            raise Invalid("people_on_both_sides", "A person stands in training and in test.")
        trained.append(train(table.rows(inside), folds=inner, seed=seed, kind=kind))
        probability[outside] = trained[-1].probability(table.x[outside])
        fold[outside] = number
    return Nested(probability, fold, fold >= 0, tuple(trained), tuple(splits))
