"""Person-days as columns: at each midnight the features, what followed within a day and a week, and what training leaves out. Pure.

A window of which any day was not answered is censored, never negative, and with a use in it not positive either: a use shows more often
than a whole window without one, so that counting it would make use look commoner than it is, which no weight repairs.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from risk.population.features import Sources, columns, days_abstinent, features_at
from risk.population.history import History

Target = Literal["day", "week"]
HORIZON_DAYS: Final[dict[Target, int]] = {"day": 1, "week": 7}
USE, NONE, UNANSWERED, ENDED = 1, 0, -1, -2
"""What became of a window: use, no use, not answered (censored), or the follow-up ended before the window did."""


@dataclass(frozen=True, slots=True)
class Windows:
    """A row is a person-day. `values` holds one column after another, in the order of `columns(sources)`.

    `person` is the place in `people`; `day` the midnight of the decision; `abstinent` days since use; `outcome` and `fenced` go by target.
    Fenced is a negative window within 24 hours of a reported use, which may be misdated: training leaves it out, evaluation keeps it.
    """

    sources: Sources
    people: tuple[History, ...]
    values: "tuple[array[float], ...]"
    person: "array[int]"
    day: "array[int]"
    abstinent: "array[float]"
    outcome: "dict[Target, array[int]]"
    fenced: "dict[Target, array[int]]"

    def __len__(self) -> int:
        return len(self.person)


def make_windows(people: Sequence[History], sources: Sources) -> Windows:
    """The person-days of these people, person by person in order of days."""
    values = tuple(array("d") for _ in columns(sources))
    person, day, abstinent = array("l"), array("l"), array("d")
    outcome: dict[Target, array[int]] = {target: array("b") for target in HORIZON_DAYS}
    fenced: dict[Target, array[int]] = {target: array("b") for target in HORIZON_DAYS}
    for place, one in enumerate(people):
        used = frozenset(int(at) for at in one.uses.at)
        for midnight in range(one.first, one.last):
            for column, value in zip(values, features_at(one, float(midnight), sources), strict=True):
                column.append(value)
            person.append(place)
            day.append(midnight)
            abstinent.append(days_abstinent(one, float(midnight)))
            for target, days in HORIZON_DAYS.items():
                found = outcome_of(one, used, midnight, days)
                outcome[target].append(found)
                fenced[target].append(found == NONE and (midnight - 1 in used or midnight + days in used))
    return Windows(sources, tuple(people), values, person, day, abstinent, outcome, fenced)


def outcome_of(history: History, used: frozenset[int], midnight: int, days: int) -> int:
    """What became of the window of `days` from a midnight. `used` are the days of use, whenever they became known.

    >>> from risk.population.history import Told
    >>> one = History("a", 0, 9, 0, Told((2.0,), (3.0,)), followed=frozenset({0, 2, 3, 4}))
    >>> [outcome_of(one, frozenset({2}), day, 1) for day in (0, 1, 2, 9)]
    [0, -1, 1, -2]
    """
    if midnight + days > history.last:
        return ENDED
    window = range(midnight, midnight + days)
    if history.followed is not None and not all(one in history.followed or one in used for one in window):
        return UNANSWERED
    return USE if any(one in used for one in window) else NONE
