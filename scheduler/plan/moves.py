"""Travel: one local date as the zones see it that the person was in around it.

An epoch is one span of the zone history. Within an epoch everything open is planned in its zone; when the next begins, what
was due before stands for good and the rest is planned again. So a slot is never asked twice, what was planned before a
move never depends on the move, and later draws keep their distance in absolute time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from scheduler.plan.calendar import DAY, WakeSpan, ZoneSpan, resolve, wake_on, window
from scheduler.plan.draw import DayView, Draw, to_seconds

_BEFORE = timedelta(hours=60)
_AFTER = timedelta(hours=84)
"""How far around midnight UTC of a date a move can matter to it, or to the days beside it, in any zone."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A slot's draw. `moved` says of one that does not fit that it would have fitted without the move."""

    draw: Draw
    moved: bool = False


def views(zones: Sequence[ZoneSpan], wake: Sequence[WakeSpan], day: date) -> tuple[DayView, ...]:
    """This date in each epoch that can matter to it, in order, without a break; at least one."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    ends = [span.valid_from for span in zones[1:]]
    first = sum(end <= midnight - _BEFORE for end in ends)
    last = sum(end < midnight + _AFTER for end in ends)
    return tuple(_view(zones[epoch], wake, day, epoch, is_first=epoch == first) for epoch in range(first, last + 1))


def _view(span: ZoneSpan, wake: Sequence[WakeSpan], day: date, epoch: int, *, is_first: bool) -> DayView:
    start, end = window(day, wake_on(wake, day), span.zone)
    return DayView(
        day=day,
        zone=span.zone,
        epoch=epoch,
        start=to_seconds(start),
        end=to_seconds(end),
        midnights=tuple(to_seconds(resolve(day + DAY * number, "00:00", span.zone)) for number in (-1, 0, 1, 2)),
        since=None if is_first else int(span.valid_from.timestamp()) + 1,
    )


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
