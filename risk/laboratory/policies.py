"""What else decides about alerts, simulated: a reserve for what is unusual for the person, a site whose threshold follows its rate, and
content offered to the person. Thresholds come from people who are not tested, as everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Final

import numpy as np

from risk.laboratory.budget import Days, alerts, threshold_for
from risk.laboratory.measures import logits
from risk.laboratory.people import Draws, Figure, ratio
from risk.population.artefact import Both
from risk.population.channels import COORDINATOR, SELF_HELP, WEEK, Channel, Site, allowed
from risk.population.history import History
from risk.refit.table import Flags, Floats, Whole

RESERVED: Final = 0.2
"""The share of a budget that is kept for the person-relative trigger, so that those who never pass an absolute threshold are seen."""
RISE: Final = "rise"
LEVEL: Final = "level"


def reserved(days: Days, p: Floats, rise: Floats, budget: float, *, channel: Channel = COORDINATOR) -> Both:
    """Thresholds of both kinds within one budget: the probability has four fifths, and the rise what is left when both count.

    The threshold on the rise is the same for everybody: a top share of each one's own history would fire by construction in everyone.
    Where there is no rise at all the probability has the whole.
    """
    if np.isnan(rise[days.eligible]).all():
        return Both(threshold_for(days, p, budget, channel=channel), np.inf)
    top = threshold_for(days, p, (1.0 - RESERVED) * budget, channel=channel)
    return Both(top, threshold_for(days, rise, budget, beside=p >= top, channel=channel))


@dataclass(frozen=True, slots=True)
class Steered:
    """Alerts under the controller: their places, and how far each site's threshold rose at most, on the logit."""

    raised: Whole
    highest: tuple[float, ...]


def controlled(
    days: Days,
    p: Floats,
    threshold: Floats,
    when: Whole,
    site: Whole,
    budget: float,
    *,
    beside: Flags | None = None,
    channel: Channel = COORDINATOR,
) -> Steered:
    """The same alerts day by day, with each site's threshold raised while its trailing rate is too high.

    `when` is the calendar day of each row and `site` its site's number. Days `beside` raise alerts however far the threshold is raised.
    """
    above = np.where(threshold < 1.0, logits(p) - logits(np.minimum(threshold, 1.0)), -np.inf)
    above = above if beside is None else np.where(beside, np.inf, above)
    places: list[int] = []
    highest: list[float] = []
    for one in np.unique(site[days.eligible]).tolist():
        mine = days.eligible & (site == one)
        first = int(when[mine].min())
        eligible = np.bincount(when[mine] - first)
        fired = np.nonzero(mine & (above >= 0.0))[0]
        due: dict[int, list[int]] = {}
        for row in fired.tolist():
            due.setdefault(int(when[row]) - first, []).append(row)
        state, raised = Site(budget), dict[int, list[float]]()
        for day, number in enumerate(eligible.tolist()):
            today = 0
            for row in due.get(day, ()):
                own = raised.setdefault(int(days.person[row]), [])
                if above[row] >= state.shift and allowed(own, float(days.day[row]), channel):
                    own.append(float(days.day[row]))
                    places.append(row)
                    today += 1
            state.ends_day(today, number)
        highest.append(state.highest)
    return Steered(np.array(sorted(places), dtype=np.int64), tuple(highest))


def moments(people: Sequence[History]) -> tuple[Days, Floats]:
    """Every estimate as a moment at which content may be offered, with its level; `use` where that day or the next one has a use."""
    person: list[int] = []
    day: list[float] = []
    level: list[float] = []
    use: list[bool] = []
    for place, one in enumerate(people):
        found = one.states.get(LEVEL)
        used = {int(at) for at in one.uses.at}
        for known, value in zip(found.known, found.values, strict=True) if found else ():
            if one.first <= known < one.last:
                person.append(place)
                day.append(known)
                level.append(value)
                use.append(floor(known) in used or floor(known) + 1 in used)
    rows = Days(np.array(person, dtype=np.int64), np.array(day), np.ones(len(day), dtype=bool), np.array(use, dtype=bool))
    return rows, np.array(level)


def offered(at: Days, level: Floats, folds: Sequence[tuple[Whole, Whole]]) -> Whole:
    """Moments at which content is offered, with thresholds on the level from the people of the other folds. `folds` are of people."""
    raised = []
    for inside, outside in folds:
        mine, others = (np.nonzero(np.isin(at.person, one))[0] for one in (inside, outside))
        least = threshold_for(at.rows(mine), level[mine], SELF_HELP.budget, channel=SELF_HELP)
        raised.append(others[alerts(at.rows(others), level[others] >= least, SELF_HELP)])
    return np.sort(np.concatenate(raised)) if raised else np.zeros(0, dtype=np.int64)


def happened_after(at: Days, raised: Whole, drawn: Draws) -> dict[str, Figure]:
    """How often content is offered, and how often a use is told of that day or the next."""
    once = np.zeros(len(at.person))
    once[raised] = 1.0
    first = np.append(True, (np.diff(at.person) != 0) | (np.diff(np.floor(at.day)) != 0))[: len(at.person)]
    return {
        "alerts_per_person_week": ratio(once, first / WEEK, at.person, drawn),
        "predictive_value_24h": ratio(once * at.use, once, at.person, drawn),
    }
