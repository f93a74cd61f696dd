"""The pulse of every duty: what the landing page, the readiness check and every coordinator's list say."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models.queries.heartbeat import pulses
from models.session import ReadSession
from scheduler.timetable import TIMETABLE, silent

SCORING: Final = frozenset({"run_decision_points"})


@dataclass(frozen=True, slots=True)
class Pulse:
    """`beat_at` is when the duty last ended well (system time); None: never. `problem` is the kind of the last failure, if it failed."""

    duty: str
    every_seconds: int
    beat_at: datetime | None
    problem: str | None
    late: bool

    @property
    def scores(self) -> bool:
        return self.duty in SCORING


def watch_duties(session: ReadSession, *, now: datetime) -> tuple[Pulse, ...]:
    """Every duty of the timetable, in its order. `now` is system time."""
    rows = pulses(session)
    late, known = silent(rows, system_now=now), {row.duty: row for row in rows}
    return tuple(
        Pulse(
            one.name,
            one.every_seconds,
            known[one.name].beat_at if one.name in known else None,
            known[one.name].problem if one.name in known else None,
            one.name in late,
        )
        for one in TIMETABLE
    )


def late_duties(session: ReadSession, *, now: datetime) -> tuple[Pulse, ...]:
    return tuple(one for one in watch_duties(session, now=now) if one.late)
