"""Languages: what a person reads is in one language from its title to its last label."""

from collections.abc import Iterator, Mapping

from models.definition.base import Document, pointer
from models.definition.checks.texts import texts_in
from models.definition.protocol import Protocol
from models.errors import Fault

Path = tuple[str | int, ...]


def faults(protocol: Protocol) -> Iterator[Fault]:
    for name in ("instruments", "content"):
        for place, document in enumerate(getattr(protocol, name)):
            yield from _whole((name, place), document)
    yield from _whole(("help",), protocol.help)
    if protocol.last_check_in is not None:
        yield from _whole(("last_check_in",), protocol.last_check_in)
    if protocol.signals is not None:
        yield from _whole(("signals",), protocol.signals)
    missing = sorted(asked_in(protocol) - protocol.help.title.keys())
    if missing:
        message = f"Questions are asked in {', '.join(missing)}, and the help screen is not there in it."
        yield Fault(pointer("help", "title"), "help_language_missing", message)


def asked_in(protocol: Protocol) -> frozenset[str]:
    """The languages of all instruments."""
    return frozenset(tag for instrument in protocol.instruments for tag in instrument.title)


def _whole(at: Path, document: Document) -> Iterator[Fault]:
    found = list(texts_in(document, at))
    everywhere = sorted({tag for _, text in found for tag in text})
    for place, text in found:
        yield from _twice(place, text)
        missing = [tag for tag in everywhere if tag not in text]
        if missing:
            message = f"The text lacks {', '.join(missing)}, in which others beside it stand: nobody is asked in two languages at once."
            yield Fault(pointer(*place), "language_incomplete", message)


def _twice(at: Path, text: Mapping[str, str]) -> Iterator[Fault]:
    if len({tag.lower() for tag in text}) < len(text):
        yield Fault(pointer(*at), "language_twice", "Two tags differ in capitals only, which name one language.")
