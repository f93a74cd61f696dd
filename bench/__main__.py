"""`make bench`: prints what things cost and writes bench/README.md.

Ratios against a named baseline of the same run are what counts; absolute figures belong to the machine that ran it.
"""

import argparse
import json
import platform
import sys
from pathlib import Path
from typing import Any

from bench import planning, respond, step

GOALS = {"house / A": 2.0, "house / B": 0.5}
UPDATE_GOAL_US = 150
STATE_GOAL_BYTES = 6_000


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("--pairs", type=int, default=7, help="interleaved rounds of the response path (default 7)")
    options.add_argument("--seconds", type=float, default=2.0, help="length of each run (default 2)")
    options.add_argument("--only", choices=("step", "planning", "respond"), help="one part alone; the README is left as it is")
    chosen = options.parse_args()
    parts: dict[str, Any] = {
        "step": step.measure,
        "planning": planning.measure,
        "respond": lambda: respond.measure(pairs=chosen.pairs, seconds=chosen.seconds),
    }
    results = {name: measure() for name, measure in parts.items() if chosen.only in (None, name)}
    text = _document(results)
    print(text)
    if chosen.only is None:
        (Path(__file__).parent / "README.md").write_text(text)
        print(json.dumps(results), file=sys.stderr)


def _document(results: dict[str, Any]) -> str:
    lines = [
        "# What things cost",
        "",
        f"Written by `make bench` on {platform.machine()}, Python {platform.python_version()}, {platform.system()}.",
        "Medians of interleaved runs.",
        "Ratios hold from machine to machine; absolute figures do not.",
    ]
    if found := results.get("step"):
        lines += _step(found)
    if found := results.get("planning"):
        lines += ["", "## Planning", "", *(f"- {name.replace('_', ' ')}: {_number(value)}" for name, value in found.items())]
    if found := results.get("respond"):
        lines += _respond(found)
    return "\n".join(lines) + "\n"


def _step(found: dict[str, Any]) -> list[str]:
    return [
        "",
        "## One step of the estimator",
        "",
        f"- `update`: median {_number(found['update_median_us'])} µs, p99 {_number(found['update_p99_us'])} µs",
        f"  (goal: median ≤ {UPDATE_GOAL_US} µs)",
        f"- with reading and writing the state: median {_number(found['step_median_us'])} µs, p99 {_number(found['step_p99_us'])} µs",
        f"- state: {found['state_bytes']} bytes with {found['items']} indicators (goal: ≤ {STATE_GOAL_BYTES})",
    ]


def _respond(found: dict[str, Any]) -> list[str]:
    lines = [
        "",
        "## The response path",
        "",
        "`PUT /v1/participant/responses/{id}` with twelve answers: the house (bearer, validation, disclosures, receipt,",
        "estimate, decision), against (A) a `def` endpoint with an ORM session, bearer by SELECT, the same body, one row,",
        "commit, and (B) a bare group-commit writer of one row, without bearer or validation. Each on its own server and",
        "database, in turn. Goals at 32 connections: house / A ≥ 2, house / B ≥ 0.5.",
        "",
        "| connections | house /s | A /s | B /s | house p50, p99 ms | A p50, p99 ms | B p50, p99 ms | house / A | house / B |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for connections, one in found.items():
        rates, p50, p99 = one["requests per second"], one["p50 ms"], one["p99 ms"]
        times = " | ".join(f"{p50[kind]}, {p99[kind]}" for kind in ("house", "orm", "bare"))
        lines.append(
            f"| {connections} | {rates['house']} | {rates['orm']} | {rates['bare']} | {times} | {one['house / A']} | {one['house / B']} |"
        )
    failed = {kind: sum(one["failed"][kind] for one in found.values()) for kind in ("house", "orm", "bare")}
    lines += ["", f"Refused or failed requests: {failed}. Pairs: {next(iter(found.values()))['pairs']}."]
    return lines


def _number(value: Any) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
