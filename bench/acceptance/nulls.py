"""5 and 10: a world in which nothing is to be found, and answers that are missing because of what they would say."""

from collections.abc import Iterable

import numpy as np

from api.rehearsal.people.terms import Feelings, World
from bench.acceptance.check import Check
from bench.acceptance.recovery import NAMES, priors
from bench.acceptance.worlds import NODES, bare_null, bare_people, lived_people
from models.codec import canonical
from risk.estimate import change, estimator
from risk.estimate.nodes import Nodes
from risk.estimate.prior import Prior, load
from risk.laboratory.learned_limits import watched, with_limits
from risk.terms import Observation, RiskEstimate
from tests.risk.estimate_streams import ITEMS

ARMS = (0.0, 0.6, 1.2)


def run(observations: list[Observation], prior: Prior, nodes: Nodes) -> list[RiskEstimate]:
    return estimator.fold(estimator.start(prior, "map"), observations, prior, nodes)[1]


def checks(people: int, days: int = 120) -> list[Check]:
    """Flags at the end of each person's time; alarms of both detectors a day, against one in 60 days.

    The shipped limits are those of people whom cues and stress move, as in the table; a study takes its own from its own people, and so
    does this world, from people who are not those it is tried on.
    """
    prior, _ = priors()
    own = _with_own_limits(bare_null(2 * people, days, seed=25), prior)
    flagged, alarms, ratio = _watched(bare_null(people, days, seed=15), prior)
    _, mine, of_own = _watched(bare_null(people, days, seed=15), own)
    _, usual, of_usual = _watched((one for _, one in bare_people(people // 2, days, seed=15)), prior)
    lived = [bool(run(one.observations, prior, NODES)[-1].sensitized) for one in _null_lives(people)]
    return [
        Check("5", "null world: people flagged as sensitized", float(np.mean(flagged)), None, 0.10, f"{people} people, {days} d"),
        Check("5", "null world, people with ways of their own: flagged", float(np.mean(lived)), None, 0.10, f"{len(lived)} people, 60 d"),
        Check("5", "null world: alarms on innovations / design", float(ratio[0]), 0.75, 1.25, f"{alarms[0]:.0f} alarms"),
        Check(
            "5",
            "null world: alarms on innovations / design, limits learned from others",
            float(of_own[0]),
            0.75,
            1.25,
            f"{mine[0]:.0f} alarms",
        ),
        Check(
            "5",
            "null world: alarms on the frozen baseline / design, limits learned from others",
            float(of_own[1]),
            0.75,
            1.25,
            f"{mine[1]:.0f} alarms",
        ),
        Check("5", "null world: alarms on the frozen baseline / design, shipped limits", float(ratio[1]), note=f"{alarms[1]:.0f} alarms"),
        Check("5", "people as in the table: alarms on the frozen baseline / design", float(of_usual[1]), note=f"{usual[1]:.0f} alarms"),
        *_missing(people // 2),
    ]


def _watched(streams: Iterable[list[Observation]], prior: Prior) -> tuple[list[bool], np.ndarray, np.ndarray]:
    """Who is flagged at the end; alarms of both detectors, and these a day against one in 60 days."""
    flagged, alarms, watched = [], np.zeros(2), np.zeros(2)
    for observations in streams:
        estimates = run(observations, prior, ITEMS)
        flagged.append(bool(estimates[-1].sensitized))
        found = _alarms(estimates, prior)
        alarms += found[0]
        watched += found[1]
    return flagged, alarms, 60.0 * alarms / watched


def _with_own_limits(streams: Iterable[list[Observation]], prior: Prior) -> Prior:
    """The same prior with limits as `breakwater prior` takes them from a study's own people."""
    return load(canonical(with_limits(prior.document, [watched(one, ITEMS, prior) for one in streams])), rehearsal=True)


def _null_lives(people: int) -> list:
    return [one for one in lived_people(people, 60, seed=16, world=World.NULL_COUPLING) if one.observations]


def _alarms(estimates: list[RiskEstimate], prior: Prior) -> tuple[np.ndarray, np.ndarray]:
    """Crossings of each limit, and the days in which there could be one: a baseline can be left only once it is frozen."""
    crossed, above, since = np.zeros(2), [False, False], [estimates[0].as_of, None]
    for one in estimates:
        limits = change.limits(one.features["answers_per_day"] or 0.0, prior.document.limits)
        for place, (value, limit) in enumerate(zip((one.cusum_innovation, one.cusum_baseline), limits, strict=True)):
            crossed[place] += value > limit and not above[place]
            above[place] = value > limit
        if since[1] is None and (one.as_of - estimates[0].as_of).days >= change.BASELINE_DAYS:
            since[1] = one.as_of
    last = estimates[-1].as_of
    return crossed, np.array([0.0 if one is None else (last - one).total_seconds() / 86400.0 for one in since])


def _cut(felt: Feelings) -> float:
    return min(1.0, max(0.0, felt.craving))


def _missing(people: int) -> list[Check]:
    """What is lost where high moments are answered less: mean craving at answered prompts against all prompts, and couplings."""
    prior, _ = priors()
    means: dict[float, list[float]] = {arm: [] for arm in ARMS}
    couplings: dict[float, list[list[float]]] = {arm: [] for arm in ARMS}
    shares: dict[float, list[float]] = {arm: [] for arm in ARMS}
    for arm in ARMS:
        for one in lived_people(people, 30, seed=17, mnar=arm):
            shares[arm].append(len(one.observations) / len(one.felt))
            if len(one.observations) >= 10:
                means[arm].append(float(np.mean([_cut(now) for now in one.felt_answering]) - np.mean([_cut(now) for now in one.felt])))
                last = run(one.observations, prior, NODES)[-1]
                couplings[arm].append([last.couplings[name].value or 0.0 for name in NAMES])
    out = []
    for arm in ARMS:
        moved = np.mean(couplings[arm], axis=0) - np.mean(couplings[0.0], axis=0)
        note = ", ".join(f"{word} {value:+.3f}" for word, value in zip(NAMES.values(), moved, strict=True))
        bias = 100.0 * float(np.mean(means[arm]))
        told = f"answered {100 * np.mean(shares[arm]):.0f}%; couplings against the 0 arm: {note}"
        out.append(Check("10", f"missing not at random {arm:g}: bias of mean craving, points of 100", bias, note=told))
    return out
