"""What the population models read of a person: only what was known, and what may not be read is not there."""

import doctest
import importlib
import math
import pkgutil
import random
from collections.abc import Iterable
from dataclasses import replace
from math import log1p

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import risk.population
from risk.laboratory.leakage import known_by
from risk.population.features import MODELS, Event, Sources, Variable, columns, days_abstinent, features_at, of_model
from risk.population.history import History, Prompts, Series, Told, series, told
from risk.population.windows import ENDED, HORIZON_DAYS, NONE, UNANSWERED, USE, make_windows
from tests.risk.population_builders import SOURCES, people

moments = st.floats(-30.0, 60.0, allow_nan=False)
pairs = st.lists(st.tuples(moments, moments.map(abs)), max_size=12).map(lambda found: [(at, at + delay) for at, delay in found])
values = st.lists(st.tuples(moments, st.floats(0.0, 1.0)), max_size=12)


@st.composite
def histories(draw: st.DrawFn) -> History:
    return History(
        "p",
        0,
        40,
        -28,
        told(draw(pairs)),
        followed=draw(st.none() | st.frozensets(st.integers(0, 39))),
        series={"craving": series(draw(values)), "stress": series(draw(values))},
        events={"missed_dose": told(draw(pairs))},
        prompts=Prompts(tuple(sorted(draw(st.lists(moments, min_size=5, max_size=5)))), (True, False) * 2 + (True,), (0.5,) * 5),
        states={"level": series(draw(values))},
    )


def named(history: History, moment: float, sources: Sources = SOURCES) -> dict[str, float]:
    return dict(zip((one.name for one in columns(sources)), features_at(history, moment, sources), strict=True))


def alike(one: list[float], other: list[float]) -> bool:
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(one, other, strict=True))


@settings(max_examples=60, deadline=None)
@given(histories(), histories(), st.floats(0.0, 39.0))
def test_features_never_change_when_anything_after_them_does(history: History, other: History, moment: float) -> None:
    before, after = known_by(history, moment), other
    future = replace(
        history,
        uses=told(
            [
                *zip(before.uses.at, before.uses.known, strict=True),
                *((at, known + 100.0) for at, known in zip(after.uses.at, after.uses.known, strict=True)),
            ]
        ),
        series={
            name: Series((*one.known, *(known + 100.0 for known in after.series[name].known)), (*one.values, *after.series[name].values))
            for name, one in before.series.items()
        },
        events={"missed_dose": told([*zip(before.events["missed_dose"].at, before.events["missed_dose"].known, strict=True), (1.0, 50.0)])},
        states={"level": before.states["level"]},
        followed=None,
        last=99,
    )
    expected = features_at(history, moment, SOURCES)
    assert alike(expected, features_at(before, moment, SOURCES))
    assert alike(expected, features_at(future, moment, SOURCES))
    assert days_abstinent(history, moment) == days_abstinent(before, moment)


def test_a_use_counts_from_when_it_was_told_and_then_by_when_it_was() -> None:
    late = History("p", 0, 20, -28, told([(3.0, 8.0)]))
    assert named(late, 5.0)["use:since_start"] == 0.0
    assert named(late, 9.0)["use:days_log"] == log1p(6.0)
    assert (days_abstinent(late, 5.0), days_abstinent(late, 9.0)) == (33.0, 6.0)


def test_use_before_the_start_is_past_use_but_not_use_since_the_start() -> None:
    before = History("p", 0, 20, -28, told([(-2.0, -1.0), (-3.0, -2.0)]))
    found = named(before, 4.0)
    assert (found["use:since_start"], found["use:share_7d"], found["use:share_28d"]) == (0.0, 2 / 7, 2 / 28)


def test_an_answer_speaks_for_four_weeks_and_no_longer() -> None:
    asked = History("p", 0, 60, 0, Told(), series={"craving": Series((1.0, 2.0, 9.0), (0.2, 0.9, 0.4))})
    assert named(asked, 9.0)["last:craving"] == 0.4
    assert named(asked, 9.0)["peak_7d:craving"] == 0.9
    assert named(asked, 9.0)["change:craving"] == pytest.approx(0.4 - 0.5)
    assert math.isnan(named(asked, 40.0)["last:craving"])


def test_each_model_reads_what_it_is_for() -> None:
    names = {model: {columns(SOURCES)[place].name for place in of_model(SOURCES, model)} for model in MODELS}
    assert names["M0"] < names["M1a"] < names["M1"] < names["M2"]
    assert names["M1a"] - names["M0"] == {"last:craving", "peak_7d:craving", "change:craving"}
    assert names["M1b"] - names["M0"] == {"last:stress", "peak_7d:stress", "change:stress"}
    assert names["M2"] - names["M1"] == {"network:level"}


def test_a_model_that_would_read_no_more_than_the_one_before_is_not_fitted() -> None:
    bare = Sources((Variable("withdrawal", "W"),), (Event("dose"),))
    assert [model for model in MODELS if of_model(bare, model)] == ["M0", "M1b", "M1"]


def test_a_window_that_nobody_answered_is_censored_and_one_that_did_not_end_is_out() -> None:
    one = History("p", 0, 12, 0, told([(2.0, 3.0)]), followed=frozenset({0, 1, 3, *range(5, 12)}))
    found = make_windows([one], Sources())
    assert list(found.outcome["day"]) == [NONE, NONE, USE, NONE, UNANSWERED, *[NONE] * 7], "a day on which use was told needs no answer"
    assert list(found.outcome["week"]) == [*[UNANSWERED] * 5, NONE, *[ENDED] * 6]


def test_unanswered_days_do_not_make_use_look_commoner_than_it_is() -> None:
    """Seven in eight days are answered, whatever happened on them: what is left must have the share of use that all would have."""
    chance = random.Random(7)
    lived = [replace(one, followed=None) for one in people(300, 28, craving=0.0)]
    heard = [_heard(one, frozenset(day for day in range(28) if chance.random() < 7 / 8)) for one in lived]
    for target in HORIZON_DAYS:
        truth, seen = (_share(make_windows(them, Sources()).outcome[target]) for them in (lived, heard))
        assert seen == pytest.approx(truth, rel=0.1)


def _heard(one: History, followed: frozenset[int]) -> History:
    """The same life where use is known only of the days that were answered."""
    told_of = [(at, known) for at, known in zip(one.uses.at, one.uses.known, strict=True) if int(at) in followed]
    return replace(one, followed=followed, uses=told(told_of))


def _share(outcomes: Iterable[int]) -> float:
    counted = [one == USE for one in outcomes if one in {USE, NONE}]
    return sum(counted) / len(counted)


def test_the_fence_is_a_day_around_a_use_and_only_for_windows_without() -> None:
    one = History("p", 0, 9, 0, told([(4.0, 5.0)]))
    assert list(make_windows([one], Sources()).fenced["day"]) == [0, 0, 0, 1, 0, 1, 0, 0, 0]


def test_the_columns_have_one_row_for_each_person_day_in_order() -> None:
    found = make_windows(people(4, 10), SOURCES)
    assert len(found) == 40
    assert list(found.person) == [place for place in range(4) for _ in range(10)]
    assert all(len(column) == 40 for column in found.values)


def test_the_examples_in_the_documentation_hold() -> None:
    names = [f"risk.population.{one.name}" for one in pkgutil.iter_modules(risk.population.__path__)]
    results = [doctest.testmod(importlib.import_module(name)) for name in names]
    assert sum(one.attempted for one in results) == 22
    assert [one.failed for one in results] == [0] * len(names)
