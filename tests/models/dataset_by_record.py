"""The prompt side of a dataset the slow way, record by record and one person after the other: what the fast way is held against.

It shares with the product what a column is (`codebook`, `layout`), what may leave (`shared`, `escaped`) and which row was there (`Cut`).
How rows are read, put in order and turned into cells is written here a second time: objects of the database, datetimes, one dictionary
a row, everything of a person in memory.
"""

import csv
import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, exists, select
from sqlalchemy.orm import aliased

from models.dataset.codebook import Codebook, ItemColumns, codebook
from models.dataset.compliance import Compliance
from models.dataset.deidentify import Rekey, Sharing, actor_kind, shared
from models.dataset.layout import ANSWERS_LONG, COMPLIANCE, EVENTS, SCHEDULE
from models.dataset.points_layout import PLANNED_EVENTS
from models.dataset.schema import Cell, Code, Table
from models.dataset.write import as_csv
from models.definition.instrument import Instrument, Item
from models.definition.load import parse
from models.kinds import DesignKind, ItemKind, Missing, PromptState
from models.queries import dataset as query
from models.queries.cut import Cut, read_cut
from models.sealed import Keys
from models.session import ReadSession, Sessions
from models.tables import Device, PlannedEvent, Prompt, PromptEvent, Response, TimedEvent

SHEETS: Final = ("prompts", "answers_long", "schedule", "events", "planned_events", "compliance")
STRAIGHT_LEAST: Final = 5

FAST_SECONDS: Final = 1.0
FAST_LEAST: Final = 3
LEAVING_REASONS: Final = frozenset({"withdrawn", "no_consent", "stop_collection", "stop_use", "erase_identifiers"})
DEVICE_REASONS: Final = frozenset({"device_off", "device_unreachable"})

_TRIGGER: Final[Mapping[str, str]] = {
    DesignKind.STRATIFIED: "random",
    DesignKind.UNIFORM: "random",
    DesignKind.INTERVAL: "fixed",
    DesignKind.FIXED: "fixed",
    DesignKind.WINDOW: "fixed",
    DesignKind.FOLLOW_UP: "follow_up",
    DesignKind.EVENT: "event",
}

TERMINAL: Final = frozenset({"completed", "partial", "declined", "expired", "superseded", "blocked", "cancelled"})
_INSTANTS: Final = frozenset({"due_at", "window_start", "window_end", "expires_at"})


@dataclass(frozen=True, slots=True)
class Framing:
    """What every row of one dataset shares. `revisions` maps internal keys of protocol versions to their revision."""

    book: Codebook
    rekey: Rekey
    codes: Mapping[str, str]
    """Kind of nothing -> what stands in the cell."""
    revisions: Mapping[int, int]
    study: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """The columns that every row of a person shares. `uid` is the enrollment's and never leaves."""

    uid: str
    participant_id: str
    site: str | None
    arm: str | None
    start_date: date | None
    synthetic: bool


def asked(framing: Framing, response: Any) -> tuple[int | None, Instrument | None]:
    """The revision that a response answers, and its questionnaire."""
    revision = framing.revisions.get(response.protocol_version_id)
    return revision, None if revision is None else framing.book.instruments.get((revision, response.instrument))


def in_offset(instant: datetime, offset_minutes: int) -> datetime:
    """The same instant on the wall clock of an offset, minutes east of UTC."""
    return instant.astimezone(timezone(timedelta(minutes=offset_minutes)))


def stamps(name: str, instant: datetime | None, zone: str) -> dict[str, Cell]:
    """Both columns of an instant.

    >>> from datetime import UTC
    >>> stamps("sent", datetime(2026, 3, 4, 15, tzinfo=UTC), "America/New_York")["sent_local"]
    '2026-03-04T10:00:00.000-05:00'
    """
    if instant is None:
        return {}
    return {f"{name}_local": instant.astimezone(ZoneInfo(zone)).isoformat(timespec="milliseconds"), f"{name}_utc": instant}


@dataclass(frozen=True, slots=True)
class Moment:
    """What the plan said of a slot at the cut. `density` is null where the moment was not drawn."""

    due_at: datetime
    window_start: datetime
    window_end: datetime
    expires_at: datetime
    zone: str
    offset_minutes: int
    instrument: str
    protocol_version_id: int
    study_day: int
    density: float | None
    day_probability: float


