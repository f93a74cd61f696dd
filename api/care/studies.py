"""The studies in which the viewer works."""

from uuid import UUID

from api.auth.staff import StaffViewer
from api.care.banner import Banner, banner
from api.deps import TheHouse
from api.problems import responses
from api.router import Router
from api.shapes import Shape
from models.kinds import Role
from models.queries.study import newest_protocol, studies_of

router = Router(prefix="/v1/care/studies", tags=["care"])


class StudyOut(Shape):
    id: UUID
    slug: str
    title: str
    zone: str
    synthetic: bool
    """True: simulated people only."""
    content_off: bool
    roles: list[Role]
    attested: bool
    """False: no alerts and no estimates until PUT /v1/staff/attestation."""
    newest_revision: int | None


class StudyList(Shape):
    banner: Banner
    items: list[StudyOut]


@router.get("", response_model=StudyList, responses=responses(401, 403))
def list_studies(viewer: StaffViewer, house: TheHouse) -> StudyList:
    """Every study in which the viewer has a role now."""
    above = banner(house)
    with house.sessions.reading() as session:
        studies = studies_of(session, viewer)
        newest = {study.id: newest_protocol(session, study.id) for study in studies}
    return StudyList(
        banner=above,
        items=[
            StudyOut(
                id=study.uid,
                slug=study.slug,
                title=study.title,
                zone=study.zone,
                synthetic=study.synthetic,
                content_off=study.content_off,
                roles=sorted({grant.role for grant in viewer.grants if grant.study_id == study.id}),
                attested=any(grant.attested for grant in viewer.grants if grant.study_id == study.id),
                newest_revision=None if (row := newest[study.id]) is None else row.revision,
            )
            for study in studies
        ],
    )
