"""How active, on two scales that never merge (risk-model.md 2.4 step 7).

`level` is anchored to the population: someone at 9 of 10 for two months is not typical. `rise` is relative to the
person. Both are normalized decayed means, F = sum w x / sum w with w = 2^(-age/H) and a weak prior, as of the newest
answer to the node: silence moves neither, it ages the evidence. Reports that the person starts count here.
"""

from math import erfc, exp2, sqrt
from typing import Final

from risk.estimate.layout import Layout
from risk.estimate.nodes import NODES
from risk.estimate.prior import Prior
from risk.estimate.state import Levels, short

FAST_HOURS: Final = 24.0
SLOW_HOURS: Final = 7 * 24.0
PRIOR_WEIGHT: Final = 0.25
"""The population counts for a quarter of an answer."""


def begin() -> Levels:
    """No answer yet."""
    return Levels({}, (0.0, 0.0), (0.0, 0.0), 0)


def move(before: Levels, layout: Layout, answered: list[tuple[float, float]], index: float | None, second: int) -> Levels:
    """The sums after an observation. `answered`: for each group, sum of weighted anchored deviations and of weights.

    A group decays only when one of its items is answered, the index only when there is one: a craving that was skipped
    leaves its level where it was, and a skip never looks calmer than an answer.
    """
    sums = dict(before.sums)
    for (key, _, half_life), (pull, weight) in zip(layout.groups, answered, strict=True):
        if weight:
            known = before.sums.get(key)
            if known is None:
                sums[key] = (short(pull), weight, second)
            else:
                keep = exp2((known[2] - second) / 3600.0 / half_life)
                sums[key] = (short(keep * known[0] + pull), short(keep * known[1] + weight), second)
    if index is None:
        return Levels(sums, before.fast, before.slow, before.at)
    hours = (second - before.at) / 3600.0
    fast, slow = exp2(-hours / FAST_HOURS), exp2(-hours / SLOW_HOURS)
    return Levels(
        sums,
        (short(fast * before.fast[0] + index), short(fast * before.fast[1] + 1.0)),
        (short(slow * before.slow[0] + index), short(slow * before.slow[1] + 1.0)),
        second,
    )


def deviations(levels: Levels, layout: Layout) -> list[float | None]:
    """Decayed mean of each node's answers against the population mean of the same items, as of the node's newest answer.

    None where there is none.
    """
    sums = levels.sums
    found: list[float | None] = []
    for groups in layout.by_node:
        newest = 0
        for key, _ in groups:
            if key in sums and sums[key][2] > newest:
                newest = sums[key][2]
        pull = weight = 0.0
        for key, half_life in groups:
            known = sums.get(key)
            if known is not None:
                keep = 1.0 if known[2] == newest else exp2((known[2] - newest) / 3600.0 / half_life)
                pull += keep * known[0]
                weight += keep * known[1]
        found.append(pull / (weight + PRIOR_WEIGHT) if weight > 0.0 else None)
    return found


def anchored(found: list[float | None], layout: Layout) -> dict[str, float | None]:
    """The level of each node on [0, 1]: its population mean plus its deviation."""
    made: dict[str, float | None] = {}
    for name, one, middle in zip(NODES, found, layout.means, strict=True):
        made[name] = None if one is None else 0.0 if middle + one < 0.0 else min(1.0, middle + one)
    return made


def activity(found: list[float | None], prior: Prior) -> float | None:
    """Craving-network activity, 0 to 100: 100 Phi of the weighted node deviations in population units. None without evidence."""
    index = combine([None if one is None else one / sd for one, sd in zip(found, prior.level_sds, strict=True)], prior)
    if index is None:
        return None
    document = prior.document
    return 50.0 * erfc((document.mu_ref - index) / (document.sd_ref * sqrt(2.0)))


def combine(scores: list[float | None], prior: Prior) -> float | None:
    """One score of unit deviation from those of the nodes answered, by population weights. None where no node was."""
    total = squares = pull = 0.0
    for score, weight in zip(scores, prior.level_weights, strict=True):
        if score is not None:
            pull += weight * score
            total += weight
            squares += weight * weight
    if total <= 0.0:
        return None
    correlation = prior.document.node_correlation
    return pull / sqrt((1.0 - correlation) * squares + correlation * total * total)


def rise(levels: Levels) -> float | None:
    """Fast minus slow mean of the person's own index, own-SD units. None before the first answer.

    >>> rise(Levels({}, (3.0, 1.75), (3.0, 5.75), 0))
    1.0
    """
    if levels.fast[1] <= 0.0:
        return None
    return levels.fast[0] / (levels.fast[1] + PRIOR_WEIGHT) - levels.slow[0] / (levels.slow[1] + PRIOR_WEIGHT)
