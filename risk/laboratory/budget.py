"""Thresholds by alert budget, and what an alert policy does: at most one alert in a refractory time, as it would run.

The threshold is that of conformal risk control: people are exchangeable units, and the *expected* rate of a new person is bounded by the
budget. A realized rate may lie above it.
"""

from dataclasses import dataclass
from math import ceil, inf
from typing import Final

import numpy as np

from risk.laboratory.people import Draws, Figure, ratio
from risk.population.channels import COORDINATOR, WEEK, Channel, allowed
from risk.refit.table import Flags, Floats, Whole

BUDGETS: Final = (0.05, 0.1, 0.2, 0.5)
"""Alerts for each person-week."""
GRID: Final = 400
"""Thresholds that are tried: quantiles of the scores, dense at the top."""


@dataclass(frozen=True, slots=True)
class Days:
    """Person-days in order of person and day, or moments within days. `eligible`: an alert may be raised here (abstinent and due);
    `use`: use that day."""

    person: Whole
    day: Whole | Floats
    eligible: Flags
    use: Flags

    def rows(self, chosen: Whole) -> "Days":
        return Days(self.person[chosen], self.day[chosen], self.eligible[chosen], self.use[chosen])


def alerts(days: Days, fired: Flags, channel: Channel = COORDINATOR) -> Whole:
    """Places of the eligible days on which an alert is raised, of those where the policy `fired`."""
    rows = np.nonzero(days.eligible & fired)[0]
    chosen: list[int] = []
    raised: list[float] = []
    person = -1
    for row, whose, moment in zip(rows.tolist(), days.person[rows].tolist(), days.day[rows].tolist(), strict=True):
        if whose != person:
            person, raised = whose, []
        if allowed(raised, moment, channel):
            chosen.append(row)
            raised.append(moment)
    return np.array(chosen, dtype=np.int64)


def threshold_for(days: Days, score: Floats, budget: float, *, beside: Flags | None = None, channel: Channel = COORDINATOR) -> float:
    """min{tau: (sum over people of r(tau) + B) / (n + 1) <= budget}, r made monotone from high tau down; infinite where none is.

    r is a person's alerts by the weeks in which people are eligible on average, B its largest possible value. So the mean of r is the rate
    for each person-week: someone who is eligible for a day does not weigh as much as someone who is for months. Days `beside` raise alerts
    whatever their score, and count.
    """
    people, moments = np.unique(days.person[days.eligible], return_counts=True)
    if not len(people):
        return inf
    apart = np.unique(np.column_stack([days.person[days.eligible], np.floor(days.day[days.eligible])]), axis=0)
    eligible = np.unique(apart[:, 0], return_counts=True)[1]
    length = float(eligible.mean()) / WEEK
    most = min(float(moments.max()), float(ceil(eligible.max() / channel.refractory_days))) / length
    known = score[days.eligible & ~np.isnan(score)]
    shares = 1.0 - np.geomspace(1e-4, 1.0, GRID)
    highest, found = 0.0, inf
    for tau in np.unique(np.quantile(known, shares))[::-1].tolist() if len(known) else ():
        fired = score >= tau
        highest = max(highest, len(alerts(days, fired if beside is None else fired | beside, channel)) / length)
        if (highest + most) / (len(people) + 1) > budget:
            break
        found = float(tau)
    return found


def happened(days: Days, raised: Whole, drawn: Draws) -> dict[str, Figure]:
    """What alerts would have done. An onset is a use on an eligible day: the first after at least seven days without.

    It is caught by an alert in the seven days up to it; `lead_days` is from the first of these. A day nobody answered for is no use.
    """
    alert, within_day, within_week, caught, lead = (np.zeros(len(days.person)) for _ in range(5))
    used = set(zip(days.person[days.use].tolist(), days.day[days.use].tolist(), strict=True))
    by_person: dict[int, list[int]] = {}
    alert[raised] = 1.0
    for row in raised.tolist():
        person, day = int(days.person[row]), int(days.day[row])
        by_person.setdefault(person, []).append(day)
        within_day[row] = float((person, day) in used)
        within_week[row] = float(any((person, day + ahead) in used for ahead in range(7)))
    onset = days.eligible & days.use
    for row in np.nonzero(onset)[0].tolist():
        before = [day for day in by_person.get(int(days.person[row]), ()) if 0 <= days.day[row] - day < 7]
        caught[row] = float(bool(before))
        lead[row] = float(days.day[row] - before[0]) if before else 0.0
    return {
        "alerts_per_person_week": ratio(alert, days.eligible / 7.0, days.person, drawn),
        "predictive_value_24h": ratio(within_day, alert, days.person, drawn),
        "predictive_value_7d": ratio(within_week, alert, days.person, drawn),
        "onsets_caught": ratio(caught, onset.astype(float), days.person, drawn),
        "alerts_per_caught_onset": ratio(alert, caught, days.person, drawn),
        "lead_days": ratio(lead, caught, days.person, drawn),
    }


def concentration(days: Days, raised: Whole) -> dict[str, float]:
    """The share of alerts that go to the tenth of people with most, and of people who never get one; among people with eligible days."""
    people = np.unique(days.person[days.eligible])
    counts = np.sort(np.bincount(np.searchsorted(people, days.person[raised]), minlength=len(people)))[::-1]
    most = counts[: max(1, round(len(counts) / 10))].sum()
    whole = float(counts.sum())
    return {"top_tenth": most / whole if whole else float("nan"), "never": float((counts == 0).mean()), "people": len(people)}
