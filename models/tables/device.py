"""Devices and their tokens. Tokens are opaque; only digests are stored."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, uid


class Device(Base):
    __tablename__ = "device"
    __table_args__ = (Index("ix_device_enrollment", "enrollment_id"),)

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    public_key: Mapped[bytes] = mapped_column(comment="P-256 SubjectPublicKeyInfo, DER")
    app_version: Mapped[str]
    os: Mapped[str]
    os_version: Mapped[str | None]
    push_channel: Mapped[str | None]
    push_token_sealed: Mapped[bytes | None]
    held_revision: Mapped[int | None] = mapped_column(comment="protocol revision the device says it holds")
    held_at: Mapped[datetime | None]
    registered_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    last_skew_seconds: Mapped[float | None]
    revoked_at: Mapped[datetime | None]


class TokenFamily(Base):
    """Rotating refresh tokens: generation n is HMAC(secret, family, n), so a lost reply can be asked for again."""

    __tablename__ = "token_family"

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment", index=True)
    device_id: Mapped[int] = ref("device", index=True)
    generation: Mapped[int] = mapped_column(comment="the generation that may be used next")
    rotation_id: Mapped[UUID | None] = mapped_column(comment="client id of the last rotation: the same id gets the same successor")
    rotated_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None]


class AccessToken(Base):
    __tablename__ = "access_token"
    __table_args__ = (UniqueConstraint("digest"), Index("ix_access_token_family", "family_id"))

    id: Mapped[int] = key()
    digest: Mapped[bytes] = mapped_column(comment="sha256 of the bearer token")
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    device_id: Mapped[int] = ref("device")
    family_id: Mapped[int] = ref("token_family")
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
