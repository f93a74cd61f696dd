"""Corrections 1 to 6 of risk-model.md 2.4: the equation of 2.3 fails where ours holds. Synthetic people only.

Corrections 7 to 9 stand in test_amendments_levels.py, what the network is in test_estimate_network.py.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from risk.estimate import coupling, domains
from risk.estimate.layout import lay_out
from risk.estimate.nodes import Nodes, from_item_map
from risk.estimate.prior import REGRESSORS
from risk.estimate.state import Baseline
from risk.laboratory.mixed import floored, reml
from tests.risk.estimate_streams import ITEMS, PRIOR, USUAL, Person, answer, at, node, run, stream, usual_days
from tests.risk.uncorrected import Uncorrected

R = REGRESSORS.index("R")


# 1. Baselines


def test_1_the_weekly_item_follows_a_change_because_its_decay_is_its_own():
    observations = []
    for week in range(40):
        observations += [replace(one, event_time=at(week * 168.0) + (one.event_time - at(0))) for one in usual_days(7)]
        observations = [replace(one, source_id=f"{index}") for index, one in enumerate(observations)]
        observations.append(answer(f"w{week}", week * 168.0 + 167.0, {"phq_low": 0.2 if week < 25 else 0.8}))
    state, _ = run(observations)
    assert Uncorrected().feed(observations).items["phq_low"][1] < 0.55
    assert state.items["phq_low"].mean > 0.65


def test_1_a_weekly_item_is_not_stale_after_four_hours():
    alone = Nodes({"craving": ITEMS["craving"], "phq_low": ITEMS["phq_low"]})
    first, weekly = answer("a", 10.0, {"craving": 0.3, "phq_low": 0.9}), answer("b", 14.0, {"craving": 0.3})
    uncorrected = Uncorrected().feed([first, weekly])
    assert uncorrected.drive == pytest.approx(uncorrected.theta["lag"] * uncorrected.lag, abs=0.2)
    _, (_, later) = run([first, weekly], nodes=alone)
    assert later.coverage["S"] == 1.0
    assert later.own["S"] > 1.0
    _, (*_, month_later) = run([first, answer("c", 10.0 + 24 * 30, {"craving": 0.3})], nodes=alone)
    assert month_later.own["S"] is None


def test_1_one_extreme_answer_does_not_move_a_coupling_far():
    draw = np.random.default_rng(11)
    history = []
    for index in range(56):
        z = draw.normal()
        quiet = {"craving": 0.2 + 0.03 * z + 0.09 * draw.normal(), "stress": 0.3 + 0.1 * z}
        answers = {name: float(np.clip(value, 0, 1)) for name, value in quiet.items()}
        history.append(answer(f"{index}", 10.0 + 6.0 * index, {**answers, "cue_met": float(draw.random() < 0.25)}))
    extreme = answer("x", 346.0, {"craving": 1.0, "stress": 1.0, "cue_met": 0.0})
    before, after = Uncorrected().feed(history).theta["S"], Uncorrected().feed([*history, extreme]).theta["S"]
    assert after - before > 0.3
    _, estimates = run([*history, extreme])
    moved = estimates[-1].couplings["S"].value - estimates[-2].couplings["S"].value
    assert 0.0 < moved < 0.5 * (after - before)
    assert all(abs(score) <= 3.0 for score in estimates[-1].own.values() if score is not None)


def test_1_reports_move_levels_but_train_neither_baselines_nor_couplings():
    prompts = stream(Person(), 12, 21)
    reports = [
        replace(one, source_id=f"r{index}", kind="report", trains=False, answers={"craving": 0.9, "stress": 0.9, "cue_met": 1.0})
        for index, one in enumerate(prompts)
        if index % 2
    ]
    reports = [replace(one, event_time=one.event_time.replace(microsecond=0) + (at(1) - at(0))) for one in reports]
    both = sorted([*prompts, *reports], key=lambda one: one.key())
    alone, pooled = Uncorrected().feed(prompts), Uncorrected().feed(both)
    assert pooled.items["craving"][1] - alone.items["craving"][1] > 0.15
    (without, quiet), (with_reports, loud) = run(prompts), run(both)
    assert with_reports.items == without.items
    assert with_reports.coupling == without.coupling
    assert with_reports.lagged == without.lagged
    assert loud[-1].level > quiet[-1].level + 5


def test_1_a_population_anchored_value_stands_beside_the_personal_score():
    _, estimates = run(usual_days(60, craving=0.9))
    last = estimates[-1]
    assert abs(last.features["own:craving"]) < 0.1
    assert last.features["anchored:craving"] > 2.0
    assert last.nodes["C"] > 0.8


# 2. Domain scores


def test_2_a_score_has_the_same_deviation_with_six_items_as_with_one():
    names = [f"s{index}" for index in range(6)]
    nodes = Nodes({name: node(name, "S") for name in names})
    layout = lay_out(nodes, PRIOR)
    known = {name: Baseline(50.0, 0.5, 0.02, 1, 0.5) for name in names}
    draw = np.random.default_rng(2)
    six, one, uncorrected = [], [], []
    for _ in range(4000):
        common = draw.normal()
        z = {name: 0.4**0.5 * common + 0.6**0.5 * draw.normal() for name in names}
        answers = {name: float(np.clip(0.5 + 0.02**0.5 * value, 0, 1)) for name, value in z.items()}
        six.append(domains.read(known, answers, frozenset(), layout, 2).own[2])
        one.append(domains.read(known, {"s0": answers["s0"]}, frozenset(), layout, 2).own[2])
        uncorrected.append(np.mean(list(z.values())))
    assert np.std(uncorrected) == pytest.approx(0.71, abs=0.03)
    assert np.std(six) / np.std(one) == pytest.approx(1.0, abs=0.05)


def test_2_what_is_asked_only_behind_a_gate_enters_no_node():
    @dataclass
    class Entry:
        node: str
        direction: int = 1
        weight: float = 1.0
        half_life_hours: float = 12.0
        signal: None = None

    class Map:
        entries = {"gated": Entry("none"), "place": Entry("context"), "stress": Entry("S"), "mood": Entry("S", 0)}

    assert list(from_item_map(Map())) == ["stress"]
    observation = answer("a", 10.0, {"stress": 0.7, "gated": 1.0})
    _, (with_gated,) = run([observation], nodes=from_item_map(Map()))
    _, (without,) = run([replace(observation, answers={"stress": 0.7})], nodes=from_item_map(Map()))
    assert with_gated == without
    shipped = Path(__file__).parents[2] / "api" / "actions" / "shipped"
    for file in sorted(shipped.glob("oud*.json")):
        for instrument in json.loads(file.read_text())["instruments"]:
            gated = [item["id"] for item in instrument["items"] if item.get("show_if") and item.get("node", "none") in "CRSWE"]
            assert gated == [], f"{file.name} {instrument['id']}"


# 3. Regressors


def test_3_the_lag_fades_with_the_time_since_the_last_craving_answer():
    others = {name: value for name, value in USUAL.items() if name != "craving"}
    observations = [*usual_days(10), answer("high", 250.0, {**USUAL, "craving": 0.8})]
    skipped = [answer("s1", 254.0, others), answer("s2", 258.0, others), answer("s3", 262.0, others)]
    uncorrected = Uncorrected().feed([*observations, *skipped])
    lag_there = uncorrected.drive / uncorrected.theta["lag"]
    assert lag_there > 0.8 * uncorrected.lag
    _, estimates = run([*observations, *skipped])
    soon, late = estimates[-3].contributions["lag"], estimates[-1].contributions["lag"]
    assert late / soon == pytest.approx(np.exp(-8 / 6), rel=1e-6)


def test_3_avoiding_cues_does_not_look_like_desensitization():
    def exposed(spread: float, seed: int) -> list:
        draw = np.random.default_rng([31, seed])
        made = []
        for index in range(480):
            cue = draw.normal() * spread
            craving = 0.4 + 0.2 * (0.9 * cue + 0.6 * draw.normal())
            met = float(np.clip(0.5 + 0.4 * cue, 0, 1))
            made.append(answer(f"{index}", index * 6.0 + 10.0, {"craving": float(np.clip(craving, 0, 1)), "cue_met": met}))
        return made

    ours, theirs = [], []
    for spread in (0.6, 0.2):
        ours.append(np.mean([run(exposed(spread, seed))[1][-1].couplings["R"].value for seed in range(3)]))
        theirs.append(np.mean([Uncorrected().feed(exposed(spread, seed)).theta["R"] for seed in range(3)]))
    assert theirs[1] / theirs[0] < 0.65
    assert ours[1] / ours[0] > 0.75


def test_3_content_shown_since_the_last_answer_is_a_regressor():
    draw = np.random.default_rng(33)
    observations, shown = [], []
    for index in range(240):
        hours = 10.0 + 6.0 * index
        shown.append(bool(draw.integers(2)))
        if shown[-1]:
            content = answer(f"c{index}", hours - 3.0, {})
            observations.append(replace(content, kind="content", trains=False))
        craving = float(np.clip(0.45 - 0.15 * shown[-1] + 0.12 * draw.normal(), 0, 1))
        observations.append(answer(f"a{index}", hours, {**USUAL, "craving": craving}))
    _, estimates = run(observations)
    assert estimates[-1].couplings["content"].high < 0.0
    uncorrected = Uncorrected()
    errors = {True: [], False: []}
    for observation in observations:
        if observation.kind == "response":
            uncorrected.step(observation)
            errors[shown[len(errors[True]) + len(errors[False])]].append(uncorrected.innovation)
    unexplained = np.mean(errors[False][30:]) - np.mean(errors[True][30:])
    assert unexplained > 1.0
    ours = {True: [], False: []}
    for seen, estimate in zip(observations, estimates, strict=True):
        if seen.kind == "response":
            ours[shown[len(ours[True]) + len(ours[False])]].append(estimate.innovation)
    assert np.mean(ours[False][30:]) - np.mean(ours[True][30:]) < 0.65 * unexplained


# 4. Learning


def loop(truths, exposures, *, by_time: bool, seed: int, noise: float = 0.8):
    """A single coupling (R) learned by our step, or with 2.3's forgetting by time: theta at the end of each step."""
    draw = np.random.default_rng([41, seed])
    ours = coupling.begin(PRIOR.coupling, PRIOR.document.residual)
    anchor = np.diag(PRIOR.coupling.diagonal)
    means = np.array(PRIOR.coupling.means[0])
    precision, moment = anchor.copy(), anchor @ means
    found, spreads = [], []
    for truth, exposed in zip(truths, exposures, strict=True):
        x = np.zeros(len(REGRESSORS))
        x[0], x[R] = 1.0, exposed
        y = truth * exposed + noise * draw.normal()
        if by_time:
            keep = 2.0 ** (-6.0 / 672.0)
            precision = keep * precision + (1 - keep) * anchor + np.outer(x, x) / 0.64
            moment = keep * moment + (1 - keep) * anchor @ means + x * y / 0.64
            found.append(np.linalg.solve(precision, moment)[R])
            spreads.append(np.linalg.inv(precision)[R, R])
        else:
            step = coupling.step(ours, PRIOR.coupling, PRIOR.document.residual, list(x), 6.0, y, 0.0, 1.0)
            ours = step.after
            found.append(step.theta[R])
            spreads.append(step.spread[R - coupling.HEAD])
    return np.array(found), np.array(spreads)


