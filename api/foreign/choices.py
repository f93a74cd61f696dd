"""`code, label | code, label`: choices as REDCap writes them."""

import re
from collections.abc import Iterable
from typing import Final

from api.foreign.fields import Choice
from api.foreign.limits import MAX_OPTIONS
from api.foreign.notes import Kind, Notes

_BARS: Final = re.compile(r"[|\n]")


def read_choices(cell: str, notes: Notes, place: str, name: str) -> tuple[Choice, ...]:
    """The choices of a cell. A label may hold commas; a choice without one is its own label.

    >>> read_choices("1, Yes, often | 0, No", Notes(), "", "")
    (Choice(code='1', label='Yes, often'), Choice(code='0', label='No'))
    """
    parts = [part for part in map(str.strip, _BARS.split(cell)) if part]
    return kept_choices((_split(part) for part in parts), notes, place, name)


def _split(part: str) -> Choice:
    code, comma, label = part.partition(",")
    return Choice(code.strip(), label.strip()) if comma else Choice(part.strip(), part.strip())


def kept_choices(found: Iterable[Choice], notes: Notes, place: str, name: str) -> tuple[Choice, ...]:
    """Those with a code of their own; the others are warnings. At most the stated number."""
    kept: dict[str, Choice] = {}
    for number, choice in enumerate(found):
        if number >= MAX_OPTIONS:
            notes.add(Kind.OPTION_REFUSED, place, name, f"More than {MAX_OPTIONS} choices: the rest is left out.")
            break
        if not choice.code:
            notes.add(Kind.OPTION_REFUSED, place, name, "A choice without a code is left out.", choice.label)
        elif choice.code in kept:
            notes.add(Kind.OPTION_REFUSED, place, name, "A code stands twice; the first choice counts.", f"{choice.code}, {choice.label}")
        else:
            kept[choice.code] = Choice(choice.code, choice.label or choice.code)
    return tuple(kept.values())
