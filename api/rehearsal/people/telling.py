"""Saying what must reach a human, and never saying it by accident.

What discloses is read from the protocol's own disclosures (`models.definition.disclose`), so this holds for any protocol.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, Final

from api.rehearsal.people.terms import Says
from api.rehearsal.people.values import read
from models.definition.disclose import disclosures
from models.definition.escalation import Disclosure
from models.definition.expression import holds, items_read
from models.definition.instrument import Instrument, Item
from models.definition.protocol import Protocol
from models.kinds import ItemKind

_TIERS: Final[Mapping[Says, tuple[int, ...]]] = {Says.CALL: (2,), Says.UNSURE: (3, 4), Says.NOT_SAFE: (4, 3)}
_TRIES: Final = 4096
_MISSED: Final = "missed"


@dataclass(frozen=True, slots=True)
class Scope:
    """What an instrument can disclose: the disclosures, the items they read, and the items that decide any of them or a branch."""

    disclosures: tuple[Disclosure, ...]
    reads: frozenset[str]
    bound: frozenset[str]


_SCOPES: Final[dict[tuple[int, int], tuple[Protocol, Instrument, Scope]]] = {}
_KEPT: Final = 1000


def in_scope(protocol: Protocol, instrument: Instrument) -> Scope:
    """Kept by identity, as expressions are: documents are frozen, and a response must not walk all their trees."""
    name = (id(protocol), id(instrument))
    held = _SCOPES.get(name)
    if held is None or held[0] is not protocol or held[1] is not instrument:
        if len(_SCOPES) >= _KEPT:
            _SCOPES.clear()
        held = _SCOPES[name] = (protocol, instrument, _scope(protocol, instrument))
    return held[2]


def _scope(protocol: Protocol, instrument: Instrument) -> Scope:
    asked = {item.id for item in instrument.items}
    found = tuple(
        one for one in protocol.disclosures if (not one.instruments or instrument.id in one.instruments) and items_read(one.when) & asked
    )
    reads = frozenset[str]().union(*(items_read(one.when) for one in found))
    return Scope(found, reads, reads.union(*(items_read(item.show_if) for item in instrument.items)))


def words_for(
    protocol: Protocol, instrument: Instrument, says: Says, *, shown: Collection[str] | None = None
) -> tuple[Disclosure, Mapping[str, Any]] | None:
    """The disclosure with which this instrument can say it, and the values that hold it; None where it cannot.

    Of those in the tiers that fit, the one that needs the fewest items. `shown`: only these items may be used. A missed dose of
    medicine is a fact of its own and no way to ask for a call.
    """
    found = [
        (tier, len(values), place, one, values)
        for tier, level in enumerate(_TIERS[says])
        for place, one in enumerate(in_scope(protocol, instrument).disclosures)
        if one.tier == level and _MISSED not in _literals(one.when)
        for values in [_values(one, protocol, instrument, shown)]
        if values is not None
    ]
    if not found:
        return None
    *_, one, values = min(found, key=lambda entry: entry[:3])
    return one, values


def _values(one: Disclosure, protocol: Protocol, instrument: Instrument, shown: Collection[str] | None) -> Mapping[str, Any] | None:
    """The smallest set of values that holds this disclosure and no higher one."""
    items = [item for item in instrument.items if item.id in items_read(one.when) and (shown is None or item.id in shown)]
    several = [[None, *candidates(item, one.when)] for item in items]
    best: Mapping[str, Any] | None = None
    for combination in islice(product(*several), _TRIES):
        given = {item.id: raw for item, raw in zip(items, combination, strict=True) if raw is not None}
        if best is not None and len(given) >= len(best):
            continue
        held = disclosures(protocol, instrument.id, {item.id: read(item, given[item.id], {}) for item in items if item.id in given})
        if held and held[0].disclosure == one.id and len(held) == 1:
            best = given
    return best


def candidates(item: Item, when: Any) -> Iterator[Any]:
    """Values of an item that could make or break a condition: what the condition names, one beside it, every option, both ends."""
    literals = _literals(when)
    numbers = [near for one in literals if isinstance(one, int | float) and not isinstance(one, bool) for near in (one, one + 1, one - 1)]
    codes: list[Any] = [option.code for option in item.options]
    if item.kind in {ItemKind.MULTI, ItemKind.BODY_MAP}:
        tried: Sequence[Any] = [[code] for code in codes]
    elif codes:
        tried = codes
    else:
        tried = [True, False, item.minimum, item.maximum, *numbers, *(one for one in literals if isinstance(one, str))]
    seen: list[Any] = []
    for raw in tried:
        if raw is not None and raw not in seen and read(item, raw, {}) is not None:
            seen.append(raw)
            yield raw


def unwanted(protocol: Protocol, instrument: Instrument, *, wanted: str | None, missed_dose: bool) -> Callable[[Mapping[str, Any]], bool]:
    """A test of values: whether they hold a disclosure that the person's life does not say."""
    scope = in_scope(protocol, instrument).disclosures
    allowed = {one.id for one in scope if one.id == wanted or (missed_dose and _MISSED in _literals(one.when))}

    def test(values: Mapping[str, Any]) -> bool:
        return any(one.id not in allowed and one.when is not None and holds(one.when, values, {}) for one in scope)

    return test


def _literals(tree: Any) -> list[Any]:
    if isinstance(tree, tuple | list):
        return [literal for part in tree[1:] for literal in _literals(part)]
    return [] if tree is None or isinstance(tree, dict) else [tree]
