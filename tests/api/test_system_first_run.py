"""The first run, and every run after it."""

import shutil
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from starlette.testclient import TestClient

from api.actions import first_run
from api.actions.first_run import LOGIN, OtherKeys, begin, open_database
from api.app import build_house, make_app
from api.commands import instant
from api.settings import ApiSettings
from models.errors import Conflict, Invalid
from models.queries.audit import broken_links
from models.queries.study import mark
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import Enrollment, EnrollmentCode, ProtocolVersion, RoleGrant, Staff, Study

API = ApiSettings()


@pytest.fixture
def place(tmp_path: Path) -> DatabaseSettings:
    """Nothing yet."""
    home = tmp_path / "var"
    return DatabaseSettings(url=f"sqlite:///{home / 'breakwater.db'}", directory=home)


def count(sessions: Sessions, table: type) -> int:
    with sessions.reading() as session:
        return int(session.value(select(func.count()).select_from(table)))


def test_the_first_run_makes_a_way_in_that_works(place):
    sessions, keys = open_database(place)
    first = begin(sessions, keys, API)
    assert first is not None
    assert stat.S_IMODE((place.directory / "secrets.toml").stat().st_mode) == 0o600
    with TestClient(make_app(build_house(sessions, keys, API))) as client:
        entered = client.post("/v1/staff/session", json={"login": first.login, "password": first.one_time_password})
        assert entered.json()["must_change"] is True
        headers = {"Authorization": f"Bearer {entered.json()['token']}"}
        changed = client.put("/v1/staff/password", json={"old": first.one_time_password, "new": "seven quiet harbours"}, headers=headers)
        assert changed.status_code == 204
        grants = client.get("/v1/staff/me", headers=headers).json()["grants"]
        assert {one["role"] for one in grants} == {"admin", "coordinator", "investigator", "data_manager", "operator", "auditor"}
        listed = client.get("/v1/care/participants", headers=headers).json()["items"]
        assert [one["state"] for one in listed] == ["invited"]
        assert client.get("/v1/care/alerts", headers=headers).status_code == 200
    with sessions.reading() as session:
        study = session.value(select(Study.uid))
        assert list(broken_links(session, keys, str(study))) == list(broken_links(session, keys, "system")) == []
    sessions.close()


def test_the_second_run_changes_nothing_and_gives_none_of_the_secrets(place):
    sessions, keys = open_database(place)
    begin(sessions, keys, API)
    before = [count(sessions, table) for table in (Study, Staff, RoleGrant, Enrollment, EnrollmentCode)]
    sessions.close()
    again, same_keys = open_database(place)
    assert begin(again, same_keys, API) is None
    assert same_keys.fingerprint() == keys.fingerprint()
    assert [count(again, table) for table in (Study, Staff, RoleGrant, Enrollment, EnrollmentCode)] == before
    again.close()


class Crash(Exception):
    """The power goes."""


@pytest.mark.parametrize("where", ["migrate", "_mark", "publish", "add_person", "store_code", "append"])
def test_after_a_crash_at_any_step_the_next_run_ends_what_was_begun(place, monkeypatch, where):
    real = getattr(first_run, where)

    def crash(*args, **kwargs):
        real(*args, **kwargs)
        raise Crash

    monkeypatch.setattr(first_run, where, crash)
    with pytest.raises(Crash):
        begin(*open_database(place), API)
    monkeypatch.undo()
    sessions, keys = open_database(place)
    assert begin(sessions, keys, API) is not None, "the secrets were never shown, so they are made now"
    assert [count(sessions, table) for table in (Study, Staff, Enrollment, EnrollmentCode)] == [1, 1, 1, 1]
    sessions.close()


def test_other_keys_than_the_databases_own_refuse_to_open_it(place, tmp_path):
    sessions, keys = open_database(place)
    sessions.close()
    secrets = place.directory / "secrets.toml"
    shutil.move(secrets, tmp_path / "kept.toml")
    with pytest.raises(OtherKeys, match="not here"):
        open_database(place)
    assert not secrets.exists(), "no new keys are made for a database that waits for its own"
    other, _ = open_database(DatabaseSettings(url=f"sqlite:///{tmp_path / 'other.db'}", directory=tmp_path / "other"))
    other.close()
    shutil.copy(tmp_path / "other" / "secrets.toml", secrets)
    with pytest.raises(OtherKeys, match="not those") as refused:
        open_database(place)
    assert keys.fingerprint() not in str(refused.value)
    shutil.copy(tmp_path / "kept.toml", secrets)
    open_database(place)[0].close()


