"""Engines, the two kinds of session, and the only commit of the house.

SQLite has one writing connection (WAL, `synchronous=FULL` but in a rehearsal) and a pool of read-only ones; PostgreSQL has one pool.
Statements are SQLAlchemy Core; nothing here maps objects. Those that are built once a process (`models.prepared`) go straight to SQLite's
driver, and their rows are named tuples.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import URL, Connection, CursorResult, Engine, Executable, QueuePool, Row, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError

from models.base import Base
from models.codec import canonical, parse
from models.prepared import once, prepared, run
from models.settings import DatabaseSettings

Values = Mapping[str, Any]

_CODEC: dict[str, Any] = {
    "json_serializer": lambda value: canonical(value).decode(),
    "json_deserializer": parse,
    "hide_parameters": True,  # the text of a database error would hold the row
}
CACHE_KIB = 65_536
CHECKPOINT_PAGES = 8_000
"""Of 4 KiB: a log of 32 MB is copied at once, instead of one of 4 MB eight times. What is committed is on the disk either way."""
STATEMENTS = 1_024
"""Prepared statements that SQLite keeps for each connection: the driver's own 128 are fewer than a house asks in a day."""
_SNAPSHOT = {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}


class ReadSession:
    """One consistent look at the rows. Cannot write. `driver`: SQLite's own connection below, where statements may go to it directly."""

    __slots__ = ("_connection", "_driver")

    def __init__(self, connection: Connection, driver: sqlite3.Connection | None = None) -> None:
        self._connection, self._driver = connection, driver

    @property
    def dialect(self) -> str:
        return self._connection.dialect.name

    def rows(self, statement: Executable, values: Values | None = None) -> Sequence[Row[Any]]:
        found = self._directly(statement, values)
        return self._connection.execute(statement, values).all() if found is None else found

    def tuples(self, statement: Executable, values: Values | None = None) -> Sequence[tuple[Any, ...]]:
        """Rows as the driver gives them, by position and not converted: for the many, whose columns are plain values."""
        result = self._connection.execute(statement, values)
        found: Sequence[tuple[Any, ...]] = result.cursor.fetchall()
        result.close()
        return found

    def row(self, statement: Executable, values: Values | None = None) -> Row[Any] | None:
        """The first row, or None."""
        found = self._directly(statement, values)
        if found is None:
            return self._connection.execute(statement, values).first()
        return found[0] if found else None

    def value(self, statement: Executable, values: Values | None = None) -> Any:
        """The first column of the first row, or None."""
        found = self._directly(statement, values)
        if found is None:
            return self._connection.execute(statement, values).scalar()
        return found[0][0] if found else None

    def stream(self, statement: Executable, chunk: int = 500) -> Iterator[Row[Any]]:
        """Rows in chunks, for exports; holds the connection until it is exhausted."""
        # Of this statement alone: set on the connection, it would make a slow stream of every later one.
        yield from self._connection.execute(statement, execution_options={"yield_per": chunk})

    def _directly(self, statement: Executable, values: Values | None) -> list[Any] | None:
        """The rows of a statement that is built once, from the driver; None where it goes the usual way."""
        if self._driver is None or (one := prepared(statement)) is None:
            return None
        if not self._connection.in_transaction():
            self._connection.begin()  # as SQLAlchemy does before the first statement: all rows are those of one moment
        return one.rows(self._driver, self._connection.dialect, values or {})


