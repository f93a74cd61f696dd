"""Quiet hours where a person is: prompts, reminders and deferred prompts stay silent in them. Safety asks nobody here.

A plan keeps out of quiet hours by itself. This is for what a plan cannot know: someone has moved to another zone since a
reminder or a follow-up was planned, or defers a prompt past bedtime.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from models.queries import planning
from models.session import ReadSession
from scheduler.plan.calendar import WakeSpan, ZoneSpan, awake_in, date_in, wake_around, zone_at
from scheduler.plan_inputs import wake_spans, zone_spans


@dataclass(frozen=True, slots=True)
class Hours:
    """One person's zones and wake windows."""

    zones: Sequence[ZoneSpan]
    wake: Sequence[WakeSpan]
    _around: dict[tuple[date, str], Sequence[tuple[int, int]]] = field(default_factory=dict, compare=False, repr=False)
    """The wake windows around a day, once worked out: the reminders of a week fall on few days."""

    def until(self, instant: datetime) -> datetime | None:
        """Until when the person, awake at `instant`, may be told; None in quiet hours.

        A moment that falls on a move belongs to the zone before it, as in a plan.
        """
        zone = zone_at(self.zones, instant - timedelta.resolution)
        day = date_in(instant, zone)
        around = self._around.get((day, zone))
        if around is None:
            around = self._around[day, zone] = wake_around(day, zone, self.wake)
        return awake_in(around, instant)

    def quiet(self, instant: datetime) -> bool:
        return self.until(instant) is None


def hours_of(session: ReadSession, enrollment_ids: Collection[int]) -> Mapping[int, Hours]:
    """The hours of people who have started, in one read."""
    found = planning.hours_now(session, enrollment_ids)
    return {key: Hours(zone_spans(one, one.zones), wake_spans(one, one.wakes)) for key, one in found.items()}
