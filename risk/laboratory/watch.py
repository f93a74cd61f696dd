"""What is watched while a model is in use (risk-model.md 2.3, drift): by week the data, by month the calibration, the alerts and the
intervals, by quarter the ranking. Nothing is retrained by itself: the report says what a person should try first.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np

from models.errors import Invalid
from risk.laboratory import drift
from risk.laboratory.alerting import calendar_of, days_of, spread, thresholds
from risk.laboratory.budget import Days, alerts, threshold_for
from risk.laboratory.findings import ACTIONS, COVERED, MORE_UNANSWERED, SLOWER, found
from risk.laboratory.measures import ranking
from risk.laboratory.people import Draws, draws, ratio, said
from risk.laboratory.scores import LEAST_PEOPLE, Scored, auroc_of, calibrated, scored, subgroups
from risk.laboratory.terms import Dataset
from risk.population.artefact import PopulationModel
from risk.population.channels import COORDINATOR, TOLERANCE, WEEK
from risk.population.features import Model, of_model
from risk.population.score import probability
from risk.population.windows import Target, Windows, make_windows
from risk.refit.table import Flags, Floats, Table, Whole, make_table
from risk.refit.train import SEED, Nested, nested, train

SCHEMA: Final = "breakwater.drift-report/1"
CLAIM: Final = (
    "Investigational. No clinical validity is claimed. That nothing is found does not say that the model is right, only that what it reads "
    "and what it expects have not moved against the reference."
)
MONTH_DAYS: Final = 28
QUARTER_DAYS: Final = 91
LEAST_ROWS: Final = 50
"""Windows, prompts or estimates without which a period says nothing."""
LEAST_EVENTS: Final = 10
OUTER: Final = 3
"""Folds of the reference that say how many alerts people get from a model and a threshold that never saw them. Where they are few it is
more than the budget: a threshold from out-of-fold scores meets scores of a whole model, which lie further apart."""


@dataclass(frozen=True, slots=True)
class Side:
    """The reference or what is watched: its windows, one model's rows and their probabilities, and where it would raise alerts."""

    dataset: Dataset
    windows: Windows
    table: Table
    p: Floats
    days: Days
    raised: Flags

    @property
    def known(self) -> Any:
        return self.table.answered & ~np.isnan(self.p)


def watch(
    now: Dataset,
    reference: Dataset,
    model: PopulationModel | None = None,
    *,
    tell: Callable[[str], None] = lambda _: None,
    seed: int = SEED,
) -> dict[str, Any]:
    """The report as a document. Without a model one of use within a day is trained on the reference, whose own figures are
    then out of fold.

    Raises Invalid (`too_few_events`) where the reference cannot say what is usual.
    """
    tell("features of the reference")
    before, after, name = _sides(now, reference, model, tell, seed)
    when, calendar = calendar_of(after.windows)
    first = int(when.min())
    at = when - first
    drawn = draws(after.table.person, seed=seed)
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "claim": CLAIM,
        "title": now.title,
        "source": now.source,
        "synthetic": now.synthetic or reference.synthetic,
        "people": len(now.people),
        "person_days": len(after.windows),
        "reference": {"title": reference.title, "people": len(reference.people), "person_days": len(before.windows)},
        "model": name,
        "calendar": calendar,
        "began": date.fromordinal(first).isoformat() if calendar else None,
    }
    tell("weeks")
    report["weeks"] = list(_weeks(before, after, at, seed))
    tell("months")
    report["months"] = list(_months(before, after, at, drawn, seed))
    tell("quarters")
    report["quarters"] = list(_quarters(before, after, at, drawn))
    report["found"] = list(found(report))
    report["actions"] = _actions(report, after, at, drawn)
    return report