@dataclass(frozen=True, slots=True)
class Life:
    """What had happened to a slot at the cut. An instant is None where it had not happened."""

    state: PromptState
    reason: str | None
    sent: datetime | None
    delivered: datetime | None
    opened: datetime | None
    expired: datetime | None
    reminders: int
    snoozes: int
    replans: int


def moment(prompt: Any, was: Mapping[str, Any] | None) -> Moment:
    """The plan of a slot. `was` holds what the first replanning after the cut replaced, by column, instants as ISO 8601."""
    said = was or {}
    return Moment(**{name: _value(prompt, said, name) for name in Moment.__slots__})


def _value(prompt: Any, was: Mapping[str, Any], name: str) -> Any:
    if name not in was:
        return getattr(prompt, name)
    return datetime.fromisoformat(was[name]) if name in _INSTANTS else was[name]


def life(prompt: Any, before: Sequence[Any], after: Sequence[Any], *, as_of: datetime) -> Life:
    """The life of `prompt` from its events, oldest first: those in the cut and those that came later.

    Only a prompt without any event (a row from elsewhere) is read from its own columns, as far as they are not after `as_of`: of the
    others, a column may have been set after the cut to an instant before it.
    """
    state, reason = _state(prompt, before, after)
    own = not before and not after
    return Life(
        state=state,
        reason=reason,
        sent=_own(prompt.sent_at, as_of) if own else _first(before, "sent"),
        delivered=_own(prompt.delivered_at, as_of) if own else _first(before, "delivered"),
        opened=_own(prompt.opened_at, as_of) if own else _first(before, "opened"),
        expired=_first(before, "expired"),
        reminders=sum(event.name == "reminded" for event in before),
        snoozes=sum(event.name == "snoozed" for event in before),
        replans=sum(event.name in {"replanned", "blocked"} and event.from_state is not None for event in before),
    )


def _state(prompt: Any, before: Sequence[Any], after: Sequence[Any]) -> tuple[PromptState, str | None]:
    if before:
        entered = next((event for event in reversed(before) if event.from_state != event.to_state), before[-1])
        return PromptState(before[-1].to_state), entered.reason
    if after and after[0].from_state is not None:
        return PromptState(after[0].from_state), None
    return (PromptState.PLANNED, None) if after else (PromptState(prompt.state), prompt.reason)


def _first(events: Sequence[Any], name: str) -> datetime | None:
    """By name: a receipt that came late is a row too, and moved nothing."""
    return next((event.at for event in events if event.name == name), None)


def _own(instant: datetime | None, as_of: datetime) -> datetime | None:
    return instant if instant is not None and instant <= as_of else None


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
        row |= stamps(name, instant, moment.zone)
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
        "language": response.language,
    }
    row |= stamps("first_answer", min(times, default=None), response.zone)
    row |= stamps("completed", response.event_time if response.complete else None, response.zone)
    for item in items:
        if (columns := framing.book.items.get(item.id)) is not None:
            row |= item_cells(item, columns, response, framing.codes)
    return row


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
    order = response.item_order or [item.id for item in instrument.items]
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
                "order_position": order.index(item.id) + 1,
                "variable": item.variable,
                "frame": item.frame.value,
                "domain": None if item.domain is None else item.domain.value,
                "node": item.node.value,
                "inclusion_probability": probabilities.get(item.id),
            }
            | _said(item, columns, response)
            | stamps("answered", at, response.zone)
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
    return row | stamps("scheduled", moment.due_at, moment.zone)


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


