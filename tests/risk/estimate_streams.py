"""Small deterministic people for tests of the estimator: synthetic, never evidence about anyone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import exp
from pathlib import Path

import numpy as np

from risk.estimate import estimator
from risk.estimate.nodes import ItemNode, Nodes
from risk.estimate.prior import PRIOR_FILE, Prior, load
from risk.estimate.state import RiskState
from risk.terms import Observation, RiskEstimate

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
PRIOR: Prior = load((Path(__file__).parents[2] / "risk" / "estimate" / "priors" / PRIOR_FILE).read_bytes())


def node(variable: str, of: str, weight: float = 1.0, half_life_hours: float = 12.0) -> ItemNode:
    return ItemNode(variable, of, weight, half_life_hours)


ITEMS = Nodes(
    {
        one.variable: one
        for one in (
            node("craving", "C"),
            node("intrusion", "C", 0.8),
            node("cue_met", "R"),
            node("relief_expected", "R"),
            node("stress", "S"),
            node("low", "S", 0.8, 24.0),
            node("phq_low", "S", 0.5, 168.0),
            node("withdrawal", "W"),
            node("pain", "W", 0.8),
            node("control", "E"),
            node("impulsivity", "E", 0.8, 24.0),
        )
    }
)


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def answer(name: str, hours: float, answers: Mapping[str, float], **more: object) -> Observation:
    """An answered prompt `hours` after the beginning, at that UTC hour of the day."""
    made = Observation(source_id=name, kind="response", event_time=at(hours), local_hour=hours % 24.0, answers=dict(answers))
    return replace(made, **more)


def run(observations: list[Observation], state: RiskState | None = None, nodes: Nodes = ITEMS) -> tuple[RiskState, list[RiskEstimate]]:
    return estimator.fold(state or estimator.start(PRIOR, "map"), observations, PRIOR, nodes)


USUAL = {"craving": 0.3, "cue_met": 0.0, "stress": 0.5, "control": 0.35, "withdrawal": 0.2}


def usual_days(days: int, **answers: float) -> list[Observation]:
    return [answer(f"u{day}-{hour}", day * 24.0 + hour, {**USUAL, **answers}) for day in range(days) for hour in (10.0, 14.0, 18.0, 22.0)]


@dataclass(frozen=True)
class Person:
    """Couplings of one synthetic person in standard deviations; `cue_rate` may depend on the day."""

    cue: float = 0.45
    stress: float = 0.30
    control: float = 0.15
    withdrawal: float = 0.0
    synergy: float = 0.10
    lag: float = 0.35
    noise: float = 0.8
    cue_rate: float = 0.25
    cue_rates: Mapping[int, float] = field(default_factory=dict)
    """Day -> rate from that day on."""
    hours: tuple[float, ...] = (9.5, 13.5, 17.5, 21.5)
    answered: float = 1.0
    deny: bool = False
    craving_shift: Mapping[int, float] = field(default_factory=dict)
    """Day -> added to craving from that day on, in standard deviations."""
    stress_shift: Mapping[int, float] = field(default_factory=dict)


def _from(table: Mapping[int, float], day: int, otherwise: float) -> float:
    days = [one for one in table if one <= day]
    return table[max(days)] if days else otherwise


def _unit(value: float) -> float:
    return float(min(1.0, max(0.0, value)))


def stream(person: Person, seed: int, days: int, *, coarse: bool = False) -> list[Observation]:
    """Answers of one person: craving, cue, stress, control and withdrawal at each prompt."""
    draw = np.random.default_rng([20260105, seed])
    made: list[Observation] = []
    stress, craving, before = 0.0, 0.0, 0.0
    for day, hour in ((day, hour) for day in range(days) for hour in person.hours):
        now = day * 24.0 + hour + draw.uniform(-0.5, 0.5)
        keep = 2.0 ** (-(now - before) / 7.0)
        stress = keep * stress + (1.0 - keep**2) ** 0.5 * draw.normal()
        pressure = stress + _from(person.stress_shift, day, 0.0)
        rate = _from(person.cue_rates, day, person.cue_rate)
        met = draw.random() < rate
        cue = (met - 0.25) / 0.43
        control = 0.25 * stress + 0.97 * draw.normal()
        sick = draw.normal()
        craving = (
            person.lag * min(1.2, exp(-(min(now - before, 72.0) - 4.0) / 6.0)) * craving
            + person.cue * cue
            + person.stress * pressure
            + person.control * control
            + person.withdrawal * sick
            + person.synergy * max(0.0, cue) * max(0.0, pressure)
            + person.noise * draw.normal()
            + _from(person.craving_shift, day, 0.0)
        )
        before = now
        if draw.random() >= person.answered:
            continue
        answers = {
            "craving": 0.0 if person.deny else _unit(0.3 + 0.2 * craving),
            "cue_met": float(met),
            "stress": _unit(0.48 + 0.22 * pressure),
            "control": _unit(0.35 + 0.18 * control),
            "withdrawal": _unit(0.35 + 0.18 * sick),
        }
        if coarse:
            answers = {name: round(value, 1) for name, value in answers.items()}
        floor = frozenset({"craving"}) if answers["craving"] == 0.0 else frozenset[str]()
        made.append(answer(f"p{seed}-{len(made)}", now, answers, floor=floor))
    return made


def people(count: int, days: int, seed: int = 0, answered: float = 1.0) -> Iterator[tuple[Person, list[Observation]]]:
    """People whose couplings are drawn from the simulator's table (risk-model.md section 4)."""
    for index in range(count):
        draw = np.random.default_rng([20260106, seed, index])
        person = Person(
            cue=float(draw.normal(0.45, 0.25)),
            stress=float(draw.normal(0.30, 0.20)),
            control=float(draw.normal(0.15, 0.10)),
            lag=float(draw.normal(0.35, 0.12)),
            answered=answered,
        )
        yield person, stream(person, seed * 1000 + index, days)
