"""Laws of telling: alerts that nobody loses, promises that end, receivers that get one content, and an unbroken audit."""

from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any

from sqlalchemy import select, text

from models.definition.disclose import disclosures
from models.kinds import AlertState, DeliveryState, ExportState
from models.queries.audit import broken_links
from models.tables import Alert, AlertEvent, Attempt, Audit, AuditHead, Delivery, Export, RejectedSubmission, Response
from tests.faults.law import GRACE_SECONDS, Facts, Looked, law

_ENDED = frozenset({DeliveryState.DELIVERED, DeliveryState.EXPIRED, DeliveryState.DEAD})


def _sources(facts: Facts) -> set[tuple[int, str, str]]:
    """(enrollment, family, source) of everything that an alert was opened for, joined, or was held back by."""
    families = {row.id: row.family for row in facts.rows(Alert.id, Alert.family)}
    told = {(row.enrollment_id, row.family, row.source_id) for row in facts.rows(Alert)}
    for row in facts.rows(AlertEvent.alert_id, AlertEvent.enrollment_id, AlertEvent.detail):
        if row.detail and "source" in row.detail:
            told.add((row.enrollment_id, families[row.alert_id], row.detail["source"]))
    return told


@law("every disclosure has its alert: stored, or refused and acknowledged")
def disclosures_told(facts: Facts) -> Looked:
    told = _sources(facts)
    for row in facts.rows(Response):
        for found in disclosures(facts.protocol(row.protocol_version_id), row.instrument, row.answers):
            right = (row.enrollment_id, found.disclosure, str(row.client_id)) in told
            yield None if right else f"{row.client_id}: {found.disclosure} without its alert"
    kept = {(row.enrollment_id, row.client_id) for row in facts.rows(RejectedSubmission)}
    for one in facts.ledger.answers.values():
        key = facts.keys_of[one.enrollment]
        if one.discloses and ((one.refusable and one.refused is not None) or (key, one.id) in kept):
            yield None if (key, one.discloses, one.id) in told else f"{one.id}: refused, {one.discloses} without its alert"


@law("every request for help and every told overdose has its alert")
def help_told(facts: Facts) -> Looked:
    told = _sources(facts)
    for one in facts.ledger.acts:
        family = one.get("family") if one.what == "help" else "overdose_event" if one.get("kind") == "overdose" else None
        if family is not None and one.enrollment is not None:
            right = (facts.keys_of[one.enrollment], family, one.about) in told
            yield None if right else f"{one.what} {one.about}: {family} without its alert"


@law("a source opens or joins an alert once")
def told_once(facts: Facts) -> Looked:
    families = {row.id: row.family for row in facts.rows(Alert.id, Alert.family)}
    counts: Counter[tuple[Any, ...]] = Counter()
    for row in facts.rows(AlertEvent.alert_id, AlertEvent.enrollment_id, AlertEvent.name, AlertEvent.detail):
        if row.detail and "source" in row.detail and row.name != "held_back":
            counts[row.enrollment_id, families[row.alert_id], row.detail["source"]] += 1
    for place, number in counts.items():
        yield None if number == 1 else f"{place}: counted {number} times"


@law("every alert that is not resolved has a next moment, and none is overdue")
def open_alerts(facts: Facts) -> Looked:
    for row in facts.rows(Alert):
        if row.state is AlertState.RESOLVED:
            continue
        if row.next_at is None:
            yield f"alert {row.uid}: {row.state} without a next moment"
        else:
            late = (facts.study_now - row.next_at).total_seconds() > GRACE_SECONDS
            yield f"alert {row.uid}: {row.state}, overdue since {row.next_at}" if late else None


@law("an alert's history is without a gap and ends at its state; one stands at a time")
def alert_history(facts: Facts) -> Looked:
    events: dict[int, list[Any]] = defaultdict(list)
    for row in facts.session.rows(select(AlertEvent).order_by(AlertEvent.alert_id, AlertEvent.sequence)):
        events[row.alert_id].append(row)
    standing = Counter((row.study_id, row.dedup_key) for row in facts.rows(Alert) if row.state is not AlertState.RESOLVED)
    for row in facts.rows(Alert):
        mine = events.pop(row.id, [])
        chained = all(later.from_state == earlier.to_state for earlier, later in pairwise(mine))
        if [one.sequence for one in mine] != list(range(1, len(mine) + 1)) or not mine:
            yield f"alert {row.uid}: its history has a gap"
        elif not chained or mine[-1].to_state != row.state:
            yield f"alert {row.uid}: is {row.state}, its history says {mine[-1].to_state}"
        else:
            yield f"{row.dedup_key}: stands twice" if standing[row.study_id, row.dedup_key] > 1 else None
    yield from (f"a history without its alert {key}" for key in events)


_WORD = {
    "alert_acknowledge": "alert_acknowledged",
    "alert_progress": "alert_progressed",
    "alert_resolve": "alert_resolved",
    "alert_note": "alert_noted",
}


