"""Staff, their roles and caseloads; participants and what identifies them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, uid, word
from models.kinds import Role


class Staff(Base):
    __tablename__ = "staff"

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    must_change: Mapped[bool] = mapped_column(comment="the password was given once and must be replaced")
    failed_tries: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class StaffSession(Base):
    __tablename__ = "staff_session"
    __table_args__ = (Index("ix_staff_session_staff", "staff_id"),)

    id: Mapped[int] = key()
    digest: Mapped[bytes] = mapped_column(unique=True, comment="sha256 of the bearer token")
    staff_id: Mapped[int] = ref("staff")
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(comment="absolute limit")
    revoked_at: Mapped[datetime | None]


class RoleGrant(Base):
    """What a person may do in a study, from when until when, given by whom."""

    __tablename__ = "role_grant"
    __table_args__ = (Index("ix_role_grant_staff_study", "staff_id", "study_id"),)

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    staff_id: Mapped[int] = ref("staff")
    site_id: Mapped[int | None] = ref("site", nullable=True)
    role: Mapped[Role] = word(Role)
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    granted_by: Mapped[int | None] = ref("staff", nullable=True)
    granted_at: Mapped[datetime]
    no_power_attested_at: Mapped[datetime | None] = mapped_column(
        comment="attests to no authority over dose, housing, custody or employment; without it no alerts and no estimates"
    )


class Caseload(Base):
    """Who looks after whom, by dates; a cover stands in for the owner."""

    __tablename__ = "caseload"
    __table_args__ = (
        Index("ix_caseload_enrollment", "enrollment_id", "valid_from"),
        Index("ix_caseload_staff", "staff_id", "valid_from"),
        CheckConstraint("valid_until IS NULL OR valid_until > valid_from", name="dates_in_order"),
    )

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    staff_id: Mapped[int] = ref("staff")
    is_cover: Mapped[bool]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    set_by: Mapped[int | None] = ref("staff", nullable=True)


class Duty(Base):
    """Who is on duty for a study, or supervises it, by dates."""

    __tablename__ = "duty"
    __table_args__ = (Index("ix_duty_study", "study_id", "valid_from"),)

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    staff_id: Mapped[int] = ref("staff")
    rung: Mapped[str] = mapped_column(comment="on_duty, supervisor or investigator")
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]


class Participant(Base):
    """A person. Everything that identifies is sealed under the person's own data key; erase = shred the key."""

    __tablename__ = "participant"

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    data_key: Mapped[bytes | None] = mapped_column(comment="wrapped by the key-encryption key; null: shredded")
    key_id: Mapped[str]
    name_sealed: Mapped[bytes | None]
    contact_sealed: Mapped[bytes | None]
    contact_index: Mapped[bytes | None] = mapped_column(comment="keyed digest to find a person by contact")
    contact_preference: Mapped[str | None]
    safe_to_voicemail: Mapped[bool | None]
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class PersonalKey(Base):
    """Data keys of earlier key-encryption keys, kept while a rewrap runs."""

    __tablename__ = "personal_key"
    __table_args__ = (UniqueConstraint("participant_id", "key_id"),)

    id: Mapped[int] = key()
    participant_id: Mapped[int] = ref("participant")
    key_id: Mapped[str]
    data_key: Mapped[bytes]
    made_at: Mapped[datetime]
