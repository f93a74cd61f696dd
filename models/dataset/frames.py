"""Rows of prompts and entries. Pure.

A prompt is a `Slot`: its row, its plan and life at the cut, and the newest revisions of the responses to it. Rows of the database
come in as they are read by `models.queries.dataset_rows`: instants are microseconds, documents text.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from models.dataset.answers import ItemCells, document, earliest, item_times, scales, straight_line
from models.dataset.framing import Framing, Person, asked
from models.dataset.instants import day_number, number_of_day
from models.dataset.lifeline import TERMINAL, Life
from models.dataset.shape import Row, Shape
from models.kinds import DesignKind, ItemKind, Missing, PromptState

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


class _Nothings(NamedTuple):
    """The kinds of nothing of a response, and the cells of how many items were shown and answered."""

    kinds: Mapping[str, str]
    shown: Any
    answered: Any
    number: int
    """Of answered items."""


class _Questionnaire(NamedTuple):
    """What the rows of one questionnaire of one revision have in common."""

    head: Row
    """Its cells `instrument` and `instrument_kind`."""
    version: Row
    """Its cells `protocol_version` and `protocol_revision`."""
    nothings: Callable[[str], _Nothings]
    """Of the stored document; few differ."""
    scales: Sequence[Sequence[str]]
    cells: ItemCells


class _Said(NamedTuple):
    """What a response adds to its row: when, how well and what."""

    response_id: Any
    first_answer: tuple[Any, Any]
    completed: tuple[Any, Any]
    received: Any
    timing: Any
    shown: Any
    answered: Any
    duration: Any
    marks: Row
    """Its cells from `revision` to `language`."""
    items: Row


class PromptRows:
    """The rows of the prompt table in one shape, their cells in the order of `layout.PROMPT_COLUMNS` and then of the items."""

    def __init__(self, framing: Framing, shape: Shape) -> None:
        self._framing, self._shape = framing, shape
        self._known: dict[tuple[int, str], _Questionnaire] = {}
        self._device = lru_cache(maxsize=1_024)(self._device_cells)
        nothing = shape.nothing
        blank: Row = [nothing] * len(framing.book.item_columns())
        neither = (nothing, nothing)
        self._unsaid = _Said(nothing, neither, neither, nothing, nothing, nothing, nothing, nothing, [nothing] * 9, blank)

    def prompt(self, person: Person, slot: Slot, place: Place, *, prompt_id: str, what: str) -> Row:
        """The row of a prompt whose moment has come. `what`: its `status`."""
        prompt, moment, life, response = slot.prompt, slot.moment, slot.life, slot.response
        shape, zone, offset = self._shape, moment.zone, moment.offset_minutes
        flag, text, both, count, number = shape.flag, shape.text, shape.both, shape.count, shape.number
        one = self._questionnaire(moment.protocol_version_id, moment.instrument)
        said = self._unsaid if response is None else self._said(person, response)
        opened = life.opened or _started(response)
        latency = None if life.sent is None or opened is None else (opened - life.sent) / _SECOND
        return [
            *self._head(person),
            prompt_id,
            "prompt",
            prompt_id,
            said.response_id,
            *one.head,
            text(prompt.design),
            _TRIGGER[prompt.kind],
            *one.version,
            count(moment.study_day),
            count(place.day),
            count(place.beep),
            count(place.counter),
            count((day_number(moment.due_at, offset) + 3) % 7 + 1),
            shape.nothing,
            *both(moment.due_at, zone),
            *both(life.sent, zone),
            *both(life.delivered, zone),
            *both(opened, zone),
            *said.first_answer,
            *said.completed,
            *both(life.expired, zone),
            said.received,
            text(zone),
            count(offset),
            flag(place.tz_changed),
            life.state.value,
            what,
            text(life.reason),
            said.timing,
            count(life.reminders),
            count(life.snoozes),
            said.shown,
            said.answered,
            number(latency),
            said.duration,
            count(len(slot.responses)),
            *said.marks,
            number(moment.density),
            number(moment.day_probability),
            person.source_id(prompt.source) if prompt.source else shape.nothing,
            flag(prompt.synthetic),
            *said.items,
        ]

    def entry(self, person: Person, response: Any, place: Place) -> Row:
        """The row of a response that the person started."""
        shape, offset = self._shape, response.offset_minutes
        count, nothing = shape.count, shape.nothing
        one = self._questionnaire(response.protocol_version_id, response.instrument)
        said = self._said(person, response)
        day = day_number(response.event_time, offset)
        first = None if person.start_date is None else number_of_day(person.start_date)
        return [
            *self._head(person),
            said.response_id,
            "entry",
            nothing,
            said.response_id,
            *one.head,
            nothing,
            "event",
            *one.version,
            count(None if first is None else day - first + 1),
            count(place.day),
            nothing,
            nothing,
            count((day + 3) % 7 + 1),
            count(place.entry_seq),
            *[nothing] * 8,
            *said.first_answer,
            *said.completed,
            *[nothing] * 2,
            said.received,
            shape.text(response.zone),
            count(offset),
            shape.flag(place.tz_changed),
            nothing,
            "completed" if response.complete else "partial",
            nothing,
            said.timing,
            nothing,
            nothing,
            said.shown,
            said.answered,
            nothing,
            said.duration,
            nothing,
            *said.marks,
            *[nothing] * 3,
            shape.flag(response.synthetic),
            *said.items,
        ]

    def _head(self, person: Person) -> Row:
        """The cells that all rows of a person begin with."""
        site = self._shape.nothing if person.site is None else person.site
        return [person.participant_id, self._framing.study, site, self._shape.text(person.arm)]

    def _questionnaire(self, version_id: int, instrument_id: str) -> _Questionnaire:
        key = (version_id, instrument_id)
        return self._known.get(key) or self._learn(key)

    def _learn(self, key: tuple[int, str]) -> _Questionnaire:
        revision, instrument = asked(self._framing, *key)
        book, shape = self._framing.book, self._shape
        items = () if instrument is None else tuple(item for item in instrument.items if item.kind is not ItemKind.INFORMATION)
        version = None if revision is None else book.protocols[revision].version
        names = frozenset(item.id for item in items)
        self._known[key] = _Questionnaire(
            [shape.text(key[1]), shape.nothing if instrument is None else instrument.kind.value],
            [shape.text(version), shape.count(revision)],
            lru_cache(maxsize=1_024)(lambda stored: _nothings(names, stored, shape)),
            scales(items),
            ItemCells(book, () if instrument is None else instrument.series(), self._framing.codes, shape),
        )
        return self._known[key]

    def _said(self, person: Person, response: Any) -> _Said:
        one = self._questionnaire(response.protocol_version_id, response.instrument)
        answers, nothings = document(response.answers), one.nothings(response.missing)
        shift, zone, shape = response.event_time - response.answered_at, response.zone, self._shape
        flag, number = shape.flag, shape.number
        duration = None if response.started_at is None else (response.answered_at - response.started_at) / _SECOND
        fast = duration is not None and nothings.number >= FAST_LEAST and duration < FAST_SECONDS * nothings.number
        return _Said(
            person.source_id(response.client_id),
            shape.both(earliest(item_times(response.answer_times), shift), zone),
            shape.both(response.event_time if response.complete else None, zone),
            shape.utc(response.received_at),
            response.timing,
            nothings.shown,
            nothings.answered,
            number(duration),
            [
                shape.count(response.revision),
                flag(response.revision > 1),
                flag(fast),
                flag(straight_line(one.scales, answers)),
                number(response.skew_seconds),
                flag(response.clock_suspect),
                *self._device(response.quality, response.device_os),
                shape.text(response.language),
            ],
            one.cells(answers, nothings.kinds),
        )

    def _device_cells(self, quality: str | None, device_os: str | None) -> Row:
        """The cells `app_version` and `os`."""
        said = document(quality)
        return [self._shape.text(said.get("app_version")), self._shape.text(said.get("os", device_os))]


def _nothings(asked: frozenset[str], stored: str, shape: Shape) -> _Nothings:
    kinds = document(stored)
    answered = len(asked) - len(asked & kinds.keys())
    shown = answered + sum(kind in _SHOWN for kind in kinds.values())
    return _Nothings(kinds, shape.count(shown), shape.count(answered), answered)


def _started(response: Any) -> int | None:
    """A phone that was offline never told us that the prompt was opened: its answers say when they began, clock corrected."""
    if response is None or response.started_at is None:
        return None
    began: int = response.started_at + response.event_time - response.answered_at
    return began
