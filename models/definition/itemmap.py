"""The item map: which answer is evidence for which node. One map for protocol, estimator and codebook."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from models.definition.instrument import Item
from models.definition.protocol import Protocol
from models.definition.signal import Signal
from models.kinds import Domain, ItemKind, Node, RecallFrame, SignalKind

STRAIGHT_LEAST = 5
"""So many answers on one scale, all alike, are a straight line."""
SCALES = frozenset({ItemKind.SLIDER, ItemKind.LIKERT})
"""Kinds of items on which straight lines are drawn."""
_RANGED = frozenset({ItemKind.SLIDER, ItemKind.LIKERT, ItemKind.INTEGER, ItemKind.DECIMAL, ItemKind.DURATION})


@dataclass(frozen=True, slots=True)
class MapEntry:
    """What one variable says about the network.

    `direction` is +1 or -1 as written, 0 for a variable without direction; `weight` is relative to the others of the node;
    `half_life_hours` is how fast one answer stops being evidence. A variable with node `none` is stored and moves nothing.
    """

    variable: str
    node: Node
    direction: int
    weight: float
    half_life_hours: float
    domain: Domain | None
    frame: RecallFrame
    signal: SignalKind | None = None
    """What is measured, where nobody is asked."""


@dataclass(frozen=True, slots=True)
class ItemMap:
    """Every variable of a protocol, by name in order. `hash` names the version: 64 hexadecimal digits over all entries."""

    entries: Mapping[str, MapEntry]
    hash: str

    def node(self, node: Node) -> tuple[MapEntry, ...]:
        """The variables that are evidence for a node, by name in order."""
        return tuple(entry for entry in self.entries.values() if entry.node == node and entry.direction != 0)


def item_map(protocol: Protocol) -> ItemMap:
    """The map of a checked protocol. Where items of one variable disagree, which `check` refuses, the first asked counts."""
    first: dict[str, MapEntry] = {}
    for _, item in protocol.series():
        first.setdefault(item.variable, _entry(item))
    for signal in protocol.signals.series if protocol.signals is not None else ():
        first.setdefault(signal.variable, _measured(signal))
    entries = {name: first[name] for name in sorted(first)}
    rows = [_row(one) for one in entries.values()]
    digest = hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()
    return ItemMap(MappingProxyType(entries), digest)


def _entry(item: Item) -> MapEntry:
    return MapEntry(item.variable, item.node, item.direction, item.weight, item.half_life_hours, item.domain, item.frame)


def _measured(signal: Signal) -> MapEntry:
    return MapEntry(
        signal.variable, signal.node, signal.direction, signal.weight, signal.hours, signal.domain, RecallFrame.NONE, signal.kind
    )


def _row(one: MapEntry) -> list[Any]:
    row = [one.variable, one.node, one.direction, one.weight, one.half_life_hours, one.domain, one.frame]
    return row if one.signal is None else [*row, one.signal]


def indicator(item: Item, value: Any) -> float | None:
    """The answer on [0, 1], turned so that 1 is most active for the item's node.

    Numbers are linear between `minimum` and `maximum`; a choice is its option's `score`, several choices the highest of
    theirs; yes is 1. None where the item has no direction or no node of the network, or the value has no place on the scale.

    >>> from models.kinds import ItemKind, Node, RecallFrame
    >>> sure = Item(id="m_choice", kind=ItemKind.SLIDER, text={"en": "Sure?"}, minimum=0, maximum=10, variable="choice",
    ...             frame=RecallFrame.NOW, node=Node.E, direction=-1)
    >>> indicator(sure, 8)
    0.2
    """
    if item.direction == 0 or item.node is Node.NONE or item.node is Node.CONTEXT:
        return None
    place = _place(item, value)
    if place is None:
        return None
    return place if item.direction > 0 else round(1.0 - place, 12)


def at_floor(item: Item, value: Any) -> bool:
    """Whether the answer is the lowest activity that the item can say: a censored observation, it may be lower still.

    >>> from models.kinds import ItemKind, Node, RecallFrame
    >>> craving = Item(id="m_crave_now", kind=ItemKind.SLIDER, text={"en": "How strong?"}, minimum=0, maximum=10, variable="craving",
    ...                frame=RecallFrame.NOW, node=Node.C)
    >>> at_floor(craving, 0), at_floor(craving, 1)
    (True, False)
    """
    return indicator(item, value) == 0.0


def _place(item: Item, value: Any) -> float | None:
    if item.kind is ItemKind.YES_NO:
        return float(value) if isinstance(value, bool) else None
    if item.options:
        return _scored(item, value)
    if item.kind not in _RANGED or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if item.minimum is None or item.maximum is None or item.maximum <= item.minimum:
        return None
    return min(1.0, max(0.0, (value - item.minimum) / (item.maximum - item.minimum)))


def _scored(item: Item, value: Any) -> float | None:
    given = (value,) if isinstance(value, str) else value
    chosen = {code for code in given if isinstance(code, str)} if isinstance(given, list | tuple) else set()
    scores = [option.score for option in item.options if option.code in chosen and option.score is not None]
    return max(scores, default=None)
