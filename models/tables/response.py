"""Responses, and what was refused but not lost."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, word
from models.kinds import DecisionStatus, Timing


class Response(Base):
    """A submission. `client_id` is made by the phone and unique within the enrollment, so a retry is harmless."""

    __tablename__ = "response"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "client_id", "revision", "study_id"),
        Index("ix_response_enrollment_time", "enrollment_id", "event_time"),
        Index(
            "ix_response_pending",
            "id",
            postgresql_where=text("decision_status = 'pending'"),
            sqlite_where=text("decision_status = 'pending'"),
        ),
        Index("ix_response_prompt", "prompt_id"),
    )

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    client_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(comment="1 is the first; an edit is a new row")
    base_revision: Mapped[int | None]
    edit_reason: Mapped[str | None]
    superseded: Mapped[bool] = mapped_column(default=False, comment="a later revision exists")
    device_id: Mapped[int | None] = ref("device", nullable=True)
    prompt_id: Mapped[int | None] = ref("prompt", nullable=True)
    protocol_version_id: Mapped[int] = ref("protocol_version")
    instrument: Mapped[str]
    complete: Mapped[bool]
    started_at: Mapped[datetime | None] = mapped_column(comment="device time")
    answered_at: Mapped[datetime] = mapped_column(comment="device time")
    sent_at: Mapped[datetime] = mapped_column(comment="device time of this upload")
    received_at: Mapped[datetime] = mapped_column(comment="study time at the server")
    event_time: Mapped[datetime] = mapped_column(comment="answered_at corrected by skew, not after received_at")
    skew_seconds: Mapped[float]
    clock_suspect: Mapped[bool]
    timing: Mapped[Timing] = word(Timing)
    zone: Mapped[str]
    offset_minutes: Mapped[int]
    language: Mapped[str | None] = mapped_column(comment="the language version of the instrument that was shown")
    item_order: Mapped[list[Any] | None] = mapped_column(comment="item ids as they were asked; null: as written")
    answers: Mapped[dict[str, Any]] = mapped_column(comment="item -> value; items with free text are in texts_sealed")
    missing: Mapped[dict[str, Any]] = mapped_column(comment="item -> not_shown, skipped, declined or not_reached")
    answer_times: Mapped[dict[str, Any] | None] = mapped_column(comment="item -> device instant")
    texts_sealed: Mapped[bytes | None]
    content_hash: Mapped[bytes]
    receipt: Mapped[bytes] = mapped_column(comment="the first reply, byte for byte")
    quality: Mapped[dict[str, Any] | None]
    decision_status: Mapped[DecisionStatus] = word(DecisionStatus)
    synthetic: Mapped[bool]


class ResponseAmendment(Base):
    """Other content under an id that was taken: kept for staff, changes nothing."""

    __tablename__ = "response_amendment"
    __table_args__ = (UniqueConstraint("response_id", "content_hash"),)

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    response_id: Mapped[int] = ref("response")
    content_hash: Mapped[bytes]
    body_sealed: Mapped[bytes]
    received_at: Mapped[datetime]


class RejectedSubmission(Base):
    """The sealed body of what was refused, with the rules it broke; no answer is in `faults`."""

    __tablename__ = "rejected_submission"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "content_hash"),
        Index("ix_rejected_submission_study", "study_id", "received_at"),
    )

    id: Mapped[int] = key()
    uid: Mapped[UUID] = mapped_column(unique=True)
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    device_id: Mapped[int | None] = ref("device", nullable=True)
    client_id: Mapped[str | None] = mapped_column(comment="as the phone wrote it")
    content_hash: Mapped[bytes]
    body_sealed: Mapped[bytes]
    code: Mapped[str]
    faults: Mapped[list[Any]]
    received_at: Mapped[datetime]
    seen_by: Mapped[int | None] = ref("staff", nullable=True)
    seen_at: Mapped[datetime | None]