@law("what staff did to an alert, and were told is done, stands in its history and in the audit")
def acts_kept(facts: Facts) -> Looked:
    versions: dict[tuple[str, str], set[int]] = defaultdict(set)
    for row in facts.session.rows(select(Audit.action, Audit.object_id, Audit.detail).where(Audit.object_kind == "alert")):
        if row.object_id is not None and "version" in row.detail:
            versions[row.action, row.object_id].add(row.detail["version"])
    names: dict[str, set[str]] = defaultdict(set)
    for row in facts.session.rows(select(Alert.uid, AlertEvent.name).join(AlertEvent, AlertEvent.alert_id == Alert.id)):
        names[str(row.uid)].add(row.name)
    for one in facts.ledger.acts:
        if one.what in _WORD:
            word = _WORD[one.what]
            # An act that was heard twice is answered with the version of now, which is never before that of the act.
            written = any(version <= one.get("version") for version in versions[word, one.about])
            there = written and word.removeprefix("alert_") in names[one.about]
            yield None if there else f"{one.what} {one.about}: version {one.get('version')} is nowhere"


@law("every promise is delivered, expired or dead, with its reason; or has a next moment that is not past")
def promises_end(facts: Facts) -> Looked:
    for row in facts.rows(Delivery):
        if row.state in _ENDED:
            whole = row.finished_at is not None and (row.state is DeliveryState.DELIVERED or bool(row.reason)) and row.next_at is None
            yield None if whole else f"delivery {row.uid}: {row.state} without an end or a reason"
        else:
            late = row.next_at is None or (facts.system_now - row.next_at).total_seconds() > GRACE_SECONDS
            yield f"delivery {row.uid}: {row.state}, next {row.next_at}" if late else None


@law("a promise is made once")
def promised_once(facts: Facts) -> Looked:
    counts = Counter((row.study_id, row.dedup_key) for row in facts.rows(Delivery.study_id, Delivery.dedup_key))
    for place, number in counts.items():
        yield None if number == 1 else f"{place}: {number} promises"


@law("attempts of a promise are counted once each, and none after it was delivered")
def attempts(facts: Facts) -> Looked:
    by_delivery: dict[int, list[Any]] = defaultdict(list)
    for row in facts.session.rows(select(Attempt).order_by(Attempt.delivery_id, Attempt.number)):
        by_delivery[row.delivery_id].append(row)
    for row in facts.rows(Delivery.id, Delivery.uid, Delivery.attempts, Delivery.state):
        tries = by_delivery.pop(row.id, [])
        numbers, taken = [one.number for one in tries], [one for one in tries if one.outcome == "delivered"]
        if len(set(numbers)) != len(numbers) or (numbers and max(numbers) > row.attempts):
            yield f"delivery {row.uid}: attempts {numbers} of {row.attempts}"
        elif taken and (len(taken) > 1 or tries[-1] is not taken[0] or row.state is not DeliveryState.DELIVERED):
            yield f"delivery {row.uid}: tried again after it was delivered"
        else:
            yield None
    yield from (f"attempts without their delivery {key}" for key in by_delivery)


@law("a receiver gets one content for an id, signed, and only what was promised")
def one_content(facts: Facts) -> Looked:
    promised = {str(row.uid): row.channel for row in facts.rows(Delivery.uid, Delivery.channel)}
    bodies: dict[str, set[bytes]] = defaultdict(set)
    for one in facts.got:
        bodies[one.id].add(one.body)
        if one.manner == "elsewhere":
            yield f"{one.id}: followed a redirect"
        elif not one.signed:
            yield f"{one.id}: the signature is not right"
        elif len(bodies[one.id]) > 1:
            yield f"{one.id}: two contents"
        else:
            yield None if promised.get(one.id) == "webhook" else f"{one.id}: was never promised"


@law("what is called delivered to a receiver has arrived there")
def arrived(facts: Facts) -> Looked:
    taken = {one.id for one in facts.got}
    for row in facts.rows(Delivery.uid, Delivery.channel, Delivery.state, Delivery.reason):
        if row.channel == "webhook" and row.state is DeliveryState.DELIVERED and row.reason != "answered":
            yield None if str(row.uid) in taken else f"delivery {row.uid}: never arrived"


@law("every dataset that was asked for is ready, or says why not")
def exports(facts: Facts) -> Looked:
    states = {str(row.uid): row for row in facts.rows(Export)}
    for one in facts.ledger.acts:
        if one.what == "export":
            row = states.get(one.about)
            whole = row is not None and (row.state is ExportState.READY or (row.state is ExportState.FAILED and bool(row.problem)))
            yield None if whole else f"export {one.about}: {row.state if row else 'not there'}"


@law("the audit chain is whole")
def audit(facts: Facts) -> Looked:
    for row in facts.rows(AuditHead.chain, AuditHead.sequence):
        wrong = list(broken_links(facts.session, facts.keys, row.chain))
        yield from (None for _ in range(row.sequence - len(wrong)))
        yield from (f"{row.chain}: {words}" for words in wrong)


@law("the database itself is whole (SQLite: integrity_check and foreign_key_check)")
def database(facts: Facts) -> Looked:
    if facts.session.dialect != "sqlite":
        return
    for row in facts.session.rows(text("PRAGMA integrity_check")):
        yield None if row[0] == "ok" else str(row[0])
    for row in facts.session.rows(text("PRAGMA foreign_key_check")):
        yield f"{row[0]} {row[1]}: nothing in {row[2]}"
