"""Simulated people do timed tasks as a phone would send them: taken, in the drawn order, mostly valid, and worse under load."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import fmean

from api.rehearsal.people.inner import InnerLife
from api.rehearsal.people.make import make_people
from api.rehearsal.people.performing import perform
from models.definition.tasks.draws import TrialDraws
from models.definition.tasks.parameters import DelayDiscounting, DotMemory, GoNoGo, Task
from models.definition.tasks.scored import Scored
from models.definition.tasks.task import read_task, score_task
from tests.models.task_builders import stroop

START = datetime(2026, 3, 7, 17, tzinfo=UTC)
PEOPLE = make_people(17, 24, start=START, days=28)
CALM = {one.number: replace(InnerLife(one).feelings(START + timedelta(days=9)), executive=0.0, craving=0.0) for one in PEOPLE}
TASKS: tuple[Task, ...] = (
    GoNoGo(practice_trials=4),
    DotMemory(practice_trials=1),
    DelayDiscounting(amount=100, unit={"en": "dollars"}),
    stroop(practice_trials=5),
)


def runs(task: Task, **felt: float) -> list[Scored]:
    done = []
    for person in PEOPLE:
        draws = TrialDraws(person.key, "item", f"prompt-{person.number}")
        value = read_task(task, perform(person, replace(CALM[person.number], **felt), task, draws, task.kind), draws)
        assert value is not None
        assert value["order"] in {"derived", None}
        done.append(score_task(task, value))
    return done


def mean(found: list[Scored], measure: str) -> float:
    return fmean(value for one in found if (value := one.measures[measure]) is not None)


def test_every_task_is_taken_in_its_drawn_order_and_is_mostly_valid() -> None:
    found = {task.kind: runs(task) for task in TASKS}
    for some in found.values():
        assert sum(one.valid for one in some) >= 20
    assert any("interrupted" in one.flags for some in found.values() for one in some)
    assert len({one.measures["k"] for one in found[TASKS[2].kind]}) > 8


def test_load_makes_slips_and_forgets_dots_and_craving_slows_the_answers_to_cue_words() -> None:
    for task, measure in ((TASKS[0], "commission_rate"), (TASKS[0], "rt_mean_ms"), (TASKS[1], "error_mean")):
        assert mean(runs(task, executive=1.0), measure) > mean(runs(task), measure)
    assert mean(runs(TASKS[3], craving=1.0), "interference_ms") > mean(runs(TASKS[3]), "interference_ms") > 0
