"""Regressions whose coefficients differ between people: their mean and covariance by restricted maximum likelihood (risk-model.md 2.4, 5).

y_i = X_i b_i + e, b_i ~ N(m, T), e ~ N(0, s²), by EM with m integrated out (Laird and Ware 1982), so that the spread between people is not
too small where they are few. Where each person's own regression has a solution this is REML of unpenalized estimates with their sampling
covariances; it also takes people whose answers leave a coefficient open, as far as they speak. Nothing is drawn to a common point before
people are compared: the spread of ridge estimates is too small (0.17 for a true 0.25).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from risk.estimate.coupling import censored
from risk.refit.table import Flags, Floats

ROUNDS: Final = 500
MOVED: Final = 1e-5
"""Less than this much of the largest deviation in a round ends it."""
NEVER_MET: Final = 1e-9
FLOOR: Final = 0.02
"""Least standard deviation between people in any direction: eigenvalues are floored, never clipped at 0, since the inverse is needed."""

LEAST_NOISE: Final = 1e-6
"""Least residual variance: people who always say the same must not count without bound."""

Rows = Sequence[tuple[Sequence[float], float]]
"""One person's lines: regressors and what they are to explain."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """`mean`, `between` (covariance) and `squares` (mean square of exposure) of the regressors in `met`, and the residual variance `noise`.

    `people` are those with a line at least, `own` their coefficients, a row each: their lines drawn to the mean by the spread (BLUP).
    """

    met: tuple[int, ...]
    mean: Floats
    between: Floats
    squares: Floats
    noise: float
    people: int
    own: Floats


def reml(people: Sequence[Rows], together: Sequence[int] = (), floors: Sequence[Sequence[bool]] = ()) -> Mixed | None:
    """What people have in common and how they differ; None where nobody has a line.

    Coefficients in `together` vary together, the others each on its own. What nobody met is left out. `floors` says of each person which
    of their lines explain a floor: what is as high as that or lower. They count as in a Tobit regression, each by its likelihood's second
    order about what is expected of that person (PQL: Breslow and Clayton 1993).
    """
    some = [(np.array([x for x, _ in one]), np.array([y for _, y in one])) for one in people if one]
    if not some:
        return None
    squares = np.mean(np.concatenate([x for x, _ in some]) ** 2, axis=0)
    met = np.nonzero(squares > NEVER_MET)[0]
    inside = np.isin(met, together)
    shape = np.outer(inside, inside) | np.eye(len(met), dtype=bool)
    low = [np.array(low, dtype=bool) for low, one in zip(floors, people, strict=True) if one] if floors else []
    lines = _Lines([x[:, met] for x, _ in some], [y for _, y in some], low or [np.zeros(len(y), dtype=bool) for _, y in some])
    mean, between, noise, own = _maximized(lines, shape)
    return Mixed(tuple(met.tolist()), mean, between, squares[met], noise, len(some), own)


class _Lines:
    """Everybody's lines, and what they sum to: exactly where nothing is at a floor, else as far as people are known by now."""

    def __init__(self, x: Sequence[Floats], y: Sequence[Floats], low: Sequence[Flags]) -> None:
        self.x, self.y, self.low = x, y, low
        self.gram = np.array([one.T @ one for one in x])
        self.cross = np.array([one.T @ other for one, other in zip(x, y, strict=True)])
        self.square, self.number = sum(float(one @ one) for one in y), sum(len(one) for one in y)
        self.missing = 0.0
        """Of the squares of what is felt at a floor, how much its line, which stands for it, leaves out."""
        self.floors = any(one.any() for one in low)

    def hear(self, theirs: Floats, noise: float) -> None:
        """What floors say of people who are like `theirs`: lines with as much information and the same slope, weighted by their root."""
        self.square, self.missing = 0.0, 0.0
        sd = noise**0.5
        for place, (x, y, low) in enumerate(zip(self.x, self.y, self.low, strict=True)):
            expected = x[low] @ theirs[place]
            known = np.array([censored(one) for one in ((y[low] - expected) / sd).tolist()]).reshape(-1, 4)
            _, information, square, same = known.T
            told, heard = np.ones(len(y)), y.copy()
            told[low], heard[low] = information, expected + sd * same
            self.gram[place] = (x * told[:, None]).T @ x
            self.cross[place] = x.T @ (told * heard)
            self.square += float(told @ (heard * heard))
            self.missing += noise * float((square - information * same * same).sum())


def floored(matrix: Floats, least: float) -> Floats:
    """The symmetric matrix with every eigenvalue below `least` raised to it."""
    values, vectors = np.linalg.eigh(matrix)
    return matrix if values[0] >= least else np.asarray((vectors * np.maximum(values, least)) @ vectors.T)


def _maximized(lines: _Lines, shape: Flags) -> tuple[Floats, Floats, float, Floats]:
    people, size = lines.cross.shape
    theirs, mean, between, noise = lines.cross, np.zeros(size), 0.1 * np.eye(size), lines.square / lines.number
    for _ in range(ROUNDS):
        gram, cross = lines.gram, lines.cross
        apart = np.linalg.inv(between)
        own = np.linalg.inv(gram / noise + apart)
        pulled = own @ apart
        doubt = np.linalg.inv((apart - apart @ pulled).sum(axis=0))
        mean = doubt @ (apart @ np.einsum("nij,nj->i", own, cross / noise))
        theirs = np.einsum("nij,nj->ni", own, cross / noise) + pulled @ mean
        off, left = theirs - mean, pulled - np.eye(size)
        within = own + pulled @ doubt @ pulled.transpose(0, 2, 1)
        moved = (off.T @ off + (own + left @ doubt @ left.transpose(0, 2, 1)).sum(axis=0)) / people
        moved = floored(np.where(shape, 0.5 * (moved + moved.T), 0.0), FLOOR * FLOOR)
        missed = lines.square - 2.0 * float((theirs * cross).sum()) + float(np.einsum("ni,nij,nj->", theirs, gram, theirs))
        noise = max(LEAST_NOISE, (missed + lines.missing + float(np.einsum("nij,nji->", gram, within))) / lines.number)
        before, between = between, moved
        if lines.floors:
            lines.hear(theirs, noise)
        if np.abs(between - before).max() < MOVED * np.abs(between).max():
            break
    return np.asarray(mean), between, noise, theirs
