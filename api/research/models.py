"""Population models of a study: put one there in shadow, promote it, roll it back, withdraw it, and see which stands where."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import Field
from sqlalchemy import Row

from api.actions.serve_model import move_model, put_model
from api.deps import House, TheHouse
from api.problems import responses
from api.research.study import Manager, StudyRow
from api.router import Router
from api.shapes import Moment, Shape
from models.errors import Malformed, Problem
from models.kinds import ModelMove
from models.queries import population as rows
from models.session import ReadSession
from risk.population.artefact import MOST_BYTES, read
from risk.population.standing import Standing, Stands
from risk.serving import standings

router = Router(prefix="/v1/research/studies/{study_id}/models", tags=["research"])

Words = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
"""Why: it stands beside the name of who did it."""

_FILE: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}


async def _raw(request: Request) -> bytes:
    """The file's own bytes, as they will be read again."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Malformed("not_json", "Send the model's file as JSON with Content-Type: application/json.")
    return await request.body()


class ModelNoteIn(Shape):
    note: Words


class ModelPut(Shape):
    id: UUID
    name: str
    """Model, target and the beginning of the digest."""
    created: bool
    """False: the study had this file before, and it was put in shadow again."""


class ModelMoveOut(Shape):
    what: ModelMove
    at: Moment
    by: str
    note: str


class ModelOut(Shape):
    id: UUID
    name: str
    model: str
    target: str
    digest: str
    synthetic: bool
    stored_at: Moment
    stored_by: str
    standing: Stands
    """`former`: in use again once those after it are rolled back."""
    readable: bool | None
    """Whether the stored file can still be read; null for one that stands nowhere."""
    moves: list[ModelMoveOut]


class ModelList(Shape):
    items: list[ModelOut]
    """Oldest first."""


@router.get("", response_model=ModelList, responses=responses(401, 403, 404))
def list_models(study: StudyRow, _viewer: Manager, house: TheHouse) -> ModelList:
    """Every model that was put to the study, where it stands, and who did what with it."""
    return _listed(house, study)


@router.post(
    "",
    status_code=201,
    response_model=ModelPut,
    responses={200: {"model": ModelPut, "description": "The file was there before."}, **responses(401, 403, 404, 409, 413, 422)},
    openapi_extra=_FILE,
    max_body_size=MOST_BYTES,
)
def store_model(
    study: StudyRow,
    viewer: Manager,
    raw: Annotated[bytes, Depends(_raw)],
    note: Annotated[Words, Query()],
    house: TheHouse,
    request: Request,
    response: Response,
) -> ModelPut:
    """Put a model's file in shadow: its scores are stored and exported, shown to no one, and drive nothing."""
    done = put_model(house, request, viewer, study, raw, note=note)
    response.status_code = 201 if done.created else 200
    return ModelPut(id=done.uid, name=done.name, created=done.created)


@router.post("/{model_id}/promotion", response_model=ModelList, responses=responses(401, 403, 404, 409, 413, 422))
def promote_model(study: StudyRow, viewer: Manager, model_id: UUID, body: ModelNoteIn, house: TheHouse, request: Request) -> ModelList:
    """From shadow into use, from the next local day on: staff who may see estimates see its number, rules may read it, and it is judged by
    the alert budget where the protocol has a rule for that."""
    move_model(house, request, viewer, study, model_id, ModelMove.PROMOTED, note=body.note)
    return _listed(house, study)


@router.post("/{model_id}/rollback", response_model=ModelList, responses=responses(401, 403, 404, 409, 413, 422))
def roll_back_model(study: StudyRow, viewer: Manager, model_id: UUID, body: ModelNoteIn, house: TheHouse, request: Request) -> ModelList:
    """Out of use: the one before it serves again, or none."""
    move_model(house, request, viewer, study, model_id, ModelMove.ROLLED_BACK, note=body.note)
    return _listed(house, study)


@router.post("/{model_id}/withdrawal", response_model=ModelList, responses=responses(401, 403, 404, 409, 413, 422))
def withdraw_model(study: StudyRow, viewer: Manager, model_id: UUID, body: ModelNoteIn, house: TheHouse, request: Request) -> ModelList:
    """Out of shadow. The scores that it left stay in the dataset."""
    move_model(house, request, viewer, study, model_id, ModelMove.WITHDRAWN, note=body.note)
    return _listed(house, study)


def _listed(house: House, study: Row[Any]) -> ModelList:
    with house.sessions.reading() as session:
        moves = rows.moves_of(session, study.id)
        where = standings(moves)
        return ModelList(items=[_model(session, one, where, moves, study) for one in rows.models_of(session, study.id)])


def _model(session: ReadSession, row: Row[Any], where: Any, moves: Any, study: Row[Any]) -> ModelOut:
    stands = where.get(row.target, Standing()).of(row.id)
    return ModelOut(
        id=row.uid,
        name=row.name,
        model=row.model,
        target=row.target,
        digest=row.digest,
        synthetic=row.synthetic,
        stored_at=row.stored_at,
        stored_by=row.stored_by,
        standing=stands,
        readable=None if stands == "none" else _readable(session, row.id, synthetic=study.synthetic),
        moves=[ModelMoveOut(what=one.what, at=one.at, by=one.by, note=one.note) for one in moves if one.population_model_id == row.id],
    )


def _readable(session: ReadSession, key: int, *, synthetic: bool) -> bool:
    try:
        read(rows.file_of(session, key), rehearsal=synthetic)
    except Problem:
        return False
    return True
