"""Every way to tamper with the audit shows, also where the tamperer is the database's own administrator."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from models.ids import new_key, new_uid
from models.queries.audit import Act, append, broken_links
from models.session import Sessions
from models.tables import Audit, AuditHead
from tests.conftest import NOW


def act(number: int, **changes) -> Act:
    given = {"at": NOW, "actor": "staff:1", "action": "answers_read", "object_kind": "enrollment", "object_id": f"{number}"}
    return Act(**{**given, **changes})


@pytest.fixture
def chain(shared_sessions: Sessions, keys) -> str:
    """A chain of five links, of its own name."""
    name = str(new_uid())
    with shared_sessions.transaction() as session:
        append(session, keys, name, [act(1), act(2), act(3)])
    with shared_sessions.transaction() as session:
        append(session, keys, name, [act(4), act(5, detail={"rows": 3, "share": 0.5, "codes": ["a", "é"], "none": None}, purpose="care")])
    return name


def faults(sessions: Sessions, keys, chain: str) -> list[str]:
    with sessions.reading() as session:
        return list(broken_links(session, keys, chain))


def tamper(sessions: Sessions, *statements) -> None:
    """As someone who may switch the triggers off."""
    with sessions.transaction() as session:
        if session.dialect == "postgresql":
            session.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        else:
            kept = session.rows(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"))
            for row in kept:
                session.execute(text(f"DROP TRIGGER {row.name}"))
        for statement in statements:
            session.execute(statement)
        if session.dialect == "postgresql":
            session.execute(text("ALTER TABLE audit ENABLE TRIGGER USER"))
        else:
            for row in kept:
                session.execute(text(row.sql))


def link(chain: str, number: int):
    return (Audit.chain == chain) & (Audit.sequence == number)


def test_a_whole_chain_has_no_faults_and_its_links_follow_each_other(shared_sessions, keys, chain):
    assert faults(shared_sessions, keys, chain) == []
    with shared_sessions.reading() as session:
        rows = session.rows(select(Audit).where(Audit.chain == chain).order_by(Audit.sequence))
        head = session.row(select(AuditHead).where(AuditHead.chain == chain))
    assert [row.sequence for row in rows] == [1, 2, 3, 4, 5]
    assert [row.previous for row in rows][1:] == [row.mac for row in rows][:-1]
    assert (head.sequence, head.mac) == (5, rows[-1].mac)


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "staff:2"},
        {"action": "answers_deleted"},
        {"object_id": "9"},
        {"at": NOW + timedelta(microseconds=1)},
        {"detail": {"rows": 4}},
        {"purpose": "research"},
        {"enrollment_uid": "someone"},
        {"request_id": "r"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_field_shows(shared_sessions, keys, chain, change):
    tamper(shared_sessions, update(Audit).where(link(chain, 3)).values(**change))
    assert faults(shared_sessions, keys, chain) == ["link 3 was changed"]


def test_a_removed_link_shows(shared_sessions, keys, chain):
    tamper(shared_sessions, delete(Audit).where(link(chain, 2)))
    assert faults(shared_sessions, keys, chain) == ["link 2 is missing", "link 3 does not follow the link before it"]


def test_a_removed_link_with_the_rest_moved_up_shows(shared_sessions, keys, chain):
    moved = [update(Audit).where(link(chain, number)).values(sequence=number - 1) for number in (3, 4, 5)]
    tamper(shared_sessions, delete(Audit).where(link(chain, 2)), *moved)
    assert "link 2 was changed" in faults(shared_sessions, keys, chain)


def test_two_links_that_changed_places_show(shared_sessions, keys, chain):
    moved = [update(Audit).where(link(chain, old)).values(sequence=new) for old, new in ((2, 99), (3, 2), (99, 3))]
    tamper(shared_sessions, *moved)
    assert {"link 2 was changed", "link 3 was changed"} <= set(faults(shared_sessions, keys, chain))


def test_a_cut_tail_shows_against_the_head(shared_sessions, keys, chain):
    tamper(shared_sessions, delete(Audit).where(Audit.chain == chain, Audit.sequence > 3))
    assert faults(shared_sessions, keys, chain) == ["the chain ends at link 3, its head says 5"]


def test_a_cut_tail_with_the_head_set_back_shows_only_outside_so_the_head_must_be_kept_elsewhere_too(shared_sessions, keys, chain):
    """What the chain cannot show is said here: a backup of the head is the remedy."""
    with shared_sessions.reading() as session:
        third = session.row(select(Audit).where(link(chain, 3)))
    head = update(AuditHead).where(AuditHead.chain == chain).values(sequence=3, mac=third.mac)
    tamper(shared_sessions, delete(Audit).where(Audit.chain == chain, Audit.sequence > 3), head)
    assert faults(shared_sessions, keys, chain) == []


def test_a_chain_without_its_head_shows(shared_sessions, keys, chain):
    tamper(shared_sessions, delete(AuditHead).where(AuditHead.chain == chain))
    assert faults(shared_sessions, keys, chain) == ["the chain has 5 links and no head"]


def test_a_link_of_another_chain_does_not_fit_in(shared_sessions, keys, chain):
    other = str(new_uid())
    with shared_sessions.transaction() as session:
        append(session, keys, other, [act(1), act(2), act(3)])
    tamper(shared_sessions, delete(Audit).where(link(chain, 3)), update(Audit).where(link(other, 3)).values(chain=chain))
    assert "link 3 was changed" in faults(shared_sessions, keys, chain)


def test_who_has_the_database_but_not_the_key_cannot_write_a_link(shared_sessions, keys, chain):
    with shared_sessions.transaction() as session:
        append(session, replace(keys, audit=new_key()), chain, [act(6)])
    assert faults(shared_sessions, keys, chain) == ["link 6 was changed"]


def test_an_act_that_is_rolled_back_leaves_no_gap(shared_sessions, keys, chain):
    def fail() -> None:
        with shared_sessions.transaction() as session:
            append(session, keys, chain, [act(6)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with shared_sessions.transaction() as session:
        append(session, keys, chain, [act(7)])
    assert faults(shared_sessions, keys, chain) == []


def test_an_instant_may_be_given_in_any_offset(shared_sessions, keys, chain):
    with shared_sessions.transaction() as session:
        append(session, keys, chain, [act(6, at=NOW.astimezone(timezone(timedelta(hours=-5))))])
    assert faults(shared_sessions, keys, chain) == []


def test_writers_side_by_side_make_one_chain(shared_sessions, keys):
    name = str(new_uid())

    def write(number: int) -> None:
        with shared_sessions.transaction() as session:
            append(session, keys, name, [act(number), act(number)])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(18)))
    assert faults(shared_sessions, keys, name) == []
    with shared_sessions.reading() as session:
        assert session.value(select(AuditHead.sequence).where(AuditHead.chain == name)) == 36


def test_nothing_appended_touches_nothing(shared_sessions, keys):
    with shared_sessions.transaction() as session:
        append(session, keys, "nobody", [])
        assert session.value(select(AuditHead.id).where(AuditHead.chain == "nobody")) is None


@pytest.mark.parametrize("statement", [update(Audit).values(actor="nobody"), delete(Audit)], ids=["update", "delete"])
def test_the_database_itself_refuses_to_change_the_audit(shared_sessions, keys, chain, statement):
    with pytest.raises(DBAPIError), shared_sessions.transaction() as session:
        session.execute(statement)
    assert faults(shared_sessions, keys, chain) == []
