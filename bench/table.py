"""bench/README.md from the sections that bench/results.json holds."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.result import Cell, Goal, Section

HEADING = """# What things cost

Written by `make bench` (`python -m bench`, `--only NAME` for one part, `--quick` to try whether it runs).
Times are medians of runs that take turns with a named baseline. Ratios hold from machine to machine; absolute figures belong to
the machine and the day that each section names. All data is synthetic."""


def document(results: Mapping[str, Mapping[str, Any]], order: Sequence[str]) -> str:
    """The whole page. `results`: name -> {"section", "machine", "date"}; parts that were never measured are left out."""
    found = {name: Section.from_json(results[name]["section"]) for name in order if name in results}
    lines = [HEADING, "", *_overview(found)]
    for name, section in found.items():
        lines += ["", *_section(name, section, results[name])]
    return "\n".join(lines) + "\n"


def _overview(found: Mapping[str, Section]) -> list[str]:
    goals = [(section, goal) for section in found.values() for goal in section.goals]
    if not goals:
        return []
    rows = [(section.title, goal.name, _value(goal), _bound(goal), "yes" if goal.met else "**no**") for section, goal in goals]
    return ["## Goals", "", *grid(("part", "goal", "seen", "bound", "met"), rows)]


def _section(name: str, section: Section, kept: Mapping[str, Any]) -> list[str]:
    lines = [f"## {section.title}", "", section.what, "", f"Baseline: {section.baseline}", "", *grid(section.columns, section.rows)]
    if section.goals:
        lines += [
            "",
            *(f"- {goal.name}: {_value(goal)}, goal {_bound(goal)}: {'met' if goal.met else 'not met'}" for goal in section.goals),
        ]
    if section.short:
        heading = "What is left" if all(goal.met for goal in section.goals) else "Where it falls short"
        lines += ["", f"### {heading}", "", section.short]
    for plot in section.plots:
        lines += ["", f"![{plot.title}](plots/{plot.name}.svg)"]
    for heading, text in section.listings:
        lines += ["", f"<details><summary>{heading}</summary>", "", "```", text.strip("\n"), "```", "", "</details>"]
    return [*lines, "", f"`{name}` · {kept['date']} · {kept['machine']}"]


def grid(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    """A Markdown table; numbers stand to the right."""
    right = [all(isinstance(row[place], int | float) for row in rows) for place in range(len(columns))]
    rule = "|".join("---:" if one else "---" for one in right)
    return [_row(columns), f"|{rule}|", *(_row([number(cell) for cell in row]) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def number(value: Cell) -> str:
    """Three significant digits below 100, whole numbers with separators above; text as it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _value(goal: Goal) -> str:
    return f"{number(goal.value)} {goal.unit}".strip()


def _bound(goal: Goal) -> str:
    return f"{'≤' if goal.sense == 'at most' else '≥'} {number(goal.bound)} {goal.unit}".strip()
