"""One decision at one point: snapshot, safety, consent, availability, rule, arm, content. Works without an estimate."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any, Final

from models.definition.decision import DecisionRule
from models.definition.protocol import Protocol
from models.kinds import Mode, UnavailableReason
from risk.policy.availability import unavailable
from risk.policy.content import content_probabilities
from risk.policy.draw import ARM, CONTENT, fraction, pick
from risk.policy.rules import Chosen, alerting, choose
from risk.policy.sheet import Sheet, content_hash, rule_hash, sheet
from risk.policy.snapshot import Read, freeze, read, thaw
from risk.terms import Decision, PointContext, RiskEstimate

SENTENCES: Final[Mapping[str, str]] = {
    "requested_content": "Something to try was shown because it was asked for.",
    "content": "Something to try was shown, as this study's rules say for a moment like this.",
    "control_arm": "Nothing was shown: chance chose no content this time, as this study describes.",
    "rule_shows_nothing": "Nothing was shown: this moment is recorded, and the rule for it shows nothing.",
    "no_eligible_content": "Nothing was shown: none of the items for this moment fits right now.",
    "shadow_rule": "Nothing was shown: only a rule on trial held, and rules on trial never act.",
    "no_rule": "Nothing was shown: no rule of this study asks for it at this moment.",
    UnavailableReason.SAFETY_TIER: "Nothing was drawn: the help page and people come first now.",
    UnavailableReason.NO_CONSENT: "Nothing was shown: there is no consent for it at present.",
    UnavailableReason.NOT_ACTIVE: "Nothing was shown: the enrollment is not active.",
    UnavailableReason.CONTENT_OFF: "Nothing was shown: content is switched off for this study.",
    UnavailableReason.PAUSED: "Nothing was shown: prompts and offers are paused.",
    UnavailableReason.STALE: "Nothing was shown: the answer arrived too late for content to be timely.",
    UnavailableReason.QUIET_HOURS: "Nothing was shown: it is outside the hours chosen for prompts.",
    UnavailableReason.DAILY_CAP: "Nothing was shown: the day's limit is reached.",
    UnavailableReason.RECENT_CONTENT: "Nothing was shown: something was shown only a short while ago.",
    UnavailableReason.DEVICE_UNREACHABLE: "Nothing was shown: the phone could not be reached.",
}
"""Reason -> the sentence for it. None holds a rule's name, an answer or a number."""


def decide(context: PointContext, estimate: RiskEstimate | None, protocol: Protocol, *, key: bytes, source: str) -> Decision:
    """The decision at a point, also where nothing is done; the same arguments always give the same decision.

    `key` is the enrollment's randomization key and `source` the id of what made the point, unique within the enrollment.
    Every availability reason and every rule is evaluated whatever the outcome; nothing is drawn where a reason holds.
    Alert rules are evaluated apart from all of it. `estimate` None means that nothing is known from the model.
    """
    page = sheet(protocol)
    items, variables = read(context, estimate, page)
    return _decide(context, items, variables, page, key, source)


def redecide(snapshot: Mapping[str, Any], protocol: Protocol, *, key: bytes, source: str) -> Decision:
    """The decision made again from its stored snapshot, under the protocol version it was made with: equal in every field."""
    context, items, variables = thaw(snapshot)
    return _decide(context, items, variables, sheet(protocol), key, source)


def _decide(context: PointContext, items: Read, variables: Read, page: Sheet, key: bytes, source: str) -> Decision:
    chosen = choose(page.protocol.rules, context.point, items, variables)
    rule = chosen.live
    reasons = unavailable(context, page.protocol.availability, requested=rule is not None and rule.requested)
    undrawn = _undrawn(context, items, variables, page, chosen, reasons)
    if reasons:
        return _because(undrawn, reasons[0])
    if rule is None:
        return _because(undrawn, "no_rule" if chosen.shadow is None else "shadow_rule")
    return _draw(undrawn, rule, context, items, variables, page, key, source)


def _undrawn(
    context: PointContext, items: Read, variables: Read, page: Sheet, chosen: Chosen, reasons: tuple[UnavailableReason, ...]
) -> Decision:
    """Everything that is known before chance is asked."""
    rule = chosen.live or chosen.shadow
    return Decision(
        point=context.point,
        mode=None if rule is None else rule.mode,
        available=not reasons,
        unavailable=reasons,
        rule=None if rule is None else rule.id,
        rule_version=None if rule is None else rule.version,
        rule_hash=None if rule is None else rule_hash(rule),
        rule_trace=chosen.trace,
        arm=None,
        arm_probabilities={},
        arm_fraction=None,
        content=None,
        content_version=None,
        content_hash=None,
        content_probabilities={},
        content_fraction=None,
        reason="",
        sentence="",
        outcome=_outcome(rule, context),
        snapshot=freeze(context, items, variables, page),
        alerts=alerting(page.alert_rules, items, variables),
    )


def _draw(
    undrawn: Decision, rule: DecisionRule, context: PointContext, items: Read, variables: Read, page: Sheet, key: bytes, source: str
) -> Decision:
    probabilities = arm_probabilities(rule)
    u = fraction(key, source, ARM)
    name = pick(probabilities, u)
    arm = next(one for one in rule.arms if one.id == name)
    drawn = replace(undrawn, arm=arm.id, arm_probabilities=probabilities, arm_fraction=u)
    if not arm.groups:
        return _because(drawn, "control_arm" if len(rule.arms) > 1 else "rule_shows_nothing")
    vector = content_probabilities(arm, page.library, context, items, variables)
    u = fraction(key, source, CONTENT)
    code = pick(vector, u)
    if code is None:
        return _because(replace(drawn, content_probabilities=vector), "no_eligible_content")
    item = page.library[code]
    shown = replace(
        drawn,
        content=item.code,
        content_version=item.version,
        content_hash=content_hash(item),
        content_probabilities=vector,
        content_fraction=u,
    )
    return _because(shown, "requested_content" if rule.requested else "content")


def arm_probabilities(rule: DecisionRule) -> dict[str, float]:
    """Arm -> probability, adding up to 1. What a person asked for is not randomized: all of it is on the first arm."""
    if rule.requested:
        return {arm.id: float(arm is rule.arms[0]) for arm in rule.arms}
    total = math.fsum(arm.probability for arm in rule.arms)
    scale = 1.0 if math.isclose(total, 1.0, abs_tol=1e-9) else total
    return {arm.id: arm.probability / scale for arm in rule.arms}


def _outcome(rule: DecisionRule | None, context: PointContext) -> dict[str, Any] | None:
    """What is to be observed and when, the same for every arm and for unavailable points; none for a rule on trial."""
    if rule is None or rule.outcome is None or rule.mode is not Mode.LIVE:
        return None
    decided_at = context.now.astimezone(UTC)
    opens_at, closes_at = (decided_at + timedelta(minutes=m) for m in (rule.outcome.after_minutes, rule.outcome.within_minutes))
    return {"variable": rule.outcome.variable, "opens_at": opens_at.isoformat(), "closes_at": closes_at.isoformat()}


def _because(decision: Decision, reason: str) -> Decision:
    return replace(decision, reason=str(reason), sentence=SENTENCES[reason])
