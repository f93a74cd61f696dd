"""Who is on duty for a study, or supervises it: the rungs of the ladder above the caseload."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Request
from pydantic import Field
from sqlalchemy import Row

from api.actions.set_rota import NewShift, set_rota
from api.deps import TheHouse
from api.problems import responses
from api.research.study import Manager, StudyRow
from api.router import Router
from api.shapes import Moment, Shape
from models.queries.rota import rota_of

router = Router(prefix="/v1/research/studies/{study_id}/rota", tags=["research"])


class ShiftIn(Shape):
    staff_id: UUID
    rung: Literal["on_duty", "supervisor", "investigator"]
    valid_from: Moment | None = None
    """Null: now."""
    valid_until: Moment | None = None
    """Null: until someone changes it."""


class RotaIn(Shape):
    shifts: Annotated[list[ShiftIn], Field(max_length=200)]
    """Everyone from now on. Shifts that are over stay in the record."""


class ShiftOut(Shape):
    staff_id: UUID
    staff_name: str
    rung: str
    valid_from: Moment
    valid_until: Moment | None


class Rota(Shape):
    items: list[ShiftOut]


@router.get("", response_model=Rota, responses=responses(401, 403, 404))
def read_rota(study: StudyRow, house: TheHouse) -> Rota:
    """Every shift that is not over, and the last 200 that are."""
    with house.sessions.reading() as session:
        return Rota(items=[_out(one) for one in rota_of(session, study.id)])


@router.put("", response_model=Rota, responses=responses(401, 403, 404, 422))
def replace_rota(study: StudyRow, body: RotaIn, viewer: Manager, house: TheHouse, request: Request) -> Rota:
    """Who is on duty from now on. What is running ends now unless it is named again."""
    wanted = [NewShift(one.staff_id, one.rung, one.valid_from, one.valid_until) for one in body.shifts]
    return Rota(items=[_out(one) for one in set_rota(house, request, viewer, study, wanted)])


def _out(row: Row[Any]) -> ShiftOut:
    return ShiftOut(staff_id=row.staff_uid, staff_name=row.name, rung=row.rung, valid_from=row.valid_from, valid_until=row.valid_until)
