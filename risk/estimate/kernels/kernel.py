"""What a kernel is. A triangle is flat, row by row: a0, b0, b1, c0, ... (row a, row b, ...)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

Row = Sequence[float]
Rows = Sequence[Row]
Flat = tuple[float, ...]
Fade = tuple[list[float], Flat, Flat, list[float]]
Settled = tuple[float, Flat, list[Flat], list[float], Flat]


class Kernel(NamedTuple):
    """The arithmetic of one size. A `memory` begins with the precision A and the mean squares of exposures (state.Coupling)."""

    fade: Callable[[Row, list[float], list[float], float], Fade]
    """A after forgetting, the square roots of lambda, the prior's push and mean squares after this exposure, of (memory, x, diagonal of A0,
    rate). Q A0 Q = diag(push). Mean squares are never 0.
    """
    settle: Callable[[list[float], Row, list[float], Rows, Rows], Settled]
    """Of (A, push, x, means, rows), by way of A = L D L': x' A^-1 x; A^-1 x, the direction in which an answer moves a row; each row after
    the prior's pull, theta + A^-1 diag(push) (mean - theta), and what it then expects of x; the diagonal of A^-1 but for the first
    regressors, of which nobody reads the variance (bench/unroll.py).
    """
    square: Callable[[Row, list[float]], float]
    """x' A^-1 x of (memory, x)."""
    shift: Callable[[Rows, Row, Row], list[list[float]]]
    """theta + push direction for each row, of (rows, direction, pushes), to 6 decimals."""
    tail: Callable[[Row, Row, float], list[float]]
    """Variances less `share` times the square of the direction, of (variances, direction, share)."""
    grow: Callable[[list[float], list[float], float], list[float]]
    """A + gain x x' of (A, x, gain)."""
