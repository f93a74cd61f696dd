"""How old the evidence is, and what may still be said (risk-model.md 2.4 step 9; safety.md rule 5)."""

from datetime import UTC, datetime
from math import exp2
from typing import Final, NamedTuple

from models.kinds import EvidenceState
from risk.estimate.state import RiskState
from risk.terms import USE, Observation, RiskEstimate

UNKNOWN_AFTER_HOURS: Final = 24.0
LEARNING_ANSWERS: Final = 14
LEARNING_DAYS: Final = 5
MISSED_HALF_LIFE_HOURS: Final = 72.0
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Evidence(NamedTuple):
    """`state` and hours since the newest craving answer; None where there never was one."""

    state: EvidenceState
    age_hours: float | None


def as_of(known: RiskEstimate | RiskState, now: datetime) -> Evidence:
    """The evidence of an estimate or a state, seen at `now`.

    `unknown` where craving was never answered or not for 24 hours, never low; `learning` until 14 answered prompts on
    5 days; else `current`. An answer from after `now` counts as new.
    """
    if isinstance(known, RiskEstimate):
        if known.age_hours is None:
            return Evidence(EvidenceState.UNKNOWN, None)
        later = (now - known.as_of).total_seconds() / 3600.0
        learning = known.evidence is EvidenceState.LEARNING
        return judged(max(0.0, known.age_hours + later), learning=learning)
    if known.craving_at is None:
        return Evidence(EvidenceState.UNKNOWN, None)
    age = ((now - EPOCH).total_seconds() - known.craving_at) / 3600.0
    return judged(max(0.0, age), learning=is_learning(known.answered, known.days))


def is_learning(answered: int, days: int) -> bool:
    """Whether the person is still too new for statements about couplings.

    >>> is_learning(14, 5), is_learning(30, 4)
    (False, True)
    """
    return answered < LEARNING_ANSWERS or days < LEARNING_DAYS


def judged(age_hours: float | None, *, learning: bool) -> Evidence:
    """The evidence at an age.

    >>> judged(24.5, learning=False).state
    <EvidenceState.UNKNOWN: 'unknown'>
    """
    return Evidence(state_at(age_hours, learning=learning), age_hours)


def state_at(age_hours: float | None, *, learning: bool) -> EvidenceState:
    """What may be said at an age.

    >>> state_at(None, learning=True)
    <EvidenceState.UNKNOWN: 'unknown'>
    """
    if age_hours is None or age_hours > UNKNOWN_AFTER_HOURS:
        return EvidenceState.UNKNOWN
    return EvidenceState.LEARNING if learning else EvidenceState.CURRENT


def missed_at(missed: tuple[float, int, int], second: int) -> float:
    """The decayed number of prompts without an answer, as of a second (`RiskState.missed`).

    >>> missed_at((2.0, 0, 2), 3 * 86_400)
    1.0
    """
    return exp2((missed[1] - second) / 3600.0 / MISSED_HALF_LIFE_HOURS) * missed[0]


def days_abstinent(state: RiskState, observation: Observation, second: int) -> float | None:
    """Days since the last use that was told, as of an observation; None where none was ever told.

    What the observation says itself goes before what was told earlier.
    """
    if observation.event == USE:
        return 0.0
    if observation.days_abstinent is not None:
        return observation.days_abstinent
    used = state.events.get(USE)
    return None if used is None else max(0.0, (second - used) / 86_400)
