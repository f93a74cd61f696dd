"""Every expression of a protocol, type-checked in the scope in which it will run."""

from collections.abc import Iterable, Iterator, Mapping

from models.definition.base import pointer
from models.definition.checks.types import VARIABLES, Scope, Type, Typing, closed, either, item_type
from models.definition.instrument import Instrument
from models.definition.prompting import FollowUp
from models.definition.protocol import Protocol
from models.errors import Fault


def faults(protocol: Protocol) -> Iterator[Fault]:
    variables = {**VARIABLES, "instrument": closed(one.id for one in protocol.instruments)}
    anything = Scope(_items(protocol.instruments, measures=True), variables)
    everywhere = _items(protocol.instruments)
    yield from _branches(protocol)
    for place, disclosure in enumerate(protocol.disclosures):
        about = [one for one in protocol.instruments if one.id in disclosure.instruments]
        said = _items(about) if disclosure.instruments else everywhere
        yield from _needed(Scope(said, None), disclosure.when, "disclosures", place, "when")
    for place, alert in enumerate(protocol.alert_rules):
        yield from _needed(Scope(None, variables), alert.when, "alert_rules", place, "when")
    for place, rule in enumerate(protocol.rules):
        yield from _typed(anything, rule.when, "rules", place, "when")
    for place, piece in enumerate(protocol.content):
        yield from _typed(anything, piece.not_when, "content", place, "not_when")
    for place, design in enumerate(protocol.designs):
        if isinstance(design, FollowUp):
            after = [one for one in protocol.instruments if one.id in design.after]
            decided = design.basis == "estimate"
            scope = Scope(_items(after, measures=decided), variables if decided else None)
            yield from _typed(scope, design.condition, "designs", place, "condition")


def _branches(protocol: Protocol) -> Iterator[Fault]:
    for i, instrument in enumerate(protocol.instruments):
        scope = Scope(_items([instrument]), None)
        for j, item in enumerate(instrument.items):
            yield from _typed(scope, item.show_if, "instruments", i, "items", j, "show_if")


def _items(instruments: Iterable[Instrument], *, measures: bool = False) -> Mapping[str, Type]:
    """What the items say. `measures` of tasks too, where the server decides: a phone does not score."""
    known: dict[str, Type] = {}
    for instrument in instruments:
        for item in instrument.series() if measures else instrument.items:
            found = item_type(item)
            known[item.id] = either(known[item.id], found) if item.id in known else found
    return known


def _typed(scope: Scope, tree: object, *at: str | int) -> Iterator[Fault]:
    if tree is not None:
        typing = Typing(scope)
        typing.condition(tree, *at)
        yield from typing.faults


def _needed(scope: Scope, tree: object, *at: str | int) -> Iterator[Fault]:
    if tree is None:
        yield Fault(pointer(*at), "condition_missing", "Without a condition this would hold for everybody, always.")
    yield from _typed(scope, tree, *at)
