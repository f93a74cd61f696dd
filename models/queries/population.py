"""Population models, what humans did with them, whom they are to score, and what is read of a person for it.

Writes and the house's own reads take no viewer: the caller has checked the study's, or is a duty.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, case, exists, func, select, text, update

from models.errors import Missing
from models.ids import new_uid
from models.kinds import EnrollmentState, ModelMove
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import (
    Enrollment,
    PopulationModelRow,
    PopulationMove,
    PopulationScore,
    Prompt,
    PromptEvent,
    ProtocolVersion,
    Response,
    RiskEstimateRow,
    Staff,
    Study,
    TimedEvent,
    ZoneHistory,
)

_ACTIVE = text("enrollment.state = 'active'")
"""Said as the partial index says it: neither database uses one for a bound parameter."""

_MODEL = (
    PopulationModelRow.id,
    PopulationModelRow.uid,
    PopulationModelRow.name,
    PopulationModelRow.model,
    PopulationModelRow.target,
    PopulationModelRow.digest,
    PopulationModelRow.stored_at,
    PopulationModelRow.synthetic,
)
"""All but the file, which is large."""


def lock_study(session: WriteSession, study_id: int) -> None:
    """Two moves of one study follow each other."""
    session.row(select(Study.id).where(Study.id == study_id).with_for_update())


def add_model(session: WriteSession, values: Mapping[str, Any]) -> UUID:
    model_uid = new_uid()
    session.add(PopulationModelRow, uid=model_uid, **values)
    return model_uid


def models_of(session: ReadSession, study_id: int) -> Sequence[Row[Any]]:
    """A study's models without their files, oldest first, each with who put it there."""
    return session.rows(
        select(*_MODEL, Staff.name.label("stored_by"))
        .join(Staff, Staff.id == PopulationModelRow.stored_by)
        .where(PopulationModelRow.study_id == study_id)
        .order_by(PopulationModelRow.id)
    )


def model_by_uid(session: ReadSession, study_id: int, model_uid: UUID) -> Row[Any]:
    """Raises Missing where the study has no such model."""
    row = session.row(select(*_MODEL).where(PopulationModelRow.study_id == study_id, PopulationModelRow.uid == model_uid))
    if row is None:
        raise Missing("not_found", "There is no such model.")
    return row


def model_by_digest(session: ReadSession, study_id: int, digest: str) -> Row[Any] | None:
    return session.row(select(*_MODEL).where(PopulationModelRow.study_id == study_id, PopulationModelRow.digest == digest))


def file_of(session: ReadSession, model_id: int) -> bytes:
    return bytes(session.value(select(PopulationModelRow.file).where(PopulationModelRow.id == model_id)))


def add_move(session: WriteSession, *, study_id: int, model_id: int, what: ModelMove, by: int, note: str, now: datetime) -> None:
    session.add(PopulationMove, study_id=study_id, population_model_id=model_id, what=what, by_staff_id=by, note=note, at=now)


def moves_of(session: ReadSession, study_id: int) -> Sequence[Row[Any]]:
    """Every move in order, with its model's target and who made it (ix_population_move_study)."""
    return session.rows(
        select(
            PopulationMove.population_model_id,
            PopulationMove.what,
            PopulationMove.note,
            PopulationMove.at,
            PopulationModelRow.uid.label("model_uid"),
            PopulationModelRow.target,
            Staff.name.label("by"),
        )
        .join(PopulationModelRow, PopulationModelRow.id == PopulationMove.population_model_id)
        .join(Staff, Staff.id == PopulationMove.by_staff_id)
        .where(PopulationMove.study_id == study_id)
        .order_by(PopulationMove.id)
    )


def score_everyone(session: WriteSession, study_id: int, *, now: datetime) -> None:
    """The models of a study have changed: whoever takes part is scored again from now on (ix_enrollment_study_state)."""
    mine = (Enrollment.study_id == study_id, Enrollment.state == EnrollmentState.ACTIVE)
    session.execute(update(Enrollment).where(*mine).values(score_at=now))


def score_due(session: ReadSession, *, now: datetime) -> bool:
    """Whether anyone is to be scored (ix_enrollment_score)."""
    return bool(session.value(select(exists(select(Enrollment.id).where(_ACTIVE, Enrollment.score_at <= now)))))