def planned_rows(session: ReadSession, framing: Framing, cut: Cut, person: Person, enrollment_id: int) -> Iterator[dict[str, Cell]]:
    """What was set for a day to come, revision by revision, in the order in which it was recorded."""
    there = [
        row
        for row in session.rows(select(PlannedEvent).where(PlannedEvent.enrollment_id == enrollment_id))
        if cut.has(PlannedEvent, row.id)
    ]
    for row in sorted(there, key=lambda row: (row.recorded_at, row.id)):
        event = session.row(select(TimedEvent).where(TimedEvent.id == row.timed_event_id))
        yield {
            "participant_id": person.participant_id,
            "plan_id": framing.rekey("plan", person.uid, row.client_id),
            "revision": row.revision,
            "stands": all(other.revision <= row.revision for other in there if other.client_id == row.client_id),
            "kind": row.kind.value,
            "intention": row.intention.value,
            "day": row.day,
            "wall": row.wall,
            "event_id": framing.rekey("event", event.uid) if event is not None else None,
            "recorded_utc": row.recorded_at,
            "source": row.source,
            "synthetic": row.synthetic,
        }


def prompt_events(session: ReadSession, prompt_ids: Collection[int]) -> Mapping[int, Sequence[Row[Any]]]:
    """Prompt -> its events, oldest first, also those after the cut (ix_prompt_event_prompt)."""
    found: dict[int, list[Row[Any]]] = {}
    for row in session.rows(select(PromptEvent).where(PromptEvent.prompt_id.in_(sorted(prompt_ids))).order_by(PromptEvent.id)):
        found.setdefault(row.prompt_id, []).append(row)
    return found


def answers(session: ReadSession, enrollment_id: int, cut: Cut) -> Iterator[Row[Any]]:
    """Every revision of every response of a person, with `newest`, `prompt_uid` and `drawn` of its prompt (ix_response_enrollment_time)."""
    statement = (
        select(
            Response.client_id,
            Response.revision,
            Response.protocol_version_id,
            Response.instrument,
            Response.timing,
            Response.event_time,
            Response.answered_at,
            Response.zone,
            Response.answers,
            Response.missing,
            Response.answer_times,
            Response.item_order,
            Response.synthetic,
            (~_later(cut)).label("newest"),
            Prompt.uid.label("prompt_uid"),
            Prompt.drawn,
        )
        .outerjoin(Prompt, Prompt.id == Response.prompt_id)
        .where(Response.enrollment_id == enrollment_id, cut.holds(Response))
    )
    return iter(session.rows(statement.order_by(Response.event_time, Response.id)))


def _later(cut: Cut) -> Any:
    later = aliased(Response)
    return exists(
        select(later.id).where(
            later.study_id == Response.study_id,
            later.enrollment_id == Response.enrollment_id,
            later.client_id == Response.client_id,
            later.revision > Response.revision,
            cut.holds(later),
        )
    )


def _newest(cut: Cut) -> Any:
    return (
        select(Response, Device.os.label("device_os"))
        .outerjoin(Device, Device.id == Response.device_id)
        .where(cut.holds(Response), ~_later(cut))
    )


@dataclass(slots=True)
class _Counting:
    """Counters of one person, in the order of the rows."""

    as_of: datetime
    ordinals: dict[date, int] = field(default_factory=dict)
    beeps: dict[date, int] = field(default_factory=dict)
    prompts: int = 0
    entries: int = 0
    zone: str | None = None

    def days(self, dates: Iterator[date]) -> None:
        self.ordinals = {day: number for number, day in enumerate(sorted(set(dates)), 1)}

    def belongs(self, slot: Slot) -> bool:
        """Whether a slot is a row of the prompt table: its moment had come and it had not vanished, or it was answered all the same."""
        if slot.responses:
            return True
        return slot.life.state is not PromptState.SUPERSEDED and slot.moment.due_at <= self.as_of

    def prompt(self, slot: Slot) -> Place:
        day = slot.prompt.slot_date
        self.prompts += 1
        self.beeps[day] = self.beeps.get(day, 0) + 1
        return Place(self.ordinals[day], self.beeps[day], self.prompts, None, self._changed(slot.moment.zone))

    def entry(self, response: Any) -> Place:
        self.entries += 1
        return Place(entry_seq=self.entries, tz_changed=self._changed(response.zone))

    def _changed(self, zone: str) -> bool:
        changed = self.zone is not None and zone != self.zone
        self.zone = zone
        return changed


