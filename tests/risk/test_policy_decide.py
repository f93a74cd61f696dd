from dataclasses import replace

import pytest

from models.codec import canonical, parse
from models.definition.decision import Availability
from models.kinds import DecisionPointKind, Mode
from models.kinds import UnavailableReason as Reason
from risk.policy.decide import SENTENCES, arm_probabilities, decide, redecide
from risk.policy.rules import alerting, choose
from risk.policy.sheet import content_hash, rule_hash
from tests.risk.policy_builders import KEY, alert_rule, arm, base, estimate, item, point, protocol, rule

ALWAYS = (arm("show", 1, ("breath", "ground")),)
NEVER = (arm("nothing", 1),)


def made(context=None, study=None, source="source", **changes):
    return decide(context or point(**changes), None, study or protocol(rule(arms=ALWAYS)), key=KEY, source=source)


def test_content_is_drawn_and_every_number_of_the_draw_is_kept():
    first = rule(arms=ALWAYS)
    study = protocol(first)
    decision = made(study=study)
    assert decision.reason == "content"
    assert (decision.rule, decision.rule_version, decision.rule_hash) == ("craving_high", 1, rule_hash(first))
    assert (decision.arm, decision.arm_probabilities) == ("show", {"show": 1.0})
    assert decision.content_probabilities == {"breath": 0.5, "ground": 0.5}
    assert decision.content in {"breath", "ground"}
    assert decision.content_hash == content_hash(study.content_item(decision.content))
    assert decision.arm_fraction is not None
    assert decision.content_fraction is not None
    assert decision.arm_fraction != decision.content_fraction


def test_the_control_arm_is_a_decision_too_and_declares_the_same_outcome():
    study = protocol(rule())
    drawn = [made(study=study, source=str(number)) for number in range(40)]
    by_arm = {decision.arm: decision for decision in drawn}
    assert by_arm.keys() == {"show", "nothing"}
    control = by_arm["nothing"]
    assert (control.reason, control.content, control.content_probabilities) == ("control_arm", None, {})
    assert control.arm_probabilities == {"show": 0.6, "nothing": 0.4}
    assert control.outcome == by_arm["show"].outcome
    assert control.outcome == {"variable": "craving", "opens_at": "2026-03-04T15:15:00+00:00", "closes_at": "2026-03-04T16:00:00+00:00"}


def test_no_rule_leaves_a_row_with_a_reason():
    decision = made(items={"m_crave_now": 2})
    assert (decision.reason, decision.rule, decision.mode, decision.available) == ("no_rule", None, None, True)
    assert decision.rule_trace == (("craving_high", False),)
    assert decision.outcome is None


def test_the_first_rule_that_holds_decides_and_all_are_traced():
    study = protocol(
        rule("elsewhere", points=(DecisionPointKind.EXPIRY,), when=None), rule("first", arms=ALWAYS), rule("second", arms=NEVER)
    )
    decision = made(study=study)
    assert decision.rule == "first"
    assert decision.rule_trace == (("elsewhere", False), ("first", True), ("second", True))


def test_a_rule_on_trial_is_traced_and_never_acts():
    study = protocol(rule("trial", mode=Mode.SHADOW, arms=ALWAYS))
    decision = made(study=study)
    assert (decision.reason, decision.rule, decision.mode) == ("shadow_rule", "trial", Mode.SHADOW)
    assert (decision.arm, decision.content, decision.arm_probabilities, decision.outcome) == (None, None, {}, None)
    assert decision.rule_trace == (("trial", True),)


def test_a_rule_on_trial_before_a_live_one_changes_nothing_for_it():
    alone = made(study=protocol(rule("live", arms=ALWAYS)))
    behind = made(study=protocol(rule("trial", mode=Mode.SHADOW), rule("live", arms=ALWAYS)))
    assert replace(behind, rule_trace=alone.rule_trace) == alone


def test_a_rule_that_is_off_does_not_hold():
    decision = made(study=protocol(rule("off", mode=Mode.OFF)))
    assert (decision.reason, decision.rule_trace) == ("no_rule", (("off", False),))


def test_where_content_is_unavailable_nothing_is_drawn_but_the_rule_is_named():
    decision = made(content_today=3, paused=True)
    assert (decision.available, decision.reason) == (False, "paused")
    assert decision.unavailable == (Reason.PAUSED, Reason.DAILY_CAP)
    assert (decision.rule, decision.arm, decision.arm_probabilities, decision.arm_fraction) == ("craving_high", None, {}, None)


def test_a_requested_rule_is_neither_capped_nor_randomized():
    study = protocol(rule(arms=(arm("show", 0.5, ("breath",)), arm("nothing", 0.5)), requested=True))
    decisions = [made(study=study, source=str(number), content_today=9, in_wake_window=False, paused=True) for number in range(30)]
    assert {decision.reason for decision in decisions} == {"requested_content"}
    assert {decision.content for decision in decisions} == {"breath"}
    assert decisions[0].arm_probabilities == {"show": 1.0, "nothing": 0.0}


