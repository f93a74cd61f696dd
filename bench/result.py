"""What one measurement gives: a section of bench/README.md with its table, its plots and its goals.

A part of the bench is a module with `def measure(quick: bool) -> Section`. `python -m bench` keeps every section in
bench/results.json, so that measuring one part again leaves the others as they were.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plot: cost (`y`) against size (`x`), in the units that its plot names."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture, `bench/plots/{name}.svg`. Axis labels carry their units: "prompts in the table", "claim (ms)"."""

    name: str
    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    log_x: bool = False
    log_y: bool = False
    bound: float | None = None
    """A goal, drawn as a dashed line across."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What was promised, what was seen, and whether it holds: `value` is at most or at least `bound`."""

    name: str
    value: float
    bound: float
    sense: Literal["at most", "at least"]
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.bound if self.sense == "at most" else self.value >= self.bound


@dataclass(frozen=True, slots=True)
class Section:
    """One measurement. `what` and `baseline` are sentences; each row has as many cells as there are columns.

    `listings` are pairs of a heading and a text shown as it is (a query plan). `short` says where it falls short of a goal,
    or what is left where it does not: the profile, what was tried, what limits it.
    """

    title: str
    what: str
    baseline: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    goals: tuple[Goal, ...] = ()
    plots: tuple[Plot, ...] = ()
    listings: tuple[tuple[str, str], ...] = ()
    short: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{self.title}: a row of {len(row)} cells under {len(self.columns)} columns: {row}")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Self:
        return cls(
            **{
                **found,
                "columns": tuple(found["columns"]),
                "rows": tuple(tuple(row) for row in found["rows"]),
                "goals": tuple(Goal(**goal) for goal in found["goals"]),
                "plots": tuple(_plot(plot) for plot in found["plots"]),
                "listings": tuple((heading, text) for heading, text in found["listings"]),
            }
        )


def _plot(found: dict[str, Any]) -> Plot:
    return Plot(**{**found, "lines": tuple(_line(line) for line in found["lines"])})


def _line(found: dict[str, Any]) -> Line:
    return Line(found["name"], tuple(found["x"]), tuple(found["y"]))


def middle(values: Sequence[float], share: float = 0.5) -> float:
    """The value below which `share` of the values lie (0.5 the median, 0.99 the 99th percentile), by nearest rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]
