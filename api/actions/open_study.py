"""Open a study and name its first admin."""

from uuid import UUID

from fastapi import Request
from sqlalchemy.exc import IntegrityError

from api.actions.record_act import act_of, add_act
from api.actions.sign_in import login_of
from api.deps import House
from models.access import Ability, Viewer
from models.errors import Conflict, Fault, Forbidden, Invalid
from models.kinds import Role
from models.queries.staff import add_grant, staff_by_login
from models.queries.study import add_study
from scheduler.plan.calendar import zone_info


def open_study(house: House, request: Request, viewer: Viewer, *, slug: str, title: str, zone: str, admin: str, synthetic: bool) -> UUID:
    """The new study's id. Raises Forbidden for who is no operator, Conflict for a slug that is taken.

    In a rehearsal every study is synthetic, whatever was asked.
    """
    if not viewer.studies(Ability.OPERATE):
        raise Forbidden("forbidden", "Your role does not allow this.")
    zone_info(zone)
    now = min(house.clock.system(), house.clock.study())
    try:
        with house.sessions.transaction() as session:
            person = staff_by_login(session, login_of(admin))
            if person is None or person.disabled_at is not None:
                raise Invalid("invalid", "There is no such login.", (Fault("/admin", "unknown_login", "Add the colleague first."),))
            study_id, study_uid = add_study(session, slug=slug, title=title, zone=zone, synthetic=synthetic or house.rehearsal, now=now)
            add_grant(
                session,
                study_id=study_id,
                staff_id=person.id,
                role=Role.ADMIN,
                site_id=None,
                valid_from=now,
                valid_until=None,
                granted_by=viewer.staff_id,
                attested_at=None,
                now=now,
            )
            add_act(session, house, study_uid, act_of(house, request, viewer, "study_made", "study", study_uid))
    except IntegrityError:
        raise Conflict("slug_taken", "There is a study of this name.", (Fault("/slug", "slug_taken", "Choose another one."),)) from None
    return study_uid
