"""How late prompts go out: a thousand due within a minute, the worker on the machine's own clock, a push gateway in memory."""

import logging
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from sqlalchemy import select

from bench.crowd import fill
from bench.databases import database, postgres
from bench.result import Goal, Line, Plot, Section, middle
from models.clock import SystemClock
from models.kinds import PromptState
from models.protocols import Protocols
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import Enrollment, Prompt, PromptEvent
from risk.mind import Mind
from scheduler.delivery.port import Envelope, Outcome, Sent
from scheduler.jobs.duties import Duties
from scheduler.promises import WEBHOOK
from scheduler.timetable import TIMETABLE, Duty
from scheduler.worker import Worker
from tests.conftest import fixed_keys
from tests.scheduler.house import add_endpoint

GOAL_SECONDS: Final = 2.0
RUNS: Final = ((250, 20.0), (1_000, 60.0), (4_000, 20.0))
"""Prompts due in a minute, and how many seconds of such a minute are lived through."""
ASKED: Final = 1_000
"""The rate that the goal is about."""
_TABLE: Final = 100_000


@dataclass
class Gateway:
    """A push gateway that takes everything at once and notes when."""

    taken: dict[UUID, datetime] = field(default_factory=dict)

    def send(self, envelope: Envelope) -> Outcome:
        self.taken.setdefault(envelope.subject, datetime.now(UTC))
        return Sent()


@dataclass(frozen=True)
class Lateness:
    """Seconds from due until the dispatcher's commit and until the gateway had it, one for each prompt."""

    queued: list[float]
    told: list[float]
    never: int


def intervals_alone() -> tuple[Duty, ...]:
    """The timetable without next moments: every duty at its interval only."""
    return tuple(replace(duty, coming=None, wakes=()) for duty in TIMETABLE)


def measure(quick: bool) -> Section:
    """Several rates on every database, and the largest with intervals alone."""
    runs, baseline, table = (((600, 1.0),), 1.0, 1_000) if quick else (RUNS, 20.0, _TABLE)
    asked = runs[0][0] if quick else ASKED
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # it says so each time a beat outlasts its interval
    rows, goals, lines = list[tuple[str | int | float, ...]](), list[Goal](), list[Line]()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-lateness-")))
        server = stack.enter_context(postgres())
        kinds = {"SQLite": None} | ({"PostgreSQL": server} if server is not None else {})
        for kind, where in kinds.items():
            found = dict[int, Lateness]()
            for rate, seconds in runs:
                with database(where, directory / f"{kind}-{rate}") as settings:
                    found[rate] = _live(settings, round(rate * seconds / 60), seconds, table, TIMETABLE)
                rows.append(_row(kind, rate, "next moments", found[rate]))
            with database(where, directory / f"{kind}-intervals") as settings:
                alone = _live(settings, round(asked * baseline / 60), baseline, table, intervals_alone())
            rows.append(_row(kind, asked, "intervals alone", alone))
            worst = middle(found[asked].told, 0.99)
            goals.append(Goal(f"p99 until told, {asked:,} in a minute on {kind}", worst, GOAL_SECONDS, "at most", "s"))
            for name, share in (("p99", 0.99), ("median", 0.5)):
                lines.append(Line(f"{kind}, {name}", tuple(map(float, found)), tuple(middle(one.told, share) for one in found.values())))
    return Section(
        title="Dispatch lateness",
        what=f"Prompts that come due at even distances, beside a table of {table:,}; the real worker with its whole timetable on the "
        "machine's clock. Queued: from `due_at` to the end of the beat that committed it. Told: to the moment at which a push gateway "
        "in memory had it (delivery claimed, sent).",
        baseline="the same worker with every duty at its interval alone (dispatch every 5 s, deliveries every 2 s).",
        columns=("database", "due a minute", "worker", "queued p50 s", "queued p99 s", "told p50 s", "told p99 s", "worst s", "never told"),
        rows=tuple(rows),
        goals=tuple(goals),
        plots=(Plot("lateness", "From due to told", "prompts due in a minute", "seconds", tuple(lines), log_x=True, bound=GOAL_SECONDS),),
    )


def _row(kind: str, rate: int, worker: str, one: Lateness) -> tuple[str | int | float, ...]:
    figures = (middle(one.queued), middle(one.queued, 0.99), middle(one.told), middle(one.told, 0.99), max(one.told))
    return (kind, rate, worker, *figures, one.never)


def _live(settings: DatabaseSettings, number: int, seconds: float, size: int, timetable: Sequence[Duty]) -> Lateness:
    """One minute lived through. The crowd's own prompts lie an hour ahead; those measured are moved into the minute."""
    sessions, gateway, keys, protocols = Sessions(settings), Gateway(), fixed_keys(), Protocols()
    crowd = fill(sessions, max(size, number * 50), now=datetime.now(UTC))
    add_endpoint(sessions, keys, crowd.study, "https://gateway.invalid/", "prompt")
    mine = _due_within(sessions, number, seconds)
    ends: dict[datetime, datetime] = {}
    channels = {WEBHOOK: gateway, "memory": gateway, "inbox": gateway}
    duties = Duties(sessions, keys, protocols, Mind(keys, protocols), SystemClock(), channels)
    worker = Worker(duties, timetable=[_watched(duty, ends) if duty.name == "dispatch_prompts" else duty for duty in timetable])
    worker.start()
    end = monotonic() + seconds + 30
    while len(gateway.taken) < number and monotonic() < end:
        sleep(0.2)
    worker.stop()
    with sessions.reading() as session:
        rows = session.rows(
            select(Prompt.uid, Prompt.due_at, PromptEvent.at)
            .join(PromptEvent, (PromptEvent.prompt_id == Prompt.id) & (PromptEvent.name == "queued"))
            .where(Prompt.id.in_(mine))
        )
    sessions.close()
    told = [(gateway.taken[row.uid] - row.due_at).total_seconds() for row in rows if row.uid in gateway.taken]
    return Lateness([(ends[row.at] - row.due_at).total_seconds() for row in rows], told, number - len(told))


def _due_within(sessions: Sessions, number: int, seconds: float) -> list[int]:
    """Moves planned prompts of different people into the time that begins in two seconds; nobody's horizon is near. Gives their keys."""
    table, people = Prompt.__table__, Enrollment.__table__
    with sessions.transaction() as session:
        planned = select(Prompt.id).where(Prompt.state == PromptState.PLANNED).order_by(Prompt.slot_index, Prompt.id)
        keys = [row.id for row in session.rows(planned.limit(number))]
        first = datetime.now(UTC) + timedelta(seconds=2)
        session.execute(people.update().values(planned_until=first + timedelta(days=30)))
        for place, key in enumerate(keys):
            due = first + timedelta(seconds=seconds * place / number)
            session.execute(
                table.update()
                .where(table.c.id == key)
                .values(due_at=due, next_at=due, expires_at=due + timedelta(hours=1), reminders_left=[])
            )
    return keys


def _watched(duty: Duty, ends: dict[datetime, datetime]) -> Duty:
    """The same duty; notes when each beat had committed, by the study time it was given."""

    def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:
        done = duty.run(duties, now=now, system_now=system_now)
        ends[now] = datetime.now(UTC)
        return done

    return replace(duty, run=run)
