"""Training: whole people apart, few data plainly and many by trees, and what is written scores as what was trained."""

import inspect
import pkgutil
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import risk.laboratory
import risk.refit
from models.errors import Invalid
from risk.population import artefact, score
from risk.population.windows import make_windows
from risk.refit import folds
from risk.refit.answering import HEAVIEST, assumed, weights
from risk.refit.document import as_document
from risk.refit.learners import Boosting, fit, kind_for
from risk.refit.table import Table, make_table
from risk.refit.train import Trained, nested, over, train
from tests.risk.population_builders import SOURCES, people

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def table() -> Table:
    return make_table(make_windows(people(), SOURCES), "M1", "day")


@pytest.fixture(scope="module")
def both(table: Table) -> dict[str, Trained]:
    return {"logistic": train(table, folds=2, kind="logistic"), "boosting": train(table, folds=2, kind="boosting")}


@pytest.fixture(params=["logistic", "boosting"])
def trained(request: pytest.FixtureRequest, both: dict[str, Trained]) -> Trained:
    return both[request.param]


def document(one: Trained, table: Table, *, synthetic: bool = False) -> artefact.PopulationModel:
    return as_document(
        one,
        table,
        model="M1",
        target="day",
        synthetic=synthetic,
        thresholds={"0.2": 0.3},
        dataset="d",
        source="s",
        trained_at="2026-01-01T00:00:00Z",
        software="0",
    )


def test_what_is_written_scores_as_what_was_trained_holes_included(trained: Trained, table: Table) -> None:
    model = artefact.read(artefact.write(document(trained, table)))
    rows = np.arange(0, len(table.y), 7)
    holed = table.x[rows].copy()
    holed[np.random.default_rng(1).random(holed.shape) < 0.2] = np.nan
    scored = [score.probability(model, dict(zip(table.names, row.tolist(), strict=True))) for row in holed]
    assert np.abs(trained.probability(holed) - np.array(scored)).max() < 1e-12


def test_trees_give_the_same_bits_as_scikit_learn(table: Table, both: dict[str, Trained]) -> None:
    one = both["boosting"]
    assert isinstance(one.fitted, Boosting)
    plain = replace(one, platt=replace(one.platt, slope=1.0, intercept=0.0))
    part = document(plain, table).learner
    assert isinstance(part, artefact.TreesPart)
    rows = table.x[::11]
    assert [score._trees(part, row) for row in rows.tolist()] == one.fitted.logit(rows).tolist()


def test_more_craving_never_lowers_what_the_trees_say(table: Table, both: dict[str, Trained]) -> None:
    one, place = both["boosting"], table.names.index("last:craving")
    rows = table.x[::25].copy()
    before = None
    for value in np.linspace(0.0, 1.0, 11):
        rows[:, place] = value
        now = one.probability(rows)
        assert before is None or (now >= before - 1e-12).all()
        before = now


def test_a_probability_out_of_fold_is_calibrated(trained: Trained, table: Table) -> None:
    known = table.answered
    weight = weights(table, seed=1)[known]
    observed, expected = (np.average(one[known], weights=weight) for one in (table.y, trained.out_of_fold))
    assert abs(observed - expected) < 0.01


def test_few_lapses_are_learned_plainly_and_many_by_trees(table: Table) -> None:
    rng = np.random.default_rng(0)
    many = replace(table, y=(rng.random(len(table.y)) < 0.4).astype(float), train=np.ones(len(table.y), dtype=bool))
    few = replace(many, y=np.where(many.person < 90, many.y, 0.0))
    assert (kind_for(many), kind_for(few)) == ("boosting", "logistic")


def test_no_person_is_in_training_and_in_test(table: Table) -> None:
    for inside, outside in folds.grouped(table.person, table.y, folds=5, seed=1):
        assert not np.intersect1d(table.person[inside], table.person[outside]).size
    done = nested(table, kind="logistic", inner=2)
    assert done.tested.all()
    assert (np.diff(done.fold)[np.diff(table.person) == 0] == 0).all()


def test_a_split_through_a_person_is_refused(table: Table) -> None:
    rows = np.arange(len(table.y))
    with pytest.raises(Invalid, match="training and in test"):
        over(table, [(rows[::2], rows[1::2])], kind="logistic")


