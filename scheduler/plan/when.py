"""On which days a design is active."""

from collections.abc import Iterable
from datetime import date, datetime

from models.definition.prompting import Event, Fixed, FollowUp, Stratified, When, Window
from scheduler.plan.calendar import study_date
from scheduler.plan.inputs import PlanInput
from scheduler.plan.keyed import fraction


def opens_at(inputs: PlanInput, design: Fixed | Window | Stratified | FollowUp | Event, day: date) -> datetime | None:
    """The instant from which the design is active on this local date; None where it is not.

    That is the enrollment, or for a design with an anchor the earliest anchor event that the day belongs to: nothing is
    planned before the event that asked for it. A day outside the study, off the weekdays, or not drawn under `day_probability` is None.
    """
    when = design.when
    number = inputs.study_day(day)
    if not 1 <= number <= inputs.length_days or (when.weekdays and day.isoweekday() not in when.weekdays):
        return None
    if not _included(inputs, design.id, when, day):
        return None
    if when.anchor == "enrollment":
        return inputs.started_at if _in_range(when, number) else None
    starts = list(_anchored(inputs, when, inputs.anchors.get(when.anchor, ()), day))
    return max(inputs.started_at, min(starts)) if starts else None


def offered(inputs: PlanInput, design: Event, instant: datetime) -> bool:
    """True where the person may start this report at `instant`. Pauses and quiet hours never close a report.

    Days are those of the enrollment or of the anchor, as for planned prompts.
    """
    opens = opens_at(inputs, design, study_date(instant, inputs.zones, inputs.wake))
    return opens is not None and opens <= instant


def _included(inputs: PlanInput, design: str, when: When, day: date) -> bool:
    return when.day_probability >= 1 or fraction(inputs.plan_key, design, day.isoformat(), "day") < when.day_probability


def _in_range(when: When, number: int) -> bool:
    return when.first_day <= number and (when.last_day is None or number <= when.last_day)


def _anchored(inputs: PlanInput, when: When, instants: Iterable[datetime], day: date) -> Iterable[datetime]:
    for instant in instants:
        if _in_range(when, (day - study_date(instant, inputs.zones, inputs.wake)).days + 1):
            yield instant
