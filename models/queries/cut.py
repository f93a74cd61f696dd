"""The cut of a dataset: which rows had been committed when it was asked for. No viewer: it names no one.

An instant alone is no cut: a transaction may carry an earlier instant and commit later, and study time can stand still. A
PostgreSQL snapshot alone is none either: it means nothing after a dump is restored. So the snapshot is written down in ids. Of
each table whose rows are only added: the highest id that was there, and the gaps below it, where a transaction may have been in
flight. A row is in the cut if its id is at most the mark and in no gap. On SQLite one connection writes, so there are no gaps.
Two kinds of rows that change once are listed by id as they stood: outcomes that were open, timed events that were taken back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, inspect, literal, or_, select, text, union_all

from models.base import Base
from models.kinds import OutcomeStatus
from models.session import ReadSession
from models.tables import (
    Alert,
    AlertEvent,
    Consent,
    DecisionRow,
    Engagement,
    Enrollment,
    PlannedEvent,
    PopulationScore,
    Prompt,
    PromptEvent,
    ProtocolVersion,
    ProximalOutcome,
    Response,
    RiskEstimateRow,
    SignalPoint,
    TimedEvent,
    ZoneHistory,
)

TABLES: Final[tuple[type[Base], ...]] = (
    Alert,
    AlertEvent,
    Consent,
    DecisionRow,
    Engagement,
    Enrollment,
    PlannedEvent,
    PopulationScore,
    Prompt,
    PromptEvent,
    ProtocolVersion,
    ProximalOutcome,
    Response,
    RiskEstimateRow,
    SignalPoint,
    TimedEvent,
    ZoneHistory,
)

BAND: Final = 50_000
"""How far below the mark gaps are looked for: more rows than all transactions in flight insert into one table."""

_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Cut:
    """`late` are ids in gaps that were filled afterwards: they are not in the cut."""

    as_of: datetime
    marks: Mapping[str, int]
    late: Mapping[str, frozenset[int]] = field(default_factory=dict)
    open_outcomes: frozenset[int] = frozenset()
    retracted: frozenset[int] = frozenset()

    def mark(self, name: str) -> int:
        """The highest id that was there; 0 for a table that came into the house after the cut."""
        return self.marks.get(name, 0)

    def holds(self, table: Any) -> ColumnElement[bool]:
        """The predicate over `table` (or an alias of it): the row was there."""
        name = _name(table)
        late = self.late.get(name)
        there: ColumnElement[bool] = table.id <= self.mark(name)
        return and_(there, table.id.not_in(sorted(late))) if late else there

    def after(self, table: Any) -> ColumnElement[bool]:
        """The predicate over `table`: the row came later."""
        name = _name(table)
        late = self.late.get(name)
        later: ColumnElement[bool] = table.id > self.mark(name)
        return or_(later, table.id.in_(sorted(late))) if late else later

    def has(self, table: type[Base], row_id: int) -> bool:
        """Whether a row that was read is in the cut."""
        name = _name(table)
        return row_id <= self.mark(name) and row_id not in self.late.get(name, ())


def take_cut(session: ReadSession, study_id: int) -> dict[str, Any]:
    """The cut of this moment as JSON, for `read_cut`. All marks and gaps are of one statement, so of one snapshot."""
    marks: dict[str, int] = {}
    gaps: dict[str, list[list[int]]] = {}
    for row in session.rows(union_all(*_marks(), *(_gaps() if session.dialect == "postgresql" else ()))):
        if row.last is None:
            marks[row.name] = row.first
        else:
            gaps.setdefault(row.name, []).append([row.first, row.last])
    open_outcomes = select(ProximalOutcome.id).where(ProximalOutcome.study_id == study_id, ProximalOutcome.status == OutcomeStatus.PENDING)
    retracted = select(TimedEvent.id).where(TimedEvent.study_id == study_id, TimedEvent.retracted_at.is_not(None))
    return {
        "marks": marks,
        "gaps": {name: sorted(ranges) for name, ranges in sorted(gaps.items())},
        "open_outcomes": [row.id for row in session.rows(open_outcomes.order_by(ProximalOutcome.id))],
        "retracted": [row.id for row in session.rows(retracted.order_by(TimedEvent.id))],
    }


def snapshot_text(session: ReadSession) -> str | None:
    """The transaction snapshot, kept as evidence of what the cut says; None on SQLite."""
    if session.dialect != "postgresql":
        return None
    found: str = session.value(text("SELECT pg_current_snapshot()::text"))
    return found


def read_cut(session: ReadSession, taken: Mapping[str, Any], *, as_of: datetime) -> Cut:
    """The cut, with the gaps that have been filled since."""
    tables = {_name(table): table for table in TABLES}
    late = {name: _filled(session, tables[name], ranges) for name, ranges in taken["gaps"].items()}
    return Cut(
        as_of=as_of,
        marks=taken["marks"],
        late={name: ids for name, ids in late.items() if ids},
        open_outcomes=frozenset(taken["open_outcomes"]),
        retracted=frozenset(taken["retracted"]),
    )


def _name(table: Any) -> str:
    name: str = inspect(table).mapper.local_table.name
    return name


def _marks() -> list[Any]:
    none = literal(None, type_=TimedEvent.__table__.c.id.type)
    return [
        select(literal(_name(table)).label("name"), func.coalesce(func.max(_id(table)), 0).label("first"), none.label("last"))
        for table in TABLES
    ]


def _gaps() -> list[Any]:
    found = []
    for table in TABLES:
        lowest = select(func.greatest(func.coalesce(func.max(_id(table)), 0) - BAND, 0)).scalar_subquery()
        band = (
            select(_id(table).label("id"), func.lag(_id(table), 1, lowest).over(order_by=_id(table)).label("before"))
            .where(_id(table) > lowest)
            .subquery()
        )
        found.append(select(literal(_name(table)), band.c.before + 1, band.c.id - 1).where(band.c.id > band.c.before + 1))
    return found


def _id(table: type[Base]) -> Any:
    return table.__table__.c.id


def _filled(session: ReadSession, table: type[Base], ranges: Sequence[Collection[int]]) -> frozenset[int]:
    found: set[int] = set()
    for start in range(0, len(ranges), _AT_ONCE):
        some = [_id(table).between(first, last) for first, last in ranges[start : start + _AT_ONCE]]
        found |= {row.id for row in session.rows(select(_id(table)).where(or_(*some)))}
    return frozenset(found)
