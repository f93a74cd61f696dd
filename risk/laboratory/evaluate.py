"""The whole evaluation of a dataset, as one document: what is there, how each model does, what alerts would do, and what is not known."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

import numpy as np

from models.errors import Conflict, Invalid
from risk.laboratory import alerting, leakage
from risk.laboratory.cells import LEAST_CELL, kept_back
from risk.laboratory.measures import ranking
from risk.laboratory.people import Draws, draws, ratio, said
from risk.laboratory.scores import Scored, compared, measured, scored, subgroups
from risk.laboratory.terms import Dataset
from risk.population.features import MODELS, Model, columns, of_model
from risk.population.windows import HORIZON_DAYS, NONE, USE, Target, Windows, make_windows
from risk.refit.answering import assumed, weights
from risk.refit.folds import leave_site_out, rolling_origin
from risk.refit.table import Floats, Table, Whole, make_table
from risk.refit.train import SEED, Nested, nested, over

SCHEMA: Final = "breakwater.evaluation-report/2"
CLAIM: Final = (
    "Investigational. No clinical validity is claimed. Figures are associations in the dataset named here, under the stated way of "
    "splitting; they say nothing about another study, and nothing about what alerts would change."
)
LEAST_EVENTS: Final = 20
HAZARD_DAYS: Final = (1, 2, 3, 5, 7, 14, 21, 30, 45, 60, 90)
PAIRS: Final[tuple[tuple[Model, Model], ...]] = (("M1a", "M0"), ("M1b", "M0"), ("M1a", "M1b"), ("M1", "M0"), ("M2", "M1"))
CANARY_WINDOWS: Final = 40_000
Tell = Callable[[str], None]


@dataclass(slots=True)
class Run:
    """What an evaluation has made so far. `tables` and `outer` by target and model."""

    dataset: Dataset
    windows: Windows
    drawn: Draws
    tell: Tell
    tables: dict[tuple[Target, Model], Table] = field(default_factory=dict)
    outer: dict[tuple[Target, Model], Nested] = field(default_factory=dict)
    scores: dict[tuple[Target, Model], Scored] = field(default_factory=dict)
    weight: dict[Target, Floats] = field(default_factory=dict)

    @property
    def models(self) -> tuple[Model, ...]:
        return tuple(model for model in MODELS if of_model(self.windows.sources, model))


def evaluate(dataset: Dataset, *, tell: Tell = lambda _: None, seed: int = SEED, repeats: int = 200) -> tuple[dict[str, Any], Run]:
    """The report as a document, and what it was made from.

    Raises Conflict (`leakage`) where a feature changes when what comes after it is taken away, or a column alone knows the outcome;
    Invalid (`too_few_events`) where there is nothing to evaluate.
    """
    run = _begun(dataset, tell, seed, repeats)
    report = _about(run)
    report["targets"] = {target: _target(run, target, seed) for target in HORIZON_DAYS}
    report["comparisons"] = {target: _comparisons(run, target) for target in HORIZON_DAYS}
    report["shipped"] = shipped(report)
    best: Model = report["shipped"]
    tell("alerts by budget")
    report["alerts"] = {
        model: alerting.by_budget(run.windows, run.tables["week", model], run.outer["week", model], run.drawn) for model in run.models
    }
    report["policies"] = alerting.policies(run.windows, run.tables["week", best], run.outer["week", best], run.drawn)
    report["self_help"] = alerting.self_help(run.windows, run.tables["week", best], run.outer["week", best], run.drawn)
    tell("subgroups and other splits")
    labels = [dict(one.groups) for one in dataset.people]
    report["subgroups"] = {target: subgroups(run.scores[target, best], labels, run.drawn) for target in HORIZON_DAYS}
    report["other_splits"] = {target: _other_splits(run, target, tuple(dict.fromkeys(("M0", best))), seed) for target in HORIZON_DAYS}
    report["unanswered"] = {target: _unanswered(run, target, best) for target in HORIZON_DAYS}
    tell("canaries")
    report["canaries"] = _canaries(run, best, seed)
    return report, run


def shipped(report: dict[str, Any]) -> Model:
    """M2 only where both of its intervals against M1 lie above 0, on the week; else the most that can be fitted up to M1."""
    if report["comparisons"]["week"].get("M2-M1", {}).get("ships"):
        return "M2"
    return "M1" if "M1" in report["targets"]["week"]["models"] else "M0"


def _begun(dataset: Dataset, tell: Tell, seed: int, repeats: int) -> Run:
    tell("features")
    if leaks := leakage.columns_that_know_the_future(dataset.people, dataset.sources, seed=seed):
        raise Conflict("leakage", f"These features know what comes after them: {', '.join(leaks)}.")
    windows = make_windows(dataset.people, dataset.sources)
    if not len(windows):
        raise Invalid("too_few_events", "The dataset has no person-day to evaluate.")
    run = Run(dataset, windows, draws(np.frombuffer(windows.person, dtype=windows.person.typecode), seed=seed, number=repeats), tell)
    for target in HORIZON_DAYS:
        table = make_table(windows, "M1" if "M1" in run.models else "M0", target, fence=dataset.fence)
        events, lapsing = int(np.nansum(table.y)), len(np.unique(table.person[table.y == 1]))
        if events < LEAST_EVENTS or lapsing < 10:
            raise Invalid("too_few_events", f"{events} windows with use of {lapsing} people are too few to evaluate anything.")
        if known := leakage.suspicious_columns(table):
            raise Conflict("leakage", f"These columns alone know the outcome: {', '.join(known)}.")
    return run


def _about(run: Run) -> dict[str, Any]:
    dataset, windows = run.dataset, run.windows
    day = np.frombuffer(windows.outcome["day"], dtype=np.int8)
    used = np.bincount(_people(run), day == USE, len(dataset.people))
    return {
        "schema": SCHEMA,
        "claim": CLAIM,
        "title": dataset.title,
        "source": dataset.source,
        "synthetic": dataset.synthetic,
        "notes": list(dataset.notes),
        "site_word": dataset.site_word,
        "least_cell": LEAST_CELL,
        "people": len(dataset.people),
        "person_days": len(windows),
        "answered_days": int((day >= NONE).sum()),
        "use_days": int((day == USE).sum()),
        "people_with_use": int((used > 0).sum()),
        "use_days_per_person": {"median": float(np.median(used)), "mean": float(used.mean())},
        "columns": {model: [columns(windows.sources)[place].name for place in of_model(windows.sources, model)] for model in run.models},
        "base_rate_by_site": _base_rates(run, day),
        "hazard": _hazard(run, day),
    }


def _base_rates(run: Run, day: Any) -> dict[str, Any]:
    """Of the days that were answered: one of which nothing is known is not one without use. None, too, for a site that is kept back."""
    people, known = _people(run), day >= NONE
    sites = np.array([one.site for one in run.dataset.people], dtype=object)[people]
    rows = {name: (sites == name) & known for name in sorted(set(sites) - {""})}
    silent = kept_back({name: _many(people[one]) for name, one in rows.items()}, _many(people[known]))
    return {name: said(float((day[one] == USE).mean())) if name not in silent and one.any() else None for name, one in rows.items()}


def _hazard(run: Run, day: Any) -> list[dict[str, Any]]:
    """P(use today) by days since the newest use, among people with one; a row of too few people says nothing, not even of how many days."""
    since, rows = np.frombuffer(run.windows.abstinent), []
    ever = np.array([bool(one.uses.at) and min(one.uses.at) < one.last for one in run.dataset.people])[_people(run)]
    first = np.array([min(one.uses.at, default=np.inf) for one in run.dataset.people])[_people(run)]
    known = ever & (np.frombuffer(run.windows.day, dtype=run.windows.day.typecode) > first) & (day >= NONE)
    for low, high in zip((0, *HAZARD_DAYS), (*HAZARD_DAYS, np.inf), strict=True):
        part = known & (since > low) & (since <= high)
        share = ratio((day[part] == USE).astype(float), np.ones(int(part.sum())), _people(run)[part], run.drawn).of_cell()
        days = None if part.any() and share["people"] is None else int(part.sum())
        rows.append({"from": low + 1, "to": None if high == np.inf else high, "days": days, **share})
    return rows


def _many(people: Whole) -> int:
    return len(np.unique(people))


def _people(run: Run) -> Whole:
    return np.frombuffer(run.windows.person, dtype=run.windows.person.typecode).astype(np.int64)


def _target(run: Run, target: Target, seed: int) -> dict[str, Any]:
    out: dict[str, Any] = {"horizon_days": HORIZON_DAYS[target], "models": {}}
    first = np.array([one.first for one in run.dataset.people], dtype=np.int64)
    for model in run.models:
        run.tell(f"{model}, use within a {target}")
        started = perf_counter()
        table = make_table(run.windows, model, target, fence=run.dataset.fence)
        done = nested(table, seed=seed)
        if target not in run.weight:
            run.weight[target] = weights(table, seed=seed)
        run.tables[target, model], run.outer[target, model] = table, done
        run.scores[target, model] = scored(table, done.probability, run.weight[target], first[table.person])
        out["models"][model] = {
            "learner": done.trained[0].kind,
            "settings": [one.setting for one in done.trained],
            "columns": len(table.names),
            "seconds": round(perf_counter() - started, 1),
            **measured(run.scores[target, model], run.drawn),
        }
    table = run.tables[target, run.models[0]]
    counts = {"windows": len(table.y), "unanswered": int((~table.answered).sum()), "fenced": int((table.answered & ~table.train).sum())}
    return out | counts


def _comparisons(run: Run, target: Target) -> dict[str, Any]:
    pairs = [(more, less) for more, less in PAIRS if more in run.models and less in run.models]
    return {f"{more}-{less}": compared(run.scores[target, more], run.scores[target, less], run.drawn) for more, less in pairs}


def _other_splits(run: Run, target: Target, models: tuple[Model, ...], seed: int) -> dict[str, Any]:
    out: dict[str, Any] = {"rolling_origin": {}, "leave_site_out": {}}
    people = run.dataset.people
    for model in models:
        table = run.tables[target, model]
        if origin := rolling_origin(table.person, table.day, [one.began for one in people]):
            out["rolling_origin"][model] = _apart(table, {"": origin}, seed)[""]
        if sites := dict(leave_site_out(table.person, [one.site for one in people])):
            out["leave_site_out"][model] = _apart(table, sites, seed)
    return out


def _apart(table: Table, splits: dict[str, tuple[Whole, Whole]], seed: int) -> dict[str, Any]:
    """Each of the groups tested by what was trained without it; of one that is kept back nothing is said."""
    sizes = {name: _many(table.person[outside[table.answered[outside]]]) for name, (_, outside) in splits.items()}
    silent = kept_back(sizes, _many(table.person[table.answered]))
    return {name: {"people": None, "windows": None} if name in silent else _tested(table, split, seed) for name, split in splits.items()}


def _tested(table: Table, split: tuple[Whole, Whole], seed: int) -> dict[str, Any]:
    try:
        p = over(table, [split], seed=seed).probability
    except Invalid as refused:
        return {"not_done": refused.detail}
    rows = ~np.isnan(p) & table.answered
    both = {"pooled": rows, "abstinent_7d": rows & (table.abstinent >= 7.0)}
    out: dict[str, Any] = {"people": _many(table.person[rows]), "windows": int(rows.sum())}
    for name, part in both.items():
        if part.any():
            value = ranking(table.y[part], p[part]).auroc(np.ones(int(part.sum())))
            out[name] = {"auroc": said(value), "base_rate": said(table.y[part].mean()), "expected": said(p[part].mean())}
    return out


def _unanswered(run: Run, target: Target, model: Model) -> dict[str, Any]:
    """What the figures would be if unanswered windows were use, no use, or shifted from what is expected; without weights, and with."""
    table, done = run.tables[target, model], run.outer[target, model]
    rows = ~np.isnan(done.probability)
    part, p = table.rows(rows), done.probability[rows]
    filled = assumed(part, p) if not part.answered.all() else {}
    ones = np.ones(len(p))
    out = {name: {"base_rate": said(y.mean()), "auroc": said(ranking(y, p).auroc(ones))} for name, y in filled.items()}
    return {"share": said(1.0 - part.answered.mean()), "assumptions": out}


def _canaries(run: Run, model: Model, seed: int) -> dict[str, Any]:
    table = run.tables["week", model]
    few = np.unique(table.person)[:: max(1, len(table.y) // CANARY_WINDOWS)]
    value = leakage.shuffled(table.rows(np.isin(table.person, few)), seed=seed)
    return {
        "columns_that_know_the_future": [],
        "columns_that_alone_know_the_outcome": [],
        "auroc_of_shuffled_outcomes": said(value),
        "shuffled_as_expected": bool(abs(value - 0.5) <= leakage.SHUFFLED_WIDTH),
    }
