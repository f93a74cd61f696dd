"""What is watched: nothing is found where nothing moved, and what did move is found by its name, with what to try first."""

import doctest
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from models.errors import Invalid
from risk.laboratory import drift
from risk.laboratory.findings import ACTIONS
from risk.laboratory.terms import Dataset
from risk.laboratory.watch import watch
from risk.population.artefact import PopulationModel
from risk.population.history import History, Prompts, Series
from risk.population.windows import make_windows
from risk.refit.document import as_document
from risk.refit.table import make_table
from risk.refit.train import train
from tests.risk.population_builders import dataset, people


@lru_cache(maxsize=1)
def reference() -> tuple[Dataset, PopulationModel]:
    """People in whom nothing moved, and a model of them."""
    usual = dataset(people(100, 35, seed=1))
    table = make_table(make_windows(usual.people, usual.sources), "M1", "day")
    about = {"thresholds": {}, "dataset": "d", "source": "s", "trained_at": "2026-01-01T00:00:00Z", "software": "0"}
    return usual, as_document(train(table), table, model="M1", target="day", synthetic=True, **about)


def watched(some: tuple[History, ...]) -> dict[str, Any]:
    usual, model = reference()
    return watch(dataset(some), usual, model)


def test_where_nothing_moved_nothing_is_found() -> None:
    report = watch(dataset(people(80, 35, seed=2)), reference()[0])
    assert report["found"] == []
    assert report["model"] == {"id": "M1, trained on the reference", "target": "day", "trained_here": True}
    assert (report["synthetic"], report["calendar"], report["began"]) == (True, True, "2026-01-01")
    assert report["weeks"][0]["people"] >= 5


def test_an_item_that_is_asked_otherwise_is_found_by_its_name() -> None:
    def doubled(one: History) -> History:
        stress = one.series["stress"]
        return replace(one, series={**one.series, "stress": Series(stress.known, tuple(0.5 * value for value in stress.values))})

    report = watched(tuple(doubled(one) for one in people(80, 35, seed=2)))
    moved = {one["feature"] for week in report["weeks"] for one in week.get("moved", ())}
    assert {"last:stress", "peak_7d:stress"} <= moved
    assert not any(name.endswith(":craving") for name in moved)
    assert report["actions"][0] == {"action": "data", "words": ACTIONS["data"]}


def test_more_use_than_expected_asks_for_another_intercept_and_says_which() -> None:
    """People who use far more often and tell of it only later, with everything else as before."""

    def worse(one: History, seed: int) -> History:
        chance = np.random.default_rng(seed)
        used = sorted({int(at) for at in one.uses.at} | {day for day in range(one.last) if chance.random() < 0.15})
        return replace(one, uses=replace(one.uses, at=tuple(map(float, used)), known=tuple(day + 90.0 for day in used)))

    report = watched(tuple(worse(one, place) for place, one in enumerate(people(80, 35, seed=2))))
    sums = [month["cusum"] for month in report["months"]]
    assert any(one["flagged"] and one["too_low"] > one["limit"] for one in sums)
    first = next(one for one in report["actions"] if one["action"] in {"intercept", "platt"})
    assert first["calibration"]["intercept"]["low"] > 0.0
    order = [list(ACTIONS).index(one["action"]) for one in report["actions"]]
    assert order == sorted(order)


def test_prompts_that_stay_unanswered_and_late_answers_are_found() -> None:
    def silent(one: History) -> History:
        assert one.prompts is not None
        answered = tuple(place % 2 == 0 for place in range(len(one.prompts.known)))
        return replace(one, prompts=Prompts(one.prompts.known, answered, tuple(3.0 * late for late in one.prompts.latency_hours)))

    found = {one["what"] for one in watched(tuple(silent(one) for one in people(40, 30, seed=2)))["found"]}
    assert {"unanswered", "latency_hours"} <= found


def test_intervals_that_miss_too_often_are_found() -> None:
    known = tuple(float(day) for day in range(30))
    narrow = tuple(replace(one, covered=Series(known, tuple(float(day % 4 > 0) for day in range(30)))) for one in people(40, 30, seed=2))
    months = watched(narrow)["months"]
    assert months[0]["covered"]["flagged"]
    assert months[0]["covered"]["value"] == pytest.approx(0.73, abs=0.03)


