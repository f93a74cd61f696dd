"""Limits of the detectors of change, taken from people's own scores. Synthetic people."""

import numpy as np
import pytest

from risk.estimate import change
from risk.laboratory.learned_limits import LEAST_DAYS, Watched, limits, watched, with_limits
from tests.risk.estimate_streams import ITEMS, PRIOR, Person, run, stream


def person(rate: float, days: int, seed: int) -> Watched:
    """Scores of pure chance at a steady rate."""
    draw = np.random.default_rng([83, seed])
    drawn = [[(24.0 / rate, float(score)) for score in np.clip(draw.normal(size=int(rate * days)), -3, 3)] for _ in range(2)]
    return Watched(*drawn)


def crowd(rate: float, people: int, seed: int) -> list[Watched]:
    return [person(rate, 120, 1000 * seed + index) for index in range(people)]


def test_people_who_answer_alike_share_a_limit_and_others_alarm_once_in_sixty_days_under_it():
    found = limits([*crowd(4.0, 25, 1), *crowd(1.0, 25, 2)])
    assert [one.answers_per_day for one in found] == [1.0, 4.0]
    assert found[0].innovation < found[1].innovation, "who answers more often crosses a limit more often"
    for one, others in zip(found, (crowd(1.0, 40, 3), crowd(4.0, 40, 4)), strict=True):
        for limit, scores in ((one.innovation, [who.innovation for who in others]), (one.baseline, [who.baseline for who in others])):
            alarms = sum(change.crossings(score, limit) for score in scores)
            assert 0.6 < 60.0 * alarms / (40 * 120) < 1.6


def test_a_few_people_at_another_rate_have_no_limit_of_their_own():
    assert [round(one.answers_per_day) for one in limits([*crowd(1.0, 20, 5), *crowd(4.0, 2, 6)])] == [1]


def test_who_was_not_watched_for_long_enough_changes_no_limit():
    few = crowd(3.0, int(LEAST_DAYS / 120) - 1, 7)
    assert limits(few) == []
    assert limits([Watched([], [])]) == []
    assert with_limits(PRIOR.document, few) == PRIOR.document


def test_a_prior_with_limits_says_of_how_many_people_they_are():
    made = with_limits(PRIOR.document, [*crowd(3.0, 20, 8), Watched([], [])])
    assert [one.answers_per_day for one in made.limits] == [3.0]
    assert "20 people over 2,400 watched days" in made.limits_note
    assert made.coupling == PRIOR.document.coupling


def test_what_was_watched_is_what_the_estimator_summed():
    observations = stream(Person(answered=0.8), 84, 50)
    scores, (_, estimates) = watched(observations, ITEMS, PRIOR), run(observations)
    assert len(scores.innovation) == len(observations)
    assert 0 < len(scores.baseline) < len(observations)
    for mine, theirs in (
        (scores.innovation, [one.cusum_innovation for one in estimates]),
        (scores.baseline, [one.cusum_baseline for one in estimates[-len(scores.baseline) :]]),
    ):
        value, seen = 0.0, []
        for hours, score in mine:
            value = change.decayed_sum(value, hours, score, 99.0)
            seen.append(value)
        assert max(seen) > 1.0
        assert seen == pytest.approx(theirs, abs=1e-3)
