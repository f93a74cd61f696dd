"""Planning: occasions a second of the pure planner, and rows a second of the horizon with its database."""

import tempfile
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select

from bench.databases import database, postgres
from bench.result import Goal, Line, Plot, Section, middle
from models.definition.prompting import Expiry, Fixed, Reminders, Stratified, Uniform, WakeWindow, WakeWindows, When, Window
from models.ids import new_uid
from models.protocols import Protocols
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import Prompt
from scheduler.horizon import plan_due
from scheduler.plan import spread
from scheduler.plan.calendar import WakeSpan, ZoneSpan, resolve
from scheduler.plan.inputs import PlanInput
from scheduler.plan.keyed import PlanKey
from scheduler.plan.moves import views
from scheduler.plan.occasions import plan
from tests.build import build_study, insert_person
from tests.conftest import fixed_keys

SIZES: Final = ((10, 30), (40, 30), (160, 30), (40, 120))
"""People and days."""
CROWDS: Final = (10, 40, 160)
GAPS: Final = (30, 90, 150)
"""Minutes between five uniform prompts: one even draw in two keeps it, then one in sixteen, then one in five hundred."""
_START = datetime(2026, 3, 1, 15, tzinfo=UTC)
_EXPIRY = Expiry(minutes=60, reminders=Reminders(count=2, every_minutes=20))
_DESIGNS = (
    Window(id="morning", instrument="m", expiry=_EXPIRY, edge="start", offset_minutes=20),
    Stratified(id="signal", instrument="s", expiry=_EXPIRY, prompts=2, gap_minutes=90, exclude=("morning", "evening")),
    Window(id="evening", instrument="e", expiry=_EXPIRY, edge="end", offset_minutes=-60),
    Fixed(id="weekly", instrument="w", expiry=_EXPIRY, when=When(weekdays=(7,)), times=("18:00",)),
)
_WINDOWS = WakeWindows(weekday=WakeWindow(start="08:00", end="22:00"), weekend=WakeWindow(start="09:00", end="23:30"))

Cells = tuple[str | int | float, ...]


def measure(quick: bool) -> Section:
    """The planner by people and days, and the horizon by people on every database."""
    sizes, crowds, rounds = (((2, 3), (4, 3)), (2,), 1) if quick else (SIZES, CROWDS, 5)
    rows = list[Cells]()
    planner, bare = list[float](), list[float]()
    for people, days in sizes:
        mine, theirs, count = _pure(people, days, rounds)
        planner.append(count / mine)
        bare.append(count / theirs)
        rows.append((f"planner, {people} people × {days} days", count, planner[-1], bare[-1], planner[-1] / bare[-1]))
    tight = [_against_rejection(gap, 20 if quick else 200, rounds) for gap in GAPS]
    rows += tight
    lines = list[Line]()
    with tempfile.TemporaryDirectory(prefix="bench-planning-") as home, postgres() as server:
        for kind, where in ({"SQLite": None} | ({"PostgreSQL": server} if server is not None else {})).items():
            rates = list[float]()
            for people in crowds:
                with database(where, Path(home) / f"{kind}-{people}") as settings:
                    mine, theirs, count = _rows(settings, people, rounds)
                rates.append(count / mine)
                rows.append((f"horizon on {kind}, {people} people × 7 days", count, count / mine, count / theirs, theirs / mine))
            lines.append(Line(kind, tuple(map(float, crowds)), tuple(rates)))
    drawn = [place for place, (_, days) in enumerate(sizes) if days == sizes[0][1]]
    at = tuple(float(rows[place][1]) for place in drawn)
    return Section(
        title="Planning",
        what="Planner: a morning, an evening, two random prompts a day with a guaranteed gap, a weekly one; one person in 40 travels. "
        "Horizon: `plan_horizon` over people who were never planned, the shipped protocol, sixteen people in a "
        "transaction. Uniform draws: five prompts in 14 hours with a guaranteed gap, the bare law, no ids and no local time. Medians of "
        f"{rounds} rounds in turn.",
        baseline="uniform draws: the same law by rejection, that is N even draws from a stream, sorted, again until every gap holds. "
        "planner: one keyed draw and one conversion of local time for each occasion, without rules, windows or gaps. Horizon: the "
        "same rows in one plain INSERT for each person, each in its own transaction.",
        columns=("what", "occasions", "per second", "baseline per second", "of the baseline"),
        rows=tuple(rows),
        goals=(
            Goal(f"occasions planned in a second on one core, {sizes[-2][0]} people", planner[-2], 100_000, "at least", "/s"),
            Goal(f"uniform draws, gap {GAPS[1]} min, against rejection", float(tight[1][-1]), 1, "at least", "×"),
        ),
        plots=(
            Plot(
                "planning",
                "Occasions planned in a second",
                "occasions of a run",
                "occasions per second",
                (
                    Line("planner", at, tuple(planner[place] for place in drawn)),
                    Line("bare draws", at, tuple(bare[place] for place in drawn)),
                ),
                log_x=True,
                log_y=True,
            ),
            Plot("planning-rows", "Horizon rows planned in a second", "people", "rows per second", tuple(lines), log_x=True),
        ),
    )


