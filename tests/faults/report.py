"""What is printed and written at the end."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.faults.run import Outcome

NOT_TESTED = (
    "Losing power, and a machine that stops: the kernel goes on here, so writes that it has taken are not lost.",
    "Torn or wrong writes below the file system, a disk that lies about flushing, bit rot.",
    "Networks between hosts: partitions, loss, delay. All processes are on one machine.",
    "PostgreSQL with replicas, failover, or a connection pooler in between.",
    "TLS, a proxy in front, and real phones with their operating systems.",
    "Memory running out, the kernel ending a process by itself, and file handles running out.",
    "Several machines whose clocks drift apart; one process's clock is set wrong at a time.",
)


def show(outcomes: Sequence[Outcome], console: Console) -> None:
    """One table of laws by run, then the counts of each run."""
    ran = [one for one in outcomes if one.skipped is None]
    table = Table(title="Laws: looked at, and broken", show_lines=False)
    table.add_column("law", overflow="fold")
    for one in ran:
        table.add_column(f"{one.database}\n{one.fault}", justify="right")
    for position, name in enumerate([one.name for one in ran[0].verdicts] if ran else []):
        cells = []
        for one in ran:
            verdict = one.verdicts[position]
            cells.append(f"{verdict.looked}" if not verdict.broken else f"[bold red]{verdict.looked}, {len(verdict.broken)} broken[/]")
        table.add_row(name, *cells)
    console.print(table)
    for one in outcomes:
        console.rule(f"{one.database}, {one.fault}" + (f": skipped ({one.skipped})" if one.skipped else f", {one.seconds:.0f} s"))
        for name, value in {**one.notes, **one.counts}.items():
            console.print(f"  {name}: {_said(value)}", highlight=False)
        for verdict in one.verdicts:
            for words in verdict.broken[:5]:
                console.print(f"  [red]broken[/] {verdict.name}: {words}", highlight=False)
    console.print("\nNot tested here:")
    for words in NOT_TESTED:
        console.print(f"  - {words}", highlight=False)


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number}" for name, number in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {"runs": [one.document() for one in outcomes], "not_tested": list(NOT_TESTED), "broken": sum(one.broken for one in outcomes)}


def write(outcomes: Sequence[Outcome], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document(outcomes), indent=1, default=str) + "\n")
