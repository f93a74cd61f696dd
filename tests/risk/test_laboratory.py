"""The laboratory: measures agree with their definitions, intervals go over people, budgets are kept, leaks are caught."""

import doctest
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from api.laboratory import words
from models.errors import Conflict, Invalid
from risk.laboratory import budget, cells, leakage, measures
from risk.laboratory.cells import LEAST_CELL, kept_back
from risk.laboratory.evaluate import CLAIM, evaluate, shipped
from risk.laboratory.people import Draws, draws, figure, ratio, within_people
from risk.laboratory.scores import Scored, compared, subgroups
from risk.population.features import Sources, Variable, features_at
from risk.population.history import History, Series
from risk.population.windows import make_windows
from risk.refit.table import make_table
from tests.risk.population_builders import SOURCES, dataset, people

RNG = np.random.default_rng(7)
Y = (RNG.random(600) < 0.3).astype(float)
P = np.round(np.clip(0.3 + 0.25 * (Y - 0.3) + RNG.normal(0, 0.15, 600), 0.01, 0.99), 2)
W = RNG.integers(0, 4, 600).astype(float)
PERSON = np.repeat(np.arange(60), 10)


def test_ranks_agree_with_scikit_learn_ties_and_weights_included() -> None:
    ranked = measures.ranking(Y, P)
    assert ranked.auroc(W) == pytest.approx(roc_auc_score(Y, P, sample_weight=W))
    assert ranked.auprc(W) == pytest.approx(average_precision_score(Y, P, sample_weight=W))
    assert measures.squares(Y, P).mean() == pytest.approx(brier_score_loss(Y, P))


def test_a_share_of_use_counts_as_so_much_use() -> None:
    doubled = measures.ranking(np.concatenate([np.ones(4), np.zeros(4)]), np.tile([0.1, 0.2, 0.3, 0.4], 2))
    shares = np.array([0.9, 0.1, 0.4, 0.7])
    assert measures.ranking(shares, np.array([0.1, 0.2, 0.3, 0.4])).auroc(np.ones(4)) == pytest.approx(
        doubled.auroc(np.concatenate([shares, 1.0 - shares]))
    )


def test_the_base_rate_has_no_skill_and_knowing_has_all() -> None:
    for p, expected in ((np.full(600, Y.mean()), 0.0), (Y, 1.0)):
        sums = np.array([[measures.squares(Y, p).sum(), Y.sum(), 600.0]])
        assert measures.skill(sums)[0] == pytest.approx(expected)


def test_calibration_is_that_of_a_logistic_regression() -> None:
    logit = measures.logits(P)
    intercept, slope = measures.calibration(Y, logit, W)
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(logit[:, None], Y, sample_weight=W)
    assert slope == pytest.approx(float(model.coef_[0, 0]), abs=1e-4)
    shifted = 1.0 / (1.0 + np.exp(-(logit + intercept)))
    assert np.average(shifted, weights=W) == pytest.approx(np.average(Y, weights=W))


def test_net_benefit_of_alerting_always_is_what_the_books_say() -> None:
    curve = measures.decision_curve(Y, P)
    assert [one["threshold"] for one in curve][::29] == [0.01, 0.3]
    always = Y.mean() - (1 - Y.mean()) * 0.2 / 0.8
    assert curve[19]["always"] == pytest.approx(always)


def test_an_interval_over_people_is_wider_than_one_over_rows_where_people_differ() -> None:
    own = np.repeat(RNG.random(60), 10)
    people_drawn, rows_drawn = draws(PERSON, seed=1), draws(np.arange(600), seed=1)
    one = ratio(own, np.ones(600), PERSON, people_drawn)
    other = ratio(own, np.ones(600), np.arange(600), rows_drawn)
    assert (one.value, other.value) == pytest.approx((own.mean(), own.mean()))
    assert one.high - one.low > 2.0 * (other.high - other.low)


