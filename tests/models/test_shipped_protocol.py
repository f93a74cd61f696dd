"""The two protocols that ship: free of faults, and true to what the design pages promise about them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.definition.answers import validate
from models.definition.check import check
from models.definition.checks.branches import lengths
from models.definition.expression import evaluate, holds
from models.definition.instrument import Instrument
from models.definition.itemmap import item_map
from models.definition.load import parse
from models.definition.prompting import Fixed, FollowUp, Stratified, Window
from models.definition.protocol import Protocol
from models.definition.rotation import draw_rotation
from models.kinds import ContentKind, DecisionPointKind, InstrumentKind, ItemKind, Missing, Node

FOLDER = Path(__file__).parents[2] / "api" / "actions" / "shipped"
OUD = parse((FOLDER / "oud.json").read_bytes())
LOW_BURDEN = parse((FOLDER / "oud_low_burden.json").read_bytes())
BOTH = pytest.mark.parametrize("protocol", [OUD, LOW_BURDEN], ids=["oud", "low_burden"])

DRUGS = re.compile(
    r"\b(heroin|fentanyl|oxy\w*|percocet|vicodin|cocaine|crack|meth|pills?|powder|syringes?|needles?|spoons?|foil|pipes?|dealers?)\b",
    re.IGNORECASE,
)
THREATS = re.compile(r"\b(die|death|dead|kill|fail\w*|jail|prison|lose|punish\w*|relapse\w*|must|never|don't|should)\b", re.IGNORECASE)


def instrument(protocol: Protocol, name: str) -> Instrument:
    found = protocol.instrument(name)
    assert found is not None
    return found


def scheduled(protocol: Protocol) -> list[Instrument]:
    return [
        instrument(protocol, design.instrument) for design in protocol.designs if isinstance(design, Fixed | Window | Stratified | FollowUp)
    ]


def words(asked: Instrument) -> Iterator[str]:
    for item in asked.items:
        for text in (item.text, item.help, *(option.label for option in item.options)):
            if text is not None:
                yield text["en"]


MOMENTARY = instrument(OUD, "momentary")


@BOTH
def test_a_shipped_protocol_has_no_faults(protocol: Protocol) -> None:
    assert check(protocol) == ()


@BOTH
def test_everything_shipped_says_that_it_needs_clinical_review(protocol: Protocol) -> None:
    assert protocol.review == "needs clinical review"
    assert {piece.review for piece in protocol.content} == {"needs clinical review"}


def test_the_names_are_those_of_the_files() -> None:
    assert (OUD.name, LOW_BURDEN.name) == ("oud_ema", "oud_low_burden")


def test_a_momentary_check_in_asks_seven_core_items_place_company_and_three_of_a_rotating_set() -> None:
    rotating = {item_id for rotation in MOMENTARY.rotations for item_id in rotation.items}
    always = [item.id for item in MOMENTARY.items if item.id not in rotating and item.show_if is None]
    assert always == ["m_valence", "m_stress", "m_withdraw", "m_pain", "m_crave_now", "m_choice", "m_where", "m_with", "m_cue"]
    assert len(draw_rotation(MOMENTARY, b"key", "slot").items) == 3
    assert MOMENTARY.seconds <= 60


def test_the_motive_is_asked_on_a_third_of_prompts_whatever_the_craving() -> None:
    motive = MOMENTARY.item("m_crave_why")
    assert motive is not None
    assert motive.show_if is None
    assert draw_rotation(MOMENTARY, b"key", "slot").probabilities["m_crave_why"] == pytest.approx(1 / 3)
    assert {"celebrate", "sleep", "normal"} <= {option.code for option in motive.options}


def test_affect_comes_first_craving_next_and_reminders_last() -> None:
    place = {item.id: number for number, item in enumerate(MOMENTARY.items)}
    affect = max(place[name] for name in ("m_valence", "m_stress", "m_tense", "m_low", "m_irritable", "m_lonely"))
    cravings = [place[name] for name in ("m_crave_now", "m_crave_peak", "m_intrude", "m_crave_why")]
    assert affect < min(cravings)
    assert max(cravings) < min(place[name] for name in ("m_cue", "m_cue_types", "m_doing"))


def test_craving_is_asked_in_the_persons_own_word_and_the_peak_prints_its_time() -> None:
    now, peak = MOMENTARY.item("m_crave_now"), MOMENTARY.item("m_crave_peak")
    assert now is not None
    assert peak is not None
    assert now.text["en"] == "Right now, how strong is your {own_word|urge} to use opioids other than as prescribed?"
    assert "Since your last check-in, {since|" in peak.text["en"]
    assert MOMENTARY.since == ("momentary", "morning", "evening")


@BOTH
def test_every_scheduled_questionnaire_is_as_long_whatever_is_answered(protocol: Protocol) -> None:
    for asked in scheduled(protocol):
        found = lengths(asked)
        assert found is not None
        assert found[0] == found[1], asked.id


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_honest_answer_makes_a_check_in_longer(data: st.DataObject) -> None:
    draw = draw_rotation(MOMENTARY, b"key", str(data.draw(st.integers(0, 50))))
    raw: dict[str, Any] = {}
    for item in MOMENTARY.items:
        if item.kind is ItemKind.YES_NO:
            value: Any = data.draw(st.booleans())
        elif item.options:
            code = data.draw(st.sampled_from(item.options)).code
            value = [code] if item.kind is ItemKind.MULTI else code
        else:
            value = data.draw(st.integers(int(item.minimum or 0), int(item.maximum or 0)))
        raw[item.id] = data.draw(st.sampled_from([{"value": value}, {"value": value}, {"declined": True}]))
    checked = validate(MOMENTARY, raw, drawn=draw.items, lists={})
    assert checked.faults == ()
    assert sum(fate is not Missing.NOT_SHOWN for fate in checked.missing.values()) + len(checked.values) == 13


@BOTH
def test_no_scheduled_prompt_names_a_drug_or_asks_for_a_personal_reminder(protocol: Protocol) -> None:
    for asked in scheduled(protocol):
        assert not [text for text in words(asked) if DRUGS.search(text)], asked.id
        assert not [item.id for item in asked.items if item.options_from is not None], asked.id


@BOTH
def test_a_push_says_nothing_but_that_something_waits(protocol: Protocol) -> None:
    assert protocol.default_push == {"en": "You have a short check-in waiting."}
    assert all(design.push is None for design in protocol.designs)


@BOTH
def test_coping_content_is_in_the_first_person_and_never_threatens(protocol: Protocol) -> None:
    assert len(protocol.content) >= 12
    for piece in protocol.content:
        text = " ".join(step.text["en"] for step in piece.steps)
        assert re.search(r"\b(I|my|me)\b", text), piece.code
        assert not DRUGS.search(text), piece.code
        assert not THREATS.search(text), piece.code


@BOTH
def test_the_persons_own_scene_comes_first_and_is_the_lead_kind(protocol: Protocol) -> None:
    assert protocol.content[0].code == "your_scene"
    assert protocol.content[0].kind is ContentKind.FUTURE_SCENE
    assert protocol.content[0].needs_scene


@BOTH
@pytest.mark.parametrize(
    ("items", "variables"),
    [({"m_low": 8}, {}), ({"m_withdraw": 7}, {}), ({}, {"withdrawal": 0.7}), ({}, {"safety_tier": 3}), ({}, {"bereaved": True})],
)
def test_no_scene_plays_at_very_low_mood_withdrawal_a_safety_flag_or_bereavement(
    protocol: Protocol, items: dict[str, Any], variables: dict[str, Any]
) -> None:
    for piece in protocol.content:
        if piece.needs_scene:
            assert holds(piece.not_when, items, variables)
            assert not holds(piece.not_when, {"m_low": 3, "m_withdraw": 2}, {"withdrawal": 0.2, "safety_tier": 0, "bereaved": False})


@BOTH
def test_a_report_of_use_opens_with_help_and_asks_for_safety_first(protocol: Protocol) -> None:
    use = instrument(protocol, "use")
    assert use.help_first
    assert [item.id for item in use.items[:3]] == ["safe_now", "u_with", "u_overdose"]
    assert not any(item.required for item in use.items)


@BOTH
def test_there_are_five_reports_and_one_follow_up_of_an_urge_after_20_minutes(protocol: Protocol) -> None:
    assert [one.id for one in protocol.instruments if one.started_by_person] == ["craving", "reminder", "stressor", "use", "good"]
    (follow_up,) = [design for design in protocol.designs if isinstance(design, FollowUp)]
    assert (follow_up.after, follow_up.delay_minutes, follow_up.condition) == (("craving",), 20, None)


def test_the_scheme_is_a_morning_diary_two_random_check_ins_and_an_evening_diary() -> None:
    daily = [design for design in OUD.designs if isinstance(design, Window | Stratified)]
    assert [(design.instrument, getattr(design, "prompts", 1)) for design in daily] == [("morning", 1), ("momentary", 2), ("evening", 1)]


def test_the_evening_diary_waits_through_the_night() -> None:
    evening = OUD.design("evening_diary")
    assert isinstance(evening, Window)
    assert evening.edge == "end"
    night_minutes = 9 * 60
    assert evening.expiry.minutes + evening.offset_minutes > night_minutes
    assert "{since|" in (instrument(OUD, "evening").intro or {})["en"]


def test_the_low_burden_variant_asks_once_a_day_for_24_hours() -> None:
    (daily,) = [design for design in LOW_BURDEN.designs if isinstance(design, Window | Stratified)]
    assert daily.instrument == "daily"
    assert daily.expiry.minutes == 24 * 60
    assert not [one for one in LOW_BURDEN.instruments if one.kind is InstrumentKind.MOMENTARY]


@BOTH
def test_each_node_has_indicators_that_everybody_is_asked(protocol: Protocol) -> None:
    mapped = item_map(protocol)
    always = {item.variable for _, item in protocol.items() if item.show_if is None}
    for node in (Node.C, Node.R, Node.S, Node.W, Node.E):
        assert len([entry for entry in mapped.node(node) if entry.variable in always]) >= 2


@BOTH
def test_both_variants_agree_on_the_variables_that_they_share(protocol: Protocol) -> None:
    other = item_map(LOW_BURDEN if protocol is OUD else OUD).entries
    for name, entry in item_map(protocol).entries.items():
        assert other.get(name, entry) == entry


def chosen(protocol: Protocol, point: DecisionPointKind, items: dict[str, Any], **variables: Any) -> str | None:
    """The first rule that holds, with no estimate unless one is given."""
    known = {"point": point, **variables}
    return next((rule.id for rule in protocol.rules if point in rule.points and holds(rule.when, items, known)), None)


@BOTH
def test_withdrawal_and_missed_doses_go_to_medicine_before_anything_else(protocol: Protocol) -> None:
    point = DecisionPointKind.RESPONSE
    assert chosen(protocol, point, {"m_withdraw": 8, "m_crave_now": 9}) == "sick"
    assert chosen(protocol, point, {"am_moud": "missed", "m_crave_now": 9}) == "missed_dose"
    assert chosen(protocol, DecisionPointKind.TIMED_EVENT, {}, event="missed_dose") == "missed_dose"
    assert chosen(protocol, DecisionPointKind.REPORT, {"m_withdraw": 7}, instrument="craving") == "help_asked_sick"


@BOTH
def test_a_person_who_asks_always_gets_something_and_is_never_randomized(protocol: Protocol) -> None:
    for name in ("craving", "reminder", "stressor", "use"):
        code = chosen(protocol, DecisionPointKind.REPORT, {}, instrument=name)
        rule = next(one for one in protocol.rules if one.id == code)
        assert rule.requested
        assert [arm.probability for arm in rule.arms] == [1.0]
        assert any(not held.needs_scene for held in protocol.content if any(held.code in group for group in rule.arms[0].groups))
    assert chosen(protocol, DecisionPointKind.HELP_REQUEST, {}) == "help_asked"


@BOTH
@pytest.mark.parametrize(
    ("items", "variables", "expected"),
    [
        ({"m_crave_now": 7}, {}, "high_craving"),
        ({}, {"craving": 0.8}, "high_craving"),
        ({"m_crave_now": 2}, {"rising": True, "evidence": "current"}, "rising_network"),
        ({"m_crave_now": 2}, {"rising": True, "evidence": "learning"}, None),
        ({"m_stress": 7}, {}, "stress_led"),
        ({"m_stress": 2}, {"stress": 0.9}, "stress_led"),
        ({"m_choice": 2}, {}, "control_led"),
        ({"m_low": 9, "m_crave_now": 9}, {}, "low"),
        ({"pm_naloxone": "unsure"}, {}, "naloxone_far"),
        ({"m_crave_now": 3, "m_stress": 3, "m_choice": 8}, {}, None),
        ({}, {}, None),
    ],
)
def test_the_rules_decide_in_order_and_without_an_estimate_too(
    protocol: Protocol, items: dict[str, Any], variables: dict[str, Any], expected: str | None
) -> None:
    assert chosen(protocol, DecisionPointKind.RESPONSE, items, **variables) == expected


@BOTH
def test_whatever_is_randomized_has_an_outcome_and_one_arm_that_shows_nothing(protocol: Protocol) -> None:
    randomized = [rule for rule in protocol.rules if len(rule.arms) > 1]
    assert len(randomized) >= 4
    for rule in randomized:
        assert rule.outcome is not None
        assert [arm.id for arm in rule.arms if not arm.groups] == ["nothing"]


@BOTH
def test_stress_alone_never_opens_an_alert(protocol: Protocol) -> None:
    stressed = {"stress": 1.0, "rising": True, "craving": 0.1, "withdrawal": 0.0, "high_craving_24h": 0, "level": 95.0, "rise": 4.0}
    assert not [rule.id for rule in protocol.alert_rules if evaluate(rule.when, {}, stressed) is True]
    assert [rule.id for rule in protocol.alert_rules if evaluate(rule.when, {}, {**stressed, "high_craving_24h": 3}) is True] == [
        "three_high_cravings"
    ]


@BOTH
def test_the_help_page_dials_emergency_and_crisis_lines_and_explains_naloxone(protocol: Protocol) -> None:
    assert {"911", "988", "1-800-662-4357"} <= {contact.dial for contact in protocol.help.contacts}
    assert any(contact.id == "study_line" for contact in protocol.help.contacts)
    assert len(protocol.help.naloxone_steps) >= 5
    assert len(protocol.help.statements) == 7


@BOTH
def test_every_ladder_ends_with_a_human_and_tier_4_is_quickest(protocol: Protocol) -> None:
    first = {ladder.tier: ladder.rungs[0].acknowledge_minutes for ladder in protocol.ladders}
    assert first[4] == 15 < first[3] == 60 < first[2] == 1440
    assert {ladder.rungs[-1].to.value for ladder in protocol.ladders} <= {"supervisor", "investigator"}