def test_rows_cannot_be_split_since_there_is_no_such_option() -> None:
    """Every way to split takes whole groups first, without a default; no row-wise splitter of scikit-learn is even imported."""
    splitters = [one for name, one in inspect.getmembers(folds, inspect.isfunction) if one.__module__ == folds.__name__]
    assert len(splitters) == 3
    for one in splitters:
        first = next(iter(inspect.signature(one).parameters.values()))
        assert (first.name, first.default) == ("groups", inspect.Parameter.empty)
    words = r"train_test_split|(Stratified)?KFold|\w*ShuffleSplit|cross_val_\w+|CalibratedClassifierCV|GridSearchCV"
    banned = re.compile(rf"\b({words})\b")
    for package in (risk.refit, risk.laboratory):
        for module in pkgutil.iter_modules(package.__path__):
            text = (Path(package.__path__[0]) / f"{module.name}.py").read_text()
            assert not banned.search(text), module.name


def test_too_few_people_for_the_folds_are_refused(table: Table) -> None:
    with pytest.raises(Invalid, match="at least 5 people"):
        folds.grouped(table.person[:40], table.y[:40], folds=5, seed=1)


def test_a_rolling_origin_trains_on_the_past_and_tests_newcomers(table: Table) -> None:
    began = [one.began for one in people()]
    split = folds.rolling_origin(table.person, table.day, began)
    assert split is not None
    inside, outside = split
    calendar = np.array([one.toordinal() for one in began if one])[table.person] + table.day
    assert calendar[inside].max() < calendar[outside].min()
    assert not np.intersect1d(table.person[inside], table.person[outside]).size
    assert folds.rolling_origin(table.person, table.day, [*began[:-1], None]) is None
    assert folds.rolling_origin(table.person, table.day, [date(2026, 1, 1)] * len(began)) is None


def test_each_site_is_left_out_once(table: Table) -> None:
    sites = [one.site for one in people()]
    found = dict(folds.leave_site_out(table.person, sites))
    assert list(found) == ["north", "south"]
    assert {sites[one] for one in table.person[found["north"][1]]} == {"north"}
    assert {sites[one] for one in table.person[found["north"][0]]} == {"south"}
    assert dict(folds.leave_site_out(table.person, ["one"] * len(sites))) == {}


def test_answered_windows_speak_for_those_like_them_that_were_not(table: Table) -> None:
    """Windows of high stress are answered a third as often: the weighed mean of stress is right, the plain one is not."""
    rng, stress = np.random.default_rng(3), table.x[:, table.names.index("last:stress")]
    chance = np.where(stress > 0.5, 0.3, 0.9)
    some = replace(table, y=np.where(rng.random(len(stress)) < chance, 0.0, np.nan))
    weight, here = weights(some, seed=1), ~np.isnan(stress)
    truth, plain = stress[here].mean(), stress[here & some.answered].mean()
    assert abs(np.average(stress[here], weights=weight[here]) - truth) < 0.25 * abs(plain - truth)
    assert (weight[~some.answered] == 0).all()
    assert weight.max() <= HEAVIEST


def test_where_everything_was_answered_nothing_is_weighed(table: Table) -> None:
    assert (weights(table.rows(table.answered), seed=1) == 1.0).all()


def test_bounds_hold_what_unanswered_windows_could_be(table: Table) -> None:
    found = {name: y.mean() for name, y in assumed(table, np.full(len(table.y), 0.2)).items()}
    shifted = [found[f"expected, shifted by {delta:+g}"] for delta in (-1.0, 0.0, 1.0, 2.0)]
    assert [found["missing = no use"], *shifted, found["missing = use"]] == sorted([*found.values()])
    assert found["missing = use"] - found["missing = no use"] == pytest.approx(1.0 - table.answered.mean())


def test_the_fence_keeps_doubtful_negatives_out_of_training_alone() -> None:
    windows = make_windows(people(30), SOURCES)
    fenced, whole = make_table(windows, "M0", "day"), make_table(windows, "M0", "day", fence=False)
    assert fenced.train.sum() < whole.train.sum() == whole.answered.sum()
    assert (fenced.y[fenced.answered & ~fenced.train] == 0).all()
    assert np.array_equal(fenced.y, whole.y, equal_nan=True)


def test_a_column_that_says_nothing_does_not_stop_training(table: Table) -> None:
    x = table.x.copy()
    x[:, 0], x[:, -1] = np.nan, 3.0
    for kind in ("logistic", "boosting"):
        some = replace(table, x=x).rows(table.train)
        assert not np.isnan(fit(kind, some, np.ones(len(some.y)), 1.0).logit(x)).any()


def test_training_without_both_outcomes_is_refused(table: Table) -> None:
    with pytest.raises(Invalid, match="with and without use"):
        train(replace(table, y=np.zeros(len(table.y))))


def test_no_serving_process_loads_numpy_or_scikit_learn() -> None:
    code = (
        "import api.cli, api.serve, api.app, scheduler.worker, risk.population.score, sys; "
        "print(sorted({'numpy', 'sklearn', 'scipy', 'pandas', 'risk.refit', 'risk.laboratory'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
