"""Placeholders in the words of an instrument: what a phone puts in, and what stands there where nothing is known."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models.definition.instrument import Item
from models.definition.language import spoken
from models.definition.protocol import LastCheckIn
from models.kinds import ItemKind

OWN_WORD: Final = "own_word"
"""The person's word for craving: the label of what they chose for the variable of this name, in the language shown."""
SINCE: Final = "since"
"""The time and day of the last check-in, in the words of `Protocol.last_check_in`."""
ANSWER: Final = "item:"
"""Before an item's id: the earlier answer to it, in this response."""

CHOICES: Final = frozenset({ItemKind.SINGLE, ItemKind.LIKERT, ItemKind.MULTI, ItemKind.BODY_MAP})
NUMBERS: Final = frozenset({ItemKind.SLIDER, ItemKind.LIKERT, ItemKind.INTEGER, ItemKind.DECIMAL, ItemKind.DURATION})
CLOCK: Final = frozenset({ItemKind.TIME, ItemKind.DATE})
SAYABLE: Final = CHOICES | NUMBERS | CLOCK
"""Kinds whose answer can stand in a sentence."""

_PLACEHOLDER: Final = re.compile(r"\{([^{}|]*)(?:\|([^{}]*))?\}")
_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`{name|fallback}`; `fallback` is None where none is written."""

    name: str
    fallback: str | None

    @property
    def item(self) -> str | None:
        """The item whose answer is put in."""
        return self.name.removeprefix(ANSWER) if self.name.startswith(ANSWER) else None


def placeholders(passage: str) -> tuple[Placeholder, ...]:
    """Everything in braces, in order.

    >>> placeholders("Since {since|you woke}: {item:m_where|there}?")
    (Placeholder(name='since', fallback='you woke'), Placeholder(name='item:m_where', fallback='there'))
    """
    return tuple(Placeholder(match[1], match[2]) for match in _PLACEHOLDER.finditer(passage))


def fill(passage: str, known: Mapping[str, str | None]) -> str:
    """The passage as it is read: each placeholder by its name, or its fallback where nothing is known of it. Not filled twice.

    >>> fill("How strong is your {own_word|urge}, at {item:m_where|the place}?", {"own_word": "craving"})
    'How strong is your craving, at the place?'
    """
    return _PLACEHOLDER.sub(lambda match: known.get(match[1]) or match[2] or "", passage)


def said(item: Item, value: Any, language: str | None, default: str, own: Mapping[str, str] | None = None) -> str | None:
    """An answer in a sentence: labels joined by commas, a number with at most six decimals, a time or date as it is stored.

    None where nothing was answered, or it has no words. `own`: the person's labels by entry id, for a list of their own.

    >>> from models.kinds import RecallFrame
    >>> hours = Item(id="h", kind=ItemKind.DECIMAL, text={"en": "?"}, variable="h", frame=RecallFrame.NIGHT)
    >>> said(hours, 7.50, None, "en"), said(hours, 8.0, None, "en"), said(hours, None, None, "en")
    ('7.5', '8', None)
    """
    if item.kind in CHOICES and (item.options or item.options_from is not None):
        labels = {option.code: spoken(option.label, language, default) for option in item.options}
        given = [value] if isinstance(value, str) else value if isinstance(value, list | tuple) else []
        words = [word for code in given if (word := labels.get(code) or (own or {}).get(code))]
        return ", ".join(words) or None
    if item.kind in NUMBERS and isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value)
    return value if item.kind in CLOCK and isinstance(value, str) else None


def _number(value: float) -> str:
    """Rounded half to even, without zeros at the end; nothing has a sign where it is rounded to zero."""
    rounded = f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if rounded == "-0" else rounded


def since(words: LastCheckIn, last: datetime | None, now: datetime, language: str | None, default: str) -> str | None:
    """When the last check-in was, in words; None where there was none. Both instants are in the person's zone.

    >>> words = LastCheckIn(today={"en": "{time} today"}, yesterday={"en": "{time} yesterday"}, earlier={"en": "{time} on {date}"})
    >>> since(words, datetime(2026, 3, 5, 14, 5), datetime(2026, 3, 5, 19, 0), None, "en")
    '14:05 today'
    """
    if last is None:
        return None
    days = (now.date() - last.date()).days
    text = words.today if days <= 0 else words.yesterday if days == 1 else words.earlier
    return fill(spoken(text, language, default), {"time": last.strftime("%H:%M"), "date": last.date().isoformat()})
