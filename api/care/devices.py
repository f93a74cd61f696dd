"""Phones, and the protocol revision that each holds: who is behind."""

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from api.actions.record_act import act_of, record_reading
from api.auth.staff import StaffViewer
from api.deps import TheHouse
from api.pages import cursor_of, read_cursor
from api.problems import responses
from api.router import Router
from api.shapes import Cursor, Limit, Moment, Shape
from models.access import Ability
from models.errors import Forbidden
from models.queries import device as rows
from models.queries.enrollment import page
from models.queries.study import study_by_uid
from models.tables import Device
from scheduler.plan.calendar import local

router = Router(prefix="/v1/care/devices", tags=["care"])


class PhoneRow(Shape):
    """A phone in use of someone who is asked."""

    device_id: UUID
    enrollment_id: UUID
    study_id: UUID
    os: str
    app_version: str
    registered_at: Moment
    last_seen_at: Moment
    held_revision: int | None
    """What the phone says it holds; null where it said nothing."""
    held_at: Moment | None
    """When it said so."""
    asked_revision: int
    """What the person is asked from now."""
    asked_from: date | None
    """The person's local day from which that is so."""
    behind: bool
    """It holds neither what asks now nor what is to come."""


class PhonePage(Shape):
    items: list[PhoneRow]
    next: str | None


@router.get("", response_model=PhonePage, responses=responses(401, 403, 404, 422))
def list_devices(
    viewer: StaffViewer,
    house: TheHouse,
    request: Request,
    study: UUID | None = None,
    behind: bool | None = None,
    unseen_hours: Annotated[int | None, Query(ge=1, le=2400)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> PhonePage:
    """Phones of the people the viewer may see with the revision that each holds, the newest phone first."""
    if not viewer.studies(Ability.SEE_PEOPLE):
        raise Forbidden("forbidden", "Your role does not allow this.")
    now = house.clock.study()
    after = None if cursor is None else read_cursor(cursor, datetime, UUID)
    with house.sessions.reading() as session:
        wanted = rows.Held(
            today={zone: local(now, zone).date for zone in rows.zones_of(session, viewer, now=now)},
            study_id=None if study is None else study_by_uid(session, viewer, study).id,
            behind=behind,
            unseen_since=None if unseen_hours is None else now - timedelta(hours=unseen_hours),
        )
        found = session.rows(page(rows.held(viewer, wanted, now=now), Device.registered_at, Device.uid, after, limit))
    shown, more = found[:limit], len(found) > limit
    counts: dict[UUID, int] = {}
    for row in shown:
        counts[row.study_uid] = counts.get(row.study_uid, 0) + 1
    acts = {one: act_of(house, request, viewer, "devices_read", "study", one, purpose="care", devices=n) for one, n in counts.items()}
    record_reading(house, acts)
    return PhonePage(
        items=[
            PhoneRow(
                device_id=row.uid,
                enrollment_id=row.enrollment_uid,
                study_id=row.study_uid,
                os=row.os,
                app_version=row.app_version,
                registered_at=row.registered_at,
                last_seen_at=row.last_seen_at,
                held_revision=row.held_revision,
                held_at=row.held_at,
                asked_revision=row.asked_revision,
                asked_from=row.asked_from,
                behind=row.behind,
            )
            for row in shown
        ],
        next=cursor_of(shown[-1].registered_at, shown[-1].uid) if more else None,
    )
