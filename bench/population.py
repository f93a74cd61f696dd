"""What the population layer costs: features of 300,000 person-days, and the refit of M1 on them, on one core.

    python -m bench --only population

Simulated people, never evidence about anyone: four prompts a day, seven variables at each and three of thirteen others in turn.
"""

from time import process_time

import numpy as np
import pandas as pd

from bench.result import Goal, Section
from risk.population.features import Event, Sources, Variable, columns, features_at
from risk.population.history import History, Prompts, Series, Told
from risk.population.windows import make_windows
from risk.refit.table import make_table
from risk.refit.train import train

PERSON_DAYS = 300_000
DAYS = 150
FEATURES_GOAL_S = 60.0
REFIT_GOAL_S = 300.0
SAMPLE = 150
"""Person-days that the baseline computes: the rest would take hours."""
CORE, OTHERS = 7, 13
NODES = ("C", "S", "S", "W", "R", "E", "E")
SOURCES = Sources(
    tuple(Variable(f"v{one}", NODES[one % 7], one % 7 == 0) for one in range(CORE + OTHERS)),
    (Event("missed_dose", 1), Event("other_use", 1)),
    prompts=True,
)


def person(place: int, days: int) -> History:
    """Use comes sooner after use and with the first variable; four in five prompts are answered."""
    chance = np.random.default_rng([20260105, place])
    known = np.repeat(np.arange(days), 4) + np.tile([0.4, 0.55, 0.7, 0.9], days)
    answered = chance.random(len(known)) < 0.8
    values = np.clip(0.4 + 0.2 * chance.normal(size=(CORE + OTHERS, len(known))) + 0.15 * chance.normal(), 0.0, 1.0).round(1)
    series = {}
    for one in range(CORE + OTHERS):
        asked = answered & ((np.arange(len(known)) * 3 % OTHERS - (one - CORE)) % OTHERS < 3) if one >= CORE else answered
        series[f"v{one}"] = Series(tuple(known[asked].tolist()), tuple(values[one][asked].tolist()))
    own, since, uses = chance.normal(-3.4, 1.0), 20.0, []
    for day in range(days):
        since += 1.0
        if chance.random() < 1.0 / (1.0 + np.exp(-(own + 2.5 * np.exp(-since / 4.0) + 2.0 * (values[0][4 * day] - 0.4)))):
            uses.append(float(day))
            since = 0.0
    missed = np.nonzero(chance.random(days) < 0.05)[0]
    return History(
        person=f"p{place}",
        first=1,
        last=days + 1,
        since=-27,
        uses=Told(tuple(uses), tuple(day + 0.9 for day in uses)),
        followed=frozenset(np.nonzero(chance.random(days + 1) < 0.85)[0].tolist()),
        series=series,
        events={"missed_dose": Told(tuple(map(float, missed)), tuple(day + 1.3 for day in missed.tolist()))},
        prompts=Prompts(tuple(known.tolist()), tuple(answered.tolist()), tuple(chance.exponential(0.3, len(known)).tolist())),
    )


