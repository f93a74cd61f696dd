"""Alert rules about adherence, looked at by the clock: a person who stops answering reaches no decision point.

Nothing else depends on it: no disclosure, no content, no prompt.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Row

from models.dataset.recent import Recent, recent
from models.definition.escalation import AlertRule
from models.definition.expression import holds
from models.definition.operations import Value
from models.queries import adherence as rows
from models.session import WriteSession
from risk.alerting import open_alert
from risk.mind import Mind
from risk.openings import opening_of_rule

log = structlog.get_logger("watch")

EVERY: Final = timedelta(hours=12)
"""At 00:00 and 12:00 UTC, for everyone at once: the alerts are for working days, and one look at many costs little more than at one."""

StudyDay = Callable[[datetime, Row[Any]], int]
"""The study day of an enrollment at an instant: worked out in the room that keeps time."""


def watch(session: WriteSession, mind: Mind, study_day: StudyDay, *, now: datetime, system_now: datetime, limit: int) -> int:
    """Looks at up to `limit` people whose moment has come, and gives how many. One alert of a rule is open for a person at a time.

    Left alone until they are looked at again: people who paused, and those who withdrew collection, use or contact, since the alert
    asks someone to get in touch.
    """
    people = rows.lock_watched(session, now=now, limit=limit)
    if not people:
        return 0
    rules = {version: _rules(session, mind, version) for version in {one.protocol_version_id for one in people}}
    asked = [one for one in people if rules[one.protocol_version_id] and may_be_asked_after(one, now)]
    found = recent(session, [one.id for one in asked], at=now, now=now)
    families = {rule.id for some in rules.values() for rule in some}
    standing = rows.newest_alerts(session, [one.id for one in asked], families) if asked else {}
    for person in asked:
        known = watched_values(found[person.id], study_day(now, person))
        for rule in rules[person.protocol_version_id]:
            if holds(rule.when, {}, known) and not _stands(standing.get((person.id, rule.id)), rule, now):
                _open(session, mind, person, rule, now=now, system_now=system_now)
    rows.watched(session, [one.id for one in people], again_at=next_look(now))
    return len(people)


def watched_values(of: Recent, study_day: int) -> Mapping[str, Value]:
    """The variables of `WATCHED_VARIABLES`."""
    return {
        "adherence_7d": of.adherence,
        "missed_in_a_row": of.missed_in_a_row,
        "silent_hours": of.silent_hours,
        "study_day": study_day,
    }


def next_look(now: datetime) -> datetime:
    """The first multiple of 12 hours since 1970 after `now`.

    >>> next_look(datetime(2026, 3, 4, 12, tzinfo=UTC)).isoformat()
    '2026-03-05T00:00:00+00:00'
    """
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + ((now - epoch) // EVERY + 1) * EVERY


def _rules(session: WriteSession, mind: Mind, version_id: int) -> Sequence[AlertRule]:
    """None of a protocol that cannot be read: its people are looked at again, and the others now."""
    try:
        return [rule for rule in mind.protocols.get(session, version_id).alert_rules if rule.about_adherence]
    except Exception as error:  # noqa: BLE001  # one study must not hold up the others
        log.error("watch.protocol_unreadable", kind=type(error).__name__)
        return []


def may_be_asked_after(person: Row[Any], now: datetime) -> bool:
    """Whether an alert that nobody disclosed may ask someone to get in touch: not paused, and nothing withdrawn that it needs."""
    paused = person.paused_until is not None and person.paused_until > now
    return not paused and person.consent_collect and person.consent_use and person.consent_contact


def _stands(newest: Row[Any] | None, rule: AlertRule, now: datetime) -> bool:
    """Whether an alert of the rule is unresolved, or its refractory time still runs: silence goes on, and need not be told again."""
    return newest is not None and (bool(newest.unresolved) or now - newest.opened_at < timedelta(hours=rule.refractory_hours))


def _open(session: WriteSession, mind: Mind, person: Row[Any], rule: AlertRule, *, now: datetime, system_now: datetime) -> None:
    protocol = mind.protocols.get(session, person.protocol_version_id)
    source = f"watch:{now.astimezone(UTC).isoformat()}"
    opening = opening_of_rule(rule, person, person.protocol_version_id, source, None)
    open_alert(session, opening, protocol, now=now, system_now=system_now)
