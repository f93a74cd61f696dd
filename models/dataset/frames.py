"""Rows of prompts and entries. Pure.

A prompt is a `Slot`: its row, its plan and life at the cut, and the newest revisions of the responses to it. Rows of the database
come in as they are read by `models.queries.dataset`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models.dataset.answers import clock_shift, item_cells, item_instant, straight_line
from models.dataset.framing import Framing, Person, asked, in_offset, stamps
from models.dataset.lifeline import TERMINAL, Life, Moment
from models.dataset.schema import Cell
from models.kinds import DesignKind, ItemKind, Missing, PromptState

FAST_SECONDS: Final = 1.0
FAST_LEAST: Final = 3
LEAVING_REASONS: Final = frozenset({"withdrawn", "no_consent", "stop_collection", "stop_use", "erase_identifiers"})
DEVICE_REASONS: Final = frozenset({"device_off", "device_unreachable"})

_TRIGGER: Final[Mapping[str, str]] = {
    DesignKind.STRATIFIED: "random",
    DesignKind.FIXED: "fixed",
    DesignKind.WINDOW: "fixed",
    DesignKind.FOLLOW_UP: "follow_up",
    DesignKind.EVENT: "event",
}


@dataclass(frozen=True, slots=True)
class Slot:
    prompt: Any
    moment: Moment
    life: Life
    responses: tuple[Any, ...]

    @property
    def response(self) -> Any:
        """The response that counts: a complete one before a partial one, then the first received. None where there is none."""
        return min(self.responses, key=lambda one: (not one.complete, one.id), default=None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands among the person's rows."""

    day: int | None = None
    beep: int | None = None
    counter: int | None = None
    entry_seq: int | None = None
    tz_changed: bool = False


def status(slot: Slot, *, as_of: datetime) -> str:
    """What became of a prompt; the words are `layout.STATUSES`."""
    state, response = slot.life.state, slot.response
    if response is not None:
        ended = {PromptState.EXPIRED: "expired", PromptState.DECLINED: "declined"}
        return ended.get(state, "completed" if response.complete else "partial")
    if slot.life.reason in DEVICE_REASONS:
        return "device_off"
    if state is PromptState.CANCELLED:
        return "withdrawn" if slot.life.reason in LEAVING_REASONS else "not_sent"
    if state in {PromptState.BLOCKED, PromptState.SUPERSEDED}:
        return "not_sent"
    if state in {PromptState.COMPLETED, PromptState.PARTIAL, PromptState.DECLINED}:
        return state.value
    if state not in TERMINAL and as_of < slot.moment.expires_at:
        return "open"
    if slot.life.opened is not None:
        return "opened"
    return "missed" if slot.life.sent is not None or slot.life.delivered is not None else "not_sent"


def prompt_row(framing: Framing, person: Person, slot: Slot, place: Place) -> dict[str, Cell]:
    """The row of a prompt whose moment has come."""
    prompt, moment, life = slot.prompt, slot.moment, slot.life
    prompt_id = framing.rekey("prompt", person.uid, prompt.uid)
    local_day = in_offset(moment.due_at, moment.offset_minutes).date()
    row = _common(framing, person, moment.instrument, moment.protocol_version_id) | {
        "record_id": prompt_id,
        "row_kind": "prompt",
        "prompt_id": prompt_id,
        "design": prompt.design,
        "trigger": _TRIGGER[prompt.kind],
        "study_day": moment.study_day,
        "day": place.day,
        "beep": place.beep,
        "counter": place.counter,
        "weekday": local_day.isoweekday(),
        "iana_tz": moment.zone,
        "utc_offset_minutes": moment.offset_minutes,
        "tz_changed": place.tz_changed,
        "state": life.state.value,
        "status": status(slot, as_of=framing.as_of),
        "reason": life.reason,
        "reminders_sent": life.reminders,
        "snoozes": life.snoozes,
        "n_responses": len(slot.responses),
        "density": moment.density,
        "day_probability": moment.day_probability,
        "source_response_id": framing.rekey("source", person.uid, prompt.source) if prompt.source else None,
        "synthetic": prompt.synthetic,
    }
    opened = life.opened or _started(slot.response)
    instants = {"scheduled": moment.due_at, "sent": life.sent, "delivered": life.delivered, "opened": opened, "expired": life.expired}
    for name, instant in instants.items():
        row |= stamps(name, instant, moment.offset_minutes)
    if life.sent is not None and opened is not None:
        row["response_latency_s"] = (opened - life.sent).total_seconds()
    return row | _answered(framing, person, slot.response)


