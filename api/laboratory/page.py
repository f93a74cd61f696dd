"""Self-contained HTML pages of the laboratory: no script, no network, in the house's own style."""

from functools import lru_cache

import jinja2

from api.laboratory import drift_tables
from api.laboratory.plots import plots
from api.laboratory.tables import MODELS, Report, craving, tables
from api.laboratory.words import as_percent, plain


def page(report: Report) -> str:
    """Raises Invalid (`matplotlib_missing`) without the extra `rehearsal`."""
    shown = {"r": report, "plots": plots(report), "tables": tables(report), "model_words": MODELS}
    return _environment().get_template("evaluation.html.j2").render(**shown)


def forecast_page(report: Report) -> str:
    """How craving was foreseen and read."""
    return _environment().get_template("forecast.html.j2").render(r=report, tables=list(craving(report)))


def drift_page(report: Report) -> str:
    """What is watched while a model is in use."""
    shown = {"r": {**report, "notes": list(drift_tables.limits(report))}, "tables": drift_tables.tables(report)}
    return _environment().get_template("drift.html.j2").render(**shown)


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
