"""Who may do what in a study, from when until when."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field
from sqlalchemy import Row

from api.actions.grant_role import end_role, grant_role
from api.actions.record_act import act_of, record
from api.deps import TheHouse
from api.problems import responses
from api.research.study import StaffManager, StudyRow
from api.router import Router
from api.shapes import Moment, Shape
from models.kinds import Role
from models.queries.staff import grant_in, grants_in

router = Router(prefix="/v1/research/studies/{study_id}/grants", tags=["research"])


class GrantIn(Shape):
    login: Annotated[str, Field(min_length=2, max_length=64)]
    role: Role
    valid_from: Moment | None = None
    """Null: now."""
    valid_until: Moment | None = None
    """Null: until it is ended."""


class GrantOut(Shape):
    id: UUID
    staff_id: UUID
    login: str
    name: str
    role: Role
    site_id: UUID | None
    valid_from: Moment
    valid_until: Moment | None
    granted_at: Moment
    attested_at: Moment | None
    """When the grantee attested to having no power over the people. Null: no alerts, no estimates."""


class GrantList(Shape):
    items: list[GrantOut]


@router.post("", status_code=201, response_model=GrantOut, responses=responses(401, 403, 404, 422))
def give_role(study: StudyRow, body: GrantIn, viewer: StaffManager, house: TheHouse, request: Request) -> GrantOut:
    """Grant a role in the study to a colleague. Nobody grants to themselves."""
    grant_uid = grant_role(
        house,
        request,
        viewer,
        study,
        login=body.login,
        role=body.role,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
    )
    with house.sessions.reading() as session:
        return _out(grant_in(session, study.id, grant_uid))


@router.get("", response_model=GrantList, responses=responses(401, 403, 404))
def list_grants(study: StudyRow, viewer: StaffManager, house: TheHouse, request: Request) -> GrantList:
    """Every grant of the study, ended ones too."""
    with house.sessions.reading() as session:
        found = grants_in(session, study.id)
    record(house, study.uid, act_of(house, request, viewer, "grants_read", "study", study.uid))
    return GrantList(items=[_out(one) for one in found])


@router.delete("/{grant_id}", status_code=204, response_class=Response, responses=responses(401, 403, 404, 409))
def end_grant_now(study: StudyRow, grant_id: UUID, viewer: StaffManager, house: TheHouse, request: Request) -> None:
    """End a grant now; it stays in the record. The last admin of a study cannot be ended."""
    end_role(house, request, viewer, study, grant_id)


def _out(row: Row[Any]) -> GrantOut:
    return GrantOut(
        id=row.uid,
        staff_id=row.staff_uid,
        login=row.login,
        name=row.name,
        role=row.role,
        site_id=row.site_uid,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        granted_at=row.granted_at,
        attested_at=row.no_power_attested_at,
    )
