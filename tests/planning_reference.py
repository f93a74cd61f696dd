"""A plan as a phone would work it out: nothing of the planner is used here, and nothing is remembered.

For a person who stays in one zone and keeps their hours, where no prompt of one day reaches into the next. Instants are whole
seconds since 1970. A slot that does not fit has no moment.
"""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib import resources
from itertools import product
from math import comb, prod
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from models.definition.prompting import Design, Fixed, Interval, Stratified, Uniform, WakeWindows, Window

NAMESPACE = UUID("0d7c1f0a-7a51-5b0e-9f43-6a1f0c9be2d4")
DAY = timedelta(days=1)

Spans = list[tuple[int, int]]
Slots = dict[UUID, int | None]


@lru_cache(maxsize=1024)
def rules(zone: str) -> ZoneInfo:
    """The zone of the pinned package, whatever the machine has."""
    with resources.files("tzdata").joinpath("zoneinfo", *zone.split("/")).open("rb") as found:
        return ZoneInfo.from_file(found, key=zone)


def shown(at: int, zone: str) -> datetime:
    """What the wall shows."""
    return datetime.fromtimestamp(at, rules(zone)).replace(tzinfo=None)


@lru_cache(maxsize=4096)
def first(day: date, wall: str, zone: str) -> int:
    """The first instant at which the wall shows this or later."""
    wanted = datetime.combine(day, time.fromisoformat(wall))
    at = int(wanted.replace(tzinfo=rules(zone)).timestamp())
    if shown(at, zone) == wanted:
        return at
    low, high = at - 86_400, at
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if shown(middle, zone) < wanted else (low, middle)
    return high


