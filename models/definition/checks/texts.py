"""Texts: the default language everywhere, only placeholders that are filled, and nothing on a lock screen."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final
from unicodedata import category

from models.definition.base import Document, pointer
from models.definition.prompting import Design
from models.definition.protocol import Protocol
from models.errors import Fault

_FILLED: Final[Mapping[tuple[str | int, ...], frozenset[str]]] = {
    ("help", "somebody_reading"): frozenset({"by"}),
    ("last_check_in", "today"): frozenset({"time", "date"}),
    ("last_check_in", "yesterday"): frozenset({"time", "date"}),
    ("last_check_in", "earlier"): frozenset({"time", "date"}),
}
"""Texts outside of items in which something is put in. What stands in the items' own texts is `piping`'s work."""

_NOT_TEXTS: Final = frozenset({"weights", "when", "show_if", "not_when", "condition", "origin", "value"})
_BRACED: Final = re.compile(r"\{([^{}]*)\}")
_HEALTH: Final = re.compile(
    r"\b(addict|alcohol|buprenorphine|clinic|crav|cocaine|depress|doctor|dose|drug|fentanyl|health|heroin|meds?\b|medic|methadone|mood|naloxone|opi(ate|oid)"
    r"|overdose|pain|pill|recover|rehab|relaps|sober|substance|suicid|therap|treatment|urge|withdraw)",
    re.IGNORECASE,
)


def faults(protocol: Protocol) -> Iterator[Fault]:
    for at, text in texts_in(protocol, ()):
        if protocol.language not in text:
            yield Fault(pointer(*at), "language_missing", f"The text lacks the protocol's language, {protocol.language}.")
        yield from _words(at, text)
        yield from _braces(at, text)
    yield from _push(("default_push",), protocol.default_push)
    for place, design in enumerate(protocol.designs):
        yield from _design_push(place, design)
    for language, passage in sorted(protocol.help.somebody_reading.items()):
        if "{by}" not in passage:
            where = pointer("help", "somebody_reading", language)
            yield Fault(where, "placeholder_missing", "The text says by when someone answers: it holds `{by}`.")


def neutral(passage: str) -> bool:
    """Whether no word of the list stands in it.

    >>> neutral("A short check-in is ready."), neutral("Time to report craving")
    (True, False)
    """
    return _HEALTH.search(passage) is None


def texts_in(value: Any, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, str]]]:
    """Every text with its place."""
    if isinstance(value, dict):
        yield at, value
        return
    parts: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, Document):
        parts = ((said, getattr(value, name)) for name, said in _members(type(value)))
    elif isinstance(value, tuple) and not (value and isinstance(value[0], str)):
        parts = enumerate(value)
    for place, part in parts:
        if isinstance(part, Document | dict | tuple):
            yield from texts_in(part, (*at, place))


@cache
def _members(kind: type[Document]) -> tuple[tuple[str, str], ...]:
    """Where texts may be: the name of each member, and how the document says it."""
    return tuple((name, one.alias or name) for name, one in kind.model_fields.items() if name not in _NOT_TEXTS)


def _words(at: tuple[str | int, ...], text: Mapping[str, str]) -> Iterator[Fault]:
    for language, passage in sorted(text.items()):
        if "\0" in passage:
            yield Fault(pointer(*at, language), "not_storable", "The text holds a character that cannot be stored.")
        elif not seen(passage):
            yield Fault(pointer(*at, language), "text_blank", "The text shows nothing: only spaces, or characters that are not seen.")


def seen(passage: str) -> bool:
    """Whether any character shows: not a space, a break, a control or a format character (Unicode, categories C and Z).

    >>> seen("?"), seen(" \u200b\u00a0")
    (True, False)
    """
    return any(category(character)[0] not in "CZ" for character in passage)


def _braces(at: tuple[str | int, ...], text: Mapping[str, str]) -> Iterator[Fault]:
    if _piped(at):
        return
    allowed = _FILLED.get(at, frozenset())
    for language, passage in sorted(text.items()):
        for name in _BRACED.findall(passage):
            if name not in allowed:
                filled = ", ".join(f"`{{{one}}}`" for one in sorted(allowed)) or "none"
                yield Fault(pointer(*at, language), "unknown_placeholder", f"Nothing fills a placeholder here; allowed: {filled}.")


def _piped(at: tuple[str | int, ...]) -> bool:
    """An intro, or a text of an item but not the label of an option: labels are codebook."""
    return at[0] == "instruments" and (at[2:] == ("intro",) or (len(at) == 5 and at[2] == "items"))


def _design_push(place: int, design: Design) -> Iterator[Fault]:
    if design.push is not None:
        yield from _push(("designs", place, "push"), design.push)


def _push(at: tuple[str | int, ...], text: Mapping[str, str]) -> Iterator[Fault]:
    """Nothing outs (safety.md rule 4). A list of words catches slips; it does not replace a reader."""
    for language, passage in sorted(text.items()):
        if not neutral(passage):
            yield Fault(pointer(*at, language), "push_not_neutral", "Words on a lock screen say nothing about health.")
