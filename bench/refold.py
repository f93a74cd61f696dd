"""Folding a person's history again: what the duty does after a late answer or an edit, against the same steps in memory."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from time import process_time

from bench.databases import database
from bench.result import Line, Plot, Section, middle
from bench.synthetic import PER_DAY, START, Size, make
from models.protocols import Protocols
from models.queries import response as responses
from models.queries import risk as risk_queries
from models.session import Sessions
from risk.mind import Mind
from risk.refold import Folded, fold, past_of, refold, revised_rows, state_row
from tests.conftest import fixed_keys

DAYS = (30, 90, 365)
ROUNDS = 3


def measure(quick: bool) -> Section:
    """Seconds and observations a second by size, in CPU time; medians of interleaved rounds. About 70 % of the prompts were answered."""
    rows, house, bare = [], [], []
    for days in (2, 4) if quick else DAYS:
        folded, alone, count = _measure(days, 1 if quick else ROUNDS)
        house.append(folded)
        bare.append(alone)
        per_second = (round(count / folded), round(count / alone))
        rows.append((days, count, round(folded, 3), round(alone, 3), *per_second, round(alone / folded, 2)))
    sizes = tuple(float(row[1]) for row in rows)
    return Section(
        title="Refolding a person-year",
        what=f"One person with {PER_DAY} prompts of twelve items a day: history read, every observation through `step`, checkpoints, state "
        "and revised estimates stored, committed to SQLite. CPU seconds of one process.",
        baseline="`fold` alone: the same observations through the same step in memory, without a database or rows of estimates.",
        columns=("days", "observations", "refold s", "bare fold s", "refold /s", "bare fold /s", "refold / bare fold"),
        rows=tuple(rows),
        plots=(
            Plot(
                "refold",
                "Refolding one person",
                "observations",
                "CPU seconds",
                (Line("refold", sizes, tuple(house)), Line("bare fold", sizes, tuple(bare))),
                log_x=True,
                log_y=True,
            ),
        ),
    )


def _measure(days: int, rounds: int) -> tuple[float, float, int]:
    """Median seconds of a refold and of a bare fold, and how many observations each saw."""
    with tempfile.TemporaryDirectory() as home, database(None, Path(home)) as settings:
        make(settings, fixed_keys(), Size(1, days))
        sessions, mind = Sessions(settings), Mind(fixed_keys(), Protocols())
        now = START + timedelta(days=days + 1)
        whole, alone, count = [], [], 0
        for _ in range(rounds):
            whole.append(_refold(sessions, mind, now))
            with sessions.reading() as session:
                past = past_of(session, mind, 1)
            began = process_time()
            count = fold(past, mind, Folded(None, 0, None)).observations
            alone.append(process_time() - began)
        sessions.close()
    return middle(whole), middle(alone), count


def _refold(sessions: Sessions, mind: Mind, now: datetime) -> float:
    """As the duty does; the estimates are thrown away first, so that each round writes all of them."""
    with sessions.transaction() as session:
        session._connection.exec_driver_sql("DELETE FROM risk_estimate")
    began = process_time()
    with sessions.transaction() as session:
        person = responses.lock_enrollments(session, [1])[1]
        known = risk_queries.lock_states(session, [1])
        folded = refold(session, mind, person, earliest=None, now=now)
        assert folded is not None
        risk_queries.insert_estimates(session, revised_rows(session, person, folded, now=now))
        risk_queries.save_states(session, [state_row(person, folded, now=now)], known.keys())
    return process_time() - began


if __name__ == "__main__":
    print(measure(quick=False))
