"""How simulated people do timed tasks. Sizes are assumed: they make every rule of reading and scoring meet something, and show nothing.

Executive load slows answers and makes errors; craving slows the answers to cue words. One in a hundred presses is an anticipation, and
one task in thirty is broken off.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, assert_never

from api.rehearsal.people.chance import bell, fraction, normal, numbers
from api.rehearsal.people.terms import Feelings, Person
from models.definition.tasks.delay_discounting import DELAYS, LATER, NOW, ladder
from models.definition.tasks.draws import TrialDraws
from models.definition.tasks.go_no_go import GO
from models.definition.tasks.parameters import CueStroop, DelayDiscounting, DotMemory, GoNoGo, Task
from models.definition.tasks.task import drawn_trials

_DRAWS: Final = 12
_BROKEN_OFF: Final = 1 / 30
_BLIND: Final = 0.01

Draws = Sequence[float]
_Trials = list[dict[str, Any]]


def perform(person: Person, felt: Feelings, task: Task, own: TrialDraws, label: str) -> dict[str, Any]:
    """The answer as a phone sends it, its trials in the order that the person's key draws."""

    def draws(number: int) -> Draws:
        return numbers(person.key, _DRAWS, "trial", label, own.item, number)

    trials = _done(person, felt, task, own, draws)
    told: dict[str, Any] = {"trials": trials} | ({"agreed": True} if isinstance(task, CueStroop) else {})
    breaks, where = numbers(person.key, 2, "broken off", label, own.item)
    if breaks < _BROKEN_OFF:
        told |= {"trials": trials[: 1 + int(where * (len(trials) - 1))], "interrupted": True}
    return told


def _done(person: Person, felt: Feelings, task: Task, own: TrialDraws, draws: Callable[[int], Draws]) -> _Trials:
    if isinstance(task, DelayDiscounting):
        return _choices(person, felt, draws)
    drawn, practice = list(drawn_trials(task, own)), task.practice_trials
    # Practice repeats what comes first; of a cue-word task, what is neutral.
    if isinstance(task, CueStroop):
        neutral = {word.code for word in task.neutral}
        first = [one for one in drawn if one[0] in neutral]
    else:
        first = drawn
    shown = [first[number % len(first)] for number in range(practice)] + drawn
    trials: _Trials = [_trial(felt, task, one, draws(number)) for number, one in enumerate(shown)]
    for trial in trials[:practice]:
        trial["practice"] = True
    return trials


def _trial(felt: Feelings, task: GoNoGo | DotMemory | CueStroop, shown: Any, draws: Draws) -> dict[str, Any]:
    if isinstance(task, GoNoGo):
        return _pressed(felt, task, shown, draws)
    if isinstance(task, DotMemory):
        return _placed(felt, task, shown, draws)
    if isinstance(task, CueStroop):
        return _named(felt, task, shown, draws)
    assert_never(task)


def _load(felt: Feelings) -> float:
    return min(1.0, max(0.0, felt.executive))


def _milliseconds(draws: Draws, middle: float, spread: float, most: int) -> int:
    """Log-normal, and at the end of its window at the latest."""
    return min(most, round(middle * math.exp(spread * normal(draws[0], draws[1]))))


def _pressed(felt: Feelings, task: GoNoGo, kind: str, draws: Draws) -> dict[str, Any]:
    load = _load(felt)
    presses = draws[2] >= 0.02 + 0.06 * load if kind == GO else draws[2] < 0.08 + 0.25 * load
    if not presses:
        return {"type": kind, "pressed": False, "rt_ms": None}
    blind = draws[3] < _BLIND
    rt = (
        round(50 + 0.5 * task.anticipation_ms * draws[4]) if blind else _milliseconds(draws, 370 * (1 + 0.2 * load), 0.18, task.response_ms)
    )
    return {"type": kind, "pressed": True, "rt_ms": rt}


def _placed(felt: Feelings, task: DotMemory, shown: tuple[int, ...], draws: Draws) -> dict[str, Any]:
    """A dot that is not remembered goes to a free cell near its own number."""
    if draws[2] < 0.02:
        return {"shown": list(shown), "placed": None, "rt_ms": None}
    placed: list[int] = []
    for dot, draw in zip(shown, draws[3:], strict=False):
        cell = dot if draw < 0.9 - 0.3 * _load(felt) else (dot + 1 + int(3 * draws[-1])) % task.cells
        while cell in placed:
            cell = (cell + 1) % task.cells
        placed.append(cell)
    rt = max(task.anticipation_ms, _milliseconds(draws, 900 * task.dots, 0.25, task.recall_ms))
    return {"shown": list(shown), "placed": placed, "rt_ms": rt}


def _named(felt: Feelings, task: CueStroop, shown: tuple[str, str], draws: Draws) -> dict[str, Any]:
    word, color = shown
    if draws[2] < 0.01:
        return {"word": word, "color": color, "answer": None, "rt_ms": None}
    others = [one for one in task.colors if one != color]
    answer = others[int(draws[4] * len(others))] if draws[3] < 0.03 + 0.05 * _load(felt) else color
    slower = 20 + 60 * min(1.0, max(0.0, felt.craving)) if word in {one.code for one in task.cue} else 0
    return {"word": word, "color": color, "answer": answer, "rt_ms": _milliseconds(draws, 650 + slower, 0.2, task.response_ms)}


def _choices(person: Person, felt: Feelings, draws: Callable[[int], Draws]) -> _Trials:
    """By the person's own rate, steeper under load, less sure the nearer the delay is to what halves the reward."""
    ln_ed50 = 4.5 - 1.6 * bell(person.key, "discounts") - 0.8 * (_load(felt) - 0.5)
    choices: list[str] = []
    trials: _Trials = []
    for number in range(5):
        one, rung = draws(number), ladder(choices)[-1]
        waits = 1 / (1 + math.exp(-2 * (ln_ed50 - math.log(DELAYS[rung - 1]))))
        choices.append(LATER if one[2] < waits else NOW)
        trials.append({"delay": rung, "choice": choices[-1], "rt_ms": round(1000 + 4000 * fraction(person.key, "reads", number))})
    return trials
