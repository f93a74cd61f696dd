"""The lagged network: a VAR(1) over C, R, S, W, E, the only true one-step forecast (risk-model.md 2.4, two recursions).

All rows share their regressors, so one precision matrix serves all five (matrix-normal form: prior precision relative
to each row's residual variance). It has two blocks that never meet, intervals within a day and intervals over a night,
and is kept as those two. A target that is missing enters as its own forecast: its couplings stay, and its intervals
widen by total over observed weight. A lagged node that is missing is 0 and not exposed.
"""

from functools import partial
from math import exp2, sqrt
from operator import mul
from typing import Final, NamedTuple

from risk.estimate.coupling import HALF_LIFE_HOURS, HUBER_VARIANCE, fade, robust
from risk.estimate.digits import packed, unpacked
from risk.estimate.kernels.kernel import Flat
from risk.estimate.nodes import NODES
from risk.estimate.prior import Coupled, Prior, Residual
from risk.estimate.regressors import GAP_HOURS, clock, lag_share, over_night
from risk.estimate.state import Block, Lagged
from risk.terms import Bands

DAY_HOURS: Final = 4.0
NIGHT_HOURS: Final = 10.0
"""The usual interval within a day and over a night: where a lag counts in full."""
WIDTH_90: Final = 1.6448536269514722
"""Standard deviations to each side of a 90% interval."""
EDGES: Final = tuple(f"{source}>{target}" for target in NODES for source in NODES)
"""Names of the edges by day, row by row: "S>E" is stress now to executive control at the next prompt."""


class Forecast(NamedTuple):
    """Craving at the next prompt, `hours` from now: latent units."""

    expected: float
    sd: float


def begin(prior: Prior) -> Lagged:
    """The prior itself, and nobody answered yet."""
    return Lagged(_block(prior.day, prior.day.variances[3:]), _block(prior.night, []), 0.0, [0.0] * 5, [0.0] * 5, None, [None] * 5)


def _block(prior: Coupled, spread: list[float]) -> Block:
    return Block(packed(*prior.precision, *prior.mean_squares, *spread), [list(row) for row in prior.means])


def regressors(nodes: list[float | None], hours: float, local_hour: float, night: bool) -> list[float]:
    """The row of a block: lags fade with the interval, from the usual one on."""
    share = lag_share(hours, NIGHT_HOURS if night else DAY_HOURS)
    lags = [0.0 if one is None else share * one for one in nodes]
    return [1.0, *lags] if night else [1.0, *clock(local_hour), *lags]


def learn(before: Lagged, exposure: list[float | None], second: int, local_hour: float, floored: bool, prior: Prior) -> Lagged:
    """The network after a training answer. The first one only begins the lag."""
    if before.at is None:
        return _replace(before, second, exposure)
    hours = (second - before.at) / 3600.0
    night = over_night(hours, local_hour)
    block, anchor = (before.night, prior.night) if night else (before.day, prior.day)
    x = regressors(before.nodes, hours, local_hour, night)
    kernel, matrix, doubt, direction, rows, expected, variances, seen = fade(block.memory, block.rows, anchor, x, hours)
    share = 1.0 / (1.0 + doubt)
    root_leverage = sqrt(1.0 - share)
    keep = exp2(-min(GAP_HOURS, hours) / HALF_LIFE_HOURS)
    pushes: list[float] = []
    observed: list[float] = []
    scatter: list[float] = []
    residual = prior.document.lag_residual
    for target, foreseen, have, sum_of_squares in zip(exposure, expected, before.observed, before.scatter):  # noqa: B905
        weight = push = square = 0.0
        if target is not None:
            missed = target - foreseen
            variance = row_variance(have, sum_of_squares, residual)
            surprise = abs(missed) * sqrt(share / variance)
            honest, bounded = robust(surprise, root_leverage)
            censored = 0.5 if floored and not pushes else 1.0
            weight = censored * honest
            push = censored * bounded * missed * share
            square = weight * missed * missed * share / HUBER_VARIANCE
        pushes.append(push)
        observed.append(keep * have + weight)
        scatter.append(keep * sum_of_squares + square)
    spread = [] if night else kernel.tail(variances, direction, share)
    made = Block(packed(*kernel.grow(matrix, x, 1.0), *seen, *spread), kernel.shift(rows, direction, pushes))
    day, night_block = (before.day, made) if night else (made, before.night)
    return Lagged(day, night_block, keep * before.total + 1.0, observed, scatter, second, exposure)


def _replace(before: Lagged, second: int, exposure: list[float | None]) -> Lagged:
    return Lagged(before.day, before.night, before.total, before.observed, before.scatter, second, exposure)


def row_variance(observed: float, scatter: float, residual: Residual) -> float:
    """Residual variance of a row: inverse-gamma, prior from the population."""
    return (residual.scale + 0.5 * scatter) / (residual.shape + 0.5 * observed)


def widening(total: float, observed: float, residual: Residual) -> float:
    """Total over observed weight, the prior counted in both: what missing targets add to a row's variances."""
    weight = 2.0 * residual.shape
    return (weight + total) / (weight + observed)


def forecast(state: Lagged, second: int, local_hour: float, prior: Prior) -> Forecast | None:
    """Craving at the next prompt, foreseen at `second`: four hours on, or ten where the night lies between. None before the first answer.

    In silence it is foreseen from an answer that is older by what has passed. Its lags have faded, so that what is expected goes back to
    what is usual, and of what they would have explained the faded part is not known: its variance comes back to the forecast's.
    """
    if state.at is None:
        return None
    waited = (second - state.at) / 3600.0
    night = over_night(DAY_HOURS, (local_hour + DAY_HOURS) % 24.0) or local_hour >= 24.0 - DAY_HOURS
    ahead = NIGHT_HOURS if night else DAY_HOURS
    night = night or over_night(waited, local_hour)
    block = state.night if night else state.day
    x = regressors(state.nodes, waited + ahead, (local_hour + ahead) % 24.0, night)
    kernel = (prior.night if night else prior.day).kernel
    residual = prior.document.lag_residual
    memory, row = unpacked(block.memory), block.rows[0]
    doubt = kernel.square(memory, x) * widening(state.total, state.observed[0], residual)
    variance = row_variance(state.observed[0], state.scatter[0], residual) * (1.0 + doubt)
    if waited > 0.0:
        variance += _faded(memory, row, waited + ahead, night)
    return Forecast(sum(map(mul, x, row)), sqrt(variance))


def _faded(memory: Flat, row: list[float], hours: float, night: bool) -> float:
    """Variance of what lags would have explained had they not faded: couplings squared times mean squares of what was met."""
    share = lag_share(hours, NIGHT_HOURS if night else DAY_HOURS)
    size = len(row)
    seen = memory[size * (size + 1) // 2 :]
    return (1.0 - min(1.0, share * share)) * sum(row[lag] * row[lag] * seen[lag] for lag in range(size - 5, size))


def edges(state: Lagged, prior: Prior) -> Bands:
    """Each edge by day with its 90% interval, by name."""
    return Bands(EDGES, partial(_edges, state, prior.document.lag_residual))


def _edges(state: Lagged, residual: Residual) -> tuple[list[float], list[float]]:
    deviations = [WIDTH_90 * sqrt(one) for one in state.day.spread]
    points: list[float] = []
    widths: list[float] = []
    for row, observed, scatter in zip(state.day.rows, state.observed, state.scatter, strict=True):
        scale = sqrt(row_variance(observed, scatter, residual) * widening(state.total, observed, residual))
        points += row[-5:]
        widths += [scale * one for one in deviations]
    return points, widths
