"""Open a study: the operator's part, after which its admin takes over."""

from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import Field, StrictBool

from api.actions.open_study import open_study
from api.auth.staff import StaffViewer
from api.deps import TheHouse
from api.problems import responses
from api.router import Router
from api.shapes import Line, Shape

router = Router(prefix="/v1/system/studies", tags=["system"])


class StudyIn(Shape):
    slug: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")]
    title: Line
    zone: Annotated[str, Field(max_length=64)]
    """IANA zone of the study office."""
    admin: Annotated[str, Field(min_length=2, max_length=64)]
    """Login of who manages the study's staff. An operator sees nobody's data."""
    synthetic: StrictBool = False
    """Simulated people only; stands on every row and export."""


class StudyMade(Shape):
    id: UUID
    slug: str


@router.post("", status_code=201, response_model=StudyMade, responses=responses(401, 403, 409, 422))
def make_study(body: StudyIn, viewer: StaffViewer, house: TheHouse, request: Request) -> StudyMade:
    """A study with an admin and nothing else; the admin grants roles, an investigator publishes the protocol."""
    made = open_study(house, request, viewer, slug=body.slug, title=body.title, zone=body.zone, admin=body.admin, synthetic=body.synthetic)
    return StudyMade(id=made, slug=body.slug)
