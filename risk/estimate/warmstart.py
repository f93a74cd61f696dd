"""Empirical-Bayes warm start, off line: the between-person covariance and mean of couplings (risk-model.md 2.4 step 5).

By moments or by restricted maximum likelihood (`reml`) of *unpenalized* per-person estimates. Ridge estimates are drawn to a common
point before they are compared, so their spread is too small (0.17 for a true 0.25). Eigenvalues are floored, never clipped at zero: the
inverse is needed.
"""

from collections.abc import Sequence
from math import sqrt
from operator import mul
from typing import Final

from models.errors import Invalid
from risk.estimate.linear import inverse

Matrix = list[list[float]]
FLOOR: Final = 0.02
"""Least standard deviation between people in any direction."""


def between_covariance(
    estimates: Sequence[Sequence[float]], variances: Sequence[Sequence[Sequence[float]]], floor: float = FLOOR
) -> Matrix:
    """The covariance between people: cov(estimates) - mean(variances), its eigenvalues at least floor squared.

    `estimates`: for each person an unpenalized estimate of p couplings; `variances`: its p x p sampling covariance.
    People whose design leaves a coupling open must be left out. Raises Invalid (`too_few_people`) below two.

    >>> between_covariance([[0.0], [1.0], [2.0]], [[[0.25]], [[0.25]], [[0.25]]])
    [[0.75]]
    """
    people = len(estimates)
    if people < 2 or len(variances) != people:
        raise Invalid("too_few_people", "A covariance between people needs two people and a variance for each.")
    size = len(estimates[0])
    means = [sum(one[j] for one in estimates) / people for j in range(size)]
    moments = [[0.0] * size for _ in range(size)]
    for one, variance in zip(estimates, variances, strict=True):
        for i in range(size):
            for j in range(size):
                moments[i][j] += (one[i] - means[i]) * (one[j] - means[j]) / (people - 1) - variance[i][j] / people
    return floored(moments, floor * floor)


def between_mean(estimates: Sequence[Sequence[float]], variances: Sequence[Sequence[Sequence[float]]], between: Matrix) -> list[float]:
    """The population mean: estimates weighed by W_i = (T + V_i)^-1, m = (sum W_i)^-1 sum W_i theta_i.

    >>> [round(one, 9) for one in between_mean([[0.0], [1.0]], [[[1.0]], [[1.0]]], [[1.0]])]
    [0.5]
    """
    size = len(between)
    total = [[0.0] * size for _ in range(size)]
    right = [0.0] * size
    for one, variance in zip(estimates, variances, strict=True):
        weight = _whole(inverse([[between[i][j] + variance[i][j] for j in range(i + 1)] for i in range(size)]))
        for i in range(size):
            right[i] += sum(map(mul, weight[i], one))
            for j in range(size):
                total[i][j] += weight[i][j]
    solved = _whole(inverse([row[: i + 1] for i, row in enumerate(total)]))
    return [sum(map(mul, row, right)) for row in solved]


