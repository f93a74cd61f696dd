"""Which of a group show what is rare, so that even twenty people in four weeks show all of it.

People are ranked by a keyed draw and the roles are dealt in order, one to a person; beyond that, chance decides for everyone.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from api.rehearsal.people.chance import chosen, fraction


class Part(StrEnum):
    TRAVELS = "travels"
    CROSSES_THE_DATE_LINE = "crosses_the_date_line"
    PAUSES = "pauses"
    LEAVES = "leaves"
    WRONG_CLOCK = "wrong_clock"
    CORRECTED_CLOCK = "corrected_clock"
    LONG_OFFLINE = "long_offline"
    NOT_SAFE = "not_safe"
    UNSURE = "unsure"
    CALL = "call"
    REPORTS_USE = "reports_use"
    ASKS_FOR_HELP = "asks_for_help"


DEALT: Final = (
    Part.NOT_SAFE,
    Part.ASKS_FOR_HELP,
    Part.REPORTS_USE,
    Part.CALL,
    Part.TRAVELS,
    Part.PAUSES,
    Part.LEAVES,
    Part.WRONG_CLOCK,
    Part.LONG_OFFLINE,
    Part.UNSURE,
    Part.CROSSES_THE_DATE_LINE,
    Part.CORRECTED_CLOCK,
)
"""One of each in this order: a group smaller than the list shows the first ones."""

BY_CHANCE: Final[Mapping[Part, float]] = {
    Part.TRAVELS: 0.06,
    Part.CROSSES_THE_DATE_LINE: 0.01,
    Part.PAUSES: 0.04,
    Part.WRONG_CLOCK: 0.01,
    Part.CORRECTED_CLOCK: 0.01,
    Part.LONG_OFFLINE: 0.04,
    Part.NOT_SAFE: 0.01,
    Part.UNSURE: 0.01,
    Part.CALL: 0.03,
    Part.ASKS_FOR_HELP: 0.02,
}
"""Share of all the others over a study (assumption). Leaving has its own law, use reports come from lapses."""


def dealt(keys: Sequence[bytes]) -> dict[int, Part]:
    """Person number -> the part that was dealt to them."""
    ranked = sorted(range(len(keys)), key=lambda number: (fraction(keys[number], "rank"), number))
    return dict(zip(ranked, DEALT, strict=False))


def parts(key: bytes, dealt_part: Part | None) -> frozenset[Part]:
    """Everything that one person shows. Who was dealt a part shows that one alone, so that nothing stands in its way."""
    if dealt_part is not None:
        return frozenset({dealt_part})
    return frozenset(part for part, share in BY_CHANCE.items() if fraction(key, "part", part) < share)


def zones(keys: Sequence[bytes], shares: Sequence[tuple[str, float]]) -> list[str]:
    """A zone for each person, by rank of a keyed draw: the shares hold in any group, also the rare ones."""
    ranked = sorted(range(len(keys)), key=lambda number: (fraction(keys[number], "zone"), number))
    out = [""] * len(keys)
    for place, number in enumerate(ranked):
        out[number] = chosen((place + 0.5) / len(keys), shares)
    return out
