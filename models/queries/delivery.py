"""Keeping promises: claims by row lock, leases, records of attempts. No viewer: the house's own work.

Instants here are system time.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, exists, func, select, update

from models.kinds import DeliveryState, PromptState
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import Attempt, Delivery, Prompt, WebhookEndpoint

PULL = "pull"
"""The channel of a phone that asks by itself: kept when it fetches, so nobody claims it before it expires."""

_PROMPTS = ("prompt", "reminder")
_OPEN = Delivery.next_at.is_not(None)


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one claimed delivery. `again_at` None ends it in `state`; `problem` is of this try, `reason` of the whole."""

    state: DeliveryState
    outcome: str
    problem: str | None = None
    reason: str | None = None
    again_at: datetime | None = None
    status: int | None = None
    seconds: float | None = None


_ANY_DUE = once(select(exists(select(Delivery.id).where(Delivery.next_at <= bindparam("now", type_=Delivery.next_at.type)))))


def due(session: ReadSession, *, now: datetime) -> bool:
    """Whether anything waits (ix_delivery_next)."""
    return bool(session.value(_ANY_DUE, {"now": now}))


def next_moment(session: ReadSession, *, after: datetime) -> datetime | None:
    """The first instant after `after` at which an open delivery waits for something (ix_delivery_next)."""
    found: datetime | None = session.value(select(func.min(Delivery.next_at)).where(Delivery.next_at > after))
    return found


def claim(session: WriteSession, *, now: datetime, lease: UUID, lease_until: datetime, limit: int) -> Sequence[Row[Any]]:
    """Takes due deliveries for this worker until `lease_until`, urgent ones first. The rows are as they were before.

    Two workers never get the same row (ix_delivery_next, row locks that are skipped). A row whose worker vanished is due again when its
    lease ends; its `state` is then still `claimed`.
    """
    rows = session.rows(
        select(Delivery)
        .where(Delivery.next_at <= now)
        .order_by(Delivery.urgent.desc(), Delivery.next_at, Delivery.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    live = [row.id for row in rows if row.expires_at > now]
    session.execute(
        update(Delivery)
        .where(Delivery.id.in_(live))
        .values(state=DeliveryState.CLAIMED, lease=lease, next_at=lease_until, attempts=Delivery.attempts + 1)
    )
    return rows


def ended_prompts(session: ReadSession, deliveries: Sequence[Row[Any]]) -> Mapping[int, PromptState]:
    """Of these deliveries the keys of those whose prompt has ended, with the state it ended in (unique index of prompt)."""
    told = [one for one in deliveries if one.kind in _PROMPTS]
    if not told:
        return {}
    # Two lists instead of a list of names: SQLite finds no index for row values and would read the whole table.
    rows = session.rows(
        select(Prompt.study_id, Prompt.enrollment_id, Prompt.uid, Prompt.state).where(
            Prompt.enrollment_id.in_(sorted({one.enrollment_id for one in told})),
            Prompt.uid.in_(sorted({one.subject for one in told})),
            Prompt.next_at.is_(None),
        )
    )
    ended = {(row.study_id, row.enrollment_id, row.uid): PromptState(row.state) for row in rows}
    keys = {one.id: (one.study_id, one.enrollment_id, one.subject) for one in told}
    return {key: ended[name] for key, name in keys.items() if name in ended}


_AWAITED = once(
    select(Delivery.study_id, Delivery.dedup_key).where(
        Delivery.study_id.in_(bindparam("studies", expanding=True)), Delivery.dedup_key.in_(bindparam("names", expanding=True)), _OPEN
    )
)


def waits_for_fetch(session: ReadSession, names: Collection[tuple[int, str]]) -> bool:
    """Whether any of these promises, by (study, dedup key), is still open (unique index of delivery)."""
    if not names:
        return False
    wanted = {"studies": sorted({study for study, _ in names}), "names": sorted({key for _, key in names})}
    rows = session.rows(_AWAITED, wanted)
    return any((row.study_id, row.dedup_key) in names for row in rows)


def end_claimed(session: WriteSession, keys: Collection[int], state: DeliveryState, reason: str, *, now: datetime) -> int:
    """Ends deliveries that this transaction has claimed, without an attempt."""
    return session.execute(
        update(Delivery)
        .where(Delivery.id.in_(sorted(keys)), _OPEN)
        .values(state=state, reason=reason, next_at=None, lease=None, finished_at=now)
    ).rowcount


def note_stalled(session: WriteSession, deliveries: Sequence[Row[Any]], *, now: datetime) -> None:
    """An attempt row for each try that was begun and never recorded; nobody knows whether it arrived."""
    rows = [_attempt(one, one.attempts, Tried(DeliveryState.WAITING, "retry", "stalled"), now) for one in deliveries]
    if rows:
        session.execute(session.insert(Attempt).values(rows).on_conflict_do_nothing())


def record(session: WriteSession, delivery: Row[Any], lease: UUID, outcome: Tried, *, now: datetime) -> bool:
    """Writes what became of an attempt. False where the lease was lost: another worker has it and will record."""
    ended = outcome.again_at is None
    changed = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.lease == lease, Delivery.state == DeliveryState.CLAIMED)
        .values(
            state=outcome.state,
            reason=outcome.reason,
            next_at=outcome.again_at,
            lease=None,
            finished_at=now if ended else None,
        )
    ).rowcount
    if changed:
        session.add_all(Attempt, [_attempt(delivery, delivery.attempts + 1, outcome, now)])
    return bool(changed)


