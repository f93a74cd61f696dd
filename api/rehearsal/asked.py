"""A prompt as the phone holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """Instants are UTC."""

    id: str
    design: str
    kind: str
    instrument: str
    revision: int
    study_day: int
    local_day: str
    due_at: datetime
    expires_at: datetime
    drawn: tuple[str, ...] | None
    order: tuple[str, ...] | None
    snoozes_left: int
    snooze_minutes: int
    plan_revision: int

    @property
    def version(self) -> tuple[int, datetime]:
        """Changes where the prompt is moved."""
        return self.plan_revision, self.due_at


def read(shown: Mapping[str, Any]) -> Asked:
    """From the list of prompts, as the API gives it."""
    drawn, order = shown["drawn_items"], shown["item_order"]
    return Asked(
        id=shown["id"],
        design=shown["design"],
        kind=shown["kind"],
        instrument=shown["instrument"],
        revision=shown["protocol_revision"],
        study_day=shown["study_day"],
        local_day=shown["local_due"][:10],
        due_at=datetime.fromisoformat(shown["due_at"]),
        expires_at=datetime.fromisoformat(shown["expires_at"]),
        drawn=None if drawn is None else tuple(drawn),
        order=None if order is None else tuple(order),
        snoozes_left=shown["snoozes_left"],
        snooze_minutes=shown["snooze_minutes"],
        plan_revision=shown["plan_revision"],
    )
