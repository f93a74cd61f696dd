"""A prior for the estimator, learned from people's answers: what `risk.estimate` would start a new person of the same study with. Off line.

Moments of each variable, and of each coupling the mean and how people differ in it, by restricted maximum likelihood. What the people never
met keeps the assumption of the prior it begins from. A learned prior is a new artefact with a name and its provenance; nothing loads it by
itself.
"""

import json
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
from risk.estimate.prior import DAY, NIGHT, REGRESSORS, Coefficient, Document, LagPrior, Prior, Provenance, Residual, Variable, load
from risk.estimate.regressors import lag_share, nowcast_row, over_night
from risk.estimate.state import Baseline
from risk.laboratory.mixed import Mixed, reml
from risk.refit.table import Floats
from risk.terms import Observation

Stream = Sequence[Observation]
CRAVING: Final = "craving"
LEAST_PEOPLE: Final = 5
LEAST_PUBLISHED: Final = 20
"""People behind a prior that is to be used."""
LEAST_SPREAD: Final = 0.02
"""Of a variable on [0, 1]."""
TOGETHER: Final = ("lag", "R", "S", "W", "E")
"""Couplings that may vary together between people, where many are known; every other varies on its own."""
LEAST_TOGETHER: Final = 500
"""People behind such a covariance. Of fewer its correlations are mostly chance, and the weakest coupling follows others by them (0030)."""
METHOD: Final = "REML of a regression whose coefficients differ between people"
LEARNED: Final = "learned"
"""The source of a number that was learned."""


@dataclass(frozen=True, slots=True)
class Rows:
    """One person's regressions: craving on what is present, and on what was at the last answer, within a day and over a night.

    `floors` says which craving on what is present was told at the lowest point of its scale.
    """

    present: list[tuple[list[float], float]]
    floors: list[bool]
    day: list[tuple[list[float], float]]
    night: list[tuple[list[float], float]]


@dataclass(frozen=True, slots=True)
class Learned:
    """The prior of these people, as a document that still has the name of the one it began from, and how many of them said enough."""

    document: Document
    people: int
    used: int


def learned(streams: Sequence[Stream], nodes: Nodes, base: Document) -> Learned:
    """Raises Invalid (`too_few_people`) with fewer than five who said craving, (`no_craving`) where nobody did, and (`craving_never_moves`)
    where all said the same all the time.
    """
    document = _with_variables(base, streams, nodes)
    prior = load(canonical(document), rehearsal=True)
    rows = [rows_of(one, prior, nodes) for one in streams]
    used = sum(bool(one.present) for one in rows)
    if used < LEAST_PEOPLE:
        raise Invalid("too_few_people", f"{used} of {len(streams)} people said craving: a prior is learned from at least {LEAST_PEOPLE}.")
    indicators = [name for name, node in nodes.items() if node.node == "C"]
    if all(len({each.answers[name] for one in streams for each in one if name in each.answers}) < 2 for name in indicators):
        raise Invalid("craving_never_moves", "Every answer about craving is the same: nothing goes with it.")
    together = [REGRESSORS.index(name) for name in TOGETHER] if used >= LEAST_TOGETHER else []
    present = reml([one.present for one in rows], together, [one.floors for one in rows])
    day, night = reml([one.day for one in rows]), reml([one.night for one in rows])
    weights = [sum(len(one.day) for one in rows), sum(len(one.night) for one in rows)]
    document = msgspec.structs.replace(
        document,
        sources={**document.sources, LEARNED: "Learned from answers; see provenance."},
        coupling=_coefficients(document.coupling, present),
        coupling_covariance=_covariance(document.coupling, present),
        residual=_residual(document.residual, present),
        day=_lags(document.day, DAY, day),
        night=_lags(document.night, NIGHT, night),
        lag_residual=_residual(document.lag_residual, day, night, weights=weights),
    )
    return Learned(document, len(streams), used)


