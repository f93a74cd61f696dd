"""A task as a whole, whatever its kind: reads an answer, scores it, and gives its trials as rows.

An answer is `{"trials": […], "interrupted": false}`; a cue-word task also has `"agreed": true`. What is kept has `order` beside it:
`derived` where the trials are those that the person's key draws, `other` where they are not, null where nothing is drawn or nobody knows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.definition.tasks import cue_stroop, delay_discounting, dot_memory, go_no_go
from models.definition.tasks.draws import TrialDraws
from models.definition.tasks.parameters import CueStroop, DelayDiscounting, Task
from models.definition.tasks.reading import MAX_FAULTS, BrokenTrial, TrialReader
from models.definition.tasks.scored import Meaning, Scored, Trial, TrialRow, raised
from models.kinds import TaskKind


@dataclass(frozen=True, slots=True)
class _Rules:
    """What is particular to one kind of task. `drawn` gives of each trial what `told` finds in it; None where nothing is random."""

    members: tuple[str, ...]
    measures: Mapping[str, Meaning]
    read: Callable[[Any, TrialReader], dict[str, Any]]
    score: Callable[[Any, Sequence[Trial]], Scored]
    row: Callable[[Any, Trial], TrialRow]
    drawn: Callable[[Any, TrialDraws], Sequence[Any]] | None = None
    told: Callable[[Trial], Any] | None = None


_RULES: Final[Mapping[TaskKind, _Rules]] = {
    TaskKind.GO_NO_GO: _Rules(
        go_no_go.MEMBERS, go_no_go.MEASURES, go_no_go.read, go_no_go.score, go_no_go.row, go_no_go.drawn, go_no_go.told
    ),
    TaskKind.DOT_MEMORY: _Rules(
        dot_memory.MEMBERS, dot_memory.MEASURES, dot_memory.read, dot_memory.score, dot_memory.row, dot_memory.drawn, dot_memory.told
    ),
    TaskKind.DELAY_DISCOUNTING: _Rules(
        delay_discounting.MEMBERS, delay_discounting.MEASURES, delay_discounting.read, delay_discounting.score, delay_discounting.row
    ),
    TaskKind.CUE_STROOP: _Rules(
        cue_stroop.MEMBERS, cue_stroop.MEASURES, cue_stroop.read, cue_stroop.score, cue_stroop.row, cue_stroop.drawn, cue_stroop.told
    ),
}


@dataclass(eq=False)
class BrokenTask(Exception):
    """The rules that an answer breaks, with their places within it."""

    parts: tuple[BrokenTrial, ...]


def meanings(kind: TaskKind) -> Mapping[str, Meaning]:
    """The measures of a kind of task by name."""
    return _RULES[kind].measures


def read_task(task: Task, raw: Any, draws: TrialDraws | None) -> dict[str, Any] | None:
    """The answer as it is kept; None where it has no trial, which says nothing. Raises BrokenTask with at most 20 faults."""
    names = {"trials", "interrupted"} | ({"agreed"} if isinstance(task, CueStroop) else set())
    if not isinstance(raw, Mapping) or not raw.keys() <= names or "trials" not in raw:
        message = "The answer of a task is an object with `trials` and, if it was, `interrupted: true`."
        raise BrokenTask((BrokenTrial((), "wrong_type", message),))
    parts = [] if isinstance(raw.get("interrupted", False), bool) else [BrokenTrial(("interrupted",), "wrong_type", "True or false.")]
    if isinstance(task, CueStroop) and raw.get("agreed") is not True:
        parts.append(BrokenTrial(("agreed",), "not_agreed", "A cue-word task is kept where the person agreed to it just before."))
    trials = _read_trials(task, raw["trials"], parts)
    if parts:
        raise BrokenTask(tuple(parts[:MAX_FAULTS]))
    if not trials:
        return None
    return {"trials": trials, "interrupted": raw.get("interrupted", False), "order": _order(task, trials, draws)}


def _read_trials(task: Task, raw: Any, parts: list[BrokenTrial]) -> tuple[dict[str, Any], ...]:
    rules, most = _RULES[task.kind], task.trials + task.practice_trials
    if not isinstance(raw, list | tuple):
        parts.append(BrokenTrial(("trials",), "wrong_type", "This is a list of trials."))
        return ()
    if len(raw) > most:
        parts.append(BrokenTrial(("trials", most), "too_many_trials", f"The task has at most {most} trials, practice included."))
    trials = []
    for place, one in enumerate(raw[:most]):
        try:
            trials.append(rules.read(task, TrialReader(one, ("trials", place), rules.members)))
        except BrokenTrial as broken:
            parts.append(broken)
            if len(parts) >= MAX_FAULTS:
                break
    if not parts:
        parts.extend(_misplaced(task, trials))
    return tuple(trials)


def _misplaced(task: Task, trials: Sequence[Trial]) -> list[BrokenTrial]:
    """Practice comes first and is not more than planned, and a ladder is climbed rung by rung."""
    practice = _practice(trials)
    late = next((place for place, one in enumerate(trials) if place >= practice and one.get("practice")), None)
    if late is not None:
        return [BrokenTrial(("trials", late, "practice"), "practice_late", "Practice comes before the trials that count.")]
    if practice > task.practice_trials:
        place, message = ("trials", task.practice_trials), f"The task has at most {task.practice_trials} practice trials."
        return [BrokenTrial(place, "too_many_trials", message)]
    if len(trials) - practice > task.trials:
        place, message = ("trials", practice + task.trials), f"The task has {task.trials} trials that count."
        return [BrokenTrial(place, "too_many_trials", message)]
    if isinstance(task, DelayDiscounting) and (broken := delay_discounting.broken_path(trials)) is not None:
        message = "The choices before it do not lead to this delay."
        return [BrokenTrial(("trials", broken, "delay"), "impossible_path", message)]
    return []


def _practice(trials: Sequence[Trial]) -> int:
    return next((place for place, one in enumerate(trials) if not one.get("practice")), len(trials))


def _order(task: Task, trials: Sequence[Trial], draws: TrialDraws | None) -> str | None:
    rules = _RULES[task.kind]
    if draws is None or rules.drawn is None or rules.told is None:
        return None
    told = [rules.told(one) for one in trials[_practice(trials) :]]
    return "derived" if told == list(rules.drawn(task, draws))[: len(told)] else "other"


def drawn_trials(task: Task, draws: TrialDraws) -> Sequence[Any]:
    """What the person's key decides of each trial that counts, in order; nothing where nothing is random."""
    drawn = _RULES[task.kind].drawn
    return () if drawn is None else drawn(task, draws)


def score_task(task: Task, value: Mapping[str, Any]) -> Scored:
    """The scores of a kept answer."""
    found = _RULES[task.kind].score(task, value["trials"][_practice(value["trials"]) :])
    flags = raised(
        **dict.fromkeys((flag.value for flag in found.flags), True),
        interrupted=value["interrupted"],
        other_order=value["order"] == "other",
    )
    return Scored(found.measures, flags, found.trials, found.used)


def trial_rows(task: Task, value: Mapping[str, Any]) -> tuple[TrialRow, ...]:
    """The trials of a kept answer, practice included."""
    return tuple(_RULES[task.kind].row(task, one) for one in value["trials"])
