"""The plots of an evaluation's page, each from its report alone."""

from collections.abc import Mapping
from typing import Any, Final

from api.laboratory.tables import TARGETS, Report
from api.rehearsal.report.draw import COLORS as C
from api.rehearsal.report.draw import Plot, drawn

_COLORS: Final[Mapping[str, str]] = {"M0": "gray", "M1a": "red", "M1b": "green", "M1": "blue", "M2": "purple"}
_MARKS: Final[Mapping[str, str]] = {"M0": "s--", "M1a": "^-.", "M1b": "v:", "M1": "o-", "M2": "D-"}


def plots(report: Report) -> list[Plot]:
    """Every plot for which the dataset has something."""
    made = [make(report, target) for make in (calibration, decision_curve, landmarks, subgroups) for target in TARGETS]
    return [one for one in (hazard(report), budgets(report), *made) if one is not None]


def _models(report: Report, target: str, stratum: str, what: str) -> dict[str, Any]:
    return {model: one[stratum][what] for model, one in report["targets"][target]["models"].items() if what in one[stratum]}


def hazard(report: Report) -> Plot | None:
    rows = [one for one in report["hazard"] if one["value"]]
    if len(rows) < 2:
        return None

    def paint(figure: Any) -> None:
        axes, x = figure.add_subplot(), [one["from"] for one in rows]
        axes.fill_between(
            x, [100 * one["low"] for one in rows], [100 * one["high"] for one in rows], color=C["sky"], alpha=0.4, linewidth=0
        )
        axes.plot(x, [100 * one["value"] for one in rows], "o-", color=C["blue"])
        axes.set(xscale="log", yscale="log", xlabel="Days since the newest use", ylabel="Use today, percent")
        _plain_ticks(axes.xaxis, [1, 2, 4, 8, 15, 31, 61, 91])
        _plain_ticks(axes.yaxis, [0.2, 0.5, 1, 2, 5, 10, 20, 50, 100])

    first, last = rows[0], rows[-1]
    said = (
        f"{100 * first['value']:.0f} % on the day after a use, {100 * last['value']:.1f} % when over {last['from'] - 1} days have passed."
    )
    return drawn("hazard", "Use today, by days since the newest use", said, paint)


def budgets(report: Report) -> Plot | None:
    def paint(figure: Any) -> None:
        axes = figure.add_subplot()
        for model, rows in report["alerts"].items():
            kept = [one for one in rows if one["onsets_caught"]["value"] is not None]
            x = [one["alerts_per_person_week"]["value"] for one in kept]
            axes.plot(
                x,
                [100 * one["onsets_caught"]["value"] for one in kept],
                _MARKS[model],
                color=C[_COLORS[model]],
                label=f"{model}: onsets caught",
            )
            hits = [100 * (one["predictive_value_7d"]["value"] or 0.0) for one in kept]
            axes.plot(x, hits, _MARKS[model], color=C[_COLORS[model]], alpha=0.45, label=f"{model}: alerts with use in 7 days")
        axes.set(xlabel="Alerts for each person-week", ylabel="Percent", ylim=(0, 100))
        axes.legend(fontsize=8)

    said = (
        "More alerts catch more onsets of use, and fewer of them are followed by one. Thresholds come from other people than those tested."
    )
    return drawn("budgets", "What an alert budget buys", said, paint, height=3.6)


def calibration(report: Report, target: str) -> Plot | None:
    found = _models(report, target, "pooled", "calibration_curve")
    if not found:
        return None

    def paint(figure: Any) -> None:
        axes, top = figure.add_subplot(), 0.0
        for model, rows in found.items():
            x, y = [100 * one["expected"] for one in rows], [100 * one["observed"] for one in rows]
            top = max(top, *x, *y)
            axes.plot(x, y, _MARKS[model], color=C[_COLORS[model]], label=model)
        axes.plot([0, top], [0, top], color=C["muted"], linewidth=0.8)
        axes.set(xlabel="Expected, percent", ylabel="Observed, percent")
        axes.legend()

    said = "Tenths of the windows by probability. On the thin line what came is what was expected."
    return drawn(f"calibration-{target}", f"Calibration, {TARGETS[target]}", said, paint)