def test_after_a_disclosure_nothing_is_drawn_even_if_asked_for():
    study = protocol(rule(arms=ALWAYS, requested=True))
    for tier in (3, 4):
        decision = made(study=study, safety_tier=tier)
        assert (decision.reason, decision.content, decision.arm_fraction) == ("safety_tier", None, None)


def test_an_arm_whose_items_do_not_fit_shows_nothing_and_says_so():
    study = protocol(rule(arms=(arm("show", 1, ("scene",)),)), content=(item("scene", needs_scene=True),))
    decision = made(study=study, has_scene=False)
    assert (decision.reason, decision.arm, decision.content_probabilities) == ("no_eligible_content", "show", {"scene": 0.0})


def test_a_rule_with_one_empty_arm_claims_no_chance():
    assert made(study=protocol(rule(arms=NEVER))).reason == "rule_shows_nothing"


def test_alert_rules_do_not_wait_for_availability_or_chance():
    alerts = (
        alert_rule("three_high", [">=", {"var": "high_craving_24h"}, 3]),
        alert_rule("rising", ["==", {"var": "rising"}, True]),
        alert_rule("withdrawal", [">=", {"var": "withdrawal"}, 0.7]),
    )
    study = protocol(rule(), alert_rules=alerts)
    context = point(paused=True, consented=False, high_craving_24h=3)
    assert decide(context, None, study, key=KEY, source="a").alerts == ("three_high",)
    assert decide(context, estimate(rising=True), study, key=KEY, source="a").alerts == ("three_high", "rising")


def test_an_alert_rule_without_a_condition_never_holds():
    assert alerting((alert_rule("empty", None),), {}, {}) == ()


def test_the_snapshot_holds_what_was_read_and_what_was_missing():
    study = protocol(rule(when=["or", [">=", {"item": "m_crave_now"}, 7], [">=", {"var": "craving"}, 0.7], ["answered", "m_stress"]]))
    decision = made(study=study, items={"m_crave_now": 8, "m_low": 9})
    assert decision.snapshot["items"] == {"m_crave_now": 8, "m_stress": None}
    assert decision.snapshot["variables"] == {"craving": None}


def test_the_words_of_an_identifying_item_never_enter_the_snapshot():
    instrument, own = next((instrument, one) for instrument, one in base().items() if one.identifying)
    study = protocol(rule(when=["answered", own.id], arms=ALWAYS))
    decision = made(study=study, instrument=instrument.id, items={own.id: "my cousin"})
    assert decision.content is not None
    assert decision.snapshot["items"] == {own.id: True}


def test_a_decision_is_made_again_from_its_stored_snapshot():
    study = protocol(
        rule(when=["has", {"item": "m_reminders"}, "place"], arms=ALWAYS), content=(item("breath", rest_hours=1), item("ground"))
    )
    decision = made(
        study=study, items={"m_reminders": ("place", "person")}, content_history={"ground": point().now}, rested=frozenset({"x"})
    )
    stored = parse(canonical(decision.snapshot))
    assert decision.content is not None
    assert redecide(stored, study, key=KEY, source="source") == decision


def test_every_reason_has_a_sentence():
    assert SENTENCES.keys() >= {str(reason) for reason in Reason}
    assert all(sentence.endswith(".") and not any(sign.isdigit() for sign in sentence) for sentence in SENTENCES.values())


def test_probabilities_that_miss_one_are_scaled_to_it():
    assert sum(arm_probabilities(rule(arms=(arm("a", 0.3), arm("b", 0.3), arm("c", 0.3)))).values()) == pytest.approx(1)


def test_a_report_that_the_person_starts_is_not_capped_but_may_be_randomized():
    study = protocol(rule(points=(DecisionPointKind.REPORT,)), availability=Availability(per_day=0))
    decision = made(study=study, point=DecisionPointKind.REPORT, started_by_person=True)
    assert decision.available
    assert decision.arm_probabilities == {"show": 0.6, "nothing": 0.4}


def test_choosing_needs_a_rule_at_this_point():
    chosen = choose((rule(points=(DecisionPointKind.EXPIRY,), when=None),), DecisionPointKind.RESPONSE, {}, {})
    assert chosen.live is None


def test_an_alert_rule_on_adherence_waits_for_no_answer_and_so_is_not_asked_at_one():
    study = protocol(rule(), alert_rules=(alert_rule("quiet", ["not", ["<", {"var": "silent_hours"}, 48]]), alert_rule("always", True)))
    decision = made(study=study, silent_hours=60.0)
    assert decision.alerts == ("always",)
    assert "silent_hours" not in decision.snapshot["variables"]


def test_a_decision_rule_may_read_adherence_and_leaves_it_in_the_snapshot():
    seldom = rule("seldom", when=["and", ["<", {"var": "adherence_7d"}, 0.5], [">=", {"var": "missed_in_a_row"}, 3]])
    decision = made(study=protocol(seldom), adherence_7d=0.25, missed_in_a_row=3)
    assert decision.rule == "seldom"
    assert decision.snapshot["variables"] == {"adherence_7d": 0.25, "missed_in_a_row": 3}
    assert made(study=protocol(seldom), adherence_7d=None, missed_in_a_row=3).rule is None