def _sides(
    now: Dataset, reference: Dataset, model: PopulationModel | None, tell: Callable[[str], None], seed: int
) -> tuple[Side, Side, dict[str, Any]]:
    windows = [make_windows(one.people, reference.sources) for one in (reference, now)]
    if not all(len(one) for one in windows):
        raise Invalid("too_few_events", "The dataset or its reference has no person-day to look at.")
    target: Target = model.target if model else "day"
    reads: Model = model.model if model else "M1" if of_model(reference.sources, "M1") else "M0"
    before, after = (make_table(one, reads, target, fence=reference.fence) for one in windows)
    if np.nansum(before.y) < LEAST_EVENTS:
        raise Invalid("too_few_events", f"{int(np.nansum(before.y))} windows with use in the reference are too few.")
    if model is not None:
        if absent := sorted(set(model.columns) - set(before.names)):
            raise Invalid("columns_missing", f"The reference has no columns {', '.join(absent)} that the model reads.")
        scores, usual = [_by(model, one) for one in (before, after)], None
        name = {"id": model.id, "target": target, "trained_here": False}
    else:
        tell(f"{reads} of the reference")
        trained = train(before, seed=seed)
        scores, usual = [trained.out_of_fold, trained.probability(after.x)], nested(before, outer=OUTER, seed=seed)
        name = {"id": f"{reads}, trained on the reference", "target": target, "trained_here": True}
    (days, fired), (here, raised) = _alerted(windows, (before, after), scores, usual)
    return Side(reference, windows[0], before, scores[0], days, fired), Side(now, windows[1], after, scores[1], here, raised), name


def _alerted(
    windows: Sequence[Windows], tables: Sequence[Table], scores: Sequence[Floats], usual: Nested | None
) -> list[tuple[Days, Flags]]:
    """Where alerts may be raised, and where they would be by a threshold from the reference; in the reference itself by `usual`."""
    days = [days_of(*one) for one in zip(windows, tables, strict=True)]
    p, q = (spread(one, table, len(table_days.day)) for one, table, table_days in zip(scores, tables, days, strict=True))
    least = threshold_for(days[0], p, COORDINATOR.budget)
    fired = [p >= least, q >= least]
    if usual is not None:
        fired[0] = spread(usual.probability, tables[0], len(p)) >= thresholds(days[0], tables[0], usual, COORDINATOR.budget)
    return [(one, np.isin(np.arange(len(one.day)), alerts(one, by))) for one, by in zip(days, fired, strict=True)]


def _by(model: PopulationModel, table: Table) -> Floats:
    """In plain Python, as the model would be scored in use."""
    return np.array([probability(model, dict(zip(table.names, row, strict=True))) for row in table.x.tolist()])


def _weeks(before: Side, after: Side, at: Whole, seed: int) -> Iterator[dict[str, Any]]:
    reads = [place for place, name in enumerate(after.table.names) if not name.startswith("calendar:")]
    usual = drift.usual(_rows(before, reads), [after.table.names[place] for place in reads])
    rows_now, missing = _rows(after, reads), said(float(np.isnan(before.table.x[:, reads]).mean()))
    unanswered, latency = _prompts(before.dataset, lambda _person, _day: True)
    start = _starts(after, at)
    for week, rows in _periods(at[after.table.row], 7):
        out: dict[str, Any] = {"from": week * 7, "people": len(np.unique(after.table.person[rows])), "rows": len(rows)}
        if len(rows) >= LEAST_ROWS:
            part = drift.Rows(rows_now.x[rows], rows_now.unit[rows], rows_now.phase[rows])
            found = sorted(drift.moved(usual, part, seed=seed + week), key=lambda one: one.limit - one.index)
            out["moved"] = [
                {"feature": one.name, "psi": said(one.index), "limit": said(one.limit)} for one in found if one.index > one.limit
            ]
            out["highest_psi"] = said(max(one.index for one in found))
            out |= {"missing": said(float(np.mean([one.missing for one in found]))), "missing_reference": missing}

        def here(person: int, day: float, week: int = week) -> bool:
            return week * 7 <= day + start[person] < week * 7 + 7

        share, hours = _prompts(after.dataset, here)
        out["unanswered"] = {"value": said(share), "reference": said(unanswered), "flagged": bool(share > unanswered + MORE_UNANSWERED)}
        out["latency_hours"] = {"value": said(hours), "reference": said(latency), "flagged": bool(hours > SLOWER * latency)}
        yield out