def test_4_decay_comes_before_the_prediction():
    state = run(stream(Person(), 41, 30))[0].coupling
    x = [1.0, 0.5, 0.5, 0.3, 1.5, 1.0, 0.5, 0.5, 1.5, 0.2, 0.1, 0.0]
    low = np.zeros((12, 12))
    low[np.tril_indices(12)] = state.precision
    whole = low + np.tril(low, -1).T
    theta, anchor = np.array(state.theta), np.diag(PRIOR.coupling.diagonal)
    rates = np.minimum(4.0, np.square(x) / np.array(state.exposure))
    keep = np.diag(np.sqrt(2.0 ** (-72.0 * rates / 672.0)))
    lose = np.sqrt(np.eye(12) - keep**2)
    after = keep @ whole @ keep + lose @ anchor @ lose
    moment = (keep @ whole @ keep) @ theta + lose @ anchor @ lose @ np.array(PRIOR.coupling.means[0])
    share = 2.0 ** (-72.0 / 672.0)
    residual = PRIOR.document.residual
    variance = (residual.scale + share * (state.scale - residual.scale)) / (residual.shape + share * (state.shape - residual.shape))
    step = coupling.step(state, PRIOR.coupling, residual, x, 72.0, None, 0.0, 0.0)
    assert step.expected == pytest.approx(np.array(x) @ np.linalg.solve(after, moment), abs=1e-6)
    assert step.sd**2 == pytest.approx(variance + np.array(x) @ np.linalg.solve(after, x), rel=1e-9)
    assert np.array(x) @ np.linalg.solve(after, x) > 1.03 * np.array(x) @ np.linalg.solve(whole, x)
    assert step.theta == pytest.approx(np.linalg.solve(after, moment), abs=1e-6)


