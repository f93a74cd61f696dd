"""The tables of an evaluation's page, from its report alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.laboratory.words import NOTHING, as_percent, days_in_words, plain, with_interval

Report = Mapping[str, Any]
STRATA: Final = {"pooled": "everyone", "abstinent_7d": "abstinent ≥ 7 days", "abstinent_14d": "abstinent ≥ 14 days"}
TARGETS: Final = {"day": "use within a day", "week": "use within a week"}
MODELS: Final = {
    "M0": "past use alone",
    "M1a": "past use and craving",
    "M1b": "past use, affect and pain",
    "M1": "past use and all answers",
    "M2": "M1 and the craving network",
}


@dataclass(frozen=True, slots=True)
class Shown:
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(report: Report) -> list[Shown]:
    """Every table for which there is something, in the order of the page."""
    return [one for one in _all(report) if one.rows]


def _all(report: Report) -> Iterator[Shown]:
    for target in TARGETS:
        yield discrimination(report, target)
        yield _accuracy(report, target)
        yield _comparisons(report, target)
    for model in report["alerts"]:
        yield alerts(report, model)
    yield hazard(report)
    for target in TARGETS:
        yield _subgroups(report, target)
        yield _landmarks(report, target)
        yield _other_splits(report, target)
        yield _unanswered(report, target)


def discrimination(report: Report, target: str) -> Shown:
    head = ["AUROC", *STRATA.values(), "within a person, median"]
    rows = [
        [f"{model}: {MODELS[model]}", *(with_interval(one[name].get("auroc")) for name in STRATA), with_interval(one["within_person"])]
        for model, one in report["targets"][target]["models"].items()
    ]
    return Shown(f"How well windows are ranked, {TARGETS[target]}", head, rows)


def _accuracy(report: Report, target: str) -> Shown:
    head = ["", "windows", "base rate", "AUPRC", "Brier", "skill", "calibration intercept", "slope"]
    rows = []
    for model, one in report["targets"][target]["models"].items():
        for stratum, words in STRATA.items():
            part = one[stratum]
            figures = [with_interval(part.get(name)) for name in ("auprc", "brier", "skill", "calibration_intercept", "calibration_slope")]
            rows.append([f"{model}, {words}", f"{part['windows']:,}", as_percent(part.get("base_rate")), *figures])
    return Shown(f"How right probabilities are, {TARGETS[target]}", head, rows)


def _comparisons(report: Report, target: str) -> Shown:
    rows = [
        [
            name.replace("-", " − "),
            with_interval(one.get("auroc"), 4),
            with_interval(one.get("net_benefit"), 5),
            "yes" if one["ships"] else "no",
        ]
        for name, one in report["comparisons"][target].items()
    ]
    head = ["difference", "AUROC", "net benefit, mean over 1 to 30 %", "both above 0"]
    return Shown(f"What each model adds among those abstinent ≥ 7 days, {TARGETS[target]}", head, rows)


def alerts(report: Report, model: str) -> Shown:
    head = [
        "budget",
        "alerts for a person-week",
        "use within 24 h",
        "use within 7 days",
        "onsets caught",
        "alerts for a caught onset",
        "days of lead",
    ]
    rows = [
        [
            f"{one['budget']:g}",
            with_interval(one["alerts_per_person_week"]),
            as_percent(one["predictive_value_24h"]),
            as_percent(one["predictive_value_7d"]),
            as_percent(one["onsets_caught"]),
            with_interval(one["alerts_per_caught_onset"], 2),
            with_interval(one["lead_days"], 1),
        ]
        for one in report["alerts"][model]
    ]
    return Shown(f"Alerts by budget, {model} (one in seven days at most; people abstinent ≥ 7 days)", head, rows)


def hazard(report: Report) -> Shown:
    rows = [[days_in_words(one), f"{one['days']:,}", as_percent(one)] for one in report["hazard"]]
    return Shown("Use today, by days since the newest use", ["days", "person-days", "with use"], rows)


def _subgroups(report: Report, target: str) -> Shown:
    rows = []
    for name, groups in report["subgroups"][target].items():
        for one in groups:
            figures = [with_interval(one.get("auroc")), plain(one.get("base_rate")), plain(one.get("expected"))]
            rows.append([f"{name}: {one['group']}", f"{one['people']:,}", f"{one['windows']:,}", *figures])
    head = ["group", "people", "windows", "AUROC", "observed", "expected"]
    return Shown(f"Groups, {report['shipped']}, {TARGETS[target]}", head, rows)


def _landmarks(report: Report, target: str) -> Shown:
    models = report["targets"][target]["models"]
    weeks = [one["week"] for one in next(iter(models.values()))["landmark"]]
    rows = [[model, *(with_interval(one) for one in found["landmark"])] for model, found in models.items()] if weeks else []
    return Shown(f"AUROC on the day that ends a week of the study, {TARGETS[target]}", ["week", *map(str, weeks)], rows)


def _other_splits(report: Report, target: str) -> Shown:
    found, rows = report["other_splits"][target], []
    for model, one in found["rolling_origin"].items():
        rows.append([f"{model}, people enrolled later", *_split(one)])
    for model, sites in found["leave_site_out"].items():
        rows.extend([f"{model}, {report['site_word']} {name} left out", *_split(one)] for name, one in sites.items())
    head = ["trained elsewhere", "people", "AUROC", "abstinent ≥ 7 days", "observed", "expected"]
    return Shown(f"Other people, other places, {TARGETS[target]}", head, rows)


def _split(one: Mapping[str, Any]) -> list[str]:
    if "not_done" in one:
        return [one["not_done"], *[NOTHING] * 4]
    pooled, abstinent = one.get("pooled", {}), one.get("abstinent_7d", {})
    return [
        f"{one['people']:,}",
        plain(pooled.get("auroc")),
        plain(abstinent.get("auroc")),
        plain(pooled.get("base_rate")),
        plain(pooled.get("expected")),
    ]


def _unanswered(report: Report, target: str) -> Shown:
    found = report["unanswered"][target]
    rows = [[name, plain(one["base_rate"]), plain(one["auroc"])] for name, one in found["assumptions"].items()]
    caption = f"If unanswered windows ({as_percent({'value': found['share']})}) were known, {TARGETS[target]}"
    return Shown(caption, ["assumption", "base rate", "AUROC"], rows)
