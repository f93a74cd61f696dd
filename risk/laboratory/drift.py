"""Has anything moved? Shares against a reference, and sums that gather small misses, each beside what chance alone would give."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from risk.refit.table import Floats, Whole

PSI_LIMIT: Final = 0.2
"""Above it a feature has moved, by the usual rule."""
BINS: Final = 10
DRAWS: Final = 200
SLACK: Final = 0.25
"""Of a day's standardized miss: so much is forgiven each day."""
FALSE_ALARM: Final = 0.05
"""Of the whole time that is watched, where nothing moved."""
LAST_PHASE: Final = 4
"""After four weeks every feature has its whole past."""


@dataclass(frozen=True, slots=True)
class Usual:
    """The reference: for each feature its tenths, and for each person-week the phase of the person's study and the rows in each tenth of
    each feature, missing values last."""

    names: tuple[str, ...]
    edges: tuple[Floats, ...]
    phase: Whole
    counts: Floats

    def parts(self, counts: Floats) -> list[Floats]:
        """Counts of all features, feature by feature."""
        return np.split(counts, np.cumsum([len(one) + 2 for one in self.edges])[:-1], axis=-1)


@dataclass(frozen=True, slots=True)
class Rows:
    """Feature rows with the person-week of each, and the phase of the person's study: the weeks since its start, the last one open."""

    x: Floats
    unit: Whole
    phase: Whole


def usual(rows: Rows, names: Sequence[str]) -> Usual:
    """What is usual in a reference. A person-week counts as one draw: its days are alike."""
    edges = tuple(_tenths(column) for column in rows.x.T)
    units, first, place = np.unique(rows.unit, return_index=True, return_inverse=True)
    return Usual(tuple(names), edges, rows.phase[first], _counted(rows.x, edges, place, len(units)))


def _tenths(column: Floats) -> Floats:
    known = column[~np.isnan(column)]
    return np.unique(np.quantile(known, np.linspace(0.0, 1.0, BINS + 1)[1:-1])) if len(known) else np.zeros(0)


def _counted(x: Floats, edges: Sequence[Floats], place: Whole, units: int) -> Floats:
    made = []
    for column, cuts in zip(x.T, edges, strict=True):
        bins = len(cuts) + 2
        found = np.where(np.isnan(column), len(cuts) + 1, np.searchsorted(cuts, column, side="right"))
        made.append(np.bincount(place * bins + found, minlength=units * bins).reshape(units, bins))
    return np.hstack(made).astype(np.float64)


def _share(counts: Floats) -> Floats:
    """Shares of bins; half a row in each keeps an empty one from being infinite."""
    return np.asarray((counts + 0.5) / (counts.sum(axis=-1, keepdims=True) + 0.5 * counts.shape[-1]))


def stability(expected: Floats, found: Floats) -> Floats:
    """The population stability index: sum of (found - expected) ln(found / expected) over bins.

    >>> round(float(stability(np.array([0.5, 0.5]), np.array([0.75, 0.25]))), 3)
    0.275
    """
    return np.asarray(((found - expected) * np.log(found / expected)).sum(axis=-1))


@dataclass(frozen=True, slots=True)
class Moved:
    """A feature in one week: its index, the least that is not chance, and the share that is missing."""

    name: str
    index: float
    by_chance: float
    missing: float

    @property
    def limit(self) -> float:
        return max(PSI_LIMIT, self.by_chance)


def moved(reference: Usual, week: Rows, *, seed: int) -> list[Moved]:
    """How far each feature of a week is from people of the reference who were as long in the study.

    `by_chance` was passed by no feature in any of 200 weeks drawn from the reference, in which nothing moved: as many person-weeks are
    drawn, and the reference again, and each feature's index is held against its own usual size (Westfall and Young's greatest deviation).
    """
    chance = np.random.default_rng(seed)
    found = _counted(week.x, reference.edges, np.zeros(len(week.unit), dtype=np.int64), 1)[0]
    expected: list[Floats] = [np.zeros(len(one) + 2) for one in reference.edges]
    again: list[Floats] = [np.zeros((DRAWS, len(one) + 2)) for one in reference.edges]
    drawn = np.zeros((DRAWS, reference.counts.shape[1]))
    for phase in np.unique(week.phase).tolist():
        known = reference.phase == _nearest(reference.phase, phase)
        units, weight = reference.counts[known], float((week.phase == phase).mean())
        even = np.full(len(units), 1.0 / len(units))
        number = len(np.unique(week.unit[week.phase == phase]))
        drawn += chance.multinomial(number, even, size=DRAWS) @ units
        once_more = chance.multinomial(len(units), even, size=DRAWS) @ units
        for place, (part, other) in enumerate(zip(reference.parts(units.sum(axis=0)), reference.parts(once_more), strict=True)):
            expected[place] += weight * _share(part)
            again[place] += weight * _share(other)
    index = np.array([stability(one, _share(part)) for one, part in zip(expected, reference.parts(found), strict=True)])
    draws = np.array([stability(one, _share(part)) for one, part in zip(again, reference.parts(drawn), strict=True)])
    size = np.maximum(np.quantile(draws, 0.9, axis=1), 1e-6)
    top = float((draws / size[:, None]).max())
    missing = np.isnan(week.x).mean(axis=0)
    columns = zip(reference.names, index.tolist(), (top * size).tolist(), missing.tolist(), strict=True)
    return [Moved(*one) for one in columns]