def _rows(side: Side, reads: Sequence[int]) -> drift.Rows:
    table = side.table
    week = (table.day - np.array([one.first for one in side.dataset.people])[table.person]) // 7
    return drift.Rows(table.x[:, reads], table.person * 10_000 + week, np.minimum(week, drift.LAST_PHASE))


def _starts(side: Side, at: Whole) -> dict[int, int]:
    """For each person the day of the watch that is their day 0."""
    person = np.frombuffer(side.windows.person, dtype=side.windows.person.typecode)
    day = np.frombuffer(side.windows.day, dtype=side.windows.day.typecode)
    names, firsts = np.unique(person, return_index=True)
    return {int(name): int(at[row] - day[row]) for name, row in zip(names, firsts, strict=True)}


def _prompts(dataset: Dataset, here: Callable[[int, float], bool]) -> tuple[float, float]:
    """The share of prompts that nobody answered and the median hours to an answer; NaN where there are too few."""
    answered: list[bool] = []
    hours: list[float] = []
    for place, one in enumerate(dataset.people):
        if one.prompts is not None:
            kept = [index for index, known in enumerate(one.prompts.known) if here(place, known)]
            answered += [one.prompts.answered[index] for index in kept]
            hours += [one.prompts.latency_hours[index] for index in kept if one.prompts.answered[index]]
    told = np.array(hours)[~np.isnan(hours)] if hours else np.zeros(0)
    share = 1.0 - float(np.mean(answered)) if len(answered) >= LEAST_ROWS else float("nan")
    return share, float(np.median(told)) if len(told) >= LEAST_ROWS else float("nan")


def _months(before: Side, after: Side, at: Whole, drawn: Draws, seed: int) -> Iterator[dict[str, Any]]:
    days = int(at.max()) + 1
    moment = at[after.table.row]
    known = after.known
    own = before.table.day - np.array([one.first for one in before.dataset.people])[before.table.person]
    usual = drift.misses(before.table.y[before.known], before.p[before.known], before.table.person[before.known], own[before.known])
    starts = np.array([at[rows[0]] for rows in _by_person(after)], dtype=np.int64)
    limit = drift.limit(usual, starts, days, seed=seed)
    by_day = drift.daily(drift.misses(after.table.y[known], after.p[known], after.table.person[known], moment[known]), days)
    up, down = drift.gathered(by_day), drift.gathered(-by_day)
    tops = _rate_limits(before, starts, days, seed)
    inside = _inside(after, at)
    for month, rows in _periods(moment, MONTH_DAYS):
        part = slice(month * MONTH_DAYS, (month + 1) * MONTH_DAYS)
        seen = rows[known[rows]]
        out: dict[str, Any] = {"from": month * MONTH_DAYS, "windows": len(seen)}
        if len(seen) >= LEAST_ROWS:
            person, ones = after.table.person[seen], np.ones(len(seen))
            out["observed"] = ratio(after.table.y[seen], ones, person, drawn).document()
            out["expected"] = said(float(after.p[seen].mean()))
        low, high = float(up[part].max(initial=0.0)), float(down[part].max(initial=0.0))
        out["cusum"] = {"too_low": said(low), "too_high": said(high), "limit": said(limit), "flagged": max(low, high) > limit}
        mine = after.table.row[rows]
        rate = ratio(after.raised[mine].astype(float), after.days.eligible[mine] / WEEK, after.table.person[rows], drawn)
        top = max(TOLERANCE * COORDINATOR.budget, float(tops[month]))
        out["alerts"] = {**rate.document(), "budget": COORDINATOR.budget, "limit": said(top), "flagged": bool(rate.value > top)}
        told = inside[(inside[:, 0] >= part.start) & (inside[:, 0] < part.stop), 1]
        share = float(told.mean()) if len(told) >= LEAST_ROWS else float("nan")
        out["covered"] = {"value": said(share), "estimates": len(told), "flagged": bool(share < COVERED[0] or share > COVERED[1])}
        yield out


