"""All measures of one model on one target, with intervals over people; in the whole and in those who are abstinent."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from risk.laboratory import measures
from risk.laboratory.cells import LEAST_CELL, kept_back
from risk.laboratory.people import Draws, Figure, figure, of_people, of_sums, ratio, said, within_people
from risk.refit.table import Flags, Floats, Table, Whole

STRATA: Final = {"pooled": 0.0, "abstinent_7d": 7.0, "abstinent_14d": 14.0}
"""Least days since use at the decision."""
LANDMARK_WEEKS: Final = (1, 2, 4, 8, 12)
LEAST_WINDOWS: Final = 30
LEAST_PEOPLE: Final = 20
CALIBRATION_BINS: Final = 100


@dataclass(frozen=True, slots=True)
class Scored:
    """Answered and tested windows of one target with their probabilities, and the weight of each for windows nobody answered."""

    y: Floats
    p: Floats
    weight: Floats
    person: Whole
    week: Floats
    abstinent: Floats

    def rows(self, chosen: Flags) -> "Scored":
        parts = (one[chosen] for one in (self.y, self.p, self.weight))
        y, p, weight = parts
        return Scored(y, p, weight, self.person[chosen], self.week[chosen], self.abstinent[chosen])


def scored(table: Table, probability: Floats, weight: Floats, first_day: Whole) -> Scored:
    """`first_day` is the first decision of each row's person."""
    rows = table.answered & ~np.isnan(probability)
    week = (table.day - first_day) / 7.0
    return Scored(table.y[rows], probability[rows], weight[rows], table.person[rows], week[rows], table.abstinent[rows])


def measured(one: Scored, drawn: Draws) -> dict[str, Any]:
    """The whole list for one model, as a document. Measures are weighed for unanswered windows where weights differ from 1."""
    strata = {name: one.rows(one.abstinent >= least) for name, least in STRATA.items()}
    out: dict[str, Any] = {name: _stratum(part, drawn) for name, part in strata.items()}
    out["within_person"] = within_people(one.y, one.p, one.person, drawn).of_cell()
    out["landmark"] = [
        {"week": week, **auroc_of(one.rows(one.week == week), drawn).of_cell()} for week in LANDMARK_WEEKS if (one.week == week).any()
    ]
    return out


def _stratum(part: Scored, drawn: Draws) -> dict[str, Any]:
    if 0 < len(np.unique(part.person)) < LEAST_CELL:
        return {"windows": None}
    if len(part.y) < LEAST_WINDOWS:
        return {"windows": len(part.y)}
    ones, square = np.ones(len(part.y)), measures.squares(part.y, part.p)
    weighed = part.weight[:, None] * np.column_stack([square, part.y, ones])
    intercept, slope = calibrated(part, drawn)
    ranked = measures.ranking(part.y, part.p)
    return {
        "windows": len(part.y),
        "events": int(part.y.sum()),
        "base_rate": ratio(part.weight * part.y, part.weight, part.person, drawn).document(),
        "auroc": figure(ranked.auroc, part.person, part.weight, drawn).document(),
        "auprc": figure(ranked.auprc, part.person, part.weight, drawn).document(),
        "brier": ratio(part.weight * square, part.weight, part.person, drawn).document(),
        "skill": of_sums(measures.skill, weighed, part.person, drawn).document(),
        "calibration_intercept": intercept.document(),
        "calibration_slope": slope.document(),
        "calibration_curve": measures.calibration_curve(part.y, part.p),
        "decision_curve": measures.decision_curve(part.y, part.p),
    }


def auroc_of(part: Scored, drawn: Draws) -> Figure:
    return figure(measures.ranking(part.y, part.p).auroc, part.person, part.weight, drawn)


