"""What is thrown away once it is of no use to anyone. No viewer: the house's own work, on rows that hold nothing about people."""

from datetime import datetime

from sqlalchemy import delete, exists, select

from models.session import ReadSession, WriteSession
from models.tables import AccessToken, StaffSession


def spent(session: ReadSession, *, before: datetime) -> bool:
    """Whether any token or staff session ended before this instant (system time)."""
    old = exists(select(AccessToken.id).where(AccessToken.expires_at < before))
    closed = exists(select(StaffSession.id).where(StaffSession.ends_at < before))
    return bool(session.value(select(old | closed)))


def remove_spent(session: WriteSession, *, before: datetime, limit: int) -> int:
    """Removes up to `limit` of each and gives how many; token families stay, so that a reuse is still recognized."""
    tokens = select(AccessToken.id).where(AccessToken.expires_at < before).limit(limit)
    sessions = select(StaffSession.id).where(StaffSession.ends_at < before).limit(limit)
    removed = session.execute(delete(AccessToken).where(AccessToken.id.in_(tokens))).rowcount
    return removed + session.execute(delete(StaffSession).where(StaffSession.id.in_(sessions))).rowcount
