"""Writes vectors.json: the times that every phone and the server agree on. `python make_vectors.py --check` only compares.

The cases stand here; what is expected is worked out by `phone.py` alone, and the server's suite holds the server's planner to the file.
"""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import phone

HERE = Path(__file__).parent
TARGET = HERE / "vectors.json"
Json = Any

KEY = bytes(range(32))
ENROLLMENT = "00000000-0000-0000-0000-000000000001"
BY_DAY = {"weekday": {"start": "08:00", "end": "22:00"}, "weekend": {"start": "09:30", "end": "23:00"}}
LATE = {"weekday": {"start": "18:00", "end": "08:00"}, "weekend": {"start": "20:00", "end": "10:30"}}
LONG = {"weekday": {"start": "04:00", "end": "23:30"}, "weekend": {"start": "04:00", "end": "23:30"}}
EXPIRY = {"minutes": 45}
REMINDED = {"minutes": 60, "reminders": {"count": 2, "every_minutes": 20}}

SPRING, AUTUMN = ("2026-03-07", "2026-03-08", "2026-03-09"), ("2026-10-31", "2026-11-01", "2026-11-02")
"""Around both changes of the clocks of New York in 2026."""
EUROPE = ("2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25")


def design(name: str, kind: str, *, when: Json = None, expiry: Json = None, **more: Json) -> Json:
    return {"id": name, "kind": kind, "instrument": "check", "expiry": expiry or EXPIRY, "when": when or {}, **more}


MORNING = design("morning", "window", edge="start", offset_minutes=10, jitter_minutes=25)
EVENING = design("evening", "window", edge="end", offset_minutes=-50)
NOON = design("noon", "fixed", times=["12:45"])
RANDOM = design("random", "stratified", prompts=4, gap_minutes=60, exclude=["morning", "noon"], from_start_minutes=60, to_end_minutes=30)


def person(*designs: Json, zone: str = "America/New_York", wake: Json = None, started: str = "2026-03-02T15:17:00Z", **more: Json) -> Json:
    return {
        "enrollment_id": ENROLLMENT, "plan_key": KEY.hex(), "zone": zone, "wake_windows": wake or BY_DAY, "started_at": started,
        "length_days": 300, "designs": designs, **more,
    }  # fmt: skip


DRAWS: list[tuple[list[str], list[int]]] = [
    (["random", "2026-03-08", "0", "time"], [1, 2, 3600, 50_400, 1 << 53]),
    (["random", "2026-03-08", "day"], [100]),
    (["spread", "2026-03-08", "parts", "spacings"], [10**30]),
    (["weekly", "1772464620", "3", "time"], [1201]),
    (["caf\u00e9", ""], [7]),
]

WALLS: list[tuple[str, str, str, str]] = [
    ("an ordinary time", "America/New_York", "2026-03-07", "02:30"),
    ("one that the spring gap skips: the first instant after it", "America/New_York", "2026-03-08", "02:30"),
    ("one that comes twice in autumn: the first", "America/New_York", "2026-11-01", "01:30"),
    ("and the first after it", "America/New_York", "2026-11-01", "02:00"),
    ("a gap at 01:00 UTC", "Europe/London", "2026-03-29", "01:15"),
    ("the hour that comes twice", "Europe/London", "2026-10-25", "01:15"),
    ("a change by half an hour", "Australia/Lord_Howe", "2026-10-04", "02:15"),
    ("a day that begins at one o'clock", "Asia/Beirut", "2026-03-29", "00:00"),
    ("three quarters of an hour", "Asia/Kathmandu", "2026-03-29", "00:00"),
]

HOURLY = design("hourly", "interval", every=5, unit="hours", jitter_minutes=30, when={"anchor": "visit", "last_day": 3})
VISITS = {"visit": ["2026-03-06T07:30:00Z", "2026-03-08T20:05:30.25Z"]}
QUIT = [{"kind": "quit_day", "day": "2026-03-08", "wall": None, "set_at": "2026-03-05T12:00:00Z"},
        {"kind": "visit", "day": "2026-03-09", "wall": "14:00", "set_at": "2026-03-05T12:00:00Z"}]  # fmt: skip

