"""What goes wrong on a phone: a wrong body, which the server refuses, and an edit, which it takes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from api.rehearsal.people.chance import fraction
from api.rehearsal.people.terms import Filled, Person, Slip
from models.definition.answer_values import Broken, Empty, read_value
from models.definition.instrument import Instrument, Item
from models.kinds import ItemKind

EDIT_REASON: Final = "mistake"
NO_SUCH_ITEM: Final = "no_such_item"
_SCALES: Final = frozenset({ItemKind.SLIDER, ItemKind.LIKERT, ItemKind.INTEGER, ItemKind.DECIMAL})


def spoiled(filled: Filled, instrument: Instrument, slip: Slip, person: Person, label: str) -> Filled:
    """The same answers with one of them wrong, so that validation refuses them; times are the driver's to spoil.

    An instrument in which no value can be out of range gets an unknown item instead.
    """
    if slip is Slip.AFTER_SENT:
        return filled
    given = [item for item in instrument.items if "value" in filled.answers.get(item.id, {})]
    if slip is Slip.OUT_OF_RANGE and given:
        item = given[int(fraction(person.key, "spoiled", label) * len(given))]
        wrong = next((raw for raw in (1e15, {"no": "value"}) if _refused(item, raw)), None)
        if wrong is not None:
            return _with(filled, item.id, {**filled.answers[item.id], "value": wrong})
    return _with(filled, NO_SUCH_ITEM, {"value": 1})


def edited(filled: Filled, instrument: Instrument, person: Person, label: str) -> Filled | None:
    """A deliberate edit: one answer on a scale a step away. None where every answer decides a disclosure or a branch, or is no scale."""
    scales = [item for item in instrument.items if _steppable(item, filled.answers) and item.id not in filled.bound]
    if not scales:
        return None
    item = scales[int(fraction(person.key, "edited", label) * len(scales))]
    now, step = filled.answers[item.id]["value"], item.step or 1
    new = next((raw for raw in (now + step, now - step) if not _refused(item, raw)), None)
    return None if new is None else _with(filled, item.id, {**filled.answers[item.id], "value": new})


def _steppable(item: Item, answers: Mapping[str, Mapping[str, Any]]) -> bool:
    return item.kind in _SCALES and not item.options and "value" in answers.get(item.id, {})


def _with(filled: Filled, item_id: str, entry: Mapping[str, Any]) -> Filled:
    return replace(filled, answers={**filled.answers, item_id: entry})


def _refused(item: Item, raw: Any) -> bool:
    try:
        read_value(item, raw, {})
    except (Broken, Empty):
        return True
    return False
