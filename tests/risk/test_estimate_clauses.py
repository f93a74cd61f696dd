"""Clauses of the estimator that no other file shows by themselves. Synthetic people."""

from dataclasses import replace

import numpy as np
import pytest

from models.kinds import TimedEventKind
from tests.risk.estimate_streams import USUAL, Person, answer, run, stream, usual_days


def test_abstinence_counts_only_where_a_cue_was_met():
    months = [replace(one, days_abstinent=60.0) for one in usual_days(10)]
    never = [replace(one, days_abstinent=None) for one in usual_days(10)]
    cue = answer("cue", 250.0, {**USUAL, "cue_met": 1.0})
    calm = answer("calm", 250.0, {name: value for name, value in USUAL.items() if name != "cue_met"})
    _, (*_, met) = run([*months, replace(cue, days_abstinent=60.0)])
    _, (*_, unmet) = run([*months, replace(calm, days_abstinent=60.0)])
    _, (*_, unknown) = run([*never, cue])
    assert met.contributions["Ri"] == pytest.approx(met.contributions["R"] * met.couplings["Ri"].value / met.couplings["R"].value)
    assert unmet.contributions["Ri"] == 0.0
    assert unknown.contributions["Ri"] == 0.0


def test_every_kind_of_timed_event_is_a_feature_that_halves_in_three_days():
    events = [
        answer(f"e{kind}", 10.0, {}, kind="timed_event", trains=False, event=str(kind))
        for kind in (TimedEventKind.USE, TimedEventKind.DOSE, TimedEventKind.MISSED_DOSE, TimedEventKind.NALOXONE, TimedEventKind.RELEASE)
    ]
    _, estimates = run(
        [*sorted(events, key=lambda one: one.key()), answer("a", 10.0, {"craving": 0.4}), answer("b", 82.0, {"craving": 0.4})]
    )
    at_once, later = estimates[-2].features, estimates[-1].features
    for event in events:
        assert at_once[f"event:{event.event}"] == 1.0
        assert later[f"event:{event.event}"] == pytest.approx(0.5)
    assert later["days_abstinent"] == pytest.approx(3.0)


def test_a_use_told_in_an_answer_begins_abstinence_anew():
    """Who says so every evening is not in the second month of a use reported once."""
    once = answer("told", 10.0, {}, kind="timed_event", trains=False, event="use")
    asked = [answer(f"a{day}", 24.0 * day + 20.0, {"craving": 0.4}) for day in range(1, 60)]
    _, estimates = run([once, *asked])
    assert estimates[-1].features["days_abstinent"] == pytest.approx((24.0 * 59 + 10.0) / 24.0)
    _, estimates = run([once, *(replace(one, event="use") for one in asked), answer("later", 24.0 * 60 + 8.0, {"craving": 0.4})])
    assert [one.features["days_abstinent"] for one in estimates[-2:]] == [0.0, pytest.approx(0.5)]


def test_surprises_that_hang_together_are_a_feature_and_raise_nothing():
    draw = np.random.default_rng(801)
    observations, drift = [], 0.0
    for one in stream(Person(), 801, 40):
        drift = 0.8 * drift + 0.08 * draw.normal()
        craving = min(1.0, max(0.0, one.answers["craving"] + drift))
        observations.append(replace(one, answers={**one.answers, "craving": craving}))
    slow = [one.features["surprise_lag_product"] for one in run(observations)[1][60:]]
    usual = [one.features["surprise_lag_product"] for one in run(stream(Person(), 801, 40))[1][60:]]
    assert np.mean(slow) > np.mean(usual) + 0.05
    assert run(stream(Person(noise=0.3), 802, 30))[1][-1].features["surprise_variance"] > 0.0
