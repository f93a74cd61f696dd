"""`python -m tests.fuzz`: the long form of both fuzz tests on one database.

--bodies N     mutated bodies on the response route (default 100000; 0: none)
--examples N   generated requests for each operation of the document (default 50; 0: the document is left alone)
--seed S       the same seed makes the same requests
--database U   the URL of a PostgreSQL database on a server where more may be made (default: SQLite); what is made is removed again
--report FILE  counts as JSON

Exit codes: 0 every law held · 1 something did not.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from api.logs import set_up_logs
from models.ids import new_uid
from models.settings import DatabaseSettings
from tests.conftest import migrate
from tests.fuzz import bodies, document
from tests.fuzz.operations import TABLE
from tests.fuzz.world import world


def main(words: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--bodies", type=int, default=100_000)
    options.add_argument("--examples", type=int, default=50)
    options.add_argument("--coverage", type=int, default=None, help="edges of each operation that are tried (default: twice the examples)")
    options.add_argument("--thin", action="store_true", help="of the planted requests only a few")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--database", default="")
    options.add_argument("--report", type=Path)
    chosen = options.parse_args(words)
    told: dict[str, Any] = {"seed": chosen.seed, "database": make_url(chosen.database).get_backend_name() if chosen.database else "sqlite"}
    coverage = 2 * chosen.examples if chosen.coverage is None else chosen.coverage
    if chosen.examples:
        with _database(chosen.database, "document") as settings:
            told["document"] = of_document(settings, chosen.examples, coverage, chosen.seed, thin=chosen.thin)
    if chosen.bodies:
        with _database(chosen.database, "bodies") as settings:
            told["bodies"] = of_bodies(settings, chosen.bodies, chosen.seed)
    if chosen.report is not None:
        chosen.report.write_text(json.dumps(told, indent=1, ensure_ascii=False, default=str) + "\n")
    shown = {name: _short(part) for name, part in told.items()}
    sys.stdout.write(json.dumps(shown, indent=1, ensure_ascii=False, default=str) + "\n")
    return 1 if any(part["faults"] for part in told.values() if isinstance(part, dict)) else 0


def _short(part: Any) -> Any:
    return {name: one for name, one in part.items() if name != "operations"} if isinstance(part, dict) else part


@contextmanager
def _database(url: str, name: str) -> Iterator[DatabaseSettings]:
    """A migrated database of its own for a part: beside the given one on the same server, or a file; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="breakwater-fuzz-") as folder:
        directory = Path(folder)
        if not url or url.startswith("sqlite"):
            settings = DatabaseSettings(f"sqlite:///{directory / 'breakwater.db'}", directory)
            migrate(settings)
            yield settings
            return
        made, engine = f"fuzz_{name}_{new_uid().hex[-12:]}", create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{made}"')
        settings = DatabaseSettings(make_url(url).set(database=made).render_as_string(hide_password=False), directory)
        try:
            migrate(settings)
            yield settings
        finally:
            with engine.connect() as connection:
                connection.exec_driver_sql(f'DROP DATABASE "{made}" WITH (FORCE)')
            engine.dispose()


def of_document(settings: DatabaseSettings, examples: int, coverage: int, seed: int, *, thin: bool) -> dict[str, Any]:
    """Counts of a run over the document."""
    log, began = settings.directory / "fuzz.log", monotonic()
    with log.open("w") as out, redirect_stderr(out):
        set_up_logs("INFO")
        with world(settings) as made:
            ledger = document.Run(made, examples=examples, coverage=coverage, seed=seed, thin=thin).everything()
    faults = [f"{name} as {viewer}: {what}\n{account}" for (name, viewer, what), account in ledger.failures.items()]
    faults += document.missing(ledger)
    lines = log.read_text(errors="replace").splitlines()
    faults += [f"the log says what was sent: {line[:300]}" for line in lines if document.MARKER in line][:5]
    if not any('"route"' in line for line in lines):
        faults.append("the log is empty, so nothing was shown of it")
    good = [name for name in TABLE if any(200 <= status < 300 for status in ledger.own(name))]
    statuses = {name: {viewer: dict(sorted(seen.items())) for viewer, seen in viewers.items()} for name, viewers in ledger.statuses.items()}
    return {
        "operations_in_table": len(TABLE),
        "operations_with_2xx": len(good),
        "requests": ledger.requests,
        "checked": dict(ledger.checked),
        "log_lines": len(lines),
        "seconds": round(monotonic() - began, 1),
        "operations": statuses,
        "faults": faults,
    }


def of_bodies(settings: DatabaseSettings, count: int, seed: int) -> dict[str, Any]:
    """Counts of a run of mutated bodies."""
    outcome = bodies.run(settings, bodies=count, seed=seed, warm_up=min(bodies.WARM_UP, max(1, count // 3)))
    found: dict[str, Any] = dict(vars(outcome))
    found["kinds"] = {kind: dict(sorted(seen.items())) for kind, seen in sorted(outcome.kinds.items())}
    return found


if __name__ == "__main__":
    sys.exit(main())
