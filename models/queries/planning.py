"""What a plan is made from, and the plan's own writes. No viewer: the house plans for everyone.

Lock order: enrollment, then prompt.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, select, text, update

from models.kinds import EnrollmentState, PromptState
from models.session import ReadSession, WriteSession
from models.tables import Enrollment, Pause, Prompt, ProtocolMove, TimedEvent, WakeHistory, ZoneHistory

_OWED = (Enrollment.state == EnrollmentState.ACTIVE, Enrollment.started_at.is_not(None))


_STALE = text("enrollment.plan_stale")
"""Said as the partial index says it: SQLite reads every row for `plan_stale = 1`."""


def due_plans(edge: Any) -> tuple[Select[Any], Select[Any]]:
    """Ids of enrollments to plan: where something changed, and where prompts are rows only up to `edge`.

    `edge` is an instant, or a bound parameter that will be one. Two statements, each with an index of its own
    (ix_enrollment_plan_stale, ix_enrollment_planned_until): joined by OR, SQLite uses neither.
    """
    return select(Enrollment.id).where(_STALE), select(Enrollment.id).where(Enrollment.planned_until <= edge, *_OWED)


def due_enrollments(session: ReadSession, *, edge: datetime, limit: int) -> Sequence[int]:
    """Enrollments to plan, at most `limit`: where something changed first, then whose horizon is nearest."""
    changed, near = due_plans(edge)
    rows = (*session.rows(changed.limit(limit)), *session.rows(near.order_by(Enrollment.planned_until).limit(limit)))
    return list(dict.fromkeys(row.id for row in rows))[:limit]


def lock_enrollment(session: WriteSession, enrollment_id: int) -> Row[Any] | None:
    """All columns, locked (primary key); rows that name the person may still be written."""
    return session.row(select(Enrollment).where(Enrollment.id == enrollment_id).with_for_update(key_share=True))


def zone_history(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """Oldest first; of several from one instant the last recorded comes last (ix_zone_history_enrollment)."""
    return session.rows(
        select(ZoneHistory.zone, ZoneHistory.valid_from)
        .where(ZoneHistory.enrollment_id == enrollment_id)
        .order_by(ZoneHistory.valid_from, ZoneHistory.id)
    )


def wake_history(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """Oldest first; of several from one day the last recorded comes last (ix_wake_history_enrollment)."""
    return session.rows(
        select(WakeHistory.wake_windows, WakeHistory.valid_from)
        .where(WakeHistory.enrollment_id == enrollment_id)
        .order_by(WakeHistory.valid_from, WakeHistory.id)
    )


def pauses(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """Every pause, over or not (ix_pause_enrollment)."""
    return session.rows(
        select(Pause.starts_at, Pause.ends_at, Pause.ended_early_at).where(Pause.enrollment_id == enrollment_id).order_by(Pause.starts_at)
    )


def anchor_events(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """Timed events that were not retracted (ix_timed_event_enrollment)."""
    return session.rows(
        select(TimedEvent.kind, TimedEvent.happened_at)
        .where(TimedEvent.enrollment_id == enrollment_id, TimedEvent.retracted_at.is_(None))
        .order_by(TimedEvent.happened_at)
    )


def protocol_moves(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """From which local day which version holds, in order; of two for one day the later decision (ix_protocol_move_enrollment)."""
    return session.rows(
        select(ProtocolMove.protocol_version_id, ProtocolMove.valid_from)
        .where(ProtocolMove.enrollment_id == enrollment_id)
        .order_by(ProtocolMove.valid_from, ProtocolMove.id)
    )


def lock_planned(session: WriteSession, enrollment_id: int, first: date, kinds: Collection[str]) -> Sequence[Row[Any]]:
    """A person's prompts of these design kinds from a local date on, locked in order of id.

    Nothing of a local date is due more than 14 hours before it begins in UTC, so the read starts a day before (ix_prompt_enrollment_due).
    """
    since = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    return session.rows(
        select(Prompt)
        .where(
            Prompt.enrollment_id == enrollment_id,
            Prompt.due_at >= since,
            Prompt.slot_date >= first,
            Prompt.kind.in_(sorted(kinds)),
        )
        .order_by(Prompt.id)
        .with_for_update()
    )


def follow_ups(session: ReadSession, enrollment_id: int, design: str, since: date) -> Sequence[Row[Any]]:
    """Follow-ups of a design that still count, by the study date of their source from `since` on."""
    gone = (PromptState.SUPERSEDED, PromptState.CANCELLED)
    return session.rows(
        select(Prompt.uid, Prompt.source, Prompt.slot_date, Prompt.due_at).where(
            Prompt.enrollment_id == enrollment_id, Prompt.design == design, Prompt.slot_date >= since, Prompt.state.not_in(gone)
        )
    )


def insert_prompts(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> Mapping[UUID, int]:
    """Inserts prompts that are not there yet: id -> internal key of the new ones."""
    if not rows:
        return {}
    statement = session.insert(Prompt).on_conflict_do_nothing().returning(Prompt.uid, Prompt.id)
    return {row.uid: row.id for row in session.execute(statement, rows)}


_PLANNED = (
    "protocol_version_id",
    "instrument",
    "state",
    "reason",
    "due_at",
    "window_start",
    "window_end",
    "expires_at",
    "next_at",
    "reminders_left",
    "zone",
    "local_due",
    "offset_minutes",
    "study_day",
    "density",
    "day_probability",
    "drawn",
    "plan_revision",
    "superseded_by",
)
"""What planning again may change of a prompt that was not sent."""

_REPLAN = update(Prompt).where(Prompt.id == bindparam("key")).values({name: bindparam(f"to_{name}") for name in _PLANNED})


def replan_prompts(session: WriteSession, changes: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Writes (internal key, every column of the plan)."""
    if changes:
        session.execute(_REPLAN, [{"key": key, **{f"to_{name}": values[name] for name in _PLANNED}} for key, values in changes])


def finish_plan(session: WriteSession, enrollment_id: int, *, planned_until: datetime | None, protocol_version_id: int) -> None:
    """Prompts are rows up to `planned_until`; None: there is nothing more to plan until something changes."""
    session.execute(
        update(Enrollment)
        .where(Enrollment.id == enrollment_id)
        .values(planned_until=planned_until, plan_stale=False, protocol_version_id=protocol_version_id)
    )


def mark_stale(session: WriteSession, enrollment_ids: Collection[int]) -> None:
    """Something the plan depends on has changed: plan again at the next tick."""
    session.execute(update(Enrollment).where(Enrollment.id.in_(sorted(enrollment_ids))).values(plan_stale=True))
