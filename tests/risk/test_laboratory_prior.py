"""A prior learned from people: REML against what was put in, and a document that says where it is from. Synthetic people."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import Invalid
from risk.estimate.prior import PRIOR_FILE, REGRESSORS, load
from risk.laboratory import learned_prior
from risk.laboratory.learned_prior import TOGETHER, Learned, learned, published
from risk.laboratory.mixed import FLOOR, Rows, reml
from tests.risk.estimate_streams import ITEMS, PRIOR, answer, people

RAW = (Path(__file__).parents[2] / "risk" / "estimate" / "priors" / PRIOR_FILE).read_bytes()
TRUE = np.array([[0.0625, 0.02], [0.02, 0.04]])


def rows(x: np.ndarray, y: np.ndarray) -> Rows:
    return list(zip(x.tolist(), y.tolist(), strict=True))


def drawn(count: int, seed: int, answers: tuple[int, int] = (20, 200)) -> list[Rows]:
    """Lines of people with two coefficients of their own."""
    draw = np.random.default_rng([701, seed])
    made = []
    for _ in range(count):
        theta = draw.multivariate_normal([0.45, 0.30], TRUE)
        x = draw.normal(size=(int(draw.integers(*answers)), 2))
        made.append(rows(x, x @ theta + 0.8 * draw.normal(size=len(x))))
    return made


def test_reml_finds_the_mean_and_the_covariance_that_were_put_in():
    errors = []
    for seed in range(4):
        found = reml(drawn(80, seed), (0, 1))
        assert found.mean == pytest.approx([0.45, 0.30], abs=0.09)
        assert found.noise == pytest.approx(0.64, abs=0.05)
        errors.append(np.sum((found.between - TRUE) ** 2))
    assert np.sqrt(np.mean(errors)) < 0.03


def test_reml_is_where_the_restricted_likelihood_is_highest():
    lines = drawn(30, 9, (4, 12))
    found = reml(lines, (0, 1))
    parts = [(np.array([x for x, _ in one]), np.array([y for _, y in one])) for one in lines]

    def likelihood(between: np.ndarray, noise: float) -> float:
        weights = [np.linalg.inv(x @ between @ x.T + noise * np.eye(len(y))) for x, y in parts]
        total = sum(x.T @ weight @ x for (x, _), weight in zip(parts, weights, strict=True))
        middle = np.linalg.solve(total, sum(x.T @ weight @ y for (x, y), weight in zip(parts, weights, strict=True)))
        assert found.mean == pytest.approx(middle, abs=0.02)
        left = [(y - x @ middle, weight) for (x, y), weight in zip(parts, weights, strict=True)]
        fit = sum(np.linalg.slogdet(weight)[1] - off @ weight @ off for off, weight in left)
        return float(0.5 * fit - 0.5 * np.linalg.slogdet(total)[1])

    best = likelihood(found.between, found.noise)
    for off in ([[0.01, 0], [0, 0]], [[0, 0], [0, 0.01]], [[0, 0.006], [0.006, 0]]):
        assert likelihood(found.between + off, found.noise) < best
        assert likelihood(found.between - off, found.noise) < best
    assert max(likelihood(found.between, found.noise * share) for share in (0.97, 1.03)) < best


def test_means_of_even_groups_are_those_of_the_analysis_of_variance():
    """There it has a closed form, and maximum likelihood without the restriction would divide by one person more."""
    draw = np.random.default_rng(702)
    y = 0.5 * draw.normal(size=(8, 1)) + draw.normal(size=(8, 6))
    found = reml([rows(np.ones((6, 1)), one) for one in y])
    within = float(((y - y.mean(axis=1, keepdims=True)) ** 2).sum() / (8 * 5))
    assert found.noise == pytest.approx(within, rel=1e-3)
    assert found.between[0, 0] == pytest.approx(y.mean(axis=1).var(ddof=1) - within / 6, rel=1e-2)


def test_people_who_do_not_differ_give_the_floor_and_still_an_inverse():
    draw = np.random.default_rng(703)
    lines = [rows(x := draw.normal(size=(20, 2)), x @ [0.4, 0.3] + 0.2 * draw.normal(size=20)) for _ in range(30)]
    assert np.linalg.eigvalsh(reml(lines, (0, 1)).between).min() == pytest.approx(FLOOR**2, rel=0.2)


def test_people_whose_answers_leave_a_coefficient_open_still_speak_for_the_others_and_what_nobody_met_is_left_out():
    wide = [[(np.array([*x, 0.0]) * keep, y) for x, y in one] for one, keep in zip(drawn(40, 3), [(1, 0, 1), (1, 1, 1)] * 20, strict=True)]
    found = reml(wide, (0, 1, 2))
    assert found.met == (0, 1)
    assert found.people == 40
    assert found.mean == pytest.approx([0.45, 0.30], abs=0.12)
    assert reml([]) is None


def test_what_lies_at_a_floor_is_learned_as_that_or_lower():
    """Half of all lines are cut off at 0; over 80 people the standard error of a mean is 0.03, of the noise 0.02."""
    whole = [[(x, y) for x, y in one] for one in drawn(80, 5)]
    cut, floors = [[(x, max(0.0, y)) for x, y in one] for one in whole], [[y <= 0.0 for _, y in one] for one in whole]
    assert 0.4 < np.mean([low for one in floors for low in one]) < 0.6
    heard, seen, taken = reml(whole, (0, 1)), reml(cut, (0, 1), floors), reml(cut, (0, 1))
    assert seen.mean == pytest.approx(heard.mean, abs=0.06)
    assert seen.noise == pytest.approx(heard.noise, abs=0.06)
    assert np.sqrt(np.diag(seen.between)) == pytest.approx(np.sqrt(np.diag(heard.between)), abs=0.06)
    assert (taken.mean < 0.75 * heard.mean).all(), "a floor that is taken for a value hides what moves it"
    theirs = np.array([np.corrcoef(heard.own[:, place], seen.own[:, place])[0, 1] for place in (0, 1)])
    assert (theirs > 0.9).all()


def test_floors_that_nobody_reached_change_nothing():
    lines = drawn(20, 6)
    plain, floored = reml(lines, (0, 1)), reml(lines, (0, 1), [[False] * len(one) for one in lines])
    assert plain.mean.tolist() == floored.mean.tolist()
    assert plain.between.tolist() == floored.between.tolist()


def test_somebody_who_is_always_at_the_floor_is_drawn_to_the_others():
    lines = [*drawn(30, 7), [([1.0, 0.0], 0.0)] * 40]
    found = reml(lines, (0, 1), [*([False] * len(one) for one in lines[:-1]), [True] * 40])
    assert np.isfinite(found.own).all()
    lower = found.own[-1, 0] - found.mean[0]
    assert lower < 0.0
    drawn_with_it = found.between[0, 1] / found.between[0, 0] * lower
    assert found.own[-1, 1] == pytest.approx(found.mean[1] + drawn_with_it, abs=0.01), "what was never met is as in others who are as low"


def test_what_varies_on_its_own_has_no_covariance():
    assert reml(drawn(40, 3)).between[0, 1] == 0.0


@pytest.fixture(scope="module")
def found() -> Learned:
    return learned([observations for _, observations in people(24, 10, seed=70)], ITEMS, PRIOR.document)


def publish(found: Learned, *, synthetic: bool = True) -> bytes:
    return published(found, PRIOR, name="trial", dataset="simulated, sha256 00", made_at="2026-01-05", synthetic=synthetic)


def eigenvalues(triangle: Sequence[Sequence[float]]) -> np.ndarray:
    low = np.zeros((len(triangle),) * 2)
    low[np.tril_indices(len(triangle))] = [one for row in triangle for one in row]
    return np.linalg.eigvalsh(low + np.tril(low, -1).T)


def test_a_learned_prior_says_what_it_learned_from_and_loads_in_a_rehearsal_only(found: Learned):
    made = publish(found)
    with pytest.raises(Invalid, match="prior_refused"):
        load(made)
    document = load(made, rehearsal=True).document
    assert (document.assumption, document.synthetic, document.name) == (False, True, "trial")
    assert document.provenance is not None
    assert (document.provenance.people, document.provenance.used, document.provenance.made_at) == (24, 24, "2026-01-05")
    assert "REML" in document.provenance.method
    assert PRIOR.id in document.statement
    assert {document.coupling[name].source for name in TOGETHER} == {"learned"}
    assert document.coupling["R"].mean == pytest.approx(0.45, abs=0.2)
    assert document.coupling["content"] == PRIOR.document.coupling["content"], "never met, so as assumed"
    assert document.limits == PRIOR.document.limits
    assert len(document.coupling_covariance) == len(REGRESSORS)
    assert eigenvalues(document.coupling_covariance).min() > 0.0


def test_couplings_vary_together_only_where_many_people_are_known(found: Learned, monkeypatch: pytest.MonkeyPatch):
    def apart(one: Learned) -> list[float]:
        return [value for row in one.document.coupling_covariance for value in row[:-1]]

    assert not any(apart(found))
    monkeypatch.setattr(learned_prior, "LEAST_TOGETHER", 24)
    many = learned([observations for _, observations in people(24, 10, seed=70)], ITEMS, PRIOR.document)
    assert sum(map(bool, apart(many))) == 10, "five couplings, each with each"
    assert [many.document.coupling[name].mean for name in TOGETHER] == pytest.approx(
        [found.document.coupling[name].mean for name in TOGETHER], abs=0.06
    )


def test_what_began_from_simulated_people_is_of_simulated_people(found: Learned):
    base = load(publish(found), rehearsal=True)
    again = published(found, base, name="again", dataset="real", made_at="2026-01-05", synthetic=False)
    assert json.loads(again)["synthetic"] is True


def test_too_few_people_or_too_few_answers_give_no_prior(found: Learned):
    few = [[answer("a", 6.0, {"stress": 0.5})]] * 40
    with pytest.raises(Invalid, match="no_craving"):
        learned(few, ITEMS, PRIOR.document)
    few[:4] = [[answer("a", 6.0, {"craving": 0.3, "stress": 0.5})]] * 4
    with pytest.raises(Invalid, match="too_few_people"):
        learned(few, ITEMS, PRIOR.document)
    with pytest.raises(Invalid, match="too_few_people"):
        publish(replace(found, used=19))


def test_learned_couplings_without_their_provenance_are_refused():
    document = json.loads(RAW)
    document["assumption"] = False
    with pytest.raises(Invalid) as refusal:
        load(json.dumps(document).encode())
    assert [one.pointer for one in refusal.value.faults] == ["/provenance"]
