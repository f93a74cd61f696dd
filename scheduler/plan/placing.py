"""Where a moment falls in a person's time: which zone, awake or asleep, paused."""

from datetime import date, timedelta
from uuid import UUID

from models.definition.prompting import FollowUp
from scheduler.plan.calendar import awake_at, offsets, zone_at
from scheduler.plan.draw import Draw
from scheduler.plan.inputs import PlanInput
from scheduler.plan.occasion import Blocked, Form, Occasion
from scheduler.plan.seconds import to_instant
from scheduler.plan.slots import Slot, follow_up_uid, source_index


def placed(inputs: PlanInput, form: Form, slot: Slot, uid: UUID, draw: Draw, blocked: Blocked | None = None) -> Occasion:
    """The occasion of a slot. One that fits is blocked where the person sleeps or has paused then."""

    def awake(at: int) -> bool:
        return awake_at(at, at, zone_at(inputs.zones, to_instant(at)), inputs.wake)

    due_at = to_instant(draw.at)
    # A moment that falls on a move belongs to the zone that planned it.
    zone = zone_at(inputs.zones, due_at - timedelta.resolution)
    if blocked is None and not awake_at(draw.at, draw.at, zone, inputs.wake):
        blocked = "quiet_hours"
    if blocked is None and inputs.paused(due_at):
        blocked = "paused"
    offset, study_day = offsets(zone).at(draw.at), inputs.study_day(slot.local_date)
    return form.occasion(slot, uid, study_day, draw, zone=zone, offset=offset, blocked=blocked, awake=awake)


def placed_after(inputs: PlanInput, design: FollowUp, source: UUID, day: date, at: int) -> Occasion:
    """The occasion at `at` of a follow-up of this response, which counts to `day`."""
    slot = Slot(day, source_index(source), source)
    return placed(inputs, Form(design), slot, follow_up_uid(inputs.enrollment_uid, design.id, source), Draw(at, at, at))
