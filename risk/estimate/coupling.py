"""The nowcast row: craving on what is present now, in information form (risk-model.md 2.3 step 4, 2.4 steps 3 and 4).

Forgetting is by exposure and *towards the prior*: with a_j = min(4, x_j^2 / v_j), v_j the running mean of x_j^2,
lambda_j = 2^(-D' a_j / H), L = diag(sqrt(lambda)), Q = diag(sqrt(1 - lambda)):
A <- L A L + Q A0 Q, b <- (L A_old L) theta + Q A0 Q m, then predict, then learn. A cue that nobody met is not forgotten.
"""

from collections.abc import Sequence
from math import erfc, exp, exp2, pi, sqrt
from typing import Final, NamedTuple

from risk.estimate.digits import packed, unpacked
from risk.estimate.kernels.kernel import Flat, Kernel
from risk.estimate.prior import REGRESSORS, Coupled, Residual
from risk.estimate.regressors import GAP_HOURS
from risk.estimate.state import Coupling

HALF_LIFE_HOURS: Final = 28 * 24.0
HUBER: Final = 2.0
"""Surprises beyond this many standard deviations pull only as much as one at it."""
BOUND: Final = 0.6
"""Bounded influence (Krasker and Welsch): beyond this product of surprise and root leverage an answer pulls only as much
as one at it. Huber's weight alone lets a surprise through where the exposure is as extreme as the answer."""
HUBER_VARIANCE: Final = 0.961
"""E[w u^2] / E[w] of a standard normal u under that weight: without it the residual variance reads 4% low."""
HEAD: Final = 3
"""Regressors before `lag`: nobody reads their variance."""


Faded = tuple[Kernel, list[float], float, Flat, list[Flat], list[float], Flat, list[float]]
"""A posterior after forgetting, and what an exposure x asks of it: the kernel, A as a flat triangle, x' A^-1 x, A^-1 x, what the prior's
pull left of each row, what these say of x, the diagonal of A^-1 from HEAD on, and the mean squares of exposure after this one: what is
usual for this person."""


class Nowcast(NamedTuple):
    """Couplings after the observation, craving expected before it (latent units) and the standardized surprise.

    That of a report at the floor is what is expected of it there: its mean over all answers is 0 too.
    """

    theta: Sequence[float]
    spread: Sequence[float]
    expected: float
    sd: float
    surprise: float | None
    after: Coupling | None
    """The state to keep; None where the observation teaches nothing."""


def begin(prior: Coupled, residual: Residual) -> Coupling:
    """The prior itself."""
    return Coupling(
        memory=packed(*prior.precision, *prior.mean_squares, *prior.variances[HEAD:]),
        theta=list(prior.means[0]),
        shape=residual.shape,
        scale=residual.scale,
    )


def fade(memory: bytes, rows: list[list[float]], prior: Coupled, x: list[float], hours: float) -> Faded:
    """Forgetting over `hours`, by exposure x: A <- L A L + Q A0 Q, and each row pulled by A^-1 Q A0 Q (m - theta)."""
    kernel = prior.kernel
    rate = -0.5 * min(GAP_HOURS, hours) / HALF_LIFE_HOURS
    matrix, roots, push, seen = kernel.fade(unpacked(memory), x, prior.diagonal, rate)
    means: Sequence[Sequence[float]] = prior.means
    if prior.off_diagonal:
        push, means = _correlated(prior, matrix, roots, push, rows)
    doubt, direction, drawn, expected, variances = kernel.settle(matrix, push, x, means, rows)
    return kernel, matrix, doubt, direction, drawn, expected, variances, seen


