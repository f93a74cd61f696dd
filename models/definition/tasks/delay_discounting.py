"""Five-trial adjusting delay discounting (Koffarnus and Bickel 2014, doi:10.1037/a0035973): how long a wait halves a reward."""

from collections.abc import Sequence
from math import log, sqrt
from typing import Any, Final

from models.definition.tasks.parameters import DelayDiscounting
from models.definition.tasks.reading import TrialReader
from models.definition.tasks.scored import Meaning, Scored, Trial, TrialRow, raised

NOW: Final = "now"
LATER: Final = "later"
MEMBERS: Final = ("delay", "choice", "rt_ms")
MOST_MS: Final = 600_000

_HOUR: Final = 1 / 24
_WEEK: Final = 7.0
_MONTH: Final = 30.44
_YEAR: Final = 365.25

DELAYS: Final = (
    *(hours * _HOUR for hours in (1, 2, 3, 4, 6, 9, 12)),
    *(1.0, 1.5, 2.0, 3.0, 4.0),
    *(weeks * _WEEK for weeks in (1, 1.5, 2, 3)),
    *(months * _MONTH for months in (1, 2, 3, 4, 6, 8)),
    *(years * _YEAR for years in (1, 2, 3, 4, 5, 8, 12, 18, 25)),
)
"""The ladder, in days: rung 1 is an hour, 16 three weeks, 31 twenty-five years. Months and years as in the published scoring."""

FIRST: Final = 16
_STRIDES: Final = (8, 4, 2, 1)

MEASURES: Final = {
    "k": Meaning("Discount rate of the hyperbola V = A / (1 + k D), per day.", 0),
    "ln_k": Meaning("Natural logarithm of k."),
    "ed50_days": Meaning("The delay at which the reward is worth half, days.", 0),
}


def read(_task: DelayDiscounting, trial: TrialReader) -> dict[str, Any]:
    """`{"delay": rung from 1 to 31, "choice": "now" | "later", "rt_ms": ms from when the choice was shown}`."""
    delay, choice = trial.whole("delay", 1, len(DELAYS)), trial.word("choice", (NOW, LATER))
    return trial.stored(delay=delay, choice=choice, rt_ms=trial.reaction("rt_ms", MOST_MS, answered=True))


def broken_path(trials: Sequence[Trial]) -> int | None:
    """The first trial whose delay is not the one that the choices before it lead to; None where all are."""
    rungs = ladder([one["choice"] for one in trials])
    return next((place for place, one in enumerate(trials) if one["delay"] != rungs[place]), None)


def ladder(choices: Sequence[str]) -> list[int]:
    """The rungs that the task shows: the first, and after each of the first four choices the next.

    Who would wait is asked about a longer delay, who would not about a shorter one, by half the last stride.

    >>> ladder(["later", "now"]), ladder(["now"] * 5)
    ([16, 24, 20], [16, 8, 4, 2, 1])
    """
    rungs = [FIRST]
    for choice, stride in zip(choices, _STRIDES, strict=False):
        rungs.append(rungs[-1] + (stride if choice == LATER else -stride))
    return rungs


def ed50_days(rung: int, choice: str) -> float:
    """The delay that halves the reward, from the fifth rung and choice: the geometric mean of the two delays between which it lies.

    Beyond the ends of the ladder it is the end itself: at most an hour, at least twenty-five years.
    """
    other = rung + (1 if choice == LATER else -1)
    here = DELAYS[rung - 1]
    return sqrt(here * DELAYS[other - 1]) if 1 <= other <= len(DELAYS) else here


def anticipated(task: DelayDiscounting, trial: Trial) -> bool:
    """Chosen before anyone could have read the choice."""
    return bool(trial["rt_ms"] < task.anticipation_ms)


def score(task: DelayDiscounting, trials: Sequence[Trial]) -> Scored:
    """Only five choices give a rate; all of them are scored, since each decided what the next one was about."""
    blind = sum(anticipated(task, one) for one in trials)
    last = trials[-1] if len(trials) == task.trials else None
    ed50 = None if last is None else ed50_days(last["delay"], last["choice"])
    measures = {
        "k": None if ed50 is None else 1 / ed50,
        "ln_k": None if ed50 is None else -log(ed50),
        "ed50_days": ed50,
    }
    flags = raised(
        few_trials=last is None,
        anticipations=blind > task.most_anticipations * task.trials,
        end_of_ladder=last is not None and ed50 in {DELAYS[0], DELAYS[-1]},
    )
    return Scored(measures, flags, len(trials), len(trials) if last is not None else 0)


def row(_task: DelayDiscounting, trial: Trial) -> TrialRow:
    return TrialRow(
        type="choice",
        stimulus=f"{DELAYS[trial['delay'] - 1]:.6g}",
        answer=trial["choice"],
        rt_ms=trial["rt_ms"],
        correct=None,
        error=None,
        practice=False,
        scored=True,
    )
