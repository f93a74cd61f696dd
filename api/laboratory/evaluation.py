"""`breakwater evaluate`: a dataset in; a report as JSON and as a page, the models as documents, and a section of the model card out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from api.laboratory.card import placed, section
from api.laboratory.forecasting import craving_of
from api.laboratory.foreign import read_foreign
from api.laboratory.mapping import load_mapping
from api.laboratory.own_layout import read_own
from api.laboratory.page import page
from models.codec import canonical
from models.errors import Invalid
from risk.laboratory.evaluate import Run, evaluate
from risk.laboratory.terms import Dataset
from risk.laboratory.whole import of_everybody
from risk.population.artefact import write
from risk.population.features import Model
from risk.population.windows import HORIZON_DAYS, Target

Tell = Callable[[str], None]


def read_dataset(path: Path, mapping: Path | None, people: int | None) -> Dataset:
    """A foreign folder by its mapping, or the house's own export. `people`: every n-th person, so that so many are left."""
    dataset = read_foreign(path, load_mapping(mapping)) if mapping else read_own(path)
    if people is None or people >= len(dataset.people):
        return dataset
    step = len(dataset.people) / people
    chosen = tuple(dataset.people[int(place * step)] for place in range(people))
    return replace(dataset, people=chosen, notes=(*dataset.notes, f"A part: {people} of {len(dataset.people)} people."))


def run_evaluation(
    path: Path, mapping: Path | None, report: Path, *, people: int | None, repeats: int, card: Path | None, now: datetime, tell: Tell
) -> dict[str, Any]:
    """The report; `report.json`, `report.html` and the documents of the model that the rule lets ship stand in the folder `report`."""
    found, run = evaluate(read_dataset(path, mapping, people), tell=tell, repeats=repeats)
    if mapping is None:
        found["craving"] = craving_of(path, repeats=repeats, tell=tell)
    report.mkdir(parents=True, exist_ok=True)
    found["models"] = {target: _written(run, target, found["shipped"], report, now, tell) for target in HORIZON_DAYS}
    (report / "report.json").write_bytes(canonical(found) + b"\n")
    (report / "report.html").write_text(page(found), encoding="utf-8")
    if card is not None:
        card.write_text(placed(card.read_text(encoding="utf-8"), section(found)), encoding="utf-8")
    return found


def _written(run: Run, target: Target, model: Model, folder: Path, now: datetime, tell: Tell) -> dict[str, str]:
    """A model that ranks backwards is not written."""
    tell(f"{model} of everybody, use within a {target}")
    document = of_everybody(run, target, model, trained_at=now.isoformat(timespec="seconds"), software=version("breakwater"))
    try:
        raw = write(document)
    except Invalid as refused:
        return {"not_written": refused.detail}
    (folder / f"{model}-{target}.json").write_bytes(raw)
    return {"id": document.id, "file": f"{model}-{target}.json"}