def _nearest(phases: Whole, phase: int) -> int:
    """The reference's phase that is nearest, where it has none that is as long."""
    known = np.unique(phases)
    return int(known[np.argmin(np.abs(known - phase))])


@dataclass(frozen=True, slots=True)
class Misses:
    """Standardized misses (y - p) / sqrt(p (1 - p)) by place of the person and day since the watch began."""

    person: Whole
    day: Whole
    z: Floats


def misses(y: Floats, p: Floats, person: Whole, day: Whole) -> Misses:
    kept = np.clip(p, 1e-6, 1.0 - 1e-6)
    return Misses(person, day, (y - kept) / np.sqrt(kept * (1.0 - kept)))


def daily(one: Misses, days: int) -> Floats:
    """Each day's sum of misses over the root of their number; 0 on a day without any."""
    sums, numbers = np.bincount(one.day, one.z, days), np.bincount(one.day, minlength=days)
    return np.asarray(sums / np.sqrt(np.maximum(numbers, 1)))


def gathered(by_day: Floats) -> Floats:
    """The CUSUM of daily misses, upwards: S <- max(0, S + z - slack). Turn the sign for the other side.

    >>> gathered(np.array([1.0, 1.0, -2.0])).tolist()
    [0.75, 1.5, 0.0]
    """
    out, at = np.zeros(len(by_day)), 0.0
    for place, z in enumerate(by_day.tolist()):
        at = max(0.0, at + z - SLACK)
        out[place] = at
    return out


def limit(reference: Misses, starts: Whole, days: int, *, seed: int) -> float:
    """The height that a sum on either side passes in one of twenty watches where nothing moved.

    As many people as are watched are drawn from the reference and set to their starts: what a person has in common with themselves, and how
    many are there on a day, count as they do in the watch. `reference.day` is each person's own.
    """
    chance = np.random.default_rng(seed)
    edges = np.concatenate([[0], np.nonzero(np.diff(reference.person))[0] + 1, [len(reference.person)]])
    tops = []
    for _ in range(DRAWS):
        chosen = chance.integers(len(edges) - 1, size=len(starts))
        rows = np.concatenate([np.arange(edges[one], edges[one + 1]) for one in chosen])
        shifted = reference.day[rows] + np.repeat(starts, edges[chosen + 1] - edges[chosen])
        inside = (shifted >= 0) & (shifted < days)
        by_day = daily(Misses(reference.person[rows][inside], shifted[inside], reference.z[rows][inside]), days)
        tops.append(max(gathered(by_day).max(initial=0.0), gathered(-by_day).max(initial=0.0)))
    return float(np.quantile(tops, 1.0 - FALSE_ALARM))


def rate_limits(alerts: Floats, weeks: Floats, starts: Whole, period: int, days: int, *, seed: int) -> Floats:
    """For each period of a watch the rate of alerts that any period passes in one of twenty watches where nothing moved.

    `alerts` and `weeks` (person-weeks) of the reference by person and own day, under one threshold. As many people as are watched are drawn
    from it and set to their starts: a person's alerts come together. The reference is drawn again beside them, since a threshold that keeps
    the budget in one reference keeps it in another one about. Each period is held against its own usual size: at least the deviation of its
    draws, since in a short one nine of ten draws may hold no alert.
    """
    chance = np.random.default_rng(seed)
    number, longest = alerts.shape
    edges = np.minimum(np.arange(0, days + period, period), days)[None, :] - starts[:, None]  # the last period ends with the watch
    places = np.clip(edges, 0, longest)
    chosen = chance.integers(number, size=(DRAWS, len(starts)))
    again = chance.multinomial(number, np.full(number, 1.0 / number), size=DRAWS)
    raised, eligible = (np.pad(one.cumsum(axis=1), ((0, 0), (1, 0))) for one in (alerts, weeks))
    sums = [np.diff(one[chosen[:, :, None], places], axis=2).sum(axis=1) for one in (raised, eligible)]
    whole = alerts.sum() / max(weeks.sum(), 1e-9)
    drawn = _divided(*sums) - _divided(again @ alerts.sum(axis=1), again @ weeks.sum(axis=1))[:, None]
    size = np.maximum(np.quantile(drawn, 0.9, axis=0), np.maximum(drawn.std(axis=0), 1e-6))
    return np.asarray(whole + size * np.quantile((drawn / size).max(axis=1), 1.0 - FALSE_ALARM))


def _divided(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros(above.shape), where=below > 0)
