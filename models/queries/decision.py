"""Decisions: what the policy reads before the draw, and the rows it leaves.

Writes take no viewer: they belong to the transaction that stored the response.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Row, Select, bindparam, func, select

from models.access import Ability, Viewer, visible
from models.base import Instant
from models.kinds import AlertState
from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import Alert, DecisionRow, Engagement, Enrollment, FutureScene, ProximalOutcome, Response, SceneVersion

_HORIZONS = ("tomorrow", "week", "month", "quarter", "half_year", "year", "five_years")


_PEOPLE: BindParameter[Any] = bindparam("people", expanding=True)
_SINCE: BindParameter[Any] = bindparam("since", type_=Instant)

_SHOWN = once(
    select(DecisionRow.enrollment_id, DecisionRow.decided_at, DecisionRow.content_code)
    .where(DecisionRow.enrollment_id.in_(_PEOPLE), DecisionRow.decided_at >= _SINCE, DecisionRow.content_code.is_not(None))
    .order_by(DecisionRow.decided_at, DecisionRow.id)
)
_RECENT = once(
    select(
        Response.enrollment_id,
        Response.event_time,
        Response.instrument,
        Response.protocol_version_id,
        Response.answers,
    )
    .where(Response.enrollment_id.in_(_PEOPLE), Response.event_time > _SINCE, Response.superseded.is_(False))
    .order_by(Response.event_time)
)
_SCENES = once(
    select(
        FutureScene.id,
        FutureScene.uid,
        FutureScene.enrollment_id,
        FutureScene.horizon,
        FutureScene.version,
        FutureScene.target_date,
    )
    .where(FutureScene.enrollment_id.in_(_PEOPLE), FutureScene.state == "active", FutureScene.sensitive.is_(False))
    .order_by(FutureScene.id)
)
_HURTS = once(
    select(Engagement.enrollment_id, Engagement.content_code)
    .where(Engagement.enrollment_id.in_(_PEOPLE), Engagement.what == "hurts")
    .distinct()
)
"""Statements of the hot path are built once: building one costs as much as running it."""


_OPEN_TIERS = once(
    select(Alert.enrollment_id, func.max(Alert.tier).label("tier"))
    .where(Alert.enrollment_id.in_(_PEOPLE), Alert.state != AlertState.RESOLVED)
    .group_by(Alert.enrollment_id)
)


def open_tiers(session: ReadSession, enrollment_ids: Collection[int]) -> Mapping[int, int]:
    """Enrollment -> highest tier of an alert that is not resolved (ix_alert_enrollment)."""
    return {row.enrollment_id: row.tier for row in session.rows(_OPEN_TIERS, {"people": sorted(enrollment_ids)})}


def content_shown_since(session: ReadSession, enrollment_ids: Collection[int], since: datetime) -> Mapping[int, list[tuple[datetime, str]]]:
    """Enrollment -> (instant, content code) of what was shown since `since`, in order of time (ix_decision_enrollment)."""
    rows = session.rows(_SHOWN, {"people": sorted(enrollment_ids), "since": since})
    shown: dict[int, list[tuple[datetime, str]]] = {}
    for row in rows:
        shown.setdefault(row.enrollment_id, []).append((row.decided_at, row.content_code))
    return shown


def recent_answers(session: ReadSession, enrollment_ids: Collection[int], since: datetime) -> Sequence[Row[Any]]:
    """Answers of the past day, to count high craving (ix_response_enrollment_time)."""
    return session.rows(_RECENT, {"people": sorted(enrollment_ids), "since": since})


def scenes(session: ReadSession, enrollment_ids: Collection[int]) -> Mapping[int, Row[Any]]:
    """The scene that would be played for each person: active, not sensitive, nearest horizon first, then the oldest."""
    rows = session.rows(_SCENES, {"people": sorted(enrollment_ids)})
    nearest: dict[int, Row[Any]] = {}
    for row in rows:
        held = nearest.get(row.enrollment_id)
        if held is None or _HORIZONS.index(row.horizon) < _HORIZONS.index(held.horizon):
            nearest[row.enrollment_id] = row
    return nearest


def scene_text(session: ReadSession, scene_id: int, version: int) -> Row[Any] | None:
    """The sealed words of a scene and whose it is; the caller has checked that the person asks."""
    return session.row(
        select(SceneVersion.text_sealed, SceneVersion.language, FutureScene.uid, FutureScene.horizon)
        .join(FutureScene, FutureScene.id == SceneVersion.scene_id)
        .where(SceneVersion.scene_id == scene_id, SceneVersion.version == version)
    )


def rested_content(session: ReadSession, enrollment_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
    """Content that each person said hurts."""
    rows = session.rows(_HURTS, {"people": sorted(enrollment_ids)})
    rested: dict[int, set[str]] = {}
    for row in rows:
        rested.setdefault(row.enrollment_id, set()).add(row.content_code)
    return {enrollment_id: frozenset(codes) for enrollment_id, codes in rested.items()}


def insert_decisions(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> Mapping[tuple[int, str, str], int]:
    """Internal keys by (enrollment, point, source); a decision point that has its row keeps it."""
    added = session.add_new(DecisionRow, rows, DecisionRow.id, DecisionRow.enrollment_id, DecisionRow.point, DecisionRow.source_id)
    return {(row.enrollment_id, str(row.point), row.source_id): row.id for row in added}


def insert_outcomes(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Proximal outcomes to observe, one a decision."""
    session.add_new(ProximalOutcome, rows)


def decisions_of_responses(session: ReadSession, response_ids: Collection[int]) -> Mapping[int, Row[Any]]:
    """Response -> its decision (ix_decision_response)."""
    if not response_ids:
        return {}
    rows = session.rows(select(DecisionRow).where(DecisionRow.response_id.in_(sorted(response_ids))).order_by(DecisionRow.id))
    return {row.response_id: row for row in rows}


def own_decision(session: ReadSession, viewer: Viewer, client_id: UUID) -> Row[Any] | None:
    """What was decided for the viewer's own response, whichever of its revisions is the newest; None while it is pending."""
    mine = select(Response.id).where(Response.enrollment_id == viewer.enrollment_id, Response.client_id == client_id)
    return session.row(select(DecisionRow).where(DecisionRow.response_id.in_(mine)).order_by(DecisionRow.id))


def decisions_of(viewer: Viewer, ability: Ability, enrollment_uid: UUID, *, now: datetime) -> Select[Any]:
    """The decision points of one person that the viewer may see, newest first."""
    return (
        select(DecisionRow)
        .join(Enrollment, Enrollment.id == DecisionRow.enrollment_id)
        .where(Enrollment.uid == enrollment_uid, visible(viewer, ability, now=now))
        .order_by(DecisionRow.decided_at.desc(), DecisionRow.id.desc())
    )
