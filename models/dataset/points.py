"""Rows of decisions, estimates, content and alerts. Pure. Rows of the database come in as `models.queries.dataset` reads them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.dataset.deidentify import actor_kind
from models.dataset.framing import Framing, Person
from models.dataset.schema import Cell
from models.definition.decision import TAILORING_VARIABLES, DecisionRule
from models.definition.signal import UNITS
from models.kinds import AlertState, Mode, OutcomeStatus


def estimate_row(framing: Framing, person: Person, row: Any) -> dict[str, Cell]:
    return {
        "participant_id": person.participant_id,
        "estimate_id": framing.rekey("estimate", row.uid),
        "source_id": framing.rekey("source", person.uid, row.source_id),
        "response_id": _response(framing, person, row.client_id),
        "revision": row.revision,
        "as_of_utc": row.as_of,
        "made_utc": row.made_at,
        "evidence": row.evidence,
        "age_hours": row.age_hours,
        "level": row.level,
        "rise": row.rise,
        "rising": row.rising,
        "detail": _json(row.detail),
        "prior_id": row.prior_id,
        "model_id": row.model_id,
        "estimator_version": row.estimator_version,
        "item_map_hash": row.item_map_hash,
        "inputs_hash": row.inputs_hash.hex(),
        "synthetic": row.synthetic,
    }


def population_score_row(framing: Framing, person: Person, row: Any) -> dict[str, Cell]:
    return {
        "participant_id": person.participant_id,
        "score_id": framing.rekey("population_score", row.uid),
        "study_day": row.study_day,
        "as_of_utc": row.as_of,
        "made_utc": row.made_at,
        "model": row.model,
        "target": row.target,
        "model_digest": row.digest,
        "shadow": row.shadow,
        "probability": row.probability,
        "inputs_hash": row.inputs_hash.hex(),
        "evidence_hours": row.evidence_hours,
        "eligible": row.eligible,
        "crossed": row.crossed,
        "raised": row.raised,
        "shift": row.shift,
        "judgement": None if row.judgement is None else _json(row.judgement),
        "synthetic": row.synthetic,
    }


def decision_row(framing: Framing, person: Person, row: Any, number: int, *, snapshot: Mapping[str, Any], closed: bool) -> dict[str, Cell]:
    """`snapshot` are the frozen variables; `closed`: the outcome had been closed at the cut."""
    revision = framing.revisions.get(row.protocol_version_id)
    rules = () if revision is None else framing.book.protocols[revision].rules
    rule = next((one for one in rules if one.id == row.rule), None)
    given = row.content_code is not None and row.mode != Mode.SHADOW
    base: dict[str, Cell] = {
        "participant_id": person.participant_id,
        "decision_id": framing.rekey("decision", row.uid),
        "decision_point": number,
        "point": str(row.point),
        "source_id": framing.rekey("source", person.uid, row.source_id),
        "response_id": _response(framing, person, row.client_id),
        "estimate_id": framing.rekey("estimate", row.estimate_uid) if row.estimate_uid else None,
        "estimate_revision": row.estimate_revision,
        "protocol_revision": revision,
        "due_utc": row.due_at,
        "decided_utc": row.decided_at,
        "iana_tz": row.zone,
        "availability": row.available,
        "unavailable": ";".join(map(str, row.unavailable)) or None,
        "mode": row.mode,
        "rule": row.rule,
        "rule_version": row.rule_version,
        "rule_hash": row.rule_hash,
        "arm": row.arm,
        "prob_arm": row.arm_probabilities.get(row.arm) if row.arm is not None else None,
        "treatment": given,
        "prob_treatment": treatment_probability(rule, row.arm_probabilities),
        "arm_probabilities": _json(row.arm_probabilities),
        "content": row.content_code,
        "content_version": row.content_version,
        "prob_content": row.content_probabilities.get(row.content_code) if row.content_code is not None else None,
        "content_probabilities": _json(row.content_probabilities),
        "reason": row.reason,
        "tailoring": _json({name: snapshot[name] for name in TAILORING_VARIABLES if _plain(snapshot.get(name))}),
        "synthetic": row.synthetic,
    }
    return base | _outcome(framing, person, row, closed=closed)


def treatment_probability(rule: DecisionRule | None, arm_probabilities: Mapping[str, float]) -> float | None:
    """The probability that the drawn arm gives content. None where nothing could be drawn, or the rule is not known.

    >>> treatment_probability(None, {"content": 0.6, "nothing": 0.4}) is None
    True
    """
    if rule is None or not arm_probabilities:
        return None
    giving = {arm.id for arm in rule.arms if arm.groups}
    return min(1.0, sum(chance for arm, chance in sorted(arm_probabilities.items()) if arm in giving))


def _outcome(framing: Framing, person: Person, row: Any, *, closed: bool) -> dict[str, Cell]:
    if row.outcome_id is None:
        declared = (row.outcome or {}).get("variable")
        return {"outcome_variable": declared, "outcome_status": str(OutcomeStatus.NOT_APPLICABLE) if declared is None else None}
    said: dict[str, Cell] = {
        "outcome_variable": row.outcome_variable,
        "outcome_opens_utc": row.outcome_opens_at,
        "outcome_closes_utc": row.outcome_closes_at,
        "outcome_status": str(row.outcome_state if closed else OutcomeStatus.PENDING),
    }
    if not closed:
        return said
    return said | {
        "outcome": row.outcome_value,
        "outcome_response_id": _response(framing, person, row.outcome_client_id),
        "outcome_missing": row.outcome_missing,
    }


def engagement_row(framing: Framing, person: Person, row: Any) -> dict[str, Cell]:
    return {
        "participant_id": person.participant_id,
        "decision_id": framing.rekey("decision", row.decision_uid) if row.decision_uid else None,
        "content": row.content_code,
        "what": row.what,
        "value": row.value,
        "at_utc": row.at,
        "server_received_utc": row.received_at,
    }


@dataclass(frozen=True, slots=True)
class AlertLife:
    """An alert at the cut, from its events."""

    state: AlertState
    acknowledged: Any
    resolved: Any
    highest_rung: int


def alert_life(events: Sequence[Any]) -> AlertLife:
    """`events` are those in the cut, oldest first; without any, the alert had just opened."""
    if not events:
        return AlertLife(AlertState.PENDING, None, None, 0)
    acknowledged = next((event.at for event in events if event.to_state == AlertState.ACKNOWLEDGED), None)
    last = events[-1]
    resolved = next((event.at for event in reversed(events) if event.to_state == AlertState.RESOLVED), None)
    ended = last.to_state == AlertState.RESOLVED
    return AlertLife(AlertState(last.to_state), acknowledged, resolved if ended else None, max(event.rung for event in events))


def alert_row(framing: Framing, person: Person, row: Any, life: AlertLife) -> dict[str, Cell]:
    """Disposition and minutes count only where the alert had been resolved at the cut."""
    resolved = life.state is AlertState.RESOLVED
    waited = None if life.acknowledged is None else (life.acknowledged - row.opened_at).total_seconds() / 60
    return {
        "participant_id": person.participant_id,
        "alert_id": framing.rekey("alert", row.uid),
        "tier": row.tier,
        "family": row.family,
        "source_id": framing.rekey("source", person.uid, row.source_id),
        "estimate_id": framing.rekey("estimate", row.estimate_uid) if row.estimate_uid else None,
        "protocol_revision": framing.revisions.get(row.protocol_version_id),
        "rule_hash": row.rule_hash,
        "state": life.state.value,
        "opened_utc": row.opened_at,
        "acknowledged_utc": life.acknowledged,
        "resolved_utc": life.resolved,
        "minutes_to_acknowledge": waited,
        "disposition": str(row.disposition) if resolved and row.disposition else None,
        "minutes_spent": row.minutes_spent if resolved else None,
        "highest_rung": life.highest_rung,
        "synthetic": row.synthetic,
    }


def alert_event_row(framing: Framing, person: Person, alert_uid: Any, event: Any) -> dict[str, Cell]:
    """Notes stay sealed; who acted is a kind and, of staff, a random id."""
    kind, _, actor = event.actor.partition(":")
    return {
        "participant_id": person.participant_id,
        "alert_id": framing.rekey("alert", alert_uid),
        "sequence": event.sequence,
        "at_utc": event.at,
        "name": event.name,
        "from_state": event.from_state,
        "to_state": event.to_state,
        "rung": event.rung,
        "actor": actor_kind(event.actor),
        "actor_id": framing.rekey("staff", actor) if kind == "staff" and actor else None,
        "reason": event.reason,
    }


def timed_event_row(framing: Framing, person: Person, row: Any, *, retracted: bool) -> dict[str, Cell]:
    return {
        "participant_id": person.participant_id,
        "event_id": framing.rekey("event", row.uid),
        "kind": str(row.kind),
        "happened_utc": row.happened_at,
        "ended_utc": row.ended_at,
        "reported_utc": row.reported_at,
        "delay_hours": (row.reported_at - row.happened_at).total_seconds() / 3600,
        "source": row.source,
        "retracted": retracted,
        "synthetic": row.synthetic,
    }


def planned_event_row(framing: Framing, person: Person, row: Any, *, stands: bool) -> dict[str, Cell]:
    return {
        "participant_id": person.participant_id,
        "plan_id": framing.rekey("plan", person.uid, row.client_id),
        "revision": row.revision,
        "stands": stands,
        "kind": str(row.kind),
        "intention": str(row.intention),
        "day": row.day,
        "wall": row.wall,
        "event_id": None if row.event_uid is None else framing.rekey("event", row.event_uid),
        "recorded_utc": row.recorded_at,
        "source": row.source,
        "synthetic": row.synthetic,
    }


def signal_row(framing: Framing, person: Person, row: Any) -> dict[str, Cell]:
    return {
        "participant_id": person.participant_id,
        "point_id": framing.rekey("signal", person.uid, row.client_id),
        "kind": row.kind.value,
        "started_utc": row.started_at,
        "ended_utc": row.ended_at,
        "value": row.value,
        "unit": UNITS[row.kind],
        "received_utc": row.received_at,
        "delay_hours": (row.received_at - row.ended_at).total_seconds() / 3600,
        "protocol_revision": framing.revisions.get(row.protocol_version_id),
        "synthetic": row.synthetic,
    }


def _response(framing: Framing, person: Person, client_id: Any) -> str | None:
    return None if client_id is None else framing.rekey("source", person.uid, client_id)


def _json(value: Mapping[str, Any]) -> str | None:
    return json.dumps(value, separators=(",", ":"), sort_keys=True) if value else None


def _plain(value: Any) -> bool:
    return isinstance(value, str | int | float)
