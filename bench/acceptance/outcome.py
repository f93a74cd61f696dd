"""6, 7 and 9: use that craving does not cause, outcomes dealt out anew, and alerts within their budget."""

from datetime import datetime
from typing import Final

import numpy as np
from scipy.stats import t

from api.rehearsal.people.terms import World
from bench.acceptance.check import Check
from bench.acceptance.recovery import priors
from bench.acceptance.worlds import NODES, Lived, lived_people
from risk.estimate import estimator
from risk.laboratory import budget, leakage
from risk.laboratory.alerting import days_of
from risk.laboratory.people import draws
from risk.laboratory.scores import compared, scored
from risk.population.features import Sources, Variable
from risk.population.history import History, Told, series, told
from risk.population.windows import Windows, make_windows
from risk.refit.answering import weights
from risk.refit.table import Table, make_table
from risk.refit.train import Nested, nested

ITEMS: Final = ("craving", "stress", "control", "withdrawal", "cue_met")
STATES: Final = ("level", "rise", "drive", "cusum_innovation", "cusum_baseline", "share:R", "share:S", "share:W", "share:E", "share:lag")
SOURCES: Final = Sources(
    tuple(Variable(name, NODES[name].node, rising=name == "craving") for name in ITEMS), (), prompts=False, states=STATES
)
SEED: Final = 20260106
WANTED: Final = 0.2


GROUPS: Final = (18, 19, 20, 21, 22)
"""Seeds of groups of people who have nothing in common: each trains models of its own."""


def checks(people: int, days: int = 90) -> list[Check]:
    found, rates, first = [], [], None
    for seed in GROUPS:
        windows = make_windows([_history(one, days) for one in lived_people(people, days, seed=seed, world=World.NULL_OUTCOME)], SOURCES)
        outer = {model: _trained(windows, model) for model in ("M1", "M2")}
        drawn = draws(np.frombuffer(windows.person, dtype=windows.person.typecode), seed=SEED, number=200)
        group = np.zeros(people, dtype=np.int64)
        each = [scored(table, done.probability, weights(table, seed=SEED), group[table.person]) for table, done in outer.values()]
        found.append(compared(each[1], each[0], drawn))
        rates += _realized(windows, *outer["M1"])
        first = first or outer["M1"][0]
    assert first is not None
    return [*_difference(found, people), _dealt(first), _budget(rates)]


def _trained(windows: Windows, model: str) -> tuple[Table, Nested]:
    table = make_table(windows, model, "week")
    return table, nested(table, seed=SEED)


def _history(one: Lived, days: int) -> History:
    """What was known of a person: uses when they were told, answers, and the network as it was said."""
    prior, _ = priors()
    begun = one.observations[0].event_time if one.observations else one.person.joins_at
    _, estimates = estimator.fold(estimator.start(prior, "map"), one.observations, prior, NODES)
    asked: dict[str, list[tuple[float, float]]] = {}
    said: dict[str, list[tuple[float, float]]] = {}
    for seen, estimate in zip(one.observations, estimates, strict=True):
        at = _days(begun, seen.event_time)
        for name in ITEMS:
            if name in seen.answers:
                asked.setdefault(name, []).append((at, seen.answers[name]))
        for name in STATES:
            value = estimate.features.get(name)
            if value is not None:
                said.setdefault(name, []).append((at, value))
    lapses = [(_days(begun, lapse.at), _days(begun, lapse.told_at)) for lapse in one.life.lapses(one.person.ends_at)]
    uses = told([(float(int(at)), known) for at, known in lapses if at >= 0.0])
    return History(
        person=str(one.person.number),
        first=1,
        last=days - 1,
        since=-int(min(one.person.abstinent_days, 3650.0)),
        uses=uses if uses.at else Told(),
        series={name: series(pairs) for name, pairs in asked.items()},
        states={name: series(pairs) for name, pairs in said.items()},
    )


def _days(begun: datetime, at: datetime) -> float:
    return (at - begun.replace(hour=0, minute=0, second=0)).total_seconds() / 86400.0


def _difference(found: list[dict], people: int) -> list[Check]:
    """How far 0 lies outside the 95 % interval (Student's t) of the mean difference of the groups.

    A group's own interval, over its people, knows nothing of what other training people would have made of the models, so that it leaves 0
    out more often than one time in twenty. How many hold it is reported.
    """
    out = []
    for name in ("auroc", "net_benefit"):
        each = np.array([one[name]["value"] for one in found])
        middle, width = float(each.mean()), float(t.ppf(0.975, len(each) - 1) * each.std(ddof=1) / np.sqrt(len(each)))
        off, word = max(0.0, abs(middle) - width), name.replace("_", " ")
        own = sum(one[name]["low"] <= 0.0 <= one[name]["high"] for one in found)
        note = f"{middle:+.5f} [{middle - width:+.5f}, {middle + width:+.5f}], {len(each)} groups of {people} people"
        out.append(Check("6", f"null outcome: how far 0 lies outside the interval of M2 − M1, {word}", off, None, 0.0, note))
        out.append(Check("6", f"null outcome: groups whose own interval of M2 − M1 holds 0, {word}", own / len(each), note="over people"))
    return out


def _dealt(table: Table) -> Check:
    seen = [leakage.shuffled(table, seed=seed) for seed in (1, 2, 3)]
    note = ", ".join(f"{one:.3f}" for one in seen)
    return Check("7", "AUROC of shuffled outcomes, mean of three", float(np.mean(seen)), 0.47, 0.53, note)


def _realized(windows: Windows, table: Table, done: Nested, splits: int = 40) -> list[float]:
    """Alerts per person-week of half of the people, under a threshold that the others set, for as many ways to part them."""
    days, p = days_of(windows, table), np.full(len(windows), np.nan)
    p[table.row] = done.probability
    chance, people, rates = np.random.default_rng(SEED), np.unique(table.person), []
    for _ in range(splits):
        mine = np.isin(days.person, chance.permutation(people)[: len(people) // 2])
        rows, others = np.nonzero(mine)[0], np.nonzero(~mine)[0]
        threshold = budget.threshold_for(days.rows(rows), p[rows], WANTED)
        raised = budget.alerts(days.rows(others), p[others] >= threshold)
        rates.append(7.0 * len(raised) / days.eligible[others].sum())
    return rates


def _budget(rates: list[float]) -> Check:
    """The rate of new people is to be within the budget on average."""
    low, high = np.quantile(rates, (0.05, 0.95))
    note = f"5–95% of {len(rates)} splits in {len(GROUPS)} groups {low:.3f} to {high:.3f}"
    what = f"realized alerts per person-week of new people, budget {WANTED:g}"
    return Check("9", what, float(np.mean(rates)), 0.5 * WANTED, WANTED, note)
