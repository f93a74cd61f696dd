"""`make bench`: measures what things cost, keeps the figures in bench/results.json and writes bench/README.md and its plots.

python -m bench                      everything, about twenty minutes on two quiet cores
python -m bench --only claiming      one part; the other sections stay as they were
python -m bench --quick --to DIR     tiny sizes, to see that it runs; its figures mean nothing
"""

import argparse
import gc
import json
import os
import platform
import sqlite3
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import table
from bench.parts import PARTS
from bench.plot import write
from bench.result import Section

HERE = Path(__file__).parent


def main(arguments: list[str] | None = None) -> int:
    """Measures the parts that were asked for. Gives 1 where one of them broke; what the others found is kept."""
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", nargs="+", choices=tuple(PARTS), metavar="NAME", help=f"of {', '.join(PARTS)}")
    options.add_argument("--quick", action="store_true", help="tiny sizes; writes only where --to says")
    options.add_argument("--to", type=Path, help="the folder for results.json, README.md and plots (default: bench/)")
    options.add_argument("--render", action="store_true", help="measure nothing; write README.md and plots from results.json")
    chosen = options.parse_args(arguments)
    target = chosen.to or (None if chosen.quick else HERE)
    results = _read(target)
    broken = []
    for name in [] if chosen.render else chosen.only or PARTS:
        print(f"bench: {name} …", file=sys.stderr, flush=True)
        machine, began = _machine(), datetime.now(UTC)
        try:
            section = PARTS[name](chosen.quick)
        except Exception:
            traceback.print_exc()
            broken.append(name)
            continue
        results[name] = {"section": section.to_json(), "machine": machine, "date": f"{began:%Y-%m-%d}"}
        _save(target, results)
        print(table.document({name: results[name]}, [name]).removeprefix(table.HEADING), flush=True)
        print(f"bench: {name} took {(datetime.now(UTC) - began).total_seconds():.0f} s", file=sys.stderr, flush=True)
        gc.collect()
    if chosen.render:
        _save(target, results)
    if broken:
        print(f"bench: broke: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


def _read(target: Path | None) -> dict[str, Any]:
    file = target / "results.json" if target is not None else None
    return json.loads(file.read_text()) if file is not None and file.exists() else {}


def _save(target: Path | None, results: dict[str, Any]) -> None:
    """After each part, so that one that breaks takes nothing with it."""
    if target is None:
        return
    target.mkdir(parents=True, exist_ok=True)
    ordered = {name: results[name] for name in PARTS if name in results}
    (target / "results.json").write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n")
    (target / "README.md").write_text(table.document(ordered, list(PARTS)))
    for kept in ordered.values():
        write(Section.from_json(kept["section"]).plots, target / "plots")


def _machine() -> str:
    """What the figures belong to; a load above zero at the start says that the machine was not quiet."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    system = f"{platform.system()} {platform.machine()}, {cores} cores, load {os.getloadavg()[0]:.1f} at the start"
    return f"{system}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"


if __name__ == "__main__":
    sys.exit(main())