class WriteSession(ReadSession):
    """A transaction in progress. Commits when `Sessions.transaction` closes, never before."""

    __slots__ = ()

    def execute(self, statement: Executable, values: Values | Sequence[Values] | None = None) -> CursorResult[Any]:
        return self._connection.execute(statement, values)

    def change(self, statement: Executable, rows: Sequence[Values]) -> None:
        """Executes it with each of `rows`, which give the same names."""
        if not rows:
            return
        if self._driver is not None and (one := prepared(statement)) is not None:
            one.change(self._driver, self._connection.dialect, rows)
        else:
            self._connection.execute(statement, rows)

    def add(self, table: type[Base], **values: Any) -> int:
        """Inserts one row and gives its internal key."""
        result = self._connection.execute(_adding(table), values)
        key: Any = result.inserted_primary_key
        return int(key[0])

    def add_all(self, table: type[Base], rows: Sequence[Values]) -> None:
        """Inserts rows that all have the same columns."""
        self.change(_adding(table), rows)

    def add_new(self, table: type[Base], rows: Sequence[Values], *returning: Any) -> Sequence[Row[Any]]:
        """Inserts rows that are not there yet, and gives `returning` of those. One statement for all, built once a process."""
        if not rows:
            return []
        statement = _inserting(self.dialect, table, returning)
        if self._driver is not None and (one := prepared(statement)) is not None:
            return one.added(self._driver, self._connection.dialect, rows)
        result = self._connection.execute(statement, rows)
        return result.all() if returning else []

    def insert(self, table: type[Base]) -> Any:
        """An INSERT that knows ON CONFLICT, for the database in use."""
        dialect = postgresql if self.dialect == "postgresql" else sqlite
        return dialect.insert(table.__table__)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What is done within it is undone where it raises; the transaction goes on."""
        if self._driver is None:
            with self._connection.begin_nested():
                yield
            return
        run(self._driver, "SAVEPOINT step", self._connection.dialect)
        try:
            yield
        except BaseException:
            run(self._driver, "ROLLBACK TO step", self._connection.dialect)
            raise
        finally:
            run(self._driver, "RELEASE step", self._connection.dialect)


@cache
def _adding(table: type[Base]) -> Any:
    """Built once a process: building a statement costs more than running it."""
    return once(table.__table__.insert())  # type: ignore[attr-defined]


@cache
def _inserting(dialect: str, table: type[Base], returning: tuple[Any, ...]) -> Any:
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(table.__table__).on_conflict_do_nothing()
    return once(statement.returning(*returning) if returning else statement)


class Sessions:
    """Opens sessions. One object a process, made by the composition root and passed down."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self.settings = settings
        if settings.embedded:
            self._write = _sqlite_engine(settings, read_only=False)
            self._read = _sqlite_engine(settings, read_only=True)
        else:
            lazy = {} if settings.durable else {"connect_args": {"options": "-c synchronous_commit=off"}}
            self._write = create_engine(settings.url, pool_size=settings.pool_size, max_overflow=0, pool_pre_ping=True, **_CODEC, **lazy)
            self._read = self._write
        self._reader = self._read if settings.embedded else self._read.execution_options(**_SNAPSHOT)

    @property
    def embedded(self) -> bool:
        return self.settings.embedded

    @property
    def write_engine(self) -> Engine:
        """For migrations only."""
        return self._write

    @contextmanager
    def reading(self) -> Iterator[ReadSession]:
        with self._reader.connect() as connection:
            yield ReadSession(connection, self._driver(connection))

    @contextmanager
    def transaction(self) -> Iterator[WriteSession]:
        """Commits at the end, rolls back on any exception.

        On SQLite the pool holds one connection, so a second caller waits here: "database is locked" cannot happen.
        """
        with self._write.connect() as connection, connection.begin():
            yield WriteSession(connection, self._driver(connection))

    def _driver(self, connection: Connection) -> sqlite3.Connection | None:
        """What statements that are built once are put to. Where somebody listens, everything goes the usual way and is heard."""
        if not self.embedded or connection.dispatch.before_cursor_execute:
            return None
        driver: sqlite3.Connection | None = connection.connection.dbapi_connection  # type: ignore[assignment]
        return driver

    def close(self) -> None:
        self._write.dispose()
        self._read.dispose()


def _sqlite_engine(settings: DatabaseSettings, *, read_only: bool) -> Engine:
    path = make_url(settings.url).database or ""
    mode = "ro" if read_only else "rwc"
    engine = create_engine(
        URL.create("sqlite", database=f"file:{quote(path)}", query={"mode": mode, "uri": "true"}),
        poolclass=QueuePool,
        pool_size=settings.pool_size if read_only else 1,
        max_overflow=0,
        pool_timeout=60,
        **_CODEC,
        connect_args={"check_same_thread": False, "isolation_level": None, "cached_statements": STATEMENTS},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 5000")
        cursor.execute("PRAGMA foreign_keys = ON")
        if not read_only:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute(f"PRAGMA synchronous = {'FULL' if settings.durable else 'OFF'}")
            # States and indexes of a few thousand people stay in memory, and fewer commits stop to copy the log into the file.
            cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        cursor.close()

    # The driver's own transaction handling leaves half-applied migrations behind, so BEGIN is said aloud.
    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        run(connection.connection.dbapi_connection, "BEGIN" if read_only else "BEGIN IMMEDIATE", connection.dialect)  # type: ignore[arg-type]

    return engine


def broken_rule(error: IntegrityError) -> str:
    """The database's own words for the constraint that refused a row, without the row's values."""
    return str(error.orig).splitlines()[0].split("DETAIL")[0]


def as_uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
