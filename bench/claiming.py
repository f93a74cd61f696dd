"""Claiming due prompts out of tables of any size: the duty's own look, claim and whole run, the same number due in each."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from sqlalchemy import text

from bench.crowd import AHEAD, PER_PERSON, Crowd, arm, fill, gather, rearm
from bench.databases import database, postgres
from bench.plans import plan, sent, whole_reads
from bench.result import Goal, Line, Plot, Section, middle
from models.clock import SystemClock
from models.protocols import Protocols
from models.queries import prompt as prompts
from models.session import Sessions, WriteSession
from models.settings import DatabaseSettings
from risk.mind import Mind
from scheduler.jobs import dispatch_prompts
from scheduler.jobs.duties import Duties
from tests.conftest import fixed_keys

SIZES: Final = (10_000, 100_000, 1_000_000, 5_000_000)
DUE: Final = 64
LOOKS, CLAIMS, RUNS = "look (nothing due)", "claim", "whole run"
_FLAT: Final = 1.3


@dataclass
class Table:
    """One database with its prompts, and the seconds of each kind of measurement."""

    kind: str
    sessions: Sessions
    crowd: Crowd
    duties: Duties
    now: datetime
    due: list[int] = field(default_factory=list)
    seconds: dict[str, list[float]] = field(default_factory=lambda: {LOOKS: [], CLAIMS: [], RUNS: []})

    def look(self) -> None:
        """The duty's look where nothing is due."""
        with self._timed(LOOKS), self.sessions.reading() as session:
            assert not prompts.due(session, now=self.now - timedelta(minutes=1))

    def claim(self) -> None:
        """The claim alone, given back."""
        with self.sessions.write_engine.connect() as connection:
            with self._timed(CLAIMS):
                rows = prompts.claim_due(WriteSession(connection), now=self.now, limit=500)
            connection.rollback()
        assert len(rows) == len(self.due)

    def run(self) -> None:
        """The duty with its commit; afterwards the same prompts are due again and what was promised is gone (events stay)."""
        with self._timed(RUNS):
            done = dispatch_prompts.run(self.duties, now=self.now, system_now=self.now)
        assert done == len(self.due)
        with self.sessions.transaction() as session:
            session.execute(text("DELETE FROM delivery"))
            rearm(session, self.due, now=self.now)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = perf_counter()
        yield
        self.seconds[name].append(perf_counter() - began)

    def median(self, name: str) -> float:
        return 1000 * middle(self.seconds[name])


def measure(quick: bool) -> Section:
    """Every size on every database, in turn."""
    sizes, rounds = ((1_000, 2_000), 2) if quick else (SIZES, 60)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-claiming-")))
        server = stack.enter_context(postgres())
        kinds = {"SQLite": None} | ({"PostgreSQL": server} if server is not None else {})
        tables = [
            _table(kind, stack.enter_context(database(where, directory / f"{kind}-{size}")), size, stack)
            for size in sizes
            for kind, where in kinds.items()
        ]
        for number in range(rounds + 3):
            order = tables if number % 2 else tables[::-1]
            for table in order:
                for _ in range(3):
                    table.look()
                    table.claim()
                table.run()
            if number == 2:
                for table in tables:
                    table.seconds = {name: [] for name in table.seconds}
        plans = {(table.kind, table.crowd.prompts): _plans(table) for table in tables}
    return _section(tables, plans, tuple(kinds))


def _table(kind: str, settings: DatabaseSettings, size: int, stack: ExitStack) -> Table:
    sessions, now, protocols = Sessions(settings), datetime.now(UTC), Protocols()
    stack.callback(sessions.close)
    crowd = fill(sessions, size, now=now)
    duties = Duties(sessions, fixed_keys(), protocols, Mind(fixed_keys(), protocols), SystemClock(), {})
    table = Table(kind, sessions, crowd, duties, now)
    table.due = arm(sessions, crowd, DUE, now=now)
    gather(sessions)
    return table


def _plans(table: Table) -> Mapping[str, str]:
    """The plan of each statement that the duty sends to read or to lock, by its first words."""
    with sent(table.sessions, "SELECT") as seen:
        table.run()
    return {statement: plan(table.sessions, statement, values) for statement, values in seen.items() if "FROM prompt" in statement}


def _section(tables: list[Table], plans: Mapping[tuple[str, int], Mapping[str, str]], kinds: tuple[str, ...]) -> Section:
    rows, goals, lines = list[tuple[Any, ...]](), list[Goal](), list[Line]()
    for kind in kinds:
        mine = [table for table in tables if table.kind == kind]
        rows += [(kind, table.crowd.prompts, table.crowd.people, *(table.median(name) for name in table.seconds)) for table in mine]
        for name in (CLAIMS, RUNS):
            medians = [table.median(name) for table in mine]
            goals.append(Goal(f"{name} on {kind}, dearest size / cheapest", max(medians) / min(medians), _FLAT, "at most", "×"))
            lines.append(Line(f"{kind}, {name}", tuple(float(table.crowd.prompts) for table in mine), tuple(medians)))
    whole = sum(whole_reads(text, "prompt") for found in plans.values() for text in found.values())
    goals.append(Goal("steps of the plans that read all prompts, or sort beyond what is due", whole, 0, "at most"))
    return Section(
        title="Claiming due prompts",
        what=f"Tables of prompts, {100 - 100 * AHEAD // PER_PERSON} % of them ended, {DUE} due. The duty's look where nothing is due, "
        "its claim alone (given back), and its whole run: look, claim, transitions, promises, commit. Sizes and databases take turns. "
        "Where PostgreSQL sorts, it sorts the rows that are due.",
        baseline="the same claim from the smallest table.",
        columns=("database", "prompts", "people", *(f"{name}, ms" for name in (LOOKS, CLAIMS, RUNS))),
        rows=tuple(rows),
        goals=tuple(goals),
        plots=(
            Plot("claiming", f"Claiming {DUE} due prompts", "prompts in the table", "median (ms)", tuple(lines), log_x=True, log_y=True),
        ),
        listings=tuple(_listing(kind, size, found) for (kind, size), found in plans.items()),
    )


def _listing(kind: str, size: int, found: Mapping[str, str]) -> tuple[str, str]:
    parts = [f"-- {' '.join(statement.split())[-110:]}\n{text}" for statement, text in found.items()]
    return f"Query plans on {kind} with {size:,} prompts", "\n\n".join(parts)
