"""Points of passive signals: what a phone or a watch measured by itself."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, word
from models.kinds import SignalKind


class SignalPoint(Base):
    """One measurement, no more of it than is used. `client_id` is the phone's, so a retry is harmless. Rows are only added."""

    __tablename__ = "signal_point"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "client_id"),
        Index("ix_signal_point_enrollment", "enrollment_id", "kind", "ended_at"),
    )

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    client_id: Mapped[UUID]
    protocol_version_id: Mapped[int] = ref("protocol_version")
    kind: Mapped[SignalKind] = word(SignalKind)
    started_at: Mapped[datetime | None] = mapped_column(comment="null: measured at one moment")
    ended_at: Mapped[datetime] = mapped_column(comment="from when it counts; corrected by skew")
    value: Mapped[float] = mapped_column(comment="beats/min, ms, h or steps, by kind")
    received_at: Mapped[datetime] = mapped_column(comment="study time at the server")
    content_hash: Mapped[bytes]
    synthetic: Mapped[bool]
