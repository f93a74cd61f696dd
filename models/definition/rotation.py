"""Which items of the rotating sets a prompt asks, by the prompt's own key and with a known probability."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from models.definition.instrument import Instrument
from models.definition.shuffle import shuffled


@dataclass(frozen=True, slots=True)
class RotationDraw:
    """The drawn items in the instrument's order, and for every rotating item its inclusion probability, drawn or not."""

    items: tuple[str, ...]
    probabilities: Mapping[str, float]


def draw_rotation(instrument: Instrument, key: bytes, slot: str) -> RotationDraw:
    """Draws from each rotating set, evenly and without replacement.

    The same instrument id, sets, `key` (the enrollment's plan key) and `slot` (the prompt's slot, as text) give the same items on every
    machine: a Fisher-Yates shuffle whose steps are HMAC-SHA256 values modulo at most a few dozen (bias below 2^-240).
    An item's probability is draw / size of its set. An instrument without rotating sets draws nothing.

    >>> from models.definition.instrument import Item, Rotation
    >>> from models.kinds import InstrumentKind, ItemKind, RecallFrame
    >>> def ask(name):
    ...     return Item(id=name, kind=ItemKind.YES_NO, text={"en": "?"}, variable=name, frame=RecallFrame.NOW)
    >>> momentary = Instrument(id="momentary", kind=InstrumentKind.MOMENTARY, title={"en": "Check-in"}, seconds=60,
    ...     items=(ask("a"), ask("b"), ask("c")), rotations=(Rotation(id="set", items=("a", "b", "c"), draw=2),))
    >>> draw_rotation(momentary, b"key", "random/2026-03-01/0").items
    ('a', 'b')
    """
    drawn: set[str] = set()
    probabilities: dict[str, float] = {}
    for rotation in instrument.rotations:
        draw = min(rotation.draw, len(rotation.items))
        probabilities |= dict.fromkeys(rotation.items, draw / len(rotation.items))
        drawn |= set(shuffled(rotation.items, draw, key, f"rotation\n{instrument.id}\n{rotation.id}\n{slot}"))
    items = tuple(item.id for item in instrument.items if item.id in drawn)
    return RotationDraw(items, MappingProxyType(probabilities))
