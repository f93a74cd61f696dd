"""One self-contained HTML page: no script, no network, its style and its plots inside."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import jinja2

from api.rehearsal.report.plots import plots
from api.rehearsal.report.promises import KINDS
from api.rehearsal.report.regrets import Regret
from api.rehearsal.report.tables import Summary, compared, groups, names, tiles
from api.rehearsal.report.words import apart, number, plural


def page(summary: Summary, regrets: Sequence[Regret] = ()) -> str:
    """The page of one rehearsal, with the warnings that were found. Raises Invalid (`matplotlib_missing`) without the extra."""
    return _template("page.html.j2").render(
        s=summary,
        apart=apart(summary["run"]),
        kinds=KINDS,
        tiles=tiles(summary),
        regrets=regrets,
        plots=plots(summary),
        tables=groups(summary),
    )


def side_by_side(summaries: Sequence[Summary], regrets: Sequence[Sequence[Regret]] = ()) -> str:
    """Several rehearsals on one page, a column each; `regrets` in the same order. Raises Invalid as `page`."""
    titles = names(summaries)
    found = [*regrets, *([()] * (len(summaries) - len(regrets)))]
    columns = [{"name": name, "regrets": one} for name, one in zip(titles, found, strict=True)]
    return _template("side_by_side.html.j2").render(columns=columns, groups=compared(summaries), pairs=_pairs(summaries, titles))


def _pairs(summaries: Sequence[Summary], titles: Sequence[str]) -> list[Mapping[str, Any]]:
    """The same plot of every rehearsal that has it, one after another."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for place, (summary, name) in enumerate(zip(summaries, titles, strict=True)):
        for plot in plots(summary, f"r{place}-"):
            found.setdefault(plot.title, []).append({"name": name, "plot": plot})
    return [{"title": title, "plots": each} for title, each in found.items()]


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("api.rehearsal.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"figure": number, "plural": plural}
    return environment


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)
