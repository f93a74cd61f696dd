"""Say who is on duty for a study, from when until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row

from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import Viewer
from models.errors import Fault, Invalid
from models.kinds import Role
from models.queries.rota import Shift, replace_rota, rota_of
from models.queries.staff import role_holder

WORKING: Final = (Role.COORDINATOR, Role.CLINICIAN, Role.INVESTIGATOR)


@dataclass(frozen=True, slots=True)
class NewShift:
    """`valid_from` None: now. `valid_until` None: until someone changes it."""

    staff_uid: UUID
    rung: str
    valid_from: datetime | None
    valid_until: datetime | None


def set_rota(house: House, request: Request, viewer: Viewer, study: Row[Any], wanted: Sequence[NewShift]) -> Sequence[Row[Any]]:
    """The rota as stored. Raises Invalid with a pointer to each shift that breaks a rule."""
    now = house.clock.study()
    with house.sessions.transaction() as session:
        faults: list[Fault] = []
        shifts: list[Shift] = []
        for number, one in enumerate(wanted):
            holder = role_holder(session, study.id, one.staff_uid, WORKING, now=house.clock.system())
            starts = max(one.valid_from or now, now)
            if holder is None:
                faults.append(Fault(f"/shifts/{number}/staff_id", "works_no_alerts", "Holds no role that works alerts in the study now."))
            elif one.valid_until is not None and one.valid_until <= starts:
                faults.append(
                    Fault(f"/shifts/{number}/valid_until", "ends_before_it_starts", "The end must lie after the start and after now.")
                )
            else:
                shifts.append(Shift(holder.id, one.rung, starts, one.valid_until))
        if faults:
            raise Invalid("invalid", "The request breaks the rules named in errors.", faults)
        replace_rota(session, study.id, shifts, now=now)
        stored = rota_of(session, study.id)
        add_act(session, house, study.uid, act_of(house, request, viewer, "rota_set", "study", study.uid, shifts=len(shifts)))
    return stored
