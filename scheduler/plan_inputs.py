"""What the planner needs to know of a person, read from the rows and turned into the planner's values."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from models.definition.prompting import WakeWindow, WakeWindows
from models.definition.protocol import Protocol
from models.kinds import PromptState, TimedEventKind
from models.queries import planning
from models.sealed import Keys, plan_key
from models.session import ReadSession
from scheduler.plan.calendar import WakeSpan, ZoneSpan, study_begins, study_date
from scheduler.plan.inputs import Pause, PlanInput, PlannedDay
from scheduler.plan.versions import Versions

_UNSENT = frozenset({PromptState.PLANNED, PromptState.BLOCKED, PromptState.SUPERSEDED})


@dataclass(frozen=True, slots=True)
class Person:
    """One enrollment's time: where it was, when it sleeps, what it paused, what happened to it, which version it is on."""

    enrollment: Row[Any]
    plan_key: bytes
    zones: tuple[ZoneSpan, ...]
    wake: tuple[WakeSpan, ...]
    pauses: tuple[Pause, ...]
    anchors: Mapping[TimedEventKind, tuple[datetime, ...]]
    planned_days: Mapping[TimedEventKind, tuple[PlannedDay, ...]]
    versions: Versions

    def today(self, *, now: datetime) -> date:
        """The study date at `now`."""
        return study_date(now, self.zones, self.wake)

    def version(self, day: date) -> int:
        """The protocol version that an occasion of this local date belongs to."""
        version = self.versions.on(day)
        if version is None:
            raise ValueError("an occasion lies before every known version")
        return version

    def begins(self, day: date) -> datetime:
        """The instant from which moments count to a local date, in the zone where the person is now."""
        return study_begins(day, self.zones[-1].zone, self.wake)

    @property
    def anchored(self) -> frozenset[TimedEventKind]:
        """The kinds of events that were told or are planned."""
        return frozenset((*self.anchors, *self.planned_days))

    def inputs(self, protocol: Protocol, sent: Mapping[UUID, datetime]) -> PlanInput:
        """The planner's value for one protocol version."""
        return PlanInput(
            enrollment_uid=self.enrollment.uid,
            plan_key=self.plan_key,
            designs=protocol.designs,
            zones=self.zones,
            wake=self.wake,
            started_at=self.enrollment.started_at,
            length_days=protocol.length_days,
            anchors=self.anchors,
            planned_days=self.planned_days,
            pauses=self.pauses,
            sent=sent,
            arm=self.enrollment.arm,
            starts_on=self.enrollment.start_date,
        )


def read_person(session: ReadSession, keys: Keys, enrollment: Row[Any], *, now: datetime) -> Person:
    """One of `read_people`."""
    return read_people(session, keys, (enrollment,), now=now)[0]


def read_people(session: ReadSession, keys: Keys, enrollments: Sequence[Row[Any]], *, now: datetime) -> list[Person]:
    """Reads the histories of enrollments that have started, set by set and in the order given; each is its whole row.

    Where there is no history of zones or wake windows, what stands on the row holds for all time.
    """
    ids = [one.id for one in enrollments]
    zones, wakes = by_person(planning.zone_histories(session, ids)), by_person(planning.wake_histories(session, ids))
    pauses, events = by_person(planning.pauses(session, ids)), by_person(planning.anchor_events(session, ids))
    coming, moves = by_person(planning.planned_events(session, ids)), by_person(planning.protocol_moves(session, ids))
    return [
        Person(
            enrollment=one,
            plan_key=plan_key(keys, one.plan_key, one.key_id, str(one.uid)),
            zones=(places := zone_spans(one, zones[one.id])),
            wake=(hours := wake_spans(one, wakes[one.id])),
            pauses=tuple(_pause(row) for row in pauses[one.id]),
            anchors=_anchors(events[one.id]),
            planned_days=_planned_days(coming[one.id]),
            versions=versions_of(one, moves[one.id], study_date(now, places, hours)),
        )
        for one in enrollments
    ]


