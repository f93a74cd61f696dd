"""Population models: their files, what humans did with them, and what they said of whom."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, uid, word
from models.kinds import ModelMove


class PopulationModelRow(Base):
    """A model's file as it was put to a study. It never changes."""

    __tablename__ = "population_model"
    __table_args__ = (UniqueConstraint("study_id", "digest"),)

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    name: Mapped[str] = mapped_column(comment="model, target and the beginning of the digest")
    model: Mapped[str]
    target: Mapped[str]
    digest: Mapped[str] = mapped_column(comment="sha256 of the canonical document")
    file: Mapped[bytes] = mapped_column(comment="the document beside its digest; read again before it is used")
    stored_by: Mapped[int] = ref("staff")
    stored_at: Mapped[datetime]
    synthetic: Mapped[bool]


class PopulationMove(Base):
    """One thing that a named human did with a model. Rows are only added: which model serves is read from them."""

    __tablename__ = "population_move"
    __table_args__ = (Index("ix_population_move_study", "study_id"),)

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    population_model_id: Mapped[int] = ref("population_model")
    what: Mapped[ModelMove] = word(ModelMove)
    by_staff_id: Mapped[int] = ref("staff")
    note: Mapped[str]
    at: Mapped[datetime]


class PopulationScore(Base):
    """What a model said of a person at one local midnight, by what was known then."""

    __tablename__ = "population_score"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "population_model_id", "study_day", "study_id", name="uq_population_score_day"),
        CheckConstraint("probability >= 0 AND probability <= 1", name="a_probability"),
        CheckConstraint("crossed IN ('probability', 'rise')", name="a_crossing"),
        Index("ix_population_score_study", "study_id", "as_of"),
    )

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    population_model_id: Mapped[int] = ref("population_model")
    study_day: Mapped[int] = mapped_column(comment="the day that begins at the midnight")
    as_of: Mapped[datetime] = mapped_column(comment="the local midnight that begins the day: nothing known later was read")
    made_at: Mapped[datetime]
    shadow: Mapped[bool] = mapped_column(comment="shown to no one, drives nothing")
    probability: Mapped[float]
    inputs_hash: Mapped[bytes] = mapped_column(comment="sha256 of the features that the model read")
    evidence_hours: Mapped[float | None] = mapped_column(comment="at the midnight, since the newest answer; null: none, or in shadow")
    eligible: Mapped[bool | None] = mapped_column(comment="an alert may be raised: the day counts for the budget; null: not judged")
    crossed: Mapped[str | None] = mapped_column(comment="which threshold by alert budget was passed: probability or rise")
    raised: Mapped[bool | None] = mapped_column(comment="an alert was raised for it; null: not judged")
    shift: Mapped[float | None] = mapped_column(comment="how far the site's threshold stood above the calibrated one, on the logit")
    judgement: Mapped[dict[str, Any] | None] = mapped_column(
        comment="thresholds by id and number, what held an alert back, reasons of a crossing"
    )
    synthetic: Mapped[bool]
