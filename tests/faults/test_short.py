"""The short form: a few kills under load on each database, and every law must hold; and every law must be able to break."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from models.session import Sessions
from models.settings import DatabaseSettings
from tests.faults import faults, laws_answers, laws_prompts, laws_told  # noqa: F401  # importing the laws lists them
from tests.faults.cluster import NoPostgres
from tests.faults.law import LAWS, Facts, judge, verdict
from tests.faults.run import Outcome, Run, Size

SHORT = Size(phones=4, pace=0.2, quiet_seconds=120, again=8)
SEED = "short"


def quiet_after(run: Run, kills: int) -> Outcome:
    run.begin()
    faults.kill(run, kills, lambda words: None)
    if run.cluster is not None:
        run.cluster.reset_connections()
        run.cluster.stop_at_once()
        run.cluster.start()
    run.ask_for_export(0)
    run.quiet()
    return run.verdict()


def nothing_is_broken(outcome: Outcome) -> None:
    assert {one.name: one.broken for one in outcome.verdicts if one.broken} == {}
    assert outcome.counts["acknowledged"] > 10
    assert outcome.counts["never acknowledged"] == 0


@pytest.fixture(scope="module")
def survived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A house on SQLite that was killed in the middle of its work, and is quiet now."""
    run = Run("sqlite", "kill", seed=SEED, home=tmp_path_factory.mktemp("faults"), size=SHORT)
    try:
        quiet_after(run, 3)
        yield run
    finally:
        run.close()


def test_nothing_acknowledged_is_lost_when_the_one_process_of_sqlite_is_killed_again_and_again(survived: Run):
    nothing_is_broken(survived.outcome)


@pytest.mark.postgres
def test_nothing_acknowledged_is_lost_when_one_of_four_processes_and_then_the_database_itself_is_killed():
    home = Path("/tmp") / f"bw-faults-short-{id(object()):x}"  # short: it holds a socket
    try:
        run = Run("postgres", "kill", seed=SEED, home=home, size=SHORT)
    except NoPostgres as missing:
        shutil.rmtree(home, ignore_errors=True)
        pytest.skip(str(missing))
    try:
        nothing_is_broken(quiet_after(run, 2))
    finally:
        run.close()


@dataclass
class Copy:
    """A copy of the survived database and of what the clients know, to be spoiled."""

    facts: Facts
    rows: sqlite3.Connection

    def change(self, table: str, what: str, where: str = "1") -> None:
        """In the first row that fits; there must be one."""
        done = self.rows.execute(f"UPDATE {table} SET {what} WHERE id = (SELECT min(id) FROM {table} WHERE {where})")
        assert done.rowcount == 1, f"no {table} where {where}"

    def drop(self, table: str, where: str = "1") -> None:
        done = self.rows.execute(f"DELETE FROM {table} WHERE id = (SELECT min(id) FROM {table} WHERE {where})")
        assert done.rowcount == 1, f"no {table} where {where}"

    def twice(self, table: str, where: str = "1", **changes: Any) -> None:
        """The first row once more, under another key; constraints would forbid it, so they are taken away."""
        self.rows.executescript(f"CREATE TABLE spoiled AS SELECT * FROM {table}; DROP TABLE {table}; ALTER TABLE spoiled RENAME TO {table}")
        found = self.rows.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY id LIMIT 1")
        names = [one[0] for one in found.description]
        row = dict(zip(names, found.fetchone(), strict=True)) | {"id": 10**9} | changes
        self.rows.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", [row[name] for name in names])


