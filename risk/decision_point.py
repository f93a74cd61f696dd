"""Decision points in a transaction: lock the states, call `step`, store estimate, decision and outcome, open alerts.

Set-based: one statement a kind of row for the whole batch. `step` is contained for each response: where it raises, the response
is stored all the same, marked pending, and the duty `run_decision_points` takes it up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Row

from models.dataset.recent import recent
from models.definition.itemmap import indicator
from models.ids import new_uid
from models.kinds import DecisionPointKind, DecisionStatus
from models.queries import decision as decision_queries
from models.queries import response as response_queries
from models.queries import risk as risk_queries
from models.sealed import randomization_key
from models.session import WriteSession
from risk.arrival import Arrival, Decided, Memory, Whereabouts
from risk.day_risk import scores_of_today
from risk.decision_rows import store
from risk.estimate.state import UnknownSchema, decode
from risk.facts import bereaved
from risk.mind import Mind
from risk.observe import content_observed, local_hour, observe, sort_key
from risk.policy.decide import decide
from risk.policy.sheet import sheet
from risk.refold import INLINE_LIMIT, Folded, Past, estimate_row, fold, refold, revised_rows
from risk.signals import heard
from risk.step import Reading
from risk.terms import Decision, Observation, PointContext, RiskEstimate

__all__ = ["Arrival", "Decided", "Whereabouts", "decide_arrivals"]

log = structlog.get_logger("decision_point")

HIGH_CRAVING = 0.7
"""On [0, 1]; counted over 24 h as the tailoring variable `high_craving_24h`."""
CONTENT_MEMORY = timedelta(days=60)
"""Content shown longer ago than this counts as not shown: no item rests longer."""


def decide_arrivals(
    session: WriteSession,
    mind: Mind,
    arrivals: Sequence[Arrival],
    *,
    now: datetime,
    system_now: datetime,
    limit: int | None = INLINE_LIMIT,
) -> Mapping[int, Decided]:
    """Response -> what was decided; a response that is missing from the result is pending.

    The caller holds the locks of the enrollments (lock order: enrollment, prompt, state, alert). `limit` bounds how many past
    observations a late answer may fold again; None, for the duty, folds them all.
    """
    if not arrivals:
        return {}
    memory = _recall(session, mind, arrivals, limit)
    failed: list[int] = []
    # Edits last: they fold all of history again, the answers of this batch included.
    for arrival in sorted(arrivals, key=lambda one: (one.enrollment.id, one.edit, one.event_time, one.source)):
        try:
            _think(session, mind, memory, arrival, now)
        except Exception as error:  # noqa: BLE001  # contained: the answer is stored whatever the estimator does
            log.error("decision_point.failed", kind=type(error).__name__, response=arrival.response_id)
            memory.stale.add(arrival.enrollment.id)
            failed.append(arrival.response_id)
    response_queries.set_decision_status(session, [(key, DecisionStatus.PENDING) for key in failed])
    return store(session, mind, memory, now=now, system_now=system_now)


def _recall(session: WriteSession, mind: Mind, arrivals: Sequence[Arrival], limit: int | None) -> Memory:
    people = {arrival.enrollment.id: arrival.enrollment for arrival in arrivals}
    earliest = min(arrival.event_time for arrival in arrivals)
    high: dict[int, list[datetime]] = {}
    for row in decision_queries.recent_answers(session, people, earliest - timedelta(hours=24)):
        if high_craving(mind.reading(session, row.protocol_version_id), row.instrument, row.answers):
            high.setdefault(row.enrollment_id, []).append(row.event_time)
    states = risk_queries.lock_states(session, people) if mind.estimating else {}
    new = people.keys() - states.keys() if mind.estimating else frozenset()
    return Memory(
        people=people,
        states=states,
        shown=dict(decision_queries.content_shown_since(session, people, earliest - CONTENT_MEMORY)),
        high=high,
        scenes=decision_queries.scenes(session, people),
        rested=decision_queries.rested_content(session, people),
        unfolded=risk_queries.with_past(session, new, [arrival.response_id for arrival in arrivals]) if new else frozenset(),
        open_tiers=decision_queries.open_tiers(session, people),
        limit=limit,
    )


def high_craving(reading: Reading, instrument_id: str, values: Mapping[str, Any]) -> bool:
    """Whether a response reports craving at or above 0.7 of its scale."""
    item = reading.craving_items.get(instrument_id)
    place = indicator(item, values.get(item.id)) if item is not None else None
    return place is not None and place >= HIGH_CRAVING


def _think(session: WriteSession, mind: Mind, memory: Memory, arrival: Arrival, now: datetime) -> None:
    reading = mind.reading(session, arrival.version_id)
    estimate = _estimate(session, mind, memory, arrival, reading, now) if mind.estimating else None
    if not mind.estimating:
        memory.stale.add(arrival.enrollment.id)  # what was not learned now is folded once the estimator is on again
    if arrival.edit:
        return
    person = arrival.enrollment
    context = _context(memory, arrival, reading, now)
    if sheet(reading.protocol).reads_adherence:
        context = _with_adherence(session, context, arrival, now)
    if sheet(reading.protocol).reads_model:
        context = replace(context, **_scores(session, memory, now).get(person.id, {}))
    key = randomization_key(mind.keys, person.randomization_key, person.key_id, str(person.uid))
    decision = decide(context, estimate, reading.protocol, key=key, source=arrival.source)
    _remember(memory, mind, arrival, reading, decision, now)


def _context(memory: Memory, arrival: Arrival, reading: Reading, now: datetime) -> PointContext:
    person = arrival.enrollment
    instrument = reading.protocol.instrument(arrival.instrument)
    assert instrument is not None
    shown, day_before = memory.shown.get(person.id, []), arrival.event_time - timedelta(hours=24)
    return PointContext(
        point=DecisionPointKind.REPORT if instrument.started_by_person else DecisionPointKind.RESPONSE,
        now=now,
        event_time=arrival.event_time,
        instrument=arrival.instrument,
        timing=arrival.timing,
        items=arrival.values,
        local_hour=local_hour(arrival.event_time, arrival.offset_minutes),
        study_day=arrival.whereabouts.study_day,
        in_wake_window=arrival.whereabouts.in_wake_window,
        started_by_person=instrument.started_by_person,
        has_scene=person.id in memory.scenes,
        active=str(person.state) == "active",
        consented=person.consent_use,
        paused=person.paused_until is not None and person.paused_until > now,
        safety_tier=max(arrival.safety_tier, memory.open_tiers.get(person.id, 0)),
        last_content_at=shown[-1][0] if shown else None,
        content_today=sum(at >= arrival.whereabouts.day_started_at for at, _ in shown),
        content_history={code: at for at, code in shown},
        rested=memory.rested.get(person.id, frozenset()),
        high_craving_24h=sum(day_before < at <= arrival.event_time for at in memory.high.get(person.id, [])),
        content_off=person.content_off,
        bereaved=bereaved(person, arrival.event_time) or None,
    )


def _with_adherence(session: WriteSession, context: PointContext, arrival: Arrival, now: datetime) -> PointContext:
    """What the person did with the prompts before this answer; read only for a protocol whose rules ask for it."""
    found = recent(session, [arrival.enrollment.id], at=arrival.event_time, now=now, but=arrival.response_id)[arrival.enrollment.id]
    return replace(context, adherence_7d=found.adherence, missed_in_a_row=found.missed_in_a_row, silent_hours=found.silent_hours)


def _scores(session: WriteSession, memory: Memory, now: datetime) -> Mapping[int, Mapping[str, Any]]:
    """Read once for the batch, and only where a rule asks. Where they cannot be read the decision goes on without them, and says so."""
    if memory.scores is None:
        try:
            with session.savepoint():  # a statement that fails takes the whole transaction along on PostgreSQL
                memory.scores = scores_of_today(session, memory.people.values(), now=now)
        except Exception as error:  # noqa: BLE001  # contained: a model is never what an answer waits for
            log.error("decision_point.scores_unread", kind=type(error).__name__)
            memory.scores = {key: {"population": {"unread": True}} for key in memory.people}
    return memory.scores


def _estimate(session: WriteSession, mind: Mind, memory: Memory, arrival: Arrival, reading: Reading, now: datetime) -> RiskEstimate | None:
    """The estimate right after this response: a step where it is the newest, a bounded refold where it is late or an edit."""
    instrument = reading.protocol.instrument(arrival.instrument)
    assert instrument is not None
    observation = observe(
        instrument,
        arrival.values,
        source_id=arrival.source,
        event_time=arrival.event_time,
        offset_minutes=arrival.offset_minutes,
        signals=heard(session, reading, arrival.enrollment.id, arrival.event_time),
    )
    held = memory.folded.get(arrival.enrollment.id) or _held(memory, mind, arrival.enrollment)
    if held is not None and not arrival.edit and (held.last_key is None or sort_key(observation) > held.last_key):
        return _next(mind, memory, Past(observation, reading, arrival.response_id), held, arrival.enrollment, now)
    return _late(session, mind, memory, observation, arrival, now)


def _next(mind: Mind, memory: Memory, past: Past, held: Folded, person: Row[Any], now: datetime) -> RiskEstimate:
    memory.folded[person.id] = folded = fold([past], mind, held)
    _, estimate = folded.estimates[past.observation.source_id]
    memory.estimates.append(estimate_row(person, past, estimate, revision=1, now=now))
    return estimate


def _late(
    session: WriteSession, mind: Mind, memory: Memory, observation: Observation, arrival: Arrival, now: datetime
) -> RiskEstimate | None:
    person = arrival.enrollment
    # An edit may have moved the answer's time, so that the place it left must be folded anew too.
    earliest = None if arrival.edit else observation
    folded = refold(
        session, mind, person, earliest=earliest, now=now, limit=memory.limit, also=_shown_now(session, mind, memory, person, now)
    )
    if folded is None:
        memory.stale.add(person.id)
        return None
    memory.estimates.extend(revised_rows(session, person, folded, now=now, written=memory.estimates))
    memory.folded[person.id] = folded
    found = folded.estimates.get(observation.source_id)
    return found[1] if found is not None else None


def _shown_now(session: WriteSession, mind: Mind, memory: Memory, person: Row[Any], now: datetime) -> list[Past]:
    """Content that this batch has decided to show the person: no row yet, and part of the history all the same."""
    return [
        Past(
            content_observed(source_id=arrival.source, shown_at=now, offset_minutes=0),
            mind.reading(session, arrival.version_id),
            None,
        )
        for arrival, decided in memory.decisions
        if arrival.enrollment.id == person.id and decided.decision.content is not None
    ]


def _held(memory: Memory, mind: Mind, person: Row[Any]) -> Folded | None:
    """The stored state; an empty one for a new person; None where it must be folded anew (another prior or layout, an unseen past)."""
    row = memory.states.get(person.id)
    if row is None:
        return None if person.id in memory.unfolded else Folded(None, 0, None)
    try:
        state = decode(row.state)
    except UnknownSchema:
        log.warning("decision_point.state_of_another_schema")
        return None
    return Folded(state, row.observations, row.last_key) if state.prior_id == mind.prior.id else None


def _remember(memory: Memory, mind: Mind, arrival: Arrival, reading: Reading, decision: Decision, now: datetime) -> None:
    person = arrival.enrollment
    item = reading.protocol.content_item(decision.content) if decision.content else None
    scene = memory.scenes.get(person.id) if item is not None and item.needs_scene else None
    decided = Decided(
        decision, new_uid(), scene.id if scene else None, scene.version if scene else None, arrival.response_id, arrival.version_id
    )
    memory.decisions.append((arrival, decided))
    if decision.content is None:
        return
    memory.shown.setdefault(person.id, []).append((now, decision.content))
    held = memory.folded.get(person.id)
    shown = Past(content_observed(source_id=arrival.source, shown_at=now, offset_minutes=0), reading, None)
    if held is None or held.state is None:
        return
    if held.last_key is None or sort_key(shown.observation) > held.last_key:
        fold([shown], mind, held)
    else:  # shown at the very instant of something that sorts after it
        memory.stale.add(person.id)
