"""The tables of the page of `breakwater drift`, from its report alone."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

from api.laboratory.tables import Report, Shown
from api.laboratory.words import NOTHING, as_percent, plain, with_interval

WHAT: Final = {
    "psi": "a feature has moved",
    "unanswered": "more prompts are left unanswered",
    "latency_hours": "answers take longer",
    "cusum": "use is not what was expected",
    "alerts": "more alerts than the budget and chance allow",
    "covered": "cravings are not within their intervals as often as they should be",
    "auroc": "use is ranked worse",
    "group": "use is ranked worse in a group than in everybody",
}
FLAG: Final = " ⚑"


def tables(report: Report) -> list[Shown]:
    """Every table for which there is something."""
    made = (found(report), actions(report), weeks(report), months(report), quarters(report), groups(report))
    return [one for one in made if one.rows or one is made[0]]


def found(report: Report) -> Shown:
    rows = [
        [_when(report, one["from"]), WHAT[one["what"]], one["of"] or NOTHING, plain(one["value"]), plain(one["limit"])]
        for one in report["found"]
    ]
    return Shown("What passed its limit", ["from", "what", "of", "found", "limit"], rows)


def actions(report: Report) -> Shown:
    rows = []
    for place, one in enumerate(report["actions"], start=1):
        numbers = one.get("calibration", {})
        rows.append([f"{place}. {one['words']}", *(with_interval(numbers.get(name)) for name in ("intercept", "slope"))])
    return Shown("What to try, in this order; nothing happens by itself", ["", "intercept of the newest quarter", "slope"], rows)


def weeks(report: Report) -> Shown:
    rows = []
    for one in report["weeks"]:
        moved = next((each["feature"] for each in one.get("moved", ())), "")
        more = len(one.get("moved", ())) - 1
        rows.append(
            [
                _when(report, one["from"]),
                f"{one['people']:,}",
                f"{one['rows']:,}",
                plain(one.get("highest_psi")),
                (moved + (f" and {more} more" if more > 0 else "")) or NOTHING,
                _against(one, "missing"),
                _flagged(one["unanswered"], as_percent),
                _flagged(one["latency_hours"], lambda each: plain(each["value"], 2)),
            ]
        )
    head = ["week from", "people", "windows", "highest PSI", "moved", "missing (reference)", "unanswered", "hours to an answer"]
    return Shown("By week: the data", head, rows)


def months(report: Report) -> Shown:
    rows = []
    for one in report["months"]:
        cusum = one["cusum"]
        rows.append(
            [
                _when(report, one["from"]),
                f"{one['windows']:,}",
                as_percent(one.get("observed")),
                as_percent({"value": one.get("expected")}),
                plain(cusum["too_low"], 1),
                plain(cusum["too_high"], 1),
                plain(cusum["limit"], 1) + (FLAG if cusum["flagged"] else ""),
                with_interval(one["alerts"]),
                plain(one["alerts"]["limit"], 2) + (FLAG if one["alerts"]["flagged"] else ""),
                _flagged(one["covered"], as_percent),
            ]
        )
    head = [
        "28 days from",
        "windows",
        "use",
        "expected",
        "sum: too little",
        "too much",
        "limit",
        "alerts for a person-week",
        "limit",
        "in the 90 % interval",
    ]
    return Shown("By month: calibration in the large, alerts, intervals of craving", head, rows)


def quarters(report: Report) -> Shown:
    rows = [
        [
            _when(report, one["from"]),
            f"{one['windows']:,}",
            with_interval(one.get("auroc")) + (FLAG if one.get("flagged") else ""),
            plain(one["reference"]),
        ]
        for one in report["quarters"]
    ]
    return Shown("By quarter: ranking", ["91 days from", "windows", "AUROC", "of the reference"], rows)


def groups(report: Report) -> Shown:
    rows = [
        [
            f"{_when(report, quarter['from'])}, {one['name']}: {one['group']}",
            f"{one['people']:,}",
            with_interval(one["auroc"]) + (FLAG if one["flagged"] else ""),
            plain(one["gap"]),
        ]
        for quarter in report["quarters"]
        for one in quarter.get("groups", ())
    ]
    return Shown("By quarter: groups of at least twenty people", ["", "people", "AUROC", "less than everybody's"], rows)


def _when(report: Report, day: int) -> str:
    """A date; without a calendar the study day."""
    if report["began"] is None:
        return f"study day {day + 1}"
    return (date.fromisoformat(report["began"]) + timedelta(days=day)).isoformat()


def _against(one: Mapping[str, Any], name: str) -> str:
    return NOTHING if name not in one else f"{as_percent({'value': one[name]})} ({as_percent({'value': one[name + '_reference']})})"


def _flagged(one: Mapping[str, Any], said: Any) -> str:
    return str(said(one)) + (FLAG if one["flagged"] else "")


def limits(report: Report) -> Iterator[str]:
    """What the page says of the report's own limits."""
    if not report["calendar"]:
        yield "There is no calendar: everybody is watched as if all had begun on one day."
    if not report["model"]["trained_here"]:
        yield "The reference's figures are those of the model on it, and may be too good where it was trained on it."
