"""The same request gives the same bytes, whatever happens afterwards."""

from datetime import timedelta
from pathlib import Path

import pytest

from models.sealed import Keys
from models.session import Sessions
from tests.build import build_person
from tests.models.dataset_story import CUT, MINUTE, Story, World, build_world, table


@pytest.fixture
def world(sessions: Sessions, keys: Keys) -> World:
    return build_world(sessions, keys)


def test_later_answers_moves_and_closings_do_not_change_the_bytes(world: World, keys: Keys, tmp_path: Path) -> None:
    export_uid = world.ask(formats=("csv", "parquet"))
    first = world.build(export_uid, tmp_path / "one")
    world.tell_on()
    build_person(world.sessions, keys, world.study, now=CUT - timedelta(days=1))
    second = world.build(export_uid, tmp_path / "two", now=CUT + timedelta(days=400))
    assert second.sha256 == first.sha256
    assert second.path.read_bytes() == first.path.read_bytes()


def test_the_same_request_asked_twice_gives_the_same_bytes(world: World, tmp_path: Path) -> None:
    first, second = world.ask(), world.ask()
    assert first != second
    assert world.build(first, tmp_path).sha256 == world.build(second, tmp_path).sha256


def test_a_later_request_has_what_came_in_between(world: World, tmp_path: Path) -> None:
    before = world.build(world.ask(), tmp_path)
    world.tell_on()
    after = world.build(world.ask(now=CUT + timedelta(hours=1)), tmp_path, now=CUT + timedelta(hours=1))
    assert after.sha256 != before.sha256
    assert len(table(after.path, "estimates")) > len(table(before.path, "estimates"))
    [alert] = table(after.path, "alerts")
    assert (alert["state"], alert["disposition"], alert["minutes_spent"]) == ("resolved", "reached_safe", "12")


def test_a_transaction_in_flight_at_the_request_stays_out_for_good(world: World, tmp_path: Path) -> None:
    if world.sessions.embedded:
        pytest.skip("one connection writes: nothing is in flight")
    with world.sessions.transaction() as slow:
        Story(slow, world.study, world.person, dict(world.story)).response(CUT - 2 * MINUTE, instrument="good", answers={}, missing={})
        with world.sessions.transaction() as quick:
            Story(quick, world.study, world.person, dict(world.story)).response(CUT - MINUTE, instrument="stressor", answers={}, missing={})
        export_uid = world.ask()
        early = world.build(export_uid, tmp_path / "early")
    late = world.build(export_uid, tmp_path / "late")
    instruments = {row["instrument"] for row in table(late.path, "prompts")}
    assert "stressor" in instruments
    assert "good" not in instruments
    assert early.sha256 == late.sha256