def test_sums_and_rows_give_the_same_interval() -> None:
    drawn = draws(PERSON, seed=3, number=50)
    by_rows = figure(lambda weight: float((weight * Y).sum() / weight.sum()), PERSON, np.ones(600), drawn)
    by_sums = ratio(Y, np.ones(600), PERSON, drawn)
    assert (by_rows.value, by_rows.low, by_rows.high) == pytest.approx((by_sums.value, by_sums.low, by_sums.high))


def test_a_constant_of_a_person_ranks_nothing_within_the_person() -> None:
    own = np.repeat(np.linspace(0.1, 0.9, 60), 10)
    y = (np.tile(np.arange(10), 60) < np.repeat(np.linspace(3, 8, 60), 10)).astype(float)
    found = within_people(y, own, PERSON, draws(PERSON, seed=1, number=20))
    assert (found.value, found.people) == (0.5, 60)
    assert measures.auroc(y, own) > 0.6


def alert_days(p: float = 0.05, number: int = 80, days: int = 56) -> tuple[budget.Days, Any]:
    chance = np.random.default_rng(5)
    person, day = np.repeat(np.arange(number), days), np.tile(np.arange(days), number)
    return budget.Days(person, day, np.ones(len(person), dtype=bool), chance.random(len(person)) < p), chance.random(len(person))


def test_after_an_alert_there_is_none_for_seven_days() -> None:
    days, p = alert_days()
    raised = budget.alerts(days, p >= 0.3)
    gaps = np.diff(days.day[raised])[np.diff(days.person[raised]) == 0]
    assert gaps.min() >= 7
    assert len(raised) == 80 * 8 or gaps.max() > 7


def test_the_expected_rate_of_a_new_person_stays_within_the_budget() -> None:
    """Over many draws of forty people to set the threshold and forty to see: the mean rate is below the budget, single ones need not be."""
    days, p = alert_days()
    p = 1.0 / (1.0 + np.exp(-4.0 * p - np.repeat(np.random.default_rng(2).normal(size=80), 56)))
    rates = []
    for seed in range(12):
        chosen = np.isin(days.person, np.random.default_rng(seed).permutation(80)[:40])
        mine, others = np.nonzero(chosen)[0], np.nonzero(~chosen)[0]
        threshold = budget.threshold_for(days.rows(mine), p[mine], 0.2)
        rates.append(len(budget.alerts(days.rows(others), p[others] >= threshold)) / (40 * 8))
    assert 0.1 < np.mean(rates) <= 0.2
    assert max(rates) > 0.2


def test_a_budget_that_so_few_people_cannot_bound_raises_no_alert() -> None:
    days, p = alert_days(number=4)
    assert budget.threshold_for(days, p, 0.05) > 1.0
    assert len(budget.alerts(days, p >= budget.threshold_for(days, p, 0.05))) == 0


def test_what_alerts_would_have_done_is_counted_by_hand() -> None:
    """Alerts on days 1 and 8 of one person who used on days 6 and 20, days 7 to 12 not eligible."""
    day = np.arange(28)
    eligible = (day < 7) | (day > 12)
    days = budget.Days(np.zeros(28, dtype=np.int64), day, eligible, np.isin(day, [6, 20]))
    p = np.where(np.isin(day, [1, 3, 8, 13]), 0.9, 0.1)
    raised = budget.alerts(days, p >= 0.5)
    assert raised.tolist() == [1, 13]
    found = budget.happened(days, raised, Draws(np.array([0]), np.ones((1, 1))))
    assert found["alerts_per_person_week"].value == pytest.approx(2 / (22 / 7))
    assert found["predictive_value_7d"].value == 0.5
    assert found["predictive_value_24h"].value == 0.0
    assert (found["onsets_caught"].value, found["alerts_per_caught_onset"].value, found["lead_days"].value) == (0.5, 2.0, 5.0)


def test_outcomes_that_were_dealt_out_anew_are_not_foreseen() -> None:
    table = make_table(make_windows(people(240, 20), SOURCES), "M1a", "day")
    seen = [leakage.shuffled(table, seed=seed) for seed in (1, 2, 3)]  # one alone strays by 0.02
    assert abs(sum(seen) / 3 - 0.5) <= leakage.SHUFFLED_WIDTH


