"""One immutable row for each decision point, also where nothing was done."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, uid, word
from models.kinds import DecisionPointKind, OutcomeStatus


class DecisionRow(Base):
    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "point", "source_id", "study_id"),
        Index("ix_decision_enrollment", "enrollment_id", "decided_at"),
        Index("ix_decision_response", "response_id"),
        CheckConstraint("(content_code IS NULL) = (content_hash IS NULL)", name="content_has_a_hash"),
    )

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    protocol_version_id: Mapped[int] = ref("protocol_version")
    point: Mapped[DecisionPointKind] = word(DecisionPointKind)
    source_id: Mapped[str]
    response_id: Mapped[int | None] = ref("response", nullable=True)
    estimate_id: Mapped[int | None] = ref("risk_estimate", nullable=True)
    estimate_revision: Mapped[int | None]
    due_at: Mapped[datetime]
    decided_at: Mapped[datetime]
    zone: Mapped[str]
    mode: Mapped[str | None]
    available: Mapped[bool]
    unavailable: Mapped[list[Any]] = mapped_column(comment="every reason that held")
    rule: Mapped[str | None]
    rule_version: Mapped[int | None]
    rule_hash: Mapped[str | None]
    rule_trace: Mapped[list[Any]]
    arm: Mapped[str | None]
    arm_probabilities: Mapped[dict[str, Any]]
    arm_fraction: Mapped[float | None]
    content_code: Mapped[str | None]
    content_version: Mapped[int | None]
    content_hash: Mapped[str | None]
    content_probabilities: Mapped[dict[str, Any]]
    content_fraction: Mapped[float | None]
    scene_id: Mapped[int | None] = ref("future_scene", nullable=True)
    scene_version: Mapped[int | None]
    key_id: Mapped[str] = mapped_column(comment="which randomization key drew")
    reason: Mapped[str]
    sentence: Mapped[str]
    snapshot: Mapped[bytes] = mapped_column(comment="canonical JSON of the variables that were read")
    outcome: Mapped[dict[str, Any] | None] = mapped_column(comment="what is to be observed, for treated and untreated alike")
    outcome_status: Mapped[OutcomeStatus] = word(OutcomeStatus)
    synthetic: Mapped[bool]


class ProximalOutcome(Base):
    __tablename__ = "proximal_outcome"
    __table_args__ = (
        UniqueConstraint("decision_id"),
        Index(
            "ix_proximal_outcome_closing",
            "closes_at",
            postgresql_where=text("status = 'pending'"),
            sqlite_where=text("status = 'pending'"),
        ),
    )

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    decision_id: Mapped[int] = ref("decision")
    variable: Mapped[str]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    status: Mapped[OutcomeStatus] = word(OutcomeStatus)
    value: Mapped[float | None]
    response_id: Mapped[int | None] = ref("response", nullable=True)
    missing_reason: Mapped[str | None]
    closed_at: Mapped[datetime | None]


class Engagement(Base):
    """What the person did with content: started, completed, stopped, helpful, hurts."""

    __tablename__ = "engagement"
    __table_args__ = (UniqueConstraint("enrollment_id", "client_id"), Index("ix_engagement_decision", "decision_id"))

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    decision_id: Mapped[int | None] = ref("decision", nullable=True)
    client_id: Mapped[UUID]
    content_code: Mapped[str]
    what: Mapped[str]
    value: Mapped[float | None]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
