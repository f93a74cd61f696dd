"""Builders for tests of the policy: a point, an estimate, and protocols with other rules."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from models.definition.content import ContentItem
from models.definition.decision import Arm, Availability, DecisionRule, Outcome
from models.definition.escalation import AlertRule
from models.definition.protocol import Protocol
from models.kinds import ContentKind, DecisionPointKind, EvidenceState, Timing
from risk.terms import Band, PointContext, RiskEstimate
from tests.build import shipped

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
KEY = bytes(range(32))
NOTHING_KNOWN = Band(None)


@lru_cache(maxsize=1)
def base() -> Protocol:
    return shipped()


def point(**changes: Any) -> PointContext:
    """An answered prompt in the middle of the day, with nothing against content."""
    usual = PointContext(
        point=DecisionPointKind.RESPONSE,
        now=NOW,
        event_time=NOW,
        instrument="momentary",
        timing=Timing.ON_TIME,
        items={"m_crave_now": 8},
        local_hour=10.0,
        study_day=3,
        in_wake_window=True,
        started_by_person=False,
        has_scene=True,
    )
    return replace(usual, **changes)


def estimate(**changes: Any) -> RiskEstimate:
    usual = RiskEstimate(
        as_of=NOW,
        source_id="r1",
        evidence=EvidenceState.CURRENT,
        age_hours=0.0,
        level=61.5,
        rise=1.25,
        craving=0.8,
        nodes={"C": 0.8, "R": 0.4, "S": 0.7, "W": 0.1, "E": None},
        own={},
        contributions={
            "lag": 0.2,
            "R": 0.1,
            "S": 0.6,
            "W": -0.1,
            "E": 0.0,
            "RS": 0.0,
            "Ri": 0.0,
            "context": 0.9,
            "content": 0.0,
            "hour": 0.0,
        },
        drive=0.8,
        population_drive=0.7,
        discordance=None,
        nowcast=NOTHING_KNOWN,
        forecast=NOTHING_KNOWN,
        couplings={},
        edges={},
        innovation=None,
        cusum_innovation=0.0,
        cusum_baseline=0.0,
        rising=False,
        coverage={},
        answered=40,
        sensitized=(),
        prior_id="test",
        prior_synthetic=True,
        population_model=None,
        version="test",
        features={},
    )
    return msgspec.structs.replace(usual, **changes)


def item(code: str, **changes: Any) -> ContentItem:
    values: dict[str, Any] = {
        "code": code,
        "version": 1,
        "kind": ContentKind.BREATH,
        "title": {"en": code},
        "steps": ({"text": {"en": "Breathe."}, "seconds": 10},),
    }
    return ContentItem(**{**values, **changes})


def arm(name: str, probability: float, *groups: tuple[str, ...], **changes: Any) -> Arm:
    return Arm(id=name, probability=probability, groups=groups, **changes)


def rule(name: str = "craving_high", **changes: Any) -> DecisionRule:
    values: dict[str, Any] = {
        "id": name,
        "version": 1,
        "points": (DecisionPointKind.RESPONSE,),
        "when": [">=", {"item": "m_crave_now"}, 7],
        "arms": (arm("show", 0.6, ("breath", "ground")), arm("nothing", 0.4)),
        "outcome": Outcome(variable="craving", after_minutes=15, within_minutes=60),
        "reason": {"en": "Craving is high."},
    }
    return DecisionRule(**{**values, **changes})


def alert_rule(name: str, when: Any) -> AlertRule:
    return AlertRule(id=name, when=when, reason={"en": "A reason."})


def protocol(
    *rules: DecisionRule,
    content: tuple[ContentItem, ...] = (),
    alert_rules: tuple[AlertRule, ...] = (),
    availability: Availability | None = None,
) -> Protocol:
    """The shipped protocol with these rules instead of its own."""
    return base().model_copy(
        update={
            "rules": rules,
            "alert_rules": alert_rules,
            "content": content or (item("breath"), item("ground")),
            "availability": availability or Availability(),
        }
    )