def test_a_reference_without_use_cannot_say_what_is_usual() -> None:
    with pytest.raises(Invalid, match="too few"):
        watch(reference()[0], dataset(tuple(replace(one, uses=type(one.uses)()) for one in people(20, 20))))


def test_a_week_of_newcomers_is_held_against_the_reference_s_first_weeks() -> None:
    """A feature that grows with time in the study: against everybody every first week would have moved."""
    person, week = np.repeat(np.arange(60), 5), np.tile(np.arange(5), 60)
    x = (week + np.random.default_rng(1).normal(0, 0.1, 300))[:, None]
    usual = drift.usual(drift.Rows(x, person * 10 + week, week), ["days"])
    first = np.nonzero((week == 0) & (person < 30))[0]
    some = drift.Rows(x[first], person[first], np.zeros(30, dtype=np.int64))
    assert drift.moved(usual, some, seed=1)[0].index < drift.PSI_LIMIT
    assert drift.moved(usual, replace(some, x=some.x + 1.0), seed=1)[0].index > drift.moved(usual, some, seed=1)[0].limit


def test_sums_of_misses_pass_their_limit_about_as_often_as_they_should() -> None:
    """Twenty watches of people like the reference: each person has a tendency of their own, which makes days alike."""

    def someone(chance: np.random.Generator, number: int) -> drift.Misses:
        own = chance.normal(0.0, 0.3, number)
        person, day = np.repeat(np.arange(number), 30), np.tile(np.arange(30), number)
        return drift.Misses(person, day, own[person] + chance.normal(size=len(person)))

    chance = np.random.default_rng(3)
    limit = drift.limit(someone(chance, 300), np.zeros(40, dtype=np.int64), 30, seed=1)
    tops = []
    for _ in range(20):
        by_day = drift.daily(someone(chance, 40), 30)
        tops.append(max(drift.gathered(by_day).max(), drift.gathered(-by_day).max()))
    assert sum(top > limit for top in tops) <= 4
    assert limit > 2.0


def alerted(chance: np.random.Generator, number: int, rate: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Alerts and person-weeks by person and day of eight weeks: one alert a week at most, a third of the people with most of them."""
    own = np.clip(rate * chance.gamma(0.5, 2.0, (number, 1)), 0.0, 1.0)
    alerts, weeks = np.zeros((number, 56)), np.full((number, 56), 1.0 / 7.0)
    alerts[:, ::7] = chance.random((number, 8)) < own
    return alerts, weeks


def passed(chance: np.random.Generator, number: int, rate: float) -> bool:
    """Whether a watch of so many people finds too many alerts in any month."""
    (alerts, weeks), starts = alerted(chance, 60), chance.integers(0, 28, number)
    limits = np.maximum(1.25 * 0.2, drift.rate_limits(alerts, weeks, starts, 28, 84, seed=1))
    now, eligible = alerted(chance, number, rate)
    days = np.arange(56)[None, :] + starts[:, None]
    raised, person_weeks = (np.bincount(days.ravel() // 28, one.ravel(), 3) for one in (now, eligible))
    return bool((raised / person_weeks > limits).any())


def test_a_month_has_more_alerts_than_its_limit_in_about_one_of_twenty_watches_where_nothing_moved() -> None:
    """Few people whose alerts come together, held against sixty."""
    chance = np.random.default_rng(5)
    assert np.mean([passed(chance, 15, 0.2) for _ in range(120)]) <= 0.10
    assert np.mean([passed(chance, 60, 0.6) for _ in range(20)]) > 0.8, "and three times as many alerts are found"


def test_a_month_of_three_days_leaves_whole_months_a_limit_that_can_be_passed() -> None:
    """More than nine of ten draws of it hold no alert: that is no measure of its size."""
    alerts = np.zeros((300, 56))
    alerts[:100, 10] = alerts[:8, 29] = 1.0
    whole, short = drift.rate_limits(alerts, np.full((300, 56), 1.0 / 7.0), np.zeros(3, dtype=np.int64), 28, 31, seed=1)
    assert 1.0 / 12.0 < whole < 9.0 / 12.0, "more than one alert of three people in four weeks, and fewer than nine"
    assert short > 0.7, "of three days, in which one alert of three people is 0.78 for each person-week, and not of four weeks"


def test_the_examples_hold() -> None:
    assert doctest.testmod(drift)[:2] == (0, 2)
