"""`breakwater forecast`: how well craving is foreseen and read by the estimator, on people whose prior never saw them."""

from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from api.laboratory.page import forecast_page
from api.laboratory.streams import Streams, read_streams
from models.codec import canonical
from models.errors import Invalid
from risk.estimate.prior import PRIOR_FILE, Document, load
from risk.laboratory.evaluate import CLAIM
from risk.laboratory.foresight import foresight

SCHEMA: Final = "breakwater.foresight-report/1"
MOST_ANSWERS: Final = 40_000
"""More are not followed inside an evaluation: every n-th person is, so that it takes minutes."""
Tell = Callable[[str], None]


def run_forecast(dataset: Path, mapping: Path | None, craving: Sequence[str], report: Path, *, repeats: int, tell: Tell) -> dict[str, Any]:
    """The report; `report.json` and `report.html` stand in the folder `report`."""
    streams = read_streams(dataset, mapping, craving)
    found = _about(streams) | foresight(streams.people, streams.nodes, _shipped(), tell=tell, repeats=repeats)
    report.mkdir(parents=True, exist_ok=True)
    (report / "report.json").write_bytes(canonical(found) + b"\n")
    (report / "report.html").write_text(forecast_page(found), encoding="utf-8")
    return found


def craving_of(export: Path, *, repeats: int, tell: Tell) -> dict[str, Any]:
    """The same of an export inside its evaluation; why not, where it cannot be done."""
    try:
        streams = read_streams(export, None, ())
        people = [one for one in streams.people if one]
        step = max(1, -(-sum(len(one) for one in people) // MOST_ANSWERS))
        return _about(streams) | foresight(people[::step], streams.nodes, _shipped(), tell=tell, repeats=repeats)
    except Invalid as refused:
        return {"not_done": refused.detail}


def _shipped() -> Document:
    return load((files("risk.estimate") / "priors" / PRIOR_FILE).read_bytes()).document


def _about(streams: Streams) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "claim": CLAIM,
        "title": streams.title,
        "source": streams.source,
        "synthetic": streams.synthetic,
        "craving": list(streams.craving),
        "indicators": [name for name in streams.nodes if name != "craving"],
        "notes": list(streams.notes),
    }
