"""The nowcast row: craving on what is present now, in information form (risk-model.md 2.3 step 4, 2.4 steps 3 and 4).

Forgetting is by exposure and *towards the prior*: with a_j = min(4, x_j^2 / v_j), v_j the running mean of x_j^2,
lambda_j = 2^(-D' a_j / H), L = diag(sqrt(lambda)), Q = diag(sqrt(1 - lambda)):
A <- L A L + Q A0 Q, b <- (L A_old L) theta + Q A0 Q m, then predict, then learn. A cue that nobody met is not forgotten.
"""

from dataclasses import dataclass
from math import exp2, sqrt
from operator import mul
from typing import Final

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
_STEPS: Final = 60.0
"""Answers over which a mean square of exposure runs: about two weeks of prompts."""


@dataclass(slots=True)
class Faded:
    """A posterior after forgetting, scaled so that only its diagonal had to change.

    `matrix` is R^-1 A R^-1 with R = diag(`roots`), a flat triangle; `triangle` is its Cholesky factor; `push` is
    R^-1 Q A0 Q, the pull of the prior, as a diagonal with `push_off` off it.
    """

    kernel: Kernel
    matrix: list[float]
    triangle: Flat
    roots: list[float]
    push: list[float]
    push_off: list[tuple[int, int, float]]


@dataclass(frozen=True, slots=True)
class Nowcast:
    """Couplings after the observation, craving expected before it (latent units) and the standardized surprise."""

    theta: list[float]
    spread: list[float]
    expected: float
    sd: float
    surprise: float | None
    after: Coupling | None
    """The state to keep; None where the observation teaches nothing."""


def begin(prior: Coupled, residual: Residual) -> Coupling:
    """The prior itself."""
    return Coupling(
        precision=list(prior.precision),
        theta=list(prior.means[0]),
        exposure=list(prior.mean_squares),
        shape=residual.shape,
        scale=residual.scale,
        spread=prior.variances[HEAD:],
    )