def reml(
    estimates: Sequence[Sequence[float]], variances: Sequence[Sequence[Sequence[float]]], floor: float = FLOOR, *, steps: int = 200
) -> tuple[list[float], Matrix]:
    """Mean and covariance between people by restricted maximum likelihood: theta_i ~ N(m, T), its estimate ~ N(theta_i, V_i).

    By expectation and maximization from the moments on: T <- mean of (b_i - m)(b_i - m)' + var(theta_i - m), where b_i is the shrunken
    estimate and m counts as estimated. Eigenvalues at least floor squared. Raises Invalid (`too_few_people`) below two.

    >>> mean, between = reml([[0.0], [1.0], [2.0]], [[[0.25]], [[0.25]], [[0.25]]])
    >>> round(mean[0], 6), round(between[0][0], 4)
    (1.0, 0.75)
    """
    between = between_covariance(estimates, variances, floor)
    size, people = len(between), len(estimates)
    for _ in range(steps):
        weights = [_whole(inverse([[between[i][j] + one[i][j] for j in range(i + 1)] for i in range(size)])) for one in variances]
        total = [[sum(one[i][j] for one in weights) for j in range(size)] for i in range(size)]
        doubt = _whole(inverse([row[: i + 1] for i, row in enumerate(total)]))
        pulls = [[sum(map(mul, row, estimate)) for row in one] for one, estimate in zip(weights, estimates, strict=True)]
        mean = _times(doubt, [sum(one[i] for one in pulls) for i in range(size)])
        moved = [[0.0] * size for _ in range(size)]
        for weight, estimate in zip(weights, estimates, strict=True):
            left = _times(weight, [one - other for one, other in zip(estimate, mean, strict=True)])
            inner = _product(_product(weight, doubt), weight)
            for i in range(size):
                for j in range(size):
                    moved[i][j] += (left[i] * left[j] + inner[i][j] - weight[i][j]) / people
        change = _product(_product(between, moved), between)
        between = [[between[i][j] + 0.5 * (change[i][j] + change[j][i]) for j in range(size)] for i in range(size)]
        if max(abs(one) for row in change for one in row) < 1e-7:
            break
    between = floored(between, floor * floor)
    return between_mean(estimates, variances, between), between


def _times(matrix: Matrix, vector: Sequence[float]) -> list[float]:
    return [sum(map(mul, row, vector)) for row in matrix]


def _product(one: Matrix, other: Matrix) -> Matrix:
    columns = list(zip(*other, strict=True))
    return [[sum(map(mul, row, column)) for column in columns] for row in one]


def floored(matrix: Matrix, least: float) -> Matrix:
    """The symmetric matrix with every eigenvalue below `least` raised to it."""
    values, vectors = eigen(matrix)
    if min(values) >= least:
        return [list(row) for row in matrix]
    raised = [max(value, least) for value in values]
    size = len(matrix)
    return [[sum(raised[k] * vectors[i][k] * vectors[j][k] for k in range(size)) for j in range(size)] for i in range(size)]


def eigen(matrix: Matrix) -> tuple[list[float], Matrix]:
    """Eigenvalues and eigenvectors (columns) of a symmetric matrix, by Jacobi rotations; p is small and this is off line.

    >>> sorted(round(one, 9) for one in eigen([[2.0, 1.0], [1.0, 2.0]])[0])
    [1.0, 3.0]
    """
    size = len(matrix)
    work = [list(row) for row in matrix]
    vectors = [[float(i == j) for j in range(size)] for i in range(size)]
    scale = sum(value * value for row in work for value in row) or 1.0
    for _ in range(60):
        if sum(work[i][j] ** 2 for i in range(size) for j in range(i)) <= 1e-30 * scale:
            break
        for p in range(size - 1):
            for q in range(p + 1, size):
                if work[p][q] != 0.0:
                    _rotate(work, vectors, p, q)
    return [work[i][i] for i in range(size)], vectors


def _rotate(work: Matrix, vectors: Matrix, p: int, q: int) -> None:
    """Rotate the plane (p, q) so that its off-diagonal entry becomes 0."""
    slope = (work[q][q] - work[p][p]) / (2.0 * work[p][q])
    tangent = (1.0 if slope >= 0 else -1.0) / (abs(slope) + sqrt(slope * slope + 1.0))
    cosine = 1.0 / sqrt(tangent * tangent + 1.0)
    sine = tangent * cosine
    for row in work:
        row[p], row[q] = cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]
    work[p], work[q] = (
        [cosine * one - sine * other for one, other in zip(work[p], work[q], strict=True)],
        [sine * one + cosine * other for one, other in zip(work[p], work[q], strict=True)],
    )
    for row in vectors:
        row[p], row[q] = cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]


def _whole(lower: Matrix) -> Matrix:
    size = len(lower)
    return [[lower[i][j] if j <= i else lower[j][i] for j in range(size)] for i in range(size)]
