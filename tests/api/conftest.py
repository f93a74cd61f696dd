"""The `served` fixture: a marked database, a house on it and the app, on both databases.

Building the app and its first requests cost more than most tests, so one app serves them all; each test puts its own house in.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import build_house, make_app
from api.settings import ApiSettings
from models.queries.study import set_mark
from models.sealed import Keys
from models.session import Sessions
from models.settings import DatabaseSettings
from tests.api.client import HandClock, Phone, Served, open_study
from tests.api.pocket import quick_phone
from tests.build import NOW, Built


@pytest.fixture(scope="session")
def front_door(sqlite_template: Path, keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The app with its lifespan running, in an empty house that nobody asks."""
    directory = tmp_path_factory.mktemp("empty")
    shutil.copy(sqlite_template, directory / "breakwater.db")
    sessions = Sessions(DatabaseSettings(url=f"sqlite:///{directory / 'breakwater.db'}", directory=directory))
    with TestClient(make_app(build_house(sessions, keys, ApiSettings(), clock=HandClock()))) as client:
        yield client
    sessions.close()


@pytest.fixture
def served(front_door: TestClient, sessions: Sessions, keys: Keys) -> Iterator[Served]:
    with sessions.transaction() as session:
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=False, tzdata_version="test", now=NOW)
    clock = HandClock()
    house = build_house(sessions, keys, ApiSettings(), clock=clock)
    app = front_door.app
    assert isinstance(app, FastAPI)
    app.state.house, before = house, app.state.house
    house.writer.start()
    front_door.cookies.clear()
    yield Served(house, front_door, clock)
    house.writer.stop()
    app.state.house = before


@pytest.fixture(scope="module")
def shared_house(front_door: TestClient, shared_sessions: Sessions, keys: Keys) -> Iterator[Served]:
    with shared_sessions.transaction() as session:
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=False, tzdata_version="test", now=NOW)
    clock = HandClock()
    house = build_house(shared_sessions, keys, ApiSettings(), clock=clock)
    house.writer.start()
    yield Served(house, front_door, clock)
    house.writer.stop()


@pytest.fixture
def house(shared_house: Served) -> Iterator[Served]:
    """The module's house at the fixed moment. Give every study and login a name of its own: `tests.api.client.fresh`."""
    app = shared_house.client.app
    assert isinstance(app, FastAPI)
    app.state.house, before = shared_house.house, app.state.house
    shared_house.client.cookies.clear()
    shared_house.house.notes.clear()
    shared_house.clock.study_now = shared_house.clock.system_now = NOW
    yield shared_house
    app.state.house = before


@pytest.fixture(scope="module")
def study(shared_house: Served) -> Built:
    """A study of the module's own in its house."""
    return open_study(shared_house)


@pytest.fixture
def phone(house: Served, study: Built) -> Phone:
    """A phone of a new person in that study."""
    return quick_phone(house, study)
