"""Derived numbers of an instrument: sums and means with a stated rule for missing items, and values of expressions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.definition.expression import evaluate, items_read
from models.definition.instrument import Instrument, Item, Score
from models.definition.operations import total


@dataclass(frozen=True, slots=True)
class Scored:
    """A score of one response: how many items it is made of, how many of them were answered; None where that is too few."""

    id: str
    value: float | None
    items: int
    answered: int


def scores(instrument: Instrument, values: Mapping[str, Any]) -> dict[str, float | None]:
    """Every score by id, from valid answers by item id.

    A sum or mean is None where the answered share is below `least_answered`. A sum with missing items is the sum of the answered
    ones times all ÷ answered (prorated). `reverse` items count as minimum + maximum - answer; yes counts 1; a choice
    counts its position from 0. An `expression` reads the answers as they are, and is None where its tree gives no number.

    >>> from models.kinds import InstrumentKind, ItemKind, RecallFrame
    >>> def days(name):
    ...     return Item(id=name, kind=ItemKind.INTEGER, text={"en": "?"}, minimum=0, maximum=7, variable=name, frame=RecallFrame.PAST_WEEK)
    >>> weekly = Instrument(id="weekly", kind=InstrumentKind.WEEKLY, title={"en": "Week"}, seconds=60, items=(days("a"), days("b")),
    ...     scores=(Score(id="both", how="sum", items=("a", "b"), least_answered=0.5),))
    >>> scores(weekly, {"a": 2, "b": 3}), scores(weekly, {"a": 2}), scores(weekly, {})
    ({'both': 5.0}, {'both': 4.0}, {'both': None})
    """
    return {one.id: one.value for one in scored(instrument, values)}


def scored(instrument: Instrument, values: Mapping[str, Any]) -> tuple[Scored, ...]:
    """The same with what each score is made of, in the order of the instrument."""
    return tuple(_scored(instrument, score, values) for score in instrument.scores)


def items_of(score: Score) -> tuple[str, ...]:
    """The items that a score is made of; of an expression those that its tree reads, by name."""
    return tuple(sorted(items_read(score.value))) if score.how == "expression" else score.items


def _scored(instrument: Instrument, score: Score, values: Mapping[str, Any]) -> Scored:
    made_of = items_of(score)
    if score.how == "expression":
        answered = sum(values.get(name) is not None for name in made_of)
        return Scored(score.id, _plain(evaluate(score.value, values, {})), len(made_of), answered)
    asked = [item for item in map(instrument.item, made_of) if item is not None]
    numbers = [number for number in (_number(item, values.get(item.id)) for item in asked) if number is not None]
    if not numbers or len(numbers) < score.least_answered * len(made_of):
        return Scored(score.id, None, len(made_of), len(numbers))
    full = total(numbers) * (len(made_of) if score.how == "sum" else 1)
    return Scored(score.id, full / len(numbers), len(made_of), len(numbers))


def _plain(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _number(item: Item, value: Any) -> float | None:
    number: float | None = None
    if isinstance(value, bool | int | float):
        number = float(value)
    elif isinstance(value, str):
        number = next((float(place) for place, option in enumerate(item.options) if option.code == value), None)
    if number is None or not item.reverse:
        return number
    low, high = ends(item)
    return low + high - number


def ends(item: Item) -> tuple[float, float]:
    """The lowest and highest number that an item counts in a score, for turning it round."""
    if item.minimum is not None and item.maximum is not None:
        return item.minimum, item.maximum
    return 0.0, float(max(1, len(item.options) - 1))
