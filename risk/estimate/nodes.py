"""What the estimator knows of an item: the node it speaks for, and how."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

NODES: Final = ("C", "R", "S", "W", "E")
"""Craving, reward and motivation, stress and affect, withdrawal and pain, executive control: the order of all vectors."""


@dataclass(frozen=True, slots=True)
class ItemNode:
    """A variable of the item map that speaks for a node.

    `weight` is relative to the others of the node; `half_life_hours` is how fast one answer stops being evidence.
    `direction` (+1, -1) is for people to read: indicators arrive already turned. `signal` is what a sensor measures, where nobody
    is asked: such a variable is known relative to the person alone.
    """

    variable: str
    node: str
    weight: float = 1.0
    half_life_hours: float = 24.0
    direction: int = 1
    signal: str | None = None


class Nodes(Mapping[str, ItemNode]):
    """Variable -> ItemNode, in order of name."""

    __slots__ = ("_items", "layout")

    def __init__(self, items: Mapping[str, ItemNode]) -> None:
        self._items = {name: items[name] for name in sorted(items)}
        self.layout: object = None
        """The layout made for the newest prior (layout.lay_out): a memory, not a fact."""

    def __getitem__(self, variable: str) -> ItemNode:
        return self._items[variable]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


class MapEntry(Protocol):
    """What is read of an entry of the item map."""

    @property
    def node(self) -> str: ...
    @property
    def direction(self) -> int: ...
    @property
    def weight(self) -> float: ...
    @property
    def half_life_hours(self) -> float: ...
    @property
    def signal(self) -> str | None: ...


class ItemMap(Protocol):
    """What is read of models.definition.itemmap.ItemMap."""

    @property
    def entries(self) -> Mapping[str, MapEntry]: ...


def from_item_map(item_map: ItemMap) -> Nodes:
    """The nodes of a protocol's item map. Context, node `none` and variables without direction move nothing and are left out."""
    return Nodes(
        {
            variable: ItemNode(variable, str(entry.node), entry.weight, entry.half_life_hours, entry.direction, entry.signal)
            for variable, entry in item_map.entries.items()
            if str(entry.node) in NODES and entry.direction != 0
        }
    )
