"""An occasion: one planned moment as a value. The horizon stores it as a prompt."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from models.definition.prompting import Expiry, Fixed, FollowUp, Stratified, Window
from models.kinds import DesignKind
from scheduler.plan.calendar import awake, local, zone_at
from scheduler.plan.inputs import PlanInput
from scheduler.plan.slots import Slot

Blocked = Literal["travel", "window", "paused", "quiet_hours", "passed"]
"""Why an occasion will not be sent: it no longer fits after a move; it does not fit the person's window that day; the person
paused; the moment lies outside the wake window; it had passed before it could be planned."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """One planned moment. Instants are UTC and in whole seconds.

    window_start, window_end   the seconds that `due_at` was chosen from: a block, a jitter, or the moment itself
    local_due, offset_minutes  the wall clock in `zone` at `due_at`, `YYYY-MM-DDTHH:MM:SS`, and minutes east of UTC
    density                    sampling density of `due_at` per minute, given the draws before it on that day; None where not drawn
    day_probability            the probability with which the day was included
    reminders                  distinct instants after `due_at`, before `expires_at`, inside the wake window
    blocked                    None where it is to be sent; a blocked occasion is a row all the same
    source                     client id of the response that a follow-up follows
    """

    uid: UUID
    design: str
    kind: DesignKind
    instrument: str
    slot: Slot
    study_day: int
    due_at: datetime
    window_start: datetime
    window_end: datetime
    expires_at: datetime
    zone: str
    local_due: str
    offset_minutes: int
    density: float | None
    day_probability: float
    reminders: tuple[datetime, ...]
    blocked: Blocked | None = None
    source: UUID | None = None


def occasion(
    inputs: PlanInput,
    design: Fixed | Window | Stratified | FollowUp,
    slot: Slot,
    uid: UUID,
    *,
    due_at: datetime,
    window: tuple[datetime, datetime],
    density: float | None,
    blocked: Blocked | None,
) -> Occasion:
    """The occasion of a slot at a moment. One that fits is blocked where the person sleeps or has paused then."""
    # A moment that falls on a move belongs to the zone that planned it.
    zone = zone_at(inputs.zones, due_at - timedelta.resolution)
    shown = local(due_at, zone)
    if blocked is None and not awake(due_at, zone, inputs.wake):
        blocked = "quiet_hours"
    if blocked is None and inputs.paused(due_at):
        blocked = "paused"
    return Occasion(
        uid=uid,
        design=design.id,
        kind=design.kind,
        instrument=design.instrument,
        slot=slot,
        study_day=inputs.study_day(slot.local_date),
        due_at=due_at,
        window_start=window[0],
        window_end=window[1],
        expires_at=due_at + timedelta(minutes=design.expiry.minutes),
        zone=zone,
        local_due=shown.stamp,
        offset_minutes=shown.offset_minutes,
        density=density,
        day_probability=design.when.day_probability,
        reminders=() if blocked else _reminders(inputs, design.expiry, due_at),
        blocked=blocked,
        source=slot.source,
    )


def _reminders(inputs: PlanInput, expiry: Expiry, due_at: datetime) -> tuple[datetime, ...]:
    every = timedelta(minutes=expiry.reminders.every_minutes)
    instants = (due_at + every * number for number in range(1, expiry.reminders.count + 1))
    expires_at = due_at + timedelta(minutes=expiry.minutes)
    return tuple(one for one in instants if one < expires_at and awake(one, zone_at(inputs.zones, one), inputs.wake))
