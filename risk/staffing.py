"""Whether a human answers now, and by when; and who is told in which order. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from models.definition.escalation import Ladder, Rung, StaffedHours, Staffing
from models.definition.protocol import Protocol
from models.kinds import RungTarget

HORIZON_DAYS: Final = 60
"""Beyond this nobody is promised."""

LADDERS: Final[Mapping[int, Ladder]] = {
    tier: Ladder(
        tier=tier,
        rungs=tuple(
            Rung(to=to, acknowledge_minutes=minutes, repeat_minutes=repeat)
            for to in (RungTarget.OWNER, RungTarget.ON_DUTY, RungTarget.SUPERVISOR, RungTarget.INVESTIGATOR)
        ),
        acknowledgement_minutes=expires,
        snooze_limit_minutes=snooze,
    )
    for tier, minutes, repeat, expires, snooze in (
        (2, 24 * 60, 8 * 60, 48 * 60, 24 * 60),
        (3, 60, 15, 4 * 60, 4 * 60),
        (4, 15, 5, 30, 0),
    )
}
"""For a protocol that has none for a tier: an alert opens all the same."""


@dataclass(frozen=True, slots=True)
class Staffed:
    """`nobody`: no one is reading at this moment. `by`: when someone will have read, None where that cannot be promised."""

    by: datetime | None
    nobody: bool


def ladder_for(protocol: Protocol, tier: int) -> Ladder:
    """The protocol's ladder for a tier, or the house's own where it has none."""
    return protocol.ladder(tier) or LADDERS[tier]


def answered(protocol: Protocol, tier: int, now: datetime) -> Staffed:
    """What a person may be told: whether anyone is reading, and by when under the first rung of the tier's ladder."""
    return staffed(protocol.staffing, tier, now, answer_minutes=ladder_for(protocol, tier).rungs[0].acknowledge_minutes)


def staffed(staffing: Staffing, tier: int, now: datetime, *, answer_minutes: int = 0) -> Staffed:
    """Whether the tier's hours cover `now`, and when `answer_minutes` of staffed time will have passed (aware, UTC).

    Minutes outside staffed hours do not count: ten minutes before closing, an hour's answer comes on the next staffed day.
    Wall-clock hours follow the zone through both clock changes. `by` is None without hours for the tier within 60 days.

    >>> hours = StaffedHours(weekdays=(1, 2, 3, 4, 5), start="09:00", end="17:00", tiers=(2,))
    >>> friday = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)
    >>> staffed(Staffing(zone="UTC", hours=(hours,)), 2, friday, answer_minutes=60)
    Staffed(by=datetime.datetime(2026, 3, 9, 9, 30, tzinfo=datetime.timezone.utc), nobody=False)
    """
    remaining, reached, nobody = timedelta(minutes=answer_minutes), now.astimezone(UTC), True
    for start, end in _spans(staffing, tier, now):
        nobody = nobody and not start <= now < end
        begins = max(start, reached)
        if begins >= end:
            continue
        if end - begins > remaining:
            return Staffed(begins + remaining, nobody)
        remaining -= end - begins
        reached = end
    return Staffed(None, nobody)


def _spans(staffing: Staffing, tier: int, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Staffed spans of a tier by their start, from the one that may still run; day by day, so that few are worked out."""
    zone = ZoneInfo(staffing.zone)
    hours = [one for one in staffing.hours if tier in one.tiers]
    first = now.astimezone(zone).date() - timedelta(days=1)
    for offset in range(HORIZON_DAYS if hours else 0):
        day = first + timedelta(days=offset)
        yield from sorted(_span(one, day, zone) for one in hours if day.isoweekday() in one.weekdays)


def _span(hours: StaffedHours, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    last = day if end > start else day + timedelta(days=1)
    return _instant(datetime.combine(day, start), zone), _instant(datetime.combine(last, end), zone)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """A wall-clock time as an instant: the first of two, and the first after a gap where there is none.

    Both ends of a span go through here, so that hours that meet on the wall clock meet in time.
    """
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    before, after = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), instant
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