def test_a_feature_that_looks_ahead_is_caught_by_name() -> None:
    def peeking(history: History, moment: float, sources: Sources) -> list[float]:
        found = features_at(history, moment, sources)
        return [*found[:-1], float(any(moment <= at < moment + 1 for at in history.uses.at))]

    some = people(40)
    assert leakage.columns_that_know_the_future(some, SOURCES, seed=1) == []
    assert leakage.columns_that_know_the_future(some, SOURCES, seed=1, read=peeking) == ["network:level"]


def planted(one: History) -> History:
    """The same person with a column that holds tomorrow's outcome, said to be known today."""
    used = {int(at) for at in one.uses.at}
    known = tuple(float(day) for day in range(one.last))
    return replace(one, series={**one.series, "tomorrow": Series(known, tuple(float(int(day) in used) for day in known))})


def test_a_planted_column_of_the_future_stops_the_evaluation() -> None:
    sources = replace(SOURCES, variables=(*SOURCES.variables, Variable("tomorrow", "none")))
    with pytest.raises(Conflict, match="last:tomorrow"):
        evaluate(replace(dataset(tuple(planted(one) for one in people())), sources=sources))


def told_before_use(one: History) -> History:
    """The same person with an answer that says nothing, and is there only on the day before a use."""
    before = tuple(sorted({float(int(at)) for at in one.uses.at if at >= 1.0}))
    return replace(one, series={**one.series, "asked": Series(before, (0.5,) * len(before))})


def test_an_answer_that_is_there_only_before_a_use_is_a_column_of_the_future() -> None:
    sources = replace(SOURCES, variables=(*SOURCES.variables, Variable("asked", "none")))
    told = make_windows([told_before_use(one) for one in people(40)], sources)
    found = leakage.suspicious_columns(make_table(told, "M1", "day"))
    assert found.keys() == {"peak_7d:asked"}
    assert leakage.suspicious_columns(make_table(make_windows(people(40), SOURCES), "M1", "day")) == {}


def test_too_few_events_are_refused() -> None:
    with pytest.raises(Invalid, match="too few"):
        evaluate(dataset(people(5, 10)))


def scored(p: Any) -> Scored:
    return Scored(Y, p, np.ones(600), PERSON, np.zeros(600), np.full(600, 9.0))


def test_a_model_ships_only_where_both_intervals_lie_above_nothing() -> None:
    drawn = draws(PERSON, seed=1)
    noise = np.clip(P + RNG.normal(0, 0.3, 600), 0.01, 0.99)
    assert compared(scored(P), scored(noise), drawn)["ships"]
    assert not compared(scored(noise), scored(P), drawn)["ships"]
    assert not compared(scored(P), scored(P), drawn)["ships"]


def test_the_network_ships_only_by_its_rule() -> None:
    def report(*, ships: bool) -> dict[str, Any]:
        return {"comparisons": {"week": {"M2-M1": {"ships": ships}}}, "targets": {"week": {"models": {"M0": 1, "M1": 1, "M2": 1}}}}

    assert (shipped(report(ships=True)), shipped(report(ships=False))) == ("M2", "M1")
    assert shipped({"comparisons": {"week": {}}, "targets": {"week": {"models": {"M0": 1}}}}) == "M0"


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return evaluate(dataset(people(80, 28)), repeats=20)[0]


