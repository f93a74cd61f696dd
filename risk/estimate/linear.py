"""The inverse of a small positive definite matrix, in loops: for priors, which are loaded once.

What an update needs stands in risk/estimate/kernels without loops.
"""

from collections.abc import Sequence
from math import sqrt
from operator import mul

Triangle = list[list[float]]


def inverse(matrix: Sequence[Sequence[float]]) -> Triangle:
    """The lower triangle of A^-1, from the lower triangle of A, by way of its Cholesky factor.

    Raises ValueError (`math domain error`) or ZeroDivisionError where A is not positive definite.

    >>> inverse([[4.0], [2.0, 5.0]])
    [[0.3125], [-0.125, 0.25]]
    """
    size = len(matrix)
    rows: Triangle = []
    inverses: list[float] = []
    for source in matrix:
        row: list[float] = []
        for value, other, one_over in zip(source, rows, inverses, strict=False):
            row.append((value - sum(map(mul, row, other))) * one_over)
        inverses.append(1.0 / sqrt(source[-1] - sum(map(mul, row, row))))
        rows.append(row)
    columns: Triangle = []
    for start in range(size):
        column = [inverses[start]]
        for index in range(start + 1, size):
            column.append(-sum(map(mul, rows[index][start:], column)) * inverses[index])
        columns.append(column)
    return [[sum(map(mul, columns[i], columns[j][i - j :])) for j in range(i + 1)] for i in range(size)]
