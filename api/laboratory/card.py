"""The section of the model card that an evaluation writes. Everything around its marks stays as it is."""

from typing import Final

from api.laboratory.tables import Report, Shown, alerts, craving, discrimination, hazard, policies, reach
from models.errors import Invalid

BEGINS: Final = "<!-- evaluation: written by `breakwater evaluate --card`; edits here are lost -->"
ENDS: Final = "<!-- end of evaluation -->"


def section(report: Report) -> str:
    """Markdown with the dataset, its limits, discrimination, alerts and hazard."""
    kind = "SYNTHETIC: simulated people, not evidence about anyone" if report["synthetic"] else "real people"
    lines = [
        BEGINS,
        "",
        f"**{report['title']}** ({kind}). Source: {report['source']}. {report['people']:,} people, {report['person_days']:,} person-days, "
        f"{_of_answered(report)}. People are held out whole; "
        "settings, calibration and thresholds are chosen inside the training people; 95 % intervals over people.",
        "",
        f"> {report['claim']}",
        "",
        *(f"- {one}" for one in report["notes"]),
        "",
        f"The most that the shipping rule allows on these data is {report['shipped']}. No model is shipped with the house.",
        "",
    ]
    shown = [
        discrimination(report, "day"),
        discrimination(report, "week"),
        *(make(report, model) for model in report["alerts"] for make in (alerts, reach)),
        policies(report),
        hazard(report),
        *craving(report.get("craving", {})),
    ]
    for one in shown:
        lines += [*_table(one), ""]
    return "\n".join([*lines, ENDS])


def _of_answered(report: Report) -> str:
    """A day of which nothing is known is not one without use."""
    answered = report["answered_days"]
    share = f"{100 * report['use_days'] / answered:.1f} % with use"
    return share if answered == report["person_days"] else f"{answered:,} of them answered, {share} of these"


def placed(card: str, made: str) -> str:
    """The card with its section made anew. Raises Invalid (`card_without_place`) where the marks are not there."""
    before, begins, rest = card.partition(BEGINS)
    _, ends, after = rest.partition(ENDS)
    if not begins or not ends:
        raise Invalid("card_without_place", f"The model card has no place for an evaluation: {BEGINS} … {ENDS}.")
    return before + made + after


def _table(one: Shown) -> list[str]:
    width = max(len(row) for row in one.rows) if one.rows else len(one.head)
    head = [*([""] * (width - len(one.head))), *one.head]
    rows = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * width, *one.rows)]
    return [f"{one.caption}:", "", *rows]
