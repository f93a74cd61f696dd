"""Enrollments and everything a person set, agreed to or told us outside a questionnaire."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, key, ref, uid, word
from models.kinds import EnrollmentState, Intention, Leaving, TimedEventKind


class Enrollment(Base):
    """One participant in one study on one protocol version."""

    __tablename__ = "enrollment"
    __table_args__ = (
        UniqueConstraint("study_id", "participant_id"),
        Index("ix_enrollment_study_state", "study_id", "state"),
        Index("ix_enrollment_plan_stale", "id", postgresql_where=text("plan_stale"), sqlite_where=text("plan_stale")),
        Index(
            "ix_enrollment_planned_until", "planned_until", postgresql_where=text("state = 'active'"), sqlite_where=text("state = 'active'")
        ),
        Index("ix_enrollment_score", "score_at", postgresql_where=text("state = 'active'"), sqlite_where=text("state = 'active'")),
        Index("ix_enrollment_watch", "watch_at", postgresql_where=text("state = 'active'"), sqlite_where=text("state = 'active'")),
    )

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    participant_id: Mapped[int] = ref("participant")
    site_id: Mapped[int | None] = ref("site", nullable=True)
    protocol_version_id: Mapped[int] = ref("protocol_version")
    arm: Mapped[str | None]
    phase: Mapped[str | None]
    stratum: Mapped[str | None]
    state: Mapped[EnrollmentState] = word(EnrollmentState)
    plan_key: Mapped[bytes] = mapped_column(comment="wrapped; the phone holds it too and derives its prompt times from it")
    randomization_key: Mapped[bytes] = mapped_column(comment="wrapped; never leaves the server")
    key_id: Mapped[str]
    zone: Mapped[str] = mapped_column(comment="IANA zone now; the history is in zone_history")
    wake_windows: Mapped[dict[str, Any]]
    own_word: Mapped[str | None] = mapped_column(comment="craving, urge or thoughts: a closed list, not free text")
    bereaved_at: Mapped[datetime | None] = mapped_column(comment="when the person told of a death; scenes then wait to be opened")
    started_at: Mapped[datetime | None]
    start_date: Mapped[date | None] = mapped_column(comment="study day 1")
    ended_at: Mapped[datetime | None]
    planned_until: Mapped[datetime | None] = mapped_column(comment="prompts are rows up to here; null: nothing to plan")
    plan_stale: Mapped[bool] = mapped_column(default=False, comment="something changed: plan again at the next tick")
    planned_through: Mapped[date | None] = mapped_column(comment="last local date whose prompts are rows")
    plan_basis: Mapped[bytes | None] = mapped_column(comment="digest of what these were planned from; null: compare them with the plan")
    watch_at: Mapped[datetime | None] = mapped_column(comment="when adherence is looked at next, without an answer; null: never")
    score_at: Mapped[datetime | None] = mapped_column(comment="when population models score the person next; null: none is loaded")
    paused_until: Mapped[datetime | None]
    consent_collect: Mapped[bool] = mapped_column(default=True)
    consent_use: Mapped[bool] = mapped_column(default=True)
    consent_contact: Mapped[bool] = mapped_column(default=True)
    synthetic: Mapped[bool]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class EnrollmentCode(Base):
    """A look-up part and a secret part, so that tries can be counted."""

    __tablename__ = "enrollment_code"

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    lookup: Mapped[str] = mapped_column(unique=True)
    secret_hash: Mapped[str]
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    issued_by: Mapped[int | None] = ref("staff", nullable=True)
    issued_at: Mapped[datetime]


class ZoneHistory(Base):
    __tablename__ = "zone_history"
    __table_args__ = (Index("ix_zone_history_enrollment", "enrollment_id", "valid_from"),)

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    zone: Mapped[str]
    valid_from: Mapped[datetime]
    source: Mapped[str] = mapped_column(comment="device or staff")
    tzdata_version: Mapped[str]
    recorded_at: Mapped[datetime]


class WakeHistory(Base):
    __tablename__ = "wake_history"
    __table_args__ = (Index("ix_wake_history_enrollment", "enrollment_id", "valid_from"),)

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    wake_windows: Mapped[dict[str, Any]]
    valid_from: Mapped[date] = mapped_column(comment="first local day that uses it")
    source: Mapped[str]
    recorded_at: Mapped[datetime]


class ProtocolMove(Base):
    """From which local day an enrollment is on which version. The first row also holds before its day; of two for a day the later holds."""

    __tablename__ = "protocol_move"
    __table_args__ = (Index("ix_protocol_move_enrollment", "enrollment_id"),)

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    protocol_version_id: Mapped[int] = ref("protocol_version")
    valid_from: Mapped[date]
    study_move_id: Mapped[int | None] = ref("study_move", nullable=True)
    moved_by: Mapped[int | None] = ref("staff", nullable=True)
    moved_at: Mapped[datetime]


class Consent(Base):
    """One act of consent or withdrawal. Rows are only added."""

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_enrollment", "enrollment_id", "at"),)

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    given: Mapped[bool]
    scope: Mapped[str] = mapped_column(comment="collect, use, contact, share_scenes, health_record, signals, or erase")
    leaving: Mapped[Leaving | None] = word(Leaving, nullable=True)
    purpose: Mapped[str | None]
    recipient_class: Mapped[str | None]
    statement_version: Mapped[int | None]
    expires_at: Mapped[datetime | None]
    at: Mapped[datetime]
    actor: Mapped[str]


class Pause(Base):
    __tablename__ = "pause"
    __table_args__ = (Index("ix_pause_enrollment", "enrollment_id", "starts_at"),)

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None] = mapped_column(comment="null: until the person resumes")
    ended_early_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(comment="coded")
    set_by: Mapped[str]


class TimedEvent(Base):
    """Use, dose, release, visit …: with source and delay. Anchors designs and enters the estimator with decay."""

    __tablename__ = "timed_event"
    __table_args__ = (UniqueConstraint("enrollment_id", "client_id"), Index("ix_timed_event_enrollment", "enrollment_id", "happened_at"))

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    client_id: Mapped[UUID]
    kind: Mapped[TimedEventKind] = word(TimedEventKind)
    happened_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reported_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(comment="participant, staff or record")
    content_hash: Mapped[bytes]
    retracted_at: Mapped[datetime | None]
    synthetic: Mapped[bool]


class PlannedEvent(Base):
    """A quit day, visit or discharge that is set for a day to come. Rows are only added: the highest revision holds.

    It anchors designs; it is no event, so the estimator never sees it.
    """

    __tablename__ = "planned_event"
    __table_args__ = (UniqueConstraint("enrollment_id", "client_id", "revision"),)

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    client_id: Mapped[UUID]
    revision: Mapped[int] = mapped_column(comment="1 when it was set; each move, recall or confirmation is the next")
    kind: Mapped[TimedEventKind] = word(TimedEventKind)
    day: Mapped[date] = mapped_column(comment="local day of the person")
    wall: Mapped[str | None] = mapped_column(comment="HH:MM; null: from waking on that day")
    intention: Mapped[Intention] = word(Intention)
    timed_event_id: Mapped[int | None] = ref("timed_event", nullable=True)
    recorded_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(comment="participant or staff")
    synthetic: Mapped[bool]


class ListEntry(Base):
    """An entry of the person's own list (reminders, contacts, reasons): sealed, initials only, never exported."""

    __tablename__ = "list_entry"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "client_id"),
        Index("ix_list_entry_enrollment", "enrollment_id", "list_name"),
    )

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    client_id: Mapped[UUID]
    list_name: Mapped[str]
    kind: Mapped[str | None] = mapped_column(comment="cue type")
    label_sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)


