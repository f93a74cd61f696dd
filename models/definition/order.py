"""In which order a prompt asks the items of an instrument whose blocks are shuffled, by the prompt's own key."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from models.definition.instrument import Instrument, Shuffle
from models.definition.shuffle import shuffled


def item_order(instrument: Instrument, key: bytes, slot: str) -> tuple[str, ...]:
    """All item ids in the order in which this prompt asks them; as written where nothing is shuffled.

    Blocks change places, then the items within a block that is `shuffled`; what stands around them stays. Every order is as likely as any
    other. The same instrument, `key` (the enrollment's plan key) and `slot` (of a prompt `design/slot`, of a response without one
    `report_slot`) give the same order on every machine: a Fisher-Yates shuffle by HMAC-SHA256, as for rotations.

    >>> from models.definition.instrument import Block, Item
    >>> from models.kinds import InstrumentKind, ItemKind, RecallFrame
    >>> def ask(name):
    ...     return Item(id=name, kind=ItemKind.YES_NO, text={"en": "?"}, variable=name, frame=RecallFrame.NOW)
    >>> blocks = (Block(id="one", items=("b", "c")), Block(id="two", items=("d", "e"), shuffled=True))
    >>> momentary = Instrument(id="momentary", kind=InstrumentKind.MOMENTARY, title={"en": "Check-in"}, seconds=60,
    ...     items=tuple(map(ask, "abcdef")), shuffles=(Shuffle(id="middle", blocks=blocks),))
    >>> item_order(momentary, b"key", "random/2026-03-01/0")
    ('a', 'd', 'e', 'b', 'c', 'f')
    """
    order = [item.id for item in instrument.items]
    for shuffle in instrument.shuffles:
        first = order.index(shuffle.blocks[0].items[0])
        drawn = list(_drawn(instrument.id, shuffle, key, slot))
        order[first : first + len(drawn)] = drawn
    return tuple(order)


def _drawn(instrument: str, shuffle: Shuffle, key: bytes, slot: str) -> Iterator[str]:
    blocks = {block.id: block for block in shuffle.blocks}
    for name in shuffled(tuple(blocks), len(blocks), key, f"blocks\n{instrument}\n{shuffle.id}\n{slot}"):
        items = blocks[name].items
        stream = f"items\n{instrument}\n{shuffle.id}\n{name}\n{slot}"
        yield from shuffled(items, len(items), key, stream) if blocks[name].shuffled else items


def report_slot(response_id: str) -> str:
    """The slot of a response that no prompt asked for: named by the id that the phone made, 36 characters in lower case."""
    return f"report/{response_id}"


@dataclass(frozen=True, slots=True)
class _Stand:
    """Where an item stands: the stretch of the instrument (a shuffle is one), its block there, its place where that is certain."""

    stretch: int
    block: str = ""
    place: int | None = None


def surely_earlier(instrument: Instrument) -> Callable[[str, str], bool]:
    """Whether the first of two items is asked before the second whatever order is drawn. False for an item that is not there."""
    stands: dict[str, _Stand] = {}
    for number, item in enumerate(instrument.items):
        stands.setdefault(item.id, _Stand(number))
    for shuffle in instrument.shuffles:
        known = [stands[name].stretch for block in shuffle.blocks for name in block.items if name in stands]
        for block in shuffle.blocks:
            for place, name in enumerate(block.items):
                stands[name] = _Stand(min(known, default=0), block.id, None if block.shuffled else place)

    def earlier(first: str, second: str) -> bool:
        one, other = stands.get(first), stands.get(second)
        if one is None or other is None:
            return False
        if one.stretch != other.stretch:
            return one.stretch < other.stretch
        return one.block == other.block and one.place is not None and other.place is not None and one.place < other.place

    return earlier
