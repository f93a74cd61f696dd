"""The person's own future scenes, how they feel, and what was done with content that was shown."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field, StrictBool, StringConstraints
from sqlalchemy import Row

from api.actions.keep_scene import (
    GoalArea,
    Horizon,
    Scale,
    Scene,
    SceneState,
    What,
    Words,
    keep_engagement,
    put_scene,
    rate_scene,
    retire_scene,
    words_of,
)
from api.auth.participant import ParticipantViewer
from api.deps import House, TheHouse
from api.pages import etag
from api.participant.etag import IF_MATCH, matched_version
from api.participant.shapes import Amount, Rating
from api.problems import responses
from api.router import Router
from api.shapes import Day, Moment, Shape
from models.errors import Missing
from models.queries import scenes as queries
from models.queries.enrollment_phone import lock_own, own

router = Router(prefix="/v1/participant", tags=["participant"])


class SceneIn(Shape):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
    """Sealed at rest; played to this person only."""
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
    horizon: Horizon
    goal_area: GoalArea | None = None
    target_date: Day | None = None
    state: SceneState = "active"
    sensitive: StrictBool = False
    """Never played by itself."""
    shared_with_staff: StrictBool = False


class SceneOut(SceneIn):
    id: UUID
    version: int
    """For If-Match."""
    created_at: Moment
    changed_at: Moment


class SceneList(Shape):
    items: list[SceneOut]


class RatingIn(Shape):
    scale: Scale
    """`hurts` above 0 lets the scene rest at once."""
    value: Rating
    at: Moment
    """The same scale at the same instant again is a retry."""


class EngagementIn(Shape):
    decision_id: UUID | None = None
    """The decision that showed it; null for content that the person chose."""
    content_code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    what: What
    value: Amount | None = Field(default=None, description="Of `helpful` 0 to 4, of `stopped` and `paused` the seconds.")
    at: Moment


class EngagementOut(EngagementIn):
    id: UUID


@router.get("/scenes", name="list_scenes", response_model=SceneList, responses=responses(401, 410))
def list_scenes(house: TheHouse, viewer: ParticipantViewer) -> SceneList:
    """One's own scenes, resting and retired ones too, oldest first."""
    with house.sessions.reading() as session:
        person, rows = own(session, viewer), queries.own_scenes(session, viewer)
    return SceneList(items=[_out(house, person, row) for row in rows])


@router.get("/scenes/{client_id}", name="get_scene", response_model=SceneOut, responses=responses(401, 404, 410, 422))
def get_scene(client_id: UUID, response: Response, house: TheHouse, viewer: ParticipantViewer) -> SceneOut:
    """One scene; its version is the ETag."""
    with house.sessions.reading() as session:
        person = own(session, viewer)
        row = queries.scene_by_client(session, person.id, client_id)
    if row is None:
        raise Missing("not_found", "There is no such scene.")
    response.headers["ETag"] = etag(row.version)
    return _out(house, person, row)


@router.put(
    "/scenes/{client_id}",
    name="put_scene",
    response_model=SceneOut,
    responses={201: {"model": SceneOut, "description": "Stored now."}, **responses(401, 409, 410, 412, 422, 428)},
    openapi_extra={"parameters": [IF_MATCH]},
)
def put_own_scene(
    client_id: UUID, body: SceneIn, request: Request, response: Response, house: TheHouse, viewer: ParticipantViewer
) -> SceneOut:
    """Stores a scene under an id that the phone made. A change names in If-Match the version that it was made from."""
    scene = Scene(**body.model_dump(include=set(Scene.__slots__)))
    with house.sessions.transaction() as session:
        person = lock_own(session, viewer)
        version = matched_version(request)
        new = put_scene(session, house, person, client_id, scene, Words(body.text, body.language), version=version)
    response.status_code = 201 if new else 200
    return get_scene(client_id, response, house, viewer)


@router.delete("/scenes/{client_id}", name="retire_scene", status_code=204, responses=responses(401, 404, 410, 422))
def delete_scene(client_id: UUID, house: TheHouse, viewer: ParticipantViewer) -> None:
    """Never played again. The words stay sealed until the person erases what identifies."""
    with house.sessions.transaction() as session:
        retire_scene(session, house, lock_own(session, viewer), client_id)


@router.post(
    "/scenes/{client_id}/ratings", name="rate_scene", status_code=201, response_model=SceneOut, responses=responses(401, 404, 410, 422)
)
def post_rating(client_id: UUID, body: RatingIn, house: TheHouse, viewer: ParticipantViewer) -> SceneOut:
    """How the scene feels. Gives the scene after it."""
    with house.sessions.transaction() as session:
        person = lock_own(session, viewer)
        row = rate_scene(session, house, person, client_id, body.scale, body.value, at=_at(house, body.at))
    return _out(house, person, row)


@router.put(
    "/engagements/{client_id}",
    name="put_engagement",
    response_model=EngagementOut,
    responses={201: {"model": EngagementOut, "description": "Stored now."}, **responses(401, 404, 409, 410, 422)},
)
def put_engagement(client_id: UUID, body: EngagementIn, response: Response, house: TheHouse, viewer: ParticipantViewer) -> EngagementOut:
    """What the person did with content: started, paused, completed, stopped, helpful, hurts. What hurts is not shown again."""
    with house.sessions.transaction() as session:
        new = keep_engagement(
            session,
            house,
            lock_own(session, viewer),
            client_id,
            decision_uid=body.decision_id,
            content_code=body.content_code,
            what=body.what,
            value=body.value,
            at=body.at,
        )
    response.status_code = 201 if new else 200
    return EngagementOut(id=client_id, **body.model_dump())


def _at(house: House, given: datetime) -> datetime:
    return min(given, house.clock.study())


def _out(house: House, person: Row[Any], row: Row[Any]) -> SceneOut:
    words = words_of(house, person, row)
    return SceneOut(
        id=row.client_id,
        text=words.text,
        language=words.language,
        version=row.version,
        created_at=row.created_at,
        changed_at=row.changed_at,
        **{name: getattr(row, name) for name in Scene.__slots__},
    )