def tables(sessions: Sessions, keys: Keys, export: Any) -> dict[str, str]:
    """The CSV text of `SHEETS` for an export's row."""
    with sessions.reading() as session:
        cut = read_cut(session, export.request["cut"], as_of=export.as_of)
        study_uid = str(query.study_uid(session, export.study_id))
        versions = query.versions(session, export.study_id, cut)
        rekey = Rekey(keys.export, study_uid, export.release)
        book = codebook({row.revision: parse(row.document) for row in versions})
        revisions = {row.id: row.revision for row in versions}
        framing = Framing(book, rekey, export.request["missing_codes"], revisions, rekey("study", study_uid), export.as_of)
        replaced = query.replaced_plans(session, export.study_id, cut)
        people = [row for row in query.people(session, export.study_id, export.request["sites"], cut) if row.consent_use]
        sheets: dict[str, list[Mapping[str, Cell]]] = {name: [] for name in SHEETS}
        for row in sorted(people, key=lambda row: rekey("participant", row.uid)):
            site = rekey("site", row.site_uid) if row.site_uid else None
            person = Person(str(row.uid), rekey("participant", row.uid), site, row.arm, row.start_date, row.synthetic)
            _tell(session, framing, cut, person, row.id, replaced, sheets)
    layouts = (book.prompts_table(), ANSWERS_LONG, SCHEDULE, EVENTS, PLANNED_EVENTS, COMPLIANCE)
    return {table.name: _as_text(table, sheets[table.name]) for table in layouts}


def _tell(
    session: ReadSession,
    framing: Framing,
    cut: Cut,
    person: Person,
    enrollment_id: int,
    replaced: Mapping[int, Mapping[str, Any]],
    sheets: Mapping[str, list[Mapping[str, Cell]]],
) -> None:
    slots = []
    histories = {}
    for prompt in session.rows(select(Prompt).where(Prompt.enrollment_id == enrollment_id, cut.holds(Prompt))):
        history = prompt_events(session, [prompt.id]).get(prompt.id, ())
        before = histories[prompt.id] = [event for event in history if cut.has(PromptEvent, event.id)]
        after = [event for event in history if not cut.has(PromptEvent, event.id)]
        responses = session.rows(_newest(cut).where(Response.prompt_id == prompt.id))
        plan = moment(prompt, replaced.get(prompt.id))
        slots.append(Slot(prompt, plan, life(prompt, before, after, as_of=cut.as_of), tuple(responses)))
    slots.sort(key=lambda slot: (slot.moment.due_at, slot.prompt.id))
    for slot in slots:
        sheets["schedule"].append(schedule_row(framing, person, slot))
        for sequence, event in enumerate(histories[slot.prompt.id], 1):
            sheets["events"].append(event_row(framing, person, slot.prompt.uid, event, sequence))
    sheets["planned_events"].extend(planned_rows(session, framing, cut, person, enrollment_id))
    counting, tally = _Counting(cut.as_of), Compliance()
    counting.days(slot.prompt.slot_date for slot in slots)
    entries = session.rows(_newest(cut).where(Response.enrollment_id == enrollment_id, Response.prompt_id.is_(None)))
    for row in sorted([*slots, *entries], key=_by_time):
        if not isinstance(row, Slot):
            sheets["prompts"].append(entry_row(framing, person, row, counting.entry(row)))
        elif counting.belongs(row):
            record = prompt_row(framing, person, row, counting.prompt(row))
            sheets["prompts"].append(record)
            if row.life.state is not PromptState.SUPERSEDED and row.moment.due_at <= cut.as_of:
                complete = row.response is not None and row.response.complete
                timing = None if row.response is None else str(row.response.timing)
                tally.add(row.prompt.design, str(record["status"]), timing, complete=complete)
    sheets["compliance"].extend(tally.rows(person.participant_id))
    for response in answers(session, enrollment_id, cut):
        sheets["answers_long"].extend(answer_rows(framing, person, response))


def _by_time(row: Any) -> tuple[datetime, int, int]:
    """Of one moment, prompts come before entries."""
    return (row.moment.due_at, 0, row.prompt.id) if isinstance(row, Slot) else (row.event_time, 1, row.id)


def _as_text(table: Table, records: Sequence[Mapping[str, Cell]]) -> str:
    names = [column.name for column in table.columns]
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(names)
    for record in records:
        assert record.keys() <= set(names)
        writer.writerow([as_csv(record.get(name)) for name in names])
    return sheet.getvalue()
