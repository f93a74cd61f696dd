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

    `people` are those with a line at least.
    """

    met: tuple[int, ...]
    mean: Floats
    between: Floats
    squares: Floats
    noise: float
    people: int


def reml(people: Sequence[Rows], together: Sequence[int] = ()) -> Mixed | None:
    """What people have in common and how they differ; None where nobody has a line.

    Coefficients in `together` vary together, the others each on its own. What nobody met is left out.
    """
    some = [(np.array([x for x, _ in one]), np.array([y for _, y in one])) for one in people if one]
    if not some:
        return None
    squares = np.mean(np.concatenate([x for x, _ in some]) ** 2, axis=0)
    met = np.nonzero(squares > NEVER_MET)[0]
    gram = np.array([x[:, met].T @ x[:, met] for x, _ in some])
    cross = np.array([x[:, met].T @ y for x, y in some])
    inside = np.isin(met, together)
    shape = np.outer(inside, inside) | np.eye(len(met), dtype=bool)
    square, number = sum(float(y @ y) for _, y in some), sum(len(y) for _, y in some)
    mean, between, noise = _maximized(gram, cross, square, number, shape)
    return Mixed(tuple(met.tolist()), mean, between, squares[met], noise, len(some))


def floored(matrix: Floats, least: float) -> Floats:
    """The symmetric matrix with every eigenvalue below `least` raised to it."""
    values, vectors = np.linalg.eigh(matrix)
    return matrix if values[0] >= least else np.asarray((vectors * np.maximum(values, least)) @ vectors.T)


def _maximized(gram: Floats, cross: Floats, square: float, number: int, shape: Flags) -> tuple[Floats, Floats, float]:
    people, size = cross.shape
    mean, between, noise = np.zeros(size), 0.1 * np.eye(size), square / number
    for _ in range(ROUNDS):
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
        missed = square - 2.0 * float((theirs * cross).sum()) + float(np.einsum("ni,nij,nj->", theirs, gram, theirs))
        noise = max(LEAST_NOISE, (missed + float(np.einsum("nij,nji->", gram, within))) / number)
        before, between = between, moved
        if np.abs(between - before).max() < MOVED * np.abs(between).max():
            break
    return np.asarray(mean), between, noise
