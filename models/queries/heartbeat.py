"""The pulse of every duty, in system time. No viewer: the house about itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, select

from models.prepared import once
from models.session import ReadSession, WriteSession
from models.tables import Heartbeat


@dataclass(frozen=True, slots=True)
class Beat:
    """One run of a duty. `problem` is the kind of exception that ended it; None: it ended well."""

    duty: str
    at: datetime
    every_seconds: int
    took_seconds: float
    done: int
    problem: str | None = None


def beat(session: WriteSession, one: Beat) -> None:
    """Sets the pulse of a duty. A beat that worked nothing leaves `done` as it was; a failed one leaves `beat_at`.

    So the age of `beat_at` is the time since the duty last ended well.
    """
    statement = session.insert(Heartbeat).values(
        duty=one.duty,
        beat_at=one.at,
        every_seconds=one.every_seconds,
        took_seconds=one.took_seconds,
        done=one.done,
        failures=0 if one.problem is None else 1,
        problem=one.problem,
    )
    new = statement.excluded
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["duty"],
            set_={
                "beat_at": new.beat_at if one.problem is None else Heartbeat.beat_at,
                "every_seconds": new.every_seconds,
                "took_seconds": new.took_seconds,
                "done": case((new.done > 0, new.done), else_=Heartbeat.done),
                "failures": 0 if one.problem is None else Heartbeat.failures + 1,
                "problem": new.problem,
            },
        )
    )


_PULSES = once(select(Heartbeat).order_by(Heartbeat.duty))


def pulses(session: ReadSession) -> Sequence[Row[Any]]:
    """Every duty's pulse, by name."""
    return session.rows(_PULSES)


def pulse(session: ReadSession, duty: str) -> Row[Any] | None:
    return session.row(select(Heartbeat).where(Heartbeat.duty == duty))