class FutureScene(Base):
    """A person's own imagined scene. Private by default; resting scenes are not offered."""

    __tablename__ = "future_scene"
    __table_args__ = (UniqueConstraint("enrollment_id", "client_id"),)

    id: Mapped[int] = key()
    uid: Mapped[UUID] = uid()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    client_id: Mapped[UUID]
    horizon: Mapped[str] = mapped_column(comment="tomorrow, week, month, quarter, half_year, year, five_years")
    goal_area: Mapped[str | None]
    target_date: Mapped[date | None]
    state: Mapped[str] = mapped_column(comment="active, resting or retired")
    sensitive: Mapped[bool] = mapped_column(default=False)
    shared_with_staff: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class SceneVersion(Base):
    """The sealed words of a scene; immutable."""

    __tablename__ = "scene_version"
    __table_args__ = (UniqueConstraint("scene_id", "version"),)

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    scene_id: Mapped[int] = ref("future_scene")
    version: Mapped[int]
    text_sealed: Mapped[bytes]
    language: Mapped[str]
    created_at: Mapped[datetime]


class SceneRating(Base):
    __tablename__ = "scene_rating"
    __table_args__ = (Index("ix_scene_rating_scene", "scene_id", "at"),)

    id: Mapped[int] = key()
    study_id: Mapped[int] = ref("study")
    enrollment_id: Mapped[int] = ref("enrollment")
    scene_id: Mapped[int] = ref("future_scene")
    scale: Mapped[str] = mapped_column(comment="vividness, pleasantness, importance, excitement, likelihood, hurts")
    value: Mapped[int]
    at: Mapped[datetime]
