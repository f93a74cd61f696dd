"""What a kernel is. A triangle is flat, row by row: a0, b0, b1, c0, ... (row a, row b, ...)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

Row = Sequence[float]
Flat = tuple[float, ...]


class Kernel(NamedTuple):
    """The arithmetic of one size; `diagonal` are the places of the diagonal in a flat triangle.

    A factor holds one over its diagonal in the diagonal's place. The first `head` regressors have no reported variance.
    """

    factor: Callable[[Row], Flat]
    """L of A = L L'."""
    forward: Callable[[Flat, Row], Flat]
    """y with L y = right."""
    pull: Callable[[Flat, Row, Row, Row], Flat]
    """y with L y = push (means - theta), push a diagonal."""
    move: Callable[[Flat, Row, Row, Row, Row, float], list[float]]
    """theta + R^-1 z with L' z = shift + push whitened, of (L, roots, theta, shift, whitened, push); to 7 decimals."""
    tail: Callable[[Flat, Row], Flat]
    """For each regressor from `head` on: the sum of squares of its column of L^-1 (its variance), and that column times `right`."""
    grow: Callable[[Row, Row, Row, Row], list[float]]
    """R A R + p x' of (A, roots, x, p = gain x), to 5 decimals: precisions begin at 1 and more, and a state stays small."""
    diagonal: tuple[int, ...]
    head: int
