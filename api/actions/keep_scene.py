"""Keep a person's own future scenes, and let one rest at once when it hurts."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row

from api.deps import House
from models.errors import Conflict, Fault, Invalid, Missing, PreconditionFailed, PreconditionRequired
from models.queries import scenes as queries
from models.sealed import person_key, seal, unseal
from models.session import WriteSession

Horizon = Literal["tomorrow", "week", "month", "quarter", "half_year", "year", "five_years"]
GoalArea = Literal["family", "work", "home", "health", "study", "fun", "freedom", "giving"]
SceneState = Literal["active", "resting", "retired"]
Scale = Literal["vividness", "pleasantness", "importance", "excitement", "likelihood", "hurts"]
What = Literal["started", "paused", "completed", "stopped", "helpful", "hurts"]

MOST_SCENES: Final = 50


@dataclass(frozen=True, slots=True)
class Scene:
    """All of a scene but its words, named as its columns."""

    horizon: Horizon
    goal_area: GoalArea | None
    target_date: date | None
    state: SceneState
    sensitive: bool
    shared_with_staff: bool


@dataclass(frozen=True, slots=True, repr=False)
class Words:
    text: str
    language: str


def put_scene(
    session: WriteSession, house: House, person: Row[Any], client_id: UUID, scene: Scene, words: Words, *, version: int | None
) -> bool:
    """True where it was new. `version` is the one that a change was made from.

    The stored content again changes nothing, whatever version it names: a retry is harmless. Raises PreconditionRequired
    (`version_needed`), PreconditionFailed (`version_moved`), Conflict (`too_many_scenes`).
    """
    now, stored = house.clock.study(), queries.scene_by_client(session, person.id, client_id)
    if stored is None:
        if version is not None:
            raise PreconditionFailed("version_moved", "There is no such scene yet.")
        _make_room(session, person)
        scene_id, scene_uid = queries.add_scene(session, person, client_id, now=now, **_columns(scene))
        _add_words(session, house, person, scene_id, scene_uid, 1, words)
        return True
    if words_of(house, person, stored) == words and all(getattr(stored, name) == value for name, value in _columns(scene).items()):
        return False
    if version is None:
        raise PreconditionRequired("version_needed", "Name in If-Match the version that you changed.")
    if version != stored.version:
        raise PreconditionFailed("version_moved", "The scene was changed since; read it again.")
    _next_version(session, house, person, stored, words, **_columns(scene))
    return False


def rate_scene(
    session: WriteSession, house: House, person: Row[Any], client_id: UUID, scale: Scale, value: int, *, at: datetime
) -> Row[Any]:
    """Stores a rating and gives the scene after it: `hurts` above 0 lets an active scene rest at once. Raises Missing."""
    stored = scene_of(session, person, client_id)
    queries.add_rating(session, person, stored.id, scale, value, at=at)
    if scale == "hurts" and value > 0:
        _rest(session, house, person, stored)
    return scene_of(session, person, client_id)


def retire_scene(session: WriteSession, house: House, person: Row[Any], client_id: UUID) -> None:
    """It is never played again. Once more changes nothing. Raises Missing."""
    stored = scene_of(session, person, client_id)
    if stored.state != "retired":
        _next_version(session, house, person, stored, words_of(house, person, stored), state="retired")


def keep_engagement(
    session: WriteSession,
    house: House,
    person: Row[Any],
    client_id: UUID,
    *,
    decision_uid: UUID | None,
    content_code: str,
    what: What,
    value: float | None,
    at: datetime,
) -> bool:
    """True where it was new: what the person did with content. `hurts` lets the scene that was played rest at once.

    Raises Missing (`/decision_id` of someone else), Invalid (content that was not shown there or is in no protocol), Conflict (`id_taken`).
    """
    decision = queries.own_decision(session, person.id, decision_uid) if decision_uid is not None else None
    if decision_uid is not None and decision is None:
        raise Missing("not_found", "There is no such decision.")
    _check_content(session, house, person, decision, content_code)
    columns = {
        "decision_id": decision.id if decision is not None else None,
        "content_code": content_code,
        "what": what,
        "value": value,
        "at": at,
    }
    stored = queries.engagement_by_client(session, person.id, client_id)
    if stored is not None:
        if any(getattr(stored, name) != wanted for name, wanted in columns.items()):
            raise Conflict("id_taken", "Another engagement has this id; make a new one.")
        return False
    queries.add_engagement(session, person, client_id, received_at=house.clock.study(), **columns)
    if what == "hurts" and decision is not None and decision.scene_id is not None:
        scene = queries.scene_by_key(session, person.id, decision.scene_id)
        if scene is not None:
            _rest(session, house, person, scene)
    return True


def scene_of(session: WriteSession, person: Row[Any], client_id: UUID) -> Row[Any]:
    """Raises Missing, also for another person's scene."""
    stored = queries.scene_by_client(session, person.id, client_id)
    if stored is None:
        raise Missing("not_found", "There is no such scene.")
    return stored


def words_of(house: House, person: Row[Any], row: Row[Any]) -> Words:
    """The plain words, for the person's own phone."""
    plain = unseal(_key(house, person), row.text_sealed, queries.text_place(row.uid, row.version))
    return Words(plain.decode(), row.language)


def _check_content(session: WriteSession, house: House, person: Row[Any], decision: Row[Any] | None, code: str) -> None:
    if decision is not None:
        known = decision.content_code == code
    else:
        known = house.protocols.get(session, person.protocol_version_id).content_item(code) is not None
    if not known:
        fault = Fault("/content_code", "unknown_content", "This content was not shown there.")
        raise Invalid("invalid", "The engagement breaks the rules named in errors.", (fault,))


def _make_room(session: WriteSession, person: Row[Any]) -> None:
    if queries.count_scenes(session, person.id) >= MOST_SCENES:
        raise Conflict("too_many_scenes", f"At most {MOST_SCENES} scenes are kept; change one instead.")


def _rest(session: WriteSession, house: House, person: Row[Any], row: Row[Any]) -> None:
    if row.state == "active":
        _next_version(session, house, person, row, words_of(house, person, row), state="resting")


def _next_version(session: WriteSession, house: House, person: Row[Any], row: Row[Any], words: Words, **columns: Any) -> None:
    version = row.version + 1
    queries.change_scene(session, row.id, version=version, now=house.clock.study(), **columns)
    _add_words(session, house, person, row.id, row.uid, version, words)


def _add_words(session: WriteSession, house: House, person: Row[Any], scene_id: int, scene_uid: UUID, version: int, words: Words) -> None:
    sealed = seal(_key(house, person), words.text.encode(), queries.text_place(scene_uid, version))
    queries.add_words(session, person, scene_id, version=version, text_sealed=sealed, language=words.language, now=house.clock.study())


def _columns(scene: Scene) -> dict[str, Any]:
    return {name: getattr(scene, name) for name in Scene.__slots__}


def _key(house: House, person: Row[Any]) -> bytes:
    return person_key(house.keys, person.data_key, person.person_key_id, str(person.participant_uid))