def test_a_rehearsal_is_marked_at_the_first_run_and_never_made_of_a_real_study(place, tmp_path):
    open_database(place)[0].close()
    with pytest.raises(Conflict, match="not_a_rehearsal"):
        open_database(place, rehearsal=True)
    other = DatabaseSettings(url=f"sqlite:///{tmp_path / 'r' / 'breakwater.db'}", directory=tmp_path / "r")
    sessions, keys = open_database(other, rehearsal=True)
    begin(sessions, keys, API)
    with sessions.reading() as session:
        assert mark(session).rehearsal is True
        assert session.value(select(Study.synthetic)) is True
        assert session.value(select(Enrollment.synthetic)) is True
    sessions.close()
    open_database(other)[0].close()


def test_only_a_rehearsal_opens_with_commits_that_a_power_cut_may_take(settings):
    hasty = replace(settings, durable=False)
    with pytest.raises(Conflict, match="not_durable"):
        open_database(hasty)
    open_database(settings)[0].close()
    with pytest.raises(Conflict, match="not_durable"):
        open_database(hasty)


def test_a_rehearsal_may_be_opened_without_waiting_for_the_disk(settings):
    sessions, _ = open_database(replace(settings, durable=False), rehearsal=True)
    with sessions.transaction() as session:
        said = session.value(text("PRAGMA synchronous" if sessions.embedded else "SHOW synchronous_commit"))
    sessions.close()
    assert said in {0, "off"}
    sessions, _ = open_database(settings)
    with sessions.transaction() as session:
        said = session.value(text("PRAGMA synchronous" if sessions.embedded else "SHOW synchronous_commit"))
    sessions.close()
    assert said == (2 if sessions.embedded else "on")


def test_the_first_run_is_the_same_on_both_databases(settings):
    sessions, keys = open_database(settings)
    first = begin(sessions, keys, API)
    assert first is not None
    assert begin(sessions, keys, API) is None
    with sessions.reading() as session:
        assert session.value(select(Staff.login)) == LOGIN
        assert session.value(select(Study.slug)) == first.study
    sessions.close()


START = datetime(2026, 3, 7, 12, tzinfo=UTC)


def test_a_rehearsal_begins_where_it_is_told_and_everything_of_its_first_run_holds_from_there(place):
    sessions, keys = open_database(place, rehearsal=True, start=START)
    first = begin(sessions, keys, API)
    assert first is not None
    house = build_house(sessions, keys, API)
    assert house.clock.study() == START
    with sessions.reading() as session:
        (study,) = session.rows(select(Study))
        (version,) = session.rows(select(ProtocolVersion))
        assert (study.synthetic, study.created_at, version.effective_from) == (True, START, START.date())
    with TestClient(make_app(house)) as client:
        entered = client.post("/v1/staff/session", json={"login": first.login, "password": first.one_time_password})
        assert entered.status_code == 201, "accounts count in system time"
    sessions.close()
    again, _ = open_database(place, rehearsal=True, start=START - timedelta(days=9))
    with again.reading() as session:
        assert mark(session).study_now == START, "a later start changes nothing"  # type: ignore[union-attr]
    again.close()


def test_a_real_study_has_no_start_of_its_own(place):
    sessions, _ = open_database(place, start=START)
    with sessions.reading() as session:
        assert mark(session).study_now is None  # type: ignore[union-attr]
    sessions.close()


def test_a_start_without_its_offset_is_refused_by_its_place():
    with pytest.raises(Invalid) as refused:
        instant("2026-03-07T12:00", "/start")
    assert [(one.pointer, one.rule) for one in refused.value.faults] == [("/start", "instant")]
    assert instant("2026-03-07T07:00-05:00", "/start") == START
