"""The estimator's state and what it said, as it said it then."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, uid


class RiskStateRow(Base):
    """The state after the newest observation. `stale`: a refold is owed."""

    __tablename__ = "risk_state"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "study_id"),
        Index("ix_risk_state_stale", "enrollment_id", postgresql_where=text("stale"), sqlite_where=text("stale")),
    )

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    state: Mapped[bytes]
    last_key: Mapped[str | None] = mapped_column(comment="sort key of the newest observation")
    observations: Mapped[int]
    stale: Mapped[bool]
    version: Mapped[int]
    updated_at: Mapped[datetime]


class RiskSnapshot(Base):
    """A checkpoint to refold from."""

    __tablename__ = "risk_snapshot"
    __table_args__ = (UniqueConstraint("enrollment_id", "last_key"),)

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    last_key: Mapped[str]
    observations: Mapped[int]
    state: Mapped[bytes]
    made_at: Mapped[datetime]


class RiskEstimateRow(Base):
    """An estimate. Revisions are appended by a refold; revision 1 is what was known then."""

    __tablename__ = "risk_estimate"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "source_id", "revision", "study_id"),
        Index("ix_risk_estimate_enrollment", "enrollment_id", "as_of"),
    )

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    response_id: Mapped[int | None] = ref("response", nullable=True)
    source_id: Mapped[str]
    revision: Mapped[int]
    as_of: Mapped[datetime]
    made_at: Mapped[datetime]
    evidence: Mapped[str]
    age_hours: Mapped[float | None]
    level: Mapped[float | None] = mapped_column(comment="0-100, anchored to the population")
    rise: Mapped[float | None] = mapped_column(comment="own-SD units")
    rising: Mapped[bool]
    detail: Mapped[dict[str, Any]] = mapped_column(comment="nodes, contributions, bands, couplings, features")
    prior_id: Mapped[str]
    model_id: Mapped[str | None] = mapped_column(comment="population risk model; null: none is loaded")
    estimator_version: Mapped[str]
    item_map_hash: Mapped[str]
    inputs_hash: Mapped[bytes] = mapped_column(comment="sha256 of the observation")
    estimate_hash: Mapped[bytes] = mapped_column(comment="sha256 of the estimate: a refold appends only what changed")
    synthetic: Mapped[bool]
