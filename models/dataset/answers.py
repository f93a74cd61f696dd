"""Answers as cells of the prompt table and as rows of the long table. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from models.dataset.codebook import ItemColumns
from models.dataset.deidentify import Sharing, shared
from models.dataset.framing import Framing, Person, asked, stamps
from models.dataset.schema import Cell, Code
from models.definition.instrument import Item
from models.kinds import ItemKind

STRAIGHT_LEAST: Final = 5


def answer_rows(framing: Framing, person: Person, response: Any) -> Iterator[dict[str, Cell]]:
    """One row for each item of the questionnaire. `response` also has `newest`, `prompt_uid` and `drawn` of its prompt."""
    revision, instrument = asked(framing, response)
    if instrument is None:
        return
    shift = clock_shift(response)
    probabilities = (response.drawn or {}).get("probabilities", {})
    shares: dict[str, Cell] = {
        "participant_id": person.participant_id,
        "response_id": framing.rekey("source", person.uid, response.client_id),
        "revision": response.revision,
        "newest": response.newest,
        "prompt_id": framing.rekey("prompt", person.uid, response.prompt_uid) if response.prompt_uid else None,
        "instrument": response.instrument,
        "protocol_revision": revision,
        "timing": str(response.timing),
        "event_time_utc": response.event_time,
        "synthetic": response.synthetic,
    }
    for position, item in enumerate(instrument.items, 1):
        columns = framing.book.items.get(item.id)
        if columns is None:
            continue
        at = item_instant(response, item.id, shift)
        yield (
            shares
            | {
                "item": item.id,
                "position": position,
                "variable": item.variable,
                "frame": item.frame.value,
                "domain": None if item.domain is None else item.domain.value,
                "node": item.node.value,
                "inclusion_probability": probabilities.get(item.id),
            }
            | _said(item, columns, response)
            | stamps("answered", at, response.offset_minutes)
        )


def _said(item: Item, columns: ItemColumns, response: Any) -> dict[str, Cell]:
    if item.id in response.missing:
        return {"missing": str(response.missing[item.id]), "withheld": False}
    if columns.sharing is Sharing.PRESENCE:
        return {"withheld": True}
    value = shared(item, response.answers.get(item.id), columns.sharing)
    number = float(value) if isinstance(value, bool | int | float) else None
    return {"value": as_text(item, value), "value_number": number, "withheld": False}


def item_cells(item: Item, columns: ItemColumns, response: Any, codes: Mapping[str, str]) -> dict[str, Cell]:
    """The cells of one item: its value, or the code of the kind of nothing; the 0/1 columns of a multiple choice."""
    every = (columns.main, *columns.options.values())
    if item.id in response.missing:
        return {column.name: Code(codes[str(response.missing[item.id])]) for column in every}
    if columns.sharing is Sharing.PRESENCE:
        return {columns.main.name: True}
    value = shared(item, response.answers.get(item.id), columns.sharing)
    if value is None:
        return {}
    chosen = value if isinstance(value, tuple) else (value,)
    cells: dict[str, Cell] = {column.name: code in chosen for code, column in columns.options.items()}
    return cells | {columns.main.name: _typed(item, columns, value)}


def _typed(item: Item, columns: ItemColumns, value: Any) -> Cell:
    match columns.main.type:
        case "number":
            return float(value)
        case "integer":
            return int(value)
        case "boolean":
            return bool(value)
        case "date":
            return date.fromisoformat(value)
        case _:
            return as_text(item, value)


def as_text(item: Item, value: Any) -> str | None:
    """A value as text: yes is 1, several choices are separated by semicolons, trials are JSON."""
    if value is None:
        return None
    if item.kind is ItemKind.TASK:
        return json.dumps(value, separators=(",", ":"), sort_keys=True)
    if isinstance(value, tuple):
        return ";".join(value)
    return str(int(value)) if isinstance(value, bool) else str(value)


def straight_line(items: Sequence[Item], answers: Mapping[str, Any]) -> bool:
    """Whether at least five answers on one scale are all alike: every scale with so many answers is looked at."""
    scales: dict[tuple[float | None, float | None], list[float]] = {}
    for item in items:
        value = answers.get(item.id)
        if item.kind in {ItemKind.SLIDER, ItemKind.LIKERT} and isinstance(value, int | float) and not isinstance(value, bool):
            scales.setdefault((item.minimum, item.maximum), []).append(float(value))
    return any(len(given) >= STRAIGHT_LEAST and len(set(given)) == 1 for given in scales.values())


def clock_shift(response: Any) -> timedelta:
    """From the device's clock to true time, as the server settled it for this response."""
    shift: timedelta = response.event_time - response.answered_at
    return shift


def item_instant(response: Any, item_id: str, shift: timedelta) -> datetime | None:
    said = (response.answer_times or {}).get(item_id)
    if said is None:
        return None
    instant = datetime.fromisoformat(said)
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC) + shift
