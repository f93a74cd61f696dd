"""Which answers must reach a human. Runs on whatever items are valid, before any refusal and with everything else off."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.definition.expression import holds
from models.definition.operations import Value
from models.definition.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A disclosure that holds: its id, its tier (2 to 4) and what the phone shows first (`crisis`, `help` or `none`)."""

    disclosure: str
    tier: int
    screen: str


def disclosures(protocol: Protocol, instrument_id: str, valid_items: Mapping[str, Value]) -> tuple[Disclosed, ...]:
    """What these answers disclose, highest tier first, then by id. Never raises.

    `valid_items` maps item ids to values that passed `answers.validate`, also from a submission that is refused for other
    items and also those that branching would have hidden (`Checked.disclosable`). An item that is not in it counts as not given.
    """
    found = [
        Disclosed(one.id, one.tier, one.screen)
        for one in protocol.disclosures
        if (not one.instruments or instrument_id in one.instruments) and one.when is not None and holds(one.when, valid_items, {})
    ]
    return tuple(sorted(found, key=lambda one: (-one.tier, one.disclosure)))
