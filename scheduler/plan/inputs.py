"""Everything that a plan depends on. Equal inputs give equal plans, whatever the order of their parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from models.definition.prompting import Design
from models.kinds import TimedEventKind
from scheduler.plan.calendar import WakeSpan, ZoneSpan, study_date


@dataclass(frozen=True, slots=True)
class Pause:
    """No prompts from `start` until `end`; None: until the person resumes."""

    start: datetime
    end: datetime | None

    def holds(self, instant: datetime) -> bool:
        return self.start <= instant and (self.end is None or instant < self.end)


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """A local day that was set, at `set_at`, for an event to come: from the wall-clock time `HH:MM`, or from waking where none is said."""

    day: date
    set_at: datetime
    wall: str | None = None


@dataclass(frozen=True, slots=True)
class PlanInput:
    """One enrollment, on one protocol version.

    `zones` and `wake` are histories, neither empty; they are put in order here. `started_at` is the enrollment instant, and
    study day 1 the study date that holds it. `anchors` are the instants of timed events that were not retracted, `planned_days` the
    days of those that are to come, or should have come and were not told yet: both anchor designs.
    `sent` maps the id of each prompt that was sent, or was still planned when its moment passed, to the instant at which it was
    due; blocked ones do not belong there. It matters only where something that the plan depends on was learned late, so a
    recomputation may otherwise leave it out.
    """

    enrollment_uid: UUID
    plan_key: bytes
    designs: tuple[Design, ...]
    zones: tuple[ZoneSpan, ...]
    wake: tuple[WakeSpan, ...]
    started_at: datetime
    length_days: int
    anchors: Mapping[TimedEventKind, tuple[datetime, ...]] = field(default_factory=dict)
    planned_days: Mapping[TimedEventKind, tuple[PlannedDay, ...]] = field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    sent: Mapping[UUID, datetime] = field(default_factory=dict)
    arm: str | None = None
    starts_on: date | None = None
    """The local date of study day 1 where it was written down: hours that change on that day do not move it. None: as they say."""
    start_date: date = field(init=False)
    """The local date of study day 1."""

    def __post_init__(self) -> None:
        if not self.zones or not self.wake:
            raise ValueError("zones and wake hold at least one span")
        object.__setattr__(self, "zones", tuple(sorted(self.zones)))
        object.__setattr__(self, "wake", tuple(sorted(self.wake, key=lambda span: span.valid_from)))
        object.__setattr__(self, "start_date", self.starts_on or study_date(self.started_at, self.zones, self.wake))

    def study_day(self, day: date) -> int:
        """The study day of a local date, from 1."""
        return (day - self.start_date).days + 1

    def paused(self, instant: datetime) -> bool:
        return any(pause.holds(instant) for pause in self.pauses)
