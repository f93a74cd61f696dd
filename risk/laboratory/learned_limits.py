"""Limits of the two detectors of change, from people's own scores by their answering rate (risk-model.md 2.4 step 8). Off line.

One limit for all designs gave from 0.08 to 3.7 alarms in 60 days, and among people whom no cue moves the shipped limits alarm a third as
often as they should. So a study that has watched its people for long enough takes its limits from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from risk.estimate import change, estimator
from risk.estimate.nodes import Nodes
from risk.estimate.prior import Document, Limit, Prior
from risk.terms import Observation

Scores = list[tuple[float, float]]
"""(hours since the last answer, score) in order."""
DAYS_PER_ALARM: Final = 60.0
LEAST_DAYS: Final = 1200.0
"""Days of watching behind a limit: twenty alarms, so that chance moves their number by a fifth."""
WIDTH: Final = 1.25
"""How far apart the answering rates of people may lie who share a limit."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One person's scores against the model and against their own frozen baseline."""

    innovation: Scores
    baseline: Scores

    @property
    def days(self) -> float:
        """Those in which both detectors watched."""
        return _days(self.baseline)

    @property
    def rate(self) -> float:
        """Craving answers a day."""
        return len(self.innovation) / _days(self.innovation)


def watched(stream: Sequence[Observation], nodes: Nodes, prior: Prior) -> Watched:
    """What both detectors saw of one person under `prior`. The baseline has no scores before it is frozen."""
    state, found, waited = estimator.start(prior, "limits"), Watched([], []), 0.0
    for one in stream:
        before, (state, _) = state, estimator.update(state, one, prior, nodes)
        if state.change is before.change or state.taught_at is None:
            continue
        hours = 0.0 if before.taught_at is None else (state.taught_at - before.taught_at) / 3600.0
        found.innovation.append((hours, state.change.last_surprise))
        waited = 0.0 if before.change.frozen_mean is None else waited + hours
        score = change.baseline_score(before.change, state.craving if state.craving_at == state.taught_at else None)
        if score is not None:
            found.baseline.append((waited, score))
            waited = 0.0
    return found


def limits(people: Sequence[Watched]) -> list[Limit]:
    """One alarm of each detector in 60 days, by answering rate; empty where nobody was watched for long enough.

    People whose rates are near each other share a limit, and at least 1,200 watched days stand behind each.
    """
    ranked = sorted((one for one in people if one.days > 0.0), key=lambda one: one.rate)
    return [_limit(band) for band in _bands(ranked)]


def _limit(band: Sequence[Watched]) -> Limit:
    rate = sum(one.rate * one.days for one in band) / _watched_days(band)
    innovation = change.calibrate([one.innovation for one in band], DAYS_PER_ALARM)
    return Limit(round(rate, 2), innovation, change.calibrate([one.baseline for one in band], DAYS_PER_ALARM))


def with_limits(document: Document, people: Sequence[Watched]) -> Document:
    """The prior with these people's limits; as it was where they were not watched for long enough."""
    found = limits(people)
    if not found:
        return document
    days, number = _watched_days(people), sum(one.days > 0.0 for one in people)
    note = f"One alarm in 60 days among {number} people over {days:,.0f} watched days, by answering rate; real changes are among them."
    return msgspec.structs.replace(document, limits=found, limits_note=note)


def _bands(ranked: Sequence[Watched]) -> list[list[Watched]]:
    """In order of rate: a band ends once it was watched for long enough and the next person's rate is a quarter above its first."""
    bands: list[list[Watched]] = []
    for one in ranked:
        if not bands or (one.rate > WIDTH * bands[-1][0].rate and _watched_days(bands[-1]) >= LEAST_DAYS):
            bands.append([])
        bands[-1].append(one)
    if len(bands) > 1 and _watched_days(bands[-1]) < LEAST_DAYS:
        last = bands.pop()
        bands[-1] += last
    return bands if bands and _watched_days(bands[0]) >= LEAST_DAYS else []


def _watched_days(people: Sequence[Watched]) -> float:
    return sum(one.days for one in people)


def _days(scores: Scores) -> float:
    return sum(hours for hours, _ in scores) / 24.0