def calibrated(part: Scored, drawn: Draws) -> tuple[Figure, Figure]:
    """From sums over people in 100 bins of the logit: a draw of people costs no pass over the rows."""
    logit = measures.logits(part.p)
    order = np.argsort(logit, kind="stable")
    place = np.empty(len(logit), dtype=np.int64)
    place[order] = np.arange(len(logit)) * CALIBRATION_BINS // len(logit)
    size = np.bincount(place, part.weight, CALIBRATION_BINS)
    kept = size > 0
    centre = np.bincount(place, part.weight * logit, CALIBRATION_BINS)[kept] / size[kept]

    def of(which: int) -> Callable[[Floats], Floats]:
        def solved(sums: Floats) -> Floats:
            whole, use = sums[:, :CALIBRATION_BINS][:, kept], sums[:, CALIBRATION_BINS:][:, kept]
            share = np.divide(use, whole, out=np.zeros_like(use), where=whole > 0)
            return np.array([measures.calibration(y, centre, weight)[which] for y, weight in zip(share, whole, strict=True)])

        return solved

    cells = drawn.places(part.person) * CALIBRATION_BINS + place
    whole = [np.bincount(cells, one, len(drawn.person) * CALIBRATION_BINS) for one in (part.weight, part.weight * part.y)]
    sums: Floats = np.hstack([one.reshape(len(drawn.person), -1) for one in whole]).astype(np.float64)
    people = len(np.unique(part.person))
    return of_people(of(0), sums, people, drawn), of_people(of(1), sums, people, drawn)


def compared(more: Scored, less: Scored, drawn: Draws, *, abstinent_days: float = 7.0) -> dict[str, Any]:
    """How much better `more` is than `less` on the same windows of abstinent people, paired: AUROC and mean net benefit over 1-30 %.

    `ships`: both intervals lie above 0.
    """
    one, other = more.rows(more.abstinent >= abstinent_days), less.rows(less.abstinent >= abstinent_days)
    if 0 < len(np.unique(one.person)) < LEAST_CELL:
        return {"windows": None, "ships": False}
    if len(one.y) < LEAST_WINDOWS:
        return {"windows": len(one.y), "ships": False}
    ranked, before = measures.ranking(one.y, one.p), measures.ranking(other.y, other.p)
    auroc = figure(lambda weight: ranked.auroc(weight) - before.auroc(weight), one.person, one.weight, drawn)
    gain = measures.mean_net_benefit(one.y, one.p) - measures.mean_net_benefit(other.y, other.p)
    benefit = ratio(one.weight * gain, one.weight, one.person, drawn)
    return {
        "windows": len(one.y),
        "auroc": auroc.document(),
        "net_benefit": benefit.document(),
        "ships": bool(auroc.low > 0.0 and benefit.low > 0.0),
    }


def subgroups(one: Scored, labels: list[dict[str, str]], drawn: Draws) -> dict[str, list[dict[str, Any]]]:
    """AUROC, base rate and expected rate by group, where a group has enough people with and without use. `labels` by person.

    Of a group that is kept back (`cells.kept_back`) there is the name alone: `people` and `windows` are None.
    """
    out: dict[str, list[dict[str, Any]]] = {}
    for name in sorted({name for each in labels for name in each}):
        of_person = np.array([each.get(name, "") for each in labels], dtype=object)
        ordered = sorted(set(of_person) - {""}, key=lambda label: (not label.startswith("under "), label))
        parts = {label: one.rows(of_person[one.person] == label) for label in ordered}
        sizes = {label: len(np.unique(part.person)) for label, part in parts.items()}
        silent = kept_back(sizes, len(np.unique(one.person)))
        for label, part in parts.items():
            told = label not in silent
            row: dict[str, Any] = {"group": label, "people": sizes[label] if told else None, "windows": len(part.y) if told else None}
            if told and sizes[label] >= LEAST_PEOPLE and 0 < part.y.sum() < len(part.y):
                observed, expected = (float(np.average(values, weights=part.weight)) for values in (part.y, part.p))
                row |= {"auroc": auroc_of(part, drawn).document(), "base_rate": said(observed), "expected": said(expected)}
            out.setdefault(name, []).append(row)
    return out
