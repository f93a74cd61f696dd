"""`breakwater drift`: what is watched while a model is in use, as JSON and as a page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from api.laboratory.evaluation import read_dataset
from api.laboratory.page import drift_page
from models.codec import canonical
from risk.laboratory.watch import watch
from risk.population.artefact import read


def run_drift(
    path: Path, reference: Path, mapping: Path | None, model: Path | None, report: Path, *, tell: Callable[[str], None]
) -> dict[str, Any]:
    """The report; `report.json` and `report.html` stand in the folder `report`. What was learned from simulated people is watched on
    simulated people alone."""
    now, usual = (read_dataset(one, mapping, None) for one in (path, reference))
    loaded = None if model is None else read(model.read_bytes(), rehearsal=now.synthetic)
    found = watch(now, usual, loaded, tell=tell)
    report.mkdir(parents=True, exist_ok=True)
    (report / "report.json").write_bytes(canonical(found) + b"\n")
    (report / "report.html").write_text(drift_page(found), encoding="utf-8")
    return found
