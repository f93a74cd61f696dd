"""Orders that are drawn: even, the same everywhere, and what is surely earlier in all of them. Branches are as long under every draw."""

import itertools
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.definition.answers import validate
from models.definition.checks.branches import lengths
from models.definition.instrument import Block, Instrument, Item, Rotation, Shuffle
from models.definition.order import item_order, report_slot, surely_earlier
from models.kinds import InstrumentKind, ItemKind, Missing, RecallFrame


def ask(name: str, show_if: Any = None) -> Item:
    return Item(id=name, kind=ItemKind.YES_NO, text={"en": "?"}, variable=name, frame=RecallFrame.NOW, show_if=show_if)


def momentary(items: tuple[Item, ...], shuffles: tuple[Shuffle, ...] = (), rotations: tuple[Rotation, ...] = ()) -> Instrument:
    return Instrument(
        id="momentary",
        kind=InstrumentKind.MOMENTARY,
        title={"en": "Check-in"},
        seconds=60,
        items=items,
        shuffles=shuffles,
        rotations=rotations,
    )


def all_orders(instrument: Instrument) -> set[tuple[str, ...]]:
    """By enumeration: every order of the blocks, and in the shuffled ones of the items."""
    several: list[list[tuple[str, ...]]] = []
    for shuffle in instrument.shuffles:
        found = []
        for blocks in itertools.permutations(shuffle.blocks):
            inner = [list(itertools.permutations(block.items)) if block.shuffled else [block.items] for block in blocks]
            found += [tuple(itertools.chain.from_iterable(chosen)) for chosen in itertools.product(*inner)]
        several.append(found)
    orders = set()
    for chosen in itertools.product(*several):
        order = [item.id for item in instrument.items]
        for stretch in chosen:
            first = min(order.index(name) for name in stretch)
            order[first : first + len(stretch)] = stretch
        orders.add(tuple(order))
    return orders


MIXED = momentary(
    tuple(map(ask, "abcdefghi")),
    (
        Shuffle(id="one", blocks=(Block(id="x", items=("b", "c")), Block(id="y", items=("d", "e"), shuffled=True))),
        Shuffle(id="two", blocks=(Block(id="z", items=("g", "h"), shuffled=True),)),
    ),
)


def test_every_order_is_drawn_as_often_as_any_other() -> None:
    """Sixteen hundred slots over eight orders: each within five standard deviations of two hundred."""
    orders = all_orders(MIXED)
    drawn = Counter(item_order(MIXED, b"k" * 32, f"random/{number}") for number in range(1_600))
    assert drawn.keys() == orders
    assert len(orders) == 8
    assert all(abs(times - 200) < 5 * (1_600 * 1 / 8 * 7 / 8) ** 0.5 for times in drawn.values())


def test_slot_key_and_instrument_name_the_order_and_nothing_else_does() -> None:
    slots = [f"random/{number}" for number in range(40)]
    here = [item_order(MIXED, b"k" * 32, slot) for slot in slots]
    assert here == [item_order(MIXED, b"k" * 32, slot) for slot in slots]
    assert here != [item_order(MIXED, b"l" * 32, slot) for slot in slots]
    renamed = MIXED.model_copy(update={"id": "other"})
    assert here != [item_order(renamed, b"k" * 32, slot) for slot in slots]
    assert report_slot("0198f3a2-5b7c-7d11-8e22-3f4455667788") == "report/0198f3a2-5b7c-7d11-8e22-3f4455667788"


def test_without_shuffles_the_order_is_the_written_one() -> None:
    assert item_order(momentary(tuple(map(ask, "abc"))), b"k", "s") == ("a", "b", "c")


@st.composite
def shuffled_instruments(draw: st.DrawFn) -> Instrument:
    """Up to six items, of which some neighboring ones are cut in blocks."""
    names = "abcdef"[: draw(st.integers(2, 6))]
    cuts = sorted(draw(st.sets(st.integers(0, len(names)), min_size=2, max_size=4)))
    blocks = tuple(
        Block(id=f"b{place}", items=tuple(names[first:last]), shuffled=draw(st.booleans()))
        for place, (first, last) in enumerate(itertools.pairwise(cuts))
    )
    return momentary(tuple(map(ask, names)), (Shuffle(id="s", blocks=blocks),))


@settings(max_examples=60, deadline=None)
@given(shuffled_instruments())
def test_surely_earlier_is_earlier_in_every_order_and_nothing_else(instrument: Instrument) -> None:
    orders, earlier = all_orders(instrument), surely_earlier(instrument)
    for one, other in itertools.permutations([item.id for item in instrument.items], 2):
        assert earlier(one, other) == all(order.index(one) < order.index(other) for order in orders)
    assert not earlier("gone", "a")
    assert not earlier("a", "a")


@st.composite
def branching_instruments(draw: st.DrawFn) -> Instrument:
    """A gate, up to four items that hang on it or on an item between, some of them rotating."""
    gate = draw(st.sampled_from(["a", "b"]))
    conditions = [["==", {"item": gate}, True], ["not", ["==", {"item": gate}, True]], ["==", {"item": gate}, False], None]
    items = [ask("a"), ask("b"), *(ask(name, draw(st.sampled_from(conditions))) for name in "cdef"[: draw(st.integers(2, 4))])]
    names = [item.id for item in items]
    sets = draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=4))
    cut = draw(st.integers(1, len(sets)))
    rotations = tuple(
        Rotation(id=f"r{place}", items=tuple(part), draw=draw(st.integers(1, len(part))))
        for place, part in enumerate((sets[:cut], sets[cut:]))
        if part
    )
    return momentary(tuple(items), rotations=rotations)


def asked_for(instrument: Instrument, drawn: set[str], answers: dict[str, bool | None]) -> int:
    raw = {name: {"skipped": True} if said is None else {"value": said} for name, said in answers.items()}
    checked = validate(instrument, raw, drawn=drawn, lists={})
    return len(instrument.items) - sum(kind is Missing.NOT_SHOWN for kind in checked.missing.values())


@settings(max_examples=60, deadline=None)
@given(branching_instruments())
def test_branches_are_of_one_length_exactly_where_no_answer_makes_any_draw_longer(instrument: Instrument) -> None:
    """Against every draw of the rotating sets and every answer to the two gates, or none."""
    draws = itertools.product(*(itertools.combinations(one.items, one.draw) for one in instrument.rotations))
    even = True
    for draw in draws:
        drawn = set(itertools.chain.from_iterable(draw))
        several = itertools.product((True, False, None), repeat=2)
        even = even and len({asked_for(instrument, drawn, {"a": a, "b": b}) for a, b in several}) == 1
    found = lengths(instrument)
    assert found is not None
    assert (found[0] == found[1]) == even


def test_two_branches_of_one_length_differ_where_a_set_draws_only_one_of_them() -> None:
    yes, no = ask("yes", ["==", {"item": "gate"}, True]), ask("no", ["not", ["==", {"item": "gate"}, True]])
    items = (ask("gate"), yes, no, ask("other"))
    assert lengths(momentary(items)) == (1, 1)
    assert lengths(momentary(items, rotations=(Rotation(id="r", items=("yes", "other"), draw=1),))) == (0, 1)
    assert lengths(momentary(items, rotations=(Rotation(id="r", items=("yes", "no"), draw=2),))) == (1, 1)