def fade(precision: list[float], exposure: list[float], prior: Coupled, x: list[float], hours: float) -> Faded:
    """The precision after forgetting over `hours`, by exposure, and its factor."""
    kernel = prior.kernel
    rate = -0.5 * (min(GAP_HOURS, hours)) / HALF_LIFE_HOURS
    roots = [exp2(rate * min(4.0, one * one / seen)) if one else 1.0 for one, seen in zip(x, exposure, strict=True)]
    matrix = list(precision)
    push = []
    for place, root, anchor in zip(kernel.diagonal, roots, prior.diagonal, strict=True):
        square = root * root
        gain = anchor * (1.0 - square)
        matrix[place] += gain / square
        push.append(gain / root)
    off: list[tuple[int, int, float]] = []
    for i, j, anchor in prior.off_diagonal:
        gain = anchor * sqrt((1.0 - roots[i] ** 2) * (1.0 - roots[j] ** 2))
        matrix[i * (i + 1) // 2 + j] += gain / (roots[i] * roots[j])
        off.append((i, j, gain))
    return Faded(kernel, matrix, kernel.factor(matrix), roots, push, off)


def whiten(faded: Faded, x: list[float]) -> Flat:
    """L^-1 R^-1 x: its square is x' A^-1 x."""
    return faded.kernel.forward(faded.triangle, [one / root for one, root in zip(x, faded.roots, strict=True)])


def pulled(faded: Faded, theta: list[float], means: list[float]) -> Flat:
    """L^-1 of the prior's pull on one row: forgetting moves theta by A^-1 Q A0 Q (m - theta)."""
    if not faded.push_off:
        return faded.kernel.pull(faded.triangle, faded.push, means, theta)
    right = [push * (mean - one) for push, mean, one in zip(faded.push, means, theta, strict=True)]
    for i, j, gain in faded.push_off:
        right[i] += gain * (means[j] - theta[j]) / faded.roots[i]
        right[j] += gain * (means[i] - theta[i]) / faded.roots[j]
    return faded.kernel.forward(faded.triangle, right)


def moved(faded: Faded, theta: list[float], shift: Flat, whitened: Flat, push: float) -> list[float]:
    """One row after the prior's pull and an answer that pushes by `push` along x."""
    return faded.kernel.move(faded.triangle, faded.roots, theta, shift, whitened, push)


def learned(faded: Faded, x: list[float], gain: float) -> list[float]:
    """A after forgetting plus gain x x'."""
    return faded.kernel.grow(faded.matrix, faded.roots, x, [gain * one for one in x])


def met(exposure: list[float], x: list[float]) -> list[float]:
    """The running mean squares after this exposure, to 5 decimals and never 0: what is usual for this person."""
    return [((seen + (one * one - seen) / _STEPS) * 1e5 + 1.0) // 1 / 1e5 for seen, one in zip(exposure, x, strict=True)]


def spread_of(faded: Faded, whitened: Flat, share: float) -> list[float]:
    """Posterior variances of the tail, after an answer that took `share` of x' A^-1 x away."""
    found = faded.kernel.tail(faded.triangle, whitened)
    return [
        ((square - share * seen * seen) / (root * root) * 1e7 + 1.0) // 1 / 1e7
        for square, seen, root in zip(found[::2], found[1::2], faded.roots[faded.kernel.head :], strict=True)
    ]


def robust(surprise: float, root_leverage: float) -> tuple[float, float]:
    """Weights of an answer in the residual variance (Huber) and in the couplings (Huber, and bounded influence).

    >>> robust(1.0, 0.2), robust(4.0, 0.2), robust(4.0, 0.6)
    ((1.0, 1.0), (0.5, 0.5), (0.5, 0.25))
    """
    honest = 1.0 if surprise <= HUBER else HUBER / surprise
    pull = surprise * root_leverage
    return honest, honest if pull <= BOUND else min(honest, BOUND / pull)


def step(
    before: Coupling, prior: Coupled, residual: Residual, x: list[float], hours: float, craving: float | None, excess: float, weight: float
) -> Nowcast:
    """Forget, predict, then learn from `craving` (latent units) where it was answered.

    `excess` is measurement variance above that of the main indicator; `weight` is 1/2 for a report at the floor, and 0
    where the observation must teach nothing.
    """
    faded = fade(before.precision, before.exposure, prior, x, hours)
    whitened = whiten(faded, x)
    shift = pulled(faded, before.theta, prior.means[0])
    expected = sum(map(mul, x, before.theta)) + sum(map(mul, whitened, shift))
    doubt = sum(map(mul, whitened, whitened))
    keep = exp2(-min(hours, GAP_HOURS) / HALF_LIFE_HOURS)
    shape = residual.shape + keep * (before.shape - residual.shape)
    scale = residual.scale + keep * (before.scale - residual.scale)
    variance = scale / shape
    noise = max(variance + excess, 0.25 * variance)
    sd = sqrt(noise + doubt)
    surprise = None if craving is None else (craving - expected) / sd
    gain = push = 0.0
    if surprise is not None and weight > 0.0:
        honest, bounded = robust(abs(surprise), sqrt(doubt) / sd)
        honest *= weight
        gain = weight * bounded / noise
        push = gain * surprise * sd / (1.0 + gain * doubt)
        shape += 0.5 * honest
        scale += 0.5 * honest * surprise * surprise * variance / HUBER_VARIANCE
    theta = moved(faded, before.theta, shift, whitened, push)
    spread = spread_of(faded, whitened, gain / (1.0 + gain * doubt))
    after = Coupling(learned(faded, x, gain), theta, met(before.exposure, x), shape, scale, spread) if gain else None
    return Nowcast(theta, spread, expected, sd, surprise, after)


NAMED: Final = REGRESSORS[HEAD:]
"""Regressors with a reported interval, in the order of `spread`."""
