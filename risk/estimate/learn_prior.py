"""A prior learned from people: couplings by REML from unpenalized estimates, written with where it is from (2.4 step 5). Off line.

Only the couplings of the nowcast row are learned; everything else stays as in the prior it begins from. A learned prior is a new artefact
with a name, a version and its provenance; nothing loads it by itself.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import msgspec

from models.errors import Invalid
from risk.estimate import estimator
from risk.estimate.linear import inverse
from risk.estimate.nodes import ItemNode
from risk.estimate.prior import REGRESSORS, Prior, Provenance, load
from risk.estimate.warmstart import FLOOR, Matrix, reml
from risk.terms import Observation

FLAT_SD: Final = 10.0
"""Of every coupling where nothing is to be shrunk: an answer says more than such a prior from the first on."""
LEAST_PEOPLE: Final = 20
WIDEST: Final = 1.0
"""A person whose estimate of a learned coupling is less certain than this (a standard deviation) says nothing about people."""
LEARNED: Final = ("lag", "R", "S", "W", "E")
"""Couplings whose mean and spread between people are learned; the others are kept as assumed."""


@dataclass(frozen=True, slots=True)
class Unpenalized:
    """One person's couplings in the order of LEARNED as the answers alone say them, with their sampling covariance."""

    theta: list[float]
    covariance: Matrix


def flat(base: bytes) -> Prior:
    """The same prior with couplings about which nothing is assumed."""
    document = json.loads(base)
    for one in document["coupling"].values():
        one["mean"], one["sd"] = 0.0, FLAT_SD
    document["coupling_covariance"] = None
    return load(json.dumps(document).encode(), rehearsal=True)


def unpenalized(observations: Iterable[Observation], nothing: Prior, nodes: Mapping[str, ItemNode]) -> Unpenalized | None:
    """One person's estimate under `flat`; None where the answers leave a coupling open."""
    state, _ = estimator.fold(estimator.start(nothing, ""), observations, nothing, nodes)
    flat_triangle, rows, at = state.coupling.precision, [], 0
    for size in range(1, len(REGRESSORS) + 1):
        rows.append(flat_triangle[at : at + size])
        at += size
    lower = inverse(rows)
    places = [REGRESSORS.index(name) for name in LEARNED]
    covariance = [[lower[max(i, j)][min(i, j)] for j in places] for i in places]
    if any(sqrt(covariance[i][i]) > WIDEST for i in range(len(places))):
        return None
    return Unpenalized([state.coupling.theta[place] for place in places], covariance)


def learn_prior(
    base: bytes,
    streams: Iterable[Sequence[Observation]],
    nodes: Mapping[str, ItemNode],
    *,
    name: str,
    dataset: str,
    made_at: str,
    synthetic: bool,
) -> bytes:
    """The bytes of a prior whose couplings were learned from these people. `dataset` names what they were read from, with its digest.

    Raises Invalid (`too_few_people`) where fewer than 20 people answered enough for each coupling.
    """
    nothing, found, seen = flat(base), [], 0
    for observations in streams:
        seen += 1
        one = unpenalized(observations, nothing, nodes)
        if one is not None:
            found.append(one)
    if len(found) < LEAST_PEOPLE:
        raise Invalid("too_few_people", f"{len(found)} of {seen} people answered enough for each coupling; a prior needs {LEAST_PEOPLE}.")
    mean, between = reml([one.theta for one in found], [one.covariance for one in found], FLOOR)
    document: dict[str, Any] = json.loads(base)
    for place, coupling in enumerate(LEARNED):
        one = document["coupling"][coupling]
        one |= {"mean": round(mean[place], 4), "sd": round(sqrt(between[place][place]), 4), "source": "learned"}
    provenance = Provenance("REML on unpenalized estimates", dataset, seen, len(found), made_at)
    document |= {
        "name": name,
        "version": 1,
        "assumption": False,
        "synthetic": synthetic,
        "sources": {**document["sources"], "learned": f"Learned from {len(found)} people of {dataset}."},
        "provenance": msgspec.to_builtins(provenance),
        "coupling_covariance": _covariance(document, between),
    }
    made = json.dumps(document, indent=1).encode()
    load(made, rehearsal=True)
    return made


def _covariance(document: Mapping[str, Any], between: Matrix) -> list[list[float]]:
    """The lower triangle over all regressors: learned ones as they vary together, the others on their own."""
    size = len(REGRESSORS)
    whole = [[0.0] * size for _ in range(size)]
    for place, name in enumerate(REGRESSORS):
        whole[place][place] = document["coupling"][name]["sd"] ** 2
    for i, one in enumerate(LEARNED):
        for j, other in enumerate(LEARNED):
            whole[REGRESSORS.index(one)][REGRESSORS.index(other)] = round(between[i][j], 6)
    return [row[: place + 1] for place, row in enumerate(whole)]
