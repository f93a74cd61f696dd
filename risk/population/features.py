"""What the population models read of a person at one moment: M0, M1a, M1b, M1 and M2 (risk-model.md 2.3). Pure.

One function makes the features for training and for scoring. It reads only what was known by the moment asked for: nothing that comes
after it changes them. Couplings themselves are never features, since to a tree a slow constant of a person is a fingerprint.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, log1p, nan, pi, sin
from typing import Final, Literal

from risk.population.history import History, Prompts, Series, Told

Model = Literal["M0", "M1a", "M1b", "M1", "M2"]
MODELS: Final[tuple[Model, ...]] = ("M0", "M1a", "M1b", "M1", "M2")
WEEK: Final = 7.0
MONTH: Final = 28.0
"""Days: how far back a last answer still speaks, and over which the person's own mean is taken."""
KNOTS: Final = tuple(log1p(day) for day in (1.0, 3.0, 7.0, 14.0, 30.0, 60.0))
"""Where the logistic model's spline over log days since use may bend."""


@dataclass(frozen=True, slots=True)
class Variable:
    """An asked variable. `rising`: more of it may never lower the risk (craving; low confidence, since indicators are turned)."""

    name: str
    node: str
    rising: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A kind of timed event. `rising` 1: more of them may never lower the risk (missed doses), -1: never raise it, 0: either."""

    name: str
    rising: int = 0


@dataclass(frozen=True, slots=True)
class Sources:
    """What a dataset holds. The columns follow from it."""

    variables: tuple[Variable, ...] = ()
    events: tuple[Event, ...] = ()
    prompts: bool = False
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One feature. `group` is what people call it, `rising` the sign that a tree must keep, `models` those that read it."""

    name: str
    group: str
    rising: int
    models: tuple[Model, ...]


_USE: Final = (("days_log", 0), ("share_1d", 1), ("share_7d", 1), ("share_28d", 1), ("since_start", 1))
"""Days since use keep no sign: the hazard falls, but not evenly (a bump at a week, by weekly cycles and by recall that heaps on weeks)."""
_CALENDAR: Final = ("weekday_cos", "weekday_sin", "weekend")
_ANSWERING: Final = ("missed_24h", "missed_72h", "answered_7d", "latency_hours")
_PART_OF: Final[dict[str, tuple[Model, ...]]] = {"C": ("M1a",), "S": ("M1b",), "W": ("M1b",)}
_BEFORE: Final[dict[Model, tuple[Model, ...]]] = {"M0": (), "M1a": ("M0",), "M1b": ("M0",), "M1": ("M0",), "M2": ("M1",)}
_GROUPS: Final = {
    "C": "craving",
    "R": "reward and motivation",
    "S": "stress and affect",
    "W": "withdrawal and pain",
    "E": "executive control",
}


@lru_cache(maxsize=32)
def columns(sources: Sources) -> tuple[Column, ...]:
    """Every column, in the order in which `features_at` gives them.

    >>> [one.name for one in columns(Sources((Variable("craving", "C", rising=True),))) if "M1a" in one.models][-3:]
    ['last:craving', 'peak_7d:craving', 'change:craving']
    """
    out = [Column(f"use:{name}", "past use", rising, MODELS) for name, rising in _USE]
    out += [Column(f"calendar:{name}", "calendar", 0, MODELS) for name in _CALENDAR]
    for one in sources.variables:
        part = _PART_OF.get(one.node, ())
        group = _GROUPS.get(one.node, "other answers")
        out += [Column(f"{what}:{one.name}", group, int(one.rising), (*part, "M1", "M2")) for what in ("last", "peak_7d", "change")]
    for event in sources.events:
        out += [Column(f"events_{days}d:{event.name}", "events", event.rising, ("M1", "M2")) for days in (7, 28)]
    if sources.prompts:
        out += [Column(f"answering:{name}", "answering", 0, ("M1", "M2")) for name in _ANSWERING]
    return (*out, *(Column(f"network:{name}", "craving network", 0, ("M2",)) for name in sources.states))


