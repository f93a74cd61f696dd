"""Alert channels and policies: what may be raised, what a reserve and a controller do, and who is offered content."""

from dataclasses import replace

import numpy as np
import pytest

from risk.laboratory import alerting, budget, policies
from risk.laboratory.evaluate import Run
from risk.laboratory.people import Draws, draws
from risk.laboratory.terms import Dataset
from risk.laboratory.whole import of_everybody
from risk.population import channels
from risk.population.artefact import read, write
from risk.population.history import Series
from risk.population.windows import make_windows
from risk.refit.table import make_table
from risk.refit.train import nested
from tests.risk.population_builders import SOURCES, people

PEOPLE, DAYS = 80, 56


def days_and(seed: int) -> tuple[budget.Days, np.ndarray, np.ndarray]:
    """Person-days without use, a probability and a rise: half of the people are always below the others' probabilities."""
    chance = np.random.default_rng(seed)
    person, day = np.repeat(np.arange(PEOPLE), DAYS), np.tile(np.arange(DAYS), PEOPLE)
    rows = budget.Days(person, day, np.ones(len(person), dtype=bool), np.zeros(len(person), dtype=bool))
    p = chance.random(len(person)) * np.where(person % 2, 0.3, 0.9)
    return rows, p, chance.normal(size=len(person))


def test_no_person_has_more_than_two_alerts_open_at_once() -> None:
    moments = [float(one) for one in range(60)]
    chosen = channels.admitted(moments, channels.COORDINATOR_SLOW)
    assert all(sum(other - channels.COORDINATOR_SLOW.open_days < one <= other for one in chosen) <= 2 for other in chosen)
    assert np.diff(chosen).min() >= 7
    assert chosen[:4] == [0, 7, 21, 28]


def test_content_is_offered_again_after_four_hours_and_not_before() -> None:
    hours = [0.0, 3.9, 4.0, 7.9, 8.1]
    assert channels.admitted([one / 24 for one in hours], channels.SELF_HELP) == [0, 2, 4]


def test_those_below_every_absolute_threshold_are_seen_by_their_rise() -> None:
    days, p, rise = days_and(1)
    alone = budget.alerts(days, p >= budget.threshold_for(days, p, 0.2))
    both = policies.reserved(days, p, rise, 0.2)
    raised = budget.alerts(days, both.fires(p, rise))
    assert not (days.person[alone] % 2).any()
    by_rise = p[raised] < both.probability
    assert (days.person[raised][by_rise] % 2 == 1).sum() > 10
    assert 0.1 < by_rise.mean() < 0.3