def published(found: Learned, base: Prior, *, name: str, dataset: str, made_at: str, synthetic: bool) -> bytes:
    """The file of a learned prior. `dataset` names what it was learned from, with its digest; `synthetic` is kept from `base` too.

    Raises Invalid (`too_few_people`) where fewer than 20 people are behind it, (`prior_refused`) where its numbers are out of range.
    """
    if found.used < LEAST_PUBLISHED:
        said = f"{found.used} of {found.people} people said enough about craving; a prior that is to be used needs {LEAST_PUBLISHED}."
        raise Invalid("too_few_people", said)
    limits = ", and every limit," if found.document.limits == base.document.limits else ""
    document = msgspec.structs.replace(
        found.document,
        name=name,
        version=1,
        assumption=False,
        synthetic=synthetic or base.document.synthetic,
        statement=f"Learned from {found.used} people of {dataset}. What they never met{limits} is as in {base.id}. "
        "It says how these people answered, and no claim of clinical validity rests on it.",
        provenance=Provenance(METHOD, dataset, found.people, found.used, made_at),
    )
    raw = json.dumps(msgspec.to_builtins(document), indent=1, ensure_ascii=False).encode() + b"\n"
    load(raw, rehearsal=True)
    return raw


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
    lags = {"day": block(document.day, DAY), "night": block(document.night, NIGHT)}
    kept = document.coupling_covariance if coupling == document.coupling else None
    made = msgspec.structs.replace(document, coupling=coupling, coupling_covariance=kept, **lags)
    return load(canonical(made), rehearsal=True)


def rows_of(stream: Stream, prior: Prior, nodes: Nodes) -> Rows:
    """The regressors that the estimator would have seen at each training answer, with the craving that was said."""
    layout, items, found = lay_out(nodes, prior), dict[str, Baseline](), Rows([], [], [], [])
    before: tuple[int, list[float | None]] | None = None
    told: tuple[int, float] | None = None
    for second, one in _training(stream):
        scores = read(items, one.answers, one.floor, layout, second)
        craving = scores.exposure[0]
        if craving is not None:
            lag = 0.0 if told is None else lag_share((second - told[0]) / 3600.0, DAY_HOURS) * told[1]
            found.present.append((nowcast_row(scores.exposure, lag, 0.0, 0.0, 0.0, one.local_hour), craving))
            found.floors.append(scores.floored)
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
    return msgspec.structs.replace(shipped, variables={**shipped.variables, **known})


def _moments(shipped: Variable, parts: Sequence[Floats]) -> Variable:
    means = np.array([one.mean() for one in parts])
    numbers = np.array([len(one) for one in parts])
    free = max(1, int((numbers - 1).sum()))
    within = float(sum(((one - one.mean()) ** 2).sum() for one in parts)) / free
    between = max(0.0, float(means.var()) - within * float((1.0 / numbers).mean()))
    spreads = {"within_sd": max(LEAST_SPREAD, within**0.5), "between_sd": max(LEAST_SPREAD, between**0.5)}
    return msgspec.structs.replace(shipped, mean=float(means.mean()), **spreads, note="Learned.")


def _coefficients(shipped: Mapping[str, Coefficient], found: Mixed | None) -> dict[str, Coefficient]:
    return dict(shipped) | {
        name: msgspec.structs.replace(shipped[name], mean=mean, sd=sd, mean_square=square, source=LEARNED, note="")
        for name, mean, sd, square in _met(REGRESSORS, found)
    }


def _covariance(shipped: Mapping[str, Coefficient], found: Mixed | None) -> list[list[float]] | None:
    """The lower triangle over all regressors: learned ones as they vary together, the others each on its own."""
    if found is None:
        return None
    whole = np.diag([shipped[name].sd ** 2 for name in REGRESSORS])
    whole[np.ix_(found.met, found.met)] = found.between
    return [row[: place + 1] for place, row in enumerate(whole.tolist())]


def _lags(shipped: LagPrior, names: Sequence[str], found: Mixed | None) -> LagPrior:
    row, sds, squares = dict(shipped.means.get("C", {})), dict(shipped.sds), dict(shipped.mean_squares)
    for name, *numbers in _met(names, found):
        row[name], sds[name], squares[name] = numbers
    return msgspec.structs.replace(shipped, means={**shipped.means, "C": row}, sds=sds, mean_squares=squares, note="")


def _met(names: Sequence[str], found: Mixed | None) -> Iterator[tuple[str, float, float, float]]:
    """Of each regressor that was met its mean, its deviation between people and its mean square."""
    if found is not None:
        deviations = np.sqrt(np.diag(found.between))
        for place, *numbers in zip(found.met, found.mean.tolist(), deviations.tolist(), found.squares.tolist(), strict=True):
            yield names[place], *numbers


def _residual(shipped: Residual, *found: Mixed | None, weights: Sequence[int] = (1,)) -> Residual:
    known = [(one.noise, weight) for one, weight in zip(found, weights, strict=True) if one is not None]
    if not known:
        return shipped
    return Residual(shipped.shape, shipped.shape * sum(noise * weight for noise, weight in known) / sum(weight for _, weight in known))


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
