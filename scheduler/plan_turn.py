"""One person's turn in planning: which dates, what is wanted of them, and how it differs from what stands as rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from models.definition.protocol import Protocol
from models.kinds import DesignKind, PromptState
from models.protocols import Protocols
from models.queries.planning import Finished
from models.session import ReadSession
from scheduler.plan.basis import basis
from scheduler.plan.calendar import DAY
from scheduler.plan.occasion import Occasion
from scheduler.plan.occasions import planning_dates
from scheduler.plan.planner import Planner
from scheduler.plan.reconcile import Block, Changes, PlannedRow, Retime, reconcile
from scheduler.plan.versions import Versions
from scheduler.plan_inputs import Person, unmovable
from scheduler.plan_writes import PlanWrites


class Changed(NamedTuple):
    """What was collected for a person; `moved_version` counts prompts whose times stay and whose protocol version does not.

    through   the last local date whose prompts are rows from then on
    basis     what they were planned from; None where something that was sent shapes what is still to come
    """

    changes: Changes
    moved_version: int
    through: date
    basis: bytes | None


@dataclass(frozen=True, slots=True)
class Turn:
    """The local dates `first` to `last` of a person, as far as `until`.

    `current` is the protocol version in force, `ends` its last study day, `basis` what the plan of all dates is made from.
    """

    person: Person
    now: datetime
    until: datetime
    today: date
    first: date
    last: date
    current: int
    ends: date
    basis: bytes

    @property
    def stands(self) -> bool:
        """Whether what is stored is what would be planned, as far as it goes."""
        held = self.person.enrollment
        return held.plan_basis == self.basis and held.planned_through is not None

    @property
    def key(self) -> int:
        """The enrollment's internal key."""
        return int(self.person.enrollment.id)

    @property
    def hours(self) -> dict[str, Any]:
        """The wake windows of today, as they are stored."""
        held = next((one for one in reversed(self.person.wake) if one.valid_from <= self.today), self.person.wake[0])
        return held.windows.model_dump(mode="json")

    def collect(
        self, session: ReadSession, protocols: Protocols, writes: PlanWrites, stored: Sequence[Row[Any]], *, reason: str
    ) -> Changed:
        """Brings the person's stored prompts, locked, to what is wanted. Those of a past that is no longer planned stay as they are."""
        versions = self.person.versions
        stored = [row for row in stored if row.slot_date >= self.first]
        rows = {row.uid: row for row in stored if versions.on(row.slot_date) is not None}
        # Rows lie after `last` only where they were planned before a move. They follow the plan; nothing is added beside them, or the
        # horizon would grow with every move. An interval's slot may count to the date after the one that it counted to.
        until = max(self.last, max((row.slot_date for row in rows.values()), default=self.last))
        if any(row.kind == DesignKind.INTERVAL and row.slot_date == until for row in rows.values()):
            until += DAY
        texts = {version: protocols.get(session, version) for version in (self.current, *versions.among(self.first - DAY, until))}
        sent = unmovable(stored, now=self.now)
        occasions = list(wanted_of(self.person, versions, texts, sent, self.first, until))
        wanted = {one.uid: one for one in occasions if one.slot.local_date <= self.last or one.uid in rows}
        changes = reconcile([_planned_row(row) for row in rows.values()], wanted.values(), now=self.now, reason=reason)
        again: tuple[Retime | Block, ...] = (*changes.retime, *changes.block)
        for one in again:
            writes.replan(self.person, texts, rows[one.row.uid], one.occasion, reason)
        for gone in changes.supersede:
            writes.supersede(rows[gone.row.uid], gone.reason)
        moved = list(self._other_version(changes, rows, wanted))
        for row, occasion in moved:
            writes.replan(self.person, texts, row, occasion, "protocol")
        for new in changes.insert:
            writes.insert(self.person, texts, new, self.person.version(new.slot.local_date))
        free = not sent or self._coming(occasions) == self._coming(wanted_of(self.person, versions, texts, {}, self.first, until))
        return Changed(changes, len(moved), self.last, self.basis if free else None)

    def _coming(self, occasions: Iterable[Occasion]) -> list[Occasion]:
        return [one for one in occasions if one.due_at > self.now]

    def extend(self, session: ReadSession, protocols: Protocols, writes: PlanWrites) -> Changed:
        """Adds the dates that have come within reach, for somebody whose stored prompts stand; none of them is read."""
        versions, through = self.person.versions, self.person.enrollment.planned_through
        first, last = max(self.first, through + DAY), self.last
        texts = {version: protocols.get(session, version) for version in versions.among(first - DAY, last)} if first <= last else {}
        changes = reconcile((), wanted_of(self.person, versions, texts, {}, first, last), now=self.now)
        for new in changes.insert:
            writes.insert(self.person, texts, new, self.person.version(new.slot.local_date))
        return Changed(changes, 0, max(last, through), self.basis)

    def finished(self, changed: Changed, *, refresh: timedelta) -> Finished:
        """What is written down of the person's plan once its changes are."""
        return Finished(self.key, self.planned_until(refresh=refresh), self.current, self.hours, changed.through, changed.basis)

    def planned_until(self, *, refresh: timedelta) -> datetime | None:
        """None after the last study day. Where another version or other hours are to come, no later than makes their day plan again."""
        hours = next((one.valid_from for one in self.person.wake if one.valid_from > self.today), None)
        coming = [one for one in (self.person.versions.next_after(self.today), hours) if one is not None]
        if coming:
            return min(self.until, self.person.begins(min(coming)) + (self.until - self.now) - refresh)
        ended = self.last > self.ends
        return None if ended else self.until

    def _other_version(
        self, changes: Changes, rows: Mapping[UUID, Row[Any]], wanted: Mapping[UUID, Occasion]
    ) -> Iterator[tuple[Row[Any], Occasion]]:
        """Prompts still to come whose times stay and whose version does not; what was sent finishes on its own version."""
        for row in changes.keep:
            one = wanted.get(row.uid)
            if one is None or row.due_at <= self.now or row.due_at != one.due_at:
                continue
            same_state = row.state is (PromptState.PLANNED if one.blocked is None else PromptState.BLOCKED)
            if same_state and rows[row.uid].protocol_version_id != self.person.version(one.slot.local_date):
                yield rows[row.uid], one


