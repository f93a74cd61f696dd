"""When a phone tells that a prompt was opened: at once, or only where its answer has not gone out meanwhile."""

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.actions.first_run import shipped
from api.rehearsal.asked import Asked
from api.rehearsal.drive import Wanted, people_of
from api.rehearsal.handset import Handset
from api.rehearsal.held import Held
from api.rehearsal.living import Living
from api.rehearsal.people.habits import OPENING_WAITS
from api.rehearsal.people.terms import Filled, Person, Spell
from api.rehearsal.recorder import Recorder
from api.rehearsal.uploads import Upload
from api.rehearsal.wire import Reply, Wire
from models.definition.load import parse

START = datetime(2026, 3, 6, 13, tzinfo=UTC)
STORED = b'{"decision":{"status":"decided","reading":null,"content":null},"receipt":{"timing":"on_time","clock_suspect":false}}'
OPENED = START - timedelta(hours=5)
"""Before the person joins, so that nothing else happens."""


class Heard(Handset):
    """A phone whose requests are all taken, and kept here instead of sent."""

    def __init__(self, number: int, record: Recorder) -> None:
        super().__init__(Wire("http://127.0.0.1:9", record, lambda: START), number)
        self.said: list[tuple[str, Any]] = []

    def call(
        self,
        method: str,
        route: str,
        *,
        ids: Mapping[str, str] | None = None,
        body: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = (200, 201, 204),
    ) -> Reply:
        self.said.append((route, body))
        return Reply(201, STORED, {})


def _opened(person: Person, waits: timedelta | None, *spells: Spell) -> tuple[Living, Heard, Asked]:
    """Somebody with such a phone opens a prompt at `OPENED`."""
    record = Recorder()
    phone = Heard(person.number, record)
    habits = replace(person.habits, tells_opening_after=waits, offline=spells)
    living = Living(replace(person, habits=habits), phone, record, Held(), ThreadPoolExecutor(1), lambda _: "", lambda: None)
    asked = Asked("q", "design", "stratified", "check", 1, 1, "2026-03-06", OPENED, OPENED + timedelta(hours=2), None, None, 0, 0, 1)
    living._opened(asked, OPENED, OPENED)
    return living, phone, asked


@pytest.fixture(scope="module")
def person() -> Person:
    return people_of(Wanted(seed=1, people=1, days=3), START)[0]


def test_an_eager_phone_tells_it_at_once(person: Person) -> None:
    living, phone, _ = _opened(person, timedelta())
    assert phone.said == [("/prompts/{id}/open", {"at": living.pocket.shown(OPENED)})]


def test_a_phone_that_keeps_it_tells_it_where_no_answer_has_gone_out(person: Person) -> None:
    living, phone, _ = _opened(person, OPENING_WAITS)
    living.line.run(OPENED + OPENING_WAITS - timedelta(seconds=1))
    assert phone.said == []
    living.line.run(OPENED + OPENING_WAITS)
    assert phone.said == [("/prompts/{id}/open", {"at": living.pocket.shown(OPENED)})]


def test_an_answer_that_went_out_spares_the_request_and_the_move_of_the_clock(person: Person) -> None:
    living, phone, asked = _opened(person, OPENING_WAITS)
    instrument = parse(shipped("oud")).instruments[0]
    filled = Filled({}, complete=True, finished_at=OPENED + timedelta(minutes=2), discloses=())
    living.mailbox.send(Upload("r", "label", instrument, 1, asked.id, OPENED, filled), OPENED + timedelta(minutes=2))
    assert living.line.wakes_at() == person.joins_at
    living.line.run(OPENED + timedelta(hours=1))
    assert [route for route, _ in phone.said] == ["/responses/{id}"]


def test_a_phone_without_a_network_tells_it_when_it_is_back(person: Person) -> None:
    back = OPENED + timedelta(hours=1)
    living, phone, _ = _opened(person, OPENING_WAITS, Spell(OPENED - timedelta(hours=1), back))
    living.line.run(back - timedelta(seconds=1))
    assert phone.said == []
    living.line.run(back)
    assert phone.said == [("/prompts/{id}/open", {"at": living.pocket.shown(OPENED)})]


def test_both_ways_and_none_are_common_among_phones() -> None:
    waits = [one.habits.tells_opening_after for one in people_of(Wanted(seed=1, people=200, days=3), START)]
    shares = {each: waits.count(each) / len(waits) for each in (timedelta(), OPENING_WAITS, None)}
    assert {each: round(share, 1) for each, share in shares.items()} == {timedelta(): 0.2, OPENING_WAITS: 0.6, None: 0.2}