def _started(response: Any) -> datetime | None:
    """A phone that was offline never told us that the prompt was opened: its answers say when they began, clock corrected."""
    if response is None or response.started_at is None:
        return None
    began: datetime = response.started_at + clock_shift(response)
    return began


def entry_row(framing: Framing, person: Person, response: Any, place: Place) -> dict[str, Cell]:
    """The row of a response that the person started."""
    local_day = in_offset(response.event_time, response.offset_minutes).date()
    row = _common(framing, person, response.instrument, response.protocol_version_id) | {
        "record_id": framing.rekey("source", person.uid, response.client_id),
        "row_kind": "entry",
        "trigger": "event",
        "study_day": None if person.start_date is None else (local_day - person.start_date).days + 1,
        "day": place.day,
        "weekday": local_day.isoweekday(),
        "entry_seq": place.entry_seq,
        "iana_tz": response.zone,
        "utc_offset_minutes": response.offset_minutes,
        "tz_changed": place.tz_changed,
        "status": "completed" if response.complete else "partial",
        "synthetic": response.synthetic,
    }
    return row | _answered(framing, person, response)


def _common(framing: Framing, person: Person, instrument_id: str, version_id: int) -> dict[str, Cell]:
    revision = framing.revisions.get(version_id)
    protocol = None if revision is None else framing.book.protocols[revision]
    instrument = None if protocol is None else protocol.instrument(instrument_id)
    return {
        "participant_id": person.participant_id,
        "study_id": framing.study,
        "site": person.site,
        "arm": person.arm,
        "instrument": instrument_id,
        "instrument_kind": None if instrument is None else instrument.kind.value,
        "protocol_version": None if protocol is None else protocol.version,
        "protocol_revision": revision,
    }


def _answered(framing: Framing, person: Person, response: Any) -> dict[str, Cell]:
    """What a response adds to its row: when, how well and what."""
    if response is None:
        return {}
    _, instrument = asked(framing, response)
    shift = clock_shift(response)
    times = [instant for instant in (item_instant(response, item, shift) for item in response.answer_times or {}) if instant is not None]
    duration = None if response.started_at is None else (response.answered_at - response.started_at).total_seconds()
    missing = [str(kind) for kind in response.missing.values()]
    items = () if instrument is None else tuple(item for item in instrument.items if item.kind is not ItemKind.INFORMATION)
    answered = sum(item.id not in response.missing for item in items)
    quality = response.quality or {}
    row: dict[str, Cell] = {
        "response_id": framing.rekey("source", person.uid, response.client_id),
        "server_received_utc": response.received_at,
        "timing": str(response.timing),
        "n_items_shown": answered + sum(kind in {Missing.SKIPPED, Missing.DECLINED} for kind in missing),
        "n_items_answered": answered,
        "duration_s": duration,
        "revision": response.revision,
        "edited": response.revision > 1,
        "too_fast": duration is not None and answered >= FAST_LEAST and duration < FAST_SECONDS * answered,
        "straight_line": straight_line(items, response.answers),
        "clock_skew_s": response.skew_seconds,
        "clock_suspect": response.clock_suspect,
        "app_version": quality.get("app_version"),
        "os": quality.get("os", response.device_os),
    }
    row |= stamps("first_answer", min(times, default=None), response.offset_minutes)
    row |= stamps("completed", response.event_time if response.complete else None, response.offset_minutes)
    for item in items:
        if (columns := framing.book.items.get(item.id)) is not None:
            row |= item_cells(item, columns, response, framing.codes)
    return row
