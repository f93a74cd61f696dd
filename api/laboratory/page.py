"""One self-contained HTML page of an evaluation: no script, no network, in the house's own style."""

from functools import lru_cache

import jinja2

from api.laboratory.plots import plots
from api.laboratory.tables import MODELS, Report, tables
from api.laboratory.words import as_percent, plain


def page(report: Report) -> str:
    """Raises Invalid (`matplotlib_missing`) without the extra `rehearsal`."""
    shown = {"r": report, "plots": plots(report), "tables": tables(report), "model_words": MODELS}
    return _environment().get_template("evaluation.html.j2").render(**shown)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader("api.laboratory"), jinja2.PackageLoader("api.rehearsal.report")]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": lambda one: as_percent({"value": one}), "figure": plain}
    return environment
