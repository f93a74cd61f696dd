"""Rows of prompts and entries. Pure.

A prompt is a `Slot`: its row, its plan and life at the cut, and the newest revisions of the responses to it. Rows of the database
come in as they are read by `models.queries.dataset_rows`: instants are microseconds, documents text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from models.dataset.answers import ItemCells, document, earliest, scales, straight_line
from models.dataset.framing import Framing, Person, asked
from models.dataset.instants import day_number, micros, number_of_day
from models.dataset.lifeline import TERMINAL, Life
from models.dataset.shape import Row, Shape
from models.definition.instrument import Instrument
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
_ANSWERED_AFTER: Final = {PromptState.EXPIRED: "expired", PromptState.DECLINED: "declined"}
_SHOWN: Final = frozenset({Missing.SKIPPED.value, Missing.DECLINED.value})
_SECOND: Final = 1_000_000


class Slot(NamedTuple):
    prompt: Any
    moment: Any
    life: Life
    responses: Sequence[Any]

    @property
    def response(self) -> Any:
        """The response that counts: a complete one before a partial one, then the first received. None where there is none."""
        if len(self.responses) == 1:
            return self.responses[0]
        return min(self.responses, key=lambda one: (not one.complete, one.id), default=None)


class Place(NamedTuple):
    """Where a row stands among the person's rows."""

    day: int | None = None
    beep: int | None = None
    counter: int | None = None
    entry_seq: int | None = None
    tz_changed: bool = False


def status(slot: Slot, *, as_of: Any) -> str:
    """What became of a prompt; the words are `layout.STATUSES`. `as_of` and the slot's instants are of one kind."""
    state, response = slot.life.state, slot.response
    if response is not None:
        return _ANSWERED_AFTER.get(state, "completed" if response.complete else "partial")
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


class _Questionnaire(NamedTuple):
    """What the rows of one questionnaire of one revision have in common."""

    instrument: Any
    """Its cells `instrument`, `instrument_kind`, `protocol_version` and `protocol_revision`."""
    kind: Any
    version: Any
    revision: int | None
    asked: frozenset[str]
    scales: Sequence[Sequence[str]]
    cells: ItemCells


class _Said(NamedTuple):
    """What a response adds to its row: when, how well and what."""

    response_id: str | None
    first_answer: tuple[Any, Any]
    completed: tuple[Any, Any]
    received: Any
    timing: str | None
    shown: int | None
    answered: int | None
    duration: float | None
    revision: int | None
    edited: Any
    too_fast: Any
    straight: Any
    skew: float | None
    suspect: Any
    app_version: Any
    os: Any
    items: Row


