"""Intervals over people: whole people are drawn again, never rows. And what is measured within a person."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from risk.laboratory.cells import LEAST_CELL
from risk.laboratory.measures import auroc
from risk.refit.table import Floats, Whole

DRAWS: Final = 200
LEAST_EVENTS: Final = 3
"""Events that a person must have for an AUROC of their own."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its 95 % interval over people. NaN: nothing to measure."""

    value: float
    low: float
    high: float
    people: int

    def document(self) -> dict[str, float | int | None]:
        return {"value": said(self.value), "low": said(self.low), "high": said(self.high), "people": self.people}

    def of_cell(self) -> dict[str, float | int | None]:
        """The same where it is of a part of the people: of fewer than a cell must have nothing is said, not even how many they are."""
        return dict.fromkeys(("value", "low", "high", "people")) if 0 < self.people < LEAST_CELL else self.document()


def said(value: float) -> float | None:
    """A number for JSON; nothing where it is none."""
    return None if np.isnan(value) else round(float(value), 6)


@dataclass(frozen=True, slots=True)
class Draws:
    """How often each person is drawn, in each draw. The same draws for every model: differences are paired."""

    person: Whole
    times: Floats

    def places(self, rows: Whole) -> Whole:
        """Where these people stand in `person`."""
        return np.searchsorted(self.person, rows).astype(np.int64)


def draws(person: Whole, *, seed: int, number: int = DRAWS) -> Draws:
    names = np.unique(person)
    chance = np.random.default_rng(seed)
    return Draws(names, chance.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=number).astype(np.float64))


def figure(measure: Callable[[Floats], float], rows: Whole, weight: Floats, drawn: Draws) -> Figure:
    """A measure of weights, on rows with their people: its value and its interval."""
    if not len(rows):
        return Figure(float("nan"), float("nan"), float("nan"), 0)
    places = drawn.places(rows)
    spread = [measure(weight * times[places]) for times in drawn.times]
    return _figure(measure(weight), np.array(spread), len(np.unique(rows)))


def ratio(above: Floats, below: Floats, rows: Whole, drawn: Draws) -> Figure:
    """Sum of `above` by sum of `below` over rows with their people: also a mean, with `below` 1."""
    return of_sums(lambda sums: _divided(sums[:, 0], sums[:, 1]), np.column_stack([above, below]), rows, drawn)


def of_sums(measure: Callable[[Floats], Floats], parts: Floats, rows: Whole, drawn: Draws) -> Figure:
    """What depends on sums of columns over rows alone. `measure` takes one line of sums after another."""
    places, people = drawn.places(rows), len(drawn.person)
    sums = np.column_stack([np.bincount(places, one, people) for one in parts.T]).astype(np.float64)  # of no rows they are whole numbers
    return of_people(measure, sums, len(np.unique(rows)), drawn)


def of_people(measure: Callable[[Floats], Floats], sums: Floats, people: int, drawn: Draws) -> Figure:
    """The same from a line of sums for each person of the draws, of whom `people` have rows."""
    return _figure(float(measure(sums.sum(axis=0)[None, :])[0]), measure(drawn.times @ sums), people)


def _divided(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def _figure(value: float, spread: Floats, people: int) -> Figure:
    kept = spread[~np.isnan(spread)]
    low, high = np.quantile(kept, [0.025, 0.975]) if len(kept) else (float("nan"), float("nan"))
    return Figure(value, float(low), float(high), people)


def within_people(y: Floats, p: Floats, person: Whole, drawn: Draws) -> Figure:
    """The median over people of their own AUROC; people with at least three events and a window without."""
    own, names = [], []
    edges = np.nonzero(np.diff(person))[0] + 1
    for rows in np.split(np.arange(len(y)), edges):
        if len(rows) and y[rows].sum() >= LEAST_EVENTS and (1.0 - y[rows]).sum() >= 1:
            own.append(auroc(y[rows], p[rows]))
            names.append(person[rows[0]])
    values, places = np.array(own), drawn.places(np.array(names, dtype=np.int64))
    if not len(values):
        return Figure(float("nan"), float("nan"), float("nan"), 0)
    spread = [_median(values, times[places]) for times in drawn.times]
    return _figure(float(np.median(values)), np.array(spread), len(values))


def _median(values: Floats, times: Floats) -> float:
    repeated = np.repeat(values, times.astype(np.int64))
    return float(np.median(repeated)) if len(repeated) else float("nan")
