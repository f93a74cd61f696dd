"""What a kernel is. A triangle is flat, row by row: a0, b0, b1, c0, ... (row a, row b, ...)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

Row = Sequence[float]
Rows = Sequence[Row]
Flat = tuple[float, ...]
Fade = tuple[list[float], Flat, Flat, list[float]]
Settled = tuple[float, Flat, list[Flat], Flat]


class Kernel(NamedTuple):
    """The arithmetic of one size, on M = R^-1 A R^-1 with R = diag(`roots`): forgetting changes only the diagonal of M."""

    fade: Callable[[Row, Row, Row, Row, float], Fade]
    """M, roots, push and mean squares after this exposure, of (A, mean squares, x, diagonal of A0, rate). R^-1 Q A0 Q = diag(push).

    Mean squares to 4 decimals and never 0.
    """
    settle: Callable[[Row, Row, Row, Row, Rows, Rows], Settled]
    """Of (M, roots, push, x, means, rows): x' A^-1 x; A^-1 x, the direction in which an answer moves a row; each row after the prior's
    pull, theta + A^-1 R diag(push) (mean - theta); the diagonal of A^-1 but for the
    first regressors, of which nobody reads the variance (bench/unroll.py).
    """
    square: Callable[[Row, Row], float]
    """x' A^-1 x of (A, x)."""
    shift: Callable[[Row, Row, float], list[float]]
    """theta + push direction, of (theta, direction, push), to 6 decimals."""
    tail: Callable[[Row, Row, float], list[float]]
    """Variances less `share` times the square of the direction, of (variances, direction, share); to 7 decimals and never 0."""
    grow: Callable[[Row, Row, Row, float], list[float]]
    """R M R + gain x x' of (M, roots, x, gain), to 4 decimals: precisions begin at 1 and more, and a state stays small."""
