"""A prior for the estimator, learned from people's answers: what `risk.estimate` would start a new person of the same study with.

Moments of each variable, and mean and spread between people of each coupling, by maximum likelihood of a regression whose coefficients
differ between people (EM). What the people never met keeps the shipped assumption.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import numpy as np

from models.codec import canonical
from models.errors import Invalid
from risk.estimate.baseline import begin, learn
from risk.estimate.domains import read
from risk.estimate.lagged import DAY_HOURS, regressors
from risk.estimate.layout import lay_out
from risk.estimate.nodes import Nodes
from risk.estimate.prior import DAY, NIGHT, REGRESSORS, Coefficient, Document, LagPrior, Prior, Residual, Variable, load
from risk.estimate.regressors import lag_share, nowcast_row, over_night
from risk.estimate.state import Baseline
from risk.refit.table import Floats
from risk.terms import Observation

Stream = Sequence[Observation]
CRAVING: Final = "craving"
LEAST_PEOPLE: Final = 5
ROUNDS: Final = 300
LEAST_SD: Final = 0.02
"""Of a coupling between people: as in risk.estimate.warmstart, a covariance must have an inverse."""
LEAST_SPREAD: Final = 0.02
"""Of a variable on [0, 1]."""
NEVER_MET: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Rows:
    """One person's regressions: craving on what is present, and on what was at the last answer, within a day and over a night."""

    present: list[tuple[list[float], float]]
    day: list[tuple[list[float], float]]
    night: list[tuple[list[float], float]]


def learned(streams: Sequence[Stream], nodes: Nodes, shipped: Document) -> Prior:
    """The prior of these people. Raises Invalid (`too_few_people`) with fewer than five."""
    if len(streams) < LEAST_PEOPLE:
        raise Invalid("too_few_people", f"A prior is learned from at least {LEAST_PEOPLE} people.")
    document = _with_variables(shipped, streams, nodes)
    prior = load(canonical(document), rehearsal=True)
    rows = [rows_of(one, prior, nodes) for one in streams]
    present, noise = fitted([one.present for one in rows])
    day, day_noise = fitted([one.day for one in rows])
    night, night_noise = fitted([one.night for one in rows])
    lag_noise = np.average([day_noise, night_noise], weights=[sum(len(one.day) for one in rows), sum(len(one.night) for one in rows)])
    document = msgspec.structs.replace(
        document,
        coupling=_coefficients(document.coupling, present),
        coupling_covariance=None,
        residual=_residual(document.residual, noise),
        day=_lags(document.day, DAY, day),
        night=_lags(document.night, NIGHT, night),
        lag_residual=_residual(document.lag_residual, float(lag_noise)),
    )
    return load(canonical(document), rehearsal=True)


def changed(document: Document, change: Callable[[float, float], tuple[float, float]]) -> Prior:
    """The same prior with (mean, deviation) of every coupling on craving changed."""

    def one(part: Coefficient) -> Coefficient:
        mean, sd = change(part.mean, part.sd)
        return msgspec.structs.replace(part, mean=mean, sd=sd)

    def block(part: LagPrior, names: Sequence[str]) -> LagPrior:
        row = part.means.get("C", {})
        made = {name: change(row.get(name, 0.0), part.sds[name]) for name in names}
        means = {**part.means, "C": {name: mean for name, (mean, _) in made.items()}}
        return msgspec.structs.replace(part, means=means, sds={name: sd for name, (_, sd) in made.items()})

    coupling = {name: one(part) for name, part in document.coupling.items()}
    made = msgspec.structs.replace(document, coupling=coupling, day=block(document.day, DAY), night=block(document.night, NIGHT))
    return load(canonical(made), rehearsal=True)


def rows_of(stream: Stream, prior: Prior, nodes: Nodes) -> Rows:
    """The regressors that the estimator would have seen at each training answer, with the craving that was said."""
    layout, items, found = lay_out(nodes, prior), dict[str, Baseline](), Rows([], [], [])
    before: tuple[int, list[float | None]] | None = None
    told: tuple[int, float] | None = None
    for second, one in _training(stream):
        scores = read(items, one.answers, one.floor, layout, second)
        craving = scores.exposure[0]
        if craving is not None:
            lag = 0.0 if told is None else lag_share((second - told[0]) / 3600.0, DAY_HOURS) * told[1]
            found.present.append((nowcast_row(scores.exposure, lag, 0.0, 0.0, 0.0, one.local_hour), craving))
            if before is not None:
                hours = (second - before[0]) / 3600.0
                night = over_night(hours, one.local_hour)
                (found.night if night else found.day).append((regressors(before[1], hours, one.local_hour, night), craving))
            told = (second, craving)
        if scores.answered:
            before = (second, scores.exposure)
        for place, answer, _ in scores.answered:
            items[place.variable] = learn(items.get(place.variable) or begin(place), answer, second)
    return found