def decision_curve(report: Report, target: str) -> Plot | None:
    found = _models(report, target, "abstinent_7d", "decision_curve")
    if not found:
        return None

    def paint(figure: Any) -> None:
        axes, first = figure.add_subplot(), next(iter(found.values()))
        x = [100 * one["threshold"] for one in first]
        for model, rows in found.items():
            axes.plot(x, [one["model"] for one in rows], _MARKS[model][1:], color=C[_COLORS[model]], label=model)
        axes.plot(x, [one["always"] for one in first], color=C["orange"], linestyle="--", label="alert always")
        axes.axhline(0.0, color=C["muted"], linewidth=0.8, label="never")
        highest = max(one["model"] for rows in found.values() for one in rows)
        axes.set(xlabel="Threshold, percent", ylabel="Net benefit", ylim=(-0.25 * highest, 1.1 * highest) if highest > 0 else None)
        axes.legend(fontsize=8)

    said = "Among people abstinent for seven days or more: true alerts less false ones, weighed by the threshold, for each window."
    return drawn(f"decision-{target}", f"Decision curve, {TARGETS[target]}", said, paint)


def landmarks(report: Report, target: str) -> Plot | None:
    found = {
        model: [one for one in each["landmark"] if one["value"] is not None] for model, each in report["targets"][target]["models"].items()
    }
    if not any(found.values()):
        return None

    def paint(figure: Any) -> None:
        axes = figure.add_subplot()
        for place, (model, rows) in enumerate(found.items()):
            x = [one["week"] + 0.15 * place for one in rows]
            axes.errorbar(
                x,
                [one["value"] for one in rows],
                _reach(rows),
                fmt=_MARKS[model],
                color=C[_COLORS[model]],
                label=model,
                capsize=2,
                elinewidth=1,
            )
        axes.axhline(0.5, color=C["muted"], linewidth=0.8)
        axes.set(xlabel="Week of the study", ylabel="AUROC")
        weeks = sorted({one["week"] for rows in found.values() for one in rows})
        axes.set_xlim(weeks[0] - 0.5, weeks[-1] + 1.0)
        _plain_ticks(axes.xaxis, weeks)
        axes.legend()

    said = "Among those who are still followed on the last day of the week, with 95 % intervals over people."
    return drawn(f"landmark-{target}", f"AUROC as the study goes on, {TARGETS[target]}", said, paint)


def subgroups(report: Report, target: str) -> Plot | None:
    rows = [
        (f"{name}: {one['group']}", one["auroc"])
        for name, groups in report["subgroups"][target].items()
        for one in groups
        if "auroc" in one
    ]
    rows = [(name, one) for name, one in rows if one["value"] is not None]
    if not rows:
        return None

    def paint(figure: Any) -> None:
        axes, y = figure.add_subplot(), range(len(rows))
        values = [one["value"] for _, one in rows]
        axes.errorbar(values, y, xerr=_reach([one for _, one in rows]), fmt="o", color=C["blue"], capsize=2, elinewidth=1)
        axes.set(xlabel="AUROC", yticks=list(y), yticklabels=[name for name, _ in rows])
        axes.invert_yaxis()
        axes.grid(axis="x")

    said = f"{report['shipped']} in each group with at least twenty people, with 95 % intervals over people."
    return drawn(f"groups-{target}", f"Groups, {TARGETS[target]}", said, paint, height=1.2 + 0.27 * len(rows))


def _reach(rows: list[Any]) -> list[list[float]]:
    """From each value down to its interval's end and up: 0 where a draw of few people lies beside the value, or none said anything."""
    down = [max(0.0, one["value"] - one["low"]) if one["low"] is not None else 0.0 for one in rows]
    up = [max(0.0, one["high"] - one["value"]) if one["high"] is not None else 0.0 for one in rows]
    return [down, up]


def _plain_ticks(axis: Any, places: list[float]) -> None:
    low, high = axis.get_view_interval()
    kept = [one for one in places if low <= one <= high]
    axis.set_ticks(kept, labels=[f"{one:g}" for one in kept])
    axis.set_ticks([], minor=True)