def of_model(sources: Sources, model: Model) -> tuple[int, ...]:
    """The places of a model's columns among all. Empty for a model that would read no more than the one before it."""
    chosen = tuple(place for place, one in enumerate(columns(sources)) if model in one.models)
    return () if any(len(chosen) == len(of_model(sources, smaller)) for smaller in _BEFORE[model]) else chosen


def features_at(history: History, moment: float, sources: Sources) -> list[float]:
    """The features of a person at `moment`, in the order of `columns(sources)`; NaN where there is nothing to say."""
    out = _past_use(history, moment)
    out += _calendar(history, moment)
    for variable in sources.variables:
        out += _answers(history.series.get(variable.name), moment)
    for event in sources.events:
        out += _events(history.events.get(event.name), moment)
    if sources.prompts:
        out += _answering(history.prompts, moment)
    out += [_newest(history.states.get(name), moment) for name in sources.states]
    return out


def days_abstinent(history: History, moment: float) -> float:
    """Days since the newest use known by then; without one, since use is known at all."""
    used = _used(history.uses, moment)
    return moment - (max(used) if used else history.since)


def spline(log_days: float) -> tuple[float, ...]:
    """The bends of a linear spline over log1p of days since use, for the logistic model.

    >>> [round(one, 2) for one in spline(log1p(10.0))]
    [1.7, 1.01, 0.32, 0.0, 0.0, 0.0]
    """
    return tuple(max(0.0, log_days - knot) for knot in KNOTS)


def _used(uses: Told, moment: float) -> list[float]:
    """Days of use before the moment that were known by then."""
    return [at for at in uses.at[: bisect_right(uses.known, moment)] if at < moment]


def _past_use(history: History, moment: float) -> list[float]:
    used = _used(history.uses, moment)
    seen = max(moment - history.since, 1.0)
    newest = max(used) if used else history.since
    shares = [len({int(at) for at in used if at >= moment - days}) / min(days, seen) for days in (1.0, WEEK, MONTH)]
    return [log1p(max(moment - newest, 0.0)), *(min(one, 1.0) for one in shares), 1.0 if newest >= history.first and used else 0.0]


def _calendar(history: History, moment: float) -> list[float]:
    """The day of the week; without a calendar, of the week of the study, whose weekend is not known."""
    day = int(moment) + (history.began.toordinal() - 1 if history.began else 0)
    angle = 2.0 * pi * (day % 7) / 7.0
    return [cos(angle), sin(angle), nan if history.began is None else float(day % 7 >= 5)]


def _answers(asked: Series | None, moment: float) -> Sequence[float]:
    """Newest answer, the highest of a week, and the newest against the person's own mean of four weeks."""
    if asked is None:
        return (nan, nan, nan)
    stop = bisect_right(asked.known, moment)
    start = bisect_left(asked.known, moment - MONTH, 0, stop)
    if start == stop:
        return (nan, nan, nan)
    month = asked.values[start:stop]
    week = month[bisect_left(asked.known, moment - WEEK, start, stop) - start :]
    return (month[-1], max(week, default=nan), month[-1] - sum(month) / len(month))


def _events(happened: Told | None, moment: float) -> Sequence[float]:
    if happened is None:
        return (0.0, 0.0)
    known = happened.at[: bisect_right(happened.known, moment)]
    return tuple(float(sum(moment - days <= at < moment for at in known)) for days in (WEEK, MONTH))


def _answering(prompts: Prompts | None, moment: float) -> Sequence[float]:
    if prompts is None:
        return (nan, nan, 0.0, nan)
    stop = bisect_right(prompts.known, moment)
    missed = [float(sum(not one for one in prompts.answered[bisect_left(prompts.known, moment - days) : stop])) for days in (1.0, 3.0)]
    week = slice(bisect_left(prompts.known, moment - WEEK), stop)
    latencies = [one for one in prompts.latency_hours[week] if one == one]  # noqa: PLR0124  # NaN is not itself
    return (*missed, float(sum(prompts.answered[week])), sum(latencies) / len(latencies) if latencies else nan)


def _newest(state: Series | None, moment: float) -> float:
    """A number of the network counts for as long as an answer does."""
    if state is None:
        return nan
    stop = bisect_right(state.known, moment)
    return state.values[stop - 1] if stop and state.known[stop - 1] >= moment - MONTH else nan
