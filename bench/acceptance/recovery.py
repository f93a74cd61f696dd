"""1 to 4: whether true couplings are found again, whether shrinkage pays, whether intervals cover."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

import numpy as np

from api.rehearsal.people.terms import Feelings
from bench.acceptance.check import Check
from bench.acceptance.worlds import NODES, ROOT, Lived, bare_people, lived_people
from models.codec import canonical
from risk.estimate import estimator
from risk.estimate.lagged import DAY_HOURS
from risk.estimate.nodes import Nodes
from risk.estimate.prior import PRIOR_FILE, Prior, load
from risk.estimate.regressors import lag_share
from risk.laboratory.learned_prior import LEAST_PEOPLE, learned
from risk.laboratory.mixed import Rows, reml
from risk.terms import Band, Observation
from tests.risk.estimate_streams import ITEMS

DAYS: Final = (7, 14, 30)
NAMES: Final = {"R": "cue", "S": "stress", "E": "executive"}
RAW: Final = (ROOT / "risk" / "estimate" / "priors" / PRIOR_FILE).read_bytes()


@lru_cache(maxsize=1)
def priors() -> tuple[Prior, Prior]:
    """The shipped prior, and one that shrinks nothing: every coupling may be anything."""
    document = json.loads(RAW)
    for one in document["coupling"].values():
        one["mean"], one["sd"] = 0.0, 10.0
    return load(RAW), load(json.dumps(document).encode())


def at_days(observations: Iterable[Observation], prior: Prior, nodes: Nodes, days: Iterable[int]) -> dict[int, Mapping[str, Band]]:
    """Couplings at the end of each day asked for; none where nothing was answered by then."""
    found: dict[int, Mapping[str, Band]] = {}
    state, left, begun = estimator.start(prior, "map"), sorted(days), None
    said: Mapping[str, Band] = {}
    for one in observations:
        begun = begun or one.event_time
        while left and (one.event_time - begun).total_seconds() >= left[0] * 86400 - 8 * 3600:
            found[left.pop(0)] = said
        state, estimate = estimator.update(state, one, prior, nodes)
        said = estimate.couplings
    return found | dict.fromkeys(left, said)


def checks(people: int) -> list[Check]:
    shrunk, plain = priors()
    truths: list[Mapping[str, float]] = []
    ours: dict[int, list[Mapping[str, Band]]] = {day: [] for day in DAYS}
    theirs: dict[int, list[Mapping[str, Band]]] = {day: [] for day in DAYS}
    for true, observations in bare_people(people, max(DAYS), seed=14):
        truths.append(true)
        for kept, prior in ((ours, shrunk), (theirs, plain)):
            for day, found in at_days(observations, prior, ITEMS, DAYS).items():
                kept[day].append(found)
    out = [*_correlations(truths, ours), *_shrinkage(truths, ours, theirs), _coverage(truths, ours[30])]
    return [*out, *_lived(people)]


def _column(found: list[Mapping[str, Band]], name: str) -> np.ndarray:
    return np.array([one[name].value for one in found], dtype=float)


def _correlations(truths: list[Mapping[str, float]], ours: Mapping[int, list[Mapping[str, Band]]]) -> list[Check]:
    bounds = (("1", "R", 14, 0.75), ("1", "S", 14, 0.70), ("1", "R", 30, 0.82), ("1", "S", 30, 0.82), ("2", "E", 30, 0.55))
    return [
        Check(number, f"r(true, estimated), {NAMES[name]}, {day} d", correlation([one[name] for one in truths], ours[day], name), least)
        for number, name, day, least in bounds
    ]


def _shrinkage(
    truths: list[Mapping[str, float]], ours: Mapping[int, list[Mapping[str, Band]]], theirs: Mapping[int, list[Mapping[str, Band]]]
) -> list[Check]:
    out = []
    for day in (7, 14):
        for name, word in NAMES.items():
            true = np.array([one[name] for one in truths])
            errors = [float(np.sqrt(np.mean((_column(found[day], name) - true) ** 2))) for found in (ours, theirs)]
            note = f"{errors[0]:.3f} against {errors[1]:.3f}"
            out.append(Check("3", f"RMSE shrunk / unshrunk, {word}, {day} d", errors[0] / errors[1], None, 1.0, note))
    return out


def _coverage(truths: list[Mapping[str, float]], found: list[Mapping[str, Band]]) -> Check:
    inside = [
        band.low <= true[name] <= band.high
        for true, one in zip(truths, found, strict=True)
        for name in NAMES
        if (band := one[name]).low is not None and band.high is not None
    ]
    return Check("4", "coverage of 90% intervals of the three couplings, 30 d", float(np.mean(inside)), 0.85, 0.95)


def _lived(people: int) -> list[Check]:
    """The same bounds in people who follow the whole table, and what is found in people with ways of their own to use a scale.

    Beside them what two oracles reach, which know the spread between these very people and shrink by it: one reads the same answers, all at
    once and with floors as such, and shows how much the answers hold; the other hears all that was felt when they were given. And the
    estimator under a prior learned from others like them.
    """
    shrunk, _ = priors()
    plain, wayward = ([one for one in _many(people, 14, own_ways=ways) if len(one.observations) >= 20] for ways in (False, True))
    others = [one.observations for one in _many(max(LEAST_PEOPLE, people // 2), 13, own_ways=True)]
    fitted = load(canonical(learned(others, NODES, shrunk.document).document), rehearsal=True)
    found = {
        "people of the whole table": (plain, _by(plain, shrunk)),
        "people of the whole table, oracle of their answers": (plain, _oracle([_told(one.observations) for one in plain])),
        "people of the whole table, oracle that hears all that was felt": (plain, _oracle([_felt(one.felt_answering) for one in plain])),
        "people with ways of their own": (wayward, _by(wayward, shrunk)),
        "people with ways of their own, prior learned from others": (wayward, _by(wayward, fitted)),
        "people with ways of their own, oracle of their answers": (wayward, _oracle([_told(one.observations) for one in wayward])),
    }
    bounds = {"R": ("1", 0.82), "S": ("1", 0.82), "E": ("2", 0.55)}
    return [
        Check(
            number,
            f"the same, {NAMES[name]}, 30 d, {way}",
            float(np.corrcoef([one.true(max(DAYS))[name] for one in who], values[name])[0, 1]),
            least if way == "people of the whole table" else None,
            note=f"{len(who)} people",
        )
        for name, (number, least) in bounds.items()
        for way, (who, values) in found.items()
    ]


def _many(count: int, seed: int, *, own_ways: bool) -> list[Lived]:
    return list(lived_people(count, max(DAYS), seed=seed, own_ways=own_ways))


def _by(people: list[Lived], prior: Prior) -> dict[str, np.ndarray]:
    found = [at_days(one.observations, prior, NODES, (max(DAYS),))[max(DAYS)] for one in people]
    return {name: _column(found, name) for name in NAMES}


Lines = tuple[Rows, list[bool]]
"""One person's lines for an oracle, and which of them explain a floor: craving on 1, the craving before, cue, stress and executive load."""


