"""Piping: `[field]` in a foreign label is a placeholder of ours, where we can say the answer, and back."""

import re
from collections.abc import Mapping
from typing import Any, Final

from api.foreign.fields import Field
from api.foreign.limits import MAX_TEXT
from api.foreign.notes import Kind, Notes
from models.definition.instrument import Item
from models.definition.piping import ANSWER, SAYABLE, fill, placeholders
from models.kinds import ItemKind

BLANK: Final = "___"
"""What stands where nothing was answered, as in REDCap."""

_PIPED: Final = re.compile(r"\[(?P<name>[a-z][a-z0-9_]*)(?P<how>(?:\([^\[\]()]*\))?(?::[a-z-]+)?)\]")
_PLAIN: Final = frozenset({"", ":label"})
_TEXTS: Final = ("text", "help", "low_label", "high_label")


def sayable(item: Item) -> bool:
    """Whether the answer may be put in a later text."""
    return item.kind in SAYABLE and item.kind is not ItemKind.TEXT and not item.identifying


def piped(item: Item, field: Field, earlier: Mapping[str, str], notes: Notes) -> Item:
    """The item with its placeholders; `earlier` is the item id of each foreign field that was asked before and may be said.

    Brackets that name anything else are shown as they are, with a warning.
    """
    said: dict[str, Any] = {}
    for name in _TEXTS:
        text = getattr(item, name)
        if text is not None:
            said[name] = {language: _carried(words, earlier) for language, words in text.items()}
    labels = [words for option in item.options for words in option.label.values()]
    left = [words for text in said.values() for words in text.values() if _PIPED.search(words)]
    if left or any(map(_PIPED.search, labels)):
        message = "An answer would be put in here that is not surely given before, or that has no words; the brackets are shown."
        notes.add(Kind.PIPING_NOT_CARRIED, field.place, field.name, message, (left or labels)[0])
    return item.model_copy(update=said) if any(said[name] != getattr(item, name) for name in said) else item


def _carried(words: str, earlier: Mapping[str, str]) -> str:
    def placeholder(found: re.Match[str]) -> str:
        item = earlier.get(found["name"]) if found["how"] in _PLAIN else None
        return found[0] if item is None else f"{{{ANSWER}{item}|{BLANK}}}"

    carried = _PIPED.sub(placeholder, words)
    return carried if len(carried) <= MAX_TEXT else words


def unpiped(words: str, names: Mapping[str, str], item: str, notes: Notes) -> str:
    """Our text with their brackets; `names` is the foreign name of each item. What REDCap does not know is its fallback."""
    if any(one.item is None for one in placeholders(words)):
        message = "REDCap knows no own word and no last check-in; the fallback stands there."
        notes.add(Kind.PIPING_NOT_CARRIED, item, item, message, words)
    return fill(words, {f"{ANSWER}{ours}": f"[{theirs}]" for ours, theirs in names.items()})
