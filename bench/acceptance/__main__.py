"""`make bench-risk`: every acceptance test of the estimator by its number, with fixed seeds. About five minutes on a quiet core.

python -m bench.acceptance                 all of them; keeps results.json and writes README.md beside this file
python -m bench.acceptance --only outcome  one part; the others stay as they were
python -m bench.acceptance --quick         few people, to see that it runs; its figures mean nothing and are not kept
"""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.acceptance import nulls, outcome, recovery, running
from bench.acceptance.check import Check
from bench.table import grid

HERE = Path(__file__).parent
HEADING = """# Acceptance of the estimator

Written by `make bench-risk` (`python -m bench.acceptance`), fixed seeds. **All people are synthetic**: that a model finds again what a
simulator put in is a check of its arithmetic and never evidence about people. The numbers are those of the table in
[docs/estimator.md](../../docs/estimator.md). *Bare* people follow the craving row of the simulator's table itself, so each coupling has a
true value. *People of the whole table* live on between prompts, as those of `breakwater rehearse` do, and answer the shipped protocol's
prompt; *with ways of their own* they use scales in personal ways as well, of which the table says nothing.
"""
PARTS: dict[str, tuple[Callable[[int], list[Check]], int, int]] = {
    "recovery": (recovery.checks, 200, 10),
    "nulls": (nulls.checks, 100, 4),
    "outcome": (outcome.checks, 150, 60),
    "running": (running.checks, 10_000, 30),
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
            began = datetime.now(UTC)
            print(f"acceptance: {name} …", file=sys.stderr, flush=True)
            mine = checks(few if chosen.quick else people)
            print("\n".join(table(mine)), flush=True)
            print(f"acceptance: {name} took {(datetime.now(UTC) - began).total_seconds():.0f} s", file=sys.stderr, flush=True)
            found += mine
            if not chosen.quick:
                keep(name, mine, f"{began:%Y-%m-%d}")
    print(f"acceptance: {summary(found)}", file=sys.stderr)
    return 1 if any(one.met is False for one in found) else 0


def keep(name: str, found: list[Check], date: str) -> None:
    """Keeps a part's figures and writes the page from all that were ever kept."""
    file = HERE / "results.json"
    kept: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    kept[name] = {"date": date, "checks": [asdict(one) for one in found]}
    file.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    (HERE / "README.md").write_text(page(kept))


def page(kept: dict[str, Any]) -> str:
    """The page of all parts, in order of their numbers."""
    found = sorted((Check(**one) for part in kept.values() for one in part["checks"]), key=lambda one: int(one.number))
    dates = ", ".join(f"{name} {kept[name]['date']}" for name in PARTS if name in kept)
    return "\n".join([HEADING, *table(found), "", f"{summary(found)} Measured: {dates}.", ""])


def table(found: list[Check]) -> list[str]:
    words = {True: "yes", False: "**no**", None: ""}
    rows = [(one.number, one.what, f"{one.seen:.3f}", one.bound, words[one.met], one.note) for one in found]
    return grid(("test", "what", "seen", "bound", "holds", "note"), rows)


def summary(found: list[Check]) -> str:
    judged = [one for one in found if one.met is not None]
    return f"{sum(bool(one.met) for one in judged)} of {len(judged)} hold."


if __name__ == "__main__":
    sys.exit(main())
