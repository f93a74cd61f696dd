"""What an evaluation reads: the people of a dataset, and what is to be said of it."""

from dataclasses import dataclass

from risk.population.features import Sources
from risk.population.history import History


@dataclass(frozen=True, slots=True)
class Dataset:
    """People with what a dataset knows of them. `fence`: training leaves out negatives within 24 hours of a use.

    `site_word` is what its sites are; `notes` are limits that every reader should see.
    """

    title: str
    source: str
    synthetic: bool
    people: tuple[History, ...]
    sources: Sources
    fence: bool = True
    site_word: str = "site"
    notes: tuple[str, ...] = ()
