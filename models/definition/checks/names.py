"""Ids that stand twice, and references to what is not there."""

from collections.abc import Iterable, Iterator, Sequence

from models.definition.base import pointer
from models.definition.instrument import PERSONAL_LISTS, Instrument
from models.definition.prompting import FollowUp, Stratified, Uniform
from models.definition.protocol import Protocol
from models.errors import Fault
from models.kinds import DesignKind


def faults(protocol: Protocol) -> Iterator[Fault]:
    yield from _collections(protocol)
    for place, instrument in enumerate(protocol.instruments):
        yield from _instrument(("instruments", place), instrument)
    yield from _designs(protocol)
    yield from _contents(protocol)
    for place, disclosure in enumerate(protocol.disclosures):
        yield from _instruments(protocol, ("disclosures", place, "instruments"), disclosure.instruments)
    for place, instrument in enumerate(protocol.instruments):
        yield from _instruments(protocol, ("instruments", place, "since"), instrument.since)


def _collections(protocol: Protocol) -> Iterator[Fault]:
    yield from _twice(("instruments",), "id", [one.id for one in protocol.instruments])
    yield from _twice(("designs",), "id", [one.id for one in protocol.designs])
    yield from _twice(("disclosures",), "id", [one.id for one in protocol.disclosures])
    yield from _twice(("alert_rules",), "id", [one.id for one in protocol.alert_rules])
    yield from _twice(("rules",), "id", [one.id for one in protocol.rules])
    yield from _twice(("content",), "code", [one.code for one in protocol.content])
    yield from _twice(("ladders",), "tier", [one.tier for one in protocol.ladders])
    yield from _twice(("help", "contacts"), "id", [one.id for one in protocol.help.contacts])
    for place, rule in enumerate(protocol.rules):
        yield from _twice(("rules", place, "arms"), "id", [one.id for one in rule.arms])


def _twice(at: Sequence[str | int], member: str, ids: Sequence[object]) -> Iterator[Fault]:
    first: dict[object, int] = {}
    for place, one in enumerate(ids):
        if first.setdefault(one, place) != place:
            yield Fault(pointer(*at, place, member), "duplicate_id", f"This stands already at {pointer(*at, first[one])}.")


def _instrument(at: tuple[str | int, ...], instrument: Instrument) -> Iterator[Fault]:
    yield from _twice((*at, "items"), "id", [item.id for item in instrument.items])
    yield from _twice((*at, "rotations"), "id", [one.id for one in instrument.rotations])
    yield from _twice((*at, "scores"), "id", [one.id for one in instrument.scores])
    yield from _twice((*at, "shuffles"), "id", [one.id for one in instrument.shuffles])
    for place, shuffle in enumerate(instrument.shuffles):
        yield from _twice((*at, "shuffles", place, "blocks"), "id", [block.id for block in shuffle.blocks])
    asked = {item.id: pointer(*at, "items", place) for place, item in reversed(list(enumerate(instrument.items)))}
    for place, item in enumerate(instrument.items):
        for number, one in enumerate(item.measures):
            where = pointer(*at, "items", place, "measures", number)
            if asked.setdefault(one.id, where) != where:
                yield Fault(f"{where}/id", "duplicate_id", f"This stands already at {asked[one.id]}.")
        yield from _twice((*at, "items", place, "options"), "code", [option.code for option in item.options])
        if item.options_from is not None and item.options_from not in PERSONAL_LISTS:
            known = ", ".join(sorted(PERSONAL_LISTS))
            yield Fault(
                pointer(*at, "items", place, "options_from"), "unknown_list", f"A person keeps no such list; the lists are {known}."
            )
    yield from _rotations(at, instrument)
    for place, score in enumerate(instrument.scores):
        yield from _items(instrument, (*at, "scores", place, "items"), score.items)


def _rotations(at: tuple[str | int, ...], instrument: Instrument) -> Iterator[Fault]:
    seen: set[str] = set()
    for place, rotation in enumerate(instrument.rotations):
        inside = (*at, "rotations", place)
        yield from _items(instrument, (*inside, "items"), rotation.items)
        if rotation.draw > len(rotation.items):
            yield Fault(pointer(*inside, "draw"), "draws_too_many", f"The set has {len(rotation.items)} items and draws {rotation.draw}.")
        for number, item_id in enumerate(rotation.items):
            if item_id in seen:
                where = pointer(*inside, "items", number)
                yield Fault(where, "item_in_two_rotations", "An item rotates once, in one set, so that its probability is known.")
            seen.add(item_id)


def _items(instrument: Instrument, at: tuple[str | int, ...], ids: Iterable[str]) -> Iterator[Fault]:
    for place, item_id in enumerate(ids):
        if instrument.item(item_id) is None:
            yield Fault(pointer(*at, place), "unknown_item", f"Instrument `{instrument.id}` has no such item.")


def _instruments(protocol: Protocol, at: tuple[str | int, ...], ids: Iterable[str]) -> Iterator[Fault]:
    for place, instrument_id in enumerate(ids):
        if protocol.instrument(instrument_id) is None:
            yield Fault(pointer(*at, place), "unknown_instrument", "The protocol has no such instrument.")


def _designs(protocol: Protocol) -> Iterator[Fault]:
    for place, design in enumerate(protocol.designs):
        if protocol.instrument(design.instrument) is None:
            yield Fault(pointer("designs", place, "instrument"), "unknown_instrument", "The protocol has no such instrument.")
        if isinstance(design, FollowUp):
            yield from _instruments(protocol, ("designs", place, "after"), design.after)
        if isinstance(design, Stratified | Uniform):
            yield from _excluded(protocol, place, design)


def _excluded(protocol: Protocol, place: int, design: Stratified | Uniform) -> Iterator[Fault]:
    for number, design_id in enumerate(design.exclude):
        other, where = protocol.design(design_id), pointer("designs", place, "exclude", number)
        if other is None:
            yield Fault(where, "unknown_design", "The protocol has no such design.")
        elif other.kind not in {DesignKind.FIXED, DesignKind.WINDOW}:
            yield Fault(where, "excluded_design_kind", "Only designs of kind fixed or window can be kept away from.")


def _contents(protocol: Protocol) -> Iterator[Fault]:
    known = {one.code for one in protocol.content}
    for place, rule in enumerate(protocol.rules):
        for number, arm in enumerate(rule.arms):
            at = ("rules", place, "arms", number)
            grouped = {code for group in arm.groups for code in group}
            for i, group in enumerate(arm.groups):
                for j, code in enumerate(group):
                    if code not in known:
                        yield Fault(pointer(*at, "groups", i, j), "unknown_content", "The protocol has no content item of this code.")
            for code in sorted(arm.weights.keys() - grouped):
                yield Fault(pointer(*at, "weights", code), "unknown_content", "This weight is for no content of the arm's groups.")
