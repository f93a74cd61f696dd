"""A prior learned from people: REML against what was put in, and a document that says where it is from. Synthetic people."""

import json
from pathlib import Path

import numpy as np
import pytest

from models.errors import Invalid
from risk.estimate.learn_prior import LEARNED, flat, learn_prior, unpenalized
from risk.estimate.prior import PRIOR_FILE, REGRESSORS, load
from risk.estimate.warmstart import eigen, reml
from tests.risk.estimate_streams import ITEMS, answer, people

RAW = (Path(__file__).parents[2] / "risk" / "estimate" / "priors" / PRIOR_FILE).read_bytes()


def drawn(count: int, seed: int) -> tuple[list[list[float]], list[list[list[float]]]]:
    """Unpenalized estimates of two couplings by people who answered between 20 and 200 times."""
    draw = np.random.default_rng([701, seed])
    true = np.array([[0.0625, 0.02], [0.02, 0.04]])
    estimates, variances = [], []
    for _ in range(count):
        theta = draw.multivariate_normal([0.45, 0.30], true)
        x = draw.normal(size=(int(draw.integers(20, 200)), 2))
        y = x @ theta + 0.8 * draw.normal(size=len(x))
        estimates.append(np.linalg.solve(x.T @ x, x.T @ y).tolist())
        variances.append((0.64 * np.linalg.inv(x.T @ x)).tolist())
    return estimates, variances


def test_reml_finds_the_mean_and_the_covariance_that_were_put_in():
    true, errors = np.array([[0.0625, 0.02], [0.02, 0.04]]), []
    for seed in range(4):
        mean, between = reml(*drawn(80, seed))
        assert mean == pytest.approx([0.45, 0.30], abs=0.09)
        errors.append(np.sum((np.array(between) - true) ** 2))
    assert np.sqrt(np.mean(errors)) < 0.03


def test_reml_is_where_the_restricted_likelihood_is_highest():
    estimates, variances = drawn(40, 9)
    mean, between = reml(estimates, variances)

    def likelihood(covariance: np.ndarray) -> float:
        weights = [np.linalg.inv(covariance + np.array(one)) for one in variances]
        total = sum(weights)
        middle = np.linalg.solve(total, sum(one @ np.array(seen) for one, seen in zip(weights, estimates, strict=True)))
        left = [np.array(seen) - middle for seen in estimates]
        fit = sum(np.log(np.linalg.det(one)) - off @ one @ off for one, off in zip(weights, left, strict=True))
        return float(0.5 * fit - 0.5 * np.log(np.linalg.det(total)))

    best = likelihood(np.array(between))
    for off in ([[0.01, 0], [0, 0]], [[0, 0], [0, 0.01]], [[0, 0.006], [0.006, 0]]):
        assert likelihood(np.array(between) + off) < best
        assert likelihood(np.array(between) - off) < best
    assert len(mean) == 2


def test_people_who_do_not_differ_give_the_floor_and_still_an_inverse():
    estimates = [[0.4 + 0.001 * index, 0.3] for index in range(30)]
    _, between = reml(estimates, [[[0.04, 0.0], [0.0, 0.04]]] * 30)
    assert min(eigen(between)[0]) == pytest.approx(0.0004, rel=1e-6)


def test_a_learned_prior_says_what_it_learned_from_and_loads_in_a_rehearsal_only():
    streams = [observations for _, observations in people(30, 21, seed=70)]
    made = learn_prior(RAW, streams, ITEMS, name="trial", dataset="simulated, sha256 00", made_at="2026-01-05", synthetic=True)
    with pytest.raises(Invalid, match="prior_refused"):
        load(made)
    learned = load(made, rehearsal=True)
    document = learned.document
    assert (document.assumption, document.synthetic) == (False, True)
    assert document.provenance is not None
    assert (document.provenance.people, document.provenance.used) == (30, 30)
    assert {document.coupling[name].source for name in LEARNED} == {"learned"}
    assert document.coupling["R"].mean == pytest.approx(0.45, abs=0.2)
    assert document.coupling["content"] == load(RAW).document.coupling["content"]
    low = np.zeros((len(REGRESSORS),) * 2)
    low[np.tril_indices(len(REGRESSORS))] = [one for row in document.coupling_covariance or [] for one in row]
    assert np.linalg.eigvalsh(low + np.tril(low, -1).T).min() > 0.0


def test_too_few_people_or_too_few_answers_give_no_prior():
    few = [answer(f"{index}", 6.0 * index, {"craving": 0.3, "stress": 0.5}) for index in range(6)]
    assert unpenalized(few, flat(RAW), ITEMS) is None
    with pytest.raises(Invalid, match="too_few_people"):
        learn_prior(RAW, [few] * 40, ITEMS, name="trial", dataset="none", made_at="2026-01-05", synthetic=True)


def test_learned_couplings_without_their_provenance_are_refused():
    document = json.loads(RAW)
    document["assumption"] = False
    with pytest.raises(Invalid) as refusal:
        load(json.dumps(document).encode())
    assert [one.pointer for one in refusal.value.faults] == ["/provenance"]
