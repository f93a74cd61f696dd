"""Which rule decides at a point, and which alert rules hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.definition.decision import DecisionRule
from models.definition.escalation import AlertRule
from models.definition.expression import holds
from models.definition.operations import Value
from models.kinds import DecisionPointKind, Mode


@dataclass(frozen=True, slots=True)
class Chosen:
    """`live` is the rule that decides, `shadow` the first rule on trial that holds, `trace` (rule id, held) for every rule."""

    live: DecisionRule | None
    shadow: DecisionRule | None
    trace: tuple[tuple[str, bool], ...]


def choose(rules: Sequence[DecisionRule], point: DecisionPointKind, items: Mapping[str, Value], variables: Mapping[str, Value]) -> Chosen:
    """The first live rule whose points match and whose `when` holds. A shadow rule is evaluated and traced and never acts.

    A rule that is off is traced as not held, without being evaluated.
    """
    held = [rule for rule in rules if rule.mode is not Mode.OFF and point in rule.points and holds(rule.when, items, variables)]
    holding = {id(rule) for rule in held}
    return Chosen(
        live=next((rule for rule in held if rule.mode is Mode.LIVE), None),
        shadow=next((rule for rule in held if rule.mode is Mode.SHADOW), None),
        trace=tuple((rule.id, id(rule) in holding) for rule in rules),
    )


def alerting(rules: Sequence[AlertRule], items: Mapping[str, Value], variables: Mapping[str, Value]) -> tuple[str, ...]:
    """Ids of the alert rules that hold, in the protocol's order. A rule without a condition never holds."""
    return tuple(rule.id for rule in rules if rule.when is not None and holds(rule.when, items, variables))
