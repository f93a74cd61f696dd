"""Databases to measure on: SQLite in a folder, and a PostgreSQL that is started for the run and durable as a server is by default.

`BREAKWATER_BENCH_POSTGRES` names a server to use instead (a URL without a database name). Databases are made and dropped.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text

from models.settings import DatabaseSettings
from tests.conftest import _postgres_programs, _run_as, _wait, _wheel_programs, database_url, migrate


@contextmanager
def postgres() -> Iterator[str | None]:
    """A server's URL, or None where no PostgreSQL can be started."""
    if given := os.environ.get("BREAKWATER_BENCH_POSTGRES"):
        yield given.rstrip("/")
        return
    home = Path(tempfile.gettempdir()) / f"bw-bench-{uuid4().hex[:8]}"
    home.mkdir(mode=0o755)
    programs, run_as = _postgres_programs() or _wheel_programs(home), _run_as()
    if programs is None:
        shutil.rmtree(home)
        yield None
        return
    if run_as:
        os.chown(home, int(str(run_as["user"])), int(str(run_as["group"])))
    data, options = home / "data", ["-c", "listen_addresses=", "-k", str(home), "-c", "max_wal_size=8GB", "-c", "shared_buffers=512MB"]
    subprocess.run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"], check=True, capture_output=True, **run_as)
    with (home / "log").open("wb") as log:
        server = subprocess.Popen([programs / "postgres", "-D", data, *options], stdout=subprocess.DEVNULL, stderr=log, **run_as)
    try:
        _wait(home)
        yield f"postgresql+psycopg://postgres@/{{}}?host={home}"
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def database(server: str | None, directory: Path) -> Iterator[DatabaseSettings]:
    """An empty database with the house's tables: on `server`, or SQLite in the directory where that is None."""
    directory.mkdir(parents=True, exist_ok=True)
    if server is None:
        settings = DatabaseSettings(url=f"sqlite:///{directory / 'breakwater.db'}", directory=directory)
        migrate(settings)
        yield settings
        return
    name = f"bench_{uuid4().hex[:12]}"
    _administer(server, f'CREATE DATABASE "{name}"')
    try:
        settings = DatabaseSettings(url=database_url(server, name), directory=directory, pool_size=8)
        migrate(settings)
        yield settings
    finally:
        _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _administer(server: str, statement: str) -> None:
    engine = create_engine(database_url(server, "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
