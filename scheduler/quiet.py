"""Quiet hours where a person is: prompts, reminders and deferred prompts stay silent in them. Safety asks nobody here.

A plan keeps out of quiet hours by itself. This is for what a plan cannot know: someone has moved to another zone since a
reminder or a follow-up was planned, or defers a prompt past bedtime.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.queries import planning
from models.session import ReadSession
from scheduler.plan.calendar import WakeSpan, ZoneSpan, awake_until, zone_at
from scheduler.plan_inputs import by_person, wake_spans, zone_spans


@dataclass(frozen=True, slots=True)
class Hours:
    """One person's zones and wake windows."""

    zones: Sequence[ZoneSpan]
    wake: Sequence[WakeSpan]

    def until(self, instant: datetime) -> datetime | None:
        """Until when the person, awake at `instant`, may be told; None in quiet hours.

        A moment that falls on a move belongs to the zone before it, as in a plan.
        """
        return awake_until(instant, zone_at(self.zones, instant - timedelta.resolution), self.wake)

    def quiet(self, instant: datetime) -> bool:
        return self.until(instant) is None


def hours_of(session: ReadSession, enrollment_ids: Collection[int]) -> Mapping[int, Hours]:
    """The hours of people who have started, read set by set."""
    zones, wakes = by_person(planning.zone_histories(session, enrollment_ids)), by_person(planning.wake_histories(session, enrollment_ids))
    return {
        one.id: Hours(zone_spans(one, zones[one.id]), wake_spans(one, wakes[one.id])) for one in planning.hours_now(session, enrollment_ids)
    }
