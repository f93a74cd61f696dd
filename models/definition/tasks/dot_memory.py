"""Dot memory: where were the dots? Spatial working memory without letters or words, so it is the same in every language."""

from collections.abc import Sequence
from itertools import permutations
from math import hypot
from typing import Any, Final

from models.definition.tasks.draws import TrialDraws
from models.definition.tasks.parameters import DotMemory
from models.definition.tasks.reading import TrialReader
from models.definition.tasks.scored import Meaning, Scored, Trial, TrialRow, mean_of, median_of, raised

MEMBERS: Final = ("shown", "placed", "rt_ms")

MEASURES: Final = {
    "error_mean": Meaning("Mean distance of a placed dot from the dot that it stands for, cells.", 0),
    "exact_share": Meaning("Share of dots placed in their own cell.", 0, 1),
    "perfect_share": Meaning("Share of trials with every dot in its own cell.", 0, 1),
    "rt_mean_ms": Meaning("Mean time to place all dots, ms.", 0),
    "rt_median_ms": Meaning("Median time to place all dots, ms.", 0),
}


def read(task: DotMemory, trial: TrialReader) -> dict[str, Any]:
    """`{"shown": cells, "placed": cells or null, "rt_ms": ms from the empty grid to the last dot or null}`; null: the time ran out."""
    shown, placed = trial.cells("shown", task.dots, task.cells), trial.cells_or_none("placed", task.dots, task.cells)
    return trial.stored(shown=shown, placed=placed, rt_ms=trial.reaction("rt_ms", task.recall_ms, answered=placed is not None))


def drawn(task: DotMemory, draws: TrialDraws) -> list[tuple[int, ...]]:
    """The cells of each trial: all cells shuffled as `dots/<number of the trial from 0>`, the first ones, in order of their number."""
    cells = range(task.cells)
    return [tuple(sorted(draws.shuffled(f"dots/{number}", cells, task.dots))) for number in range(task.trials)]


def told(trial: Trial) -> Any:
    """What of a trial the order decides."""
    return tuple(trial["shown"])


def anticipated(task: DotMemory, trial: Trial) -> bool:
    """Placed faster than anyone can."""
    return trial["rt_ms"] is not None and trial["rt_ms"] < task.anticipation_ms


def score(task: DotMemory, trials: Sequence[Trial]) -> Scored:
    """Trials without an answer, or with one that came too fast, are left out."""
    used = [one for one in trials if one["placed"] is not None and not anticipated(task, one)]
    exact = [len(set(one["shown"]) & set(one["placed"])) for one in used]
    times = [one["rt_ms"] for one in used]
    measures = {
        "error_mean": mean_of([distance(one["shown"], one["placed"], task.size) for one in used]),
        "exact_share": mean_of([number / task.dots for number in exact]),
        "perfect_share": mean_of([float(number == task.dots) for number in exact]),
        "rt_mean_ms": mean_of(times),
        "rt_median_ms": median_of(times),
    }
    flags = raised(
        few_trials=len(trials) < task.least_share * task.trials,
        anticipations=sum(anticipated(task, one) for one in trials) > task.most_anticipations * len(trials),
        unanswered=2 * sum(one["placed"] is None for one in trials) > len(trials),
    )
    return Scored(measures, flags, len(trials), len(used))


def distance(shown: Sequence[int], placed: Sequence[int], size: int) -> float:
    """Mean straight distance, in cells, between shown and placed dots under the pairing that makes it least.

    >>> distance([0, 4], [5, 4], 5)
    0.5
    """
    table = [[hypot(one // size - other // size, one % size - other % size) for other in placed] for one in shown]
    least = min(sum(table[place][other] for place, other in enumerate(way)) for way in permutations(range(len(placed))))
    return least / len(shown)


def row(task: DotMemory, trial: Trial) -> TrialRow:
    practice, placed = trial.get("practice", False), trial["placed"]
    return TrialRow(
        type="recall",
        stimulus=_cells(trial["shown"]),
        answer=None if placed is None else _cells(placed),
        rt_ms=trial["rt_ms"],
        correct=placed is not None and set(placed) == set(trial["shown"]),
        error=None if placed is None else distance(trial["shown"], placed, task.size),
        practice=practice,
        scored=not practice and placed is not None and not anticipated(task, trial),
    )


def _cells(cells: Sequence[int]) -> str:
    return ";".join(map(str, cells))