PLANS: list[tuple[str, Json, tuple[str, ...]]] = [
    ("fixed times, one of which is skipped in spring, comes twice in autumn and is in quiet hours",
     person(design("fixed", "fixed", times=["12:30", "02:30", "01:30"], expiry=REMINDED)), (*SPRING, *AUTUMN)),
    ("relative to waking and sleeping, with and without jitter; other hours on weekends",
     person(MORNING, EVENING), (*SPRING, *AUTUMN)),
    ("stratified: a gap, two excluded designs, a trimmed window",
     person(RANDOM, MORNING, NOON, EVENING), (*SPRING, *AUTUMN)),
    ("stratified: further from an excluded design than from each other; reminders stop with the wake window",
     person(design("random", "stratified", prompts=6, gap_minutes=30, exclude=["noon"], exclude_minutes=90, expiry=REMINDED), NOON),
     SPRING),
    ("stratified by the clock instead of the wake window",
     person(design("random", "stratified", prompts=3, gap_minutes=20, hours={"start": "09:00", "end": "17:00"})), SPRING),
    ("stratified: a block that what is excluded fills has no moment",
     person(design("random", "stratified", prompts=6, gap_minutes=0, exclude=["noon"], exclude_minutes=150), NOON), ("2026-03-10",)),
    ("uniform: a guaranteed gap, one part",
     person(design("spread", "uniform", prompts=5, gap_minutes=75)), (*SPRING, *AUTUMN)),
    ("uniform: excluded designs leave three parts",
     person(design("spread", "uniform", prompts=4, gap_minutes=70, exclude=["noon", "evening"], exclude_minutes=80), NOON, EVENING),
     SPRING),
    ("uniform without a gap",
     person(design("spread", "uniform", prompts=3, gap_minutes=0)), SPRING),
    ("uniform: what does not fit has no moment",
     person(design("spread", "uniform", prompts=4, gap_minutes=180, hours={"start": "12:00", "end": "18:30"})), ("2026-03-10",)),
    ("every so many hours of absolute time from each visit, with jitter, until the next visit",
     person(HOURLY, events=VISITS), ("2026-03-06", *SPRING)),
    ("every second day at the time of day of the enrollment, through both changes",
     person(design("days", "interval", every=2, unit="days")), ("2026-03-06", "2026-03-08", "2026-03-09", "2026-10-31", "2026-11-02")),
    ("every 95 minutes from the enrollment; those at night are not asked",
     person(design("often", "interval", every=95, unit="minutes", jitter_minutes=10)), ("2026-03-02", "2026-03-08", "2026-11-01")),
    ("days included with probability one half, on weekdays",
     person(design("half", "fixed", times=["10:00"], when={"day_probability": 0.5, "weekdays": [1, 2, 3, 4, 5]})),
     tuple(f"2026-03-{number:02}" for number in range(3, 17))),
    ("a burst of two days on and three off, from study day 2 to 9",
     person(design("burst", "fixed", times=["10:00"], when={"first_day": 2, "last_day": 9, "burst": {"on_days": 2, "off_days": 3}})),
     tuple(f"2026-03-{number:02}" for number in range(2, 13))),
    ("days that count from a visit, told or set for a day, and from a quit day that is to come",
     person(design("after_visit", "fixed", times=["08:30", "21:00"], when={"anchor": "visit", "last_day": 2}),
            design("quit", "stratified", prompts=2, gap_minutes=60, when={"anchor": "quit_day", "last_day": 2}),
            events=VISITS, planned_events=QUIT), ("2026-03-06", *SPRING, "2026-03-10")),
    ("nothing is asked before the enrollment, and nothing after the last study day",
     person(design("random", "stratified", prompts=4, gap_minutes=30), length_days=3), ("2026-03-02", "2026-03-04", "2026-03-05")),
    ("a design of one arm", person(design("a_only", "fixed", times=["10:00"], when={"arms": ["a"]}),
                                   design("b_only", "fixed", times=["11:00"], when={"arms": ["b"]}), arm="a"), ("2026-03-04",)),
    ("a wake window over midnight: an hour less and an hour more, all gaps in absolute time",
     person(RANDOM, MORNING, design("spread", "uniform", prompts=4, gap_minutes=90), zone="Europe/London", wake=LATE), EUROPE),
    ("who enrolls at one o'clock at night, awake, is on the day before",
     person(MORNING, design("days", "interval", every=1, unit="days"), zone="Europe/London", wake=LATE, started="2026-03-03T01:00:00Z"),
     ("2026-03-02", "2026-03-03", "2026-03-04")),
    ("clocks that change by half an hour",
     person(RANDOM, MORNING, NOON, zone="Australia/Lord_Howe"), ("2026-04-04", "2026-04-05", "2026-10-03", "2026-10-04")),
    ("a gap that reaches into the next day: its first prompts keep it too",
     person(design("random", "stratified", prompts=3, gap_minutes=300), design("spread", "uniform", prompts=3, gap_minutes=300), wake=LONG),
     ("2026-03-03", "2026-03-04", "2026-03-05")),
]  # fmt: skip


