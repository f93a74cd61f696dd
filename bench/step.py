"""How long one `update` of the estimator takes, and how large its state is, for the shipped protocol.

    python -m bench.step            in the form in use: compiled, or plain Python
    python -m bench.step --python   as plain Python

One person, 60 days, 4 prompts a day of which each answers 7 core and 3 further items; one process, no database.
"""

import json
import statistics
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.forms import as_python
from models.codec import canonical
from models.definition.itemmap import item_map
from models.definition.load import parse
from risk.terms import Observation

ROOT = Path(__file__).parent.parent
SHORT: Final = (
    "The modules of an update are compiled ahead of time from their Python sources (docs/decisions/0034), to the same bits. What is left "
    "is objects, not arithmetic: numbers made and thrown away between functions, attributes read by name, some sixty features put into a "
    "mapping, and JSON read and written, a third of the whole. Left: kernels that keep the precision to themselves between forgetting and "
    "learning. As plain Python two fifths of `update` are floats in straight lines. A Python built with profile-guided optimization takes "
    "about four fifths of the time of one without."
)
DAYS = 60
HOURS = (8.5, 12.25, 16.5, 21.0)
_USED: Final = ("risk.estimate.estimator", "risk.estimate.state", "risk.estimate.prior", "risk.estimate.nodes", "risk.refold")
CORE = ("valence", "stress", "craving", "withdrawal", "pain", "cue_met", "control")


def observations(nodes: Iterable[str]) -> list[Observation]:
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


def measure(repeats: int = 5, *, python: bool = False) -> dict[str, float]:
    """Median and 99th percentile of one `update`, of decode + update + encode, and of these with the estimate as it is stored, in
    microseconds; bytes of the state.

    The fastest of `repeats` runs at each observation, so that a busy machine is seen less. `python`: of the sources, whatever was compiled.
    """
    estimator, of_state, of_prior, of_nodes, refold = as_python(*_USED) if python else map(import_module, _USED)
    decode, encode, estimate_detail = of_state.decode, of_state.encode, refold.estimate_detail
    document = parse((ROOT / "api" / "actions" / "shipped" / "oud.json").read_bytes())
    mapped = item_map(document)
    nodes = of_nodes.from_item_map(mapped)
    prior = of_prior.load((ROOT / "risk" / "estimate" / "priors" / of_prior.PRIOR_FILE).read_bytes())
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
    print(json.dumps(measure(python="--python" in sys.argv), indent=2))
