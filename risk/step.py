"""One response, one step: state and observation in, state, estimate and decision out. Pure; stream and refold share it."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.definition.instrument import Item
from models.definition.protocol import Protocol
from risk.estimate import estimator
from risk.estimate.nodes import ItemNode
from risk.estimate.prior import Prior
from risk.estimate.state import RiskState
from risk.policy.decide import decide
from risk.terms import Decision, Observation, PointContext, RiskEstimate


@dataclass(frozen=True, slots=True)
class Reading:
    """How one protocol version is read: its document, its nodes and the version of its item map."""

    protocol: Protocol
    nodes: Mapping[str, ItemNode]
    item_map_hash: str
    craving_items: Mapping[str, Item]
    """Instrument -> its item of the variable `craving`."""
    loss_items: Mapping[str, Item]
    """Instrument -> its item that asks about a loss of someone close."""
    word_items: Mapping[str, Item]
    """Instrument -> its item that asks for the person's own word for craving."""


@dataclass(frozen=True, slots=True)
class Step:
    state: RiskState
    estimate: RiskEstimate
    decision: Decision


def advance(state: RiskState | None, observation: Observation, reading: Reading, prior: Prior) -> tuple[RiskState, RiskEstimate]:
    """The next state and what it says. Raises OutOfOrder where the observation belongs before the state's newest."""
    begun = state if state is not None else estimator.start(prior, reading.item_map_hash)
    return estimator.update(begun, observation, prior, reading.nodes)


def step(
    state: RiskState | None, observation: Observation, context: PointContext, reading: Reading, prior: Prior, *, key: bytes, source: str
) -> Step:
    """One decision point. `key` is the enrollment's randomization key, `source` names the decision point for the draw."""
    new_state, estimate = advance(state, observation, reading, prior)
    return Step(new_state, estimate, decide(context, estimate, reading.protocol, key=key, source=source))
