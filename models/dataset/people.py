"""Rows of participants, slots and their events. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from models.dataset.deidentify import actor_kind
from models.dataset.frames import Slot
from models.dataset.framing import Framing, Person
from models.dataset.schema import Cell
from models.dataset.shape import Row, Shape


@dataclass(slots=True)
class Span:
    """From which revision to which, and to which study day, the prompts of a person reach so far."""

    first_revision: int | None = None
    last_revision: int | None = None
    last_study_day: int | None = None

    def add(self, revision: int, study_day: int) -> None:
        self.first_revision = revision if self.first_revision is None else self.first_revision
        self.last_revision, self.last_study_day = revision, study_day


def participant_row(
    framing: Framing, person: Person, row: Any, *, zones: Sequence[str], consents: Sequence[Any], span: Span
) -> dict[str, Cell]:
    """`zones` and `consents` are the histories in the cut, oldest first; the enrollment's own row goes on changing."""
    ended = row.ended_at if row.ended_at is not None and row.ended_at <= framing.as_of else None
    allowed = {"collect": True, "contact": True}
    for act in consents:
        if act.scope in allowed:
            allowed[act.scope] = act.given
    return {
        "participant_id": person.participant_id,
        "study_id": framing.study,
        "site": person.site,
        "arm": person.arm,
        "stratum": row.stratum,
        "state": "active" if ended is None else str(row.state),
        "start_date": person.start_date,
        "started_utc": row.started_at,
        "ended_utc": ended,
        "last_study_day": span.last_study_day,
        "iana_tz": zones[0] if zones else None,
        "n_zones": len(set(zones)),
        "first_revision": span.first_revision,
        "last_revision": span.last_revision,
        "consent_collect": allowed["collect"],
        "consent_contact": allowed["contact"],
        "left": ";".join(str(act.leaving) for act in consents if act.leaving is not None) or None,
        "synthetic": row.synthetic,
    }


class SlotRows:
    """Rows of the tables `schedule` and `events` in one shape, their cells in the order of `layout.SCHEDULE` and `layout.EVENTS`."""

    def __init__(self, framing: Framing, shape: Shape) -> None:
        self._shape = shape
        self._revisions = {version_id: shape.count(revision) for version_id, revision in framing.revisions.items()}
        self._actor = lru_cache(maxsize=1_024)(lambda actor: shape.text(actor_kind(actor)))

    def slot(self, person: Person, slot: Slot, prompt_id: str) -> Row:
        prompt, moment, life, shape = slot.prompt, slot.moment, slot.life, self._shape
        text, utc, count = shape.text, shape.utc, shape.count
        return [
            person.participant_id,
            prompt_id,
            text(prompt.design),
            prompt.kind,
            text(moment.instrument),
            self._revisions.get(moment.protocol_version_id, shape.nothing),
            shape.day(prompt.slot_date),
            count(prompt.slot_index),
            count(moment.study_day),
            utc(prompt.planned_at),
            *shape.both(moment.due_at, moment.zone),
            utc(moment.window_start),
            utc(moment.window_end),
            utc(moment.expires_at),
            text(moment.zone),
            life.state.value,
            text(life.reason),
            count(life.replans),
            shape.number(moment.density),
            shape.number(moment.day_probability),
            shape.flag(prompt.synthetic),
        ]

    def events(self, person: Person, prompt_id: str, events: Sequence[Any]) -> list[Row]:
        """Those of one slot, oldest first, numbered from 1."""
        text, utc, count, actor_of, who = self._shape.text, self._shape.utc, self._shape.count, self._actor, person.participant_id
        return [
            [
                who,
                prompt_id,
                count(sequence),
                utc(event.at),
                text(event.name),
                text(event.from_state),
                text(event.to_state),
                actor_of(event.actor),
                text(event.reason),
            ]
            for sequence, event in enumerate(events, 1)
        ]