def wanted_of(
    person: Person, versions: Versions, texts: Mapping[int, Protocol], sent: Mapping[UUID, datetime], first: date, last: date
) -> Iterator[Occasion]:
    """The occasions of each date from `first` to `last`, by the version that holds on it.

    `texts` has them all, and that of the date before, from whose prompts those of a version's first date keep their distance.
    """
    planner: Planner | None = None
    for version, begins, ends in versions.spans(first - DAY, last):
        text = texts.get(version) if version is not None else None
        planner = None if text is None else Planner(person.inputs(text, sent), planner, begins)
        if planner is not None and ends >= first:
            yield from planner.dates(max(begins, first), ends)


def take_turn(session: ReadSession, protocols: Protocols, person: Person, *, now: datetime, until: datetime) -> Turn:
    """The turn of a person who is asked, from `now` to `until`."""
    today = person.today(now=now)
    current = person.version(today)
    protocol = protocols.get(session, current)
    inputs = person.inputs(protocol, {})
    first, last = planning_dates(inputs, now, until)
    texts = [protocols.get(session, version) for version in person.versions.among(first - DAY, date.max)]
    ends = inputs.start_date + DAY * (protocol.length_days - 1)
    return Turn(person, now, until, today, first, last, current, ends, basis(inputs, person.versions, texts))


def _planned_row(row: Row[Any]) -> PlannedRow:
    return PlannedRow(
        uid=row.uid,
        kind=DesignKind(row.kind),
        instrument=row.instrument,
        state=PromptState(row.state),
        due_at=row.due_at,
        expires_at=row.expires_at,
        zone=row.zone,
        plan_revision=row.plan_revision,
        reason=row.reason,
    )
