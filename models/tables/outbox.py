"""Promises to tell someone, each try to keep them, and the pulse of every duty."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, uid, word
from models.kinds import DeliveryState

_OPEN = "next_at IS NOT NULL"


class Delivery(Base):
    """A promise. The payload is an opaque id and an expiry; nothing about health."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("study_id", "dedup_key"),
        Index("ix_delivery_next", "next_at", postgresql_where=text(_OPEN), sqlite_where=text(_OPEN)),
        Index("ix_delivery_recipient", "recipient", "created_at"),
        CheckConstraint("(state IN ('delivered', 'expired', 'dead')) = (next_at IS NULL)", name="open_has_a_next_moment"),
    )

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int | None] = ref("enrollment", nullable=True)
    kind: Mapped[str] = mapped_column(comment="prompt, reminder, alert or study_event")
    subject: Mapped[UUID] = mapped_column(comment="opaque id of the prompt or alert")
    channel: Mapped[str] = mapped_column(comment="memory, webhook, …")
    recipient: Mapped[str] = mapped_column(comment="device:<uid>, staff:<uid> or endpoint:<uid>")
    payload: Mapped[dict[str, Any]]
    dedup_key: Mapped[str]
    state: Mapped[DeliveryState] = word(DeliveryState)
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(comment="system time of the next try, or end of the lease")
    lease: Mapped[UUID | None]
    expires_at: Mapped[datetime] = mapped_column(comment="system time after which telling is useless")
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    urgent: Mapped[bool]
    synthetic: Mapped[bool]


class Attempt(Base):
    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("delivery_id", "number"),)

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    delivery_id: Mapped[int] = ref("delivery")
    number: Mapped[int]
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(comment="delivered, retry or refused")
    status: Mapped[int | None] = mapped_column(comment="of the receiver")
    seconds: Mapped[float | None]
    problem: Mapped[str | None] = mapped_column(comment="kind of failure, never a body")


class WebhookEndpoint(Base):
    __tablename__ = "webhook_endpoint"
    __table_args__ = (Index("ix_webhook_endpoint_study", "study_id"),)

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    url: Mapped[str]
    secret_sealed: Mapped[bytes]
    key_id: Mapped[str]
    kinds: Mapped[list[Any]]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]


class Heartbeat(Base):
    """The pulse of a duty, in system time."""

    __tablename__ = "heartbeat"

    id: Mapped[int] = key()
    duty: Mapped[str] = mapped_column(unique=True)
    beat_at: Mapped[datetime]
    every_seconds: Mapped[int]
    took_seconds: Mapped[float]
    done: Mapped[int] = mapped_column(comment="items worked at the last beat that worked any")
    failures: Mapped[int] = mapped_column(comment="failed beats in a row")
    problem: Mapped[str | None]
