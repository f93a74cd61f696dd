"""From what was fitted to the plain document that serving reads."""

from math import inf
from typing import Any

import numpy as np

from risk.population.artefact import SCHEMA, Calibration, LogisticPart, Manifest, PopulationModel, Tree, TreesPart
from risk.population.features import Model
from risk.population.windows import Target
from risk.refit.learners import SPLINED, Boosting, Logistic
from risk.refit.table import Table
from risk.refit.train import INNER, SEED, Trained


def as_document(
    trained: Trained,
    table: Table,
    *,
    model: Model,
    target: Target,
    synthetic: bool,
    thresholds: dict[str, float],
    dataset: str,
    source: str,
    trained_at: str,
    software: str,
) -> PopulationModel:
    """The model that `train` made from `table`."""
    fitted, answered = trained.fitted, table.answered
    positive = answered & (table.y == 1)
    return PopulationModel(
        schema=SCHEMA,
        model=model,
        target=target,
        synthetic=synthetic,
        columns=list(fitted.names),
        learner=_logistic(fitted) if isinstance(fitted, Logistic) else _trees(fitted),
        calibration=Calibration(trained.platt.slope, trained.platt.intercept),
        thresholds=thresholds,
        manifest=Manifest(
            dataset=dataset,
            source=source,
            people=len(np.unique(table.person)),
            windows=len(table.y),
            events=int(positive.sum()),
            lapsing_people=len(np.unique(table.person[positive])),
            unanswered=int((~answered).sum()),
            fenced=int((answered & ~table.train).sum()),
            setting=trained.setting,
            folds=INNER,
            seed=SEED,
            trained_at=trained_at,
            software=software,
        ),
    )


def _logistic(fitted: Logistic) -> LogisticPart:
    return LogisticPart(
        fill=fitted.fill.tolist(),
        holes=list(fitted.holes),
        splined=fitted.names.index(SPLINED),
        mean=fitted.mean.tolist(),
        scale=fitted.scale.tolist(),
        weights=fitted.weights.tolist(),
        intercept=fitted.intercept,
    )


def _trees(fitted: Boosting) -> TreesPart:
    """scikit-learn keeps its trees in arrays of nodes without a public name; a parity test says when that changes."""
    base = float(np.asarray(fitted.model._baseline_prediction).ravel()[0])
    return TreesPart(base, [_tree(one[0].nodes, fitted.kept) for one in fitted.model._predictors[: fitted.rounds]])


def _tree(nodes: Any, kept: tuple[int, ...]) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    largest = float(np.finfo(np.float64).max)
    return Tree(
        column=[0 if ends else kept[place] for place, ends in zip(nodes["feature_idx"].tolist(), leaf, strict=True)],
        threshold=[
            0.0 if ends else min(one, largest) if one != inf else largest
            for one, ends in zip(nodes["num_threshold"].tolist(), leaf, strict=True)
        ],
        missing_left=nodes["missing_go_to_left"].astype(bool).tolist(),
        left=[0 if ends else one for one, ends in zip(nodes["left"].tolist(), leaf, strict=True)],
        right=[0 if ends else one for one, ends in zip(nodes["right"].tolist(), leaf, strict=True)],
        value=[one if ends else 0.0 for one, ends in zip(nodes["value"].tolist(), leaf, strict=True)],
    )
