"""Placeholders: filled by what is surely known earlier, with a fallback, and never by what may name someone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from models.definition.base import Text, pointer
from models.definition.instrument import Instrument, Item
from models.definition.order import surely_earlier
from models.definition.piping import ANSWER, OWN_WORD, SAYABLE, SINCE, Placeholder, fill, placeholders
from models.definition.protocol import Protocol
from models.errors import Fault
from models.kinds import ItemKind

Path = tuple[str | int, ...]

_IN_ITEMS: Final = ("text", "help", "low_label", "high_label")


@dataclass(frozen=True, slots=True)
class _Place:
    """A text of an instrument with placeholders in it. `item` is None where it is shown before every item."""

    protocol: Protocol
    instrument: Instrument
    item: Item | None
    at: Path


def faults(protocol: Protocol) -> Iterator[Fault]:
    for i, instrument in enumerate(protocol.instruments):
        if instrument.intro is not None:
            place = _Place(protocol, instrument, None, ("instruments", i, "intro"))
            yield from _text(place, instrument.intro)
        for j, item in enumerate(instrument.items):
            for name in _IN_ITEMS:
                text = getattr(item, name)
                if text is not None:
                    yield from _text(_Place(protocol, instrument, item, ("instruments", i, "items", j, name)), text)


def _text(place: _Place, text: Text) -> Iterator[Fault]:
    for language, passage in sorted(text.items()):
        where = pointer(*place.at, language)
        if not {"{", "}"}.isdisjoint(fill(passage, {})):
            yield Fault(where, "stray_brace", "A brace opens or closes no placeholder; a fallback holds none.")
        for one in placeholders(passage):
            if one.name in {OWN_WORD, SINCE} or one.item is not None:
                yield from _fallback(where, one)
                yield from _filled(place, where, language, one)
            else:
                message = f"Nothing fills a placeholder here; allowed: `{{{OWN_WORD}|…}}`, `{{{SINCE}|…}}`, `{{{ANSWER}<id>|…}}`."
                yield Fault(where, "unknown_placeholder", message)


def _fallback(where: str, one: Placeholder) -> Iterator[Fault]:
    if not (one.fallback or "").strip():
        yield Fault(where, "fallback_missing", "A placeholder says what stands there where nothing is known: `{name|words}`.")


def _filled(place: _Place, where: str, language: str, one: Placeholder) -> Iterator[Fault]:
    protocol = place.protocol
    if one.name == OWN_WORD and not any(item.variable == OWN_WORD and item.options for _, item in protocol.items()):
        yield Fault(where, "placeholder_never_filled", f"No choice of the protocol has the variable `{OWN_WORD}`.")
    elif one.name == SINCE and protocol.last_check_in is None:
        yield Fault(where, "placeholder_never_filled", "The protocol does not say in `last_check_in` how a time is put in words.")
    elif one.name == SINCE and protocol.last_check_in is not None and language not in protocol.last_check_in.today:
        yield Fault(where, "language_missing", f"`last_check_in` lacks {language}, in which this text stands.")
    elif one.item is not None:
        yield from _answer(place, where, one.item)


def _answer(place: _Place, where: str, item_id: str) -> Iterator[Fault]:
    source = place.instrument.item(item_id)
    if source is None:
        yield Fault(where, "unknown_item", f"Instrument `{place.instrument.id}` has no such item.")
        return
    if place.item is None or not surely_earlier(place.instrument)(item_id, place.item.id):
        yield Fault(where, "piped_later", f"`{item_id}` is not surely asked before this is shown.")
    yield from _sayable(place, where, source)


def _sayable(place: _Place, where: str, source: Item) -> Iterator[Fault]:
    if source.identifying or source.kind is ItemKind.TEXT:
        yield Fault(where, "piping_names_someone", f"`{source.id}` may name someone; what it says is shown nowhere else.")
    elif source.kind not in SAYABLE:
        yield Fault(where, "piping_without_words", f"An answer of kind {source.kind} has no words to put in.")
    elif source.options_from is not None and place.instrument.id in place.protocol.prompted():
        message = f"`{source.id}` holds the person's own entries: what nobody asked for names none of them (safety.md rule 1)."
        yield Fault(where, "cue_in_prompt", message)
