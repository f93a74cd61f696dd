"""The `served` fixture: a marked database, a house on it and its app, on both databases."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import build_house, make_app
from api.settings import ApiSettings
from models.queries.study import set_mark
from models.sealed import Keys
from models.session import Sessions
from tests.api.client import HandClock, Served
from tests.build import NOW


@pytest.fixture
def served(sessions: Sessions, keys: Keys) -> Iterator[Served]:
    with sessions.transaction() as session:
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=False, tzdata_version="test", now=NOW)
    clock = HandClock()
    house = build_house(sessions, keys, ApiSettings(), clock=clock)
    with TestClient(make_app(house)) as client:
        yield Served(house, client, clock)
