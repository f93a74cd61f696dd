"""A phone says which protocol revision it holds; staff see who is behind."""

from typing import Any

from sqlalchemy import Row

from api.deps import House
from models.access import Viewer
from models.errors import Fault, Invalid
from models.queries.device import is_behind, update_device
from models.queries.enrollment_phone import lock_own, own_protocol
from scheduler.plan.calendar import local


def acknowledge_protocol(house: House, viewer: Viewer, revision: int) -> tuple[Row[Any], bool]:
    """Writes it down, and gives the enrollment's row and whether the phone is behind: what it holds neither asks now nor is to come.

    Raises Invalid (`unknown_revision`) for one that this person is never asked from."""
    now = house.clock.study()
    with house.sessions.transaction() as session:
        person = lock_own(session, viewer)
        if own_protocol(session, person, revision) is None:
            fault = Fault("/revision", "unknown_revision", "No revision of this number is yours.")
            raise Invalid("invalid", "There is no such protocol revision.", (fault,))
        assert viewer.device_id is not None
        update_device(session, viewer.device_id, held_revision=revision, held_at=now, last_seen_at=now)
        behind = is_behind(session, viewer.device_id, local(now, person.zone).date)
    return person, behind
