"""Windows that nobody answered: inverse-probability weights for those that were, and bounds for those that were not."""

from dataclasses import replace
from typing import Final

import numpy as np

from risk.refit.folds import grouped
from risk.refit.learners import fit
from risk.refit.table import Floats, Table

HEAVIEST: Final = 10.0
"""No answered window speaks for more than ten."""
DELTAS: Final = (-1.0, 0.0, 1.0, 2.0)
"""Shifts of the logit of use in unanswered windows, against what the model expects there."""


def weights(table: Table, *, seed: int, folds: int = 3) -> Floats:
    """1 / P(answered | features) for answered windows, 0 for the others; P by a logistic regression out of fold."""
    answered = table.answered
    if answered.all():
        return np.ones(len(table.y))
    asked = replace(table, y=answered.astype(float), train=np.ones(len(table.y), dtype=bool))
    chance = np.full(len(table.y), answered.mean())
    for inside, outside in grouped(asked.person, asked.y, folds=folds, seed=seed):
        part = asked.rows(inside)
        if len(np.unique(part.y)) == 2:
            scores = fit("logistic", part, np.ones(len(inside)), 0.1).logit(table.x[outside])
            chance[outside] = 1.0 / (1.0 + np.exp(-scores))
    return np.where(answered, np.minimum(1.0 / np.maximum(chance, 1e-6), HEAVIEST), 0.0)


def assumed(table: Table, probability: Floats) -> dict[str, Floats]:
    """The outcome with each unanswered window filled in by an assumption: all use, none, or expected use shifted on the logit.

    Values between 0 and 1 count as so much use.
    """
    holes = ~table.answered
    odds = np.log(np.clip(probability, 1e-9, 1 - 1e-9) / (1.0 - np.clip(probability, 1e-9, 1 - 1e-9)))
    filled = {"missing = use": 1.0, "missing = no use": 0.0}
    out = {name: np.where(holes, value, table.y) for name, value in filled.items()}
    for delta in DELTAS:
        out[f"expected, shifted by {delta:+g}"] = np.where(holes, 1.0 / (1.0 + np.exp(-(odds + delta))), table.y)
    return out
