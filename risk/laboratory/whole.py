"""The model that leaves the laboratory: trained on everybody, with its thresholds, as a document."""

import numpy as np

from risk.laboratory.alerting import days_of
from risk.laboratory.budget import BUDGETS, threshold_for
from risk.laboratory.evaluate import Run
from risk.population.artefact import PopulationModel
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
    return as_document(
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
