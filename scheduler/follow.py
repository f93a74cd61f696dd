"""Study time as other processes move it: in a rehearsal on PostgreSQL every process looks at the row."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Thread
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from models.clock import Clock, MovableClock
from models.queries.study import mark
from models.session import Sessions

log = structlog.get_logger("follow")

EVERY_SECONDS: Final = 0.2
"""How far a process may be behind another one that moved study time, in system time."""


@contextmanager
def following(sessions: Sessions, clock: Clock, *, every: float = EVERY_SECONDS) -> Iterator[None]:
    """Keeps a movable clock at the database's study time for as long as the block lasts; never back.

    Nothing to do where study time is system time, nor on SQLite, where one process has it all.
    """
    if sessions.embedded or not isinstance(clock, MovableClock):
        yield
        return
    ended = Event()
    thread = Thread(target=_follow, args=(sessions, clock, ended, every), name="follow-study-time", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(10)


def catch_up(sessions: Sessions, clock: MovableClock) -> None:
    """Goes to where the database says that study time stands."""
    with sessions.reading() as session:
        row = mark(session)
    if row is not None and row.study_now is not None:
        clock.follow(row.study_now)


def study_now(sessions: Sessions, clock: Clock, told: datetime) -> datetime:
    """Study time. Where someone tells of a later moment than this process knows, the row is asked: another process may have moved it."""
    now = clock.study()
    if told <= now or sessions.embedded or not isinstance(clock, MovableClock):
        return now
    catch_up(sessions, clock)
    return clock.study()


def _follow(sessions: Sessions, clock: MovableClock, ended: Event, every: float) -> None:
    away = False
    while not ended.wait(every):
        try:
            catch_up(sessions, clock)
            away = False
        except SQLAlchemyError as error:
            if not away:
                log.warning("follow.database_away", kind=type(error).__name__)
            away = True