def _draws() -> list[Json]:
    return [
        {
            "parts": parts,
            "message": phone.message(*parts).hex(),
            "number": phone.number(KEY, *parts),
            "picks": [{"count": count, "pick": phone.pick(KEY, count, *parts)} for count in counts],
        }
        for parts, counts in DRAWS
    ]


def _walls() -> list[Json]:
    return [
        {
            "about": about,
            "zone": zone,
            "date": day,
            "wall": wall,
            "instant": phone.instant_of(phone.first(date.fromisoformat(day), wall, zone)),
        }
        for about, zone, day, wall in WALLS
    ]


def _plans() -> list[Json]:
    return [{"about": about, "person": who, "dates": {day: _prompts(who, day) for day in days}} for about, who, days in PLANS]


def _prompts(who: Json, day: str) -> list[Json]:
    return [
        {
            "design": one.design,
            "slot": one.slot,
            "id": str(one.id),
            "due_at": None if one.due is None else phone.instant_of(one.due),
            "blocked": one.blocked,
        }
        | ({"reminders": [phone.instant_of(each) for each in one.reminders]} if one.reminders else {})
        for one in phone.someone(who).prompts(date.fromisoformat(day))
    ]


def _step_by_step() -> Json:
    """One stratified draw as docs/plan.md goes through it, in seconds since 1970."""
    who, day = person(RANDOM, MORNING, NOON), date(2026, 3, 8)
    someone = phone.someone(who)
    asked, gap = someone.designs[0], 60 * RANDOM["gap_minutes"]
    low, high = someone._trimmed(asked, day)
    away = sorted(one for one in someone._away(asked, day) if low - gap < one[0] < high + gap)
    blocks = phone.equal(low, high, RANDOM["prompts"])
    latest, moments = phone.latest_of(blocks, away, gap), someone.moments(asked, day)
    slots, after = [], low
    for k, ((begin, end), moment) in enumerate(zip(blocks, moments, strict=True)):
        free = phone.parts(max(begin, after), latest[k], away)
        count = phone.size(free)
        index = phone.pick(KEY, count, "random", str(day), str(k), "time")
        slots.append({"block": [begin, end], "latest": latest[k], "open": free, "count": count, "pick": index, "moment": moment})
        after = moment + gap
    return {"person": who, "date": str(day), "trimmed": [low, high], "away": [at for at, _ in away], "slots": slots}


def vectors() -> Json:
    return {
        "about": "docs/plan.md says what this is; make_vectors.py makes it. Keys are hexadecimal; a prompt without a moment has null.",
        "draws": {"plan_key": KEY.hex(), "cases": _draws()},
        "walls": _walls(),
        "step_by_step": _step_by_step(),
        "plans": _plans(),
    }


def written() -> str:
    """A line for each case and each date, so that a change shows as one."""

    def plan(one: Json) -> str:
        days = ",\n    ".join(f"{json.dumps(day)}: {json.dumps(prompts)}" for day, prompts in one["dates"].items())
        return f'{{"about": {json.dumps(one["about"])},\n   "person": {json.dumps(one["person"])},\n   "dates": {{\n    {days}}}}}'

    found = vectors()
    head = ",\n ".join(f"{json.dumps(name)}: {json.dumps(found[name])}" for name in ("about", "step_by_step"))
    draws = ",\n  ".join(map(json.dumps, found["draws"]["cases"]))
    walls, plans = ",\n  ".join(map(json.dumps, found["walls"])), ",\n  ".join(map(plan, found["plans"]))
    drawn = f'"draws": {{"plan_key": "{KEY.hex()}", "cases": [\n  {draws}]}}'
    return f'{{\n {head},\n {drawn},\n "walls": [\n  {walls}],\n "plans": [\n  {plans}]\n}}\n'


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(TARGET.read_text(encoding="utf-8") != written())
    TARGET.write_text(written(), encoding="utf-8")
