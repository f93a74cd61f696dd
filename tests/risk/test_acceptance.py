"""The acceptance tests of `make bench-risk` with few people, by their numbers: that they hold roughly. Synthetic people."""

import numpy as np
import pytest

from bench.acceptance import nulls, recovery, running
from bench.acceptance.worlds import bare_null, bare_people, lived_people
from risk.laboratory.people import draws
from risk.laboratory.scores import compared, scored
from risk.population.windows import make_windows
from risk.refit.table import make_table
from risk.refit.train import nested
from tests.risk.estimate_streams import ITEMS
from tests.risk.population_builders import dataset, people


@pytest.fixture(scope="module")
def lives() -> list:
    return [one.observations for one in lived_people(3, 12, seed=19)]


def test_2_to_4_executive_control_is_found_again_shrinkage_pays_and_intervals_cover() -> None:
    shrunk, plain = recovery.priors()
    true, ours, theirs = [], {day: [] for day in recovery.DAYS}, {day: [] for day in recovery.DAYS}
    for truth, observations in bare_people(16, 30, seed=14):
        true.append(truth)
        for kept, prior in ((ours, shrunk), (theirs, plain)):
            for day, found in recovery.at_days(observations, prior, ITEMS, recovery.DAYS).items():
                kept[day].append(found)
    assert recovery.correlation([one["E"] for one in true], ours[30], "E") > 0.4
    assert all(one.met for one in recovery._shrinkage(true, ours, theirs))
    assert 0.80 <= recovery._coverage(true, ours[30]).seen <= 0.97


def test_5_in_a_null_world_innovations_alarm_about_as_often_as_they_should() -> None:
    flagged, _, ratio = nulls._watched(bare_null(6, 120, seed=15), recovery.priors()[0])
    assert sum(flagged) <= 1
    assert 0.5 < ratio[0] < 1.7


def test_6_where_craving_is_no_cause_the_network_adds_nothing() -> None:
    windows = make_windows(dataset(people(36, 26, craving=0.0)).people, dataset(people(1, 1)).sources)
    tables = [make_table(windows, model, "day") for model in ("M1", "M2")]
    first = np.zeros(36, dtype=np.int64)
    less, more = (scored(one, nested(one, outer=3).probability, np.ones(len(one.y)), first[one.person]) for one in tables)
    found = compared(more, less, draws(tables[0].person, seed=1, number=60))
    assert found["auroc"]["low"] <= 0.0
    assert not found["ships"]


def test_8_and_11_the_state_is_the_same_by_every_way_and_an_update_is_quick(lives: list) -> None:
    assert all(one.seen == 0.0 for one in running._parity(lives[:2]))
    (crowd,) = running._crowd(lives, 40)
    assert crowd.met, crowd.note


def test_10_what_is_missing_because_of_what_it_would_say_lowers_the_craving_that_is_seen() -> None:
    bias = {}
    for arm in (0.0, 3.0):
        felt = [
            [[one.craving for one in part] for part in (who.felt_answering, who.felt)] for who in lived_people(6, 20, seed=17, mnar=arm)
        ]
        bias[arm] = np.mean([np.mean(answering) - np.mean(whole) for answering, whole in felt])
    assert bias[3.0] < bias[0.0] - 0.002
