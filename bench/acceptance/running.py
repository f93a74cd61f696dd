"""8 and 11: the same state by every way, and a crowd that answers for a day."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from time import perf_counter_ns, thread_time_ns

import numpy as np

from bench.acceptance.check import Check
from bench.acceptance.recovery import priors
from bench.acceptance.worlds import NODES, lived_people
from risk.estimate import estimator
from risk.estimate.state import RiskState, decode, encode
from risk.terms import Observation, RiskEstimate

TEMPLATES = 25


def checks(people: int) -> list[Check]:
    lives = [one.observations for one in lived_people(TEMPLATES, 30, seed=19)]
    whole = [one for one in lives if len(one) > 20]
    return [*_parity(whole[:12]), *_crowd(whole, people)]


def _fold(observations: list[Observation], state: RiskState | None = None) -> tuple[RiskState, list[RiskEstimate]]:
    prior, _ = priors()
    return estimator.fold(state or estimator.start(prior, "map"), observations, prior, NODES)


def _parity(lives: list[list[Observation]]) -> list[Check]:
    differ = {
        "bytes between any two answers": 0,
        "saved and loaded anywhere": 0,
        "arrived in another order": 0,
        "sent twice": 0,
        "what comes after": 0,
    }
    prior, _ = priors()
    for number, life in enumerate(lives):
        state, said = _fold(life)
        whole = encode(state)
        streamed = estimator.start(prior, "map")
        for one in life:
            streamed, _ = estimator.update(decode(encode(streamed)), one, prior, NODES)
        differ["bytes between any two answers"] += encode(streamed) != whole
        cut = (7 * number + 3) % len(life)
        middle, first = _fold(life[:cut])
        end, second = _fold(life[cut:], decode(encode(middle)))
        differ["saved and loaded anywhere"] += encode(end) != whole or [*first, *second] != said
        arrived = sorted(life, key=lambda one: sha256(one.source_id.encode()).digest())
        differ["arrived in another order"] += encode(_fold(sorted(arrived, key=lambda one: one.key()))[0]) != whole
        differ["sent twice"] += encode(_fold([one for seen in life for one in (seen, seen)])[0]) != whole
        later = [*life[:cut], *(replace(one, answers=dict.fromkeys(one.answers, 1.0)) for one in life[cut:])]
        differ["what comes after"] += [one.features for one in _fold(later)[1][:cut]] != [one.features for one in said[:cut]]
    return [
        Check("8", f"people whose state or features differ: {name}", float(count), None, 0.0, f"{len(lives)} people")
        for name, count in differ.items()
    ]


def _crowd(lives: list[list[Observation]], people: int) -> list[Check]:
    """Each person's state as bytes; their four prompts of a day, everyone's first before anyone's second."""
    prior, _ = priors()
    begun = [encode(_fold(life[:-4])[0]) for life in lives]
    states = [begun[index % len(begun)] for index in range(people)]
    updates, steps = np.empty(4 * people), np.empty(4 * people)
    for turn in range(4):
        for index in range(people):
            one = lives[index % len(lives)][turn - 4]
            seen = replace(one, event_time=one.event_time + timedelta(seconds=index % 600)) if turn == 3 else one
            place, began = turn * people + index, perf_counter_ns()
            state = decode(states[index])
            middle = thread_time_ns()
            after, _ = estimator.update(state, seen, prior, NODES)
            done = thread_time_ns()
            states[index] = encode(after)
            updates[place], steps[place] = (done - middle) / 1e6, (perf_counter_ns() - began) / 1e6
    wall = f"median {np.median(steps):.3f}, p99 {np.quantile(steps, 0.99):.3f} ms"
    note = f"CPU time of the thread, median {np.median(updates):.3f} ms; by the wall, decode, update and encode: {wall}"
    return [Check("11", f"p99 of update, {people:,} people × 4 a day, ms of CPU", float(np.quantile(updates, 0.99)), None, 5.0, note)]
