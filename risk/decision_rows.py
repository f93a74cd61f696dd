"""The rows that a batch of decision points leaves: estimates, decisions, states, outcomes, and the alerts that rules open."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.codec import canonical
from models.kinds import OutcomeStatus
from models.queries import decision as decision_queries
from models.queries import risk as risk_queries
from models.session import WriteSession
from risk.alerting import open_alert
from risk.arrival import Arrival, Decided, Memory
from risk.mind import Mind
from risk.openings import opening_of_rule
from risk.refold import state_row, store_checkpoints


def store(session: WriteSession, mind: Mind, memory: Memory, *, now: datetime, system_now: datetime) -> Mapping[int, Decided]:
    """Writes everything, one statement a kind of row; response -> what was decided."""
    estimate_keys = risk_queries.insert_estimates(session, memory.estimates)
    # Where a later answer of the batch revised an estimate again, the decision names the first: the one that it used.
    inserted = sorted(estimate_keys.items(), key=lambda one: one[0][2], reverse=True)
    named = {(person, source): (key, revision) for (person, source, revision), key in inserted}
    places = {(arrival.enrollment.id, arrival.source) for arrival, _ in memory.decisions}
    if mind.estimating and places - named.keys():
        # A late answer whose estimate was there already: the decision names the revision that it used.
        named |= risk_queries.newest_estimates(session, places - named.keys())
    rows = []
    for arrival, decided in memory.decisions:
        key, revision = named.get((arrival.enrollment.id, arrival.source), (None, None))
        rows.append({**decision_row(arrival, decided, now), "estimate_id": key, "estimate_revision": revision})
    decision_keys = decision_queries.insert_decisions(session, rows)
    _save_states(session, memory, now)
    _open_outcomes(session, memory, decision_keys)
    _open_alerts(session, mind, memory, rows, now=now, system_now=system_now)
    return {decided.response_id: decided for _, decided in memory.decisions}


def _save_states(session: WriteSession, memory: Memory, now: datetime) -> None:
    rows = []
    for person_id, folded in memory.folded.items():
        if folded.state is not None:
            held = memory.states.get(person_id)
            stale = person_id in memory.stale or (held is not None and held.stale)
            rows.append({**state_row(memory.people[person_id], folded, now=now), "stale": stale})
            store_checkpoints(session, memory.people[person_id], folded.checkpoints, now=now)
    risk_queries.save_states(session, rows, memory.states.keys())
    if unfolded := memory.stale - memory.folded.keys():
        risk_queries.mark_stale(session, unfolded)


def _open_outcomes(session: WriteSession, memory: Memory, keys: Mapping[tuple[int, str, str], int]) -> None:
    rows = []
    for arrival, decided in memory.decisions:
        key = keys.get((arrival.enrollment.id, str(decided.decision.point), arrival.source))
        if key is None or decided.decision.outcome is None:
            continue
        outcome = decided.decision.outcome
        rows.append(
            {
                "study_id": arrival.enrollment.study_id,
                "enrollment_id": arrival.enrollment.id,
                "decision_id": key,
                "variable": outcome["variable"],
                "opens_at": datetime.fromisoformat(outcome["opens_at"]),
                "closes_at": datetime.fromisoformat(outcome["closes_at"]),
                "status": OutcomeStatus.PENDING,
            }
        )
    decision_queries.insert_outcomes(session, rows)


def _open_alerts(
    session: WriteSession, mind: Mind, memory: Memory, rows: list[dict[str, Any]], *, now: datetime, system_now: datetime
) -> None:
    for (arrival, decided), row in zip(memory.decisions, rows, strict=True):
        protocol = mind.reading(session, arrival.version_id).protocol
        for rule_id in decided.decision.alerts:
            rule = next(one for one in protocol.alert_rules if one.id == rule_id)
            opening = opening_of_rule(rule, arrival.enrollment, arrival.version_id, arrival.source, row["estimate_id"])
            open_alert(session, opening, protocol, now=now, system_now=system_now)


def decision_row(arrival: Arrival, decided: Decided, now: datetime) -> dict[str, Any]:
    """The columns of a decision, all but the estimate's."""
    decision, person = decided.decision, arrival.enrollment
    return {
        "uid": decided.uid,
        "study_id": person.study_id,
        "enrollment_id": person.id,
        "protocol_version_id": arrival.version_id,
        "point": decision.point,
        "source_id": arrival.source,
        "response_id": arrival.response_id,
        "due_at": arrival.event_time,
        "decided_at": now,
        "zone": arrival.zone,
        "mode": decision.mode,
        "available": decision.available,
        "unavailable": [str(reason) for reason in decision.unavailable],
        "rule": decision.rule,
        "rule_version": decision.rule_version,
        "rule_hash": decision.rule_hash,
        "rule_trace": [list(one) for one in decision.rule_trace],
        "arm": decision.arm,
        "arm_probabilities": dict(decision.arm_probabilities),
        "arm_fraction": decision.arm_fraction,
        "content_code": decision.content,
        "content_version": decision.content_version,
        "content_hash": decision.content_hash,
        "content_probabilities": dict(decision.content_probabilities),
        "content_fraction": decision.content_fraction,
        "scene_id": decided.scene_id,
        "scene_version": decided.scene_version,
        "key_id": person.key_id,
        "reason": decision.reason,
        "sentence": decision.sentence,
        "snapshot": canonical(dict(decision.snapshot)),
        "outcome": dict(decision.outcome) if decision.outcome else None,
        "outcome_status": OutcomeStatus.PENDING if decision.outcome else OutcomeStatus.NOT_APPLICABLE,
        "synthetic": person.synthetic,
    }
