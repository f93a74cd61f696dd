"""Decision rules and content: probabilities, requests, outcomes, contraindications."""

from collections.abc import Iterator
from typing import Final

from models.definition.base import pointer
from models.definition.decision import MIDNIGHT_VARIABLES, WATCHED_VARIABLES, DecisionRule
from models.definition.escalation import BUDGET_REFRACTORY_HOURS
from models.definition.expression import variables_read
from models.definition.protocol import Protocol
from models.errors import Fault

TOLERANCE: Final = 1e-9


def faults(protocol: Protocol) -> Iterator[Fault]:
    variables = {item.variable for _, item in protocol.series()}
    for place, rule in enumerate(protocol.rules):
        at = ("rules", place)
        yield from _arms(at, rule)
        yield from _weights(at, rule)
        yield from _outcome(at, rule, variables)
    for place, alert in enumerate(protocol.alert_rules):
        unknown = variables_read(alert.when) - WATCHED_VARIABLES
        if alert.about_adherence and unknown:
            known = ", ".join(sorted(WATCHED_VARIABLES))
            message = f"A rule on adherence is looked at without an answer, when only {known} are known; not {', '.join(sorted(unknown))}."
            yield Fault(pointer("alert_rules", place, "when"), "not_known_in_silence", message)
    yield from _budgeted(protocol)
    for place, piece in enumerate(protocol.content):
        if piece.needs_scene and piece.not_when is None:
            message = "Imagining a future can hurt: content that plays a scene says when it must not be offered."
            yield Fault(pointer("content", place, "not_when"), "scene_without_contraindication", message)


def _budgeted(protocol: Protocol) -> Iterator[Fault]:
    """Rules on the alert budget: one, over what is known at midnight, with the refractory time that thresholds are set for."""
    places = [place for place, rule in enumerate(protocol.alert_rules) if rule.about_budget]
    for place in places:
        rule = protocol.alert_rules[place]
        unknown = variables_read(rule.when) - MIDNIGHT_VARIABLES
        if unknown:
            known = ", ".join(sorted(MIDNIGHT_VARIABLES))
            message = (
                f"A rule on the alert budget is looked at when a day begins, when only {known} are known; not {', '.join(sorted(unknown))}."
            )
            yield Fault(pointer("alert_rules", place, "when"), "not_known_at_midnight", message)
        if rule.refractory_hours != BUDGET_REFRACTORY_HOURS:
            message = f"Thresholds by alert budget are set for {BUDGET_REFRACTORY_HOURS:g} hours between two alerts of a person."
            yield Fault(pointer("alert_rules", place, "refractory_hours"), "budget_refractory", message)
        if place != places[0]:
            yield Fault(pointer("alert_rules", place), "budget_twice", "A study has one alert budget, and one rule that spends it.")


def _arms(at: tuple[str | int, ...], rule: DecisionRule) -> Iterator[Fault]:
    total = sum(arm.probability for arm in rule.arms)
    if abs(total - 1) > TOLERANCE:
        yield Fault(pointer(*at, "arms"), "probabilities_do_not_add_up", f"The arms' probabilities add up to {total:.12g}, not to 1.")
    if rule.requested and len(rule.arms) > 1:
        message = f"What a person asked for is never randomized: one arm, not {len(rule.arms)}."
        yield Fault(pointer(*at, "arms"), "requested_with_arms", message)
    if rule.requested and not any(arm.groups for arm in rule.arms):
        yield Fault(pointer(*at, "arms"), "requested_shows_nothing", "A person who asked is shown something.")


def _weights(at: tuple[str | int, ...], rule: DecisionRule) -> Iterator[Fault]:
    for number, arm in enumerate(rule.arms):
        for code, weight in sorted(arm.weights.items()):
            if not 0 < weight <= 1e6:
                where = pointer(*at, "arms", number, "weights", code)
                yield Fault(
                    where, "weight_out_of_range", "A weight is above 0 and at most 1000000; leave the content out of the group instead."
                )


def _outcome(at: tuple[str | int, ...], rule: DecisionRule, variables: set[str]) -> Iterator[Fault]:
    if rule.outcome is None:
        return
    if rule.outcome.variable not in variables:
        yield Fault(pointer(*at, "outcome", "variable"), "unknown_outcome", "No item asks this variable.")
    if rule.outcome.within_minutes <= rule.outcome.after_minutes:
        message = f"The window from {rule.outcome.after_minutes} to {rule.outcome.within_minutes} minutes is empty."
        yield Fault(pointer(*at, "outcome", "within_minutes"), "outcome_window_empty", message)
