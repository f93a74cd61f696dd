"""Rows of participants, slots and their events. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.dataset.deidentify import actor_kind
from models.dataset.frames import Slot
from models.dataset.framing import Framing, Person, stamps
from models.dataset.schema import Cell


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


def schedule_row(framing: Framing, person: Person, slot: Slot) -> dict[str, Cell]:
    prompt, moment, life = slot.prompt, slot.moment, slot.life
    row: dict[str, Cell] = {
        "participant_id": person.participant_id,
        "prompt_id": framing.rekey("prompt", person.uid, prompt.uid),
        "design": prompt.design,
        "design_kind": prompt.kind,
        "instrument": moment.instrument,
        "protocol_revision": framing.revisions.get(moment.protocol_version_id),
        "slot_date": prompt.slot_date,
        "slot_index": prompt.slot_index,
        "study_day": moment.study_day,
        "planned_utc": prompt.planned_at,
        "window_start_utc": moment.window_start,
        "window_end_utc": moment.window_end,
        "expires_utc": moment.expires_at,
        "iana_tz": moment.zone,
        "state": life.state.value,
        "reason": life.reason,
        "replans": life.replans,
        "density": moment.density,
        "day_probability": moment.day_probability,
        "synthetic": prompt.synthetic,
    }
    return row | stamps("scheduled", moment.due_at, moment.offset_minutes)


def event_row(framing: Framing, person: Person, prompt_uid: Any, event: Any, sequence: int) -> dict[str, Cell]:
    return {
        "participant_id": person.participant_id,
        "prompt_id": framing.rekey("prompt", person.uid, prompt_uid),
        "sequence": sequence,
        "at_utc": event.at,
        "name": event.name,
        "from_state": event.from_state,
        "to_state": event.to_state,
        "actor": actor_kind(event.actor),
        "reason": event.reason,
    }
