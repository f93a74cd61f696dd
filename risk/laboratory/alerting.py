"""What alerts of a model would do: by budget, under each policy, and for the content that people are offered themselves."""

from typing import Any, Final

import numpy as np

from risk.laboratory.budget import BUDGETS, Days, alerts, concentration, happened, threshold_for
from risk.laboratory.people import Draws, said
from risk.laboratory.policies import RESERVED, RISE, controlled, happened_after, moments, offered, reserved
from risk.population.channels import ABSTINENT_DAYS, COORDINATOR, COORDINATOR_SLOW, SELF_HELP
from risk.population.features import columns
from risk.population.windows import USE, Windows
from risk.refit.table import Floats, Table, Whole
from risk.refit.train import Nested

LEAST_MOMENTS: Final = 200
"""Fewer estimates than these say nothing about a channel."""


def days_of(windows: Windows, table: Table) -> Days:
    """All person-days for the alert policy; eligible are the abstinent ones whose week was followed to its end."""
    due = np.zeros(len(windows), dtype=bool)
    due[table.row] = True
    abstinent = np.frombuffer(windows.abstinent) >= ABSTINENT_DAYS
    person = np.frombuffer(windows.person, dtype=windows.person.typecode).astype(np.int64)
    day = np.frombuffer(windows.day, dtype=windows.day.typecode).astype(np.int64)
    return Days(person, day, due & abstinent, np.frombuffer(windows.outcome["day"], dtype=np.int8) == USE)


def by_budget(windows: Windows, table: Table, done: Nested, drawn: Draws) -> list[dict[str, Any]]:
    """At each budget: a threshold from the training people of a fold, used on its test people. Nothing is tuned on who is tested."""
    days, p = days_of(windows, table), spread(done.probability, table, len(windows))
    return [{"budget": one, **alerted(days, alerts(days, p >= thresholds(days, table, done, one)), drawn)} for one in BUDGETS]


def policies(windows: Windows, table: Table, done: Nested, drawn: Draws) -> list[dict[str, Any]]:
    """The coordinators' budget spent in each way: by the threshold alone, with a reserve for a rise, with the reserve under the controller,
    as a promoted model is served, under the controller alone, and with at most two alerts open where closing one takes three weeks."""
    days, p = days_of(windows, table), spread(done.probability, table, len(windows))
    top = thresholds(days, table, done, COORDINATOR.budget)
    out = [{"policy": "threshold", **alerted(days, alerts(days, p >= top), drawn)}]
    when, calendar = calendar_of(windows)
    site = np.unique([one.site for one in windows.people], return_inverse=True)[1].astype(np.int64)[days.person]
    rise = rise_of(windows)
    if not np.isnan(rise[days.eligible]).all():
        fired, by_rise, beside = (np.zeros(len(windows), dtype=bool) for _ in range(3))
        kept = np.full(len(windows), np.inf)
        for (inside, outside), trained in zip(done.splits, done.trained, strict=True):
            mine, others = table.row[inside], table.row[outside]
            both = reserved(days.rows(mine), trained.out_of_fold, rise[mine], COORDINATOR.budget)
            fired[others] = both.fires(p[others], rise[others])
            by_rise[others] = p[others] < both.probability
            kept[others], beside[others] = both.probability, rise[others] >= both.rise
        raised = alerts(days, fired)
        share = said(float(by_rise[raised].mean())) if len(raised) else None
        out.append({"policy": "reserve", "reserved": RESERVED, "by_rise": share, **alerted(days, raised, drawn)})
        served = controlled(days, p, kept, when, site, COORDINATOR.budget, beside=beside)
        highest = said(max(served.highest, default=0.0))
        out.append({"policy": "served", "calendar": calendar, "highest_shift": highest, **alerted(days, served.raised, drawn)})
    steered = controlled(days, p, top, when, site, COORDINATOR.budget)
    highest = said(max(steered.highest, default=0.0))
    out.append({"policy": "controller", "calendar": calendar, "highest_shift": highest, **alerted(days, steered.raised, drawn)})
    out.append({"policy": "open", **alerted(days, alerts(days, p >= top, COORDINATOR_SLOW), drawn)})
    return [{"budget": COORDINATOR.budget, **one} for one in out]


def self_help(windows: Windows, table: Table, done: Nested, drawn: Draws) -> dict[str, Any] | None:
    """Content offered at most once a day on average and never within four hours, by the estimate's level; None without estimates."""
    at, level = moments(windows.people)
    if len(level) < LEAST_MOMENTS:
        return None
    folds = [(np.unique(table.person[inside]), np.unique(table.person[outside])) for inside, outside in done.splits]
    raised = offered(at, level, folds)
    figures = {name: one.document() for name, one in happened_after(at, raised, drawn).items()}
    told = {name: said(value) for name, value in concentration(at, raised).items()}
    return {"budget": SELF_HELP.budget, "moments": len(level), "alerts": len(raised), **figures, "concentration": told}


def alerted(days: Days, raised: Whole, drawn: Draws) -> dict[str, Any]:
    """What these alerts would have done, as a document."""
    figures = {name: found.document() for name, found in happened(days, raised, drawn).items()}
    told = {name: said(value) for name, value in concentration(days, raised).items()}
    return {"alerts": len(raised), **figures, "concentration": told}


def spread(values: Floats, table: Table, size: int) -> Floats:
    """Values of a table's rows over all windows; NaN elsewhere."""
    out = np.full(size, np.nan)
    out[table.row] = values
    return out


def thresholds(days: Days, table: Table, done: Nested, budget: float) -> Floats:
    """For each window the threshold of the fold in which its person is tested."""
    out = np.full(len(days.person), np.inf)
    for (inside, outside), trained in zip(done.splits, done.trained, strict=True):
        out[table.row[outside]] = threshold_for(days.rows(table.row[inside]), trained.out_of_fold, budget)
    return out


def rise_of(windows: Windows) -> Floats:
    """The newest rise of each person at each window; NaN where the dataset has no estimates."""
    names = [one.name for one in columns(windows.sources)]
    wanted = f"network:{RISE}"
    return np.frombuffer(windows.values[names.index(wanted)]) if wanted in names else np.full(len(windows), np.nan)


def calendar_of(windows: Windows) -> tuple[Whole, bool]:
    """The calendar day of each window; without a calendar, its study day, as if all had begun on one day."""
    day = np.frombuffer(windows.day, dtype=windows.day.typecode).astype(np.int64)
    person = np.frombuffer(windows.person, dtype=windows.person.typecode).astype(np.int64)
    began = [one.began for one in windows.people]
    if any(one is None for one in began):
        return day, False
    return day + np.array([one.toordinal() for one in began if one], dtype=np.int64)[person], True
