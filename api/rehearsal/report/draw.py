"""Figures as inline SVG that takes its colors, fonts and width from the page: dark and light, screen and print, without a script.

matplotlib is imported when the first figure is drawn. The same figure gives the same bytes.
"""

import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import Any, Final

from models.errors import Invalid

WIDE: Final = 4.9
"""Inches: drawn for a phone's width, so that letters stay readable there, and scaled up a little on a desk."""

COLORS: Final[Mapping[str, str]] = {
    "ink": "#010203",
    "muted": "#010204",
    "line": "#010205",
    "shade": "#010206",
    "paper": "#010207",
    "blue": "#0072b2",
    "sky": "#56b4e9",
    "green": "#009e73",
    "orange": "#e69f00",
    "red": "#d55e00",
    "purple": "#cc79a7",
    "gray": "#8a8a8a",
}
"""Name -> what stands for it while drawing; the page says what each one is. Hues: Okabe and Ito (2008), told apart by color-blind eyes."""

_STYLE: Final[Mapping[str, Any]] = {
    "svg.fonttype": "none",
    "font.family": ["DejaVu Sans"],
    "font.size": 10.5,
    "axes.labelsize": 10.5,
    "axes.titlesize": 10.5,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 9.5,
    "text.color": COLORS["ink"],
    "axes.labelcolor": COLORS["ink"],
    "axes.edgecolor": COLORS["muted"],
    "xtick.color": COLORS["muted"],
    "ytick.color": COLORS["muted"],
    "xtick.labelcolor": COLORS["ink"],
    "ytick.labelcolor": COLORS["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": COLORS["line"],
    "grid.linewidth": 0.8,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "hatch.color": COLORS["paper"],
    "hatch.linewidth": 0.6,
    "lines.linewidth": 1.8,
}


@dataclass(frozen=True, slots=True)
class Plot:
    """One figure of the page. `caption` says in words what it shows, and is also what a screen reader says."""

    name: str
    title: str
    caption: str
    svg: str


def drawn(name: str, title: str, caption: str, paint: Callable[[Any], None], *, height: float = 3.0, width: float = WIDE) -> Plot:
    """The plot of what `paint` does to a matplotlib figure. Raises Invalid (`matplotlib_missing`) without the extra."""
    matplotlib = _matplotlib()
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = import_module("matplotlib.figure").Figure(figsize=(width, height), layout="constrained")
        paint(figure)
        raw = io.StringIO()
        figure.savefig(raw, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return Plot(name, title, caption, _inline(raw.getvalue(), name, title, caption))


def _matplotlib() -> Any:
    try:
        return import_module("matplotlib")
    except ImportError:
        words = "The page's plots need matplotlib: install breakwater[rehearsal]. The summary on the screen and as JSON does not."
        raise Invalid("matplotlib_missing", words) from None


def _inline(svg: str, name: str, title: str, caption: str) -> str:
    """Only the drawing: no prolog, no metadata, ids of its own, colors by name, a title and a description."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    view = re.search(r'viewBox="([^"]+)"', svg)
    assert view is not None
    body = svg[svg.index(">") + 1 :].rstrip()
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"(font: [^;\"]*?px) [^;\"]+", r"\1 var(--font)", body)
    for color, stand_in in COLORS.items():
        body = body.replace(stand_in, f"var(--{color})")
    head = f'<svg viewBox="{view.group(1)}" role="img" aria-labelledby="{name}-title {name}-desc" preserveAspectRatio="xMidYMid meet">'
    return f'{head}<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(caption)}</desc>{body}'
