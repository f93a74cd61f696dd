"""Simulated histories for the population layer: use comes sooner after use and, where `craving` says so, with craving."""

from datetime import date, timedelta

import numpy as np

from risk.laboratory.terms import Dataset
from risk.population.features import Event, Sources, Variable
from risk.population.history import History, Prompts, Series, Told

SOURCES = Sources(
    (Variable("craving", "C", rising=True), Variable("stress", "S")), (Event("missed_dose", 1),), prompts=True, states=("level",)
)


def people(number: int = 120, days: int = 35, *, craving: float = 1.2, seed: int = 1) -> tuple[History, ...]:
    """Daily answers at 20:00, four in five days followed, two sites, enrolled one after another."""
    chance = np.random.default_rng(seed)
    return tuple(_person(index, days, craving, chance) for index in range(number))


def _person(index: int, days: int, craving: float, chance: np.random.Generator) -> History:
    own, since, uses, wanted = chance.normal(0.0, 0.8), 20.0, [], chance.normal(size=days + 1)
    for day in range(days):
        logit = -3.4 + own + 2.0 * np.exp(-since / 4.0) + craving * wanted[day]
        since += 1.0
        if chance.random() < 1.0 / (1.0 + np.exp(-logit)):
            uses.append(float(day))
            since = 0.0
    known = tuple(day - 1 + 20 / 24 for day in range(days))
    answered = chance.random(days) < 0.8
    return History(
        person=f"p{index}",
        first=0,
        last=days,
        since=-20,
        uses=Told(tuple(uses), tuple(day + 0.9 for day in uses)),
        followed=frozenset(np.nonzero(answered)[0].tolist()),
        series={
            "craving": Series(known, tuple((1.0 / (1.0 + np.exp(-wanted[:days]))).tolist())),
            "stress": Series(known, tuple(chance.random(days).tolist())),
        },
        events={"missed_dose": Told((3.0,), (4.0,))} if index % 3 == 0 else {},
        prompts=Prompts(known, tuple(answered.tolist()), tuple(chance.random(days).tolist())),
        states={"level": Series(known, tuple((50.0 + 10.0 * wanted[:days]).tolist()))},
        site="north" if index % 2 else "south",
        began=date(2026, 1, 1) + timedelta(days=index),
        groups={"sex": "women" if index % 2 else "men"},
    )


def dataset(found: tuple[History, ...], *, synthetic: bool = True) -> Dataset:
    return Dataset("Simulated people", "a test", synthetic, found, SOURCES)
