"""How long one `update` of the estimator takes, and how large its state is, for the shipped protocol.

    python -m bench.step

One person, 60 days, 4 prompts a day of which each answers 7 core and 3 further items; one process, no database.
"""

import json
import statistics
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Final

from models.codec import canonical
from models.definition.itemmap import item_map
from models.definition.load import parse
from risk.estimate import estimator
from risk.estimate.nodes import Nodes, from_item_map
from risk.estimate.prior import PRIOR_FILE, load
from risk.estimate.state import decode, encode
from risk.refold import estimate_detail
from risk.terms import Observation

ROOT = Path(__file__).parent.parent
SHORT: Final = (
    "Two fifths of it are floats in straight-line Python: twelve couplings, and a lagged block of eight regressors and five rows, are "
    "factored and solved once each at every answer, so that every bit is the same on every machine of a kind. The rest is many small steps "
    "(items, levels, detectors, features), each below a tenth. Done: A = L D L' without square roots or scaling; what answers can "
    "never tell packed as 32-bit floats instead of rounded; bands by name worked out when they are read (the line with the estimate as it "
    "is stored pays for them); sums of a node once. Left, by count of operations: carrying the inverse instead of the precision, since "
    "every regressor that was met forgets. A Python built with profile-guided optimization takes about four fifths of the time of one "
    "without."
)
DAYS = 60
HOURS = (8.5, 12.25, 16.5, 21.0)
CORE = ("valence", "stress", "craving", "withdrawal", "pain", "cue_met", "control")


def observations(nodes: Nodes) -> list[Observation]:
    """A deterministic stream: values from a small linear congruence, never evidence about anyone."""
    further = [name for name in nodes if name not in CORE]
    seed = 20260105
    made: list[Observation] = []

    def fraction() -> float:
        nonlocal seed
        seed = (1103515245 * seed + 12345) % 2**31
        return seed / 2**31

    for day in range(DAYS):
        for hour in HOURS:
            index = len(made)
            names = [*CORE, *(further[(3 * index + step) % len(further)] for step in range(3))]
            level = fraction()
            made.append(
                Observation(
                    source_id=f"01940000-0000-7000-8000-{index:012d}",
                    kind="response",
                    event_time=datetime(2026, 1, 5, tzinfo=UTC) + timedelta(days=day, hours=hour, minutes=30 * fraction()),
                    local_hour=hour,
                    answers={name: round(0.5 * level + 0.5 * fraction(), 1) for name in names},
                    context=f"place{int(5 * fraction())}:company{int(2 * fraction())}",
                    days_abstinent=float(day),
                )
            )
    return made


def measure(repeats: int = 5) -> dict[str, float]:
    """Median and 99th percentile of one `update`, of decode + update + encode, and of these with the estimate as it is stored, in
    microseconds; bytes of the state.

    The fastest of `repeats` runs at each observation, so that a busy machine is seen less.
    """
    document = parse((ROOT / "api" / "actions" / "shipped" / "oud.json").read_bytes())
    mapped = item_map(document)
    nodes = from_item_map(mapped)
    prior = load((ROOT / "risk" / "estimate" / "priors" / PRIOR_FILE).read_bytes())
    stream = observations(nodes)
    updates, steps, stored = ([float("inf")] * len(stream) for _ in range(3))
    size = 0
    for _ in range(repeats):
        raw = encode(estimator.start(prior, mapped.hash))
        for index, observation in enumerate(stream):
            began = perf_counter()
            state = decode(raw)
            middle = perf_counter()
            after, estimate = estimator.update(state, observation, prior, nodes)
            done = perf_counter()
            raw = encode(after)
            ended = perf_counter()
            canonical(estimate_detail(estimate))
            told = perf_counter()
            updates[index] = min(updates[index], 1e6 * (done - middle))
            steps[index] = min(steps[index], 1e6 * (ended - began))
            stored[index] = min(stored[index], 1e6 * (told - began))
            size = max(size, len(raw))
    return {
        "update_median_us": round(statistics.median(updates), 1),
        "update_p99_us": round(statistics.quantiles(updates, n=100)[98], 1),
        "step_median_us": round(statistics.median(steps), 1),
        "step_p99_us": round(statistics.quantiles(steps, n=100)[98], 1),
        "stored_median_us": round(statistics.median(stored), 1),
        "stored_p99_us": round(statistics.quantiles(stored, n=100)[98], 1),
        "state_bytes": size,
        "items": len(nodes),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
