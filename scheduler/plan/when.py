"""On which days a design is active."""

from collections.abc import Iterator
from datetime import date, datetime

from models.definition.prompting import Event, Fixed, FollowUp, Stratified, When, Window
from scheduler.plan.calendar import study_date
from scheduler.plan.inputs import PlanInput
from scheduler.plan.keyed import PlanKey
from scheduler.plan.seconds import to_seconds

Limited = Fixed | Window | Stratified | FollowUp | Event


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
        self._certain = when.anchor == "enrollment" and when.day_probability >= 1

    def opens_at(self, day: date) -> int | None:
        """The second from which the design is active on this local date; None where it is not.

        That is the enrollment, or for a design with an anchor the earliest anchor event that the day belongs to: nothing is
        planned before the event that asked for it. A day outside the study, off the weekdays, or not drawn under
        `day_probability` is None.
        """
        when, ordinal = self._when, day.toordinal()
        if not self._first <= ordinal <= self._last or (when.weekdays and day.isoweekday() not in when.weekdays):
            return None
        if self._certain:
            return self._starts[0][1]
        opens = self._opens(ordinal)
        if opens is None or when.day_probability >= 1:
            return opens
        return opens if self._key.fraction(self._design, day.isoformat(), "day") < when.day_probability else None

    def surely(self, ordinal: int, first: int) -> bool:
        """Whether every moment from the second `first` on is asked for on this date, its weekdays apart, whatever the key."""
        return self._certain and self._first <= ordinal <= self._last and first >= self._starts[0][1]

    def _opens(self, ordinal: int) -> int | None:
        first, last = self._when.first_day, self._when.last_day
        for start, opens in self._starts:
            number = ordinal - start + 1
            if first <= number and (last is None or number <= last):
                return opens
        return None


def _starts(inputs: PlanInput, when: When) -> Iterator[tuple[int, int]]:
    """Each day 1 that the design counts from, and the second from which it may ask; earliest first."""
    if when.anchor == "enrollment":
        yield inputs.start_date.toordinal(), to_seconds(inputs.started_at)
        return
    for instant in sorted(inputs.anchors.get(when.anchor, ())):
        day = study_date(instant, inputs.zones, inputs.wake).toordinal()
        yield day, to_seconds(max(inputs.started_at, instant))


def opens_at(inputs: PlanInput, design: Limited, day: date) -> int | None:
    """`Activity.opens_at` for one question alone."""
    return Activity(inputs, design, PlanKey(inputs.plan_key)).opens_at(day)


def offered(inputs: PlanInput, design: Event, instant: datetime) -> bool:
    """True where the person may start this report at `instant`. Pauses and quiet hours never close a report.

    Days are those of the enrollment or of the anchor, as for planned prompts.
    """
    opens = opens_at(inputs, design, study_date(instant, inputs.zones, inputs.wake))
    return opens is not None and opens <= to_seconds(instant)
