"""Branching: only backwards, never in a circle, and as long one way as the other where a prompt interrupts someone."""

import itertools
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any, Final

from models.definition.base import pointer
from models.definition.expression import holds, items_read
from models.definition.instrument import Instrument, Item
from models.definition.operations import Value
from models.definition.order import surely_earlier
from models.definition.protocol import Protocol
from models.errors import Fault
from models.kinds import InstrumentKind, ItemKind

MAX_WAYS: Final = 4096


def faults(protocol: Protocol) -> Iterator[Fault]:
    prompted = protocol.prompted()
    for place, instrument in enumerate(protocol.instruments):
        backwards = list(_order(place, instrument))
        yield from backwards
        if not backwards and instrument.kind is InstrumentKind.MOMENTARY and instrument.id in prompted:
            yield from _lengths(place, instrument)


def _order(place: int, instrument: Instrument) -> Iterator[Fault]:
    position = {item.id: number for number, item in reversed(list(enumerate(instrument.items)))}
    reads = {item.id: items_read(item.show_if) & position.keys() for item in instrument.items}
    earlier = surely_earlier(instrument)
    for number, item in enumerate(instrument.items):
        where = pointer("instruments", place, "items", number, "show_if")
        for other in sorted(reads[item.id]):
            if earlier(other, item.id):
                continue
            if position[other] < number:
                message = f"`{other}` may be asked later: their order is drawn. A condition reads what is earlier in every order."
                yield Fault(where, "branch_within_shuffle", message)
            elif _leads(reads, other, item.id):
                yield Fault(where, "branch_cycle", f"`{item.id}` depends on `{other}`, which depends on `{item.id}`.")
            else:
                yield Fault(where, "branch_to_later_item", f"`{other}` is asked later; a condition reads earlier items only.")


def _leads(reads: Mapping[str, frozenset[str]], start: str, goal: str) -> bool:
    seen, waiting = set[str](), [start]
    while waiting:
        here = waiting.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            waiting += reads.get(here, frozenset())
    return False


def _lengths(place: int, instrument: Instrument) -> Iterator[Fault]:
    """Honesty costs nothing (safety.md rule 2): no answer, and no refusal, makes the check-in longer."""
    found = lengths(instrument)
    where = pointer("instruments", place, "items")
    if found is None:
        message = f"More than {MAX_WAYS} ways through these branches: too many to show that all are of one length."
        yield Fault(where, "branch_lengths_differ", message)
    elif found[0] < found[1]:
        message = f"Depending on the answers {found[0]} to {found[1]} conditional items are asked; give the shorter branches neutral items."
        yield Fault(where, "branch_lengths_differ", message)


def lengths(instrument: Instrument) -> tuple[int, int] | None:
    """The fewest and the most conditional items that any answers, or refusals, lead to; None where there are too many ways to try.

    Answers are compared under the same draw of the rotating sets, whichever it is: of each group of items that hang together, the draw
    under which the answers make most difference counts. The order of blocks changes nothing here.
    """
    fewest, most = 0, 0
    for group in _groups(instrument):
        read = sorted({name for item in group for name in items_read(item.show_if)})
        choices = [_answers(instrument, name, group) for name in read]
        undrawn = list(itertools.islice(_undrawn(instrument, {*read, *(item.id for item in group)}), MAX_WAYS + 1))
        if _ways([*choices, undrawn]) > MAX_WAYS:
            return None
        ways = [dict(zip(read, way, strict=True)) for way in itertools.product(*choices)]
        found = [{_shown(instrument, group, way, absent) for way in ways} for absent in undrawn]
        counts = max(found, key=lambda one: max(one) - min(one))
        fewest, most = fewest + min(counts), most + max(counts)
    return fewest, most


