"""State, checkpoints and estimates. No viewer: the house's own work inside a transaction that holds the enrollment's lock."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, delete, select, text, update

from models.definition.prompting import LATE_GRACE
from models.kinds import PromptState
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import DecisionRow, Prompt, Response, RiskEstimateRow, RiskSnapshot, RiskStateRow, TimedEvent

STALE = text("risk_state.stale")
"""Said as the partial index says it: SQLite reads every row for `stale = 1`."""

BEGINNING: Final = datetime(1, 2, 1, tzinfo=UTC)
"""Before everything that anybody tells."""

_WENT_BY = and_(Prompt.state == PromptState.EXPIRED, Prompt.sent_at.is_not(None))

_LOCK_STATES = once(
    select(RiskStateRow)
    .where(RiskStateRow.enrollment_id.in_(bindparam("people", expanding=True)))
    .order_by(RiskStateRow.enrollment_id)
    .with_for_update()
)


def lock_states(session: WriteSession, enrollment_ids: Collection[int]) -> Mapping[int, Row[Any]]:
    """The states of a batch, locked in order of enrollment."""
    return {row.enrollment_id: row for row in session.rows(_LOCK_STATES, {"people": sorted(enrollment_ids)})}


_UPDATE_STATE = once(
    update(RiskStateRow)
    .where(RiskStateRow.enrollment_id == bindparam("key"))
    .values(
        state=bindparam("new_state"),
        last_key=bindparam("new_last_key"),
        observations=bindparam("new_observations"),
        stale=bindparam("new_stale"),
        version=RiskStateRow.version + 1,
        updated_at=bindparam("new_updated_at"),
    )
)


def save_states(session: WriteSession, rows: Sequence[Mapping[str, Any]], known: Collection[int]) -> None:
    """Writes states; `known` are the enrollments that have a row."""
    new = [{**row, "version": 1} for row in rows if row["enrollment_id"] not in known]
    session.add_all(RiskStateRow, new)
    changed = [
        {
            "key": row["enrollment_id"],
            "new_state": row["state"],
            "new_last_key": row["last_key"],
            "new_observations": row["observations"],
            "new_stale": row["stale"],
            "new_updated_at": row["updated_at"],
        }
        for row in rows
        if row["enrollment_id"] in known
    ]
    session.change(_UPDATE_STATE, changed)


def with_past(session: ReadSession, enrollment_ids: Collection[int], response_ids: Collection[int]) -> frozenset[int]:
    """Who of these has timed events, prompts that went by, or responses besides the ones given (ix_response_enrollment_time,
    ix_timed_event_enrollment, ix_prompt_enrollment_due)."""
    people = sorted(enrollment_ids)
    answered = select(Response.enrollment_id).where(Response.enrollment_id.in_(people), Response.id.not_in(sorted(response_ids)))
    lived = select(TimedEvent.enrollment_id).where(TimedEvent.enrollment_id.in_(people))
    silent = select(Prompt.enrollment_id).where(Prompt.enrollment_id.in_(people), _WENT_BY)
    return frozenset(row.enrollment_id for row in session.rows(answered.union(lived, silent)))


_MARK_STALE = once(update(RiskStateRow).where(RiskStateRow.enrollment_id.in_(bindparam("people", expanding=True))).values(stale=True))


def mark_stale(session: WriteSession, enrollment_ids: Collection[int]) -> None:
    session.change(_MARK_STALE, [{"people": sorted(enrollment_ids)}])


def stale_enrollments(session: ReadSession, limit: int) -> Sequence[int]:
    """Enrollments whose state is owed a refold (ix_risk_state_stale)."""
    rows = session.rows(select(RiskStateRow.enrollment_id).where(STALE).order_by(RiskStateRow.enrollment_id).limit(limit))
    return [row.enrollment_id for row in rows]


_SNAPSHOT_BEFORE = once(
    select(RiskSnapshot)
    .where(RiskSnapshot.enrollment_id == bindparam("person"), RiskSnapshot.last_key < bindparam("key"))
    .order_by(RiskSnapshot.last_key.desc())
    .limit(1)
)


def snapshot_before(session: ReadSession, enrollment_id: int, last_key: str) -> Row[Any] | None:
    """The newest checkpoint before a sort key."""
    return session.row(_SNAPSHOT_BEFORE, {"person": enrollment_id, "key": last_key})


def save_snapshots(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    session.add_new(RiskSnapshot, rows)


_DROP_SNAPSHOTS = once(
    delete(RiskSnapshot).where(RiskSnapshot.enrollment_id == bindparam("person"), RiskSnapshot.last_key >= bindparam("key"))
)


def drop_snapshots_from(session: WriteSession, enrollment_id: int, last_key: str) -> None:
    """Checkpoints at or after a key no longer hold once something before them changed."""
    session.change(_DROP_SNAPSHOTS, [{"person": enrollment_id, "key": last_key}])


def insert_estimates(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> Mapping[tuple[int, str, int], int]:
    """Internal keys by (enrollment, source, revision)."""
    said = (RiskEstimateRow.id, RiskEstimateRow.enrollment_id, RiskEstimateRow.source_id, RiskEstimateRow.revision)
    return {(row.enrollment_id, row.source_id, row.revision): row.id for row in session.add_new(RiskEstimateRow, rows, *said)}


_REVISIONS = once(
    select(RiskEstimateRow.source_id, RiskEstimateRow.revision, RiskEstimateRow.estimate_hash)
    .where(
        RiskEstimateRow.enrollment_id == bindparam("person"),
        RiskEstimateRow.source_id.in_(bindparam("sources", expanding=True)),
    )
    .order_by(RiskEstimateRow.revision)
)
_AT_ONCE = 500
"""Sources in one statement."""


def newest_revisions(session: ReadSession, enrollment_id: int, sources: Sequence[str]) -> Mapping[str, tuple[int, bytes]]:
    """For each of these sources that has an estimate: the newest revision and the hash of what it said (unique index of risk_estimate)."""
    found: dict[str, tuple[int, bytes]] = {}
    for first in range(0, len(sources), _AT_ONCE):
        rows = session.rows(_REVISIONS, {"person": enrollment_id, "sources": sources[first : first + _AT_ONCE]})
        found |= {row.source_id: (row.revision, row.estimate_hash) for row in rows}
    return found


def newest_estimates(session: ReadSession, places: Collection[tuple[int, str]]) -> Mapping[tuple[int, str], tuple[int, int]]:
    """(enrollment, source) -> internal key and number of the newest revision (unique index of risk_estimate)."""
    rows = session.rows(
        select(RiskEstimateRow.id, RiskEstimateRow.enrollment_id, RiskEstimateRow.source_id, RiskEstimateRow.revision)
        .where(
            RiskEstimateRow.enrollment_id.in_(sorted({person for person, _ in places})),
            RiskEstimateRow.source_id.in_(sorted({source for _, source in places})),
        )
        .order_by(RiskEstimateRow.revision)
    )
    found = {(row.enrollment_id, row.source_id): (row.id, row.revision) for row in rows}
    return {place: one for place, one in found.items() if place in places}


_TIMED_EVENTS = once(
    select(TimedEvent.client_id, TimedEvent.kind, TimedEvent.happened_at, TimedEvent.reported_at)
    .where(
        TimedEvent.enrollment_id == bindparam("person"),
        TimedEvent.retracted_at.is_(None),
        TimedEvent.happened_at >= bindparam("after"),
    )
    .order_by(TimedEvent.happened_at, TimedEvent.id)
)
_EXPIRED = once(
    select(Prompt.uid, Prompt.expires_at, Prompt.offset_minutes)
    .where(Prompt.enrollment_id == bindparam("person"), _WENT_BY, Prompt.expires_at >= bindparam("after"))
    .order_by(Prompt.expires_at, Prompt.id)
)
_CONTENT_SHOWN = once(
    select(DecisionRow.source_id, DecisionRow.content_code, DecisionRow.decided_at)
    .where(
        DecisionRow.enrollment_id == bindparam("person"),
        DecisionRow.content_code.is_not(None),
        DecisionRow.decided_at >= bindparam("after"),
    )
    .order_by(DecisionRow.decided_at, DecisionRow.id)
)


def timed_events(session: ReadSession, enrollment_id: int, *, after: datetime = BEGINNING) -> Sequence[Row[Any]]:
    """Timed events of one person that stand, for the fold (ix_timed_event_enrollment)."""
    return session.rows(_TIMED_EVENTS, {"person": enrollment_id, "after": after})


def expired_prompts(session: ReadSession, enrollment_id: int, *, after: datetime = BEGINNING) -> Sequence[Row[Any]]:
    """Prompts that reached one person and ended without an answer in time, for the fold (ix_prompt_enrollment_due).

    `after`: those that ended no earlier, the time for late answers counted in.
    """
    return session.rows(_EXPIRED, {"person": enrollment_id, "after": after - LATE_GRACE})


def content_shown(session: ReadSession, enrollment_id: int, *, after: datetime = BEGINNING) -> Sequence[Row[Any]]:
    """When content was shown to one person, for the fold (ix_decision_enrollment)."""
    return session.rows(_CONTENT_SHOWN, {"person": enrollment_id, "after": after})
