"""Items and prior brought together once, so that an update looks nothing up twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

from risk.estimate.nodes import NODES, ItemNode, Nodes
from risk.estimate.prior import Prior, Variable

VARIANCE_FLOOR: Final = 0.01
"""Added to every variance on the [0, 1] scale: a tenth of the scale is the least deviation that counts as one."""

DIRECT_LOADING: Final = 0.75
"""Indicators of C from this loading on are answers to "how strong is your craving"; weaker ones only inform the latent."""

NO_GROUP: Final = -1

SLOW_HOURS: Final = 24.0
"""An item whose half-life is longer is still present at the next prompts; others count only where answered."""


@dataclass(frozen=True)
class Place:
    """One item, ready for arithmetic. `unit` is one deviation of the population within a person: the unit of exposure.

    `pull` = loading / noise and `information` = loading^2 / noise for an indicator of C; else 0. A `direct` one
    asks for craving itself (strength, urge, wanting): only its answer renews the evidence. A `signal` belongs to no group: it has no
    place on the population's scale, so it moves no anchored level.
    """

    variable: str
    node: int
    weight: float
    group: int
    slow: bool
    half_life_hours: float
    mean: float
    variance: float
    unit: float
    pull: float
    information: float
    direct: bool
    signal: str | None
    direction: int
    own_name: str
    anchored_name: str


@dataclass(frozen=True)
class Asked:
    """One node: its items and its signals in order of variable, the weight of all items, and how alike two of them are.

    Signals are no items: nothing is missing where nothing was measured.
    """

    items: tuple[Place, ...]
    signals: tuple[Place, ...]
    total: float
    correlation: float


@dataclass(frozen=True)
class Layout:
    """What is known of all items before anything is answered. `main` is the indicator of C with the greatest loading."""

    prior_id: str
    craving: Asked
    others: tuple[Asked, Asked, Asked, Asked]
    """R, S, W and E."""
    groups: tuple[tuple[str, int, float], ...]
    """Key, node and half-life of each group of items that share a decayed sum."""
    by_node: tuple[tuple[tuple[int, str, float], ...], ...]
    """Place in `groups`, key and half-life of the groups of each node."""
    means: tuple[float, ...]
    """Weighted population mean of the items of each node: the middle of its level."""
    main: Place | None
    measured: bool
    """Whether any node has a signal."""
    noise: float
    """Measurement variance of latent craving where only `main` is answered."""


def lay_out(nodes: Mapping[str, ItemNode], prior: Prior) -> Layout:
    """The layout of these items under this prior, remembered on `nodes` where it is a `Nodes`."""
    if not isinstance(nodes, Nodes):
        return _make(Nodes(nodes), prior)
    known = nodes.layout
    if isinstance(known, Layout) and known.prior_id == prior.id:
        return known
    nodes.layout = made = _make(nodes, prior)
    return made


def _make(nodes: Nodes, prior: Prior) -> Layout:
    document = prior.document
    groups: dict[str, tuple[str, int, float]] = {}
    places: list[Place] = []
    signals: list[Place] = []
    for item in nodes.values():
        node = NODES.index(item.node)
        key = f"{item.node}{item.half_life_hours:g}"
        moments = document.variables.get(item.variable, document.generic)
        if item.signal is not None:
            signals.append(_place(item, node, NO_GROUP, moments, document.generic))
            continue
        groups.setdefault(key, (key, node, item.half_life_hours))
        places.append(_place(item, node, list(groups).index(key), moments, document.generic))
    totals, means = [0.0] * 5, [0.0] * 5
    for place in places:
        totals[place.node] += place.weight
        means[place.node] += place.weight * place.mean
    asked = [
        Asked(
            tuple(one for one in places if one.node == node),
            tuple(one for one in signals if one.node == node),
            totals[node],
            document.nodes[name].item_correlation,
        )
        for node, name in enumerate(NODES)
    ]
    main = max(asked[0].items, key=lambda one: one.information, default=None)
    return Layout(
        prior_id=prior.id,
        craving=asked[0],
        others=(asked[1], asked[2], asked[3], asked[4]),
        groups=tuple(groups.values()),
        by_node=tuple(
            tuple((place, key, half_life) for place, (key, of, half_life) in enumerate(groups.values()) if of == node) for node in range(5)
        ),
        means=tuple(mean / total if total else 0.5 for mean, total in zip(means, totals, strict=True)),
        main=main,
        measured=bool(signals),
        noise=1.0 / main.information if main else 0.0,
    )


def _place(item: ItemNode, node: int, group: int, moments: Variable, generic: Variable) -> Place:
    loading = (moments.loading or generic.loading or 0.6) if node == 0 else 0.0
    noise = 1.0 - loading * loading
    variance = moments.within_sd**2
    return Place(
        variable=item.variable,
        node=node,
        weight=item.weight,
        group=group,
        slow=item.half_life_hours > SLOW_HOURS,
        half_life_hours=item.half_life_hours,
        mean=moments.mean,
        variance=variance,
        unit=sqrt(variance + VARIANCE_FLOOR),
        pull=loading / noise,
        information=loading * loading / noise,
        direct=loading >= DIRECT_LOADING,
        signal=item.signal,
        direction=item.direction,
        own_name=f"own:{item.variable}",
        anchored_name=f"anchored:{item.variable}",
    )