@pytest.fixture
def spoiled(survived: Run, tmp_path: Path) -> Iterator[Copy]:
    source = survived.house.directory / "breakwater.db"
    with sqlite3.connect(source) as before, sqlite3.connect(tmp_path / "breakwater.db") as after:
        before.backup(after)
    before.close()
    after.close()
    rows = sqlite3.connect(tmp_path / "breakwater.db", isolation_level=None)
    for (guard,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        rows.execute(f"DROP TRIGGER {guard}")  # the house refuses some of these by itself
    settings = DatabaseSettings(url=f"sqlite:///{tmp_path / 'breakwater.db'}", directory=tmp_path)
    sessions = Sessions(settings)
    with sessions.reading() as session:
        facts = replace(survived.facts(session), session=session)
        facts.ledger = copy(survived.ledger)
        facts.ledger.answers = deepcopy(survived.ledger.answers)
        facts.ledger.acts = list(survived.ledger.acts)
        session._connection.rollback()  # the look at the rows begins after they were spoiled
        yield Copy(facts, rows)
    sessions.close()
    rows.close()


def _first_stored(copied: Copy) -> Any:
    return min(copied.facts.ledger.stored(), key=lambda one: one.id)


def _other_receipt(copied: Copy) -> None:
    _first_stored(copied).receipt = b"{}"


def _repeated_receipt(copied: Copy) -> None:
    copied.facts.ledger.other_receipts = [_first_stored(copied).id]


def _nobody_sent(copied: Copy) -> None:
    del copied.facts.ledger.answers[_first_stored(copied).id]


def _act(what: str, **detail: Any) -> Callable[[Copy], None]:
    """Something that was acknowledged and is nowhere."""

    def plant(copied: Copy) -> None:
        person = next(iter(copied.facts.ledger.people))
        copied.facts.ledger.act(what, person, "00000000-0000-4000-8000-000000000001", **detail)

    return plant


def _refusal_lost(copied: Copy) -> None:
    answer = _first_stored(copied)
    answer.refusable, answer.refused, answer.discloses = True, "invalid", "not_safe"


def _surprise(copied: Copy) -> None:
    copied.facts.ledger.surprises = ["craving: 409 response_differs"]


def _showed_another(copied: Copy) -> None:
    _first_stored(copied).decisions.add("00000000-0000-4000-8000-000000000002")


def _two_contents(copied: Copy) -> None:
    first = next(one for one in copied.facts.got if one.signed)
    copied.facts.got = [*copied.facts.got, replace(first, body=first.body + b" ")]


def _never_arrived(copied: Copy) -> None:
    copied.facts.got = []


def _sql(deed: str, *words: str, **changes: Any) -> Callable[[Copy], None]:
    return lambda copied: getattr(copied, deed)(*words, **changes)


def _answered_prompt_forgotten(copied: Copy) -> None:
    (key,) = copied.rows.execute("SELECT min(prompt_id) FROM response WHERE prompt_id IS NOT NULL").fetchone()
    assert key is not None
    copied.change("prompt", "state = 'opened', next_at = expires_at", f"id = {key}")


PLANTS: dict[str, list[Callable[[Copy], None]]] = {
    "acknowledged answer is stored, with the receipt that was given": [
        _sql("drop", "response"),
        _other_receipt,
        _sql("change", "response", "answers = '{}'"),
    ],
    "an acknowledged answer gets the same receipt again": [_repeated_receipt],
    "an answer is stored once": [_sql("twice", "response", revision=2)],
    "what is stored was sent": [_nobody_sent],
    "an acknowledged refusal that disclosed is kept": [_refusal_lost],
    "nothing was refused that a correct client sent": [_surprise],
    "event, engagement and scene that were acknowledged are stored once": [_act("event", kind="dose"), _act("scene"), _act("engagement")],
    "one decision for each decision point": [
        _sql("drop", "decision"),
        _sql("twice", "decision", point="help_request"),
        _sql("change", "response", "decision_status = 'pending'"),
    ],
    "no answer waits for a decision once all is quiet": [_sql("change", "response", "decision_status = 'pending'")],
    "the decision that was shown is the one that stands": [_showed_another],
    "one draw: each decision comes out the same from its snapshot, with the same probabilities": [
        _sql("change", "decision", "content_fraction = 0.123", "content_code IS NOT NULL"),
        _sql("change", "decision", "reason = 'control_arm'"),
        _sql("change", "decision", "arm_probabilities = '{\"steps\": 0.5}'", "arm IS NOT NULL"),
    ],
    "a decision that declares an outcome has one, and no outcome waits past its window": [
        _sql("drop", "proximal_outcome"),
        _sql("change", "proximal_outcome", "status = 'pending', closes_at = 0"),
    ],
    "the stored state is the fold of the stored history": [
        _sql("change", "risk_state", "observations = observations + 1"),
        _sql("change", "risk_state", "stale = 1"),
        _sql("change", "response", "answers = '{\"m_crave_now\": 3}'", "instrument = 'good'"),
        _sql("change", "risk_state", "state = x'7b7d'"),
    ],
    "every answer has an estimate, its revisions counted without a gap": [
        _sql("change", "risk_estimate", "revision = 7"),
        _sql("drop", "risk_estimate", "revision = 1"),
    ],
    "no prompt twice for a slot, nor twice at a moment of one design": [_sql("twice", "prompt", "state = 'planned'")],
    "a prompt's history leads step by step to its state": [
        _sql("drop", "prompt_event"),
        _sql("change", "prompt", "state = 'cancelled', next_at = NULL", "state = 'planned'"),
        _sql("change", "prompt_event", "to_state = 'completed'", "name = 'queued'"),
    ],
    "a prompt is queued once, but where it was planned anew": [_sql("twice", "prompt_event", "name = 'queued'")],
    "a prompt that has ended has no next moment, and every other one has": [_sql("twice", "prompt", "state = 'expired'", next_at=0)],
    "no prompt waits past its moment once all is quiet": [
        _sql("change", "prompt", "next_at = 0", "state = 'planned'"),
    ],
    "what a person did with a prompt, and was told is done, is in its history": [_act("prompt_open"), _act("prompt_decline")],
    "an answered prompt says so": [_answered_prompt_forgotten],
    "a prompt is looked at in the order of its life: due before sent, sent before expired": [
        _sql("change", "prompt", "sent_at = expires_at", "sent_at IS NOT NULL"),
    ],
    "every disclosure has its alert: stored, or refused and acknowledged": [
        _refusal_lost,
        _sql("change", "response", "answers = '{\"safe_now\": \"no\"}', instrument = 'use'", "instrument = 'good'"),
    ],
    "every request for help and every told overdose has its alert": [_act("help", family="help_unsafe"), _act("event", kind="overdose")],
    "a source opens or joins an alert once": [_sql("twice", "alert_event", "detail LIKE '%source%'", sequence=999)],
    "every alert that is not resolved has a next moment, and none is overdue": [
        _sql("change", "alert", "next_at = 0", "state <> 'resolved'"),
        _sql("twice", "alert", "state <> 'resolved'", next_at=None),
    ],
    "an alert's history is without a gap and ends at its state; one stands at a time": [
        _sql("drop", "alert_event"),
        _sql("change", "alert_event", "to_state = 'snoozed'"),
        _sql("twice", "alert", "state <> 'resolved'"),
    ],
    "what staff did to an alert, and were told is done, stands in its history and in the audit": [_act("alert_resolve", version=3)],
    "every promise is delivered, expired or dead, with its reason; or has a next moment that is not past": [
        _sql("change", "delivery", "reason = NULL", "state IN ('expired', 'dead')"),
        _sql("change", "delivery", "state = 'waiting', next_at = 0", "state = 'delivered'"),
    ],
    "a promise is made once": [_sql("twice", "delivery")],
    "attempts of a promise are counted once each, and none after it was delivered": [
        _sql("twice", "attempt", "outcome = 'delivered'", number=8),
        _sql("change", "attempt", "number = 90"),
    ],
    "a receiver gets one content for an id, signed, and only what was promised": [
        _two_contents,
        _sql("drop", "delivery", "channel = 'webhook'"),
    ],
    "what is called delivered to a receiver has arrived there": [_never_arrived],
    "every dataset that was asked for is ready, or says why not": [_sql("change", "export", "state = 'building'"), _act("export")],
    "the audit chain is whole": [_sql("drop", "audit"), _sql("change", "audit", "actor = 'system'", "actor <> 'system'")],
    "the database itself is whole (SQLite: integrity_check and foreign_key_check)": [_sql("drop", "study")],
}


def test_there_is_a_planted_violation_for_every_law():
    assert {one.name for one in LAWS} == set(PLANTS)


@pytest.mark.parametrize(("name", "number"), [(name, number) for name, plants in PLANTS.items() for number in range(len(plants))])
def test_a_law_that_is_broken_is_counted_as_broken(spoiled: Copy, name: str, number: int):
    PLANTS[name][number](spoiled)
    (law,) = [one for one in LAWS if one.name == name]
    assert len(verdict(law, spoiled.facts).broken) >= 1


def test_the_copy_itself_breaks_no_law(spoiled: Copy):
    assert [one.name for one in judge(spoiled.facts) if one.broken] == []
