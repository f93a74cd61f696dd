"""The outbox: promises to tell someone. No viewer: rows are written by the house about its own work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select

from models.ids import new_uid
from models.kinds import DeliveryState
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import Delivery, WebhookEndpoint


@dataclass(frozen=True, slots=True)
class Promise:
    """What to tell whom. `dedup_key` makes the same promise twice the same row.

    The payload that leaves is the kind, the opaque subject and the expiry, and nothing else. `first_try_at` (system time)
    is left out for "at once"; a promise that is kept when the phone fetches is first looked at when it expires.
    """

    study_id: int
    enrollment_id: int | None
    kind: str
    subject: UUID
    channel: str
    recipient: str
    dedup_key: str
    expires_at: datetime
    urgent: bool
    synthetic: bool
    first_try_at: datetime | None = None


def promise(session: WriteSession, promises: Sequence[Promise], *, system_now: datetime) -> int:
    """Stores promises that are not stored yet and gives how many were new."""
    if not promises:
        return 0
    rows = [
        {
            "uid": new_uid(),
            "study_id": one.study_id,
            "enrollment_id": one.enrollment_id,
            "kind": one.kind,
            "subject": one.subject,
            "channel": one.channel,
            "recipient": one.recipient,
            "payload": {"kind": one.kind, "id": str(one.subject), "expires_at": one.expires_at.isoformat()},
            "dedup_key": one.dedup_key,
            "state": DeliveryState.WAITING,
            "reason": None,
            "attempts": 0,
            "next_at": one.first_try_at or system_now,
            "lease": None,
            "expires_at": one.expires_at,
            "created_at": system_now,
            "finished_at": None,
            "urgent": one.urgent,
            "synthetic": one.synthetic,
        }
        for one in promises
    ]
    # Counted by what comes back: PostgreSQL's driver knows no row count for a multi-row insert.
    # Rows go in as parameters, so that the compiled statement is used again.
    statement = session.insert(Delivery).on_conflict_do_nothing().returning(Delivery.__table__.c.id)
    return len(session.execute(statement, rows).all())


_ENDPOINTS = once(
    select(WebhookEndpoint)
    .where(WebhookEndpoint.study_id == bindparam("study"), WebhookEndpoint.disabled_at.is_(None))
    .order_by(WebhookEndpoint.id)
)


def endpoints(session: ReadSession, study_id: int, kind: str) -> Sequence[Row[Any]]:
    """The enabled webhook endpoints of a study that want this kind."""
    return [row for row in session.rows(_ENDPOINTS, {"study": study_id}) if kind in row.kinds]
