"""What the thresholds by alert budget make of one person's day: crossed or not, and whether an alert may be raised. Pure.

The same channel, reserve and shift as in the laboratory (`risk.population.channels`), for one person at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Final, Literal

from risk.population.artefact import Both, PopulationModel
from risk.population.channels import COORDINATOR, SELF_HELP, Channel, Held, held_by

Crossed = Literal["probability", "rise"]
NOT_ALONE: Final = frozenset({"M1b"})
"""Models of affect and pain without craving: stress alone may not page a coordinator (risk-model.md 2.4)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`shift`: how far the site's threshold stood above the calibrated one, on the logit. `held`: what kept an alert back."""

    crossed: Crossed | None
    held: Held | None
    shift: float


def limits(model: PopulationModel, channel: Channel = COORDINATOR) -> Both | None:
    """The thresholds of a model for a channel's budget, with the reserve where it has one; None: it raises no alerts."""
    name = f"{channel.budget:g}"
    if model.model in NOT_ALONE or (name not in model.reserved and name not in model.thresholds):
        return None
    return model.reserved[name] if name in model.reserved else Both(model.thresholds[name], float("inf"))


def threshold_id(model: PopulationModel, channel: Channel = COORDINATOR) -> str:
    """Names the thresholds that were read: the model's own id, whose digest covers them, and the budget."""
    return f"{model.id}@{channel.budget:g}"


def self_help_level(model: PopulationModel) -> float | None:
    """The least level at which content is offered, within the self-help budget; None: the model says none."""
    return model.self_help.get(f"{SELF_HELP.budget:g}")


def judge(
    both: Both,
    probability: float,
    rise: float,
    shift: float,
    raised: Sequence[float],
    moment: float,
    *,
    still_open: int | None = None,
    channel: Channel = COORDINATOR,
) -> Verdict:
    """The verdict on a day. `rise` NaN where it is not known; `raised` are the person's earlier alerts, `moment` is now, in days.

    The controller's shift moves the threshold on the probability. The reserve is not moved: it is small, and kept for those whom the
    first threshold never sees.

    >>> judge(Both(0.3, 2.0), 0.29, 2.5, 0.0, [], 40.0)
    Verdict(crossed='rise', held=None, shift=0.0)
    >>> judge(Both(0.3, 2.0), 0.31, float("nan"), 0.05, [], 40.0).crossed, judge(Both(0.3, 2.0), 0.4, 0.0, 0.05, [36.0], 40.0).held
    (None, 'refractory')
    """
    crossed: Crossed | None = "rise" if rise >= both.rise else None
    if logit(probability) - logit(both.probability) >= shift:
        crossed = "probability"
    held = None if crossed is None else held_by(raised, moment, channel, still_open=still_open)
    return Verdict(crossed, held, shift)


def logit(p: float) -> float:
    """Of a probability, kept a little inside 0 and 1.

    >>> logit(0.5)
    0.0
    """
    inside = min(max(p, 1e-9), 1.0 - 1e-9)
    return log(inside / (1.0 - inside))


EVIDENCE_HOURS: Final = 24.0
"""Older evidence says nothing about now: unknown, never low (safety.md rule 5)."""


def is_fresh(evidence_hours: float | None) -> bool:
    return evidence_hours is not None and evidence_hours <= EVIDENCE_HOURS


def variables_of_day(
    probabilities: Mapping[str, float], evidence_hours: float | None, *, judged: bool, crossed: bool
) -> dict[str, float | bool | None]:
    """What rules may read of a day that was scored: `risk_day`, `risk_week` and `risk_crossed`. `probabilities` go by target.

    After a day without an answer a number is not known, and "not crossed" neither: a crossing is said, calm is not.

    >>> variables_of_day({"week": 0.4}, 30.0, judged=True, crossed=True)
    {'risk_day': None, 'risk_week': None, 'risk_crossed': True}
    >>> variables_of_day({"week": 0.1}, 30.0, judged=True, crossed=False)["risk_crossed"]
    """
    fresh = is_fresh(evidence_hours)
    return {
        "risk_day": probabilities.get("day") if fresh else None,
        "risk_week": probabilities.get("week") if fresh else None,
        "risk_crossed": True if crossed else False if judged and fresh else None,
    }
