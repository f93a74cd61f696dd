"""Items one by one, and the laws that bind items of one variable together."""

from collections.abc import Iterator
from typing import Final

from models.definition.base import pointer
from models.definition.instrument import Item
from models.definition.protocol import Protocol
from models.definition.steps import SHORTEST, on_step
from models.errors import Fault
from models.kinds import ItemKind, Node

CHOICES: Final = frozenset({ItemKind.SINGLE, ItemKind.MULTI, ItemKind.BODY_MAP})
RANGED: Final = frozenset({ItemKind.SLIDER, ItemKind.LIKERT, ItemKind.INTEGER, ItemKind.DECIMAL, ItemKind.DURATION})
WHOLE: Final = frozenset({ItemKind.LIKERT, ItemKind.INTEGER})
NETWORK: Final = frozenset({Node.C, Node.R, Node.S, Node.W, Node.E})

Placed = tuple[tuple[str | int, ...], Item]


def faults(protocol: Protocol) -> Iterator[Fault]:
    placed = tuple(_placed(protocol))
    for at, item in placed:
        yield from _options(at, item)
        yield from _range(at, item)
        yield from _step(at, item)
        yield from _node(at, item)
    yield from _variables(placed)
    yield from _shared_ids(placed)
    yield from _gated(placed)


def _placed(protocol: Protocol) -> Iterator[Placed]:
    for i, instrument in enumerate(protocol.instruments):
        for j, item in enumerate(instrument.items):
            yield ("instruments", i, "items", j), item
            for k, measured in enumerate(item.measured()):
                yield ("instruments", i, "items", j, "measures", k), measured


def _options(at: tuple[str | int, ...], item: Item) -> Iterator[Fault]:
    if item.kind in CHOICES:
        if not item.options and item.options_from is None:
            yield Fault(pointer(*at), "options_missing", "A choice has options or a list of the person's own.")
    elif item.options_from is not None or (item.options and item.kind is not ItemKind.LIKERT):
        yield Fault(pointer(*at), "options_unexpected", f"An item of kind {item.kind} takes no options.")


def _range(at: tuple[str | int, ...], item: Item) -> Iterator[Fault]:
    low, high = item.minimum, item.maximum
    if (low is not None or high is not None) and item.kind not in RANGED:
        yield Fault(pointer(*at), "range_unexpected", f"An item of kind {item.kind} has no minimum or maximum.")
    elif item.kind in {ItemKind.SLIDER, ItemKind.LIKERT} and not item.options and (low is None or high is None):
        yield Fault(pointer(*at), "range_missing", "A scale has a minimum and a maximum.")
    if low is not None and high is not None and low >= high:
        yield Fault(pointer(*at, "minimum"), "minimum_not_below_maximum", f"The minimum {low:g} is not below the maximum {high:g}.")


def _step(at: tuple[str | int, ...], item: Item) -> Iterator[Fault]:
    """A scale ends on a step, and whole numbers lie on whole steps: else no answer could be the greatest, or none between."""
    if item.step is None:
        return
    low, high, place = item.minimum or 0, item.maximum, pointer(*at, "step")
    if item.kind not in RANGED or item.options:
        yield Fault(place, "step_unexpected", "Only a number has a step.")
    elif not item.step >= SHORTEST:
        yield Fault(place, "step_does_not_fit", f"The step is at least {SHORTEST:g}.")
    elif high is not None and not (item.step <= high - low and on_step(high, item.step, low)):
        yield Fault(place, "step_does_not_fit", f"The maximum {high:g} is no whole number of steps of {item.step:g} from {low:g}.")
    elif item.kind in WHOLE and (item.step % 1 or low % 1):
        yield Fault(place, "step_does_not_fit", "Whole numbers lie on whole steps from a whole number.")


def _node(at: tuple[str | int, ...], item: Item) -> Iterator[Fault]:
    scored = any(option.score is not None for option in item.options)
    on_scale = scored or item.kind is ItemKind.YES_NO or (item.kind in RANGED and not item.options)
    if item.node is Node.NONE and item.domain is not None and item.direction != 0 and on_scale:
        message = "A scored item with a domain belongs to a node; write direction 0 if it is only to be stored."
        yield Fault(pointer(*at, "node"), "item_in_no_node", message)
    if item.node not in NETWORK:
        return
    if item.direction == 0:
        yield Fault(pointer(*at, "direction"), "node_without_direction", "An indicator of a node has direction 1 or -1.")
    if not on_scale or (item.kind in RANGED and not item.options and (item.minimum is None or item.maximum is None)):
        yield Fault(pointer(*at, "node"), "node_without_scale", "An indicator of a node has a minimum and a maximum, scores, or is yes/no.")


def _variables(placed: tuple[Placed, ...]) -> Iterator[Fault]:
    """One variable asked in several instruments is one series: it means the same everywhere."""
    first: dict[str, Placed] = {}
    for at, item in placed:
        before, other = first.setdefault(item.variable, (at, item))
        differing = [name for name in ("node", "direction", "domain", "frame", "weight", "half_life_hours") if _differ(item, other, name)]
        if differing:
            message = f"`{item.variable}` has another {', '.join(differing)} at {pointer(*before)}."
            yield Fault(pointer(*at, differing[0]), "variable_in_two_nodes", message)
        scale = [name for name in ("kind", "minimum", "maximum", "task") if _differ(item, other, name)]
        if getattr(item, "measure", None) != getattr(other, "measure", None):
            scale.append("measure")
        if _codes(item) != _codes(other):
            scale.append("options")
        if scale:
            message = f"`{item.variable}` has another {', '.join(scale)} at {pointer(*before)}."
            yield Fault(pointer(*at, scale[0]), "variable_on_two_scales", message)


def _differ(one: Item, other: Item, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


def _codes(item: Item) -> dict[str, float | None]:
    return {option.code: option.score for option in item.options}


def _shared_ids(placed: tuple[Placed, ...]) -> Iterator[Fault]:
    """Rules and disclosures name items by id alone, whatever instrument asks them."""
    first: dict[str, Placed] = {}
    for at, item in placed:
        before, other = first.setdefault(item.id, (at, item))
        if item.variable != other.variable:
            yield Fault(pointer(*at, "variable"), "item_of_two_variables", f"`{item.id}` measures another variable at {pointer(*before)}.")


def _gated(placed: tuple[Placed, ...]) -> Iterator[Fault]:
    """An item that is asked only behind a gate is missing by its own answer, so it enters no node (risk-model.md 2.4, 2)."""
    open_variables = {item.variable for _, item in placed if item.show_if is None}
    for at, item in placed:
        if item.node in NETWORK and item.variable not in open_variables:
            yield Fault(
                pointer(*at, "node"), "gated_item_in_node", f"`{item.variable}` is asked only behind a condition, so it enters no node."
            )
