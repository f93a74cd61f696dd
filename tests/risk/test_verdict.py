"""Thresholds by alert budget for one person at a time: the same alerts as in the laboratory, and reasons that can be worked out again."""

from math import nan

import numpy as np
import pytest
from msgspec.structs import replace

from risk.laboratory import budget, policies
from risk.population import reasons as why
from risk.population.artefact import Both, LogisticPart, read, write
from risk.population.channels import COORDINATOR, SELF_HELP, shift_of
from risk.population.features import Sources, Variable
from risk.population.history import History, Series, Told
from risk.population.score import probability
from risk.population.verdict import judge, limits, logit, self_help_level, threshold_id, variables_of_day
from tests.risk.artefacts import model

PEOPLE, DAYS = 40, 70


def test_a_served_day_raises_the_alerts_that_the_laboratory_simulated() -> None:
    """Day by day with the site's shift worked out from what was stored, against the laboratory's own run over whole columns."""
    chance = np.random.default_rng(5)
    person, day = np.repeat(np.arange(PEOPLE), DAYS), np.tile(np.arange(DAYS), PEOPLE)
    eligible = chance.random(len(person)) < 0.9
    p, rise = chance.random(len(person)), chance.normal(size=len(person))
    rise[chance.random(len(person)) < 0.2] = nan
    both = Both(0.9, 2.6)
    rows = budget.Days(person, day, eligible, np.zeros(len(person), dtype=bool))
    site, threshold = np.zeros(len(person), dtype=np.int64), np.full(len(person), both.probability)
    wanted = policies.controlled(rows, p, threshold, day, site, COORDINATOR.budget, beside=rise >= both.rise)
    assert wanted.highest[0] > 0.3, "the controller has work to do here"

    raised: dict[int, list[float]] = {one: [] for one in range(PEOPLE)}
    counts: dict[int, tuple[int, int]] = {}
    newest, found, by = (0, 0.0), [], {"probability": 0, "rise": 0}
    for today in range(DAYS):
        shift = shift_of(counts, *newest, today, COORDINATOR.budget)
        newest = (today, shift)
        for row in np.nonzero((day == today) & eligible)[0].tolist():
            own = raised[int(person[row])]
            verdict = judge(both, float(p[row]), float(rise[row]), shift, own, float(today))
            alerts, people = counts.get(today, (0, 0))
            counts[today] = (alerts + (verdict.crossed is not None and verdict.held is None), people + 1)
            if verdict.crossed is not None and verdict.held is None:
                own.append(float(today))
                found.append(row)
                by[verdict.crossed] += 1
    assert sorted(found) == wanted.raised.tolist()
    assert min(by.values()) > 5, "both thresholds raise some"


def test_what_nobody_closed_keeps_a_third_alert_back() -> None:
    both = Both(0.3, 9.0)
    assert judge(both, 0.5, nan, 0.0, [0.0, 7.0], 14.0, still_open=2).held == "open"
    assert judge(both, 0.5, nan, 0.0, [0.0, 7.0], 14.0, still_open=1).held is None
    assert judge(both, 0.5, nan, 0.0, [0.0, 7.0], 13.0, still_open=0).held == "refractory"


def test_thresholds_are_those_of_the_budget_and_a_model_of_stress_alone_has_none() -> None:
    plain = model()
    assert limits(plain) == Both(0.3, float("inf"))
    kept = replace(plain, reserved={"0.2": Both(0.35, 2.0)}, self_help={"7": 71.0})
    assert limits(kept) == Both(0.35, 2.0)
    assert limits(replace(kept, model="M1b")) is None
    assert limits(replace(plain, thresholds={"0.5": 0.1})) is None
    assert (self_help_level(kept), self_help_level(plain)) == (71.0, None)
    assert threshold_id(kept) == f"{kept.id}@0.2" != threshold_id(plain)
    assert f"{SELF_HELP.budget:g}" == "7"


def test_a_file_keeps_its_reserve_and_a_file_of_before_keeps_its_digest() -> None:
    kept = replace(model(), reserved={"0.2": Both(0.35, 2.0)}, self_help={"7": 71.0})
    assert read(write(kept)) == kept
    assert b"reserved" not in write(model())
    assert b"self_help" not in write(model())


@pytest.mark.parametrize(("days", "known"), [(23.9, (0.1, 0.4, False)), (24.1, (None, None, None)), (None, (None, None, None))])
def test_after_a_day_without_an_answer_nothing_is_called_low(days, known) -> None:
    said = variables_of_day({"day": 0.1, "week": 0.4}, days, judged=True, crossed=False)
    assert tuple(said[name] for name in ("risk_day", "risk_week", "risk_crossed")) == known
    assert variables_of_day({"week": 0.4}, days, judged=True, crossed=True)["risk_crossed"] is True


SOURCES = Sources((Variable("craving", "C", rising=True), Variable("stress", "S")))


def answering() -> History:
    """Four weeks of craving 0.2 and stress 0.5 each evening; on the last evening 0.9 and 0.6."""
    known = tuple(day + 0.8 for day in range(28))
    series = {"craving": Series(known, (0.2,) * 27 + (0.9,)), "stress": Series(known, (0.5,) * 27 + (0.6,))}
    return History("a", 0, 40, 0, Told(), series=series)


def linear(columns: dict[str, float], intercept: float) -> LogisticPart:
    wide = len(columns) + 6
    weights = [*columns.values(), *(0.0,) * 6]
    return LogisticPart([0.0] * len(columns), [], 0, [0.0] * wide, [1.0] * wide, weights, intercept)


def test_reasons_are_the_logit_with_a_group_as_usual_the_most_first() -> None:
    weights = {"use:days_log": -0.2, "last:craving": 3.0, "last:stress": 1.0}
    made = replace(model(linear(weights, -2.0)), columns=list(weights))
    history = answering()
    usual = why.usual_of(history, 28, SOURCES)
    assert usual["last:craving"] == pytest.approx(0.2)
    today = {"use:days_log": 3.4, "last:craving": 0.9, "last:stress": 0.6}
    found = why.reasons(made, today, usual, SOURCES)
    assert [name for name, _ in found.groups] == ["craving", "stress and affect"]
    assert [share for _, share in found.groups] == pytest.approx([3.0 * 0.7, 1.0 * 0.1])
    assert found.usual == pytest.approx(probability(made, usual))
    assert logit(found.usual) < logit(probability(made, today))


def test_usual_reads_nothing_of_today() -> None:
    history = answering()
    before = why.usual_of(history, 27, SOURCES)
    changed = {name: Series(one.known, (*one.values[:-1], 0.0)) for name, one in history.series.items()}
    other = History("a", 0, 40, 0, Told(), series=changed)
    assert [
        before[name] == other_one or (before[name] != before[name] and other_one != other_one)
        for name, other_one in why.usual_of(other, 27, SOURCES).items()
    ] == [True] * len(before)
    assert why.usual_of(history, 0, SOURCES) == {}


def test_a_sentence_says_association_and_no_color_and_no_cause() -> None:
    said = why.sentence("week", 0.31, why.Reasons(0.12, (("craving", 0.8),)), "rise", 2.34)
    assert "31 %" in said
    assert "2.3 of this person's own standard deviations" in said
    assert "an association, not a cause, and may be wrong" in said
