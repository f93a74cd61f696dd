"""Timed tasks: parameters that fit each other, a burden that is told, measures that exist, and no cue that nobody asked for."""

from collections.abc import Iterator
from typing import Final

from models.definition.base import pointer
from models.definition.instrument import Instrument, Item, Measure
from models.definition.protocol import Protocol
from models.definition.tasks.parameters import CueStroop, DotMemory, GoNoGo, Task
from models.definition.tasks.task import meanings
from models.errors import Fault
from models.kinds import ItemKind, Node

LEAST_OF_A_KIND: Final = 5
"""Go/no-go: fewer no-go trials than this move a rate by a fifth and more each."""

Path = tuple[str | int, ...]


def faults(protocol: Protocol) -> Iterator[Fault]:
    for i, instrument in enumerate(protocol.instruments):
        at: Path = ("instruments", i)
        yield from _burden(at, instrument)
        for j, item in enumerate(instrument.items):
            yield from _item((*at, "items", j), item)
            if isinstance(item.task, CueStroop):
                yield from _cues(protocol, instrument, (*at, "items", j, "task"))


def _item(at: Path, item: Item) -> Iterator[Fault]:
    if item.task is not None and item.kind is not ItemKind.TASK:
        yield Fault(pointer(*at, "task"), "task_unexpected", f"An item of kind {item.kind} has no task.")
    if item.measures and item.task is None:
        yield Fault(pointer(*at, "measures"), "measures_unexpected", "Only a task with parameters is scored.")
    if item.task is not None:
        yield from _fit((*at, "task"), item.task)
        for number, one in enumerate(item.measures):
            yield from _measure((*at, "measures", number), item.task, one)


def _measure(at: Path, task: Task, one: Measure) -> Iterator[Fault]:
    known = meanings(task.kind)
    if one.measure not in known:
        yield Fault(pointer(*at, "measure"), "unknown_measure", f"This task gives {', '.join(known)}.")
    if one.node not in {Node.E, Node.NONE}:
        message = "What a task measures is evidence for executive control, E, or for no node (risk-model.md 2.4)."
        yield Fault(pointer(*at, "node"), "measure_not_in_e", message)


def _fit(at: Path, task: Task) -> Iterator[Fault]:
    if isinstance(task, GoNoGo):
        if task.stimulus_ms > task.response_ms:
            message = f"The picture stays for {task.stimulus_ms} ms, and an answer counts for {task.response_ms} ms."
            yield Fault(pointer(*at, "stimulus_ms"), "stimulus_outlasts_answer", message)
        if task.no_go < LEAST_OF_A_KIND:
            message = f"A share of {task.no_go_share:g} of {task.trials} trials is {task.no_go} no-go trials; at least {LEAST_OF_A_KIND}."
            yield Fault(pointer(*at, "no_go_share"), "too_few_of_a_kind", message)
    if isinstance(task, DotMemory) and task.dots * 2 > task.cells:
        message = f"{task.dots} dots on {task.cells} cells: chance alone would place them."
        yield Fault(pointer(*at, "dots"), "grid_too_small", message)
    if isinstance(task, CueStroop):
        yield from _words(at, task)


def _words(at: Path, task: CueStroop) -> Iterator[Fault]:
    if len(task.cue) != len(task.neutral):
        message = f"There are {len(task.cue)} cue words and {len(task.neutral)} neutral ones: as many of each."
        yield Fault(pointer(*at, "neutral"), "words_not_matched", message)
    first: dict[str, str] = {}
    placed = [(pointer(*at, name, place), word.code) for name in ("cue", "neutral") for place, word in enumerate(getattr(task, name))]
    for where, code in placed:
        if first.setdefault(code, where) != where:
            yield Fault(f"{where}/code", "duplicate_id", f"This stands already at {first[code]}.")
    if len(set(task.colors)) < len(task.colors):
        yield Fault(pointer(*at, "colors"), "color_twice", "A color stands twice.")


def _burden(at: Path, instrument: Instrument) -> Iterator[Fault]:
    needed = sum(item.task.seconds for item in instrument.items if item.task is not None)
    if needed > instrument.seconds:
        message = f"The tasks alone take about {needed:.0f} seconds, and the instrument says {instrument.seconds}."
        yield Fault(pointer(*at, "seconds"), "tasks_outlast_burden", message)


def _cues(protocol: Protocol, instrument: Instrument, at: Path) -> Iterator[Fault]:
    """Scheduled prompts do not cue, and cue-word tasks are off by default (safety.md rule 1)."""
    if protocol.cue_words is None:
        message = "Safety rule 1: cue-word tasks are off unless the protocol says, in `cue_words`, how people agree and who approved it."
        yield Fault(pointer(*at), "cue_words_not_agreed", message)
    if instrument.id in protocol.prompted() or not instrument.started_by_person:
        message = "Safety rule 1: a prompt that the person did not start does not cue; only a report that they start may hold this task."
        yield Fault(pointer(*at), "cue_words_in_a_prompt", message)
