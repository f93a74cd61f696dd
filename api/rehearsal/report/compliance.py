"""Compliance, counted again from the rows and compared with what the export says of itself. Pure.

Completed on time ÷ (planned − not sent − withdrawn). Both numerators and the denominator are always beside the share.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.rehearsal.report.numbers import share
from api.rehearsal.report.records import Prompted

DEFINITION: Final = "completed on time / (planned - not sent - withdrawn)"

MEANS: Final = ("on_time", "ever")
"""The shares of which the export gives the mean over persons."""

ALL: Final = "(all)"
"""The export's name for all designs together."""


@dataclass(slots=True)
class Tally:
    """Counts of any set of prompts. A prompt that is still open counts as open and nowhere else."""

    planned: int = 0
    not_sent: int = 0
    withdrawn: int = 0
    open: int = 0
    completed_on_time: int = 0
    completed_ever: int = 0

    @property
    def denominator(self) -> int:
        return self.planned - self.not_sent - self.withdrawn

    def add(self, row: Prompted) -> None:
        if row.status == "open":
            self.open += 1
            return
        whole = row.completed_utc is not None
        self.planned += 1
        self.not_sent += row.status == "not_sent"
        self.withdrawn += row.status == "withdrawn"
        self.completed_on_time += whole and row.status == "completed" and row.timing == "on_time"
        self.completed_ever += whole and row.status in {"completed", "expired"}

    def document(self) -> dict[str, Any]:
        return {
            "planned": self.planned,
            "not_sent": self.not_sent,
            "withdrawn": self.withdrawn,
            "open": self.open,
            "denominator": self.denominator,
            "completed_on_time": self.completed_on_time,
            "completed_ever": self.completed_ever,
            "on_time": share(self.completed_on_time, self.denominator),
            "ever": share(self.completed_ever, self.denominator),
        }


Exported = Mapping[tuple[str, str], tuple[int, int, int]]
"""(participant, design) -> denominator, completed on time, completed ever, as compliance.csv says."""


def compliance(prompts: Iterable[Prompted], exported: Exported, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Over these prompts, by study week (from 1), by design, as a mean over persons, and whether the export agrees."""
    total, weeks, designs, persons, cells = (
        Tally(),
        dict[int, Tally](),
        dict[str, Tally](),
        dict[str, Tally](),
        dict[tuple[str, str], Tally](),
    )
    for row in prompts:
        if row.row_kind != "prompt" or row.state == "superseded":
            continue
        week = ((row.study_day or 1) - 1) // 7 + 1
        design = row.design or ""
        where = [
            total,
            weeks.setdefault(week, Tally()),
            designs.setdefault(design, Tally()),
            persons.setdefault(row.participant_id, Tally()),
        ]
        for tally in (*where, cells.setdefault((row.participant_id, design), Tally())):
            tally.add(row)
    cells |= {(person, ALL): tally for person, tally in persons.items()}
    means = {name: _mean(persons.values(), name) for name in MEANS}
    return {
        "definition": DEFINITION,
        **total.document(),
        "mean_over_persons": means,
        "by_week": [{"week": week, **tally.document()} for week, tally in sorted(weeks.items())],
        "by_design": [{"design": design, **tally.document()} for design, tally in sorted(designs.items())],
        "agreement": _agreement(cells, exported, means, manifest),
    }


def joined(houses: Sequence[tuple[Exported, Mapping[str, Any]]]) -> tuple[Exported, Mapping[str, Any]]:
    """What the exports of several houses say together: all their counts, and each mean over all their persons.

    >>> joined([({("p1", ALL): (4, 1, 1)}, {"on_time": 0.25}), ({("p2", ALL): (2, 1, 2), ("p3", ALL): (1, 0, 0)}, {"on_time": 0.25})])[1]
    {'on_time': 0.25, 'ever': None}
    """
    if len(houses) == 1:
        return houses[0]
    counts = {key: cell for exported, _ in houses for key, cell in exported.items()}
    return counts, {name: _joined_mean([(manifest.get(name), _asked(exported)) for exported, manifest in houses]) for name in MEANS}


def whole_weeks(summary: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The study weeks with a denominator that the rehearsal lived through to the end; all of them where there is no whole one."""
    weeks = [one for one in summary["compliance"]["by_week"] if one["denominator"]]
    return [one for one in weeks if one["week"] * 7 <= summary["run"]["days"]] or weeks


def _mean(tallies: Iterable[Tally], name: str) -> float | None:
    shares = [one for one in (tally.document()[name] for tally in tallies) if one is not None]
    return math.fsum(shares) / len(shares) if shares else None


def _joined_mean(houses: Iterable[tuple[float | None, int]]) -> float | None:
    """From (mean, persons that it is over) of each house."""
    said = [(mean, persons) for mean, persons in houses if mean is not None and persons]
    return math.fsum(mean * persons for mean, persons in said) / sum(persons for _, persons in said) if said else None


def _asked(exported: Exported) -> int:
    """Persons with a share: those of whom any prompt counts."""
    return sum(design == ALL and below > 0 for (_, design), (below, _, _) in exported.items())


def _agreement(
    cells: Mapping[tuple[str, str], Tally], exported: Exported, means: Mapping[str, float | None], manifest: Mapping[str, Any]
) -> dict[str, Any]:
    """How many (person, design) counts were compared and how many differ, and whether the two means are alike to 1e-9."""
    ours = {key: (one.denominator, one.completed_on_time, one.completed_ever) for key, one in cells.items()}
    # A person without a single prompt has a row of zeros in the export.
    theirs = {key: counts for key, counts in exported.items() if key in ours or any(counts)}
    differing = sum(ours.get(key) != theirs.get(key) for key in ours.keys() | theirs.keys())
    said = {name: manifest.get(name) for name in means}
    alike = all(_same(means[name], said[name]) for name in means)
    return {"compared": len(ours), "differing": differing, "export_mean": said, "means_agree": alike, "agrees": alike and not differing}


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, abs_tol=1e-9)
