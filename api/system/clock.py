"""Study time. It can be moved only where the database is marked as a rehearsal; elsewhere these addresses do not exist."""

from datetime import timedelta

from fastapi import Request
from pydantic import Field

from api.actions.move_clock import move_clock
from api.actions.record_act import act_of
from api.auth.staff import StaffViewer
from api.deps import TheHouse
from api.problems import responses
from api.router import Router
from api.shapes import Moment, Shape
from models.access import Ability, Viewer
from models.errors import Forbidden
from models.queries.audit import Act

router = Router(prefix="/v1/system/clock", tags=["system"])


class ClockIn(Shape):
    study_now: Moment = Field(description="Never before the present study time, and at most 35 days ahead.")
    step_minutes: int = Field(1, ge=1, le=60, description="What comes due within so many minutes is worked together, at their end.")


class ClockOut(Shape):
    study_now: Moment
    system_now: Moment
    rehearsal: bool


class Moved(ClockOut):
    worked: int
    """Items that the duties worked on the way."""


@router.get("", response_model=ClockOut, responses=responses(401, 403))
def read_clock(viewer: StaffViewer, house: TheHouse) -> ClockOut:
    """Both times. In a real study they are the same."""
    _require_operator(viewer)
    return ClockOut(study_now=house.clock.study(), system_now=house.clock.system(), rehearsal=house.rehearsal)


@router.post("", response_model=Moved, responses=responses(401, 403, 404, 409, 422))
def move_study_clock(body: ClockIn, viewer: StaffViewer, house: TheHouse, request: Request) -> Moved:
    """Move study time forward and run the duties up to that instant, each at its own moment or at the end of the step it lies in."""
    _require_operator(viewer)

    def act(worked: int) -> Act:
        return act_of(house, request, viewer, "clock_moved", "clock", None, worked=worked)

    worked = move_clock(house, body.study_now, act, step=timedelta(minutes=body.step_minutes))
    return Moved(study_now=house.clock.study(), system_now=house.clock.system(), rehearsal=True, worked=worked)


def _require_operator(viewer: Viewer) -> None:
    if not viewer.studies(Ability.OPERATE):
        raise Forbidden("forbidden", "Your role does not allow this.")