def test_4_the_residual_variance_is_the_persons_own():
    for noise in (0.4, 1.2):
        observations = stream(Person(noise=noise, cue=0.3, stress=0.2), 44, 60)
        observations = [replace(one, floor=frozenset()) for one in observations]
        uncorrected, theirs = Uncorrected(variance=0.64 if noise == 0.4 else 0.2), []
        for observation in observations:
            uncorrected.step(observation)
            theirs.append(uncorrected.innovation)
        ours = [one.innovation for one in run(observations)[1]]
        assert 0.85 < np.std(ours[100:]) < 1.15
        assert not 0.85 < np.std(theirs[100:]) < 1.15


def test_4_a_cue_that_nobody_met_is_not_forgotten():
    exposures = [*np.random.default_rng(4).normal(size=60), *([0.0] * 240)]
    truths = [1.0] * 300
    exposure, time = (np.mean([loop(truths, exposures, by_time=one, seed=seed)[0][-1] for seed in range(4)]) for one in (False, True))
    assert exposure > 0.85
    assert time < 0.78


def test_4_a_drift_is_followed_as_well_as_by_time_and_intervals_cover_what_stands_still():
    truths = [*([0.2] * 120), *np.linspace(0.2, 0.8, 120), *([0.8] * 120)]
    errors, covered = {True: [], False: []}, []
    for seed in range(12):
        exposures = np.random.default_rng([45, seed]).normal(size=360)
        for by_time in (True, False):
            found, spread = loop(truths, exposures, by_time=by_time, seed=seed)
            errors[by_time].append(np.mean((found - truths) ** 2))
            if not by_time:
                covered.append(np.mean(np.abs(found - truths)[:120] < 1.645 * np.sqrt(spread[:120])))
    assert np.sqrt(np.mean(errors[False])) < np.sqrt(np.mean(errors[True])) + 0.02
    assert 0.85 < np.mean(covered) <= 0.99


