"""Figures in words, alike on the screen and on the page. Pure."""

from collections.abc import Mapping
from typing import Any, Final

_UNITS: Final = ((1440.0, "d"), (60.0, "h"), (1.0, "min"))

NOTHING: Final = "–"
"""Where there is no figure: no share is not a share of zero."""


def percent(share: float | None, digits: int = 1) -> str:
    """A share on [0, 1] as percent.

    >>> percent(0.7239), percent(None)
    ('72.4%', '–')
    """
    return NOTHING if share is None else f"{100 * share:.{digits}f}%"


def number(value: float | None, digits: int = 1) -> str:
    """A figure with thousands apart; whole numbers without decimals.

    >>> number(1322.0), number(0.276), number(None)
    ('1,322', '0.3', '–')
    """
    if value is None:
        return NOTHING
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.{digits}f}"


def plural(count: int, word: str) -> str:
    """
    >>> plural(1, "alert"), plural(2, "alert")
    ('1 alert', '2 alerts')
    """
    return f"{count:,} {word}" + ("" if count == 1 else "s")


def apart(run: Mapping[str, Any]) -> str:
    """What it means that a rehearsal was lived in several houses; nothing for one.

    >>> apart({"houses": 1, "by_house": []})
    ''
    >>> apart({"houses": 2, "by_house": [{"people": 100, "staff": 1}, {"people": 99, "staff": 1}]}).partition(": ")[0]
    'Lived in 2 houses side by side, of 100 + 99 people, with 1 + 1 coordinators'
    """
    if run["houses"] == 1:
        return ""
    people, staff = (" + ".join(str(house[name]) for house in run["by_house"]) for name in ("people", "staff"))
    return (
        f"Lived in {run['houses']} houses side by side, of {people} people, with {staff} coordinators: people of different houses share "
        "no coordinators, and reply times are those of a house of so many people. Its seconds are the slowest house's."
    )


def unit_minutes(minutes: float | None) -> str:
    """Minutes in the unit that suits them.

    >>> unit_minutes(4.2), unit_minutes(90), unit_minutes(4320), unit_minutes(None)
    ('4.2 min', '1.5 h', '3.0 d', '–')
    """
    if minutes is None:
        return NOTHING
    size, unit = next(((size, unit) for size, unit in _UNITS if minutes >= size), _UNITS[-1])
    return f"{minutes / size:.1f} {unit}"


def plain(word: str) -> str:
    """A coded word as words."""
    return word.replace("_", " ")
