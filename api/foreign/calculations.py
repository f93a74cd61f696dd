"""Calculated fields that are sums or means of answers, as scores. Anything else keeps its text and is not computed here."""

from collections.abc import Mapping
from dataclasses import dataclass

from api.foreign.logic.grammar import parse
from api.foreign.logic.scope import NUMBERS, Known, NotCarried
from api.foreign.logic.tree import Binary, Call, Reference, Tree
from models.definition.instrument import Score
from models.kinds import ItemKind


@dataclass(frozen=True, slots=True)
class Computed:
    """`stricter` where theirs passes over blanks and ours needs every item."""

    score: Score
    stricter: bool


def score_of(formula: str, score_id: str, items: Mapping[str, Known]) -> Computed:
    """The score that a formula says. Raises NotParsed or NotCarried.

    `[a] + [b]` is blank where one is: a sum of all. `mean([a], [b])` takes those that are given.
    """
    tree = parse(formula)
    if isinstance(tree, Call) and tree.function == "mean":
        read = _items(tree.arguments, items)
        # A share that one item reaches, whatever rounding does to 1 / n.
        return Computed(Score(id=score_id, how="mean", items=read, least_answered=0.5 / len(read)), stricter=False)
    if isinstance(tree, Call) and tree.function == "sum":
        return Computed(Score(id=score_id, how="sum", items=_items(tree.arguments, items)), stricter=True)
    return Computed(Score(id=score_id, how="sum", items=_items(_addends(tree), items)), stricter=False)


def _addends(tree: Tree) -> tuple[Tree, ...]:
    """As they were written, from left to right."""
    found: list[Tree] = []
    while isinstance(tree, Binary) and tree.operator == "+":
        found.append(tree.right)
        tree = tree.left
    return (tree, *reversed(found))


def _items(trees: tuple[Tree, ...], items: Mapping[str, Known]) -> tuple[str, ...]:
    read = tuple(_item(tree, items).item for tree in trees)
    if len(read) < 2 or len(set(read)) < len(read):
        raise NotCarried("calculation", "A score adds two or more answers, each once.")
    return read


def _item(tree: Tree, items: Mapping[str, Known]) -> Known:
    plain = isinstance(tree, Reference) and (tree.code, tree.event, tree.instance, tree.argument) == (None, None, None, None)
    known = items.get(tree.field) if plain and isinstance(tree, Reference) else None
    if known is None or not (known.kind in NUMBERS or known.kind is ItemKind.YES_NO or _by_place(known)):
        raise NotCarried("calculation", "It is not a sum or mean of numbers that this form asks.")
    return known


def _by_place(known: Known) -> bool:
    """A choice counts its place from 0 here, so its codes must be these places."""
    return known.kind is ItemKind.SINGLE and list(known.codes) == [str(place) for place in range(len(known.codes))]
