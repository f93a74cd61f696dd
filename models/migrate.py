"""Brings a database to the newest tables, keeping a copy of an embedded one first."""

import sqlite3
from importlib.util import find_spec
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import make_url

from models.errors import Problem
from models.settings import DatabaseSettings


class TooNew(Problem):
    """The database was made by a newer release than this one."""


def configuration(settings: DatabaseSettings) -> Config:
    """Alembic's view of the migrations that came with this installation."""
    found = find_spec("migrations")
    assert found is not None
    assert found.origin is not None
    config = Config()
    config.set_main_option("script_location", str(Path(found.origin).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["settings"] = settings
    return config


def newest(settings: DatabaseSettings) -> str:
    """The newest revision that this installation knows."""
    head = ScriptDirectory.from_config(configuration(settings)).get_current_head()
    assert head is not None
    return head


def current(settings: DatabaseSettings) -> str | None:
    """The revision of the database; None where it has no tables yet."""
    if settings.embedded and not _file(settings).exists():
        return None
    engine = create_engine(settings.url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def migrate(settings: DatabaseSettings) -> tuple[str | None, str]:
    """Revision before and after. Nothing is touched where they are the same. Raises TooNew."""
    before, head = current(settings), newest(settings)
    if before == head:
        return before, head
    known = {script.revision for script in ScriptDirectory.from_config(configuration(settings)).walk_revisions()}
    if before is not None and before not in known:
        raise TooNew("database_too_new", f"The database is at revision {before}, which this release does not know; install a newer one.")
    if settings.embedded:
        settings.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if before is not None:
            _keep_copy(_file(settings), before)
    command.upgrade(configuration(settings), "head")
    return before, head


def _file(settings: DatabaseSettings) -> Path:
    return Path(make_url(settings.url).database or "")


def _keep_copy(path: Path, revision: str) -> None:
    """SQLite's own backup, so that what stands in the write-ahead log is in the copy."""
    target = path.with_suffix(f".before-{revision}.db")
    with sqlite3.connect(path) as source, sqlite3.connect(target) as copy:
        source.backup(copy)
    source.close()
    copy.close()
