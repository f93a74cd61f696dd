"""Travel: one local date as the zones see it that the person was in around it.

An epoch is one span of the zone history. Within an epoch everything open is planned in its zone; when the next begins, what
was due before stands for good and the rest is planned again. So a slot is never asked twice, what was planned before a
move never depends on the move, and later draws keep their distance in absolute time.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from math import floor
from typing import NamedTuple

from scheduler.plan.calendar import DAY, WakeSpan, ZoneSpan, offsets, resolve_seconds, wake_on, window_seconds
from scheduler.plan.draw import DayView, Draw
from scheduler.plan.seconds import DAY_SECONDS, date_of, midnight, to_seconds

_BEFORE = 60 * 3600
_AFTER = 84 * 3600
_SENT = 44 * 3600
"""How far around midnight UTC of a date a move can matter to it, or to the days beside it, in any zone.

Something sent matters to its own date and to those beside it; no moment is 20 hours before its date begins in UTC.
"""


class Settled(NamedTuple):
    """A slot's draw. `moved` says of one that does not fit that it would have fitted without the move."""

    draw: Draw
    moved: bool = False


def views(zones: Sequence[ZoneSpan], wake: Sequence[WakeSpan], day: date) -> tuple[DayView, ...]:
    """This date in each epoch that can matter to it, in order, without a break; at least one."""
    wake_window = wake_on(wake, day)
    if len(zones) == 1:
        return (_view(zones[0].zone, wake_window.start, wake_window.end, day, 0, None),)
    utc = midnight(day)
    ends = [to_seconds(span.valid_from) for span in zones[1:]]
    first = sum(end <= utc - _BEFORE for end in ends)
    last = sum(end < utc + _AFTER for end in ends)
    return tuple(
        _view(
            zones[epoch].zone,
            wake_window.start,
            wake_window.end,
            day,
            epoch,
            None if epoch == first else floor(zones[epoch].valid_from.timestamp()) + 1,
        )
        for epoch in range(first, last + 1)
    )


@lru_cache(maxsize=1 << 14)
def _view(zone: str, wake_start: str, wake_end: str, day: date, epoch: int, since: int | None) -> DayView:
    """Shared by everybody who lives in this zone by these wake hours."""
    start, end = window_seconds(day, wake_start, wake_end, zone)
    midnights = tuple(resolve_seconds(day + DAY * number, "00:00", zone) for number in (-1, 0, 1, 2))
    return DayView(day, zone, epoch, start, end, midnights, since, offsets(zone).steady(midnights[0], midnights[-1]))


class Calm(NamedTuple):
    """Local dates, as ordinals and both included, that nothing but the date sets apart: one zone, one pair of wake windows."""

    first: int
    last: int
    zone: str
    wake: WakeSpan


def calm(zones: Sequence[ZoneSpan], wake: Sequence[WakeSpan], sent: Collection[datetime]) -> tuple[Calm, ...]:
    """The dates that lie, with those beside them, within one epoch and one wake span, and after all that was sent."""
    since = date.min.toordinal() if not sent else _ordinal(to_seconds(max(sent)) + _SENT) + 1
    found: list[Calm] = []
    for number, span in enumerate(zones):
        first = since if number == 0 else max(since, _ordinal(to_seconds(span.valid_from) + _BEFORE + DAY_SECONDS) + 1)
        coming = zones[number + 1].valid_from if number + 1 < len(zones) else None
        last = date.max.toordinal() if coming is None else _ordinal(to_seconds(coming) - _AFTER - DAY_SECONDS) - 1
        for place, hours in enumerate(wake):
            begin = first if place == 0 else max(first, hours.valid_from.toordinal() + 1)
            end = last if place + 1 == len(wake) else min(last, wake[place + 1].valid_from.toordinal() - 2)
            if begin <= end:
                found.append(Calm(begin, end, span.zone, hours))
    return tuple(found)


def _ordinal(instant: int) -> int:
    """The date in UTC."""
    return date_of(instant // DAY_SECONDS).toordinal()


def same_clock(one: DayView, other: DayView) -> bool:
    """Whether clocks show the same in both zones on this date and the days beside it, so that no move is felt."""
    return (one.start, one.end, one.midnights) == (other.start, other.end, other.midnights)


def standing(settled: Mapping[int, Settled], since: int) -> dict[int, Settled]:
    """The slots on which the last word had been said when the next epoch began."""
    return {k: one for k, one in settled.items() if (one.draw.at if one.draw.fits else one.draw.end) < since}


def label(day_views: Sequence[DayView], position: int) -> str:
    """What makes a draw in this epoch a fresh one.

    Once the day has begun in an earlier epoch, that a slot is still open says something about its old draw; the same
    fraction used again would not be even over what is left. Before that, a new zone draws as if it had always been the zone.
    """
    ends = (view.since for view in day_views[1 : position + 1])
    begun = any(end is not None and min(view.start, view.midnights[1]) < end for view, end in zip(day_views, ends, strict=False))
    return f"@{day_views[position].since}" if begun else ""
