"""Studies, their protocol versions and the marks of the database itself."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, uid


class DatabaseMark(Base):
    """One row: what kind of database this is."""

    __tablename__ = "database_mark"
    __table_args__ = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = key()
    key_fingerprint: Mapped[str]
    rehearsal: Mapped[bool] = mapped_column(comment="only here may study time be moved")
    study_now: Mapped[datetime | None] = mapped_column(comment="where study time stands in a rehearsal; null: system time")
    tzdata_version: Mapped[str]
    made_at: Mapped[datetime]


class Study(Base):
    __tablename__ = "study"

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    zone: Mapped[str] = mapped_column(comment="IANA zone of the study office")
    synthetic: Mapped[bool] = mapped_column(comment="simulated people only; stands on every derived row and export")
    certificate_of_confidentiality: Mapped[bool]
    estimates_to_records: Mapped[bool] = mapped_column(default=False, comment="estimates may enter health records (separate consent)")
    content_off: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1, comment="for If-Match")


class Site(Base):
    __tablename__ = "site"
    __table_args__ = (UniqueConstraint("study_id", "code"),)

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    code: Mapped[str]
    title: Mapped[str]
    zone: Mapped[str]


class ProtocolVersion(Base):
    """Immutable once published, but for being withdrawn. An enrollment stays on its version until it is moved."""

    __tablename__ = "protocol_version"
    __table_args__ = (
        UniqueConstraint("study_id", "revision"),
        UniqueConstraint("study_id", "checksum"),
        Index("ix_protocol_version_effective", "study_id", "effective_from"),
    )

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    revision: Mapped[int] = mapped_column(comment="1, 2, 3 … within the study")
    name: Mapped[str]
    version: Mapped[str]
    checksum: Mapped[str] = mapped_column(comment="sha256 of the canonical document")
    document: Mapped[bytes] = mapped_column(comment="canonical JSON")
    effective_from: Mapped[date] = mapped_column(comment="local day of each participant from which it holds")
    published_at: Mapped[datetime]
    published_by: Mapped[int | None] = ref("staff", nullable=True)
    note: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None] = mapped_column(comment="nobody is moved to it any more; answers that name it are taken")
    withdrawn_by: Mapped[int | None] = ref("staff", nullable=True)
    withdrawn_note: Mapped[str | None]
    settings: Mapped[dict[str, Any] | None] = mapped_column(comment="study-level overrides, stricter only")


class StudyMove(Base):
    """When a study, a site or an arm was moved to another version, or off a withdrawn one. `protocol_move` says it for each person."""

    __tablename__ = "study_move"
    __table_args__ = (UniqueConstraint("study_id", "uid"),)

    id: Mapped[int] = key()
    uid: Mapped[UUID] = mapped_column(Uuid, comment="made by the caller, so that a retry moves nobody twice")
    study_id: Mapped[int] = ref("study")
    protocol_version_id: Mapped[int | None] = ref("protocol_version", nullable=True)
    leaves_version_id: Mapped[int | None] = ref("protocol_version", nullable=True)
    withdraws: Mapped[bool] = mapped_column(comment="leaves_version_id was withdrawn; with no version to go to, each goes back")
    site_id: Mapped[int | None] = ref("site", nullable=True)
    arm: Mapped[str | None]
    valid_from: Mapped[date] = mapped_column(comment="local day of each person; of a withdrawal not before the person's day at moved_at")
    people: Mapped[int] = mapped_column(comment="how many were moved")
    moved_by: Mapped[int | None] = ref("staff", nullable=True)
    moved_at: Mapped[datetime]
