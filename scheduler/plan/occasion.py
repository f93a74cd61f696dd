"""An occasion: one planned moment as a value. The horizon stores it as a prompt."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from models.definition.prompting import Fixed, FollowUp, Interval, Stratified, Uniform, Window
from models.kinds import DesignKind
from scheduler.plan.draw import Draw
from scheduler.plan.seconds import edge, stamp, to_instant
from scheduler.plan.slots import Slot

Blocked = Literal["travel", "window", "paused", "quiet_hours", "passed"]
"""Why an occasion will not be sent: it no longer fits after a move; it does not fit the person's window that day; the person
paused; the moment lies outside the wake window; it had passed before it could be planned."""


class Occasion(NamedTuple):
    """One planned moment. Instants are UTC and in whole seconds. In order: by moment, design and slot.

    window_start, window_end   the seconds that `due_at` was chosen from: a block, a jitter, or the moment itself
    local_due, offset_minutes  the wall clock in `zone` at `due_at`, `YYYY-MM-DDTHH:MM:SS`, and minutes east of UTC
    density                    sampling density of `due_at` per minute, given the draws before it on that day; None where not drawn
    day_probability            the probability with which the day was included
    reminders                  distinct instants after `due_at`, before `expires_at`, inside the wake window
    blocked                    None where it is to be sent; a blocked occasion is a row all the same
    source                     client id of the response that a follow-up follows
    """

    due_at: datetime
    design: str
    slot: Slot
    uid: UUID
    study_day: int
    kind: DesignKind
    instrument: str
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


class Form:
    """What all occasions of one design have in common.

    reminders   seconds after `due_at` and the same as a duration, those before it expires
    last        seconds from a prompt to its last reminder
    """

    __slots__ = ("day_probability", "design", "expiry", "instrument", "kind", "last", "reminders")

    def __init__(self, design: Fixed | Window | Stratified | Uniform | Interval | FollowUp) -> None:
        reminders, ends = design.expiry.reminders, design.expiry.minutes
        minutes = [number * reminders.every_minutes for number in range(1, reminders.count + 1)]
        self.design, self.kind, self.instrument = design.id, design.kind, design.instrument
        self.day_probability = design.when.day_probability
        self.expiry = timedelta(minutes=ends)
        self.reminders = tuple((60 * one, timedelta(minutes=one)) for one in minutes if one < ends)
        self.last = self.reminders[-1][0] if self.reminders else 0

    def occasion(
        self,
        slot: Slot,
        uid: UUID,
        study_day: int,
        draw: Draw,
        *,
        zone: str,
        offset: int,
        blocked: Blocked | None,
        awake: Callable[[int], bool],
    ) -> Occasion:
        """The occasion of a slot. `offset` is that of `zone`, in seconds; `awake` says of a second whether a reminder may come then."""
        at, due_at = draw.at, to_instant(draw.at)
        return Occasion(
            due_at=due_at,
            design=self.design,
            slot=slot,
            uid=uid,
            study_day=study_day,
            kind=self.kind,
            instrument=self.instrument,
            window_start=edge(draw.start),
            window_end=edge(draw.end),
            expires_at=due_at + self.expiry,
            zone=zone,
            local_due=stamp(at + offset),
            offset_minutes=offset // 60,
            density=draw.per_minute,
            day_probability=self.day_probability,
            reminders=() if blocked else tuple(due_at + later for ahead, later in self.reminders if awake(at + ahead)),
            blocked=blocked,
            source=slot.source,
        )
