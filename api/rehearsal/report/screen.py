"""The summary on a terminal: what to know before opening the page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from api.rehearsal.report.compliance import whole_weeks
from api.rehearsal.report.promises import KINDS
from api.rehearsal.report.regrets import Regret
from api.rehearsal.report.tables import Summary, compared, names
from api.rehearsal.report.words import apart, number, percent, plain, plural, unit_minutes

_BLOCKS: Final = " ▁▂▃▄▅▆▇█"

_ROUTES: Final = 6
"""So many of the busiest routes are shown; the page and the JSON have all of them."""


def on_screen(summary: Summary, regrets: Sequence[Regret] = ()) -> RenderableType:
    """A compact summary of one rehearsal, with its warnings; 80 columns are enough."""
    return Group(*_parts(summary, regrets))


def beside_on_screen(summaries: Sequence[Summary]) -> RenderableType:
    """The same figures of several rehearsals, a column each."""
    table = Table(title="Rehearsals side by side", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    for name in names(summaries):
        table.add_column(name, justify="right", max_width=22)
    for group in compared(summaries):
        table.add_row(Text(group.caption, style="bold"))
        for row in group.rows:
            table.add_row(Text(f"  {row[0]}"), *row[1:])
        table.add_section()
    return table


def sparkline(counts: Sequence[float]) -> str:
    """Bars of eight heights, the largest full; what is above zero is never blank.

    >>> sparkline([0, 1, 8])
    ' ▁█'
    """
    top = max(counts, default=0)
    return "".join(_BLOCKS[max(round(8 * one / top), one > 0)] if top else " " for one in counts)


def _parts(s: Summary, regrets: Sequence[Regret]) -> Iterator[RenderableType]:
    yield _head(s)
    yield Columns([_prompts(s), _compliance(s)], padding=(0, 3))
    yield _clock(s)
    yield Columns([_decisions(s), _burden(s)], padding=(0, 3))
    yield _alerts(s)
    yield _replies(s)
    if regrets:
        yield _regrets(regrets)


def _head(s: Summary) -> RenderableType:
    run, faults = s["run"], s["faults"]
    lines = [
        Text.assemble(("SYNTHETIC", "bold yellow"), "  simulated people; nothing here is about anyone"),
        Text(
            f"{run['people']} people · {run['days']} days · {plural(run['staff'], 'coordinator')} · seed {run['seed']} · {run['database']}"
        ),
        Text(f"{run['started_at'][:10]} to {run['ended_at'][:10]}, lived through in {number(run['wall_seconds'])} s"),
    ]
    if said := apart(run):
        lines.append(Text(said))
    if not run["complete"]:
        lines.append(Text("Stopped before its end: the figures are those until then.", style="yellow"))
    if faults["total"]:
        lines.append(Text(f"✗ {plural(faults['total'], 'fault')}", style="bold red"))
        lines += [Text(f"  {count} × {KINDS[kind]}", style="red") for kind, count in faults["counts"].items() if count]
    else:
        kept = "✓ 0 gap violations, 0 duplicates, 0 lost; every prompt has ended or is still to come"
        lines.append(Text(kept, style="bold green"))
    title = f"[bold]{s['protocol']['title']}[/]  {s['protocol']['name']} {s['protocol']['version']}"
    return Panel(Group(*lines), title=title, title_align="left", border_style="red" if faults["total"] else "green", expand=False)


def _prompts(s: Summary) -> RenderableType:
    table = _table("Prompts by status", ("", "left"), ("prompts", "right"), ("share", "right"))
    total = s["prompts"]["prompts"]
    for word, count in sorted(s["prompts"]["by_status"].items(), key=lambda one: (-one[1], one[0])):
        table.add_row(plain(word), number(count), percent(count / total))
    table.add_row("still to come", number(s["prompts"]["to_come"]), "")
    return table


def _compliance(s: Summary) -> RenderableType:
    kept = s["compliance"]
    weeks = whole_weeks(s)
    table = _table("Compliance", ("", "left"), ("share", "right"), ("prompts", "right"))
    table.add_row("on time", percent(kept["on_time"]), f"{number(kept['completed_on_time'])} of {number(kept['denominator'])}")
    table.add_row("at any time", percent(kept["ever"]), f"{number(kept['completed_ever'])} of {number(kept['denominator'])}")
    for label, one in (("first week", weeks[0]), ("last week", weeks[-1])) if weeks else ():
        table.add_row(f"on time, {label}", percent(one["on_time"]), f"{number(one['completed_on_time'])} of {number(one['denominator'])}")
    table.add_row("agrees with the export", "yes" if kept["agreement"]["agrees"] else "NO", "")
    return table


def _clock(s: Summary) -> RenderableType:
    clock = s["clock"]
    first, last = clock["night_hours"]
    hours = Text("        ").append("".join(f"{hour:<6}" for hour in range(0, 24, 3)), style="dim")
    lines = [Text("By local hour", style="bold"), hours]
    for label, counts in (("prompts", clock["prompts_by_hour"]), ("answers", clock["answers_by_hour"])):
        bars = "".join(2 * one for one in sparkline(counts))
        lines.append(Text(f"{label} ").append(bars[2 * first : 2 * last], style="blue").append(bars[2 * last :], style="cyan"))
    lines.append(Text(f"{percent(clock['share_at_night'])} of prompts between midnight and six", style="dim"))
    return Group(*lines, Text())


def _decisions(s: Summary) -> RenderableType:
    found = s["decisions"]
    table = _table("Decisions and content", ("", "left"), ("", "right"))
    for word, count in sorted(found["by_reason"].items(), key=lambda one: (-one[1], one[0])):
        table.add_row(plain(word), number(count))
    table.add_row("decided by chance", f"{number(found['randomized'])} ({percent(found['share_randomized'], 0)})")
    table.add_section()
    for word, count in sorted(found["content"]["by_kind"].items(), key=lambda one: (-one[1], one[0])):
        table.add_row(f"shown: {plain(word)}", number(count))
    return table


def _burden(s: Summary) -> RenderableType:
    found = s["burden"]
    table = _table("A person's day", ("", "left"), ("mean", "right"), ("p95", "right"), ("worst", "right"))
    for label, key in (("minutes asked for", "minutes_asked"), ("minutes answered", "minutes_answered_simulated"), ("prompts", "prompts"),
                       ("reports", "reports")):  # fmt: skip
        table.add_row(label, *(number(found[key][word]) for word in ("mean", "p95", "worst")))
    table.add_row("days of silence", percent(found["silent_days"]["share"]), "", "")
    return table


def _alerts(s: Summary) -> RenderableType:
    found = s["alerts"]
    head = (("opened", "right"), ("taken: median", "right"), ("p90", "right"), ("worst", "right"), ("ended: median", "right"))
    title = f"Alerts: {found['opened']}, {number(found['per_coordinator_day']['mean'], 2)} a coordinator-day"
    table = _table(title, ("", "left"), *head)
    for one in found["times"]:
        if one["opened"]:
            taken = (unit_minutes(one["to_acknowledge"][word]) for word in ("median", "p90", "worst"))
            table.add_row(one["group"], number(one["opened"]), *taken, unit_minutes(one["to_resolve"]["median"]))
    return table


def _replies(s: Summary) -> RenderableType:
    table = _table("Replies, milliseconds", ("", "left"), ("requests", "right"), ("p50", "right"), ("p99", "right"))
    for one in s["replies"][:_ROUTES]:
        table.add_row(f"{one['method']} {one['route']}", number(one["count"]), number(one["p50_ms"]), number(one["p99_ms"]))
    return table


def _regrets(regrets: Sequence[Regret]) -> RenderableType:
    lines: list[RenderableType] = []
    for one in regrets:
        lines.append(Text.assemble(("▲ ", "yellow"), one.sentence))
        lines.append(Text.assemble("  ", (one.place, "cyan"), ("  " + one.change, "dim")))
    return Panel(
        Group(*lines), title=f"[bold]What you might regret[/]  {plural(len(regrets), 'warning')}", title_align="left", border_style="yellow"
    )


def _table(title: str, *columns: tuple[str, str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    styles: Mapping[str, Any] = {"left": {"justify": "left"}, "right": {"justify": "right", "no_wrap": True}}
    for name, side in columns:
        table.add_column(name, **styles[side])
    return table
