"""Cue-word Stroop: name the color of a word, whatever it says. Off by default (safety.md rule 1)."""

from collections.abc import Sequence
from typing import Any, Final

from models.definition.tasks.draws import TrialDraws
from models.definition.tasks.parameters import CueStroop
from models.definition.tasks.reading import TrialReader
from models.definition.tasks.scored import Meaning, Scored, Trial, TrialRow, mean_of, raised, share

CUE: Final = "cue"
NEUTRAL: Final = "neutral"
MEMBERS: Final = ("word", "color", "answer", "rt_ms")
LEAST_TIMES: Final = 3
"""Below so many correct reaction times of one kind, their mean says nothing."""

MEASURES: Final = {
    "interference_ms": Meaning("Mean correct reaction time to cue words minus that to neutral words, ms."),
    "rt_cue_ms": Meaning("Mean correct reaction time to cue words, ms.", 0),
    "rt_neutral_ms": Meaning("Mean correct reaction time to neutral words, ms.", 0),
    "errors_cue": Meaning("Share of cue words with a wrong or no answer.", 0, 1),
    "errors_neutral": Meaning("Share of neutral words with a wrong or no answer.", 0, 1),
}


def kinds(task: CueStroop) -> dict[str, str]:
    """Code of each word -> its kind."""
    return {word.code: CUE for word in task.cue} | {word.code: NEUTRAL for word in task.neutral}


def read(task: CueStroop, trial: TrialReader) -> dict[str, Any]:
    """`{"word": code, "color": …, "answer": color or null, "rt_ms": ms from the onset or null}`. Practice has neutral words alone."""
    words = [word.code for word in task.neutral] if trial.practice else kinds(task)
    answer = trial.word_or_none("answer", task.colors)
    return trial.stored(
        word=trial.word("word", words),
        color=trial.word("color", task.colors),
        answer=answer,
        rt_ms=trial.reaction("rt_ms", task.response_ms, answered=answer is not None),
    )


def drawn(task: CueStroop, draws: TrialDraws) -> list[tuple[str, str]]:
    """Word and color of each trial: the cue words, then the neutral words, so many times over, shuffled as `trials`; colors as `colors`."""
    words = draws.shuffled("trials", [*kinds(task)] * task.repeats)
    return [(word, task.colors[draws.pick("colors", number, len(task.colors))]) for number, word in enumerate(words)]


def told(trial: Trial) -> Any:
    """What of a trial the order decides."""
    return (trial["word"], trial["color"])


def anticipated(task: CueStroop, trial: Trial) -> bool:
    """Answered before anyone could have seen the color."""
    return trial["rt_ms"] is not None and trial["rt_ms"] < task.anticipation_ms


def score(task: CueStroop, trials: Sequence[Trial]) -> Scored:
    """Trials with an anticipation are left out; of the others the right answers give the times."""
    kind, used = kinds(task), [one for one in trials if not anticipated(task, one)]
    shown = {name: [one for one in used if kind[one["word"]] == name] for name in (CUE, NEUTRAL)}
    right = {name: [one["rt_ms"] for one in some if _right(one)] for name, some in shown.items()}
    mean = {name: mean_of(times) if len(times) >= LEAST_TIMES else None for name, times in right.items()}
    slower = None if mean[CUE] is None or mean[NEUTRAL] is None else mean[CUE] - mean[NEUTRAL]
    measures = {
        "interference_ms": slower,
        "rt_cue_ms": mean[CUE],
        "rt_neutral_ms": mean[NEUTRAL],
        "errors_cue": share(len(shown[CUE]) - len(right[CUE]), len(shown[CUE])),
        "errors_neutral": share(len(shown[NEUTRAL]) - len(right[NEUTRAL]), len(shown[NEUTRAL])),
    }
    correct = sum(map(len, right.values()))
    flags = raised(
        few_trials=any(len(some) < task.least_share * task.trials / 2 for some in shown.values()),
        anticipations=len(trials) - len(used) > task.most_anticipations * len(trials),
        unanswered=2 * sum(one["answer"] is None for one in used) > len(used),
        inaccurate=correct < task.least_correct * len(used),
    )
    return Scored(measures, flags, len(trials), len(used))


def _right(trial: Trial) -> bool:
    return bool(trial["answer"] == trial["color"])


def row(task: CueStroop, trial: Trial) -> TrialRow:
    practice = trial.get("practice", False)
    return TrialRow(
        type=kinds(task)[trial["word"]],
        stimulus=f"{trial['word']};{trial['color']}",
        answer=trial["answer"],
        rt_ms=trial["rt_ms"],
        correct=_right(trial),
        error=None,
        practice=practice,
        scored=not practice and not anticipated(task, trial),
    )
