"""The parts of the bench in the order of the page: a name, and what measures it."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from bench.result import Goal, Line, Plot, Section
from risk.estimate import FORM

STEP_GOAL_US = 150
STEP_P99_GOAL_US = 1_000
STATE_GOAL_BYTES = 6_000
RATIO_GOALS = {"house / A": 2.0, "house / B": 0.5}

Part = Callable[[bool], Section]


def _module(name: str) -> Part:
    """The part that a module measures; imported when its turn comes, so that one part's imports weigh on no other."""

    def measure(quick: bool) -> Section:
        section: Section = import_module(f"bench.{name}").measure(quick)
        return section

    return measure


def _respond(quick: bool) -> Section:
    from bench import respond

    found: dict[str, Any] = respond.measure(pairs=1, seconds=0.2) if quick else respond.measure()
    kinds = {"house": "house", "orm": "A", "bare": "B"}
    rows = [
        (
            int(connections),
            *(one["requests per second"][kind] for kind in kinds),
            *(f"{one['p50 ms'][kind]}, {one['p99 ms'][kind]}" for kind in kinds),
            *(one[ratio] for ratio in RATIO_GOALS),
            one["failed"]["house"] + one["failed"]["orm"] + one["failed"]["bare"],
        )
        for connections, one in found.items()
    ]
    sizes = tuple(float(connections) for connections in found)
    last = list(found.values())[-1]
    return Section(
        title="The response path",
        what="`PUT /v1/participant/responses/{id}` with twelve answers: the house (bearer, validation, disclosures, receipt, estimate, "
        f"decision). Each on its own server and database, in turn; medians of {last['pairs']} rounds.",
        baseline="(A) a `def` endpoint with an ORM session, bearer by SELECT, the same body, one row, commit; (B) a bare group-commit "
        "writer of one row, without bearer or validation.",
        columns=(
            "connections",
            *(f"{name} /s" for name in kinds.values()),
            *(f"{name} p50, p99 ms" for name in kinds.values()),
            *RATIO_GOALS,
            "failed",
        ),
        rows=tuple(rows),
        goals=tuple(
            Goal(f"{ratio} at {list(found)[-1]} connections", last[ratio], bound, "at least", "×") for ratio, bound in RATIO_GOALS.items()
        ),
        plots=(
            Plot(
                "respond",
                "Responses stored in a second",
                "connections",
                "responses per second",
                tuple(
                    Line(name, sizes, tuple(float(one["requests per second"][kind]) for one in found.values()))
                    for kind, name in kinds.items()
                ),
                log_x=True,
                log_y=True,
            ),
        ),
        short=str(getattr(respond, "SHORT", "")),
    )


def _step(quick: bool) -> Section:
    from bench import step

    found = step.measure(1 if quick else 5)
    plain = step.measure(1 if quick else 5, python=True)
    update = found["update_median_us"]
    return Section(
        title="One step of the estimator",
        what="One person, 60 days, 4 prompts a day of 10 items each; one process, no database. The fastest of five runs at each answer. "
        "`update` is the step itself: (state, event) -> (state, features).",
        baseline="the same modules as plain Python, which is what runs where nothing was compiled"
        + ("." if FORM == "compiled" else ": so it was here, and both columns are the same.")
        + " Reading and writing the state without the update is the difference of the first two lines.",
        columns=("what", "median µs", "p99 µs", "plain Python, median µs", "p99 µs"),
        rows=(
            *(
                (words, found[f"{name}_median_us"], found[f"{name}_p99_us"], plain[f"{name}_median_us"], plain[f"{name}_p99_us"])
                for name, words in (
                    ("update", "`update`"),
                    ("step", "decode, `update`, encode"),
                    ("stored", "the same, and the estimate as it is stored"),
                )
            ),
            (f"state with {found['items']} indicators: {found['state_bytes']} bytes", "", "", "", ""),
        ),
        goals=(
            Goal("median of `update`", update, STEP_GOAL_US, "at most", "µs"),
            Goal("99th percentile of decode, `update`, encode", found["step_p99_us"], STEP_P99_GOAL_US, "at most", "µs"),
            Goal("size of the state", found["state_bytes"], STATE_GOAL_BYTES, "at most", "bytes"),
        ),
        short=str(getattr(step, "SHORT", "")),
    )


PARTS: dict[str, Part] = {
    "respond": _respond,
    "reading": _module("reading"),
    "step": _step,
    "refold": _module("refold"),
    "planning": _module("planning"),
    "standing": _module("standing"),
    "claiming": _module("claiming"),
    "lateness": _module("lateness"),
    "export": _module("export"),
    "population": _module("population"),
    "memory": _module("memory"),
}
