"""What the hot path left to the duty: decisions that are pending and states that are stale. One transaction a person."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row

from models.definition.disclose import disclosures
from models.definition.signal import LONGEST_HOURS
from models.kinds import DecisionStatus
from models.queries import response as response_queries
from models.queries import risk as risk_queries
from models.session import Sessions, WriteSession
from risk.decision_point import Arrival, Whereabouts, decide_arrivals
from risk.estimate.state import UnknownSchema, decode
from risk.mind import Mind
from risk.observe import event_observed, sort_key
from risk.refold import INLINE_LIMIT, Folded, Past, fold, newest_reading, refold, revised_rows, state_row, store_checkpoints
from risk.terms import Observation

log = structlog.get_logger("owed")

Locate = Callable[[datetime, str, Row[Any]], Whereabouts]
"""The local facts of an instant, in a zone, for an enrollment: worked out in the room that keeps time."""


def settle(sessions: Sessions, mind: Mind, locate: Locate, *, now: datetime, system_now: datetime, limit: int = 50) -> int:
    """Decides what is pending and folds what is stale, for up to `limit` people of each; gives how many people.

    A person whose history cannot be folded stays owed and is logged; the others go on.
    """
    with sessions.reading() as reading:
        pending = response_queries.pending(reading, limit)
        stale = risk_queries.stale_enrollments(reading, limit) if mind.estimating else []
    done = 0
    for enrollment_id in sorted({*pending, *stale}):
        try:
            with sessions.transaction() as session:
                person = response_queries.lock_enrollments(session, {enrollment_id})[enrollment_id]
                if mind.estimating:
                    _fold(session, mind, person, now=now)
                _decide(session, mind, locate, person, now=now, system_now=system_now)
            done += 1
        except Exception as error:  # noqa: BLE001  # one person's history must not hold up the others
            log.error("owed.failed", kind=type(error).__name__)
    return done


def take_in(session: WriteSession, mind: Mind, person: Any, observation: Observation, *, gone: bool, now: datetime) -> None:
    """Something that is no answer was told, or is `gone` again: state and estimates follow at once where that is little, else are owed.

    `person` has id, study_id and synthetic of the enrollment. The caller holds the enrollment's lock, or the duty's on its prompt, and has
    written the row that the observation is made from.
    """
    held = risk_queries.lock_states(session, {person.id}).get(person.id)
    if held is None:
        return  # nothing is folded yet; whoever folds first reads it
    if not mind.estimating or held.stale or not _taken_in(session, mind, person, held, observation, gone=gone, now=now):
        risk_queries.mark_stale(session, [person.id])


def _taken_in(
    session: WriteSession, mind: Mind, person: Any, held: Row[Any], observation: Observation, *, gone: bool, now: datetime
) -> bool:
    """Whether state and estimates followed; what was told is stored whatever comes of it."""
    try:
        with session.savepoint():  # a statement that fails takes the whole transaction along on PostgreSQL
            folded = _followed(session, mind, person, held, observation, gone=gone, now=now)
            if folded is None or folded.state is None:
                return False
            risk_queries.insert_estimates(session, revised_rows(session, person, folded, now=now) if folded.estimates else [])
            risk_queries.save_states(session, [state_row(person, folded, now=now)], {person.id})
            return True
    except Exception as error:  # noqa: BLE001  # contained, and owed
        log.error("owed.not_taken_in", kind=type(error).__name__)
        return False


def take_in_signals(session: WriteSession, mind: Mind, person: Row[Any], ended: Collection[datetime], *, now: datetime) -> None:
    """Points of signals, over at `ended`, are stored: answers that were folded without them are folded again, or are owed.

    Where nobody answered after them there is nothing to do: the next answer reads them.
    """
    if not ended:
        return
    first, last = min(ended), max(ended) + timedelta(hours=LONGEST_HOURS)
    if response_queries.answered_between(session, person.id, first, last):
        # Sorts before whatever happened at that instant: an answer of the same moment has the point in its window.
        before = event_observed("", source_id="", happened_at=first, offset_minutes=0)
        take_in(session, mind, person, before, gone=True, now=now)


def _followed(
    session: WriteSession, mind: Mind, person: Any, held: Row[Any], observation: Observation, *, gone: bool, now: datetime
) -> Folded | None:
    """A step where it is the newest, a bounded refold where it is late or gone. None: too much for now."""
    if gone or held.last_key is None or sort_key(observation) < held.last_key:
        return refold(session, mind, person, earliest=observation, now=now, limit=INLINE_LIMIT)
    reading = newest_reading(session, mind, person.id)
    try:
        state = decode(held.state)
    except UnknownSchema:
        return None
    if reading is None or state.prior_id != mind.prior.id:
        return None
    folded = fold([Past(observation, reading, None)], mind, Folded(state, held.observations, held.last_key))
    store_checkpoints(session, person, folded.checkpoints, now=now)
    return folded


def _fold(session: WriteSession, mind: Mind, person: Row[Any], *, now: datetime) -> None:
    """The whole history again; estimates that say something else become revisions, alerts and draws stay as they were."""
    known = risk_queries.lock_states(session, {person.id})
    folded = refold(session, mind, person, earliest=None, now=now)
    if folded is None or folded.state is None:
        return
    risk_queries.insert_estimates(session, revised_rows(session, person, folded, now=now))
    risk_queries.save_states(session, [state_row(person, folded, now=now)], known.keys())


def _decide(session: WriteSession, mind: Mind, locate: Locate, person: Row[Any], *, now: datetime, system_now: datetime) -> None:
    owed = response_queries.pending_of(session, person.id)
    arrivals = [
        Arrival(
            response_id=row.id,
            client_id=row.client_id,
            enrollment=person,
            version_id=row.protocol_version_id,
            instrument=row.instrument,
            values=row.answers,
            missing=row.missing,
            event_time=row.event_time,
            zone=row.zone,
            offset_minutes=row.offset_minutes,
            timing=row.timing,
            safety_tier=_tier(mind, session, row),
            whereabouts=locate(row.event_time, row.zone, person),
            edit=row.revision > 1,
        )
        for row in owed
    ]
    decided = decide_arrivals(session, mind, arrivals, now=now, system_now=system_now, limit=None)
    settled = [row.id for row in owed if row.id in decided or row.revision > 1]
    response_queries.set_decision_status(session, [(key, DecisionStatus.DECIDED) for key in settled])


def _tier(mind: Mind, session: WriteSession, row: Row[Any]) -> int:
    """What the answer disclosed: nothing is drawn beside tier 3 and 4, also where the decision comes late."""
    found = disclosures(mind.reading(session, row.protocol_version_id).protocol, row.instrument, row.answers)
    return max((one.tier for one in found), default=0)