def _correlated(prior: Coupled, matrix: list[float], roots: Flat, push: Flat, rows: list[list[float]]) -> tuple[Flat, list[list[float]]]:
    """Adds Q A0 Q off the diagonal of a correlated prior. Gives a push of 1 and where it pulls each row."""
    off: list[tuple[int, int, float]] = []
    for i, j, anchor in prior.off_diagonal:
        gain = anchor * sqrt((1.0 - roots[i] ** 2) * (1.0 - roots[j] ** 2))
        matrix[i * (i + 1) // 2 + j] += gain
        off.append((i, j, gain))
    aims: list[list[float]] = []
    for row, means in zip(rows, prior.means, strict=True):
        aim = [one + force * (mean - one) for one, force, mean in zip(row, push, means, strict=True)]
        for i, j, gain in off:
            aim[i] += gain * (means[j] - row[j])
            aim[j] += gain * (means[i] - row[i])
        aims.append(aim)
    return (1.0,) * len(push), aims


def robust(surprise: float, root_leverage: float) -> tuple[float, float]:
    """Weights of an answer in the residual variance (Huber) and in the couplings (Huber, and bounded influence).

    >>> robust(1.0, 0.2), robust(4.0, 0.2), robust(4.0, 0.6)
    ((1.0, 1.0), (0.5, 0.5), (0.5, 0.25))
    """
    honest = 1.0 if surprise <= HUBER else HUBER / surprise
    pull = surprise * root_leverage
    return honest, honest if pull <= BOUND else min(honest, BOUND / pull)


def censored(above: float) -> tuple[float, float, float, float]:
    """A standard normal of which only is known that it is not over `above`: its mean, -lambda; how much of an
    exact answer's information this has; its mean square; and the exact answer that, told with so much information, says the same.

    lambda = phi(u) / Phi(u) (Tobin 1958; matched by its two moments, as in assumed-density filtering). Far above what is expected the floor
    says nothing, far below as much as an answer there.

    >>> [round(one, 3) + 0.0 for one in censored(0.0)], [round(one, 3) + 0.0 for one in censored(-5.0)]
    ([-0.798, 0.637, 1.0, -1.253], [-5.187, 0.967, 26.933, -5.362])
    """
    limit = max(above, -30.0)
    ratio = exp(-0.5 * limit * limit) / (sqrt(2.0 * pi) * 0.5 * erfc(-limit / sqrt(2.0)))
    return -ratio, ratio * (ratio + limit), 1.0 - limit * ratio, -1.0 / (ratio + limit)


def step(
    before: Coupling,
    prior: Coupled,
    residual: Residual,
    x: list[float],
    hours: float,
    craving: float | None,
    excess: float,
    weight: float,
    floored: bool = False,
) -> Nowcast:
    """Forget, predict, then learn from `craving` (latent units) where it was answered.

    `excess` is measurement variance above that of the main indicator; `weight` is 0 where the observation must teach nothing. Where it is
    `floored`, craving is as high as that or lower: couplings learn what that says, which is half of an answer on average, and the residual
    variance counts half of one (`weight` 1/2).
    """
    kernel, matrix, doubt, direction, rows, (expected,), variances, seen = fade(before.memory, [before.theta], prior, x, hours)
    theta: Sequence[float] = rows[0]
    keep = exp2(-min(GAP_HOURS, hours) / HALF_LIFE_HOURS)
    shape = residual.shape + keep * (before.shape - residual.shape)
    scale = residual.scale + keep * (before.scale - residual.scale)
    variance = scale / shape
    noise = max(variance + excess, 0.25 * variance)
    sd = sqrt(noise + doubt)
    surprise = None if craving is None else (craving - expected) / sd
    gain = share = 0.0
    if surprise is not None:
        told, square, pull = 1.0, surprise * surprise, surprise
        if floored:
            surprise, told, square, pull = censored(surprise)
        if weight > 0.0:
            honest, bounded = robust(abs(surprise), sqrt(doubt) / sd)
            honest *= weight
            gain = bounded * told / (noise + doubt * (1.0 - told))
            share = gain / (1.0 + gain * doubt)
            (theta,) = kernel.shift(rows, direction, (share * pull * sd,))
            shape += 0.5 * honest
            scale += 0.5 * honest * square * variance / HUBER_VARIANCE
    spread = kernel.tail(variances, direction, share)
    if not gain:
        return Nowcast(theta, spread, expected, sd, surprise, None)
    memory = packed(*kernel.grow(matrix, x, gain), *seen, *spread)
    return Nowcast(theta, spread, expected, sd, surprise, Coupling(memory, list(theta), shape, scale))


NAMED: Final = REGRESSORS[HEAD:]
"""Regressors with a reported interval, in the order of `spread`."""
