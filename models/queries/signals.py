"""Points of passive signals: stored once, read in a window before an answer, and shown to the person whose they are."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, select

from models.access import Ability, Viewer, visible
from models.kinds import SignalKind
from models.prepared import once
from models.queries.enrollment import page
from models.session import ReadSession, WriteSession
from models.tables import Consent, Enrollment, SignalPoint

MOST_POINTS: Final = 5_000
"""Of one kind in one window, the newest: what is read while others wait is bounded, however often a watch measures."""


def known_points(session: ReadSession, enrollment_id: int, client_ids: Collection[UUID]) -> Mapping[UUID, bytes]:
    """Client id -> content hash of those that are stored (unique index of signal_point)."""
    rows = session.rows(
        select(SignalPoint.client_id, SignalPoint.content_hash).where(
            SignalPoint.enrollment_id == enrollment_id, SignalPoint.client_id.in_(sorted(client_ids))
        )
    )
    return {row.client_id: bytes(row.content_hash) for row in rows}


def add_points(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """The caller holds the enrollment's lock and has left out what is stored."""
    session.add_all(SignalPoint, rows)


_WINDOW = once(
    select(SignalPoint.client_id, SignalPoint.ended_at, SignalPoint.value)
    .where(
        SignalPoint.enrollment_id == bindparam("enrollment"),
        SignalPoint.kind == bindparam("kind"),
        SignalPoint.ended_at > bindparam("after"),
        SignalPoint.ended_at <= bindparam("until"),
    )
    .order_by(SignalPoint.ended_at.desc(), SignalPoint.client_id.desc())
    .limit(MOST_POINTS)
)


def points_before(session: ReadSession, enrollment_id: int, kind: SignalKind, *, after: datetime, until: datetime) -> Sequence[Row[Any]]:
    """Points of one kind that were over in a window, newest first (ix_signal_point_enrollment). No viewer: the house's own work."""
    return session.rows(_WINDOW, {"enrollment": enrollment_id, "kind": kind, "after": after, "until": until})


def agreed_to_signals(session: ReadSession, enrollment_id: int) -> bool:
    """What the newest act says (ix_consent_enrollment)."""
    given = session.value(
        select(Consent.given)
        .where(Consent.enrollment_id == enrollment_id, Consent.scope == "signals")
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(1)
    )
    return bool(given)


def own_points(
    session: ReadSession, viewer: Viewer, *, after: tuple[datetime, UUID] | None, limit: int, now: datetime
) -> Sequence[Row[Any]]:
    """The viewer's own points, newest first, with one row more than the page. A scan of one person's rows (ix_signal_point_enrollment)."""
    statement = (
        select(SignalPoint)
        .join(Enrollment, Enrollment.id == SignalPoint.enrollment_id)
        .where(visible(viewer, Ability.SEE_ANSWERS, now=now), Enrollment.id == viewer.enrollment_id)
    )
    return session.rows(page(statement, SignalPoint.ended_at, SignalPoint.client_id, after, limit))
