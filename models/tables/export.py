"""Exports and to whom what was disclosed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, uid, word
from models.kinds import ExportState


class Export(Base):
    """A dataset that was asked for: same request, same bytes."""

    __tablename__ = "export"
    __table_args__ = (
        Index("ix_export_study", "study_id", "requested_at"),
        Index("ix_export_waiting", "id", postgresql_where=text("state = 'waiting'"), sqlite_where=text("state = 'waiting'")),
    )

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    requested_by: Mapped[int | None] = ref("staff", nullable=True)
    requested_at: Mapped[datetime]
    request: Mapped[dict[str, Any]]
    purpose: Mapped[str]
    release: Mapped[str] = mapped_column(comment="ids are re-keyed for each release")
    as_of: Mapped[datetime]
    snapshot: Mapped[str | None] = mapped_column(comment="transaction snapshot on PostgreSQL")
    state: Mapped[ExportState] = word(ExportState)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    file_name: Mapped[str | None]
    sha256: Mapped[str | None]
    bytes: Mapped[int | None]
    rows: Mapped[dict[str, Any] | None]
    problem: Mapped[str | None]
    software_version: Mapped[str]
    synthetic: Mapped[bool]


class Disclosed(Base):
    """The disclosure ledger: every release of a person's data, to whom and why."""

    __tablename__ = "disclosed"
    __table_args__ = (Index("ix_disclosed_enrollment", "enrollment_id", "at"), Index("ix_disclosed_study", "study_id", "at"))

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    at: Mapped[datetime]
    recipient: Mapped[str]
    purpose: Mapped[str]
    what: Mapped[str]
    export_id: Mapped[int | None] = ref("export", nullable=True)