def fitted(people: Sequence[Sequence[tuple[list[float], float]]]) -> tuple[list[tuple[float, float, float] | None], float]:
    """For each regressor its mean and deviation between people and its mean square, None where nobody met it; and the residual variance.

    y_i = X_i b_i + e, b_i ~ N(m, diag(d²)), e ~ N(0, s²), by EM.
    """
    some = [(np.array([x for x, _ in one]), np.array([y for _, y in one])) for one in people if one]
    if not some:
        return [], 1.0
    squares = np.mean(np.concatenate([x for x, _ in some]) ** 2, axis=0)
    kept = np.nonzero(squares > NEVER_MET)[0]
    gram = np.array([x[:, kept].T @ x[:, kept] for x, _ in some])
    cross = np.array([x[:, kept].T @ y for x, y in some])
    mean, spread, noise = _maximized(gram, cross, sum(float(y @ y) for _, y in some), sum(len(y) for _, y in some))
    out: list[tuple[float, float, float] | None] = [None] * len(squares)
    for place, one, square in zip(kept.tolist(), mean.tolist(), spread.tolist(), strict=True):
        out[place] = (one, max(LEAST_SD, square**0.5), float(squares[place]))
    return out, noise


def _maximized(gram: Floats, cross: Floats, square: float, number: int) -> tuple[Floats, Floats, float]:
    size = gram.shape[1]
    mean, spread, noise = np.zeros(size), np.full(size, 0.1), square / number
    for _ in range(ROUNDS):
        inside = np.linalg.inv(gram / noise + np.diag(1.0 / spread))
        own = np.einsum("nij,nj->ni", inside, cross / noise + mean / spread)
        before, mean = mean, own.mean(axis=0)
        spread = np.maximum(LEAST_SD**2, (np.einsum("nii->ni", inside) + (own - mean) ** 2).mean(axis=0))
        missed = square - 2.0 * float((own * cross).sum()) + float(np.einsum("ni,nij,nj->", own, gram, own))
        noise = (missed + float(np.einsum("nij,nji->", gram, inside))) / number
        if np.abs(mean - before).max() < 1e-6:
            break
    return mean, spread, noise


def _training(stream: Stream) -> Iterator[tuple[int, Observation]]:
    for one in stream:
        if one.trains and one.kind == "response" and one.answers:
            yield int(one.event_time.timestamp()), one


def _with_variables(shipped: Document, streams: Sequence[Stream], nodes: Nodes) -> Document:
    """Moments of the training people, variable by variable."""
    said: dict[str, list[Floats]] = {}
    for stream in streams:
        own: dict[str, list[float]] = {}
        for _, one in _training(stream):
            for name, value in one.answers.items():
                own.setdefault(name, []).append(value)
        for name, values in own.items():
            said.setdefault(name, []).append(np.array(values))
    known = {name: _moments(shipped.variables.get(name, shipped.generic), parts) for name, parts in said.items() if name in nodes}
    if CRAVING in nodes and CRAVING not in known:
        raise Invalid("no_craving", "Nobody in training answered about craving.")
    return msgspec.structs.replace(shipped, variables={**shipped.variables, **known}, synthetic=shipped.synthetic)


def _moments(shipped: Variable, parts: Sequence[Floats]) -> Variable:
    means = np.array([one.mean() for one in parts])
    numbers = np.array([len(one) for one in parts])
    free = max(1, int((numbers - 1).sum()))
    within = float(sum(((one - one.mean()) ** 2).sum() for one in parts)) / free
    between = max(0.0, float(means.var()) - within * float((1.0 / numbers).mean()))
    return msgspec.structs.replace(
        shipped, mean=float(means.mean()), within_sd=max(LEAST_SPREAD, within**0.5), between_sd=max(LEAST_SPREAD, between**0.5)
    )


def _coefficients(shipped: Mapping[str, Coefficient], found: Sequence[tuple[float, float, float] | None]) -> dict[str, Coefficient]:
    made = dict(shipped)
    for name, one in zip(REGRESSORS, found, strict=bool(found)):
        if one is not None:
            made[name] = msgspec.structs.replace(shipped[name], mean=one[0], sd=one[1], mean_square=one[2])
    return made


def _lags(shipped: LagPrior, names: Sequence[str], found: Sequence[tuple[float, float, float] | None]) -> LagPrior:
    row, sds, squares = dict(shipped.means.get("C", {})), dict(shipped.sds), dict(shipped.mean_squares)
    for name, one in zip(names, found, strict=bool(found)):
        if one is not None:
            row[name], sds[name], squares[name] = one
    return msgspec.structs.replace(shipped, means={**shipped.means, "C": row}, sds=sds, mean_squares=squares)


def _residual(shipped: Residual, variance: float) -> Residual:
    return Residual(shipped.shape, shipped.shape * variance)


def of_craving(stream: Stream, wanted: Sequence[str]) -> list[Observation]:
    """The same answers with one indicator of craving: the mean of the wanted variables, where all of them were answered."""
    made = []
    for one in stream:
        answers = {name: value for name, value in one.answers.items() if name not in wanted}
        if all(name in one.answers for name in wanted):
            answers[CRAVING] = sum(one.answers[name] for name in wanted) / len(wanted)
        floor = frozenset({CRAVING}) if answers.get(CRAVING) == 0.0 else frozenset()
        made.append(replace(one, answers=answers, floor=floor))
    return made
