"""An estimate in a plain sentence. Association, never cause, never certainty; no answer is repeated."""

from collections.abc import Mapping, Sequence
from math import erfc, sqrt
from typing import Final, Protocol

from models.kinds import EvidenceState

SENSITIZED_DAYS: Final = 21
SENSITIZED_PROBABILITY: Final = 0.9
HALF_DEVIATION: Final = 0.5

_WORDS: Final = {
    "R": "reminders and wanting",
    "S": "stress and low mood",
    "W": "withdrawal or pain",
    "E": "difficulty pausing and choosing",
    "lag": "craving at the last check-in",
}


_SIGNALS: Final = {
    "heart_rate": "heart rate",
    "heart_rate_variability_rmssd": "heart-rate variability",
    "heart_rate_variability_sdnn": "heart-rate variability",
    "sleep_duration": "time asleep",
    "step_count": "number of steps",
}
LEAST_SHARE: Final = 0.1
"""Own standard deviations of craving from which what adds most is named."""
NOTABLE: Final = 1.0
"""Own standard deviations from which a signal is named."""


class Explained(Protocol):
    """What a sentence is made of: an estimate, or what is kept of one."""

    @property
    def evidence(self) -> EvidenceState: ...
    @property
    def level(self) -> float | None: ...
    @property
    def contributions(self) -> Mapping[str, float]: ...
    @property
    def own(self) -> Mapping[str, float | None]: ...
    @property
    def signals(self) -> Mapping[str, float]: ...
    @property
    def rising(self) -> bool: ...
    @property
    def sensitized(self) -> Sequence[str]: ...


def sensitized(theta: Mapping[str, tuple[float, float]], prior: Mapping[str, tuple[float, float]], days: int) -> tuple[str, ...]:
    """Couplings that are stronger than in most people: P(theta > m + 0.5 sd of the population) > 0.9, after 21 answered days.

    Both mappings give (mean, standard deviation) by name: the person's posterior and the population's prior.

    >>> sensitized({"R": (1.2, 0.1), "S": (0.3, 0.1)}, {"R": (0.45, 0.25), "S": (0.3, 0.2)}, 21)
    ('R',)
    >>> sensitized({"R": (1.2, 0.1)}, {"R": (0.45, 0.25)}, 20)
    ()
    """
    if days < SENSITIZED_DAYS:
        return ()
    return tuple(name for name, (mean, sd) in theta.items() if stronger(mean, sd, *prior[name]))


def stronger(mean: float, sd: float, middle: float, usual: float) -> bool:
    """Whether a coupling with this posterior is above `middle` + 0.5 `usual` of the population with more than 90%.

    >>> stronger(0.8, 0.1, 0.45, 0.25), stronger(0.6, 0.1, 0.45, 0.25)
    (True, False)
    """
    return 0.5 * erfc((middle + HALF_DEVIATION * usual - mean) / (sd * sqrt(2.0))) > SENSITIZED_PROBABILITY


def top_contribution(contributions: Mapping[str, float]) -> str | None:
    """The node that adds most to the drive: R (incubated cues included), S, W, E or lag; None where nothing adds.

    >>> top_contribution({"lag": 0.1, "R": 0.2, "Ri": 0.2, "S": 0.3, "W": 0.0, "E": -1.0})
    'R'
    >>> top_contribution({"lag": 0.0, "R": -0.2, "S": 0.0})
    """
    shares = _shares(contributions)
    name = max(shares, key=lambda one: shares[one])
    return name if shares[name] > 0.0 else None


def _shares(contributions: Mapping[str, float]) -> dict[str, float]:
    """What has a word, with its share of the drive: that of reminders with what abstinence adds to them."""
    shares = {name: contributions.get(name, 0.0) for name in _WORDS}
    shares["R"] += contributions.get("Ri", 0.0)
    return shares


def sentence(estimate: Explained) -> str:
    """What the estimate says, for a person who reads it without the numbers."""
    if estimate.evidence is EvidenceState.UNKNOWN:
        return "Craving has not been answered in the past 24 hours, so how things are now is unknown."
    parts = [_level(estimate.level)]
    top = top_contribution(estimate.contributions)
    if top is not None and _shares(estimate.contributions)[top] >= LEAST_SHARE and _stands_out(top, estimate.own):
        parts.append(f"What stands out most beside it is {_WORDS[top]}; this is an association, not a cause.")
    parts.extend(
        f"The {_SIGNALS[kind]} that was measured before it was {'above' if stands > 0 else 'below'} this person's usual; this is no answer."
        for kind, stands in estimate.signals.items()
        if abs(stands) >= NOTABLE
    )
    if estimate.rising:
        parts.append("Craving has lately been higher than this person's own earlier answers suggest.")
    if estimate.evidence is EvidenceState.LEARNING:
        parts.append("The model is still learning this person's usual pattern.")
    else:
        parts.extend(
            f"For this person {_WORDS[name]} and craving go together more closely than in most people (90% sure)."
            for name in estimate.sensitized
            if name in _WORDS
        )
    return " ".join(parts)


def _stands_out(name: str, own: Mapping[str, float | None]) -> bool:
    """Whether a node is above the person's usual: where a coupling is negative, one that is below adds too, and does not stand out."""
    return name == "lag" or (own.get(name) or 0.0) > 0.0


def _level(level: float | None) -> str:
    if level is None:
        return "There is no evidence on how active the craving network is."
    place = "well above" if level >= 85 else "above" if level >= 65 else "about" if level >= 35 else "below"
    return f"Craving-network activity is {place} what is usual in the population that the model assumes."
