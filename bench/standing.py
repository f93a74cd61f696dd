"""Plans that stand: what the horizon costs where nothing changed, and a day later; and what a preview of a revision costs."""

import tempfile
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from sqlalchemy import select, update

from api.actions.preview_revision import Wish, preview_move
from api.app import build_house
from api.settings import ApiSettings
from bench.databases import database, postgres
from bench.result import Goal, Section, middle
from models.clock import MovableClock
from models.kinds import Role
from models.protocols import Protocols
from models.queries.planning import mark_stale
from models.queries.study import set_mark
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import Enrollment, Study
from scheduler.horizon import plan_due
from tests.build import build_staff, build_study, insert_person
from tests.conftest import fixed_keys

CROWD: Final = 160
AHEAD: Final = 1_000
START: Final = datetime(2026, 3, 1, 15, tzinfo=UTC)
DAY: Final = timedelta(days=1)


def measure(quick: bool) -> Section:
    """Both databases; people of the shipped protocol."""
    crowd, ahead, rounds = (2, 2, 1) if quick else (CROWD, AHEAD, 3)
    rows, ratios = list[tuple[str | int | float, ...]](), dict[str, float]()
    with tempfile.TemporaryDirectory(prefix="bench-standing-") as home, nullcontext() if quick else postgres() as server:
        for kind, where in ({"SQLite": None} | ({"PostgreSQL": server} if server is not None else {})).items():
            with database(where, Path(home) / kind) as settings:
                for what, (mine, theirs) in _crowd(settings, crowd, rounds).items():
                    rows.append((f"{what} on {kind}, {crowd} people", 1000 * mine / crowd, 1000 * theirs / crowd, mine / theirs))
                    ratios[f"{what} on {kind}"] = mine / theirs
                if where is None:
                    mine, theirs = _preview(settings, ahead)
                    previewed = f"preview of a revision on {kind}, {ahead} people × 7 days"
                    rows.append((previewed, 1000 * mine / ahead, 1000 * theirs / ahead, mine / theirs))
    return Section(
        title="Plans that stand",
        what="The horizon over people whose plan is made from what it was made from before: looked at again, and a day later with the day "
        f"that has come within reach. The shipped protocol, sixteen people in a transaction; medians of {rounds} rounds in turn. The "
        "preview counts every prompt of everybody before and after a revision, and writes nothing.",
        baseline="horizon: the same with every stored prompt compared with the plan. Preview: planning the first week of the same people.",
        columns=("what", "ms a person", "baseline ms a person", "of the baseline"),
        rows=tuple(rows),
        goals=tuple(Goal(f"{what}, of comparing", ratio, 0.6, "at most") for what, ratio in ratios.items()),
    )


def _crowd(settings: DatabaseSettings, people: int, rounds: int) -> dict[str, tuple[float, float]]:
    """What was done -> median seconds where plans stand, and where they are compared."""
    sessions, keys, protocols = Sessions(settings), fixed_keys(), Protocols()
    study = build_study(sessions, now=START)
    with sessions.transaction() as session:
        ids = [insert_person(session, keys, study, zone="America/New_York", now=START).enrollment_id for _ in range(people)]

    def passed(now: datetime, *, compare: bool) -> float:
        with sessions.transaction() as session:
            mark_stale(session, ids)
            if compare:
                session.execute(update(Enrollment).values(plan_basis=None))
        began = perf_counter()
        plan_due(sessions, keys, protocols, now=now, limit=people)
        return perf_counter() - began

    passed(START, compare=False)
    found: dict[str, list[list[float]]] = {"nothing changed": [[], []], "a day later": [[], []]}
    for number in range(rounds):
        for compare in (False, True):
            now = START + (2 * number + compare + 1) * DAY
            found["a day later"][compare].append(passed(now, compare=compare))
            found["nothing changed"][compare].append(passed(now, compare=compare))
    sessions.close()
    return {what: (middle(mine), middle(theirs)) for what, (mine, theirs) in found.items()}


def _preview(settings: DatabaseSettings, people: int) -> tuple[float, float]:
    """Seconds of a preview and of the first planning of the same people."""
    sessions, keys, clock = Sessions(settings), fixed_keys(), MovableClock(START)
    with sessions.transaction() as session:
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=True, tzdata_version="bench", now=START, study_now=START)
    study = build_study(sessions, slug="preview", now=START)
    viewer = build_staff(sessions, study, Role.INVESTIGATOR, now=START)
    with sessions.transaction() as session:
        for _ in range(people):
            insert_person(session, keys, study, zone="America/New_York", now=START)
    began = perf_counter()
    plan_due(sessions, keys, Protocols(), now=START, limit=people)
    planned = perf_counter()
    house = build_house(sessions, keys, ApiSettings(), clock=clock)
    later = study.protocol.model_copy(update={"version": "9.0.0", "designs": study.protocol.designs[1:]})
    with sessions.reading() as session:
        row: Any = session.row(select(Study).where(Study.id == study.study_id))
    from_here = perf_counter()
    ahead = preview_move(house, viewer, row, later, Wish(None, 7), after=None, limit=25)
    done = perf_counter()
    assert ahead.counted == people
    sessions.close()
    return done - from_here, planned - began