def test_a_reserve_does_not_raise_more_than_the_budget() -> None:
    rates = []
    for seed in range(6):
        days, p, rise = days_and(seed)
        half = np.random.default_rng(seed).permutation(PEOPLE)[: PEOPLE // 2]
        mine, others = (np.nonzero(np.isin(days.person, half) == inside)[0] for inside in (True, False))
        both = policies.reserved(days.rows(mine), p[mine], rise[mine], 0.2)
        rates.append(len(budget.alerts(days.rows(others), both.fires(p[others], rise[others]))) / (PEOPLE / 2 * DAYS / 7))
    assert 0.12 < np.mean(rates) <= 0.2


def test_without_a_rise_the_probability_has_the_whole_budget() -> None:
    days, p, rise = days_and(1)
    both = policies.reserved(days, p, np.full(len(rise), np.nan), 0.2)
    assert both.probability == budget.threshold_for(days, p, 0.2)
    assert not both.fires(np.zeros(3), np.full(3, np.nan)).any()


def test_one_threshold_on_the_rise_does_not_fire_in_everyone() -> None:
    """A top share of each one's own history would; here the steady half never passes the common threshold."""
    days, p, rise = days_and(2)
    steady = np.where(days.person % 2 == 1, 0.1 * rise, 2.0 * rise)
    both = policies.reserved(days, np.zeros(len(p)), steady, 0.2)
    raised = budget.alerts(days, steady >= both.rise)
    assert len(raised)
    assert not (days.person[raised] % 2).any()


def test_a_site_above_its_rate_is_steered_back_and_the_other_is_left_alone() -> None:
    days, p, _ = days_and(3)
    site = (days.person % 2 == 0).astype(np.int64)  # the half with high probabilities is a site of its own
    threshold = np.full(len(p), 0.295)
    loose = budget.alerts(days, p >= threshold)
    steered = policies.controlled(days, p, threshold, days.day, site, 0.2)
    late = days.day >= 28

    def rate(raised: np.ndarray, one: int) -> float:
        return float((late & (site == one))[raised].sum() / ((late & (site == one)).sum() / 7.0))

    assert rate(loose, 1) > 0.9
    assert rate(steered.raised, 1) < 0.6 * rate(loose, 1)
    assert steered.highest[1] > 1.0
    assert steered.highest[0] == 0.0
    assert rate(steered.raised, 0) == rate(loose, 0) < 0.2


def test_a_site_within_its_rate_raises_the_same_alerts_as_without_a_controller() -> None:
    days, p, _ = days_and(4)
    threshold = np.full(len(p), budget.threshold_for(days, p, 0.1))
    steered = policies.controlled(days, p, threshold, days.day, np.zeros(len(p), dtype=np.int64), 0.2)
    assert steered.highest == (0.0,)
    assert steered.raised.tolist() == budget.alerts(days, p >= threshold).tolist()


def test_a_threshold_comes_back_once_the_rate_is_within_the_budget() -> None:
    one = channels.Site(0.2)
    for _ in range(30):
        one.ends_day(3, 40)
    high = one.shift
    for _ in range(60):
        one.ends_day(0, 40)
    assert high > 1.0
    assert (one.shift, one.highest) == (0.0, pytest.approx(high, abs=1.5))


def test_content_is_offered_about_once_a_day_at_most() -> None:
    """Four estimates a day; thresholds from one half of the people, offers to the other."""
    chance = np.random.default_rng(1)
    known = tuple(float(day) + hour for day in range(30) for hour in (0.4, 0.55, 0.7, 0.85))
    some = [replace(one, states={"level": Series(known, tuple(chance.random(len(known)).tolist()))}) for one in people(40, 30)]
    at, level = policies.moments(some)
    assert len(level) == 40 * 30 * 4
    names = np.arange(40)
    raised = policies.offered(at, level, [(names[:20], names[20:]), (names[20:], names[:20])])
    assert np.diff(at.day[raised])[np.diff(at.person[raised]) == 0].min() >= 4 / 24 - 1e-9
    found = policies.happened_after(at, raised, Draws(np.arange(40), np.ones((1, 40))))
    assert 5.5 < found["alerts_per_person_week"].value <= 7.2
    assert 0.0 < found["predictive_value_24h"].value < 0.6


@pytest.fixture(scope="module")
def run() -> Run:
    """Sixty people with estimates, and the smallest model of a week."""
    chance = np.random.default_rng(2)
    known = tuple(day + 0.8 for day in range(40))
    states = [{name: Series(known, tuple(chance.normal(50.0, 9.0, 40).tolist())) for name in ("level", "rise")} for _ in range(60)]
    some = tuple(replace(one, states=states[place]) for place, one in enumerate(people(60, 40)))
    about = Dataset("d", "s", synthetic=True, people=some, sources=replace(SOURCES, states=("level", "rise")), fence=False)
    windows = make_windows(some, about.sources)
    made = Run(about, windows, draws(np.frombuffer(windows.person, dtype=windows.person.typecode), seed=1, number=20), lambda _: None)
    made.tables["week", "M0"] = make_table(windows, "M0", "week", fence=False)
    return made


def test_a_models_file_carries_the_thresholds_that_it_is_served_by(run: Run) -> None:
    made = of_everybody(run, "week", "M0", trained_at="2026-01-01T00:00:00Z", software="0")
    again = read(write(made), rehearsal=True)
    assert again.reserved.keys() <= {"0.05", "0.1", "0.2", "0.5"}
    assert again.reserved["0.5"].probability >= again.thresholds["0.5"], "the probability has four fifths of the budget"
    assert 0.0 < again.self_help["7"] < 40.0, "one estimate a day is hardly more than one offer a day"


def test_the_report_simulates_the_whole_as_it_is_served(run: Run) -> None:
    table = run.tables["week", "M0"]
    found = {one["policy"]: one for one in alerting.policies(run.windows, table, nested(table, seed=1), run.drawn)}
    assert list(found) == ["threshold", "reserve", "served", "controller", "open"]
    assert 0 < found["served"]["alerts"] <= found["reserve"]["alerts"]
    assert found["served"]["highest_shift"] >= 0.0