def _by_person(side: Side) -> list[Whole]:
    person = np.frombuffer(side.windows.person, dtype=side.windows.person.typecode)
    return np.split(np.arange(len(person)), np.nonzero(np.diff(person))[0] + 1)


def _rate_limits(before: Side, starts: Whole, days: int, seed: int) -> Floats:
    """Of each month, from the alerts of the reference by person and own day."""
    person = np.unique(before.days.person, return_inverse=True)[1]
    own = before.days.day.astype(np.int64) - np.array([one.first for one in before.dataset.people])[before.days.person]
    alerts_by_day, weeks_by_day = (np.zeros((int(person.max()) + 1, int(own.max()) + 1)) for _ in range(2))
    alerts_by_day[person, own], weeks_by_day[person, own] = before.raised, before.days.eligible / WEEK
    return drift.rate_limits(alerts_by_day, weeks_by_day, starts, MONTH_DAYS, days, seed=seed)


def _inside(side: Side, at: Whole) -> Floats:
    """Day of the watch, and whether a told craving lay in its interval."""
    starts = _starts(side, at)
    found = [
        (known + starts[place], value)
        for place, one in enumerate(side.dataset.people)
        if place in starts
        for known, value in zip(one.covered.known, one.covered.values, strict=True)
    ]
    return np.array(found) if found else np.zeros((0, 2))


def _quarters(before: Side, after: Side, at: Whole, drawn: Draws) -> Iterator[dict[str, Any]]:
    usual = ranking(before.table.y[before.known], before.p[before.known]).auroc(np.ones(int(before.known.sum())))
    labels = [dict(one.groups) for one in after.dataset.people]
    for quarter, rows in _periods(at[after.table.row], QUARTER_DAYS):
        part = _scored(after, rows)
        out: dict[str, Any] = {"from": quarter * QUARTER_DAYS, "windows": len(part.y), "reference": said(usual)}
        if part.y.sum() >= LEAST_EVENTS:
            whole = auroc_of(part, drawn)
            groups = [
                {"name": name, **one, "gap": said(one["auroc"]["value"] - whole.value), "flagged": one["auroc"]["high"] < whole.value}
                for name, found in subgroups(part, labels, drawn).items()
                for one in found
                if one.get("auroc", {}).get("value") is not None
            ]
            out |= {"auroc": whole.document(), "flagged": bool(whole.high < usual), "groups": groups}
        yield out


def _scored(side: Side, rows: Whole) -> Scored:
    part = side.table.rows(rows)
    return scored(part, side.p[rows], np.ones(len(rows)), np.zeros(len(side.dataset.people), dtype=np.int64)[part.person])


def _periods(moment: Whole, days: int) -> Iterator[tuple[int, Whole]]:
    for one in np.unique(moment // days).tolist():
        yield int(one), np.nonzero(moment // days == one)[0]


def _actions(report: dict[str, Any], after: Side, at: Whole, drawn: Draws) -> list[dict[str, Any]]:
    """What to try, in order: each only where something found leads to it. The numbers of a new calibration stand beside, unused."""
    wanted = {one["leads_to"] for one in report["found"]}
    numbers: dict[str, Any] = {}
    if "intercept" in wanted:
        rows = np.nonzero(at[after.table.row] >= int(at.max()) + 1 - QUARTER_DAYS)[0]
        part = _scored(after, rows)
        if part.y.sum() >= LEAST_EVENTS and len(np.unique(part.person)) >= LEAST_PEOPLE:
            intercept, slope = calibrated(part, drawn)
            numbers = {"intercept": intercept.document(), "slope": slope.document()}
            if slope.low > 1.0 or slope.high < 1.0:
                wanted = wanted - {"intercept"} | {"platt"}
    order: Sequence[str] = list(ACTIONS)
    return [
        {"action": one, "words": ACTIONS[one], **({"calibration": numbers} if one in {"intercept", "platt"} and numbers else {})}
        for one in order
        if one in wanted
    ]
