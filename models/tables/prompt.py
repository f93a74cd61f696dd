"""Prompts with their whole history. A missed prompt is a row, not an absence."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, word
from models.kinds import PromptState

_WAITING = "next_at IS NOT NULL"


class Prompt(Base):
    """A planned moment and what became of it. `uid` names the slot and can be derived by the phone."""

    __tablename__ = "prompt"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "uid", "study_id"),
        UniqueConstraint("enrollment_id", "design", "slot", "study_id"),
        Index("ix_prompt_next", "next_at", postgresql_where=text(_WAITING), sqlite_where=text(_WAITING)),
        Index("ix_prompt_enrollment_due", "enrollment_id", "due_at"),
        CheckConstraint(
            "(state IN ('completed', 'partial', 'declined', 'expired', 'superseded', 'blocked', 'cancelled')) = (next_at IS NULL)",
            name="waiting_has_a_moment",
        ),
    )

    id: Mapped[int] = key()
    uid: Mapped[UUID]
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    protocol_version_id: Mapped[int] = ref("protocol_version")
    design: Mapped[str]
    instrument: Mapped[str]
    kind: Mapped[str] = mapped_column(comment="design kind")
    slot: Mapped[str] = mapped_column(comment="local date and index, or the source of a follow-up")
    slot_date: Mapped[date]
    slot_index: Mapped[int]
    state: Mapped[PromptState] = word(PromptState)
    reason: Mapped[str | None] = mapped_column(comment="coded: why blocked, superseded, cancelled or declined")
    due_at: Mapped[datetime]
    window_start: Mapped[datetime]
    window_end: Mapped[datetime]
    expires_at: Mapped[datetime]
    next_at: Mapped[datetime | None] = mapped_column(comment="when the dispatcher must look again: due, reminder or expiry")
    reminders_left: Mapped[list[Any]] = mapped_column(comment="ISO instants still to come")
    zone: Mapped[str]
    local_due: Mapped[str] = mapped_column(comment="wall clock at due_at")
    offset_minutes: Mapped[int]
    study_day: Mapped[int]
    density: Mapped[float | None] = mapped_column(comment="sampling density of due_at, per minute; null where not drawn")
    day_probability: Mapped[float]
    drawn: Mapped[dict[str, Any] | None] = mapped_column(
        comment="of rotating sets the items and their probabilities, of shuffles the order"
    )
    plan_revision: Mapped[int] = mapped_column(default=1)
    superseded_by: Mapped[UUID | None]
    source: Mapped[UUID | None] = mapped_column(comment="client id of the response that started a follow-up")
    planned_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    first_answer_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    reminders_sent: Mapped[int] = mapped_column(default=0)
    snoozes: Mapped[int] = mapped_column(default=0)
    synthetic: Mapped[bool]


class PromptEvent(Base):
    """One transition: actor, instant, reason."""

    __tablename__ = "prompt_event"
    __table_args__ = (Index("ix_prompt_event_prompt", "prompt_id"), Index("ix_prompt_event_study_at", "study_id", "at"))

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    prompt_id: Mapped[int] = ref("prompt")
    at: Mapped[datetime]
    name: Mapped[str] = mapped_column(comment="planned, replanned, queued, sent, reminded, delivered, opened, …")
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    actor: Mapped[str] = mapped_column(comment="system, participant or staff:<uid>")
    reason: Mapped[str | None]
    detail: Mapped[dict[str, Any] | None]
