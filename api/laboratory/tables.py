"""The tables of an evaluation's page, from its report alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.laboratory.words import NOTHING, as_percent, counted, days_in_words, plain, with_interval

Report = Mapping[str, Any]
STRATA: Final = {"pooled": "everyone", "abstinent_7d": "abstinent ≥ 7 days", "abstinent_14d": "abstinent ≥ 14 days"}
TARGETS: Final = {"day": "use within a day", "week": "use within a week"}
WAYS: Final = ("shrunk", "pooled", "running mean", "unshrunk")
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
        yield _calibration(report, target)
        yield _comparisons(report, target)
    for model in report["alerts"]:
        yield alerts(report, model)
        yield reach(report, model)
    yield policies(report)
    yield _self_help(report)
    yield hazard(report)
    yield from craving(report.get("craving", {}))
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
    head = ["", "windows", "base rate", "AUPRC", "Brier", "skill"]
    figures = ("auprc", "brier", "skill")
    rows = [
        [name, counted(part["windows"]), as_percent(part.get("base_rate")), *(with_interval(part.get(one)) for one in figures)]
        for name, part in _strata(report, target)
    ]
    return Shown(f"How right probabilities are, {TARGETS[target]}", head, rows)


def _calibration(report: Report, target: str) -> Shown:
    head = ["", "intercept", "slope"]
    figures = ("calibration_intercept", "calibration_slope")
    rows = [[name, *(with_interval(part.get(one)) for one in figures)] for name, part in _strata(report, target)]
    return Shown(f"Calibration (right is intercept 0 and slope 1), {TARGETS[target]}", head, rows)


def _strata(report: Report, target: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for model, one in report["targets"][target]["models"].items():
        for stratum, words in STRATA.items():
            yield f"{model}, {words}", one[stratum]


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


ALERTED: Final = ("alerts for a person-week", "use within 24 h", "use within 7 days", "onsets caught")


def _alerted(one: Mapping[str, Any]) -> list[str]:
    shares = ("predictive_value_24h", "predictive_value_7d", "onsets_caught")
    return [with_interval(one["alerts_per_person_week"]), *(as_percent(one[name]) for name in shares)]


def alerts(report: Report, model: str) -> Shown:
    rows = [[f"{one['budget']:g}", *_alerted(one)] for one in report["alerts"][model]]
    return Shown(f"Alerts by budget, {model} (one in seven days at most; people abstinent ≥ 7 days)", ["budget", *ALERTED], rows)


def reach(report: Report, model: str) -> Shown:
    """What a caught onset costs, how long before it the alert was, and who gets the alerts."""
    rows = []
    for one in report["alerts"][model]:
        told = [as_percent({"value": one["concentration"][name]}) for name in ("top_tenth", "never")]
        figures = [with_interval(one["alerts_per_caught_onset"], 2), with_interval(one["lead_days"], 1)]
        rows.append([f"{one['budget']:g}", f"{one['alerts']:,}", *figures, *told])
    head = ["budget", "alerts", "for a caught onset", "days of lead", "to the tenth of people with most", "people without any"]
    return Shown(f"What alerts of {model} cost, and who gets them", head, rows)


def policies(report: Report) -> Shown:
    """Simulated: what is not reached by the data is left out."""
    rows = [[_policy(one), *_alerted(one)] for one in report["policies"]]
    budget = report["policies"][0]["budget"] if report["policies"] else 0.0
    return Shown(f"Ways to spend {budget:g} alerts for a person-week, {report['shipped']}, simulated", ["", *ALERTED], rows)


def _policy(one: Mapping[str, Any]) -> str:
    never = as_percent({"value": one["concentration"]["never"]}, 0)
    if one["policy"] == "reserve":
        share = as_percent({"value": one["by_rise"]}, 0)
        return f"a fifth kept for a rise above the person's own usual ({share} of alerts; {never} of people never alerted)"
    if one["policy"] in {"controller", "served"}:
        both = "as a promoted model is served: the fifth kept, and " if one["policy"] == "served" else ""
        days = "" if one["calendar"] else ", as if all had begun on one day"
        raised = plain(one["highest_shift"], 2)
        return (
            f"{both}a site's threshold follows its rate of 28 days{days} (raised by {raised} on the logit at most; {never} never alerted)"
        )
    if one["policy"] == "open":
        return f"at most two open for a person, each for three weeks ({never} never alerted)"
    return f"one threshold for everybody ({never} never alerted)"


def _self_help(report: Report) -> Shown:
    one = report["self_help"]
    rows = []
    if one:
        told = [as_percent({"value": one["concentration"][name]}) for name in ("top_tenth", "never")]
        figures = [with_interval(one["alerts_per_person_week"], 2), as_percent(one["predictive_value_24h"])]
        rows.append([f"{one['budget']:g} for a person-week", f"{one['moments']:,}", *figures, *told])
    head = ["budget", "estimates", "offers for a person-week", "use told of that day or the next", "to the tenth with most", "never"]
    return Shown("Content offered by the estimate's level, never within four hours, simulated", head, rows)


def craving(found: Mapping[str, Any]) -> Iterator[Shown]:
    """How craving was foreseen and read, of `risk.laboratory.foresight`; nothing where it was not done."""
    words = {
        "forecast": "Craving at the next answer, from the answers before it alone",
        "nowcast": "Craving now, from what else is said with it and from the answers before",
    }
    for kind, one in found.get("kinds", {}).items():
        rows = []
        for way in WAYS:
            error = one["error"][way]
            less = one["shrunk_less"].get(way)
            better = as_percent({"value": less["people_better"]}, 0) if less else NOTHING
            held = sum(fold["shrunk_less"][way]["best_or_equal"] for fold in one["by_fold"]) if less else NOTHING
            rows.append([way, with_interval(error), with_interval(less), better, f"{held}"])
        head = ["couplings", "squared error", "shrunk less this", "shrunk better for", "folds not worse"]
        yield Shown(f"{words[kind]} (1: always the mean of everybody)", head, rows)


def hazard(report: Report) -> Shown:
    rows = [[days_in_words(one), counted(one["days"]), as_percent(one)] for one in report["hazard"]]
    return Shown("Use today, by days since the newest use", ["days", "person-days", "with use"], rows)


def _subgroups(report: Report, target: str) -> Shown:
    rows = []
    for name, groups in report["subgroups"][target].items():
        for one in groups:
            figures = [with_interval(one.get("auroc")), plain(one.get("base_rate")), plain(one.get("expected"))]
            rows.append([f"{name}: {one['group']}", counted(one["people"]), counted(one["windows"]), *figures])
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
        counted(one["people"]),
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