def lock_scored(session: WriteSession, *, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Active enrollments whose next day has begun, locked, in order of id, each with `study_synthetic`.

    Skips what another transaction holds (ix_enrollment_score).
    """
    statement = (
        select(Enrollment, Study.synthetic.label("study_synthetic"))
        .join(Study, Study.id == Enrollment.study_id)
        .where(_ACTIVE, Enrollment.score_at <= now)
        .order_by(Enrollment.score_at, Enrollment.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True, of=Enrollment)
    )
    return sorted(session.rows(statement), key=lambda row: row.id)


_AGAIN = once(update(Enrollment).where(Enrollment.id == bindparam("key")).values(score_at=bindparam("again_at")))


def scored(session: WriteSession, again: Sequence[tuple[int, datetime | None]]) -> None:
    """Writes (enrollment, when to score again); None: when a model is put to the study."""
    if again:
        session.change(_AGAIN, [{"key": key, "again_at": at} for key, at in again])


def add_scores(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """A day that a model has scored keeps its score."""
    session.add_new(PopulationScore, rows)


def newest_scores(session: ReadSession, enrollment_id: int, model_ids: Collection[int]) -> Sequence[Row[Any]]:
    """A person's newest score by these models that is no shadow, of each target (uq_population_score_day).

    The caller may see the person's estimates.
    """
    if not model_ids:
        return []
    rows = session.rows(
        select(PopulationScore, PopulationModelRow.name, PopulationModelRow.target)
        .join(PopulationModelRow, PopulationModelRow.id == PopulationScore.population_model_id)
        .where(
            PopulationScore.enrollment_id == enrollment_id,
            PopulationScore.population_model_id.in_(sorted(model_ids)),
            PopulationScore.shadow.is_(False),
        )
        .order_by(PopulationScore.study_day, PopulationScore.id)
    )
    return list({row.target: row for row in rows}.values())


# What is read of one person, for a history.


def newest_answer(session: ReadSession, enrollment_id: int, until: datetime) -> datetime | None:
    """When the newest answer was given of those received up to an instant (ix_response_enrollment_time)."""
    mine = (Response.enrollment_id == enrollment_id, Response.superseded.is_(False), Response.received_at <= until)
    found: datetime | None = session.value(select(Response.event_time).where(*mine).order_by(Response.event_time.desc()).limit(1))
    return found


def first_zone(session: ReadSession, enrollment_id: int) -> str | None:
    """The zone that the person started in (ix_zone_history_enrollment)."""
    mine = select(ZoneHistory.zone).where(ZoneHistory.enrollment_id == enrollment_id)
    found: str | None = session.value(mine.order_by(ZoneHistory.valid_from, ZoneHistory.id).limit(1))
    return found


def answers_until(session: ReadSession, enrollment_id: int, until: datetime) -> Sequence[Row[Any]]:
    """Responses received up to an instant in their newest revision, by event time, with their prompt's `study_day`
    (ix_response_enrollment_time)."""
    return session.rows(
        select(
            Response.id,
            Response.prompt_id,
            Response.protocol_version_id,
            Response.instrument,
            Response.complete,
            Response.timing,
            Response.started_at,
            Response.answered_at,
            Response.event_time,
            Response.received_at,
            Response.answers,
            Prompt.study_day,
        )
        .outerjoin(Prompt, Prompt.id == Response.prompt_id)
        .where(Response.enrollment_id == enrollment_id, Response.superseded.is_(False), Response.received_at <= until)
        .order_by(Response.event_time, Response.id)
    )


def prompts_told(session: ReadSession, enrollment_id: int, until: datetime) -> Sequence[Row[Any]]:
    """Prompts sent up to an instant, with when they were first `sent`, `opened`, `declined` and `expired` by their events up to then
    (ix_prompt_enrollment_due, ix_prompt_event_prompt)."""

    def first(name: str) -> Any:
        return func.min(case((PromptEvent.name == name, PromptEvent.at))).label(name)

    return session.rows(
        select(Prompt.id, first("sent"), first("opened"), first("declined"), first("expired"))
        .join(PromptEvent, PromptEvent.prompt_id == Prompt.id)
        .where(Prompt.enrollment_id == enrollment_id, Prompt.due_at <= until, PromptEvent.at <= until)
        .group_by(Prompt.id)
        .having(func.min(case((PromptEvent.name == "sent", PromptEvent.at))).is_not(None))
        .order_by(Prompt.id)
    )


def events_until(session: ReadSession, enrollment_id: int, until: datetime) -> Sequence[Row[Any]]:
    """Timed events that were reported up to an instant and not taken back (ix_timed_event_enrollment)."""
    return session.rows(
        select(TimedEvent.kind, TimedEvent.happened_at, TimedEvent.reported_at)
        .where(TimedEvent.enrollment_id == enrollment_id, TimedEvent.retracted_at.is_(None), TimedEvent.reported_at <= until)
        .order_by(TimedEvent.id)
    )


def estimates_until(session: ReadSession, enrollment_id: int, since: datetime, until: datetime) -> Sequence[Row[Any]]:
    """First revisions of estimates between two instants (ix_risk_estimate_enrollment)."""
    one = RiskEstimateRow
    when = (one.as_of >= since, one.as_of <= until, one.made_at <= until)
    return session.rows(
        select(one.as_of, one.made_at, one.detail)
        .where(one.enrollment_id == enrollment_id, one.revision == 1, *when)
        .order_by(one.as_of, one.id)
    )


def version_ids(session: ReadSession, study_id: int) -> Collection[int]:
    """Every protocol version of a study."""
    return [
        row.id for row in session.rows(select(ProtocolVersion.id).where(ProtocolVersion.study_id == study_id).order_by(ProtocolVersion.id))
    ]
