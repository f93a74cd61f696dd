"""Whether someone is at work to read: staffed hours as spans of time, looked up fast. Pure.

`risk.staffing` says the same of one instant; a report asks of every prompt and every alert.
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from models.definition.escalation import StaffedHours, Staffing
from models.definition.expression import items_read
from models.definition.protocol import Protocol
from scheduler.plan.calendar import DAY, resolve


class Cover:
    """The staffed spans of each tier from the day before `start` to the day after `end` (aware, UTC)."""

    def __init__(self, staffing: Staffing, start: datetime, end: datetime) -> None:
        first, last = (start - timedelta(days=2)).date(), (end + timedelta(days=2)).date()
        days = [first + DAY * number for number in range((last - first).days + 1)]
        self._spans = {tier: _joined(_spans(staffing, tier, days)) for tier in (2, 3, 4)}

    def covered(self, tier: int, instant: datetime) -> bool:
        """Whether a human answers for this tier at this instant; a span's end is not covered."""
        spans = self._spans[tier]
        place = bisect_right(spans, instant, key=lambda span: span[0]) - 1
        return place >= 0 and instant < spans[place][1]


def disclosing(protocol: Protocol) -> dict[str, frozenset[int]]:
    """Instrument -> the tiers of the disclosures that an answer to it can make."""
    found: dict[str, set[int]] = {one.id: set() for one in protocol.instruments}
    for instrument in protocol.instruments:
        asked = {item.id for item in instrument.items}
        for one in protocol.disclosures:
            if (not one.instruments or instrument.id in one.instruments) and not asked.isdisjoint(items_read(one.when)):
                found[instrument.id].add(one.tier)
    return {name: frozenset(tiers) for name, tiers in found.items()}


def _spans(staffing: Staffing, tier: int, days: Iterable[date]) -> list[tuple[datetime, datetime]]:
    hours = [one for one in staffing.hours if tier in one.tiers]
    return sorted(_span(one, day, staffing.zone) for day in days for one in hours if day.isoweekday() in one.weekdays)


def _span(hours: StaffedHours, day: date, zone: str) -> tuple[datetime, datetime]:
    last = day if hours.end > hours.start else day + DAY
    return resolve(day, hours.start, zone), resolve(last, hours.end, zone)


def _joined(spans: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined
