"""How well craving is foreseen, and how well it is read from what is present: two errors, never one (risk-model.md 2.2 and 2.4).

Every way is the estimator itself under another prior, so that they differ in the couplings alone. Whole people are held out: a prior is
learned from the others, and the held-out person is followed answer by answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from models.errors import Invalid
from risk.estimate import estimator
from risk.estimate.lagged import regressors
from risk.estimate.layout import Layout, lay_out
from risk.estimate.nodes import Nodes
from risk.estimate.prior import Document, Prior
from risk.estimate.regressors import over_night
from risk.estimate.state import RiskState
from risk.laboratory.learned_prior import CRAVING, Stream, changed, learned
from risk.laboratory.people import Draws, Figure, draws, ratio, said
from risk.refit.folds import grouped
from risk.refit.table import Flags, Floats, Whole
from risk.refit.train import SEED

FOLDS: Final = 5
LEAST_PEOPLE: Final = 10
LEAST_ANSWERS: Final = 5
"""Of craving, for a person to count."""
FIXED: Final = 1e-3
"""Deviation of a coupling that no answer moves."""
OPEN: Final = 10.0
"""Deviation of a coupling about which nothing is assumed: craving moves by ten units for one of exposure."""
WAYS: Final[Mapping[str, Callable[[float, float], tuple[float, float]]]] = {
    "shrunk": lambda mean, sd: (mean, sd),
    "pooled": lambda mean, _: (mean, FIXED),
    "running mean": lambda _mean, _sd: (0.0, FIXED),
    "unshrunk": lambda _mean, _sd: (0.0, OPEN),
}
"""Couplings drawn to the population's; the population's alone; none, so that only the person's own mean is left; the person's alone."""
ALONE: Final = "running mean"
KINDS: Final = ("forecast", "nowcast")


@dataclass(frozen=True, slots=True)
class Errors:
    """A line for each craving answer after a person's first: whose, in which fold, and each way's miss on [0, 1], by kind and way."""

    person: Whole
    fold: Whole
    craving: Floats
    missed: Mapping[tuple[str, str], Floats]


def foresight(
    streams: Sequence[Stream],
    nodes: Nodes,
    shipped: Document,
    *,
    tell: Callable[[str], None] = lambda _: None,
    seed: int = SEED,
    repeats: int = 200,
) -> dict[str, Any]:
    """The report as a document. Errors are mean squares by person in units of the variance of craving; each person weighs the same.

    `streams` hold one indicator of craving, named `craving`. Raises Invalid (`too_few_people`) with fewer than ten people.
    """
    kept = [one for one in streams if sum(CRAVING in each.answers for each in one) >= LEAST_ANSWERS]
    if len(kept) < LEAST_PEOPLE:
        raise Invalid("too_few_people", f"{len(kept)} people with {LEAST_ANSWERS} answers about craving are too few: {LEAST_PEOPLE}.")
    found = errors(kept, nodes, shipped, tell=tell, seed=seed)
    drawn = draws(np.arange(len(kept)), seed=seed, number=repeats)
    return {
        "people": len(kept),
        "answers": len(found.craving),
        "folds": FOLDS,
        "kinds": {kind: _kind(found, kind, drawn) for kind in KINDS},
    }


def errors(streams: Sequence[Stream], nodes: Nodes, shipped: Document, *, tell: Callable[[str], None], seed: int) -> Errors:
    """Each way's misses on people whom its prior has not seen."""
    who = np.arange(len(streams), dtype=np.int64)
    rows: list[tuple[int, int, float]] = []
    missed: dict[tuple[str, str], list[float]] = {(kind, way): [] for kind in KINDS for way in WAYS}
    for fold, (inside, outside) in enumerate(grouped(who, np.zeros(len(who)), folds=FOLDS, seed=seed)):
        tell(f"craving, fold {fold + 1} of {FOLDS}")
        document = learned([streams[one] for one in inside], nodes, shipped).document
        priors = {way: changed(document, change) for way, change in WAYS.items()}
        for person in outside.tolist():
            said_by = [(way, _followed(streams[person], nodes, prior, alone=way == ALONE)) for way, prior in priors.items()]
            rows += [(person, fold, craving) for craving, _, _ in said_by[0][1]]
            for way, found in said_by:
                missed["forecast", way] += [craving - ahead for craving, ahead, _ in found]
                missed["nowcast", way] += [craving - now for craving, _, now in found]
    order = np.argsort([person for person, _, _ in rows], kind="stable")
    columns = [np.array(one)[order] for one in zip(*rows, strict=True)]
    by_way = {name: np.array(one)[order] for name, one in missed.items()}
    return Errors(columns[0].astype(np.int64), columns[1].astype(np.int64), columns[2], by_way)


def _followed(stream: Stream, nodes: Nodes, prior: Prior, *, alone: bool = False) -> list[tuple[float, float, float]]:
    """Craving as said, as forecast from the answer before, and as read from what else was said with it; from the second time on.

    `alone`: it is the person's mean that is both foreseen and read.
    """
    layout, found = lay_out(nodes, prior), []
    state = estimator.start(prior, "laboratory")
    for one in stream:
        if CRAVING in one.answers and state.lagged.at is not None:
            mean = _on_scale(0.0, state, layout)
            ahead = mean if alone else _forecast(state, one.local_hour, one.event_time.timestamp(), layout)
            found.append((one.answers[CRAVING], ahead, mean if alone else _nowcast(state, one, prior, nodes, layout)))
        state, _ = estimator.update(state, one, prior, nodes)
    return found


def _forecast(state: RiskState, local_hour: float, second: float, layout: Layout) -> float:
    """From lagged inputs alone, over the interval that passed."""
    hours = (second - (state.lagged.at or 0)) / 3600.0
    night = over_night(hours, local_hour)
    x = regressors(state.lagged.nodes, hours, local_hour, night)
    row = (state.lagged.night if night else state.lagged.day).rows[0]
    return _on_scale(sum(one * other for one, other in zip(x, row, strict=True)), state, layout)


def _nowcast(state: RiskState, now: Any, prior: Prior, nodes: Nodes, layout: Layout) -> float:
    """What the estimator expects before it hears of craving: the same answers without it."""
    unheard = replace(now, answers={name: value for name, value in now.answers.items() if name != CRAVING}, floor=frozenset())
    if not unheard.answers:
        return _on_scale(0.0, state, layout)
    _, estimate = estimator.update(state, unheard, prior, nodes)
    return _on_scale(0.0, state, layout) if estimate.nowcast.value is None else estimate.nowcast.value


def _on_scale(expected: float, state: RiskState, layout: Layout) -> float:
    """Units of latent craving to [0, 1], from the person's mean as it was before."""
    main = layout.main
    assert main is not None
    known = state.items.get(main.variable)
    value = (main.mean if known is None else known.mean) + main.unit * main.information / main.pull * expected
    return min(1.0, max(0.0, value))


def _kind(found: Errors, kind: str, drawn: Draws) -> dict[str, Any]:
    variance = float(found.craving.var())
    squares = {way: _by_person(found.missed[kind, way] ** 2 / variance, found.person) for way in WAYS}
    people = np.unique(found.person)
    fold = np.array([found.fold[found.person == one][0] for one in people])
    whole = np.ones(len(people), dtype=bool)
    return {
        "error": {way: _mean(one, people, whole, drawn).document() for way, one in squares.items()},
        "shrunk_less": _gaps(squares, people, whole, drawn),
        "by_fold": [
            {
                "people": int((fold == place).sum()),
                "error": {way: said(float(one[fold == place].mean())) for way, one in squares.items()},
                "shrunk_less": _gaps(squares, people, fold == place, drawn),
            }
            for place in range(FOLDS)
        ],
    }


def _gaps(squares: Mapping[str, Floats], people: Whole, chosen: Flags, drawn: Draws) -> dict[str, Any]:
    """How much smaller the error of the shrunk way is than each other's, paired by person.

    `best_or_equal`: the interval does not lie above 0, so that it was not seen to be worse.
    """
    out = {}
    for way in [one for one in WAYS if one != "shrunk"]:
        gap = _mean(squares["shrunk"] - squares[way], people, chosen, drawn)
        better = float((squares["shrunk"] < squares[way])[chosen].mean())
        out[way] = {**gap.document(), "best_or_equal": bool(gap.low <= 0.0), "people_better": said(better)}
    return out


def _mean(values: Floats, people: Whole, chosen: Flags, drawn: Draws) -> Figure:
    return ratio(values[chosen], np.ones(int(chosen.sum())), people[chosen], drawn)


def _by_person(values: Floats, person: Whole) -> Floats:
    sums, numbers = np.bincount(person, values), np.bincount(person)
    return np.asarray(sums[numbers > 0] / numbers[numbers > 0])
