"""One writing process on SQLite: a lock file held for the life of the process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import Conflict
from models.settings import DatabaseSettings


class AlreadyWriting(Conflict):
    """Another process of this installation writes."""


@contextmanager
def writing_process(settings: DatabaseSettings, what: str) -> Iterator[None]:
    """Holds the right to write on SQLite; does nothing on PostgreSQL. Raises AlreadyWriting where another process holds it.

    The kernel releases the lock when the process ends, however it ends.
    """
    if not settings.embedded:
        yield
        return
    settings.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = settings.directory / "writer.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyWriting("already_writing", _sentence(path, what)) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n{what}\n")
        file.flush()
        yield


def _sentence(path: Path, what: str) -> str:
    lines = path.read_text().splitlines()
    holder = f"`{lines[1]}` (process {lines[0]})" if len(lines) == 2 else "another process"
    return (
        f"{what} writes to the embedded SQLite database, and {holder} holds it: one process writes at a time. "
        "Stop that process first, use its HTTP API, or set BREAKWATER_DATABASE_URL to a PostgreSQL database."
    )
