"""What a plan is made from, and the plan's own writes. No viewer: the house plans for everyone.

Lock order: enrollment, then prompt.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Date,
    Integer,
    Row,
    Select,
    String,
    bindparam,
    cast,
    literal,
    null,
    or_,
    select,
    text,
    union_all,
    update,
)

from models.base import DOCUMENT
from models.kinds import EnrollmentState, Intention, PromptState
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import Enrollment, Pause, PlannedEvent, Prompt, ProtocolMove, TimedEvent, WakeHistory, ZoneHistory

_OWED = (Enrollment.state == EnrollmentState.ACTIVE, Enrollment.started_at.is_not(None))


_STALE = text("enrollment.plan_stale")
"""Said as the partial index says it: SQLite reads every row for `plan_stale = 1`."""


def due_plans(edge: Any) -> tuple[Select[Any], Select[Any]]:
    """Ids of enrollments to plan: where something changed, and where prompts are rows only up to `edge`.

    `edge` is an instant, or a bound parameter that will be one. Two statements, each with an index of its own
    (ix_enrollment_plan_stale, ix_enrollment_planned_until): joined by OR, SQLite uses neither.
    """
    return select(Enrollment.id).where(_STALE), select(Enrollment.id).where(Enrollment.planned_until <= edge, *_OWED)


_CHANGED, _NEAR = due_plans(bindparam("edge", type_=Enrollment.planned_until.type))
_MOST = bindparam("most", type_=Integer)
_FIRST_CHANGED, _NEAREST = _CHANGED.limit(_MOST), _NEAR.order_by(Enrollment.planned_until).limit(_MOST)


def due_enrollments(session: ReadSession, *, edge: datetime, soon: timedelta, limit: int) -> Sequence[int]:
    """Enrollments to plan, at most `limit`: where something changed first, then whose horizon is nearest.

    Where anybody's horizon has come to `edge`, those whose horizon does within `soon` come along.
    """
    changed = session.rows(_FIRST_CHANGED, {"most": limit})
    near = session.rows(_NEAREST, {"edge": edge, "most": limit})
    if near and len(near) < limit:
        near = session.rows(_NEAREST, {"edge": edge + soon, "most": limit})
    return list(dict.fromkeys(row.id for row in (*changed, *near)))[:limit]


_PEOPLE: BindParameter[Any] = bindparam("people", expanding=True)
_LOCK_PEOPLE = once(select(Enrollment).where(Enrollment.id.in_(_PEOPLE)).order_by(Enrollment.id).with_for_update(key_share=True))
_ZONES = once(
    select(ZoneHistory.enrollment_id, ZoneHistory.zone, ZoneHistory.valid_from)
    .where(ZoneHistory.enrollment_id.in_(_PEOPLE))
    .order_by(ZoneHistory.valid_from, ZoneHistory.id)
)
_WAKES = once(
    select(WakeHistory.enrollment_id, WakeHistory.wake_windows, WakeHistory.valid_from)
    .where(WakeHistory.enrollment_id.in_(_PEOPLE))
    .order_by(WakeHistory.id)
)
_PAUSES = once(
    select(Pause.enrollment_id, Pause.starts_at, Pause.ends_at, Pause.ended_early_at)
    .where(Pause.enrollment_id.in_(_PEOPLE))
    .order_by(Pause.starts_at)
)
_EVENTS = once(
    select(TimedEvent.enrollment_id, TimedEvent.kind, TimedEvent.happened_at)
    .where(TimedEvent.enrollment_id.in_(_PEOPLE), TimedEvent.retracted_at.is_(None))
    .order_by(TimedEvent.happened_at, TimedEvent.id)
)
_MOVES = once(
    select(ProtocolMove.enrollment_id, ProtocolMove.protocol_version_id, ProtocolMove.valid_from)
    .where(ProtocolMove.enrollment_id.in_(_PEOPLE))
    .order_by(ProtocolMove.valid_from, ProtocolMove.id)
)
_INTENDED = once(select(PlannedEvent).where(PlannedEvent.enrollment_id.in_(_PEOPLE)).order_by(PlannedEvent.revision, PlannedEvent.id))
_PERSON, _PLACED, _WAKING = range(3)
_HOURS = once(
    union_all(
        select(
            Enrollment.id.label("enrollment_id"),
            literal(_PERSON).label("kind"),
            Enrollment.zone,
            Enrollment.wake_windows,
            Enrollment.started_at.label("at"),
            cast(null(), Date).label("day"),
            Enrollment.id.label("number"),
        ).where(Enrollment.id.in_(_PEOPLE), Enrollment.started_at.is_not(None)),
        select(
            ZoneHistory.enrollment_id,
            literal(_PLACED),
            ZoneHistory.zone,
            cast(null(), DOCUMENT),
            ZoneHistory.valid_from,
            cast(null(), Date),
            ZoneHistory.id,
        ).where(ZoneHistory.enrollment_id.in_(_PEOPLE)),
        select(
            WakeHistory.enrollment_id,
            literal(_WAKING),
            cast(null(), String),
            WakeHistory.wake_windows,
            cast(null(), Enrollment.started_at.type),
            WakeHistory.valid_from,
            WakeHistory.id,
        ).where(WakeHistory.enrollment_id.in_(_PEOPLE)),
    ).order_by("kind", "at", "number")
)
_PLANNED_FROM = (
    select(Prompt)
    .where(
        Prompt.enrollment_id.in_(_PEOPLE),
        Prompt.due_at >= bindparam("since", type_=Prompt.due_at.type),
        Prompt.slot_date >= bindparam("first", type_=Prompt.slot_date.type),
        Prompt.kind.in_(bindparam("kinds", expanding=True)),
    )
    .order_by(Prompt.id)
)
_UNSENT = (PromptState.PLANNED, PromptState.BLOCKED, PromptState.SUPERSEDED)
_GONE_BY = once(
    _PLANNED_FROM.with_only_columns(Prompt.enrollment_id, Prompt.uid, Prompt.due_at, Prompt.state).where(
        or_(Prompt.state.not_in(_UNSENT), Prompt.due_at <= bindparam("now", type_=Prompt.due_at.type))
    )
)
_LOCK_PLANNED = once(_PLANNED_FROM.with_for_update())
"""Everyone is planned every day, so these are built once: building a statement costs more than running it."""


def lock_enrollments(session: WriteSession, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """All columns, locked in order of id (primary key); rows that name the people may still be written."""
    return session.rows(_LOCK_PEOPLE, {"people": sorted(enrollment_ids)})


def lock_enrollment(session: WriteSession, enrollment_id: int) -> Row[Any] | None:
    """One of `lock_enrollments`."""
    return next(iter(lock_enrollments(session, (enrollment_id,))), None)


def zone_histories(session: ReadSession, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Oldest first; of several from one instant the last recorded comes last (ix_zone_history_enrollment)."""
    return session.rows(_ZONES, {"people": sorted(enrollment_ids)})


