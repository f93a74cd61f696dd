"""Designs: which moments a study asks for. Times of day are wall-clock in the participant's zone."""

from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from models.definition.base import Code, Document, Text, WallTime
from models.definition.expression import Expression
from models.kinds import DesignKind, TimedEventKind

MOST_PROMPTS: Final = 24
"""Of one drawn design on a day."""
Weekday = Annotated[int, Field(ge=1, le=7)]
"""ISO: Monday is 1."""

LATE_GRACE: Final = timedelta(minutes=15)
"""How long after expiry an answer that was opened in time may end and still be `late`: the longest diary takes ten minutes."""

EARLY_GRACE: Final = timedelta(minutes=5)
"""How long before its due time a prompt may be answered and still be in time: a phone that derives its prompts rings by its own clock,
and one that is wrong by no more than this is not suspect."""


class Burst(Document):
    """Active for some days, then silent for some, over and over; the first day of a design begins a burst."""

    on_days: int = Field(ge=1)
    off_days: int = Field(ge=1)


class WakeWindow(Document):
    """Wall-clock ends; an end at or before the start lies on the next day."""

    start: WallTime
    end: WallTime


class When(Document):
    """Limits that every design may carry. Study day 1 is the first local day of the enrollment."""

    first_day: int = Field(default=1, ge=1)
    last_day: int | None = Field(default=None, ge=1)
    weekdays: tuple[Weekday, ...] = ()
    """Empty: every day."""
    anchor: Literal["enrollment"] | TimedEventKind = "enrollment"
    """What day 1 counts from."""
    day_probability: float = Field(default=1.0, gt=0, le=1)
    """The chance that a day is included, by the enrollment's plan key."""
    burst: Burst | None = None
    """Measurement bursts within the days above, counted from the first of them. One burst after an event is an anchor and a last day."""
    arms: tuple[Code, ...] = ()
    """The arms of enrollments that have this design. Empty: every arm, and those without one."""


class Reminders(Document):
    count: int = Field(default=0, ge=0, le=5)
    every_minutes: int = Field(default=15, ge=1)


class Expiry(Document):
    minutes: int = Field(ge=1)
    reminders: Reminders = Reminders()
    snoozes: int = Field(default=0, ge=0, le=5)
    snooze_minutes: int = Field(default=10, ge=1)


class _Design(Document):
    id: Code
    instrument: Code
    when: When = When()
    expiry: Expiry
    push: Text | None = None
    """Neutral words for the lock screen; nothing about health. Absent: the protocol's default."""


class Fixed(_Design):
    """At the same wall-clock times."""

    kind: Literal[DesignKind.FIXED] = DesignKind.FIXED
    times: tuple[WallTime, ...] = Field(min_length=1)


class Window(_Design):
    """At an offset from an end of the person's wake window: +20 minutes after waking, -60 before sleep."""

    kind: Literal[DesignKind.WINDOW] = DesignKind.WINDOW
    edge: Literal["start", "end"]
    offset_minutes: int = 0
    jitter_minutes: int = Field(default=0, ge=0)
    """Uniform on [0, jitter] added after the offset."""


class Stratified(_Design):
    """Signal-contingent, stratified random: equal blocks of the window, one prompt a block, a guaranteed gap."""

    kind: Literal[DesignKind.STRATIFIED] = DesignKind.STRATIFIED
    prompts: int = Field(ge=1, le=MOST_PROMPTS)
    gap_minutes: int = Field(ge=0)
    """The least time between any two prompts of this design on one day, and to `exclude`d designs."""
    exclude: tuple[Code, ...] = ()
    """Fixed or window designs to which the gap holds too."""
    exclude_minutes: int = Field(default=0, ge=0)
    """The least time to these, where it is more than the gap."""
    hours: WakeWindow | None = None
    """A clock window instead of the person's wake window."""
    from_start_minutes: int = Field(default=0, ge=0)
    to_end_minutes: int = Field(default=0, ge=0)
    """Trim the window by these before it is cut in blocks."""


class Uniform(_Design):
    """Signal-contingent, uniform random: any set of moments in the window that keeps the gap is as likely as any other."""

    kind: Literal[DesignKind.UNIFORM] = DesignKind.UNIFORM
    prompts: int = Field(ge=1, le=MOST_PROMPTS)
    gap_minutes: int = Field(ge=0)
    """The least time between any two prompts of this design, and to `exclude`d designs."""
    exclude: tuple[Code, ...] = ()
    """Fixed or window designs to which the gap holds too."""
    exclude_minutes: int = Field(default=0, ge=0)
    """The least time to these, where it is more than the gap."""
    hours: WakeWindow | None = None
    """A clock window instead of the person's wake window."""
    from_start_minutes: int = Field(default=0, ge=0)
    to_end_minutes: int = Field(default=0, ge=0)
    """Trim the window by these."""


class Interval(_Design):
    """Every so many minutes, hours or days from the enrollment or from each anchor event, until the next event of its kind.

    Minutes and hours are absolute time; days keep the anchor's time of day on the wall. The first prompt comes after one interval.
    """

    kind: Literal[DesignKind.INTERVAL] = DesignKind.INTERVAL
    every: int = Field(ge=1)
    unit: Literal["minutes", "hours", "days"]
    jitter_minutes: int = Field(default=0, ge=0)
    """Uniform on [0, jitter] added to each moment; it does not add up."""


class FollowUp(_Design):
    """A rule on an answer, or on the estimate that follows it, plans one prompt after a delay, at most once per source response."""

    kind: Literal[DesignKind.FOLLOW_UP] = DesignKind.FOLLOW_UP
    after: tuple[Code, ...] = Field(min_length=1)
    """The instruments whose responses may start it."""
    basis: Literal["answer", "estimate"] = "answer"
    """Whether the condition reads the answers alone, as a phone can, or tailoring variables too, once the answer was decided on."""
    condition: Expression = None
    delay_minutes: int = Field(ge=1)
    per_day: int = Field(default=4, ge=1)
    cooldown_minutes: int = Field(default=0, ge=0)


class Event(_Design):
    """Started by the person at any time; plans nothing."""

    kind: Literal[DesignKind.EVENT] = DesignKind.EVENT


Design = Annotated[Fixed | Window | Stratified | Uniform | Interval | FollowUp | Event, Field(discriminator="kind")]


class WakeWindows(Document):
    weekday: WakeWindow
    weekend: WakeWindow


class WakeBounds(Document):
    """What a person may choose: every design must fit the shortest allowed window."""

    shortest_hours: float = Field(default=10, gt=0, le=24)
    longest_hours: float = Field(default=20, gt=0, le=24)
    default: WakeWindows
