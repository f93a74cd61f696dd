"""The audit: keyed, chained, insert-only, reads included."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key


class Audit(Base):
    """One act. `mac` is HMAC-SHA256 over all fields and the previous mac of the same chain."""

    __tablename__ = "audit"
    __table_args__ = (
        UniqueConstraint("chain", "sequence"),
        Index("ix_audit_enrollment", "enrollment_uid", "at"),
        Index("ix_audit_at", "at"),
    )

    id: Mapped[int] = key()
    chain: Mapped[str] = mapped_column(comment="study uid, or system")
    sequence: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(comment="staff:<uid>, device:<uid> or system")
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[str | None]
    enrollment_uid: Mapped[str | None]
    purpose: Mapped[str | None]
    request_id: Mapped[str | None]
    detail: Mapped[dict[str, Any]]
    previous: Mapped[bytes]
    mac: Mapped[bytes]


class AuditHead(Base):
    """The newest link of each chain; locked while a link is added."""

    __tablename__ = "audit_head"

    id: Mapped[int] = key()
    chain: Mapped[str] = mapped_column(unique=True)
    sequence: Mapped[int]
    mac: Mapped[bytes]