class Placed(NamedTuple):
    """A person is in a zone from an instant on."""

    valid_from: datetime
    zone: str


class Waking(NamedTuple):
    """A person sleeps by these wake windows from a local day on."""

    valid_from: date
    wake_windows: Mapping[str, Any]


class Hours(NamedTuple):
    """When one person sleeps and where: what stands on the enrollment, and the histories, as `zone_histories` and `wake_histories` say."""

    started_at: datetime
    zone: str
    wake_windows: Mapping[str, Any]
    zones: list[Placed]
    wakes: list[Waking]


def hours_now(session: ReadSession, enrollment_ids: Collection[int]) -> Mapping[int, Hours]:
    """The hours of those who have started, in one statement: it is asked at every act on a prompt
    (primary key, ix_zone_history_enrollment, ix_wake_history_enrollment)."""
    found: dict[int, Hours] = {}
    for person, kind, zone, windows, at, day, _ in map(tuple, session.rows(_HOURS, {"people": sorted(enrollment_ids)})):
        if kind == _PERSON:
            found[person] = Hours(at, zone, windows, [], [])
        elif person in found and kind == _PLACED:
            found[person].zones.append(Placed(at, zone))
        elif person in found:
            found[person].wakes.append(Waking(day, windows))
    return found


def zone_history(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """One of `zone_histories`."""
    return zone_histories(session, (enrollment_id,))


def wake_histories(session: ReadSession, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """In the order in which they were recorded (ix_wake_history_enrollment)."""
    return session.rows(_WAKES, {"people": sorted(enrollment_ids)})


def wake_history(session: ReadSession, enrollment_id: int) -> Sequence[Row[Any]]:
    """One of `wake_histories`."""
    return wake_histories(session, (enrollment_id,))


def pauses(session: ReadSession, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Every pause, over or not (ix_pause_enrollment)."""
    return session.rows(_PAUSES, {"people": sorted(enrollment_ids)})


def anchor_events(session: ReadSession, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Timed events that were not retracted (ix_timed_event_enrollment)."""
    return session.rows(_EVENTS, {"people": sorted(enrollment_ids)})


def planned_events(session: ReadSession, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """Planned events as they stand, those that are still to be told alone, soonest first (unique index of planned_event)."""
    rows = session.rows(_INTENDED, {"people": sorted(enrollment_ids)})
    newest = {(row.enrollment_id, row.client_id): row for row in rows}
    return sorted((row for row in newest.values() if row.intention is Intention.PLANNED), key=lambda row: (row.day, row.id))


def protocol_moves(session: ReadSession, enrollment_ids: Collection[int]) -> Sequence[Row[Any]]:
    """From which local day which version holds, in order; of two for one day the later decision (ix_protocol_move_enrollment)."""
    return session.rows(_MOVES, {"people": sorted(enrollment_ids)})


def lock_planned(session: WriteSession, enrollment_ids: Collection[int], first: date, kinds: Collection[str]) -> Sequence[Row[Any]]:
    """People's prompts of these design kinds from a local date on, locked in order of id."""
    return session.rows(_LOCK_PLANNED, _planned(enrollment_ids, first, kinds))


def read_gone_by(
    session: ReadSession, enrollment_ids: Collection[int], first: date, kinds: Collection[str], *, now: datetime
) -> Sequence[Row[Any]]:
    """Enrollment, id, moment and state of those whose moment has passed or that something has happened to; only read."""
    return session.rows(_GONE_BY, {**_planned(enrollment_ids, first, kinds), "now": now})


def _planned(enrollment_ids: Collection[int], first: date, kinds: Collection[str]) -> Mapping[str, Any]:
    """Nothing of a date is due more than 14 hours before it begins in UTC: the read starts a day before (ix_prompt_enrollment_due)."""
    since = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    return {"people": sorted(enrollment_ids), "since": since, "first": first, "kinds": sorted(kinds)}


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
    return {row.uid: row.id for row in session.add_new(Prompt, rows, Prompt.uid, Prompt.id)}


_PLANNED = (
    "slot_date",
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

_REPLAN = once(update(Prompt).where(Prompt.id == bindparam("key")).values({name: bindparam(f"to_{name}") for name in _PLANNED}))


def replan_prompts(session: WriteSession, changes: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Writes (internal key, every column of the plan)."""
    if changes:
        session.change(_REPLAN, [{"key": key, **{f"to_{name}": values[name] for name in _PLANNED}} for key, values in changes])


_FINISH = once(
    update(Enrollment)
    .where(Enrollment.id == bindparam("to_key"))
    .values(
        planned_until=bindparam("to_until"),
        planned_through=bindparam("to_through"),
        plan_basis=bindparam("to_basis"),
        plan_stale=False,
        protocol_version_id=bindparam("to_version"),
        wake_windows=bindparam("to_wake"),
    )
)


class Finished(NamedTuple):
    """How far an enrollment is planned, and the protocol version and wake windows of today.

    until      prompts are rows up to here; None: there is nothing more to plan until something changes
    through    the last local date whose prompts are rows
    basis      what they were planned from; None: the next turn compares them with the plan, whatever it is made from
    """

    key: int
    until: datetime | None
    version: int
    wake: Mapping[str, Any]
    through: date | None = None
    basis: bytes | None = None


def finish_plans(session: WriteSession, done: Sequence[Finished]) -> None:
    """Writes how far people are planned."""
    if done:
        rows = [{f"to_{name}": value for name, value in one._asdict().items()} | {"to_wake": dict(one.wake)} for one in done]
        session.change(_FINISH, rows)


_MARK_STALE = once(update(Enrollment).where(Enrollment.id.in_(_PEOPLE)).values(plan_stale=True))


def mark_stale(session: WriteSession, enrollment_ids: Collection[int]) -> None:
    """Something the plan depends on has changed: plan again at the next tick."""
    session.change(_MARK_STALE, [{"people": sorted(enrollment_ids)}])
