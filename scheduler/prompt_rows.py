"""An occasion as the columns of a prompt. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.definition.order import item_order
from models.definition.protocol import Protocol
from models.definition.rotation import draw_rotation
from models.kinds import PromptState
from scheduler.plan.occasion import Occasion


def new_row(one: Occasion, *, enrollment: Any, version_id: int, drawn: Mapping[str, Any] | None, now: datetime) -> dict[str, Any]:
    """Every column of a prompt that is planned for the first time; `enrollment` has id, study_id and synthetic."""
    return {
        "uid": one.uid,
        "study_id": enrollment.study_id,
        "enrollment_id": enrollment.id,
        "design": one.design,
        "kind": one.kind.value,
        "slot": one.slot.name,
        "slot_index": one.slot.index,
        "source": one.source,
        "planned_at": now,
        "sent_at": None,
        "delivered_at": None,
        "opened_at": None,
        "first_answer_at": None,
        "completed_at": None,
        "reminders_sent": 0,
        "snoozes": 0,
        "synthetic": enrollment.synthetic,
        **planned_columns(one, version_id=version_id, drawn=drawn, revision=1),
    }


def planned_columns(one: Occasion, *, version_id: int, drawn: Mapping[str, Any] | None, revision: int) -> dict[str, Any]:
    """The columns that planning again may change."""
    return {
        "slot_date": one.slot.local_date,
        "protocol_version_id": version_id,
        "instrument": one.instrument,
        "state": PromptState.PLANNED if one.blocked is None else PromptState.BLOCKED,
        "reason": one.blocked,
        "due_at": one.due_at,
        "window_start": one.window_start,
        "window_end": one.window_end,
        "expires_at": one.expires_at,
        "next_at": one.due_at if one.blocked is None else None,
        "reminders_left": [instant.isoformat() for instant in one.reminders],
        "zone": one.zone,
        "local_due": one.local_due,
        "offset_minutes": one.offset_minutes,
        "study_day": one.study_day,
        "density": one.density,
        "day_probability": one.day_probability,
        "drawn": drawn,
        "plan_revision": revision,
        "superseded_by": None,
    }


_REPLACED = ("protocol_version_id", "instrument", "zone", "offset_minutes", "study_day", "density", "day_probability")
_REPLACED_INSTANTS = ("due_at", "window_start", "window_end", "expires_at")


def replaced_plan(row: Any) -> dict[str, Any]:
    """What planning again is about to replace, for the event's detail (`was`).

    A prompt's row goes on changing; a dataset that was cut before reads the plan of its moment from here (`models.dataset.lifeline`).
    """
    instants = {name: getattr(row, name).isoformat() for name in _REPLACED_INSTANTS}
    return instants | {name: getattr(row, name) for name in _REPLACED}


def drawn_items(protocol: Protocol, one: Occasion, plan_key: bytes) -> dict[str, Any] | None:
    """What this slot draws: of rotating sets the items and every item's inclusion probability, of shuffles the order of all items.

    None where nothing rotates and nothing is shuffled. The slot is named `design/slot`, for example `random_checks/2026-03-08.1`, so that
    a phone draws the same.
    """
    instrument = protocol.instrument(one.instrument)
    if instrument is None or not (instrument.rotations or instrument.shuffles):
        return None
    drawn: dict[str, Any] = {}
    slot = f"{one.design}/{one.slot.name}"
    if instrument.rotations:
        draw = draw_rotation(instrument, plan_key, slot)
        drawn |= {"items": list(draw.items), "probabilities": dict(draw.probabilities)}
    if instrument.shuffles:
        drawn["order"] = list(item_order(instrument, plan_key, slot))
    return drawn
