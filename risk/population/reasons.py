"""Why a model's number stands where it does: each group of answers put back to the person's own usual. Pure.

Deterministic and without another library: the logit with a group reset, one group after another (risk-model.md 2.3). Association, never
cause.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan, nan
from typing import Final

from risk.population.artefact import PopulationModel
from risk.population.features import MONTH, Sources, columns, features_at
from risk.population.history import History
from risk.population.score import probability
from risk.population.verdict import Crossed, logit

TOP: Final = 3
LEAST: Final = 0.05
"""On the logit. What moves the number less is not named."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """`usual` is the number on the person's own usual day; `groups` names what raises today's above it, the most first, on the logit."""

    usual: float
    groups: tuple[tuple[str, float], ...]


def usual_of(history: History, day: int, sources: Sources) -> Mapping[str, float]:
    """Each column's mean over the person's midnights of the four weeks before `day`, by what was known at each; NaN where none said it.

    Empty on the first day.
    """
    names = [one.name for one in columns(sources)]
    before = [features_at(history, float(midnight), sources) for midnight in range(max(history.first, day - int(MONTH)), day)]
    if not before:
        return {}
    return {name: _mean([row[place] for row in before]) for place, name in enumerate(names)}


def reasons(model: PopulationModel, today: Mapping[str, float], usual: Mapping[str, float], sources: Sources) -> Reasons:
    """Of the columns that the model reads. A group's share is how much lower the logit is once its columns are as usual."""
    now = logit(probability(model, today))
    group_of = {one.name: one.group for one in columns(sources) if one.name in model.columns}
    shares = []
    for group in dict.fromkeys(group_of.values()):
        reset = {name: usual.get(name, nan) for name, one in group_of.items() if one == group}
        shares.append((group, now - logit(probability(model, {**today, **reset}))))
    named = sorted((one for one in shares if one[1] >= LEAST), key=lambda one: (-one[1], one[0]))
    return Reasons(probability(model, usual), tuple(named[:TOP]))


_DAYS: Final = {"day": "a day", "week": "a week"}


def sentence(target: str, today: float, found: Reasons, crossed: Crossed, rise: float | None) -> str:
    """For staff, in words. Association, never cause, never certainty; no answer is repeated.

    >>> sentence("week", 0.31, Reasons(0.12, (("craving", 0.8), ("past use", 0.2))), "probability", None)
    "The model's number for a report of use within a week is 31 %, and 12 % on this person's usual days. What goes with the difference is \
craving, then past use. This is an association, not a cause, and may be wrong."
    """
    numbers = f"is {100 * today:.0f} %, and {100 * found.usual:.0f} % on this person's usual days."
    words = [f"The model's number for a report of use within {_DAYS[target]} {numbers}"]
    if found.groups:
        words.append(f"What goes with the difference is {', then '.join(name for name, _ in found.groups)}.")
    if crossed == "rise" and rise is not None:
        words.append(f"Activity is {rise:.1f} of this person's own standard deviations above their own usual.")
    words.append("This is an association, not a cause, and may be wrong.")
    return " ".join(words)


def _mean(values: list[float]) -> float:
    known = [one for one in values if not isnan(one)]
    return sum(known) / len(known) if known else nan
