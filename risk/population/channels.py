"""How often anyone may be alerted: refractory times, alerts that are still open, and a site's threshold that follows its own rate. Pure.

The house's rules for a model's alerts (risk-model.md 2.3 and 2.4): the same code when thresholds are set and simulated on a dataset, and
when a promoted model serves.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from models.definition.escalation import BUDGET_REFRACTORY_HOURS

WEEK: Final = 7.0
ABSTINENT_DAYS: Final = 7
"""A model alerts about people without a use for so long: a use that was told is a rule of its own, outside the budget."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where alerts go. `budget` is for each person-week, times are in days.

    An alert counts as open for `open_days`, since nobody's work is known beforehand; `most_open` are open at once for one person.
    """

    name: str
    budget: float
    refractory_days: float
    most_open: int | None = None
    open_days: float = 0.0


_REFRACTORY_DAYS: Final = BUDGET_REFRACTORY_HOURS / 24.0
COORDINATOR: Final = Channel("coordinator", 0.2, _REFRACTORY_DAYS, most_open=2, open_days=7.0)
COORDINATOR_SLOW: Final = Channel("coordinator, three weeks to close", 0.2, _REFRACTORY_DAYS, most_open=2, open_days=21.0)
SELF_HELP: Final = Channel("self-help", 7.0, 4.0 / 24.0)


def admitted(moments: Sequence[float], channel: Channel) -> list[int]:
    """Places of the moments of one person, in order of time, at which an alert is raised.

    >>> admitted([0.0, 3.0, 7.0, 14.0, 21.0], COORDINATOR)
    [0, 2, 3, 4]
    >>> admitted([0.0, 3.0, 7.0, 14.0, 21.0], COORDINATOR_SLOW)
    [0, 2, 4]
    >>> admitted([0.0, 0.1, 0.2], SELF_HELP)
    [0, 2]
    """
    chosen: list[int] = []
    raised: list[float] = []
    for place, moment in enumerate(moments):
        if allowed(raised, moment, channel):
            chosen.append(place)
            raised.append(moment)
    return chosen


Held = Literal["refractory", "open"]


def held_by(raised: Sequence[float], moment: float, channel: Channel, *, still_open: int | None = None) -> Held | None:
    """What keeps a person who was alerted at `raised`, in order, from being alerted at `moment`; None: nothing.

    `still_open`: how many are known to be open. None: nobody's work is known, and each counts as open for the channel's `open_days`.

    >>> held_by([0.0], 6.0, COORDINATOR), held_by([0.0], 7.0, COORDINATOR), held_by([0.0, 7.0], 14.0, COORDINATOR, still_open=2)
    ('refractory', None, 'open')
    """
    if raised and moment < raised[-1] + channel.refractory_days:
        return "refractory"
    open_now = len(raised) - bisect_right(raised, moment - channel.open_days) if still_open is None else still_open
    return "open" if channel.most_open is not None and open_now >= channel.most_open else None


def allowed(raised: Sequence[float], moment: float, channel: Channel) -> bool:
    """Whether nothing holds an alert back, where nobody's work is known."""
    return held_by(raised, moment, channel) is None


TOLERANCE: Final = 1.25
"""A site's rate may be a quarter above its budget: the budget is an expectation."""
TRAILING_DAYS: Final = 28
STEP: Final = 0.05
"""On the logit of the threshold, each day: odds rise by 5 % a day, fourfold in four weeks."""
LEAST_PERSON_WEEKS: Final = 10.0
"""Below so many in the trailing days a site's rate says nothing."""


def steered(shift: float, alerts: int, person_weeks: float, budget: float) -> float:
    """How far above its calibrated threshold a site's stands tomorrow, on the logit: up while its trailing rate is above 1.25 × the budget,
    back by the same step once it is within the budget, and never below the calibrated one.

    >>> steered(0.0, 6, 20.0, 0.2), steered(0.1, 4, 20.0, 0.2), steered(0.1, 5, 20.0, 0.2), steered(0.0, 9, 9.0, 0.2)
    (0.05, 0.05, 0.1, 0.0)
    """
    if person_weeks < LEAST_PERSON_WEEKS:
        return shift
    if alerts > TOLERANCE * budget * person_weeks:
        return shift + STEP
    return max(0.0, shift - STEP) if alerts <= budget * person_weeks else shift


@dataclass(slots=True)
class Site:
    """One site while days go by: the shift of its threshold, and what the trailing days held."""

    budget: float
    shift: float = 0.0
    highest: float = 0.0
    _alerts: list[int] = field(default_factory=list)
    _weeks: list[float] = field(default_factory=list)

    def saw_day(self, alerts: int, eligible: int) -> None:
        """A day before this one, with so many alerts among so many eligible people; its shift is known."""
        self._alerts = [*self._alerts[1 - TRAILING_DAYS :], alerts]
        self._weeks = [*self._weeks[1 - TRAILING_DAYS :], eligible / WEEK]

    def ends_day(self, alerts: int, eligible: int) -> None:
        """The same, and the threshold of the next day."""
        self.saw_day(alerts, eligible)
        self.shift = steered(self.shift, sum(self._alerts), sum(self._weeks), self.budget)
        self.highest = max(self.highest, self.shift)


def shift_of(days: Mapping[int, tuple[int, int]], since: int, shift: float, today: int, budget: float) -> float:
    """A site's shift on day `today`, from what it was on day `since` and (alerts, eligible people) by day.

    >>> shift_of({day: (3, 40) for day in range(30)}, 29, 0.5, 30, 0.2), shift_of({}, 30, 0.5, 30, 0.2)
    (0.55, 0.5)
    """
    site = Site(budget, shift)
    for day in range(since - TRAILING_DAYS, since):
        site.saw_day(*days.get(day, (0, 0)))
    for day in range(since, today):
        site.ends_day(*days.get(day, (0, 0)))
    return site.shift
