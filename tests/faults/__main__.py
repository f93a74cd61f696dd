"""`python -m tests.faults`: break the house in five ways on both databases, and check that nothing was lost.

Exit codes: 0 every law held · 1 a law is broken · 2 the call's words are off.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from rich.console import Console

from tests.faults import faults, report
from tests.faults.cluster import NoPostgres
from tests.faults.disk import Disk, ShortFiles, SmallDisk, can_mount
from tests.faults.house import Kind
from tests.faults.law import Verdict
from tests.faults.receivers import MANNERS, QUICK
from tests.faults.run import Outcome, Run, Size

FAULTS = ("kill", "disk", "away", "clock", "webhooks")
MEGABYTES = {"sqlite": 96, "postgres": 160}
"""Room for the database and for a log of 32 MB that SQLite copies only when it is as long (`models.session.CHECKPOINT_PAGES`)."""
out = Console(soft_wrap=True)


def main(words: Sequence[str] | None = None) -> int:
    given = _words(words)
    outcomes: list[Outcome] = []
    kinds: list[Kind] = ["sqlite", "postgres"] if given.database == "both" else [given.database]
    wanted = [one for one in FAULTS if one in given.faults.split(",")]
    for kind in kinds:
        for fault in wanted:
            outcomes += _clocks(kind, given) if fault == "clock" else [_one(kind, fault, given)]
            if given.report:
                report.write(outcomes, given.report)
    if not given.quiet:
        report.show(outcomes, out)
    return 1 if any(one.broken for one in outcomes) else 0


def _words(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--faults", default=",".join(FAULTS), help="some of them, with commas between: %(default)s")
    parser.add_argument("--kills", type=int, default=200, help="SIGKILLs on each database")
    parser.add_argument("--seconds", type=float, default=45, help="length of each other fault")
    parser.add_argument("--phones", type=int, default=8)
    parser.add_argument("--seed", default="1", help="which process, when, and what the people do")
    parser.add_argument("--report", type=Path, help="write everything as JSON")
    parser.add_argument("--keep", type=Path, help="keep databases and logs in this folder")
    parser.add_argument("--quiet", action="store_true", help="no table")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    if unknown := set(given.faults.split(",")) - set(FAULTS):
        parser.error(f"unknown faults: {', '.join(sorted(unknown))}")
    if given.kills < 1 or given.seconds <= 0 or given.phones < 1:
        parser.error("kills, seconds and phones are above 0")
    return given


def _clocks(kind: Kind, given: argparse.Namespace) -> list[Outcome]:
    """Once where study time is system time, and once in a rehearsal, where only system time is wrong and study time jumps by days."""
    return [_one(kind, "clock", given, rehearsal=False), _one(kind, "clock", given, rehearsal=True)]


def _one(kind: Kind, fault: str, given: argparse.Namespace, *, rehearsal: bool = True) -> Outcome:
    name = fault if rehearsal else f"{fault} (true)"
    if fault == "disk" and not given.inside:
        why = can_mount()
        if why is None:
            return _inside(kind, given)
        if kind == "postgres":
            return Outcome(kind, fault, given.seed, skipped=f"no file system can be mounted: {why}")
    home = (
        given.keep or Path(tempfile.gettempdir())
    ) / f"bw-faults-{os.getpid()}-{kind}-{name.replace(' ', '-').replace('(', '').replace(')', '')}"
    try:
        return _ran(kind, fault, name, given, home, rehearsal)
    except NoPostgres as error:
        if os.environ.get("REQUIRE_POSTGRES") == "1":
            raise
        return Outcome(kind, fault, given.seed, skipped=f"no PostgreSQL: {error}")


def _ran(kind: Kind, fault: str, name: str, given: argparse.Namespace, home: Path, rehearsal: bool) -> Outcome:
    begun = monotonic()

    def tell(words: str) -> None:
        out.print(f"[{monotonic() - begun:6.1f} s] {kind}, {name}: {words}", highlight=False, markup=False)

    volume = _volume(kind, home, given) if fault == "disk" else None
    small = volume.place if isinstance(volume, SmallDisk) else None
    manners = MANNERS if fault == "webhooks" else QUICK
    size = Size(phones=given.phones)
    run = Run(kind, name, seed=given.seed, home=home, size=size, rehearsal=rehearsal, jumping=fault == "clock", manners=manners, data=small)
    try:
        run.begin()
        tell(f"{len(run.phones)} phones are at work")
        match fault:
            case "kill":
                faults.kill(run, given.kills, tell)
            case "away":
                faults.away(run, given.seconds, tell)
            case "clock":
                faults.clock(run, given.seconds, tell)
            case "webhooks":
                faults.webhooks(run, given.seconds, tell)
            case _:
                assert volume is not None
                faults.disk(run, volume, given.seconds, tell)
        tell("mended; waiting for quiet")
        run.quiet()
        outcome = run.verdict()
        tell(f"{sum(one.looked for one in outcome.verdicts)} things looked at, {outcome.broken} broken")
        return outcome
    finally:
        run.close(keep=given.keep is not None)
        if volume is not None:
            volume.close()


def _volume(kind: Kind, home: Path, given: argparse.Namespace) -> Disk:
    return SmallDisk(home / "disk", MEGABYTES[kind]) if given.inside else ShortFiles(home / "var")


def _inside(kind: Kind, given: argparse.Namespace) -> Outcome:
    """The whole run in a mount name space of its own, so that nothing stays mounted however it ends."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "report.json"
        words = ["--database", kind, "--faults", "disk", "--seed", given.seed, "--seconds", str(given.seconds), "--inside", "--quiet"]
        words += ["--phones", str(given.phones), "--report", str(path), *(["--keep", str(given.keep)] if given.keep else [])]
        subprocess.run(["unshare", "-m", "--propagation", "private", sys.executable, "-m", "tests.faults", *words], check=False)
        if not path.exists():
            raise SystemExit("the run on a small disk did not end with a report")
        (said,) = json.loads(path.read_text())["runs"]
    said.pop("broken")
    verdicts = [Verdict(one["name"], one["looked"], tuple(one["broken"])) for one in said.pop("verdicts")]
    return Outcome(**said, verdicts=verdicts)


if __name__ == "__main__":
    raise SystemExit(main())
