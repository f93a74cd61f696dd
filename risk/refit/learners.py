"""The two learners: an L2 logistic regression with a spline where data are few, monotone boosted trees where they are many."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from risk.population.features import KNOTS
from risk.refit.table import Floats, Table

Kind = Literal["logistic", "boosting"]
LEAST_POSITIVE_DAYS: Final = 500
LEAST_LAPSING_PEOPLE: Final = 100
"""Below either, the logistic regression (risk-model.md 2.3)."""
SPLINED: Final = "use:days_log"
STRENGTHS: Final = (0.01, 0.1, 1.0)
"""Inverse L2 penalties that inner folds choose from."""
ROUNDS: Final = (50, 100, 150, 200)
"""Numbers of trees that inner folds choose from; the largest is fitted and cut."""
CUTS: Final = 255
CUTS_WEIGHED: Final = 63
"""Places at which a tree may cut a column. Where windows are weighed each costs a sort of the column; a leaf has 200 windows at least."""


def kind_for(table: Table) -> Kind:
    """Which learner the training rows are enough for."""
    positive = table.train & (table.y == 1)
    enough = positive.sum() >= LEAST_POSITIVE_DAYS and len(np.unique(table.person[positive])) >= LEAST_LAPSING_PEOPLE
    return "boosting" if enough else "logistic"


@dataclass(frozen=True, slots=True)
class Logistic:
    """What was learned of each column and of the bends of the spline, on standardized scales. A missing value becomes `fill`."""

    names: tuple[str, ...]
    fill: Floats
    holes: tuple[int, ...]
    mean: Floats
    scale: Floats
    weights: Floats
    intercept: float

    def logit(self, x: Floats) -> Floats:
        design = (_design(x, self.names, self.fill, self.holes) - self.mean) / self.scale
        return np.asarray(design @ self.weights + self.intercept)


@dataclass(frozen=True, slots=True)
class Boosting:
    """Fitted trees over the columns in `kept`: those with at least two values in training."""

    names: tuple[str, ...]
    kept: tuple[int, ...]
    model: Any
    rounds: int

    def logit(self, x: Floats) -> Floats:
        return self.staged(x, (self.rounds,))[0]

    def staged(self, x: Floats, rounds: Sequence[int]) -> list[Floats]:
        """Scores after so many trees each."""
        inside, found = np.ascontiguousarray(x[:, self.kept]), {}
        with threadpool_limits(limits=1):
            if tuple(rounds) == (self.model.n_iter_,):
                return [np.asarray(self.model.decision_function(inside))]
            for number, scores in enumerate(self.model.staged_decision_function(inside), start=1):
                if number in rounds:
                    found[number] = np.asarray(scores).ravel().copy()
        return [found[number] for number in rounds]


Fitted = Logistic | Boosting


def fit(kind: Kind, table: Table, weight: Floats, setting: float) -> Fitted:
    """`setting` is the inverse penalty of the logistic regression, or the number of trees."""
    with threadpool_limits(limits=1):  # threads that wait for a shared core spin: one is several times faster
        return _logistic(table, weight, setting) if kind == "logistic" else _boosting(table, weight, int(setting))


def candidates(kind: Kind, train: Table, weight: Floats, x: Floats) -> list[tuple[float, Floats]]:
    """Scores of the rows `x` under each setting, learned on `train`."""
    if kind == "logistic":
        return [(strength, fit(kind, train, weight, strength).logit(x)) for strength in STRENGTHS]
    model = fit(kind, train, weight, max(ROUNDS))
    assert isinstance(model, Boosting)
    return [(float(rounds), scores) for rounds, scores in zip(ROUNDS, model.staged(x, ROUNDS), strict=True)]


def _boosting(table: Table, weight: Floats, rounds: int) -> Boosting:
    kept = tuple(place for place in range(table.x.shape[1]) if _varies(table.x[:, place]))
    # With weights the library sorts a column anew for each of its cuts, which is most of the time: weights of 1 are not handed on.
    weighed = bool((weight != 1.0).any())
    model = HistGradientBoostingClassifier(
        max_bins=CUTS_WEIGHED if weighed else CUTS,
        learning_rate=0.05,
        max_iter=rounds,
        max_depth=3,
        min_samples_leaf=200,
        early_stopping=False,
        monotonic_cst=[table.rising[place] for place in kept],
        random_state=0,
    )
    model.fit(np.ascontiguousarray(table.x[:, kept]), table.y, sample_weight=weight if weighed else None)
    return Boosting(table.names, kept, model, rounds)


def _varies(column: Floats) -> bool:
    said = column[~np.isnan(column)]
    return len(said) > 0 and bool(said.min() < said.max())


def _logistic(table: Table, weight: Floats, strength: float) -> Logistic:
    holes = tuple(place for place in range(table.x.shape[1]) if np.isnan(table.x[:, place]).any())
    fill = np.array([_median(table.x[:, place]) for place in range(table.x.shape[1])])
    design = _design(table.x, table.names, fill, holes)
    mean, scale = design.mean(axis=0), design.std(axis=0)
    scale[scale < 1e-9] = 1.0
    model = LogisticRegression(C=strength, solver="newton-cholesky")
    model.fit((design - mean) / scale, table.y, sample_weight=weight)
    return Logistic(table.names, fill, holes, mean, scale, model.coef_[0], float(model.intercept_[0]))


def _median(column: Floats) -> float:
    said = column[~np.isnan(column)]
    return float(np.median(said)) if len(said) else 0.0


def _design(x: Floats, names: Sequence[str], fill: Floats, holes: Sequence[int]) -> Floats:
    """Columns with holes filled, then a flag for each column with holes, then the bends of the spline."""
    filled = np.where(np.isnan(x), fill, x)
    flags = np.isnan(x[:, holes]).astype(float)
    bends = np.maximum(0.0, filled[:, [names.index(SPLINED)]] - np.array(KNOTS))
    return np.hstack([filled, flags, bends])