def test_the_report_holds_the_whole_list(report: dict[str, Any]) -> None:
    assert (report["synthetic"], report["claim"]) == (True, CLAIM)
    assert "No clinical validity is claimed" in CLAIM
    for target in ("day", "week"):
        models = report["targets"][target]["models"]
        assert list(models) == ["M0", "M1a", "M1b", "M1", "M2"]
        for one in models.values():
            figures = "auroc auprc brier skill calibration_intercept calibration_slope calibration_curve decision_curve"
            assert set(figures.split()) <= one["pooled"].keys()
            assert {"within_person", "landmark", "abstinent_7d", "abstinent_14d"} <= one.keys()
        assert list(report["comparisons"][target]) == ["M1a-M0", "M1b-M0", "M1a-M1b", "M1-M0", "M2-M1"]
        assert report["unanswered"][target]["share"] > 0.1
        assert list(report["other_splits"][target]["leave_site_out"]["M0"]) == ["north", "south"]
        newcomers = report["other_splits"][target]["rolling_origin"]["M0"]["people"]
        assert 24 <= newcomers <= 32, "the last 40 % of 80, but for those without an answered window"
        assert {one["group"] for one in report["subgroups"][target]["sex"]} == {"men", "women"}
    assert [one["budget"] for one in report["alerts"]["M1"]] == list(budget.BUDGETS)


def test_a_day_of_which_nothing_is_known_is_not_one_without_use(report: dict[str, Any]) -> None:
    used = {(one.site, one.person, int(at)) for one in people(80, 28) for at in one.uses.at}
    answered = used | {(one.site, one.person, day) for one in people(80, 28) for day in one.followed or ()}
    assert (report["use_days"], report["answered_days"]) == (len(used), len(answered))
    assert report["answered_days"] < 0.9 * report["person_days"]
    for site, rate in report["base_rate_by_site"].items():
        there = [{one for one in days if one[0] == site} for days in (used, answered)]
        assert rate == pytest.approx(len(there[0]) / len(there[1]), abs=1e-6)


def test_craving_that_causes_use_is_found_and_stress_that_does_not_is_not(report: dict[str, Any]) -> None:
    models = {name: one["pooled"]["auroc"]["value"] for name, one in report["targets"]["day"]["models"].items()}
    assert models["M1a"] > models["M0"] + 0.03
    assert models["M1b"] < models["M0"] + 0.02


def test_a_group_of_a_few_people_is_named_and_nothing_says_anything_of_it() -> None:
    """Nor the smallest other one, where the few would follow by subtraction from everybody."""
    labels = [{"sex": "else" if one < 3 else "women" if one < 25 else "men", "arm": "few" if one < 4 else "many"} for one in range(60)]
    told = subgroups(scored(P), labels, draws(PERSON, seed=1, number=20))
    nothing = {"people": None, "windows": None}
    assert told["sex"][0] == {"group": "else", **nothing}
    assert told["sex"][2] == {"group": "women", **nothing}
    assert (told["sex"][1]["group"], told["sex"][1]["people"]) == ("men", 35)
    assert told["sex"][1]["auroc"]["value"] > 0.5
    assert told["arm"] == [{"group": "few", **nothing}, {"group": "many", **nothing}]


@given(st.lists(st.integers(0, 40), max_size=6), st.integers(0, 40))
def test_whatever_is_told_of_groups_leaves_none_of_one_to_ten_people(sizes: list[int], without: int) -> None:
    people = {str(place): size for place, size in enumerate(sizes)}
    whole = sum(sizes) + without
    told = {name: size for name, size in people.items() if name not in kept_back(people, whole)}
    assert not any(0 < size < LEAST_CELL for size in told.values())
    assert whole - sum(told.values()) == 0 or whole - sum(told.values()) >= min(LEAST_CELL, whole)


def test_of_a_part_of_ten_people_no_figure_is_told_and_of_eleven_it_is() -> None:
    few, enough = (draws(np.arange(number), seed=1, number=20) for number in (10, 11))
    assert ratio(np.ones(10), np.ones(10), np.arange(10), few).of_cell() == dict.fromkeys(("value", "low", "high", "people"))
    assert ratio(np.ones(11), np.ones(11), np.arange(11), enough).of_cell()["people"] == 11


def test_the_examples_in_the_documentation_hold() -> None:
    assert [doctest.testmod(one)[:2] for one in (words, cells)] == [(0, 5), (0, 2)]