# 5. Warm start


def test_5_the_covariance_between_people_comes_from_unpenalized_estimates_and_can_be_inverted():
    draw = np.random.default_rng(51)
    true = np.diag([0.25, 0.20, 0.10]) ** 2
    lines, ridged, variances = [], [], []
    for _ in range(400):
        theta = np.array([0.45, 0.30, 0.15]) + draw.multivariate_normal(np.zeros(3), true)
        x = draw.normal(size=(40, 3))
        y = x @ theta + 0.8 * draw.normal(size=40)
        lines.append(list(zip(x.tolist(), y.tolist(), strict=True)))
        variances.append(0.64 * np.linalg.inv(x.T @ x))
        ridged.append(np.linalg.solve(x.T @ x + 20 * np.eye(3), x.T @ y))
    found = reml(lines, (0, 1, 2)).between
    penalized = np.cov(np.array(ridged).T) - np.mean(variances, axis=0)
    assert abs(found[0, 0] ** 0.5 - 0.25) < 0.03
    assert max(penalized[0, 0], 0.0) ** 0.5 < 0.19
    assert np.isfinite(np.linalg.inv(found)).all()


def test_5_eigenvalues_are_floored_not_clipped_at_zero():
    draw = np.random.default_rng(52)
    size = 9
    estimates = 0.3 + 0.25 * draw.normal(size=(12, size)) * (np.arange(size) < 3) + 0.4 * draw.normal(size=(12, size))
    raw = np.cov(estimates.T) - 0.16 * np.eye(size)
    clipped = np.maximum(np.linalg.eigvalsh(raw), 0.0)
    assert np.sum(clipped == 0.0) >= 3
    found = np.linalg.eigvalsh(floored(raw, 0.0004))
    assert found[0] == pytest.approx(0.0004, rel=1e-6)
    assert found[-3:] == pytest.approx(np.linalg.eigvalsh(raw)[-3:], rel=1e-9)


# 6. Synergy


def test_6_two_lows_are_no_synergy():
    lows = {**USUAL, "cue_met": 0.0, "stress": 0.0}
    history = usual_days(5, cue_met=1.0, stress=0.7)
    uncorrected = Uncorrected().feed([*history, answer("low", 130.0, lows)])
    product = uncorrected.drive - Uncorrected().feed([*history, answer("one", 130.0, {**lows, "stress": 0.7})]).drive
    assert uncorrected.theta["RS"] > 0.0
    _, estimates = run([*history, answer("low", 130.0, lows)])
    assert estimates[-1].contributions["RS"] == 0.0
    assert estimates[-1].own["R"] < 0.0
    assert estimates[-1].own["S"] < 0.0
    assert product != 0.0