_Rows = Sequence[Row[Any]]


def by_person(rows: _Rows) -> Mapping[int, _Rows]:
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.enrollment_id].append(row)
    return found


def zone_spans(enrollment: Any, rows: Sequence[Any]) -> tuple[ZoneSpan, ...]:
    """Where a person was, oldest first."""
    found = {row.valid_from: ZoneSpan(row.valid_from, row.zone) for row in rows}
    return tuple(found.values()) or (ZoneSpan(enrollment.started_at, enrollment.zone),)


def wake_spans(enrollment: Any, rows: Sequence[Any]) -> tuple[WakeSpan, ...]:
    """When a person sleeps, oldest first, from rows in the order in which they were recorded.

    The last word holds: hours that were set before for the same day or a later one never come.
    """
    found: list[WakeSpan] = []
    for row in rows:
        found = [*(one for one in found if one.valid_from < row.valid_from), WakeSpan(row.valid_from, wake_windows(row.wake_windows))]
    return tuple(found) or (WakeSpan(enrollment.started_at.date(), wake_windows(enrollment.wake_windows)),)


def wake_windows(stored: Mapping[str, Mapping[str, str]]) -> WakeWindows:
    """The stored form, `{"weekday": {"start", "end"}, "weekend": …}`, as a document."""
    weekday, weekend = stored["weekday"], stored["weekend"]
    return _windows(weekday["start"], weekday["end"], weekend["start"], weekend["end"])


@lru_cache(maxsize=1 << 12)
def _windows(start: str, end: str, weekend_start: str, weekend_end: str) -> WakeWindows:
    """One value for all who sleep alike."""
    return WakeWindows(weekday=WakeWindow(start=start, end=end), weekend=WakeWindow(start=weekend_start, end=weekend_end))


def unmovable(rows: Sequence[Row[Any]], *, now: datetime) -> Mapping[UUID, datetime]:
    """When the prompts were due that can no longer move: sent, or still planned when their moment passed."""
    return {row.uid: row.due_at for row in rows if row.state not in _UNSENT or (row.state == PromptState.PLANNED and row.due_at <= now)}


def _pause(row: Row[Any]) -> Pause:
    ends = [one for one in (row.ends_at, row.ended_early_at) if one is not None]
    return Pause(row.starts_at, min(ends, default=None))


def _anchors(rows: Sequence[Row[Any]]) -> Mapping[TimedEventKind, tuple[datetime, ...]]:
    found: dict[TimedEventKind, tuple[datetime, ...]] = {}
    for row in rows:
        kind = TimedEventKind(row.kind)
        found[kind] = (*found.get(kind, ()), row.happened_at)
    return found


def _planned_days(rows: Sequence[Row[Any]]) -> Mapping[TimedEventKind, tuple[PlannedDay, ...]]:
    found: dict[TimedEventKind, tuple[PlannedDay, ...]] = {}
    for row in rows:
        kind = TimedEventKind(row.kind)
        found[kind] = (*found.get(kind, ()), PlannedDay(row.day, row.recorded_at, row.wall))
    return found


def versions_of(enrollment: Row[Any], rows: Sequence[Row[Any]], today: date) -> Versions:
    """The versions of a person, from the moves in the order of `protocol_moves`.

    A history that begins with the study says it all. Before one that begins later held what stands on the enrollment, until a move
    replaced it there.
    """
    moves = tuple({row.valid_from: (row.valid_from, row.protocol_version_id) for row in rows}.values())
    if moves and enrollment.start_date is not None and moves[0][0] <= enrollment.start_date:
        return Versions(moves[0][1], moves)
    held = enrollment.protocol_version_id
    replaced = any(valid_from <= today and version == held for valid_from, version in moves)
    return Versions(None if replaced else held, moves)
