"""The model that leaves the laboratory: trained on everybody, with its thresholds, as a document."""

import numpy as np
from msgspec.structs import replace

from risk.laboratory.alerting import LEAST_MOMENTS, days_of, rise_of
from risk.laboratory.budget import BUDGETS, threshold_for
from risk.laboratory.evaluate import Run
from risk.laboratory.policies import moments, reserved
from risk.population.artefact import PopulationModel
from risk.population.channels import SELF_HELP
from risk.population.features import Model
from risk.population.windows import Target
from risk.refit.document import as_document
from risk.refit.train import train


def of_everybody(run: Run, target: Target, model: Model, *, trained_at: str, software: str) -> PopulationModel:
    """Thresholds come from out-of-fold probabilities; a budget that no threshold keeps has none."""
    table = run.tables[target, model]
    trained = train(table)
    days, p = days_of(run.windows, table), np.full(len(run.windows), np.nan)
    p[table.row] = trained.out_of_fold
    tops = {f"{one:g}": threshold_for(days, p, one) for one in BUDGETS}
    rise = rise_of(run.windows)
    both = {f"{one:g}": reserved(days, p, rise, one) for one in BUDGETS} if not np.isnan(rise[days.eligible]).all() else {}
    made = as_document(
        trained,
        table,
        model=model,
        target=target,
        synthetic=run.dataset.synthetic,
        thresholds={name: one for name, one in tops.items() if one <= 1.0},
        dataset=run.dataset.title,
        source=run.dataset.source,
        trained_at=trained_at,
        software=software,
    )
    sound = {name: one for name, one in both.items() if one.probability <= 1.0 and np.isfinite(one.rise)}
    return replace(made, reserved=sound, self_help=_self_help(run))


def _self_help(run: Run) -> dict[str, float]:
    """The level at which content is offered, from everybody's estimates; empty where there are too few of them."""
    at, level = moments(run.dataset.people)
    if len(level) < LEAST_MOMENTS:
        return {}
    least = threshold_for(at, level, SELF_HELP.budget, channel=SELF_HELP)
    return {f"{SELF_HELP.budget:g}": least} if np.isfinite(least) else {}
