"""The writer with an `apply` of the test's own: an operation is a name, and storing it makes a row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from models.errors import Busy
from models.session import Sessions, WriteSession
from models.tables import Heartbeat
from models.writer import BATCH, LOW_SHARE, Lane, Writer
from tests.build import NOW


@dataclass
class Desk:
    """A writer, what it was handed in each batch, and what came back."""

    sessions: Sessions
    capacity: dict[Lane, int] = field(default_factory=dict)
    batches: list[list[str]] = field(default_factory=list)
    results: dict[str, Any] = field(default_factory=dict)
    apply: Callable[[WriteSession, Sequence[str]], Sequence[Any]] | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.writer: Writer[str, Any] = Writer(self.sessions, self._apply, capacity=self.capacity, **self.more)

    def _apply(self, session: WriteSession, operations: Sequence[str]) -> Sequence[Any]:
        self.batches.append(list(operations))
        return (self.apply or self.store)(session, operations)

    def store(self, session: WriteSession, operations: Sequence[str]) -> Sequence[Any]:
        for name in operations:
            session.add(Heartbeat, duty=name, beat_at=NOW, every_seconds=1, took_seconds=0.0, done=0, failures=0)
        return [f"stored {name}" for name in operations]

    def submit(self, name: str, lane: Lane = Lane.NORMAL) -> None:
        self.writer.submit(name, lambda result: self.results.__setitem__(name, result), lane)

    def run(self) -> None:
        """What was queued before the start forms the batches; gives back when all are done."""
        self.writer.start()
        self.writer.stop()

    def rows(self) -> list[str]:
        with self.sessions.reading() as session:
            return [row.duty for row in session.rows(select(Heartbeat.duty).order_by(Heartbeat.duty))]


@pytest.fixture
def desk(sqlite_settings):
    sessions = Sessions(sqlite_settings)
    yield Desk(sessions)
    sessions.close()


def test_what_waits_together_is_one_batch_and_one_transaction(desk):
    for number in range(10):
        desk.submit(f"{number}")
    desk.run()
    assert (len(desk.batches), desk.writer.batches, desk.writer.redone) == (1, 1, 0)
    assert desk.results == {f"{number}": f"stored {number}" for number in range(10)}


def test_the_reply_leaves_after_the_commit_and_never_before(desk):
    seen = []
    desk.writer.submit("early", lambda _result: seen.append(desk.rows()))
    desk.run()
    assert seen == [["early"]]


def test_a_batch_that_fails_is_redone_one_by_one_and_the_bad_one_fails_alone(sessions):
    """On both databases: PostgreSQL ends a transaction at the first error."""
    desk = Desk(sessions)
    for name in ("a", "b", "taken", "c"):
        desk.submit(name)
    with sessions.transaction() as session:
        desk.store(session, ["taken"])
    desk.run()
    assert desk.batches == [["a", "b", "taken", "c"], ["a"], ["b"], ["taken"], ["c"]]
    assert isinstance(desk.results.pop("taken"), IntegrityError)
    assert desk.results == {name: f"stored {name}" for name in "abc"}
    assert (desk.rows(), desk.writer.redone) == (["a", "b", "c", "taken"], 1)


def test_a_single_operation_that_fails_is_not_tried_twice(desk):
    desk.apply = lambda _session, _operations: 1 / 0
    desk.submit("alone")
    desk.run()
    assert isinstance(desk.results["alone"], ZeroDivisionError)
    assert desk.batches == [["alone"]]


def test_an_exception_for_one_operation_is_a_result_and_keeps_the_others(desk):
    desk.apply = lambda session, operations: [ValueError(name) if name == "b" else desk.store(session, [name])[0] for name in operations]
    for name in "abc":
        desk.submit(name)
    desk.run()
    assert isinstance(desk.results["b"], ValueError)
    assert desk.rows() == ["a", "c"]


def test_an_apply_that_loses_an_answer_stores_nothing_and_leaves_nobody_waiting(desk):
    def forgetful(session, operations):
        results = desk.store(session, operations)
        return results[:-1]

    desk.apply = forgetful
    for name in "ab":
        desk.submit(name)
    desk.run()
    assert desk.rows() == []
    assert {name: isinstance(result, Exception) for name, result in desk.results.items()} == {"a": True, "b": True}


def test_batches_are_bounded_and_keep_the_order_of_their_lane(desk):
    names = [f"{number:03}" for number in range(150)]
    for name in names:
        desk.submit(name)
    desk.run()
    assert [len(batch) for batch in desk.batches] == [BATCH, BATCH, 150 - 2 * BATCH]
    assert [name for batch in desk.batches for name in batch] == names


def test_the_low_lane_is_not_starved_by_the_normal_one(desk):
    for number in range(200):
        desk.submit(f"n{number}")
    for number in range(40):
        desk.submit(f"l{number}", Lane.LOW)
    desk.run()
    low = [sum(name.startswith("l") for name in batch) for batch in desk.batches]
    assert low[0] == LOW_SHARE
    assert low[1] == LOW_SHARE
    assert sum(low) == 40
    assert all(len(batch) <= BATCH for batch in desk.batches)


def test_a_quiet_normal_lane_leaves_its_places_to_the_low_one(desk):
    for number in range(BATCH):
        desk.submit(f"l{number}", Lane.LOW)
    desk.run()
    assert [len(batch) for batch in desk.batches] == [BATCH]


def test_safety_goes_before_what_waited_longer(desk):
    for number in range(100):
        desk.submit(f"n{number}")
    for number in range(3):
        desk.submit(f"s{number}", Lane.SAFETY)
    desk.run()
    assert desk.batches[0][:3] == ["s0", "s1", "s2"]


def test_a_full_lane_says_so_at_once_and_stores_nothing_of_what_it_refused(desk):
    desk.capacity.update({Lane.NORMAL: 2, Lane.LOW: 1})
    desk.submit("n1")
    desk.submit("n2")
    desk.submit("l1", Lane.LOW)
    for name, lane in (("n3", Lane.NORMAL), ("l2", Lane.LOW)):
        with pytest.raises(Busy) as caught:
            desk.submit(name, lane)
        assert (caught.value.code, caught.value.retry_after_seconds) == ("queue_full", 1)
    desk.run()
    assert desk.rows() == ["l1", "n1", "n2"]


def test_the_safety_lane_is_never_shed(desk):
    desk.capacity.update({Lane.NORMAL: 0, Lane.LOW: 0})
    for number in range(3000):
        desk.submit(f"s{number:04}", Lane.SAFETY)
    assert desk.writer.waiting(Lane.SAFETY) == 3000
    desk.run()
    assert len(desk.results) == 3000


def test_a_stop_finishes_what_is_queued_and_then_takes_no_more(desk):
    for number in range(130):
        desk.submit(f"{number}")
    desk.run()
    assert len(desk.rows()) == 130
    assert not desk.writer.alive
    with pytest.raises(Busy):
        desk.submit("too late")


def test_a_client_that_went_away_does_not_end_the_writer(sqlite_settings):
    sessions, arrived = Sessions(sqlite_settings), Event()

    def deliver(results):
        if any(result == "stored a" for _, result in results):
            raise RuntimeError("the event loop is closed")
        for done, result in results:
            done(result)

    desk = Desk(sessions, more={"deliver": deliver})
    desk.writer.start()
    desk.submit("a")
    while desk.rows() != ["a"]:
        pass
    desk.writer.submit("b", lambda _result: arrived.set())
    assert arrived.wait(5)
    desk.writer.stop()
    assert desk.rows() == ["a", "b"]
    sessions.close()


def test_work_that_comes_while_it_runs_is_done_too(desk):
    desk.writer.start()
    done = [Event() for _ in range(20)]
    for number, event in enumerate(done):
        desk.writer.submit(f"{number:02}", lambda _result, event=event: event.set())
    assert all(event.wait(10) for event in done)
    desk.writer.stop()
    assert len(desk.rows()) == 20
