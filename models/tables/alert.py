"""Alerts and everything that happened to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, uid, word
from models.kinds import AlertState, Disposition

_UNRESOLVED = "state <> 'resolved'"


class Alert(Base):
    """The coordinator's work. Every alert that is not resolved has a next moment; the database insists."""

    __tablename__ = "alert"
    __table_args__ = (
        Index("uq_alert_dedup", "study_id", "dedup_key", unique=True, postgresql_where=text(_UNRESOLVED), sqlite_where=text(_UNRESOLVED)),
        Index("ix_alert_next", "next_at", postgresql_where=text(_UNRESOLVED), sqlite_where=text(_UNRESOLVED)),
        Index("ix_alert_enrollment", "enrollment_id"),
        Index("ix_alert_study_opened", "study_id", "opened_at"),
        CheckConstraint("(state = 'resolved') = (next_at IS NULL)", name="open_has_a_next_moment"),
        CheckConstraint("(state = 'resolved') = (disposition IS NOT NULL)", name="resolved_has_a_disposition"),
    )

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    tier: Mapped[int]
    family: Mapped[str] = mapped_column(comment="id of the disclosure or alert rule")
    dedup_key: Mapped[str] = mapped_column(comment="enrollment, family and tier")
    state: Mapped[AlertState] = word(AlertState)
    ladder: Mapped[dict[str, Any]] = mapped_column(comment="frozen when it opened")
    rung: Mapped[int]
    rung_since: Mapped[datetime]
    next_at: Mapped[datetime | None]
    owner_id: Mapped[int | None] = ref("staff", nullable=True)
    occurrences: Mapped[int]
    last_occurred_at: Mapped[datetime]
    source_id: Mapped[str] = mapped_column(comment="response, rejected submission or decision that opened it")
    protocol_version_id: Mapped[int] = ref("protocol_version")
    rule_hash: Mapped[str]
    estimate_id: Mapped[int | None] = ref("risk_estimate", nullable=True)
    parent_id: Mapped[int | None] = ref("alert", nullable=True)
    opened_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = ref("staff", nullable=True)
    snoozed_until: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[int | None] = ref("staff", nullable=True)
    disposition: Mapped[Disposition | None] = word(Disposition, nullable=True)
    minutes_spent: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    synthetic: Mapped[bool]


class AlertEvent(Base):
    """One thing that happened to an alert. Rows are only added."""

    __tablename__ = "alert_event"
    __table_args__ = (UniqueConstraint("alert_id", "sequence"), Index("ix_alert_event_study_at", "study_id", "at"))

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    alert_id: Mapped[int] = ref("alert")
    sequence: Mapped[int]
    at: Mapped[datetime]
    name: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    rung: Mapped[int]
    actor: Mapped[str]
    reason: Mapped[str | None] = mapped_column(comment="coded")
    note_sealed: Mapped[bytes | None]
    detail: Mapped[dict[str, Any] | None]
