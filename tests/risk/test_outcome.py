from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.kinds import ItemKind
from risk.outcome import Answered, Awaited, Observed, closes, missing_reason, observed, outcome_values
from tests.build import shipped

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def awaited(number: int = 1, **changes) -> Awaited:
    values = {"id": number, "enrollment_id": 1, "variable": "craving", "opens_at": at(15), "closes_at": at(60), "decided_on": 100}
    return Awaited(**{**values, **changes})


def answered(response_id: int, minutes: float, enrollment_id: int = 1, **values: float) -> Answered:
    return Answered(enrollment_id, response_id, f"r{response_id}", at(minutes), values)


def test_the_earliest_answer_in_the_window_closes_the_outcome():
    given = [answered(3, 40, craving=7), answered(2, 20, craving=4), answered(1, 10, craving=9)]
    assert observed([awaited()], given) == (Observed(1, 2, 4),)


def test_a_response_without_the_variable_does_not_close_it():
    assert observed([awaited()], [answered(1, 20, stress=4), answered(2, 30, craving=0)]) == (Observed(1, 2, 0),)


@pytest.mark.parametrize(("minutes", "inside"), [(14.99, False), (15, True), (60, True), (60.01, False)])
def test_both_ends_of_the_window_count(minutes, inside):
    assert closes(awaited(), answered(1, minutes, craving=5)) is inside


def test_no_response_closes_the_outcome_of_its_own_decision():
    assert not closes(awaited(opens_at=NOW), answered(100, 0, craving=5))


def test_the_answer_of_another_person_closes_nothing():
    assert observed([awaited()], [answered(1, 20, enrollment_id=2, craving=5)]) == ()


def test_one_answer_may_close_several_outcomes():
    assert len(observed([awaited(1), awaited(2, opens_at=at(0))], [answered(1, 20, craving=5)])) == 2


@given(st.lists(st.tuples(st.integers(0, 80), st.sampled_from(["craving", "stress"]), st.integers(1, 2)), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_the_order_of_responses_never_matters(drawn):
    given = [answered(number, minutes, person, **{variable: 1.0}) for number, (minutes, variable, person) in enumerate(drawn, start=1)]
    results = {observed([awaited(1), awaited(2, variable="stress", opens_at=at(0))], order) for order in permutations(given)}
    assert len(results) == 1


def test_silence_says_why():
    assert missing_reason(answered=True, active=True) == "not_answered"
    assert missing_reason(answered=False, active=True) == "no_response"
    assert missing_reason(answered=False, active=False) == "left"


def test_values_are_numbers_on_the_scale_of_the_item():
    momentary = shipped().instrument("momentary")
    sliders = [item for item in momentary.items if item.kind is ItemKind.SLIDER]
    given = {item.id: 7 for item in sliders[:2]}
    assert outcome_values(momentary, given) == {item.variable: 7.0 for item in sliders[:2]}
    assert outcome_values(momentary, {"unknown": 3}) == {}


def test_yes_is_one_and_a_choice_is_its_score_or_nothing():
    for instrument, item in shipped().items():
        if item.kind is ItemKind.YES_NO:
            assert outcome_values(instrument, {item.id: True}) == {item.variable: 1.0}
        for option in item.options:
            expected = {} if option.score is None else {item.variable: option.score}
            assert outcome_values(instrument, {item.id: option.code}) == expected
