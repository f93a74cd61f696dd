"""When a phone asks: a second reading of docs/plan.md, in plain Python, to copy from or to compare with.

It imports nothing of Breakwater and refuses nothing: designs are the JSON objects of the protocol, checked when it was published.
`vectors.json` holds what it and the server agree on. Instants are whole seconds since 1970. It is for a person who stays in one time zone,
keeps their hours and stays on one protocol version; nothing is remembered from one call to the next.
"""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from importlib import resources
from itertools import product
from math import ceil, comb, prod
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

NAMESPACE = UUID("0d7c1f0a-7a51-5b0e-9f43-6a1f0c9be2d4")
DAY = timedelta(days=1)
BITS = 53

Json = Any
Spans = list[tuple[int, int]]
"""First and last second, both included."""
Away = list[tuple[int, int]]
"""A moment, and the least number of seconds from it to any draw."""

_WHEN = {
    "first_day": 1, "last_day": None, "weekdays": (), "anchor": "enrollment", "day_probability": 1.0, "burst": None, "arms": (),
}  # fmt: skip
_DESIGN = {
    "exclude": (), "exclude_minutes": 0, "hours": None, "from_start_minutes": 0, "to_end_minutes": 0, "offset_minutes": 0,
    "jitter_minutes": 0,
}  # fmt: skip


# Draws


def message(*parts: str) -> bytes:
    """What the plan key signs: the label, and each part as a netstring."""
    return b"breakwater.plan/1" + b"".join(b"%d:%b," % (len(one.encode()), one.encode()) for one in parts)


def number(key: bytes, *parts: str) -> int:
    """The number on 0 … 2**53 - 1 that belongs to these parts."""
    return int.from_bytes(hmac.digest(key, message(*parts), "sha256")[:8], "big") >> 64 - BITS


def pick(key: bytes, count: int, *parts: str) -> int:
    """A whole number on 0 … count - 1."""
    return number(key, *parts) * count >> BITS


# The wall clock


@lru_cache(maxsize=1024)
def rules(zone: str) -> ZoneInfo:
    """The zone of the package `tzdata`, whatever the machine has."""
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


def span(day: date, hours: Json, zone: str) -> tuple[int, int]:
    """Both ends of a window of the wall clock that starts on this date."""
    return first(day, hours["start"], zone), first(day if hours["end"] > hours["start"] else day + DAY, hours["end"], zone)


@dataclass(frozen=True)
class Prompt:
    """A prompt of the plan. `due` is None where nothing fits; `blocked` says why it is not asked: `window` or `quiet_hours`."""

    design: str
    slot: str
    id: UUID
    due: int | None
    blocked: str | None
    reminders: tuple[int, ...] = ()


