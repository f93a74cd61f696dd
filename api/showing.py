"""How `breakwater` shows what a command did: tables, progress and sentences, on the terminal and nowhere else."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api.import_commands import Places
from models.errors import Problem

out = Console()
err = Console(stderr=True)


def faults(problem: Problem) -> None:
    """What is wrong by its place; nothing where the problem names no places."""
    if not problem.faults:
        return
    table = Table("place", "rule", "what is wrong", show_lines=False)
    for fault in problem.faults:
        table.add_row(escape(fault.pointer), fault.rule, escape(fault.message))
    err.print(table)


def lines(quiet: bool) -> Callable[[str], None]:
    """What tells of progress in words."""
    return lambda words: None if quiet else err.print(words, highlight=False)


@contextmanager
def progress(what: str, quiet: bool) -> Iterator[Any]:
    """What tells of progress in numbers: so many done of so many."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def report(folder: Path, *, synthetic: bool) -> None:
    """Where a report is, and what it is not."""
    out.print(f"report  {folder / 'report.html'}", highlight=False, soft_wrap=True)
    if synthetic:
        out.print("[yellow]Synthetic[/]: simulated people, not evidence about anyone.")


def errors(kinds_of: Mapping[str, Any]) -> None:
    """Squared errors of each way to foresee craving, by kind."""
    table = Table("squared error", *kinds_of)
    for way in kinds_of["forecast"]["error"]:
        table.add_row(way, *(f"{one['error'][way]['value']:.3f}" for one in kinds_of.values()))
    out.print(table)


def moved(found: Sequence[Mapping[str, Any]], actions: Sequence[Mapping[str, Any]]) -> None:
    """What has moved against a reference, and what to try first."""
    table = Table("from day", "what", "of", "found", "limit")
    for one in found:
        table.add_row(str(one["from"] + 1), one["what"], escape(one["of"]), f"{one['value']:.3f}", f"{one['limit']:.3f}")
    if found:
        out.print(table)
    for one in actions:
        out.print(one["words"])


def imported(report: dict[str, Any], places: Places) -> None:
    """What an import carried, file by file, and what kinds of things it did not."""
    table = Table("file", "format", "fields", "rules: found", "parsed", "carried")
    for one in report["files"]:
        rules = (str(one["rules"][name]) for name in ("found", "parsed", "carried"))
        table.add_row(escape(Path(one["file"]).name), one["format"], str(one["fields"]), *rules)
    out.print(table)
    kinds(report["warnings_by_kind"])
    if report["protocol"] is not None:
        faults = len(report["faults"])
        said = "It may be published once it was looked through" if not faults else f"{faults} faults keep it from being published"
        out.print(f"{escape(str(places.out))}: {said}.", highlight=False)
    out.print(f"{escape(str(places.report))}: every warning with its place and the original text.", highlight=False)


def kinds(times_of: dict[str, int]) -> None:
    """Warnings by kind."""
    if times_of:
        table = Table("warning", "times")
        for kind, times in times_of.items():
            table.add_row(kind, str(times))
        out.print(table)


def summary(result: dict[str, Any]) -> None:
    """The report in brief; all line numbers stand in the JSON beside it."""
    refused = Counter(one["reason"] for one in result["refused"])
    table = Table(show_header=False)
    for name, value in result.items():
        table.add_row(name.replace("_", " "), str(value) if name != "refused" else str(sum(refused.values())))
    for reason, number in refused.items():
        lines = next(one["lines"] for one in result["refused"] if one["reason"] == reason)
        table.add_row("", f"{reason}: {number}, the first at lines {lines[0]}-{lines[-1]}")
    out.print(table)


def prior(made: dict[str, Any], to: Path) -> None:
    """What a learned prior says of each coupling, beside what it began from."""
    table = Table("coupling", "mean", "between people", "before")
    for one in made["couplings"]:
        before = "as it was" if one["before"] is None else "{:+.3f} ± {:.3f}".format(*one["before"])
        table.add_row(one["name"], f"{one['mean']:+.3f}", f"{one['sd']:.3f}", before)
    out.print(table)
    for one in made["limits"]:
        told = f"limits at {one['answers_per_day']:g} answers a day: innovations {one['innovation']:g}, baseline {one['baseline']:g}"
        out.print(told, highlight=False)
    if not made["limits"]:
        out.print("Limits of the detectors of change as before: these people were not watched for long enough.")
    out.print(f"{made['id']}: {made['used']} of {made['people']} people\n{to}", highlight=False, soft_wrap=True)
    if made["synthetic"]:
        out.print("[yellow]Synthetic[/]: simulated people, not evidence about anyone; a production study refuses it.")
