"""What may leave, and under which id. Pure."""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from models.definition.answer_values import NONE_OF_LIST
from models.definition.instrument import Item
from models.kinds import ItemKind

ID_HEX_DIGITS: Final = 20
"""80 bits: two of a million ids are alike with a probability below 10^-12."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"-[0-9]+(\.[0-9]+)?\Z")

_BLOCK: Final = 64
_INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))

LISTED: Final = "listed"
"""Stands for every entry of a person's own list."""

LETTERS: Final[Mapping[str, str]] = {
    "study": "y",
    "site": "i",
    "participant": "p",
    "prompt": "q",
    "source": "r",
    "estimate": "m",
    "decision": "d",
    "alert": "a",
    "staff": "s",
    "event": "v",
    "plan": "l",
    "population_score": "o",
    "signal": "w",
}
"""Kind of id -> its first letter, which keeps a spreadsheet from reading digits as a number. A response is a `source`."""


@dataclass(frozen=True, slots=True, repr=False)
class Rekey:
    """Random-looking ids of one release: HMAC-SHA256 under the export key over study, release, kind and id.

    The same release gives the same ids again; another release, study or kind gives others, and nobody without the key can
    link them.

    >>> key = Rekey(b"k" * 32, study="s", release="2026-03")
    >>> key("participant", "x") == key("participant", "x"), key("participant", "x") == key("prompt", "x")
    (True, False)
    """

    key: bytes
    study: str
    release: str

    def __call__(self, kind: str, *parts: object) -> str:
        material = "\x1f".join((self.study, self.release, kind, *map(str, parts)))
        return LETTERS[kind] + hmac.digest(self.key, material.encode(), hashlib.sha256).hex()[:ID_HEX_DIGITS]

    def under(self, kind: str, *parts: object) -> Callable[[str], str]:
        """The same id, for many things that have their kind and first parts in common: `under(kind, a)(b) == self(kind, a, b)`.

        What is common is hashed once and the state copied (HMAC, RFC 2104, written out: its library form cannot be copied as cheaply).
        """
        block = (self.key if len(self.key) <= _BLOCK else hashlib.sha256(self.key).digest()).ljust(_BLOCK, b"\0")
        shared = "\x1f".join((self.study, self.release, kind, *map(str, parts), "")).encode()
        inner, outer = hashlib.sha256(block.translate(_INNER) + shared), hashlib.sha256(block.translate(_OUTER))
        letter = LETTERS[kind]

        def id_of(last: str) -> str:
            first, second = inner.copy(), outer.copy()
            first.update(last.encode())
            second.update(first.digest())
            return letter + second.hexdigest()[:ID_HEX_DIGITS]

        return id_of


class Sharing(IntEnum):
    """How much of an answer leaves, from most to least."""

    VALUE = 0
    LISTED = 1
    """Options as they are, entries of the person's own list as `listed`."""
    PRESENCE = 2
    """Only whether something was answered."""
    NOTHING = 3


def sharing(item: Item) -> Sharing:
    """Free text and what is marked as identifying never leave; own lists may name others (safety.md rule 4)."""
    if item.kind is ItemKind.INFORMATION:
        return Sharing.NOTHING
    if item.identifying or item.kind is ItemKind.TEXT:
        return Sharing.PRESENCE
    return Sharing.LISTED if item.options_from is not None else Sharing.VALUE


def shared(item: Item, value: Any, level: Sharing | None = None) -> Any:
    """The answer as it may leave at `level`, by default the item's own; None where only its presence may.

    Several choices are a tuple of codes.

    >>> from models.kinds import RecallFrame
    >>> own = Item(id="own", kind=ItemKind.MULTI, text={"en": "?"}, options_from="reminders", variable="own", frame=RecallFrame.NOW)
    >>> shared(own, ["5f0c", "77aa"]), shared(own, ["none"])
    (('listed',), ('none',))
    """
    if value is None:
        return None
    match sharing(item) if level is None else level:
        case Sharing.PRESENCE | Sharing.NOTHING:
            return None
        case Sharing.VALUE:
            return tuple(value) if isinstance(value, list) else value
    known = {option.code for option in item.options} | {NONE_OF_LIST}
    if isinstance(value, str):
        return value if value in known else LISTED
    return tuple(dict.fromkeys(code if code in known else LISTED for code in value))


def escaped(text: str) -> str:
    """Text that no spreadsheet runs: a leading = + - @, tab or return gets an apostrophe before it, unless it is a plain number.

    >>> escaped("=1+1"), escaped("-2.5"), escaped("home")
    ("'=1+1", '-2.5', 'home')
    """
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.match(text) else text


def actor_kind(actor: str) -> str:
    """`staff:<uid>` and `device:<uid>` without the id."""
    kind = actor.partition(":")[0]
    return "participant" if kind == "device" else kind
