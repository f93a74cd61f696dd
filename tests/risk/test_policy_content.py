from datetime import timedelta

from models.definition.decision import Arm
from risk.policy.content import content_probabilities, eligible
from risk.policy.sheet import content_hash, rule_hash
from tests.risk.policy_builders import NOW, arm, item, point, rule

LIBRARY = {code: item(code) for code in ("breath", "ground", "plan")} | {"scene": item("scene", needs_scene=True)}


def vector(drawn: Arm, library=LIBRARY, variables=None, **changes):
    context = point(**changes)
    return content_probabilities(drawn, library, context, context.items, variables or {})


def test_items_of_the_first_group_are_equally_likely_and_the_rest_is_zero():
    assert vector(arm("show", 1, ("breath", "ground"), ("plan",))) == {"breath": 0.5, "ground": 0.5, "plan": 0.0}


def test_the_next_group_is_drawn_from_where_nothing_of_the_first_fits():
    assert vector(arm("show", 1, ("scene",), ("plan",)), has_scene=False) == {"scene": 0.0, "plan": 1.0}


def test_weights_shift_the_draw_and_a_weight_of_zero_takes_an_item_out():
    weighted = arm("show", 1, ("breath", "ground", "plan"), weights={"breath": 3.0, "plan": 0.0})
    assert vector(weighted) == {"breath": 0.75, "ground": 0.25, "plan": 0.0}


def test_what_the_person_said_hurts_is_never_drawn():
    assert vector(arm("show", 1, ("breath", "ground")), rested=frozenset({"breath"})) == {"breath": 0.0, "ground": 1.0}


def test_an_item_rests_for_its_hours_and_then_returns():
    resting = item("breath", rest_hours=4)
    shown = {"breath": NOW - timedelta(hours=4)}
    assert eligible(resting, point(content_history=shown), {}, {})
    assert not eligible(resting, point(now=NOW - timedelta(seconds=1), content_history=shown), {}, {})


def test_a_contraindication_takes_an_item_out_only_where_it_is_known_to_hold():
    sick = item("scene", not_when=["or", [">=", {"item": "m_withdraw"}, 7], [">=", {"var": "withdrawal"}, 0.7]])
    assert not eligible(sick, point(), {"m_withdraw": 8}, {})
    assert not eligible(sick, point(), {"m_withdraw": 2}, {"withdrawal": 0.9})
    assert eligible(sick, point(), {"m_withdraw": 2}, {})
    assert eligible(sick, point(), {}, {})


def test_a_code_that_the_library_does_not_hold_is_never_drawn():
    assert vector(arm("show", 1, ("gone", "plan"))) == {"gone": 0.0, "plan": 1.0}


def test_nothing_fits_leaves_every_probability_zero():
    assert vector(arm("show", 1, ("scene",)), has_scene=False) == {"scene": 0.0}
    assert vector(arm("control", 1)) == {}


def test_equal_documents_have_equal_hashes_and_any_change_gives_another():
    assert content_hash(item("breath")) == content_hash(item("breath"))
    assert content_hash(item("breath")) != content_hash(item("breath", rest_hours=1))
    assert rule_hash(rule()) == rule_hash(rule())
    assert rule_hash(rule()) != rule_hash(rule(version=2))
    assert len(rule_hash(rule())) == 64
