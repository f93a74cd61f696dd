"""How Alembic meets the database.

On SQLite a batch operation drops and copies tables: with foreign keys on, that deletes the child rows. So they are off while
migrating and checked before the commit, and BEGIN is said aloud so that a failed migration leaves nothing half applied.
"""

import os

from alembic import context
from sqlalchemy import Connection, NullPool, create_engine, event

import models.tables  # noqa: F401  # fills the metadata
from models.base import Base
from models.settings import DatabaseSettings


def _configure(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        user_module_prefix="",
        transaction_per_migration=False,
    )


def migrate() -> None:
    settings = context.config.attributes.get("settings") or DatabaseSettings.read(os.environ)
    if not settings.embedded:
        with create_engine(settings.url, poolclass=NullPool).connect() as connection, connection.begin():
            # Two processes that start at once migrate one after the other; the lock ends with the transaction.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(1112365410)")
            _configure(connection)
            with context.begin_transaction():
                context.run_migrations()
        return
    engine = create_engine(settings.url, poolclass=NullPool, connect_args={"isolation_level": None})
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA foreign_keys = OFF"))
    with engine.connect() as connection, connection.begin():
        _configure(connection)
        with context.begin_transaction():
            context.run_migrations()
        if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
            raise RuntimeError(f"the migration would leave {len(broken)} rows without their parents; nothing was changed")


migrate()
