"""Scores: numbers only, a rule that can be met, and nothing in them that may name someone."""

from collections.abc import Iterator
from typing import Final

from models.definition.base import pointer
from models.definition.checks.types import Scope, Typing, item_type
from models.definition.instrument import Instrument, Item, Score
from models.definition.protocol import Protocol
from models.definition.score import items_of
from models.errors import Fault
from models.kinds import ItemKind

COUNTED: Final = frozenset(
    {
        ItemKind.SLIDER,
        ItemKind.LIKERT,
        ItemKind.SINGLE,
        ItemKind.YES_NO,
        ItemKind.INTEGER,
        ItemKind.DECIMAL,
        ItemKind.DURATION,
    }
)
"""Kinds whose answer counts a number in a sum or mean."""

Path = tuple[str | int, ...]


def faults(protocol: Protocol) -> Iterator[Fault]:
    for i, instrument in enumerate(protocol.instruments):
        for j, score in enumerate(instrument.scores):
            at: Path = ("instruments", i, "scores", j)
            yield from _expression(at, instrument, score) if score.how == "expression" else _sum(at, instrument, score)
            yield from _named(at, instrument, score)


def _expression(at: Path, instrument: Instrument, score: Score) -> Iterator[Fault]:
    if score.value is None:
        yield Fault(pointer(*at, "value"), "score_without_value", "A score by expression says which.")
    else:
        typing = Typing(Scope({item.id: item_type(item) for item in instrument.items}, None))
        typing.number(score.value, *at, "value")
        yield from typing.faults
    if score.items or score.least_answered != 1:
        message = "Items and the least share belong to sums and means; an expression says itself what it reads and what is missing."
        yield Fault(pointer(*at, "items"), "score_with_two_rules", message)


def _sum(at: Path, instrument: Instrument, score: Score) -> Iterator[Fault]:
    if score.value is not None:
        yield Fault(pointer(*at, "value"), "score_with_two_rules", "A sum or mean is of its items; an expression is a score of its own.")
    if not score.items:
        yield Fault(pointer(*at, "items"), "score_without_items", "A sum or mean has items.")
    first: dict[str, int] = {}
    for number, item_id in enumerate(score.items):
        where, item = (*at, "items", number), instrument.item(item_id)
        if first.setdefault(item_id, number) != number:
            yield Fault(pointer(*where), "item_scored_twice", f"This item counts already at {pointer(*at, 'items', first[item_id])}.")
        elif item is not None:
            yield from _counts(where, item)
    most = _most_asked(instrument, score)
    if score.items and most < score.least_answered * len(score.items):
        message = f"Of its {len(score.items)} items a prompt draws at most {most}: this share is never answered."
        yield Fault(pointer(*at, "least_answered"), "score_never_reached", message)


def _counts(where: Path, item: Item) -> Iterator[Fault]:
    if item.kind not in COUNTED or item.options_from is not None:
        yield Fault(pointer(*where), "score_of_no_number", f"`{item.id}` counts no number.")
    elif item.reverse and item.kind not in {ItemKind.YES_NO, ItemKind.SINGLE} and not item.options and None in {item.minimum, item.maximum}:
        yield Fault(pointer(*where), "reverse_without_ends", f"`{item.id}` is turned round, and has no minimum and maximum.")


def _named(at: Path, instrument: Instrument, score: Score) -> Iterator[Fault]:
    """Scores leave with every dataset, so nothing goes into them that does not."""
    for name in items_of(score):
        item = instrument.item(name)
        if item is not None and (item.identifying or item.kind is ItemKind.TEXT):
            yield Fault(pointer(*at), "score_names_someone", f"`{name}` may name someone and is never exported, so it enters no score.")


def _most_asked(instrument: Instrument, score: Score) -> int:
    wanted = set(score.items)
    rotating = {name for rotation in instrument.rotations for name in rotation.items}
    return len(wanted - rotating) + sum(min(one.draw, len(wanted.intersection(one.items))) for one in instrument.rotations)
