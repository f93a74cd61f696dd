"""The many rows of a dataset: slots, their events and the answers, read as plain values.

Millions of rows go by here, so nothing is turned into an object that the file does not need: instants are microseconds since 1970, ids
and documents text, flags 0 or 1 (on both databases). Statements are built once a build. No viewer: as `models.queries.dataset`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Date,
    Enum,
    Executable,
    Integer,
    String,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    extract,
    func,
    select,
    type_coerce,
)
from sqlalchemy.types import JSON

from models.base import Instant
from models.queries.cut import Cut
from models.session import ReadSession
from models.tables import Device, Prompt, PromptEvent, Response

CHUNK = 500
"""Slots of one person that are in memory at once, with their events and answers."""


_Kind = TypeVar("_Kind", bound=tuple[Any, ...])


class SlotRow(NamedTuple):
    """A slot as its row stands; `lifeline` says what of it held at the cut."""

    id: int
    uid: str
    protocol_version_id: int
    design: str
    instrument: str
    kind: str
    slot_date: str
    slot_index: int
    state: str
    reason: str | None
    due_at: int
    window_start: int
    window_end: int
    expires_at: int
    zone: str
    offset_minutes: int
    study_day: int
    density: float | None
    day_probability: float
    source: str | None
    planned_at: int
    sent_at: int | None
    delivered_at: int | None
    opened_at: int | None
    synthetic: int


class EventRow(NamedTuple):
    """A transition of a slot."""

    prompt_id: int
    id: int
    at: int
    name: str
    from_state: str | None
    to_state: str
    actor: str
    reason: str | None


class ResponseRow(NamedTuple):
    """A response with all that its row of the prompt table needs."""

    id: int
    prompt_id: int | None
    client_id: str
    revision: int
    protocol_version_id: int
    instrument: str
    complete: int
    started_at: int | None
    answered_at: int
    received_at: int
    event_time: int
    skew_seconds: float
    clock_suspect: int
    timing: str
    zone: str
    offset_minutes: int
    answers: str
    missing: str
    answer_times: str | None
    quality: str | None
    language: str | None
    synthetic: int
    device_os: str | None


class AnswersRow(NamedTuple):
    """A revision of a response with what its rows of the long table need, also of its prompt."""

    client_id: str
    revision: int
    protocol_version_id: int
    instrument: str
    timing: str
    event_time: int
    answered_at: int
    zone: str
    answers: str
    missing: str
    answer_times: str | None
    item_order: str | None
    synthetic: int
    prompt_uid: str | None
    drawn: str | None


class PromptSide:
    """The reads of one build, each cut."""

    def __init__(self, session: ReadSession, cut: Cut) -> None:
        self._session, self._cut = session, cut
        plain = _Plain(session.dialect)
        person: Any = bindparam("person")
        answered = select(*plain(Response, ResponseRow, but=("device_os",)), Device.os).outerjoin(Device, Device.id == Response.device_id)
        long = select(
            *plain(Response, AnswersRow, but=("prompt_uid", "drawn")), plain.column(Prompt.uid), plain.column(Prompt.drawn)
        ).outerjoin(Prompt, Prompt.id == Response.prompt_id)
        by_time = (Response.event_time, Response.id)
        self._listed = plain.listed
        self._order = (
            select(Prompt.id, plain.column(Prompt.slot_date), plain.column(Prompt.due_at))
            .where(Prompt.enrollment_id == person, cut.holds(Prompt))
            .order_by(Prompt.due_at, Prompt.id)
        )
        self._slots = select(*plain(Prompt, SlotRow)).where(plain.among(Prompt.id))
        self._events = (
            select(*plain(PromptEvent, EventRow)).where(plain.among(PromptEvent.prompt_id)).order_by(PromptEvent.prompt_id, PromptEvent.id)
        )
        self._responses = answered.where(plain.among(Response.prompt_id), cut.holds(Response)).order_by(Response.prompt_id, Response.id)
        theirs = (Response.enrollment_id == person, cut.holds(Response))
        self._entries = answered.where(*theirs, Response.prompt_id.is_(None)).order_by(*by_time)
        self._answers = long.where(*theirs).order_by(*by_time)
        self._edited = (
            select(plain.column(Response.client_id), func.max(Response.revision))
            .where(Response.enrollment_id == person, Response.revision > 1, cut.holds(Response))
            .group_by(Response.client_id)
        )

    def order(self, enrollment_id: int) -> Sequence[tuple[int, str, int]]:
        """Id, local day and planned moment of every slot of a person, as they are now and by that moment (ix_prompt_enrollment_due)."""
        rows: Sequence[Any] = self._session.tuples(self._order, {"person": enrollment_id})
        return rows

    def edited(self, enrollment_id: int) -> Mapping[str, int]:
        """Client id -> newest revision in the cut, of what was edited; what is not named has one revision (its unique key)."""
        rows: Iterable[Any] = self._session.rows(self._edited, {"person": enrollment_id})
        return dict(rows)

    def slots(self, prompt_ids: Collection[int]) -> Mapping[int, SlotRow]:
        return {row.id: row for row in self._of(prompt_ids, SlotRow, self._slots)}

    def events(self, prompt_ids: Collection[int]) -> Mapping[int, Sequence[EventRow]]:
        """Prompt -> its events, oldest first, also those after the cut (ix_prompt_event_prompt)."""
        return _by_prompt(self._of(prompt_ids, EventRow, self._events))

    def responses(self, prompt_ids: Collection[int], edited: Mapping[str, int]) -> Mapping[int, Sequence[ResponseRow]]:
        """Prompt -> the newest revisions of the responses to it (ix_response_prompt)."""
        return _by_prompt(_newest(self._of(prompt_ids, ResponseRow, self._responses), edited))

    def entries(self, enrollment_id: int, edited: Mapping[str, int]) -> Iterator[ResponseRow]:
        """The newest revisions of what a person started, by event time (ix_response_enrollment_time)."""
        return _newest(map(ResponseRow._make, self._session.stream(self._entries.params(person=enrollment_id), CHUNK)), edited)

    def answers(self, enrollment_id: int) -> Iterator[AnswersRow]:
        """Every revision of every response of a person (ix_response_enrollment_time)."""
        return map(AnswersRow._make, self._session.stream(self._answers.params(person=enrollment_id), CHUNK))

    def _of(self, prompt_ids: Collection[int], kind: type[_Kind], statement: Executable) -> Iterator[_Kind]:
        make: Callable[[Any], _Kind] = partial(tuple.__new__, kind)  # as `_make` does, in half its time
        return map(make, self._session.tuples(statement, {"ids": self._listed(sorted(prompt_ids))}))


def _newest(rows: Iterator[ResponseRow], edited: Mapping[str, int]) -> Iterator[ResponseRow]:
    if not edited:
        return rows
    return (row for row in rows if row.revision >= edited.get(row.client_id, 0))


def _by_prompt(rows: Iterator[Any]) -> dict[int, list[Any]]:
    """Rows come in the order of their prompts."""
    return {prompt_id: list(group) for prompt_id, group in groupby(rows, attrgetter("prompt_id"))}


class _Plain:
    """Columns as plain values of a database, and many ids as one value: five hundred would be written into the statement each time."""

    def __init__(self, dialect: str) -> None:
        postgres = dialect == "postgresql"
        self.column: Callable[[Any], Any] = _postgres if postgres else _sqlite
        self.among: Callable[[Any], Any] = _among_array if postgres else _among_json
        self.listed: Callable[[list[int]], Any] = list if postgres else str
        """Of ids, for `among`; as text, a list of numbers is JSON."""

    def __call__(self, table: Any, row: Any, but: Sequence[str] = ()) -> list[Any]:
        return [self.column(getattr(table, name)) for name in row._fields if name not in but]


def _among_array(column: Any) -> Any:
    return column == any_(bindparam("ids", type_=ARRAY(BigInteger)))


def _among_json(column: Any) -> Any:
    return column.in_(select(func.json_each(bindparam("ids", type_=String)).table_valued("value").c.value))


def _sqlite(column: Any) -> Any:
    match column.type:
        case Instant():
            return type_coerce(column, BigInteger)
        case Uuid() | JSON() | Enum() | Date():
            return type_coerce(column, String)
        case Boolean():
            return type_coerce(column, Integer)
        case _:
            return column


def _postgres(column: Any) -> Any:
    match column.type:
        case Instant():
            return cast(extract("epoch", column) * 1_000_000, BigInteger)
        case Uuid() | Date():
            return cast(column, String)
        case JSON():
            return cast(column, Text)
        case Enum():
            return type_coerce(column, String)
        case Boolean():
            return type_coerce(column, Integer)
        case _:
            return column
