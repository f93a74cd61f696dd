"""The tailoring variables: what a rule may read, from the point and from the estimate."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from models.definition.operations import Value
from models.kinds import EvidenceState
from risk.population.channels import SELF_HELP, allowed
from risk.population.verdict import EVIDENCE_HOURS
from risk.terms import PointContext, RiskEstimate

_NODES: Final[Mapping[str, str]] = {"reward": "R", "stress": "S", "withdrawal": "W", "control_failure": "E"}
_TOP: Final = ("R", "S", "W", "E", "lag")


def tailoring(context: PointContext, estimate: RiskEstimate | None) -> dict[str, Value]:
    """Every variable of `TAILORING_VARIABLES`, None where it is not known; nothing is imputed.

    Without an estimate, or with one whose newest craving answer is older than 24 h at `context.now`, all that the
    model says is None, `evidence` is `unknown` (None without an estimate) and `age_hours` still tells the age.
    """
    said = _of_point(context) | _of_estimate(estimate, context.now)
    return said | {"self_help_due": _self_help_due(context, said["level"])}


def _of_point(context: PointContext) -> dict[str, Value]:
    return {
        "point": str(context.point),
        "instrument": context.instrument,
        "timing": None if context.timing is None else str(context.timing),
        "local_hour": context.local_hour,
        "study_day": context.study_day,
        "has_scene": context.has_scene,
        "high_craving_24h": context.high_craving_24h,
        "hours_since_content": None if context.last_content_at is None else _hours(context.last_content_at, context.now),
        "content_today": context.content_today,
        "event": context.event,
        "safety_tier": context.safety_tier,
        "adherence_7d": context.adherence_7d,
        "missed_in_a_row": context.missed_in_a_row,
        "silent_hours": context.silent_hours,
        "risk_day": context.risk_day,
        "risk_week": context.risk_week,
        "risk_crossed": context.risk_crossed,
        "bereaved": context.bereaved,
    }


def _of_estimate(estimate: RiskEstimate | None, now: datetime) -> dict[str, Value]:
    age = None if estimate is None or estimate.age_hours is None else estimate.age_hours + max(0.0, _hours(estimate.as_of, now))
    known = estimate is not None and estimate.evidence is not EvidenceState.UNKNOWN and age is not None and age <= EVIDENCE_HOURS
    said: dict[str, Value] = dict.fromkeys(("level", "rise", "rising", "craving", *_NODES, "top_contribution"))
    if estimate is None:
        return said | {"evidence": None, "age_hours": None}
    if known:
        said |= {
            "level": _finite(estimate.level),
            "rise": _finite(estimate.rise),
            "rising": estimate.rising,
            "craving": _finite(estimate.craving),
            **{name: _finite(estimate.nodes.get(node)) for name, node in _NODES.items()},
            "top_contribution": _standing_out(top_contribution(estimate.contributions), estimate.own),
        }
    return said | {"evidence": str(estimate.evidence if known else EvidenceState.UNKNOWN), "age_hours": _finite(age)}


def _self_help_due(context: PointContext, level: Value) -> bool | None:
    """Within the self-help budget: the level passes its threshold, and the channel's time since the last content has gone by."""
    if context.self_help_level is None or not isinstance(level, float):
        return None
    shown = [] if context.last_content_at is None else [0.0]
    since = 0.0 if context.last_content_at is None else _hours(context.last_content_at, context.now) / 24.0
    return level >= context.self_help_level and allowed(shown, since, SELF_HELP)


def top_contribution(contributions: Mapping[str, float]) -> str | None:
    """The node that adds most to the drive, R with what abstinence adds to reminders; None where none adds. Of equals, the first of R, S,
    W, E, lag.

    >>> top_contribution({"S": 0.4, "R": 0.1, "hour": 2.0}), top_contribution({"S": -0.4})
    ('S', None)
    >>> top_contribution({"S": 0.4, "R": 0.3, "Ri": 0.2})
    'R'
    """
    shares = {name: contributions.get(name, 0.0) for name in _TOP}
    shares["R"] += contributions.get("Ri", 0.0)
    return max((name for name in _TOP if shares[name] > 0), key=lambda name: shares[name], default=None)


def _standing_out(name: str | None, own: Mapping[str, float | None]) -> str | None:
    """A node that is not above the person's usual names nothing: where a coupling is negative, one that is below adds to the drive too."""
    stands = None if name is None else own.get(name)
    return name if stands is None or stands > 0.0 else None


def _hours(since: datetime, now: datetime) -> float:
    return (now - since).total_seconds() / 3600


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
