"""Go/no-go: press for one picture, hold back for the other."""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, Final

from models.definition.tasks.draws import TrialDraws
from models.definition.tasks.parameters import GoNoGo
from models.definition.tasks.reading import TrialReader
from models.definition.tasks.scored import Meaning, Scored, Trial, TrialRow, deviation_of, mean_of, median_of, raised, share

GO: Final = "go"
NO_GO: Final = "no_go"
MEMBERS: Final = ("type", "pressed", "rt_ms")

MEASURES: Final = {
    "commission_rate": Meaning("Share of no-go trials with a press.", 0, 1),
    "omission_rate": Meaning("Share of go trials without a press.", 0, 1),
    "rt_mean_ms": Meaning("Mean reaction time of correct go trials, ms.", 0),
    "rt_median_ms": Meaning("Median reaction time of correct go trials, ms.", 0),
    "rt_sd_ms": Meaning("Standard deviation of the reaction times of correct go trials, ms.", 0),
    "d_prime": Meaning("How well go and no-go were told apart, in standard deviations; log-linear correction."),
    "criterion": Meaning("Readiness to press, in standard deviations; below 0: more ready; log-linear correction."),
}


def read(task: GoNoGo, trial: TrialReader) -> dict[str, Any]:
    """`{"type": "go" | "no_go", "pressed": …, "rt_ms": ms from the onset or null}`."""
    kind, pressed = trial.word("type", (GO, NO_GO)), trial.flag("pressed")
    return trial.stored(type=kind, pressed=pressed, rt_ms=trial.reaction("rt_ms", task.response_ms, answered=pressed))


def drawn(task: GoNoGo, draws: TrialDraws) -> list[str]:
    """The type of each trial: the go trials, then the no-go trials, shuffled as `trials`."""
    return draws.shuffled("trials", [GO] * (task.trials - task.no_go) + [NO_GO] * task.no_go)


def told(trial: Trial) -> Any:
    """What of a trial the order decides."""
    return trial["type"]


def anticipated(task: GoNoGo, trial: Trial) -> bool:
    """Pressed before anyone could have seen what to do."""
    return trial["rt_ms"] is not None and trial["rt_ms"] < task.anticipation_ms


def score(task: GoNoGo, trials: Sequence[Trial]) -> Scored:
    """Trials with an anticipation are left out. d' and criterion with half a press and a whole trial added to each kind (Hautus 1995).

    >>> from models.definition.tasks.parameters import GoNoGo
    >>> go = {"type": "go", "pressed": True, "rt_ms": 400}
    >>> held = {"type": "no_go", "pressed": False, "rt_ms": None}
    >>> round(score(GoNoGo(trials=20, no_go_share=0.5), [go] * 10 + [held] * 10).measures["d_prime"], 3)
    3.381
    """
    used = [one for one in trials if not anticipated(task, one)]
    go = [one for one in used if one["type"] == GO]
    no_go = [one for one in used if one["type"] == NO_GO]
    times = [one["rt_ms"] for one in go if one["pressed"]]
    alarms = sum(one["pressed"] for one in no_go)
    missed = len(go) - len(times)
    measures: dict[str, float | None] = {
        "commission_rate": share(alarms, len(no_go)),
        "omission_rate": share(missed, len(go)),
        "rt_mean_ms": mean_of(times),
        "rt_median_ms": median_of(times),
        "rt_sd_ms": deviation_of(times),
        **_detection(len(times), len(go), alarms, len(no_go)),
    }
    flags = raised(
        few_trials=len(go) < task.least_share * (task.trials - task.no_go) or len(no_go) < task.least_share * task.no_go,
        anticipations=len(trials) - len(used) > task.most_anticipations * len(trials),
        unanswered=2 * missed > len(go),
    )
    return Scored(measures, flags, len(trials), len(used))


def _detection(hits: int, go: int, alarms: int, no_go: int) -> dict[str, float | None]:
    if not go or not no_go:
        return {"d_prime": None, "criterion": None}
    normal = NormalDist()
    hit, alarm = normal.inv_cdf((hits + 0.5) / (go + 1)), normal.inv_cdf((alarms + 0.5) / (no_go + 1))
    return {"d_prime": hit - alarm, "criterion": -(hit + alarm) / 2}


def row(task: GoNoGo, trial: Trial) -> TrialRow:
    practice = trial.get("practice", False)
    return TrialRow(
        type=trial["type"],
        stimulus=trial["type"],
        answer="press" if trial["pressed"] else None,
        rt_ms=trial["rt_ms"],
        correct=trial["pressed"] == (trial["type"] == GO),
        error=None,
        practice=practice,
        scored=not practice and not anticipated(task, trial),
    )
