"""Plots of cost against size, as SVG with the same bytes for the same figures."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from bench.result import Plot

_STYLE = {
    "svg.hashsalt": "breakwater",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "figure.facecolor": "white",
    "axes.facecolor": "white",
}
_COLORS = ("#0b6e99", "#c4501b", "#4c7a34", "#6b4a9e", "#8a6d00", "#b03060", "#2f8f83", "#555555")
_MARKS = ("o", "s", "^", "D", "v", "P", "X", "x")


def draw(plot: Plot) -> bytes:
    """The picture of one plot."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(6.8, 4.2), layout="constrained")
        axes = figure.subplots()
        for place, line in enumerate(plot.lines):
            style = {"color": _COLORS[place % len(_COLORS)], "marker": _MARKS[place % len(_MARKS)], "markersize": 4}
            axes.plot(line.x, line.y, label=line.name, **style)
        if plot.bound is not None:
            axes.axhline(plot.bound, color="#888888", linestyle="--", linewidth=1, label="goal")
        axes.set(title=plot.title, xlabel=plot.x_label, ylabel=plot.y_label)
        axes.set_xscale("log" if plot.log_x else "linear")
        axes.set_yscale("log" if plot.log_y else "linear")
        if plot.log_x:
            axes.xaxis.set_major_locator(FixedLocator(sorted({x for line in plot.lines for x in line.x})))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(FuncFormatter(_plain))
        if plot.log_y:
            axes.yaxis.set_major_formatter(FuncFormatter(_plain))
            axes.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
            axes.yaxis.set_minor_formatter(FuncFormatter(_plain))
        else:
            axes.set_ylim(bottom=0)
        if len(plot.lines) > 1 or plot.bound is not None:
            figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
        buffer = BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return b"\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + b"\n"


def _plain(value: float, _place: int | None = None) -> str:
    """10, 2,000, 5M: what a reader says."""
    return f"{value / 1e6:.3g}M" if value >= 1e6 else f"{value:,.0f}" if value >= 1 else f"{value:g}"


def write(plots: Sequence[Plot], directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for plot in plots:
        (directory / f"{plot.name}.svg").write_bytes(draw(plot))
