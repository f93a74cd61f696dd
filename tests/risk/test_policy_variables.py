from datetime import timedelta

import pytest

from models.definition.decision import TAILORING_VARIABLES
from models.kinds import EvidenceState
from risk.policy.variables import tailoring, top_contribution
from tests.risk.policy_builders import NOW, estimate, point

MODEL = {"level", "rise", "rising", "craving", "reward", "stress", "withdrawal", "control_failure", "top_contribution"}


def test_every_tailoring_variable_has_a_value_or_is_missing():
    assert tailoring(point(), estimate()).keys() == TAILORING_VARIABLES.keys()
    assert tailoring(point(), None).keys() == TAILORING_VARIABLES.keys()


def test_what_the_estimate_says_is_read_under_the_names_of_the_protocol():
    said = tailoring(point(), estimate())
    assert {name: said[name] for name in MODEL} == {
        "level": 61.5,
        "rise": 1.25,
        "rising": False,
        "craving": 0.8,
        "reward": 0.4,
        "stress": 0.7,
        "withdrawal": 0.1,
        "control_failure": None,
        "top_contribution": "S",
    }
    assert (said["evidence"], said["age_hours"]) == ("current", 0.0)


def test_without_an_estimate_the_model_says_nothing():
    said = tailoring(point(), None)
    assert {said[name] for name in MODEL | {"evidence", "age_hours"}} == {None}


def test_evidence_older_than_a_day_is_unknown_and_never_low():
    said = tailoring(point(now=NOW + timedelta(hours=23)), estimate(age_hours=2.0))
    assert said["evidence"] == "unknown"
    assert said["age_hours"] == 25.0
    assert {said[name] for name in MODEL} == {None}


def test_an_estimate_that_calls_itself_unknown_says_nothing():
    said = tailoring(point(), estimate(evidence=EvidenceState.UNKNOWN, age_hours=None))
    assert said["evidence"] == "unknown"
    assert said["level"] is None


def test_a_learning_estimate_is_read_and_says_that_it_is_learning():
    said = tailoring(point(), estimate(evidence=EvidenceState.LEARNING))
    assert (said["evidence"], said["level"]) == ("learning", 61.5)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_missing(value):
    assert tailoring(point(), estimate(level=value))["level"] is None


def test_hours_since_content_is_missing_where_nothing_was_shown():
    assert tailoring(point(), None)["hours_since_content"] is None
    assert tailoring(point(last_content_at=NOW - timedelta(minutes=90)), None)["hours_since_content"] == 1.5


def test_a_node_below_the_persons_usual_is_no_domain_to_tailor_on():
    """Where the coupling is negative its share is above 0; what calms would be offered against a stress that fell."""
    shares = {"S": 0.6, "R": 0.1}
    said = [tailoring(point(), estimate(contributions=shares, own={"S": stands, "R": 1.0})) for stands in (-0.7, 0.7)]
    assert [one["top_contribution"] for one in said] == [None, "S"]
    assert tailoring(point(), estimate(contributions={"lag": 0.3}, own={"S": -0.7}))["top_contribution"] == "lag"


def test_the_hour_of_the_day_is_no_domain_to_tailor_on():
    assert top_contribution({"hour": 5.0, "context": 4.0, "lag": 0.1}) == "lag"
    assert top_contribution({}) is None
