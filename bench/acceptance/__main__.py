"""`make bench-risk`: every acceptance test of the estimator by its number, with fixed seeds. About six minutes on one core.

python -m bench.acceptance                 all of them; writes bench/acceptance/README.md
python -m bench.acceptance --only outcome  one part; prints, writes nothing
python -m bench.acceptance --quick         few people, to see that it runs; its figures mean nothing
"""

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench.acceptance import nulls, outcome, recovery, running
from bench.acceptance.check import Check
from bench.table import grid

PAGE = Path(__file__).parent / "README.md"
HEADING = """# Acceptance of the estimator

Written by `make bench-risk` (`python -m bench.acceptance`), fixed seeds. **All people are synthetic**: that a model finds again what a
simulator put in is a check of its arithmetic and never evidence about people. The numbers are those of the table in
[docs/estimator.md](../../docs/estimator.md). *Bare* people follow the craving row of the simulator's table itself, so each coupling has a
true value; *lived* people are those of `breakwater rehearse`, with answers through the shipped protocol's prompt.
"""
PARTS: dict[str, tuple[Callable[[int], list[Check]], int, int]] = {
    "recovery": (recovery.checks, 200, 20),
    "nulls": (nulls.checks, 150, 8),
    "outcome": (outcome.checks, 240, 90),
    "running": (running.checks, 10_000, 50),
}
"""Name -> what checks, how many people, and how many where it is only tried."""


def main() -> int:
    """Gives 1 where one of them does not hold."""
    options = argparse.ArgumentParser(
        prog="python -m bench.acceptance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--only", nargs="+", choices=tuple(PARTS))
    options.add_argument("--quick", action="store_true")
    chosen = options.parse_args()
    found: list[Check] = []
    for name, (checks, people, few) in PARTS.items():
        if name in (chosen.only or PARTS):
            print(f"acceptance: {name} …", file=sys.stderr, flush=True)
            found += checks(few if chosen.quick else people)
    found.sort(key=lambda one: int(one.number))
    text = "\n".join(table(found))
    print(text)
    if not (chosen.only or chosen.quick):
        PAGE.write_text(f"{HEADING}\n{text}\n\n{_summary(found)} Measured {datetime.now(UTC):%Y-%m-%d}.\n")
    print(f"acceptance: {_summary(found)}", file=sys.stderr)
    return 1 if any(one.met is False for one in found) else 0


def table(found: list[Check]) -> list[str]:
    words = {True: "yes", False: "**no**", None: ""}
    rows = [(one.number, one.what, f"{one.seen:.3f}", one.bound, words[one.met], one.note) for one in found]
    return grid(("test", "what", "seen", "bound", "holds", "note"), rows)


def _summary(found: list[Check]) -> str:
    judged = [one for one in found if one.met is not None]
    return f"{sum(bool(one.met) for one in judged)} of {len(judged)} hold."


if __name__ == "__main__":
    sys.exit(main())