def _attempt(delivery: Row[Any], number: int, outcome: Tried, now: datetime) -> dict[str, Any]:
    return {
        "study_id": delivery.study_id,
        "delivery_id": delivery.id,
        "number": number,
        "at": now,
        "outcome": outcome.outcome,
        "status": outcome.status,
        "seconds": outcome.seconds,
        "problem": outcome.problem,
    }


_END_BY_KEY = once(
    update(Delivery)
    .where(Delivery.study_id == bindparam("study"), Delivery.dedup_key == bindparam("name"), _OPEN)
    .values(state=bindparam("to"), reason=bindparam("why"), next_at=None, lease=None, finished_at=bindparam("at"))
)


def end_by_key(
    session: WriteSession, names: Collection[tuple[int, str]], state: DeliveryState, reason: str | None, *, now: datetime
) -> None:
    """Ends open deliveries by (study, dedup key): fetched by a phone, or of a prompt that has ended (unique index of delivery)."""
    if names:
        session.change(
            _END_BY_KEY, [{"study": study, "name": name, "to": state, "why": reason, "at": now} for study, name in sorted(names)]
        )


def endpoints_by_uid(session: ReadSession, uids: Collection[UUID]) -> Mapping[UUID, Row[Any]]:
    """Endpoints, disabled ones included."""
    if not uids:
        return {}
    return {row.uid: row for row in session.rows(select(WebhookEndpoint).where(WebhookEndpoint.uid.in_(sorted(uids))))}


def disable_endpoint(session: WriteSession, uid: UUID, reason: str, *, now: datetime) -> None:
    """Nothing more is promised to it; what waits for it ends when it is due. An endpoint that is off stays as it is."""
    session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.uid == uid, WebhookEndpoint.disabled_at.is_(None))
        .values(disabled_at=now, disabled_reason=reason)
    )


@dataclass(frozen=True, slots=True)
class Backlog:
    """Promises still open, and how long the oldest due one has waited; 0 where none is due."""

    waiting: int
    overdue_seconds: float


def backlog(session: ReadSession, *, now: datetime) -> Backlog:
    """For health and metrics (ix_delivery_next)."""
    oldest = session.value(select(func.min(Delivery.next_at)).where(_OPEN))
    waiting = session.value(select(func.count()).where(_OPEN))
    return Backlog(int(waiting), max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0)
