"""Shuffles: blocks that stand together, each item in one, and something in them that can change places."""

from collections.abc import Iterator

from models.definition.base import pointer
from models.definition.instrument import Instrument, Shuffle
from models.definition.protocol import Protocol
from models.errors import Fault


def faults(protocol: Protocol) -> Iterator[Fault]:
    for i, instrument in enumerate(protocol.instruments):
        seen: set[str] = set()
        for j, shuffle in enumerate(instrument.shuffles):
            at = ("instruments", i, "shuffles", j)
            broken = list(_items(at, instrument, shuffle, seen))
            yield from broken
            if not broken:
                yield from _together(at, instrument, shuffle)
            if len(shuffle.blocks) == 1 and not (shuffle.blocks[0].shuffled and len(shuffle.blocks[0].items) > 1):
                yield Fault(pointer(*at), "nothing_to_shuffle", "One block in its written order cannot change places with anything.")


def _items(at: tuple[str | int, ...], instrument: Instrument, shuffle: Shuffle, seen: set[str]) -> Iterator[Fault]:
    for k, block in enumerate(shuffle.blocks):
        for number, item_id in enumerate(block.items):
            where = pointer(*at, "blocks", k, "items", number)
            if instrument.item(item_id) is None:
                yield Fault(where, "unknown_item", f"Instrument `{instrument.id}` has no such item.")
            elif item_id in seen:
                yield Fault(where, "item_in_two_blocks", "An item stands in one block.")
            seen.add(item_id)


def _together(at: tuple[str | int, ...], instrument: Instrument, shuffle: Shuffle) -> Iterator[Fault]:
    """The written order is one of the orders that may be drawn, and what is not in the shuffle stays where it is."""
    wanted = [item_id for block in shuffle.blocks for item_id in block.items]
    written = [item.id for item in instrument.items]
    first = written.index(wanted[0])
    if written[first : first + len(wanted)] != wanted:
        message = "The blocks of a shuffle stand in the instrument one after another, in this order, with nothing between them."
        yield Fault(pointer(*at, "blocks"), "blocks_not_together", message)
