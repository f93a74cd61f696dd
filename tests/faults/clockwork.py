"""The house with a clock that can be set wrong: `python -m tests.faults.clockwork OFFSET_FILE serve|worker [options]`.

Composes the same parts as `breakwater serve` and `breakwater worker`; only the clock is another. The file holds seconds that this
process's system clock is ahead (negative: behind). In a rehearsal study time stays where the database says.
"""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

from rich.console import Console

from api import commands
from api.actions.first_run import begin, open_database
from api.actions.house_duties import house_duties
from api.app import build_house
from api.logs import set_up_logs
from api.serve import serve
from api.settings import ApiSettings
from models.clock import Clock, MovableClock, SystemClock
from models.lock import writing_process
from models.queries.study import mark
from models.session import Sessions
from models.settings import DatabaseSettings
from scheduler.follow import following
from scheduler.worker import Worker, run_forever

EVERY_SECONDS = 0.1


class Offset:
    """The seconds in the file; none where it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path, self._known, self._read_at = path, timedelta(), -1.0

    def __call__(self) -> timedelta:
        if monotonic() - self._read_at > EVERY_SECONDS:
            try:
                self._known = timedelta(seconds=float(self._path.read_text()))
            except (OSError, ValueError):
                self._known = timedelta()
            self._read_at = monotonic()
        return self._known


class Jumping(SystemClock):
    """Study time is this wrong system time."""

    def __init__(self, offset: Offset) -> None:
        self._offset = offset

    def system(self) -> datetime:
        return super().system() + self._offset()


class JumpingRehearsal(MovableClock):
    """Study time is a row; system time is wrong."""

    def __init__(self, instant: datetime, offset: Offset) -> None:
        super().__init__(instant)
        self._offset = offset

    def system(self) -> datetime:
        return super().system() + self._offset()


def clock_of(sessions: Sessions, offset: Offset) -> Clock:
    with sessions.reading() as session:
        row = mark(session)
    if row is not None and row.rehearsal:
        return JumpingRehearsal(row.study_now or SystemClock().system(), offset)
    return Jumping(offset)


def main(words: list[str]) -> None:
    offset, what, options = Offset(Path(words[0])), words[1], words[2:]
    set_up_logs(os.environ.get("BREAKWATER_LOG_LEVEL", "INFO"))
    settings, api, rehearsal = DatabaseSettings.read(os.environ), ApiSettings.read(os.environ), "--rehearsal" in options
    start = commands.instant(options[options.index("--start") + 1], "/start") if "--start" in options else None
    with writing_process(settings, f"clockwork {what}"):
        sessions, keys = open_database(settings, rehearsal=rehearsal, start=start)
        first = begin(sessions, keys, api)
        if first is not None:
            Console().print(f"One-time word   {first.one_time_password}", highlight=False)
        house = build_house(sessions, keys, api, clock=clock_of(sessions, offset))
        duties = house_duties(house)
        with following(sessions, house.clock):
            if what == "worker":
                run_forever(duties)
            else:
                serve(house, Worker(duties) if settings.embedded or "--no-worker" not in options else None)
        sessions.close()


if __name__ == "__main__":
    main(sys.argv[1:])