@dataclass(frozen=True)
class Someone:
    """Everything that the plan of one person follows from."""

    uid: UUID
    key: bytes
    zone: str
    wake: Json
    designs: Sequence[Json]
    started: int
    length_days: int
    told: Mapping[str, Sequence[int]]
    """Kind of event -> the instants at which such events happened, as they were told."""
    planned: Sequence[Json] = ()
    """Days set for events that are to come: kind, day, wall (or null) and set_at."""
    arm: str | None = None

    # Days

    def window(self, day: date) -> tuple[int, int]:
        """The wake window that starts on this date."""
        return span(day, self.wake["weekend" if day.isoweekday() > 5 else "weekday"], self.zone)

    def awake(self, at: int) -> bool:
        today = shown(at, self.zone).date()
        return any(start <= at <= end for start, end in map(self.window, (today - DAY, today)))

    def study_date(self, at: int) -> date:
        """The date that an instant counts to."""
        today = shown(at, self.zone).date()
        return today - DAY if at < self.window(today - DAY)[1] and at < self.window(today)[0] else today

    @cached_property
    def first_date(self) -> date:
        """Study day 1."""
        return self.study_date(self.started)

    def anchors(self, kind: str) -> Sequence[tuple[int, date]]:
        """What the days of a design count from: from when, and which date is day 1."""
        if kind == "enrollment":
            return [(self.started, self.first_date)]
        found = {(at, self.study_date(at)) for at in self.told.get(kind, ())}
        for one in self.planned:
            if one["kind"] == kind:
                day = date.fromisoformat(one["day"])
                begins = first(day, one["wall"], self.zone) if one["wall"] else self.window(day)[0]
                found.add((max(begins, second_of(one["set_at"])), day))
        return sorted(found)

    def opens(self, design: Json, day: date) -> int | None:
        """From when the design asks on this date; None: not at all."""
        for at, start in self.anchors(design["when"]["anchor"]):
            if self._counts(design["when"], day, start):
                return max(at, self.started) if self._included(design, day) else None
        return None

    def _counts(self, when: Json, day: date, start: date) -> bool:
        """Whether the date is one of the design's, counted from this day 1."""
        count, burst = (day - start).days + 1, when["burst"]
        on = burst is None or (count - when["first_day"]) % (burst["on_days"] + burst["off_days"]) < burst["on_days"]
        inside = when["first_day"] <= count and (when["last_day"] is None or count <= when["last_day"])
        in_study = 1 <= (day - self.first_date).days + 1 <= self.length_days
        mine = not when["arms"] or self.arm in when["arms"]
        return on and inside and in_study and mine and (not when["weekdays"] or day.isoweekday() in when["weekdays"])

    def _included(self, design: Json, day: date) -> bool:
        chance: float = design["when"]["day_probability"]
        return chance >= 1 or number(self.key, design["id"], str(day), "day") / (1 << BITS) < chance

    # Prompts

    def prompts(self, day: date) -> Iterator[Prompt]:
        """Every prompt whose slot lies on this local date."""
        for design in self.designs:
            for slot, at in self._interval(design, day) if design["kind"] == "interval" else self._of(design, day):
                yield self._prompt(design, slot, at)

    def _prompt(self, design: Json, slot: tuple[str, ...], at: int | None) -> Prompt:
        named = design["id"], ".".join(slot), uuid5(NAMESPACE, "/".join((str(self.uid), design["id"], *slot)))
        if at is None:
            return Prompt(*named, None, "window")
        if not self.awake(at):
            return Prompt(*named, at, "quiet_hours")
        again, expires = design["expiry"].get("reminders", {"count": 0, "every_minutes": 15}), 60 * design["expiry"]["minutes"]
        later = [60 * again["every_minutes"] * (count + 1) for count in range(again["count"])]
        return Prompt(*named, at, None, tuple(at + one for one in later if one < expires and self.awake(at + one)))

    def _of(self, design: Json, day: date) -> Iterator[tuple[tuple[str, ...], int | None]]:
        opens = self.opens(design, day) if design["kind"] in {"fixed", "window", "stratified", "uniform"} else None
        if opens is None:
            return
        for index, at in enumerate(self.moments(design, day)):
            if at is None or at >= opens:
                yield (str(day), str(index)), at

    def moments(self, design: Json, day: date) -> list[int | None]:
        """The moment of each slot of a date on which the design asks, from index 0; None where it does not fit."""
        start, end = self.window(day)
        if design["kind"] == "fixed":
            return [first(day, wall, self.zone) for wall in design["times"]]
        if design["kind"] == "window":
            base, jitter = (start if design["edge"] == "start" else end) + 60 * design["offset_minutes"], 60 * design["jitter_minutes"]
            return [base + pick(self.key, jitter + 1, design["id"], str(day), "0", "time")]
        low, high = self._trimmed(design, day)
        before = self._of_yesterday(design, day)
        if design["kind"] == "stratified":
            near = [(at, 60 * design["gap_minutes"]) for at in before]
            return self._blocks(design, day, low, high, self._away(design, day) + near)
        return self._spacings(design, day, max([low, *(at + 60 * design["gap_minutes"] for at in before)]), high)

    def _trimmed(self, design: Json, day: date) -> tuple[int, int]:
        start, end = self.window(day) if design["hours"] is None else span(day, design["hours"], self.zone)
        return start + 60 * design["from_start_minutes"], end - 60 * design["to_end_minutes"]

    def _asked(self, design: Json, day: date) -> list[int]:
        """When a design asks on a date."""
        opens = self.opens(design, day)
        return [] if opens is None else [at for at in self.moments(design, day) if at is not None and at >= opens]

    def _of_yesterday(self, design: Json, day: date) -> list[int]:
        """The moments of the date before, where the gap may reach from them into this date."""
        reaches = self._trimmed(design, day - DAY)[1] + 60 * design["gap_minutes"] > self._trimmed(design, day)[0]
        return self._asked(design, day - DAY) if reaches and self.opens(design, day) is not None else []

    def _away(self, design: Json, day: date) -> Away:
        """The moments of excluded designs."""
        apart = 60 * max(design["gap_minutes"], design["exclude_minutes"])
        others = [one for one in self.designs if one["id"] in design["exclude"]]
        return [(at, apart) for one in others for each in (day - DAY, day, day + DAY) for at in self._asked(one, each)]

    def _blocks(self, design: Json, day: date, low: int, high: int, away: Away) -> list[int | None]:
        n, gap = design["prompts"], 60 * design["gap_minutes"]
        blocks = equal(low, high, n)
        latest = latest_of(blocks, away, gap)
        drawn, after = list[int | None](), low
        for k in range(n):
            free = parts(max(blocks[k][0], after), latest[k], away) if k in latest else []
            drawn.append(nth(free, pick(self.key, size(free), design["id"], str(day), str(k), "time")) if free else None)
            after = after if drawn[k] is None else (drawn[k] or 0) + gap
        return drawn

    def _spacings(self, design: Json, day: date, low: int, high: int) -> list[int | None]:
        gap, free = max(60 * design["gap_minutes"], 1), parts(low, high, self._away(design, day))
        n = min(design["prompts"], sum((last - at) // gap + 1 for at, last in free))
        index = pick(self.key, sum(many for _, many in ways(free, n, gap)), design["id"], str(day), "parts", "spacings")
        drawn = list[int | None]()
        for numbers, many in ways(free, n, gap):
            if 0 <= index < many:
                for k, (at, last) in zip(numbers, free, strict=True):
                    room, chosen = last - at + 1 - (k - 1) * (gap - 1), set[int]()
                    for top in range(room - k, room):
                        one = pick(self.key, top + 1, design["id"], str(day), str(len(drawn) + len(chosen)), "spacings")
                        chosen.add(top if one in chosen else one)
                    drawn += [at + one + place * (gap - 1) for place, one in enumerate(sorted(chosen))]
            index -= many
        return drawn + [None] * (design["prompts"] - n)

    def _interval(self, design: Json, day: date) -> Iterator[tuple[tuple[str, ...], int]]:
        starts, jitter = self.anchors(design["when"]["anchor"]), 60 * design["jitter_minutes"]
        for (anchor, start), (until, _) in zip(starts, [*starts[1:], (1 << 60, None)], strict=True):
            if not self._counts(design["when"], day, start) or not self._included(design, day):
                continue
            for index in range(1, 10_000):
                at = self._after(design, anchor, index)
                if at >= until or shown(at, self.zone).date() > day + 2 * DAY:
                    break
                if self.study_date(at) == day and at >= self.started:
                    shift = pick(self.key, jitter + 1, design["id"], str(anchor), str(index), "time")
                    yield ("from", str(anchor), str(index)), at + shift

    def _after(self, design: Json, anchor: int, index: int) -> int:
        """The moment of an interval before jitter."""
        if design["unit"] != "days":
            return anchor + int(index * design["every"] * (60 if design["unit"] == "minutes" else 3600))
        begun = shown(anchor, self.zone)
        return first(begun.date() + index * design["every"] * DAY, begun.time().isoformat(), self.zone)


# Open seconds


def equal(low: int, high: int, n: int) -> Spans:
    """Equal blocks; the last second belongs to the last."""
    edges = [low + max(high - low, 0) * k // n for k in range(n + 1)]
    return [(edges[k], edges[k + 1] - 1 if k < n - 1 else high) for k in range(n)]


def latest_of(blocks: Spans, away: Away, gap: int) -> dict[int, int]:
    """Of each block that has room: the latest second that leaves the gap to all after it."""
    found: dict[int, int] = {}
    limit = blocks[-1][1]
    for k in reversed(range(len(blocks))):
        if ends := [last for _, last in parts(blocks[k][0], min(blocks[k][1], limit), away)]:
            found[k] = max(ends)
            limit = found[k] - gap
    return found


def parts(low: int, high: int, away: Away) -> Spans:
    """The seconds from `low` to `high` that keep every distance."""
    found, at = Spans(), low
    for one, apart in sorted(away, key=lambda each: each[0] - each[1]):
        if apart:
            found.append((at, min(high, one - apart)))
            at = max(at, one + apart)
    return [(begin, last) for begin, last in [*found, (at, high)] if begin <= last]


def size(free: Spans) -> int:
    return sum(last - at + 1 for at, last in free)


def nth(free: Spans, index: int) -> int:
    """The second with this index, from 0, counted through the spans in order."""
    for at, last in free:
        if index <= last - at:
            return at + index
        index -= last - at + 1
    raise IndexError(index)


def ways(free: Spans, n: int, gap: int) -> list[tuple[tuple[int, ...], int]]:
    """How n moments may fall in the parts, in order, and how many sets there are of each."""

    def sets(begin: int, last: int, k: int) -> int:
        return comb(max(last - begin + 1 - (k - 1) * (gap - 1), 0), k) if k else 1

    counts = (numbers for numbers in product(range(n + 1), repeat=len(free)) if sum(numbers) == n)
    return [(numbers, prod(sets(*one, k) for k, one in zip(numbers, free, strict=True))) for numbers in counts]


# Documents


def second_of(instant: str) -> int:
    """The first whole second at or after an instant in ISO 8601."""
    return ceil(datetime.fromisoformat(instant).timestamp())


def instant_of(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def whole(design: Json) -> Json:
    """A design of the protocol with everything that it leaves out."""
    return {**_DESIGN, **design, "when": {**_WHEN, **design.get("when", {})}}


def someone(person: Json) -> Someone:
    """A person as `vectors.json` writes them."""
    return Someone(
        uid=UUID(person["enrollment_id"]),
        key=bytes.fromhex(person["plan_key"]),
        zone=person["zone"],
        wake=person["wake_windows"],
        designs=[whole(one) for one in person["designs"]],
        started=second_of(person["started_at"]),
        length_days=person["length_days"],
        told={kind: [second_of(one) for one in instants] for kind, instants in person.get("events", {}).items()},
        planned=person.get("planned_events", ()),
        arm=person.get("arm"),
    )