def _pure(people: int, days: int, rounds: int) -> tuple[float, float, int]:
    """Median seconds of the planner and of bare draws, and the occasions of each; zone rules are loaded before the clock starts."""
    _run(1, days)
    mine, theirs, count = list[float](), list[float](), 0
    for _ in range(rounds):
        began = perf_counter()
        count = _run(people, days)
        middle_at = perf_counter()
        _draw(people, days, count)
        theirs.append(perf_counter() - middle_at)
        mine.append(middle_at - began)
    return middle(mine), middle(theirs), count


def _against_rejection(gap_minutes: int, people: int, rounds: int) -> Cells:
    """Draws of one day for each person, by spacings and by rejection."""
    design = Uniform(id="spread", instrument="s", expiry=_EXPIRY, prompts=5, gap_minutes=gap_minutes)
    view = views((ZoneSpan(_START, "America/New_York"),), (WakeSpan(date(2026, 3, 1), _WINDOWS),), date(2026, 3, 4))[0]
    keys, slots = [PlanKey(number.to_bytes(32, "big")) for number in range(people)], range(design.prompts)
    mine, theirs = list[float](), list[float]()
    for turn in range(rounds):
        began = perf_counter()
        found = spread.room(design, view, slots)
        for key in keys:
            spread.pick(key, found, slots)
        middle_at = perf_counter()
        stream = Random(turn)
        for _ in keys:
            _rejected(stream, view.start, view.end, gap_minutes * 60)
        theirs.append(perf_counter() - middle_at)
        mine.append(middle_at - began)
    count = people * design.prompts
    fast, slow = count / middle(mine), count / middle(theirs)
    return f"uniform draws, 5 in 14 h, gap {gap_minutes} min", count, fast, slow, fast / slow


def _rejected(stream: Random, start: int, end: int, gap: int) -> list[int]:
    while True:
        found = sorted(stream.randint(start, end) for _ in range(5))
        if all(late - early >= gap for early, late in pairwise(found)):
            return found


def _run(people: int, days: int) -> int:
    return sum(len(plan(_person(number, days), _START, _START + timedelta(days=days))) for number in range(people))


def _draw(people: int, days: int, count: int) -> None:
    keys = [PlanKey(number.to_bytes(32, "big")) for number in range(people)]
    for number in range(count):
        minute = int(keys[number % people].fraction("signal", str(number), "time") * 840)
        resolve(_START.date() + timedelta(days=number % days), f"{8 + minute // 60:02d}:{minute % 60:02d}", "America/New_York")


def _person(number: int, days: int) -> PlanInput:
    moved = (ZoneSpan(_START + timedelta(days=9, hours=5), "Europe/Berlin"),) if number % 40 == 39 else ()
    return PlanInput(
        enrollment_uid=UUID(int=number),
        plan_key=number.to_bytes(32, "big"),
        designs=_DESIGNS,
        zones=(ZoneSpan(_START, "America/New_York"), *moved),
        wake=(WakeSpan(date(2026, 3, 1), _WINDOWS),),
        started_at=_START,
        length_days=days,
    )


def _rows(settings: DatabaseSettings, people: int, rounds: int) -> tuple[float, float, int]:
    """Median seconds of planning a crowd's first horizon and of inserting the same rows, and how many rows; each round other people."""
    sessions, keys, protocols = Sessions(settings), fixed_keys(), Protocols()
    study, table = build_study(sessions, now=_START), Prompt.__table__
    mine, theirs, count = list[float](), list[float](), 0
    for _ in range(rounds):
        with sessions.transaction() as session:
            ids = [insert_person(session, keys, study, zone="America/New_York", now=_START).enrollment_id for _ in range(people)]
        began = perf_counter()
        plan_due(sessions, keys, protocols, now=_START, limit=people)
        mine.append(perf_counter() - began)
        with sessions.reading() as session:
            found = [session.rows(select(table).where(table.c.enrollment_id == one)) for one in ids]
        count = sum(map(len, found))
        copies = [[_copy(row) for row in rows] for rows in found]
        began = perf_counter()
        for rows in copies:
            with sessions.transaction() as session:
                session.add_all(Prompt, rows)
        theirs.append(perf_counter() - began)
    sessions.close()
    return middle(mine), middle(theirs), count


def _copy(row: Row[Any]) -> dict[str, Any]:
    """The same prompt in another slot."""
    return {name: value for name, value in row._mapping.items() if name != "id"} | {"uid": new_uid(), "slot": f"copy-{row.slot}"}