class Recomputed:
    """The baseline: tables of one person in pandas, from which each day's features are computed anew."""

    def __init__(self, one: History) -> None:
        self._since, self._first = one.since, one.first
        self._uses = pd.DataFrame({"at": one.uses.at, "known": one.uses.known})
        parts = [pd.DataFrame({"variable": name, "known": each.known, "value": each.values}) for name, each in one.series.items()]
        self._answers = pd.concat(parts, ignore_index=True).sort_values("known", kind="stable")
        told = [pd.DataFrame({"event": name, "at": each.at, "known": each.known}) for name, each in one.events.items()]
        self._events = pd.concat(told, ignore_index=True)
        prompts = one.prompts or Prompts()
        self._prompts = pd.DataFrame({"known": prompts.known, "answered": prompts.answered, "latency": prompts.latency_hours})

    def at(self, moment: float) -> dict[str, float]:
        """What was read most at a moment: past use, answers, events and prompts, by name of column."""
        out: dict[str, float] = {}
        used = self._uses[(self._uses["known"] <= moment) & (self._uses["at"] < moment)]
        newest = used["at"].max() if len(used) else self._since
        out["use:days_log"] = float(np.log1p(moment - newest))
        for days in (1, 7, 28):
            share = used[used["at"] >= moment - days]["at"].astype(int).nunique() / min(days, max(moment - self._since, 1.0))
            out[f"use:share_{days}d"] = min(1.0, share)
        out["use:since_start"] = float(len(used) > 0 and newest >= self._first)
        month = self._answers[(self._answers["known"] <= moment) & (self._answers["known"] >= moment - 28)]
        by_variable = month.groupby("variable")["value"]
        last, mean = by_variable.last(), by_variable.mean()
        peak = month[month["known"] >= moment - 7].groupby("variable")["value"].max()
        for name in last.index:
            out |= {f"last:{name}": last[name], f"peak_7d:{name}": peak.get(name, np.nan), f"change:{name}": last[name] - mean[name]}
        for name in ("missed_dose", "other_use"):
            told = self._events[(self._events["event"] == name) & (self._events["known"] <= moment) & (self._events["at"] < moment)]
            out |= {f"events_{days}d:{name}": float((told["at"] >= moment - days).sum()) for days in (7, 28)}
        seen = self._prompts[self._prompts["known"] <= moment]
        for hours, days in ((24, 1), (72, 3)):
            out[f"answering:missed_{hours}h"] = float((~seen[seen["known"] >= moment - days]["answered"].astype(bool)).sum())
        week = seen[seen["known"] >= moment - 7]
        return out | {"answering:answered_7d": float(week["answered"].sum()), "answering:latency_hours": float(week["latency"].mean())}


def measure(quick: bool) -> Section:
    """Raises ValueError where the baseline finds other features: a ratio of different work would mean nothing."""
    days = 30 if quick else DAYS
    people = [person(place, days) for place in range(40 if quick else PERSON_DAYS // DAYS)]
    began = process_time()
    windows = make_windows(people, SOURCES)
    features = process_time() - began
    table = make_table(windows, "M1", "day")
    began = process_time()
    trained = train(table)
    refit = process_time() - began
    sample = 20 if quick else SAMPLE
    recomputed = _baseline(people, days, sample)
    rows = (
        ("features and outcomes", f"{len(windows):,}", round(features, 1), round(1e6 * features / len(windows)), ""),
        ("the same features recomputed in pandas", f"{sample} of them", round(recomputed * sample, 1), round(1e6 * recomputed), ""),
        ("refit of M1, calibration inside", f"{len(table.y):,}", round(refit, 1), round(1e6 * refit / len(table.y)), trained.kind),
    )
    return Section(
        title="The population layer",
        what=f"{len(people):,} simulated people of {days} days with {len(table.names)} columns of M1; seconds of one core.",
        baseline="pandas: one person's tables filtered and grouped anew for each day, on a sample of the days; it must find the same "
        "numbers. The ratio is of the cost of one person-day.",
        columns=("what", "person-days", "CPU s", "µs each", "learner"),
        rows=rows,
        goals=(
            Goal("features of 300,000 person-days", round(features * PERSON_DAYS / len(windows), 1), FEATURES_GOAL_S, "at most", "s"),
            Goal("refit of M1 on them", round(refit, 1), REFIT_GOAL_S, "at most", "s"),
            Goal("recomputed in pandas / features", round(recomputed * len(windows) / features, 1), 1.0, "at least", "×"),
        ),
    )


def _baseline(people: list[History], days: int, number: int) -> float:
    """CPU seconds of the baseline for one person-day."""
    chance = np.random.default_rng(1)
    wanted = [(people[int(one)], float(chance.integers(1, days + 1))) for one in chance.integers(len(people), size=number)]
    tables = [(Recomputed(one), moment) for one, moment in wanted]
    began = process_time()
    found = [each.at(moment) for each, moment in tables]
    spent = process_time() - began
    names = [one.name for one in columns(SOURCES)]
    for (one, moment), other in zip(wanted, found, strict=True):
        ours = dict(zip(names, features_at(one, moment, SOURCES), strict=True))
        if not all(np.isclose(value, ours[name], equal_nan=True) for name, value in other.items()):
            raise ValueError(f"The baseline differs on {one.person}, day {moment:g}.")
    return spent / number
