"""On which days a design is active."""

from collections.abc import Iterator
from datetime import date, datetime

from models.definition.prompting import Event, Fixed, FollowUp, Interval, Stratified, Uniform, When, Window
from scheduler.plan.anchors import anchors
from scheduler.plan.calendar import study_date
from scheduler.plan.inputs import PlanInput
from scheduler.plan.keyed import PlanKey
from scheduler.plan.seconds import to_seconds

Limited = Fixed | Window | Stratified | Uniform | Interval | FollowUp | Event


class Activity:
    """The active days of one design for one person; worked out once, asked for every day."""

    __slots__ = ("_certain", "_design", "_first", "_key", "_last", "_starts", "_when")

    def __init__(self, inputs: PlanInput, design: Limited, key: PlanKey) -> None:
        when = self._when = design.when
        self._design, self._key = design.id, key
        self._starts = tuple(_starts(inputs, when))
        begin = inputs.start_date.toordinal()
        self._first, self._last = begin, begin + inputs.length_days - 1
        if when.anchor == "enrollment":
            self._first += when.first_day - 1
            self._last = self._last if when.last_day is None else min(self._last, begin + when.last_day - 1)
        if when.arms and inputs.arm not in when.arms:
            self._last = self._first - 1
        self._certain = when.anchor == "enrollment" and when.day_probability >= 1 and when.burst is None

    def opens_at(self, day: date) -> int | None:
        """The second from which the design is active on this local date; None where it is not.

        That is the enrollment, or for a design with an anchor the earliest anchor event that the day belongs to: nothing is
        planned before the event that asked for it. A day outside the study, off the weekdays, or not drawn under
        `day_probability` is None.
        """
        ordinal, weekdays = day.toordinal(), self._when.weekdays
        if not self._first <= ordinal <= self._last or (weekdays and day.isoweekday() not in weekdays):
            return None
        if self._certain:
            return self._starts[0][1]
        opens = next((opens for start, opens in self._starts if self._counts(ordinal - start + 1)), None)
        return opens if opens is not None and self._drawn(day) else None

    def counts(self, day: date, start: date) -> bool:
        """Whether the design is active on this local date, counted from this day 1 alone."""
        ordinal, weekdays = day.toordinal(), self._when.weekdays
        within = self._first <= ordinal <= self._last and (not weekdays or day.isoweekday() in weekdays)
        return within and self._counts(ordinal - start.toordinal() + 1) and self._drawn(day)

    def surely(self, ordinal: int, first: int) -> bool:
        """Whether every moment from the second `first` on is asked for on this date, its weekdays apart, whatever the key."""
        return self._certain and self._first <= ordinal <= self._last and first >= self._starts[0][1]

    def _counts(self, number: int) -> bool:
        """Whether the day with this number, from 1, is within the days and in a burst."""
        first, last, burst = self._when.first_day, self._when.last_day, self._when.burst
        if number < first or (last is not None and number > last):
            return False
        return burst is None or (number - first) % (burst.on_days + burst.off_days) < burst.on_days

    def _drawn(self, day: date) -> bool:
        chance = self._when.day_probability
        return chance >= 1 or self._key.fraction(self._design, day.isoformat(), "day") < chance


def _starts(inputs: PlanInput, when: When) -> Iterator[tuple[int, int]]:
    """Each day 1 that the design counts from, and the second from which it may ask; earliest first."""
    if when.anchor == "enrollment":
        yield inputs.start_date.toordinal(), to_seconds(inputs.started_at)
        return
    started = to_seconds(inputs.started_at)
    for anchor in anchors(inputs, when.anchor):
        yield anchor.day.toordinal(), max(started, anchor.at)


def opens_at(inputs: PlanInput, design: Limited, day: date) -> int | None:
    """`Activity.opens_at` for one question alone."""
    return Activity(inputs, design, PlanKey(inputs.plan_key)).opens_at(day)


def offered(inputs: PlanInput, design: Event, instant: datetime) -> bool:
    """True where the person may start this report at `instant`. Pauses and quiet hours never close a report.

    Days are those of the enrollment or of the anchor, as for planned prompts.
    """
    opens = opens_at(inputs, design, study_date(instant, inputs.zones, inputs.wake))
    return opens is not None and opens <= to_seconds(instant)
