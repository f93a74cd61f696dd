"""Corrections 7 to 9 of risk-model.md 2.4: levels, change, age. The equation of 2.3 fails where ours holds."""

from dataclasses import replace

import numpy as np
import pytest

from models.kinds import EvidenceState
from risk.estimate import change
from risk.estimate.estimator import as_of
from risk.estimate.levels import rise
from risk.estimate.state import Change
from tests.risk.estimate_streams import PRIOR, USUAL, Person, answer, at, run, stream, usual_days
from tests.risk.uncorrected import Uncorrected

# 7. Levels


def test_7_a_strong_report_just_after_a_prompt_moves_the_level():
    prompts = stream(Person(answered=0.72), 71, 14)
    hours = (prompts[-1].event_time - at(0)).total_seconds() / 3600.0 + 0.25
    report = answer("r", hours, {"craving": 1.0, "stress": 1.0, "cue_met": 1.0}, kind="report", trains=False)
    before = Uncorrected().feed(prompts)
    after = Uncorrected().feed([*prompts, report])
    assert abs(after.fast - before.fast) < 0.06
    (_, quiet), (_, loud) = run(prompts), run([*prompts, report])
    assert loud[-1].rise - quiet[-1].rise > 0.25
    assert loud[-1].level - quiet[-1].level > 5


def test_7_nine_of_ten_for_two_months_is_not_typical():
    observations = usual_days(60, craving=0.9, stress=0.9)
    single = Uncorrected().feed(observations).fast
    assert abs(single) < 0.2
    _, estimates = run(observations)
    assert estimates[-1].level > 85
    assert abs(estimates[-1].rise) < 0.1


def test_7_skipping_craving_does_not_look_calmer_than_answering():
    others = {name: value for name, value in USUAL.items() if name != "craving"}
    high = [*usual_days(10), *(answer(f"h{index}", 250.0 + 4 * index, {**USUAL, "craving": 0.9}) for index in range(12))]
    skips = [answer(f"s{index}", 298.0 + 4 * index, others) for index in range(3)]
    answers = [replace(one, answers={**USUAL, "craving": 0.9}) for one in skips]
    theirs, skipped = Uncorrected().feed([*high, *answers]).fast, Uncorrected().feed([*high, *skips]).fast
    assert skipped < theirs - 0.05
    _, estimates = run([*high, *skips])
    then, now = estimates[len(high) - 1], estimates[-1]
    assert now.nodes["C"] == pytest.approx(then.nodes["C"], abs=0.02)
    assert now.craving == then.craving == 0.9
    assert (then.age_hours, now.age_hours) == (0.0, 12.0)


# 8. Change


def test_8_a_rise_that_stress_explains_is_seen_against_the_frozen_baseline_only():
    limit = change.limits(4.0, PRIOR.document.limits)
    seen = {"innovation": 0, "baseline": 0}
    for seed in range(8):
        _, estimates = run(stream(Person(stress=0.5, stress_shift={40: 2.0}), 800 + seed, 47))
        late = estimates[160:]
        seen["innovation"] += any(one.cusum_innovation > limit[0] for one in late)
        seen["baseline"] += any(one.cusum_baseline > limit[1] and one.rising for one in late)
    assert seen["baseline"] >= 7
    assert seen["innovation"] <= 5


def test_8_one_limit_for_all_rates_is_wrong_and_the_table_is_near_one_alarm_in_sixty_days():
    draw = np.random.default_rng(81)
    by_rate = {}
    for rate in (0.8, 3.0, 5.5):
        scores = np.clip(draw.normal(size=int(rate * 60 * 60)), -3, 3)
        by_rate[rate] = [(24.0 / rate, float(score)) for score in scores]
    fixed = {rate: change.crossings(one, 3.1) / 60 for rate, one in by_rate.items()}
    ours = {rate: change.crossings(one, change.limits(rate, PRIOR.document.limits)[0]) / 60 for rate, one in by_rate.items()}
    assert fixed[5.5] > 4 * fixed[0.8]
    assert all(0.5 < found < 2.0 for found in ours.values()), ours
    assert change.calibrate([by_rate[3.0]]) == pytest.approx(3.1, abs=0.4)


def test_8_the_reset_rule_is_what_it_says():
    limit = (2.0, 3.0)
    state = Change(frozen_mean=0.3, frozen_sd=0.1)
    for step in range(40):
        state = change.watch(state, 6.0, 3.0, 0.9, step * 21600, limit)
    assert state.innovation == 4.0
    assert state.baseline == 6.0
    calm = change.watch(state, 72.0, 0.0, 0.3, 40 * 21600, limit)
    assert calm.innovation < limit[0]
    assert calm.baseline < limit[1]
    assert calm.since is None
    for step in range(40, 170):
        state = change.watch(state, 6.0, 0.0, 0.9, step * 21600, limit)
    assert state.frozen_mean == pytest.approx(0.9)
    assert state.baseline == 0.0


def test_8_what_was_gathered_above_the_baseline_fades_too_where_craving_itself_was_left_out():
    """An answer about intrusions alone says nothing of the frozen baseline, and time goes on."""
    limit, before = (9.0, 9.0), Change(baseline=4.0, frozen_mean=0.3, frozen_sd=0.1)
    through, apart = before, change.watch(before, 72.0, 0.0, 0.5, 259_200, limit)
    for step in range(1, 12):
        through = change.watch(through, 6.0, 0.0, None, step * 21_600, limit)
    assert change.watch(through, 6.0, 0.0, 0.5, 259_200, limit).baseline == pytest.approx(apart.baseline, abs=1e-5) == 2.0 + 2.0 - 0.5
    assert through.frozen_mean == before.frozen_mean


# 9. Age


def test_9_after_a_day_without_an_answer_it_is_unknown_never_low():
    state, estimates = run(usual_days(20, craving=0.0, stress=0.1))
    last = estimates[-1]
    assert last.evidence is EvidenceState.CURRENT
    for known in (state, last):
        assert as_of(known, at(19 * 24 + 22.0 + 24.0)).state is EvidenceState.CURRENT
        late = as_of(known, at(19 * 24 + 22.0 + 24.1))
        assert late.state is EvidenceState.UNKNOWN
        assert late.age_hours == pytest.approx(24.1)
    silent = [answer(f"e{index}", 20 * 24.0 + 22.5 + 4 * index, {}, kind="expiry", trains=False) for index in range(8)]
    _, expired = run(silent, state)
    assert expired[-1].evidence is EvidenceState.UNKNOWN
    assert expired[-1].level == last.level
    assert rise(state.levels) == expired[-1].rise
    high = [*usual_days(19), *(replace(one, answers={**USUAL, "craving": 0.9}) for one in usual_days(20)[-4:])]
    theirs, silenced = Uncorrected().feed(high).fast, Uncorrected().feed([*high, *silent]).fast
    assert silenced == pytest.approx(theirs, rel=0.1), "2.3 goes on for 28 silent hours as if it had been answered"
    said = run([*high, *silent])[1]
    assert [one.evidence for one in said[-2:]] == ["unknown", "unknown"]
    assert said[-1].level == said[len(high) - 1].level


def test_9_nobody_who_never_answered_is_calm():
    state, (expired,) = run([answer("e", 10.0, {}, kind="expiry", trains=False)])
    assert (expired.evidence, expired.level, expired.rise, expired.age_hours) == (EvidenceState.UNKNOWN, None, None, None)
    assert as_of(state, at(11.0)) == (EvidenceState.UNKNOWN, None)