def _undrawn(instrument: Instrument, names: Set[str]) -> Iterator[frozenset[str]]:
    """Every set of these items that a draw of the rotating sets may leave out, the smallest first."""
    of_each: list[list[tuple[str, ...]]] = []
    for rotation in instrument.rotations:
        inside = [name for name in rotation.items if name in names]
        left_out = len(rotation.items) - min(rotation.draw, len(rotation.items))
        sizes = range(max(0, len(inside) + left_out - len(rotation.items)), min(len(inside), left_out) + 1)
        left = itertools.chain.from_iterable(itertools.combinations(inside, size) for size in sizes)
        of_each.append(list(itertools.islice(left, MAX_WAYS + 1)))
    for chosen in itertools.product(*of_each):
        yield frozenset(itertools.chain.from_iterable(chosen))


def _groups(instrument: Instrument) -> list[list[Item]]:
    """Conditional items that share, through any chain, an item that they read or are."""
    groups: list[tuple[set[str], list[Item]]] = []
    for item in instrument.items:
        if item.show_if is None:
            continue
        names, members = {item.id, *items_read(item.show_if)}, [item]
        apart: list[tuple[set[str], list[Item]]] = []
        for other, others in groups:
            if other.isdisjoint(names):
                apart.append((other, others))
            else:
                names, members = names | other, others + members
        groups = [*apart, (names, members)]
    return [members for _, members in groups]


def _ways(choices: Sequence[Sequence[Any]]) -> int:
    ways = 1
    for answers in choices:
        ways *= len(answers)
        if ways > MAX_WAYS:
            break
    return ways


def _shown(instrument: Instrument, group: Sequence[Item], answers: Mapping[str, Value], undrawn: frozenset[str]) -> int:
    """How many of the group's items these answers show; an answer to a hidden item counts as not given."""
    values: dict[str, Value] = {}
    shown = 0
    for item in instrument.items:
        visible = item.id not in undrawn and (item not in group or holds(item.show_if, values, {}))
        shown += visible and item in group
        if visible and item.id in answers:
            values[item.id] = answers[item.id]
    return shown


def _answers(instrument: Instrument, item_id: str, group: Sequence[Item]) -> list[Value]:
    """No answer, and one answer for each way in which the group's conditions can tell answers apart."""
    item = instrument.item(item_id)
    if item is None:
        return [None]
    if item.kind is ItemKind.YES_NO:
        return [None, True, False]
    codes = [option.code for option in item.options]
    if item.kind in {ItemKind.MULTI, ItemKind.BODY_MAP}:
        return _choices(sorted(_strings(group) & set(codes)), codes)
    if codes:
        named = [code for code in codes if code in _strings(group)]
        return [None, *named, *[code for code in codes if code not in named][:1]]
    numbers = sorted(_numbers(group) | {number for number in (item.minimum, item.maximum) if number is not None})
    between = [(low + high) / 2 for low, high in itertools.pairwise(numbers)]
    if item.kind in {ItemKind.TEXT, ItemKind.TIME, ItemKind.DATE}:
        return [None, "", *sorted(_strings(group)), "~"]
    return [None, *numbers, *between]


def _choices(named: Sequence[str], codes: Sequence[str]) -> list[Value]:
    """Every set of the codes that a condition names, alone and with one that none names."""
    others = [code for code in codes if code not in named][:1]
    every = itertools.chain.from_iterable(itertools.combinations(named, size) for size in range(len(named) + 1))
    sets = list(itertools.islice(every, MAX_WAYS + 1))
    return [None, *sets, *[(*subset, other) for subset in sets for other in others]]


def _leaves(tree: Any) -> Iterator[Any]:
    if isinstance(tree, tuple):
        for part in tree[1:]:
            yield from _leaves(part)
    elif not isinstance(tree, dict):
        yield tree


def _strings(group: Sequence[Item]) -> set[str]:
    return {leaf for item in group for leaf in _leaves(item.show_if) if isinstance(leaf, str)}


def _numbers(group: Sequence[Item]) -> set[float]:
    return {float(leaf) for item in group for leaf in _leaves(item.show_if) if isinstance(leaf, int | float) and not isinstance(leaf, bool)}