class PromptRows:
    """The rows of the prompt table in one shape, their cells in the order of `layout.PROMPT_COLUMNS` and then of the items."""

    def __init__(self, framing: Framing, shape: Shape) -> None:
        self._framing, self._shape = framing, shape
        self._as_of = micros(framing.as_of)
        self._known: dict[tuple[int, str], _Questionnaire] = {}
        blank: Row = [None] * len(framing.book.item_columns())
        neither = (None, None)
        self._nothing = _Said._make([None, neither, neither, *[None] * 13, blank])

    def prompt(self, person: Person, slot: Slot, place: Place, *, prompt_id: str, what: str) -> Row:
        """The row of a prompt whose moment has come. `what`: its `status`."""
        prompt, moment, life, response = slot.prompt, slot.moment, slot.life, slot.response
        flag, text, both, offset = self._shape.flag, self._shape.text, self._shape.both, moment.offset_minutes
        one = self._questionnaire(moment.protocol_version_id, moment.instrument)
        said = self._nothing if response is None else self._said(person, response)
        opened = life.opened or _started(response)
        latency = None if life.sent is None or opened is None else (opened - life.sent) / _SECOND
        return [
            person.participant_id,
            self._framing.study,
            person.site,
            text(person.arm),
            prompt_id,
            "prompt",
            prompt_id,
            said.response_id,
            one.instrument,
            one.kind,
            text(prompt.design),
            _TRIGGER[prompt.kind],
            one.version,
            one.revision,
            moment.study_day,
            place.day,
            place.beep,
            place.counter,
            (day_number(moment.due_at, offset) + 3) % 7 + 1,
            None,
            *both(moment.due_at, offset),
            *both(life.sent, offset),
            *both(life.delivered, offset),
            *both(opened, offset),
            *said.first_answer,
            *said.completed,
            *both(life.expired, offset),
            said.received,
            text(moment.zone),
            offset,
            flag(place.tz_changed),
            life.state.value,
            what,
            text(life.reason),
            said.timing,
            life.reminders,
            life.snoozes,
            said.shown,
            said.answered,
            latency,
            said.duration,
            len(slot.responses),
            said.revision,
            said.edited,
            said.too_fast,
            said.straight,
            said.skew,
            said.suspect,
            said.app_version,
            said.os,
            moment.density,
            moment.day_probability,
            person.source_id(prompt.source) if prompt.source else None,
            flag(prompt.synthetic),
            *said.items,
        ]

    def entry(self, person: Person, response: Any, place: Place) -> Row:
        """The row of a response that the person started."""
        offset = response.offset_minutes
        one = self._questionnaire(response.protocol_version_id, response.instrument)
        said = self._said(person, response)
        day = day_number(response.event_time, offset)
        flag, text = self._shape.flag, self._shape.text
        first = None if person.start_date is None else number_of_day(person.start_date)
        return [
            person.participant_id,
            self._framing.study,
            person.site,
            text(person.arm),
            said.response_id,
            "entry",
            None,
            said.response_id,
            one.instrument,
            one.kind,
            None,
            "event",
            one.version,
            one.revision,
            None if first is None else day - first + 1,
            place.day,
            None,
            None,
            (day + 3) % 7 + 1,
            place.entry_seq,
            *[None] * 8,
            *said.first_answer,
            *said.completed,
            *[None] * 2,
            said.received,
            text(response.zone),
            offset,
            flag(place.tz_changed),
            None,
            "completed" if response.complete else "partial",
            None,
            said.timing,
            None,
            None,
            said.shown,
            said.answered,
            None,
            said.duration,
            None,
            said.revision,
            said.edited,
            said.too_fast,
            said.straight,
            said.skew,
            said.suspect,
            said.app_version,
            said.os,
            None,
            None,
            None,
            flag(response.synthetic),
            *said.items,
        ]

    def _questionnaire(self, version_id: int, instrument_id: str) -> _Questionnaire:
        key = (version_id, instrument_id)
        return self._known.get(key) or self._learn(key)

    def _learn(self, key: tuple[int, str]) -> _Questionnaire:
        revision, instrument = asked(self._framing, *key)
        book, text = self._framing.book, self._shape.text
        items = () if instrument is None else tuple(item for item in instrument.items if item.kind is not ItemKind.INFORMATION)
        version = None if revision is None else book.protocols[revision].version
        self._known[key] = _Questionnaire(
            text(key[1]),
            _kind(instrument),
            text(version),
            revision,
            frozenset(item.id for item in items),
            scales(items),
            ItemCells(book, items, self._framing.codes, self._shape),
        )
        return self._known[key]

    def _said(self, person: Person, response: Any) -> _Said:
        one = self._questionnaire(response.protocol_version_id, response.instrument)
        answers, missing, quality = document(response.answers), document(response.missing), document(response.quality)
        shift, offset, shape = response.event_time - response.answered_at, response.offset_minutes, self._shape
        duration = None if response.started_at is None else (response.answered_at - response.started_at) / _SECOND
        answered = len(one.asked) - len(one.asked & missing.keys())
        fast = duration is not None and answered >= FAST_LEAST and duration < FAST_SECONDS * answered
        return _Said(
            person.source_id(response.client_id),
            shape.both(earliest(document(response.answer_times), shift), offset),
            shape.both(response.event_time if response.complete else None, offset),
            shape.utc(response.received_at),
            response.timing,
            answered + sum(kind in _SHOWN for kind in missing.values()),
            answered,
            duration,
            response.revision,
            shape.flag(response.revision > 1),
            shape.flag(fast),
            shape.flag(straight_line(one.scales, answers)),
            response.skew_seconds,
            shape.flag(response.clock_suspect),
            shape.text(quality.get("app_version")),
            shape.text(quality.get("os", response.device_os)),
            one.cells(answers, missing),
        )


def _kind(instrument: Instrument | None) -> str | None:
    return None if instrument is None else instrument.kind.value


def _started(response: Any) -> int | None:
    """A phone that was offline never told us that the prompt was opened: its answers say when they began, clock corrected."""
    if response is None or response.started_at is None:
        return None
    began: int = response.started_at + response.event_time - response.answered_at
    return began