def _oracle(people: list[Lines]) -> dict[str, np.ndarray]:
    """Couplings of each person, drawn to what these people have in common by REML, each on its own: so they were dealt."""
    rows, floors = [one for one, _ in people], [low for _, low in people]
    common = reml(rows, (), floors)
    assert common is not None
    return {name: common.own[:, place] for name, place in (("R", 2), ("S", 3), ("E", 4))}


def _felt(felt: list[Feelings]) -> Lines:
    """What was truly felt, on scales that are the same for everybody."""
    return _lines((now.at, now.craving, [float(now.cue), now.stress_sd, now.executive]) for now in felt)


def _told(answered: list[Observation]) -> Lines:
    """What was answered: every node the mean of its items."""
    said = [
        (now.event_time, now.answers["craving"], [_node(now, name) for name in ("R", "S", "E")], "craving" in now.floor)
        for now in answered
        if "craving" in now.answers
    ]
    whole = [(at, craving, [one for one in nodes if one is not None], low) for at, craving, nodes, low in said if None not in nodes]
    rows, _ = _lines((at, craving, nodes) for at, craving, nodes, _ in whole)
    return rows, [low for *_, low in whole[1:]]


def _node(now: Observation, node: str) -> float | None:
    """The reminder that was met for R, whose other items follow craving; else the mean of what was answered."""
    if node == "R":
        return now.answers.get("cue_met")
    items = [value for name, value in now.answers.items() if name in NODES and NODES[name].node == node]
    return sum(items) / len(items) if items else None


def _lines(moments: Iterable[tuple[datetime, float, list[float]]]) -> Lines:
    rows, before = [], None
    for at, craving, present in moments:
        if before is not None:
            hours = (at - before[0]).total_seconds() / 3600.0
            rows.append(([1.0, lag_share(hours, DAY_HOURS) * before[1], *present], craving))
        before = (at, craving)
    return rows, [False] * len(rows)


def correlation(true: list[float], found: list[Mapping[str, Band]], name: str) -> float:
    return float(np.corrcoef(true, _column(found, name))[0, 1])
