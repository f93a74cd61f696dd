"""Which groups of people a report may say something of. A cell is people, not their days: one person fills a thousand days."""

from collections.abc import Mapping
from typing import Final

LEAST_CELL: Final = 11
"""Groups of 1 to 10 people are named and nothing is said of them, nor anything from which it follows (cell size suppression policy of the
US Centers for Medicare & Medicaid Services, 2024-01-26; 11 in PCORnet too). Others ask for less: OHDSI's tools 5, statistical offices 3
or 5. Whoever may read a report knows who takes part in the study, and what is said is use of drugs."""


def kept_back(people: Mapping[str, int], whole: int) -> frozenset[str]:
    """Which groups of a partition nothing is said of. `people`: how many are in each; `whole`: how many there are, those in no group too.

    Those of 1 to 10 people; then the smallest of the others, one after another, while subtracting what is told from the whole would leave 1
    to 10. A group of nobody hides nobody, and is told.

    >>> sorted(kept_back({"men": 60, "women": 30, "else": 2}, 92)), sorted(kept_back({"men": 60, "women": 30, "else": 2}, 120))
    (['else', 'women'], ['else'])
    >>> sorted(kept_back({"men": 60, "women": 30}, 93)), sorted(kept_back({"a": 40, "b": 6, "c": 7, "d": 0}, 53))
    (['women'], ['b', 'c'])
    """
    told = {name: size for name, size in people.items() if size == 0 or size >= LEAST_CELL}
    while 0 < whole - sum(told.values()) < LEAST_CELL and any(told.values()):
        del told[min((size, name) for name, size in told.items() if size)[1]]
    return frozenset(people) - told.keys()
