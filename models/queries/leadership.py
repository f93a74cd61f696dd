"""Which of several processes does the duties that must be single: an advisory lock of PostgreSQL. On SQLite there is only one process."""

from contextlib import suppress
from threading import Lock
from typing import Final

import structlog
from sqlalchemy import Connection, Engine, NullPool, create_engine, func, select
from sqlalchemy.exc import DBAPIError

from models.session import Sessions

log = structlog.get_logger("leadership")

LOCK: Final = 0x62726561
"""An arbitrary number; every process of this house asks for the same one. Advisory locks belong to one database."""


class Leadership:
    """Held by a connection of its own, outside the pool, so that a process that dies gives it up by itself. Thread-safe."""

    def __init__(self, sessions: Sessions) -> None:
        self._lock = Lock()
        self._engine = None if sessions.embedded else create_engine(sessions.settings.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._connection: Connection | None = None

    def held(self) -> bool:
        """Whether this process leads now; asks for the lead where nobody has it. False where the database does not answer."""
        if self._engine is None:
            return True
        with self._lock:
            try:
                return self._still_held() or self._ask(self._engine)
            except DBAPIError as error:
                log.warning("leadership.lost", kind=type(error).__name__)
                self._drop()
                return False

    def release(self) -> None:
        with self._lock:
            self._drop()

    def _still_held(self) -> bool:
        return self._connection is not None and self._connection.scalar(select(1)) == 1

    def _ask(self, engine: Engine) -> bool:
        self._drop()
        self._connection = engine.connect()
        if self._connection.scalar(select(func.pg_try_advisory_lock(LOCK))):
            return True
        self._drop()
        return False

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError):
                connection.close()
