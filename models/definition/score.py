"""Derived numbers of an instrument: sums and means with a stated rule for missing items."""

from collections.abc import Mapping
from typing import Any

from models.definition.instrument import Instrument, Item, Score


def scores(instrument: Instrument, values: Mapping[str, Any]) -> dict[str, float | None]:
    """Every score by id, from valid answers by item id.

    A score is None where the answered share is below `least_answered`. A sum with missing items is the mean of the answered
    ones times their full number (prorated). `reverse` items count as minimum + maximum - answer; yes counts 1; a choice
    counts its position from 0.

    >>> from models.kinds import InstrumentKind, ItemKind, RecallFrame
    >>> def days(name):
    ...     return Item(id=name, kind=ItemKind.INTEGER, text={"en": "?"}, minimum=0, maximum=7, variable=name, frame=RecallFrame.PAST_WEEK)
    >>> weekly = Instrument(id="weekly", kind=InstrumentKind.WEEKLY, title={"en": "Week"}, seconds=60, items=(days("a"), days("b")),
    ...     scores=(Score(id="both", how="sum", items=("a", "b"), least_answered=0.5),))
    >>> scores(weekly, {"a": 2, "b": 3}), scores(weekly, {"a": 2}), scores(weekly, {})
    ({'both': 5.0}, {'both': 4.0}, {'both': None})
    """
    return {score.id: _score(instrument, score, values) for score in instrument.scores}


def _score(instrument: Instrument, score: Score, values: Mapping[str, Any]) -> float | None:
    asked = [item for item in map(instrument.item, score.items) if item is not None]
    numbers = [number for number in (_number(item, values.get(item.id)) for item in asked) if number is not None]
    if not numbers or len(numbers) < score.least_answered * len(score.items):
        return None
    mean = sum(numbers) / len(numbers)
    return mean if score.how == "mean" else mean * len(score.items)


def _number(item: Item, value: Any) -> float | None:
    number: float | None = None
    if isinstance(value, bool | int | float):
        number = float(value)
    elif isinstance(value, str):
        number = next((float(place) for place, option in enumerate(item.options) if option.code == value), None)
    if number is None or not item.reverse:
        return number
    low, high = _ends(item)
    return low + high - number


def _ends(item: Item) -> tuple[float, float]:
    if item.minimum is not None and item.maximum is not None:
        return item.minimum, item.maximum
    return 0.0, float(max(1, len(item.options) - 1))
