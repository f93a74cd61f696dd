"""How good probabilities are. Every measure takes weights, so that people can be drawn again (bootstrap) and censoring be weighed.

An outcome between 0 and 1 counts as so much use. A measure is NaN where there is nothing to measure.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from risk.refit.table import Floats, Whole

BINS: Final = 10
DECISION_THRESHOLDS: Final = tuple(one / 100.0 for one in range(1, 31))


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows sorted once by falling probability, for many weightings. Ties are one step."""

    y: Floats
    order: Whole
    steps: Whole

    def auroc(self, weight: Floats) -> float:
        """P(a window with use ranks above one without), ties half."""
        hits, misses = self._by_step(weight)
        total = hits.sum() * misses.sum()
        above = np.cumsum(hits) - hits / 2.0
        return float((misses * above).sum() / total) if total > 0 else float("nan")

    def auprc(self, weight: Floats) -> float:
        """Average precision; its floor is the base rate."""
        hits, misses = self._by_step(weight)
        if hits.sum() <= 0:
            return float("nan")
        found, raised = np.cumsum(hits), np.cumsum(hits + misses)
        precision = np.divide(found, raised, out=np.zeros_like(found), where=raised > 0)
        return float((precision * hits).sum() / hits.sum())

    def _by_step(self, weight: Floats) -> tuple[Floats, Floats]:
        ordered, y = weight[self.order], self.y[self.order]
        return np.add.reduceat(ordered * y, self.steps), np.add.reduceat(ordered * (1.0 - y), self.steps)


def ranking(y: Floats, p: Floats) -> Ranking:
    order = np.argsort(-p, kind="stable")
    fell = np.nonzero(np.diff(p[order]))[0] + 1
    return Ranking(y, order.astype(np.int64), np.concatenate([[0], fell]).astype(np.int64))


def auroc(y: Floats, p: Floats) -> float:
    """Without weights. NaN where there is no row, or one outcome alone."""
    return ranking(y, p).auroc(np.ones(len(y))) if len(y) else float("nan")


def squares(y: Floats, p: Floats) -> Floats:
    """The Brier score of each row: (p - 1)² where use came and p² where not."""
    return y * (1.0 - p) ** 2 + (1.0 - y) * p**2


def skill(sums: Floats) -> Floats:
    """1 - Brier / Brier of the base rate, from sums of (squares, outcome, 1): 0 is no better than always saying the base rate."""
    whole = np.maximum(sums[:, 2], 1e-12)
    base = sums[:, 1] / whole
    chance = base * (1.0 - base)
    return 1.0 - np.divide(sums[:, 0] / whole, chance, out=np.full_like(base, np.nan), where=chance > 0)


def calibration(y: Floats, logit: Floats, weight: Floats) -> tuple[float, float]:
    """Intercept with slope 1 (calibration in the large; 0 is right), and slope (1 is right), by Newton's steps."""
    if not 0.0 < float((weight * y).sum()) < float(weight.sum()):
        return float("nan"), float("nan")
    alone, both = np.ones((len(y), 1)), np.column_stack([np.ones(len(y)), logit])
    return float(_solved(alone, np.zeros(1), logit, y, weight)[0]), float(_solved(both, np.array([0.0, 1.0]), 0.0 * logit, y, weight)[1])


def logits(p: Floats) -> Floats:
    inside = np.clip(p, 1e-9, 1.0 - 1e-9)
    return np.asarray(np.log(inside / (1.0 - inside)))


def _solved(design: Floats, beta: Floats, offset: Floats, y: Floats, weight: Floats) -> Floats:
    for _ in range(50):
        fitted = 1.0 / (1.0 + np.exp(-np.clip(offset + design @ beta, -30.0, 30.0)))
        curve = design.T @ (design * (weight * fitted * (1.0 - fitted))[:, None])
        step = np.clip(np.linalg.lstsq(curve, design.T @ (weight * (y - fitted)), rcond=None)[0], -2.0, 2.0)
        beta = beta + step
        if float(np.abs(step).max()) < 1e-10:
            break
    return beta


def calibration_curve(y: Floats, p: Floats) -> list[dict[str, float]]:
    """Tenths of the windows by probability: what was expected and what came."""
    order = np.argsort(p, kind="stable")
    parts = [one for one in np.array_split(order, BINS) if len(one)]
    return [{"expected": float(p[one].mean()), "observed": float(y[one].mean()), "windows": len(one)} for one in parts]


def net_benefit(y: Floats, p: Floats, threshold: float) -> Floats:
    """Of each row: 1 for a true alert, less a false one at the odds of the threshold (Vickers and Elkin 2006); 0 without an alert."""
    return (p >= threshold) * (y - (1.0 - y) * threshold / (1.0 - threshold))


def mean_net_benefit(y: Floats, p: Floats) -> Floats:
    """Of each row, over thresholds of 1 to 30 %: one number, fixed beforehand, to compare models by."""
    return np.asarray(np.mean([net_benefit(y, p, one) for one in DECISION_THRESHOLDS], axis=0))


def decision_curve(y: Floats, p: Floats) -> list[dict[str, float]]:
    """Net benefit for each window of the model, of alerting always, and of never (0), at 1 to 30 %."""
    return [
        {"threshold": one, "model": float(net_benefit(y, p, one).mean()), "always": float(net_benefit(y, np.ones(len(y)), one).mean())}
        for one in DECISION_THRESHOLDS
    ]
