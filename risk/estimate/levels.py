"""How active, on two scales that never merge (risk-model.md 2.4 step 7).

`level` is anchored to the population: someone at 9 of 10 for two months is not typical. `rise` is relative to the
person. Both are normalized decayed means, F = sum w x / sum w with w = 2^(-age/H) and a weak prior, as of the newest
answer to the node: silence moves neither, it ages the evidence. Reports that the person starts count here.
"""

from collections.abc import Sequence
from math import erfc, exp2, sqrt
from typing import Final

from risk.estimate.digits import TO_WHOLE, short
from risk.estimate.layout import Layout
from risk.estimate.nodes import NODES
from risk.estimate.prior import Prior
from risk.estimate.state import Levels

FAST_HOURS: Final = 24.0
SLOW_HOURS: Final = 7 * 24.0
PRIOR_WEIGHT: Final = 0.25
"""The population counts for a quarter of an answer."""
_NO_SUM: Final = (0.0, 0.0, 0)


def begin() -> Levels:
    """No answer yet."""
    return Levels({}, [None] * 5, (0.0, 0.0), (0.0, 0.0), 0)


def move(before: Levels, layout: Layout, pulls: list[float], weights: list[float], index: float | None, second: int) -> Levels:
    """The sums after an observation. For each group `pulls` is the sum of weighted anchored deviations, `weights` that of weights.

    A group decays only when one of its items is answered, the index only when there is one: a craving that was skipped
    leaves its level where it was, and a skip never looks calmer than an answer. A node's deviation is the decayed mean of its answers
    against the population mean of the same items, as of its newest answer.
    """
    sums, found = dict(before.sums), list(before.deviations)
    for node, groups in enumerate(layout.by_node):
        total = whole = 0.0
        answered = False
        for group, key, half_life in groups:
            pull, weight, at = sums.get(key, _NO_SUM)
            if weight:
                keep = exp2((at - second) / (3600.0 * half_life))
                pull *= keep
                weight *= keep
            if weights[group]:
                pull = ((pull + pulls[group]) * 1e6 + TO_WHOLE - TO_WHOLE) / 1e6
                weight = ((weight + weights[group]) * 1e6 + TO_WHOLE - TO_WHOLE) / 1e6
                sums[key] = (pull, weight, second)
                answered = True
            total += pull
            whole += weight
        if answered:
            found[node] = total / (whole + PRIOR_WEIGHT)
    if index is None:
        return Levels(sums, found, before.fast, before.slow, before.at)
    hours = (second - before.at) / 3600.0
    fast, slow = exp2(-hours / FAST_HOURS), exp2(-hours / SLOW_HOURS)
    return Levels(
        sums,
        found,
        (short(fast * before.fast[0] + index), short(fast * before.fast[1] + 1.0)),
        (short(slow * before.slow[0] + index), short(slow * before.slow[1] + 1.0)),
        second,
    )


def anchored(levels: Levels, layout: Layout) -> dict[str, float | None]:
    """The level of each node on [0, 1]: its population mean plus its deviation. None where there is no answer."""
    made: dict[str, float | None] = {}
    for name, one, middle in zip(NODES, levels.deviations, layout.means):  # noqa: B905
        level = None if one is None else middle + one
        made[name] = level if level is None or 0.0 <= level <= 1.0 else 0.0 if level < 0.0 else 1.0
    return made


def activity(levels: Levels, prior: Prior) -> float | None:
    """Craving-network activity, 0 to 100: 100 Phi of the weighted node deviations in population units. None without evidence."""
    index = combine(levels.deviations, prior.level_pulls, prior)
    if index is None:
        return None
    document = prior.document
    return 50.0 * erfc((document.mu_ref - index) / (document.sd_ref * sqrt(2.0)))


def combine(scores: Sequence[float | None], pulls: Sequence[float], prior: Prior) -> float | None:
    """One score of unit deviation from those of the nodes answered, by population weights. None where no node was.

    `pulls` are the weights where scores have unit deviation themselves, else the weights over their deviations.
    """
    pull = 0.0
    for score, by in zip(scores, pulls):  # noqa: B905 (compiled, `strict` costs more than the loop)
        if score is None:
            return _of_some(scores, pulls, prior)
        pull += by * score
    return pull / prior.level_deviation if prior.level_deviation else None


def _of_some(scores: Sequence[float | None], pulls: Sequence[float], prior: Prior) -> float | None:
    total = squares = pull = 0.0
    for score, by, weight in zip(scores, pulls, prior.level_weights, strict=True):
        if score is not None:
            pull += by * score
            total += weight
            squares += weight * weight
    if total <= 0.0:
        return None
    correlation = prior.document.node_correlation
    return pull / sqrt((1.0 - correlation) * squares + correlation * total * total)


def rise(levels: Levels) -> float | None:
    """Fast minus slow mean of the person's own index, own-SD units. None before the first answer.

    >>> rise(Levels({}, [], (3.0, 1.75), (3.0, 5.75), 0))
    1.0
    """
    if levels.fast[1] <= 0.0:
        return None
    return levels.fast[0] / (levels.fast[1] + PRIOR_WEIGHT) - levels.slow[0] / (levels.slow[1] + PRIOR_WEIGHT)
