"""What one person did with the prompts: by design and by study week, each with its denominator."""

from uuid import UUID

from fastapi import Request

from api.actions.record_act import act_of, record
from api.auth.staff import StaffViewer
from api.care.banner import Banner, banner
from api.counted import ComplianceOut, RecentOut, WeekOut, by_design, by_week, recent_out
from api.deps import TheHouse
from api.problems import responses
from api.router import Router
from api.shapes import Moment, Shape
from models.access import Ability
from models.dataset.recent import recent
from models.queries import enrollment as people
from models.queries.adherence import person_groups

router = Router(prefix="/v1/care/participants/{enrollment_id}/adherence", tags=["care"])


class AdherenceOut(Shape):
    banner: Banner
    enrollment_id: UUID
    as_of: Moment
    recent: RecentOut | None
    """Null, and the lists empty, where the person withdrew the use of the data."""
    compliance: list[ComplianceOut]
    """`(all)` first, then each design."""
    weeks: list[WeekOut]
    """The same for each study week; the weeks of a design add up to its row above."""


@router.get("", response_model=AdherenceOut, responses=responses(401, 403, 404))
def read_adherence(enrollment_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request) -> AdherenceOut:
    """Completed on time / (planned - not sent - withdrawn), as in the dataset; prompts that are still open count nowhere."""
    now = house.clock.study()
    with house.sessions.reading() as session:
        person = people.person(session, viewer, Ability.SEE_PEOPLE, enrollment_id, now=now)
        found = recent(session, [person.id], at=now, now=now)[person.id] if person.consent_use else None
        groups = person_groups(session, person.id, now=now) if person.consent_use else []
    act = act_of(house, request, viewer, "adherence_read", "enrollment", enrollment_id, person=enrollment_id, purpose="care")
    record(house, person.study_uid, act)
    return AdherenceOut(
        banner=banner(house),
        enrollment_id=enrollment_id,
        as_of=now,
        recent=None if found is None else recent_out(found),
        compliance=by_design(groups, now=now),
        weeks=by_week(groups, now=now),
    )
