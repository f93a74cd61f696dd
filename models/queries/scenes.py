"""A person's own future scenes: the newest words sealed in `scene_version`, under the version that the scene has.

A scene's version and its newest words' version are always the same number, so that a decision can name both at once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update

from models.access import Viewer
from models.ids import new_uid
from models.sealed import place
from models.session import ReadSession, WriteSession
from models.tables import DecisionRow, Engagement, FutureScene, SceneRating, SceneVersion


def text_place(scene_uid: UUID, version: int) -> bytes:
    """Where the words of a version are sealed."""
    return place("scene_version", "text", f"{scene_uid}/{version}")


_SCENE = select(FutureScene, SceneVersion.text_sealed, SceneVersion.language).join(
    SceneVersion, (SceneVersion.scene_id == FutureScene.id) & (SceneVersion.version == FutureScene.version)
)


def own_scenes(session: ReadSession, viewer: Viewer) -> Sequence[Row[Any]]:
    """One's own scenes with their newest words, oldest first (unique indexes)."""
    return session.rows(_SCENE.where(FutureScene.enrollment_id == viewer.enrollment_id).order_by(FutureScene.id))


def scene_by_client(session: ReadSession, enrollment_id: int, client_id: UUID) -> Row[Any] | None:
    """A scene of an enrollment that the caller holds through a viewer."""
    return session.row(_SCENE.where(FutureScene.enrollment_id == enrollment_id, FutureScene.client_id == client_id))


def scene_by_key(session: ReadSession, enrollment_id: int, scene_id: int) -> Row[Any] | None:
    """The scene that a decision of the same enrollment played."""
    return session.row(_SCENE.where(FutureScene.enrollment_id == enrollment_id, FutureScene.id == scene_id))


def count_scenes(session: ReadSession, enrollment_id: int) -> int:
    found: int = session.value(select(func.count()).where(FutureScene.enrollment_id == enrollment_id))
    return found


def add_scene(session: WriteSession, person: Row[Any], client_id: UUID, *, now: datetime, **columns: Any) -> tuple[int, UUID]:
    """Internal key and public id of a new scene, at version 1 and without words yet."""
    scene_uid = new_uid()
    scene_id = session.add(
        FutureScene,
        uid=scene_uid,
        study_id=person.study_id,
        enrollment_id=person.id,
        client_id=client_id,
        created_at=now,
        changed_at=now,
        version=1,
        **columns,
    )
    return scene_id, scene_uid


def change_scene(session: WriteSession, scene_id: int, *, version: int, now: datetime, **columns: Any) -> None:
    """Brings a scene to its next version; the words of that version are the caller's to add."""
    session.execute(update(FutureScene).where(FutureScene.id == scene_id).values(**columns, version=version, changed_at=now))


def add_words(
    session: WriteSession, person: Row[Any], scene_id: int, *, version: int, text_sealed: bytes, language: str, now: datetime
) -> None:
    session.add(
        SceneVersion,
        study_id=person.study_id,
        enrollment_id=person.id,
        scene_id=scene_id,
        version=version,
        text_sealed=text_sealed,
        language=language,
        created_at=now,
    )


def add_rating(session: WriteSession, person: Row[Any], scene_id: int, scale: str, value: int, *, at: datetime) -> None:
    """Stores a rating once: the same scale at the same instant again is a retry."""
    known = select(SceneRating.id).where(SceneRating.scene_id == scene_id, SceneRating.at == at, SceneRating.scale == scale)
    if session.row(known) is None:
        session.add(SceneRating, study_id=person.study_id, enrollment_id=person.id, scene_id=scene_id, scale=scale, value=value, at=at)


def ratings(session: ReadSession, viewer: Viewer, scene_id: int) -> Sequence[Row[Any]]:
    """The ratings of one's own scene, in order (ix_scene_rating_scene)."""
    return session.rows(
        select(SceneRating)
        .where(SceneRating.scene_id == scene_id, SceneRating.enrollment_id == viewer.enrollment_id)
        .order_by(SceneRating.at, SceneRating.id)
    )


def own_decision(session: ReadSession, enrollment_id: int, decision_uid: UUID) -> Row[Any] | None:
    """What was decided and shown, where it is the person's own."""
    return session.row(
        select(DecisionRow.id, DecisionRow.content_code, DecisionRow.scene_id).where(
            DecisionRow.enrollment_id == enrollment_id, DecisionRow.uid == decision_uid
        )
    )


def engagement_by_client(session: ReadSession, enrollment_id: int, client_id: UUID) -> Row[Any] | None:
    return session.row(select(Engagement).where(Engagement.enrollment_id == enrollment_id, Engagement.client_id == client_id))


def add_engagement(session: WriteSession, person: Row[Any], client_id: UUID, **columns: Any) -> None:
    session.add(Engagement, study_id=person.study_id, enrollment_id=person.id, client_id=client_id, **columns)
