"""Canaries: does a feature know what comes after it, and does a model find something where there is nothing?"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isnan
from typing import Final

import numpy as np

from risk.laboratory.measures import auroc
from risk.population.features import Sources, columns, features_at
from risk.population.history import History, Prompts, Series, Told
from risk.refit.table import Table
from risk.refit.train import nested

Reader = Callable[[History, float, Sources], list[float]]
SUSPICIOUS: Final = 0.95
"""A single column that ranks this well within the abstinent stratum knows the outcome."""
SHUFFLED_WIDTH: Final = 0.03


def known_by(history: History, moment: float) -> History:
    """The same person as if the world had ended at `moment`."""

    def told(one: Told) -> Told:
        kept = [(at, known) for at, known in zip(one.at, one.known, strict=True) if known <= moment]
        return Told(tuple(at for at, _ in kept), tuple(known for _, known in kept))

    def series(one: Series) -> Series:
        stop = sum(known <= moment for known in one.known)
        return Series(one.known[:stop], one.values[:stop])

    prompts = history.prompts
    if prompts is not None:
        stop = sum(known <= moment for known in prompts.known)
        prompts = Prompts(prompts.known[:stop], prompts.answered[:stop], prompts.latency_hours[:stop])
    return replace(
        history,
        last=min(history.last, int(moment)),
        uses=told(history.uses),
        followed=None if history.followed is None else frozenset(day for day in history.followed if day < moment),
        series={name: series(one) for name, one in history.series.items()},
        events={name: told(one) for name, one in history.events.items()},
        prompts=prompts,
        states={name: series(one) for name, one in history.states.items()},
    )


def columns_that_know_the_future(
    people: Sequence[History], sources: Sources, *, seed: int, samples: int = 300, read: Reader = features_at
) -> list[str]:
    """Names of columns that change when everything after their moment is taken away, at moments drawn by the seed."""
    chance, names, found = np.random.default_rng(seed), [one.name for one in columns(sources)], set()
    for _ in range(samples if people else 0):
        one = people[int(chance.integers(len(people)))]
        moment = float(chance.integers(one.first, max(one.last, one.first + 1)))
        whole, cut = read(one, moment, sources), read(known_by(one, moment), moment, sources)
        found |= {name for name, a, b in zip(names, whole, cut, strict=True) if a != b and not (isnan(a) and isnan(b))}
    return sorted(found)


def suspicious_columns(table: Table, *, abstinent_days: float = 7.0) -> dict[str, float]:
    """Columns that alone rank nearly perfectly among abstinent people, by what they say or by whether they say anything: a model reads
    both. With their AUROC either way round.
    """
    rows = table.answered & (table.abstinent >= abstinent_days)
    y, found = table.y[rows], {}
    for name, column in zip(table.names, table.x[rows].T, strict=True):
        said = ~np.isnan(column)
        told = ((y[said], column[said]), (y, said.astype(float)))
        ranked = [auroc(outcome, value) for outcome, value in told if len(np.unique(outcome)) == 2]
        value = max((max(one, 1.0 - one) for one in ranked), default=0.5)
        if value >= SUSPICIOUS:
            found[name] = value
    return found


def shuffled(table: Table, *, seed: int) -> float:
    """The AUROC of the whole training, nested and calibrated, on outcomes that were dealt out anew: 0.5 but for chance."""
    known = table.rows(table.answered)
    y = np.random.default_rng(seed).permutation(known.y)
    dealt = replace(known, y=y, train=np.ones(len(y), dtype=bool))
    return auroc(y, nested(dealt, inner=2).probability)