@dataclass(frozen=True)
class Someone:
    """One person with one zone and one pair of wake windows."""

    uid: UUID
    key: bytes
    zone: str
    wake: WakeWindows
    designs: Sequence[Design]
    started: int
    first_date: date
    anchors: Mapping[str, tuple[tuple[int, date], ...]]

    def pick(self, count: int, *parts: str) -> int:
        message = b"breakwater.plan/1" + b"".join(b"%d:%b," % (len(one.encode()), one.encode()) for one in parts)
        return count * (int.from_bytes(hmac.digest(self.key, message, "sha256")[:8], "big") >> 11) >> 53

    def window(self, day: date) -> tuple[int, int]:
        hours = self.wake.weekend if day.isoweekday() > 5 else self.wake.weekday
        return first(day, hours.start, self.zone), first(day if hours.end > hours.start else day + DAY, hours.end, self.zone)

    def awake(self, at: int) -> bool:
        today = shown(at, self.zone).date()
        return any(start <= at <= end for start, end in map(self.window, (today - DAY, today)))

    def study_date(self, at: int) -> date:
        today = shown(at, self.zone).date()
        return today - DAY if at < self.window(today - DAY)[1] and at < self.window(today)[0] else today

    def slots(self, day: date) -> Slots:
        """Every prompt id of a local date and its moment."""
        return {uid: at for design in self.designs for uid, at in self._of(design, day)}

    def opens(self, design: Design, day: date) -> int | None:
        """From when the design asks on this date; None: not at all."""
        when = design.when
        starts = [(self.started, self.first_date)] if when.anchor == "enrollment" else self.anchors.get(when.anchor, ())
        for at, start in sorted(starts):
            if self._counts(when, day, (day - start).days + 1):
                chance = self.pick(1 << 53, design.id, str(day), "day") / (1 << 53)
                return max(at, self.started) if chance < when.day_probability else None
        return None

    def _counts(self, when: Any, day: date, number: int) -> bool:
        on = when.burst is None or (number - when.first_day) % (when.burst.on_days + when.burst.off_days) < when.burst.on_days
        inside = when.first_day <= number and (when.last_day is None or number <= when.last_day)
        return on and inside and (not when.weekdays or day.isoweekday() in when.weekdays)

    def _of(self, design: Design, day: date) -> Iterator[tuple[UUID, int | None]]:
        if isinstance(design, Interval):
            yield from self._interval(design, day)
        opens = self.opens(design, day) if isinstance(design, Fixed | Window | Stratified | Uniform) else None
        if opens is None:
            return
        for index, at in enumerate(self.moments(design, day)):
            if at is None or at >= opens:
                yield uuid5(NAMESPACE, f"{self.uid}/{design.id}/{day}/{index}"), at

    def moments(self, design: Design, day: date) -> list[int | None]:
        start, end = self.window(day)
        if isinstance(design, Fixed):
            return [first(day, wall, self.zone) for wall in design.times]
        if isinstance(design, Window):
            base = (start if design.edge == "start" else end) + 60 * design.offset_minutes
            return [base + self.pick(60 * design.jitter_minutes + 1, design.id, str(day), "0", "time")]
        assert isinstance(design, Stratified | Uniform)
        if design.hours is not None:
            last_day = day if design.hours.end > design.hours.start else day + DAY
            start, end = first(day, design.hours.start, self.zone), first(last_day, design.hours.end, self.zone)
        low, high = start + 60 * design.from_start_minutes, end - 60 * design.to_end_minutes
        away = self._away(design, day)
        return (
            self._blocks(design, day, low, high, away) if isinstance(design, Stratified) else self._spacings(design, day, low, high, away)
        )

    def _away(self, design: Stratified | Uniform, day: date) -> list[int]:
        others = [one for one in self.designs if one.id in design.exclude]
        near = [(one, each) for one in others for each in (day - DAY, day, day + DAY)]
        asked = [(opens, self.moments(one, each)) for one, each in near if (opens := self.opens(one, each)) is not None]
        return [at for opens, moments in asked for at in moments if at is not None and at >= opens]

    def _blocks(self, design: Stratified, day: date, low: int, high: int, away: list[int]) -> list[int | None]:
        n, gap, apart = design.prompts, 60 * design.gap_minutes, 60 * max(design.gap_minutes, design.exclude_minutes)
        edges = [low + (high - low) * k // n for k in range(n + 1)]
        blocks = [(edges[k], edges[k + 1] - (k < n - 1)) for k in range(n)]
        latest: dict[int, int] = {}
        limit = high
        for k in reversed(range(n)):
            if ends := [last for _, last in parts(blocks[k][0], min(blocks[k][1], limit), away, apart)]:
                latest[k] = max(ends)
                limit = latest[k] - gap
        drawn, after = list[int | None](), low
        for k in range(n):
            free = parts(max(blocks[k][0], after), latest[k], away, apart) if k in latest else []
            seconds = [at for first_, last in free for at in range(first_, last + 1)]
            drawn.append(seconds[self.pick(len(seconds), design.id, str(day), str(k), "time")] if seconds else None)
            after = after if drawn[k] is None else (drawn[k] or 0) + gap
        return drawn

    def _spacings(self, design: Uniform, day: date, low: int, high: int, away: list[int]) -> list[int | None]:
        gap, apart = max(60 * design.gap_minutes, 1), 60 * max(design.gap_minutes, design.exclude_minutes)
        free = parts(low, high, away, apart)
        n = min(design.prompts, sum((last - at) // gap + 1 for at, last in free))
        ways = [
            (numbers, prod(comb(max(last - at + 1 - (k - 1) * (gap - 1), 0), k) for k, (at, last) in zip(numbers, free, strict=True) if k))
            for numbers in product(range(n + 1), repeat=len(free))
            if sum(numbers) == n
        ]
        index, drawn = self.pick(sum(many for _, many in ways), design.id, str(day), "parts", "spacings"), list[int | None]()
        for numbers, many in ways:
            if 0 <= index < many:
                for k, (at, last) in zip(numbers, free, strict=True):
                    room, chosen = last - at + 1 - (k - 1) * (gap - 1), set[int]()
                    for top in range(room - k, room):
                        one = self.pick(top + 1, design.id, str(day), str(len(drawn) + len(chosen)), "spacings")
                        chosen.add(top if one in chosen else one)
                    drawn += [at + one + place * (gap - 1) for place, one in enumerate(sorted(chosen))]
            index -= many
        return drawn + [None] * (design.prompts - n)

    def _interval(self, design: Interval, day: date) -> Iterator[tuple[UUID, int]]:
        when, starts = design.when, sorted(self.anchors.get(design.when.anchor, ()))
        starts = [(self.started, self.first_date)] if when.anchor == "enrollment" else starts
        for (anchor, start), (until, _) in zip(starts, [*starts[1:], (1 << 60, None)], strict=True):
            if not self._counts(when, day, (day - start).days + 1):
                continue
            if self.pick(1 << 53, design.id, str(day), "day") / (1 << 53) >= when.day_probability:
                continue
            for index in range(1, 4000):
                if design.unit == "days":
                    begun = shown(anchor, self.zone)
                    at = first(begun.date() + index * design.every * DAY, begun.time().isoformat(), self.zone)
                else:
                    at = anchor + index * design.every * (60 if design.unit == "minutes" else 3600)
                if at >= until or shown(at, self.zone).date() > day + 2 * DAY:
                    break
                if self.study_date(at) == day:
                    jitter = 60 * design.jitter_minutes
                    shift = self.pick(jitter + 1, design.id, str(anchor), str(index), "time") if jitter else 0
                    yield uuid5(NAMESPACE, f"{self.uid}/{design.id}/from/{anchor}/{index}"), at + shift


def parts(low: int, high: int, away: list[int], apart: int) -> Spans:
    """The seconds from `low` to `high` that are at least `apart` from everything in `away`."""
    found, at = Spans(), low
    for one in sorted(away) if apart else ():
        found.append((at, min(high, one - apart)))
        at = max(at, one + apart)
    return [(first_, last) for first_, last in [*found, (at, high)] if first_ <= last]
