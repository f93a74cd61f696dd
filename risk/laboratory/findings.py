"""What of a watch passed its limit, and which action it leads to."""

from collections.abc import Iterator
from typing import Any, Final

from risk.laboratory.people import said
from risk.population.channels import COORDINATOR, TOLERANCE

MORE_UNANSWERED: Final = 0.1
"""Share of prompts left unanswered above the reference's."""
SLOWER: Final = 1.5
"""Times the reference's median of hours to an answer."""
COVERED: Final = (0.85, 0.95)
"""Where the share of cravings within their 90 % interval may lie."""
ACTIONS: Final = {
    "data": "Look at what changed in the data before the model is touched: items, prompts, devices, who is enrolled.",
    "intercept": "Recalibrate the intercept: the probabilities are off as a whole, and rank as before.",
    "platt": "Fit both numbers of the calibration anew on answered windows.",
    "retrain": "Retrain on data from then on, evaluate anew, and let a named person promote it after a silent phase.",
}
"""In the order in which they are tried. None happens by itself."""


def found(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Everything that passed its limit, the oldest first within its kind. `leads_to` names the action."""
    for week in report["weeks"]:
        if some := week.get("moved"):
            of = some[0]["feature"] + (f" and {len(some) - 1} more" if len(some) > 1 else "")
            figures = {"value": some[0]["psi"], "limit": some[0]["limit"]}
            yield {"what": "psi", "from": week["from"], "of": of, **figures, "leads_to": "data"}
        for what, limit in (("unanswered", MORE_UNANSWERED), ("latency_hours", None)):
            one = week[what]
            if one["flagged"]:
                top = one["reference"] + limit if limit else SLOWER * one["reference"]
                yield {"what": what, "from": week["from"], "of": "", "value": one["value"], "limit": said(top), "leads_to": "data"}
    for month in report["months"]:
        for what, leads_to in (("cusum", "intercept"), ("alerts", "intercept"), ("covered", "data")):
            one = month[what]
            if one["flagged"]:
                value = max(one["too_low"], one["too_high"]) if what == "cusum" else one["value"]
                top = {"cusum": one.get("limit"), "alerts": TOLERANCE * COORDINATOR.budget, "covered": COVERED[value > COVERED[0]]}[what]
                yield {"what": what, "from": month["from"], "of": "", "value": value, "limit": top, "leads_to": leads_to}
    for quarter in report["quarters"]:
        if quarter.get("flagged"):
            value, usual = quarter["auroc"]["value"], quarter["reference"]
            yield {"what": "auroc", "from": quarter["from"], "of": "", "value": value, "limit": usual, "leads_to": "retrain"}
        for one in quarter.get("groups", ()):
            if one["flagged"]:
                of = f"{one['name']}: {one['group']}"
                whole = quarter["auroc"]["value"]
                yield {
                    "what": "group",
                    "from": quarter["from"],
                    "of": of,
                    "value": one["auroc"]["value"],
                    "limit": whole,
                    "leads_to": "data",
                }
