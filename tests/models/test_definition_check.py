"""Each rule of the protocol check, shown by planting its fault in the shipped protocol."""

import ast
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import models.definition.checks
from models.definition.check import check
from models.definition.checks.fit import first_unfit, kept_away, length, uncovered
from models.definition.checks.types import VARIABLES
from models.definition.decision import TAILORING_VARIABLES
from models.definition.load import parse
from models.definition.prompting import Stratified, Window
from models.errors import Fault, Problem

SHIPPED = Path(__file__).parents[2] / "api" / "actions" / "shipped" / "oud.json"
Document = dict[str, Any]
Edit = Callable[[Document], Any]


def planted(edit: Edit) -> tuple[Fault, ...]:
    document = json.loads(SHIPPED.read_bytes())
    edit(document)
    return check(parse(json.dumps(document).encode()))


def by_id(entries: list[Document], name: str, key: str = "id") -> Document:
    return next(entry for entry in entries if entry[key] == name)


def instrument(document: Document, name: str) -> Document:
    return by_id(document["instruments"], name)


def item(document: Document, name: str, item_id: str) -> Document:
    return by_id(instrument(document, name)["items"], item_id)


def design(document: Document, name: str) -> Document:
    return by_id(document["designs"], name)


def rule(document: Document, name: str) -> Document:
    return by_id(document["rules"], name)


def add_item(document: Document, name: str, **settings: Any) -> None:
    new = {"id": "new_item", "kind": "slider", "text": {"en": "?"}, "variable": "new_variable", "frame": "now", "direction": 0}
    if settings.get("kind", "slider") == "slider":
        new |= {"minimum": 0, "maximum": 10}
    instrument(document, name)["items"].append({key: value for key, value in {**new, **settings}.items() if value is not None})


def of_kind(document: Document, kind: str) -> Document:
    return next(one for one in document["designs"] if one["kind"] == kind)


def uncover(document: Document) -> None:
    document["staffing"]["hours"][0]["weekdays"].remove(7)
    del document["staffing"]["outside_hours"]


def uniform(document: Any, **members: Any) -> None:
    """The random checks, drawn from the whole window."""
    drawn = {"id": "random_checks", "kind": "uniform", "instrument": "momentary", "prompts": 2, "gap_minutes": 60}
    _become(design(document, "random_checks"), drawn | {"expiry": {"minutes": 45}} | members)


def interval(document: Any, **members: Any) -> None:
    """The evening diary, at intervals."""
    drawn = {"id": "evening_diary", "kind": "interval", "instrument": "evening", "expiry": {"minutes": 60}}
    _become(design(document, "evening_diary"), drawn | members)


def weekly_by_chance(document: Any) -> None:
    """The weekly review, which holds the safety items, at a moment drawn by chance."""
    drawn = {"id": "weekly_review", "kind": "uniform", "instrument": "weekly", "prompts": 1, "gap_minutes": 0, "expiry": {"minutes": 60}}
    _become(design(document, "weekly_review"), drawn)


def _become(found: Any, members: Any) -> None:
    found.clear()
    found.update(members)


def reverse_days(document: Document) -> None:
    design(document, "evening_diary")["when"] = {"first_day": 9, "last_day": 3}


def cycle(document: Document) -> None:
    item(document, "momentary", "m_where")["show_if"] = ["answered", "m_cue"]
    item(document, "momentary", "m_cue")["show_if"] = ["answered", "m_where"]


def fixed_twice(document: Document) -> None:
    document["designs"].append(
        {"id": "clock", "instrument": "momentary", "kind": "fixed", "times": ["12:00", "12:30"], "expiry": {"minutes": 45}}
    )


def followed_in_turn(document: Document) -> None:
    """The follow-up of a craving report is followed by a scheduled check-in, and that by the follow-up again."""
    follow_up = design(document, "craving_follow_up")
    follow_up["after"] = ["craving", "momentary"]
    document["designs"].append({**follow_up, "id": "again", "instrument": "momentary", "after": ["checking_back"]})


def cross_domain(document: Document) -> None:
    item(document, "morning", "m_stress")["domain"] = "reward_motivation"


def shuffle(document: Document, *blocks: list[str], name: str = "feelings", shuffled: bool = False) -> None:
    drawn = [{"id": f"b{number}", "items": list(items), "shuffled": shuffled} for number, items in enumerate(blocks)]
    instrument(document, "momentary").setdefault("shuffles", []).append({"id": name, "blocks": drawn})


def within_shuffle(document: Document) -> None:
    shuffle(document, ["m_cue"], ["m_cue_types", "m_doing"])


def gate_the_motive(document: Document) -> None:
    """Of two branches of one length, one stands in a rotating set: under some draws it is the shorter."""
    item(document, "momentary", "m_cue_types")["show_if"] = ["not", ["==", {"item": "m_cue"}, True]]
    item(document, "momentary", "m_doing")["show_if"] = ["==", {"item": "m_cue"}, True]
    instrument(document, "momentary")["rotations"].append({"id": "last", "items": ["m_cue_types", "m_where"], "draw": 1})


def score(document: Document, **members: Any) -> None:
    weekly = instrument(document, "weekly")
    weekly["scores"] = [{"id": "new", "how": "sum", "items": ["w_low_days", "w_sleep_days"]} | members]


def say(document: Document, name: str, item_id: str, passage: str) -> None:
    item(document, name, item_id)["text"]["en"] = passage


def own_list_in_good(document: Document) -> None:
    add_item(document, "good", kind="single", options_from="reasons", id="g_reason")
    add_item(document, "good", id="g_more", variable="g_more", text={"en": "And {item:g_reason|that}?"})
    document["designs"].append({"id": "asked_good", "instrument": "good", "kind": "follow_up", "after": ["use"], "delay_minutes": 9})
    document["designs"][-1]["expiry"] = {"minutes": 30}
    instrument(document, "good")["started_by_person"] = False


def list_in_diary(document: Document) -> None:
    add_item(document, "evening", kind="multi", options_from="reminders")


def in_german(document: Document, what: str) -> None:
    """Every text of the momentary instrument, or of help too, in German."""

    def add(value: Any) -> None:
        if isinstance(value, dict) and set(value) == {"en"}:
            value["de"] = value["en"]
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            add(part)

    add(instrument(document, "momentary"))
    if what != "instrument":
        add(document["help"])
    if what == "everything":
        add(document["last_check_in"])


def add_task(document: Document, name: str, **changes: Any) -> Document:
    """A go/no-go task with a measure. A change is of the task, the item or the measure, wherever there is such a member."""
    measure = {"id": "slips", "measure": "commission_rate", "variable": "slips", "node": "E", "minimum": 0, "maximum": 0.6}
    task: Document = {"kind": "go_no_go", "trials": 40, "no_go_share": 0.25, "stimulus_ms": 500, "response_ms": 1000, "gap_ms": 500}
    for members in (task, measure):
        members |= {key: changes.pop(key) for key in [*changes] if key in members and key != "kind"}
    added: Document = {"id": "game", "kind": "task", "variable": "game", "task": task, "measures": [measure], **changes}
    add_item(document, name, **added)
    return instrument(document, name)["items"][-1].get("task") or {}


def signal(document: Document, **changes: Any) -> Document:
    """A study that asks for one signal."""
    one = {"kind": "heart_rate", "variable": "beats", "summary": "mean", "hours": 2, "minimum": 40, "maximum": 140, "node": "S"}
    document["signals"] = {"consent": {"en": "May the study read your heart rate?"}, "series": [{**one, **changes}]}
    series: Document = document["signals"]["series"][0]
    return series


def add_dots(document: Document, **changes: Any) -> None:
    task = {"kind": "dot_memory", "trials": 2, "study_ms": 1000, "delay_ms": 1000, **changes}
    add_item(document, "craving", id="dots", kind="task", variable="dots", task=task)


def add_words(document: Document, name: str) -> Document:
    """A cue-word task in a study that asks for it."""
    document["cue_words"] = {"consent": {"en": "Do you want to see such words?"}, "approval": "a board"}
    words = {kind: [{"code": f"{kind}_{n}", "text": {"en": kind}} for n in range(4)] for kind in ("cue", "neutral")}
    add_item(document, name, id="words", kind="task", variable="words", task={"kind": "cue_stroop", **words})
    task: Document = instrument(document, name)["items"][-1]["task"]
    return task


def measured(rule: Document) -> None:
    """A condition that reads a measure."""
    rule["when"] = [">", {"item": "slips"}, 0.5]


PLANTED: list[tuple[str, str, Edit]] = [
    # names
    ("duplicate_id", "/instruments/11/id", lambda d: d["instruments"].append(d["instruments"][3])),
    (
        "duplicate_id",
        "/instruments/0/items/1/id",
        lambda d: instrument(d, "momentary")["items"][1].update(id="m_valence", variable="valence"),
    ),
    ("duplicate_id", "/instruments/2/items/12/options/1/code", lambda d: item(d, "evening", "pm_use")["options"][1].update(code="no")),
    ("duplicate_id", "/instruments/0/rotations/1/id", lambda d: instrument(d, "momentary")["rotations"][1].update(id="state")),
    ("duplicate_id", "/instruments/9/scores/1/id", lambda d: instrument(d, "weekly")["scores"][1].update(id="phq2")),
    ("duplicate_id", "/designs/2/id", lambda d: design(d, "evening_diary").update(id="morning_diary")),
    ("duplicate_id", "/disclosures/1/id", lambda d: d["disclosures"][1].update(id="not_safe")),
    ("duplicate_id", "/alert_rules/1/id", lambda d: d["alert_rules"][1].update(id="three_high_cravings")),
    ("duplicate_id", "/rules/1/id", lambda d: d["rules"][1].update(id="after_use")),
    ("duplicate_id", "/rules/10/arms/1/id", lambda d: rule(d, "high_craving")["arms"][1].update(id="scene")),
    ("duplicate_id", "/content/1/code", lambda d: d["content"][1].update(code="your_scene")),
    ("duplicate_id", "/ladders/1/tier", lambda d: d["ladders"][1].update(tier=4)),
    ("duplicate_id", "/help/contacts/1/id", lambda d: d["help"]["contacts"][1].update(id="emergency")),
    ("unknown_list", "/instruments/3/items/8/options_from", lambda d: item(d, "craving", "m_cue_own").update(options_from="enemies")),
    ("unknown_instrument", "/designs/0/instrument", lambda d: d["designs"][0].update(instrument="gone")),
    ("unknown_instrument", "/designs/9/after/0", lambda d: design(d, "craving_follow_up").update(after=["gone"])),
    ("unknown_instrument", "/disclosures/0/instruments/0", lambda d: d["disclosures"][0].update(instruments=["gone", "use", "craving"])),
    ("unknown_item", "/instruments/0/rotations/0/items/0", lambda d: instrument(d, "momentary")["rotations"][0]["items"].insert(0, "gone")),
    ("unknown_item", "/instruments/9/scores/0/items/0", lambda d: instrument(d, "weekly")["scores"][0]["items"].insert(0, "gone")),
    ("unknown_item", "/disclosures/1/when/1/item", lambda d: d["disclosures"][1].update(when=["==", {"item": "gone"}, True])),
    ("unknown_item", "/disclosures/1/when/1/item", lambda d: d["disclosures"][1].update(instruments=["weekly"])),
    ("unknown_item", "/rules/3/when/1", lambda d: d["rules"][3].update(when=["answered", "gone"])),
    (
        "unknown_item",
        "/instruments/0/items/21/show_if/1/item",
        lambda d: item(d, "momentary", "m_cue_types").update(show_if=["==", {"item": "u_with"}, True]),
    ),
    (
        "unknown_item",
        "/designs/9/condition/1/item",
        lambda d: design(d, "craving_follow_up").update(condition=[">", {"item": "w_health"}, 1]),
    ),
    (
        "item_in_two_rotations",
        "/instruments/0/rotations/1/items/3",
        lambda d: instrument(d, "momentary")["rotations"][1]["items"].append("m_low"),
    ),
    ("draws_too_many", "/instruments/0/rotations/1/draw", lambda d: instrument(d, "momentary")["rotations"][1].update(draw=4)),
    ("unknown_design", "/designs/1/exclude/0", lambda d: design(d, "random_checks").update(exclude=["gone"])),
    ("excluded_design_kind", "/designs/1/exclude/0", lambda d: design(d, "random_checks").update(exclude=["craving_follow_up"])),
    ("unknown_content", "/rules/10/arms/0/groups/0/1", lambda d: rule(d, "high_craving")["arms"][0]["groups"][0].append("gone")),
    ("unknown_content", "/rules/10/arms/0/weights/ground", lambda d: rule(d, "high_craving")["arms"][0].update(weights={"ground": 2.0})),
    # items
    ("options_missing", "/instruments/0/items/18", lambda d: item(d, "momentary", "m_where").pop("options")),
    (
        "options_unexpected",
        "/instruments/0/items/20",
        lambda d: item(d, "momentary", "m_cue").update(options=[{"code": "a", "label": {"en": "A"}}]),
    ),
    ("range_unexpected", "/instruments/0/items/20", lambda d: item(d, "momentary", "m_cue").update(minimum=0)),
    ("range_missing", "/instruments/0/items/13", lambda d: item(d, "momentary", "m_crave_peak").pop("maximum")),
    ("minimum_not_below_maximum", "/instruments/0/items/13/minimum", lambda d: item(d, "momentary", "m_crave_peak").update(minimum=10)),
    ("step_does_not_fit", "/instruments/0/items/13/step", lambda d: item(d, "momentary", "m_crave_peak").update(step=11)),
    ("step_does_not_fit", "/instruments/0/items/13/step", lambda d: item(d, "momentary", "m_crave_peak").update(step=3)),
    ("step_does_not_fit", "/instruments/0/items/13/step", lambda d: item(d, "momentary", "m_crave_peak").update(step=0)),
    ("step_does_not_fit", "/instruments/0/items/13/step", lambda d: item(d, "momentary", "m_crave_peak").update(kind="likert", step=0.5)),
    ("step_unexpected", "/instruments/0/items/20/step", lambda d: item(d, "momentary", "m_cue").update(step=1)),
    ("item_in_no_node", "/instruments/0/items/13/node", lambda d: item(d, "momentary", "m_crave_peak").update(direction=1)),
    ("node_without_direction", "/instruments/1/items/9/direction", lambda d: item(d, "morning", "am_sure").update(direction=0)),
    ("node_without_scale", "/instruments/6/items/9/node", lambda d: item(d, "use", "u_amount").update(node="S", direction=1)),
    ("variable_in_two_nodes", "/instruments/1/items/2/node", lambda d: item(d, "morning", "m_valence").update(node="R")),
    ("variable_in_two_nodes", "/instruments/1/items/3/domain", cross_domain),
    ("variable_in_two_nodes", "/instruments/1/items/3/direction", lambda d: item(d, "morning", "m_stress").update(direction=-1)),
    ("variable_in_two_nodes", "/instruments/1/items/3/frame", lambda d: item(d, "morning", "m_stress").update(frame="today")),
    ("variable_on_two_scales", "/instruments/1/items/3/maximum", lambda d: item(d, "morning", "m_stress").update(maximum=100)),
    ("variable_on_two_scales", "/instruments/1/items/15/options", lambda d: item(d, "morning", "m_where")["options"].pop()),
    ("item_of_two_variables", "/instruments/1/items/7/variable", lambda d: item(d, "morning", "m_pain").update(variable="ache")),
    (
        "gated_item_in_node",
        "/instruments/0/items/23/node",
        lambda d: add_item(d, "momentary", show_if=["==", {"item": "m_cue"}, True], node="E", direction=1),
    ),
    # expressions
    ("type_mismatch", "/rules/3/when", lambda d: d["rules"][3].update(when=[">", {"item": "m_cue_types"}, 3])),
    ("type_mismatch", "/rules/3/when", lambda d: d["rules"][3].update(when=["==", {"item": "m_cue_types"}, "place"])),
    ("type_mismatch", "/rules/3/when", lambda d: d["rules"][3].update(when=["==", {"item": "m_cue"}, "yes"])),
    ("type_mismatch", "/rules/3/when", lambda d: d["rules"][3].update(when=["<", {"item": "m_where"}, "home"])),
    ("type_mismatch", "/rules/3/when", lambda d: d["rules"][3].update(when=["+", {"item": "m_stress"}, 1])),
    ("type_mismatch", "/rules/3/when/1/2", lambda d: d["rules"][3].update(when=[">", ["+", {"item": "m_stress"}, {"item": "m_where"}], 1])),
    ("type_mismatch", "/rules/3/when/1", lambda d: d["rules"][3].update(when=["and", {"item": "m_stress"}, True])),
    ("type_mismatch", "/rules/3/when/1", lambda d: d["rules"][3].update(when=["has", {"item": "m_where"}, "home"])),
    ("type_mismatch", "/rules/3/when/1", lambda d: d["rules"][3].update(when=["==", ["coalesce", {"item": "m_where"}, 3], 3])),
    (
        "unknown_option",
        "/disclosures/0/when/1",
        lambda d: d["disclosures"][0].update(when=["or", ["==", {"item": "safe_now"}, "nope"], False]),
    ),
    ("unknown_option", "/rules/3/when", lambda d: d["rules"][3].update(when=["has", {"item": "m_cue_types"}, "nope"])),
    ("unknown_option", "/rules/0/when", lambda d: d["rules"][0].update(when=["==", {"var": "instrument"}, "gone"])),
    ("out_of_range", "/rules/3/when", lambda d: d["rules"][3].update(when=[">=", {"item": "m_crave_now"}, 70])),
    ("out_of_range", "/alert_rules/2/when", lambda d: d["alert_rules"][2].update(when=[">=", {"var": "withdrawal"}, 7])),
    ("unknown_variable", "/rules/3/when/1/var", lambda d: d["rules"][3].update(when=[">", {"var": "destiny"}, 1])),
    ("variable_not_allowed", "/disclosures/0/when/1/var", lambda d: d["disclosures"][0].update(when=[">=", {"var": "craving"}, 0.9])),
    (
        "variable_not_allowed",
        "/instruments/0/items/21/show_if/1/var",
        lambda d: item(d, "momentary", "m_cue_types").update(show_if=["==", {"var": "rising"}, True]),
    ),
    ("item_not_allowed", "/alert_rules/0/when/1/item", lambda d: d["alert_rules"][0].update(when=[">=", {"item": "m_crave_now"}, 9])),
    ("condition_missing", "/disclosures/0/when", lambda d: d["disclosures"][0].update(when=None)),
    ("out_of_range", "/alert_rules/0/when", lambda d: d["alert_rules"][0].update(when=["<", {"var": "adherence_7d"}, 30])),
    (
        "not_known_at_midnight",
        "/alert_rules/0/when",
        lambda d: d["alert_rules"][0].update(when=["and", {"var": "risk_crossed"}, {"var": "rising"}], refractory_hours=168),
    ),
    (
        "budget_refractory",
        "/alert_rules/0/refractory_hours",
        lambda d: d["alert_rules"][0].update(when={"var": "risk_crossed"}, refractory_hours=24),
    ),
    (
        "budget_twice",
        "/alert_rules/1",
        lambda d: [one.update(when={"var": "risk_crossed"}, refractory_hours=168) for one in d["alert_rules"][:2]],
    ),
    (
        "not_known_in_silence",
        "/alert_rules/0/when",
        lambda d: d["alert_rules"][0].update(when=["and", [">=", {"var": "silent_hours"}, 48], ["==", {"var": "rising"}, True]]),
    ),
    ("condition_missing", "/alert_rules/0/when", lambda d: d["alert_rules"][0].update(when=None)),
    # branches
    (
        "branch_to_later_item",
        "/instruments/0/items/18/show_if",
        lambda d: item(d, "momentary", "m_where").update(show_if=["answered", "m_cue"]),
    ),
    ("branch_cycle", "/instruments/0/items/18/show_if", cycle),
    ("branch_cycle", "/instruments/0/items/20/show_if", lambda d: item(d, "momentary", "m_cue").update(show_if=["answered", "m_cue"])),
    ("branch_lengths_differ", "/instruments/0/items", lambda d: instrument(d, "momentary")["items"].pop()),
    (
        "branch_lengths_differ",
        "/instruments/0/items",
        lambda d: item(d, "momentary", "m_doing").update(show_if=["==", {"item": "m_cue"}, False]),
    ),
    ("branch_lengths_differ", "/instruments/0/items", lambda d: add_item(d, "momentary", show_if=[">=", {"item": "m_crave_now"}, 3])),
    ("branch_lengths_differ", "/instruments/0/items", gate_the_motive),
    (
        "branch_lengths_differ",
        "/instruments/0/items",
        lambda d: (uniform(d), add_item(d, "momentary", show_if=[">=", {"item": "m_crave_now"}, 3])),
    ),
    # order of blocks
    ("branch_within_shuffle", "/instruments/0/items/21/show_if", within_shuffle),
    (
        "branch_within_shuffle",
        "/instruments/0/items/21/show_if",
        lambda d: shuffle(d, ["m_cue", "m_cue_types", "m_doing"], shuffled=True),
    ),
    (
        "duplicate_id",
        "/instruments/0/shuffles/1/id",
        lambda d: (shuffle(d, ["m_stress"], ["m_tense"]), shuffle(d, ["m_low"], ["m_irritable"])),
    ),
    ("unknown_item", "/instruments/0/shuffles/0/blocks/1/items/0", lambda d: shuffle(d, ["m_stress"], ["gone"])),
    ("item_in_two_blocks", "/instruments/0/shuffles/0/blocks/1/items/0", lambda d: shuffle(d, ["m_stress"], ["m_stress"])),
    ("blocks_not_together", "/instruments/0/shuffles/0/blocks", lambda d: shuffle(d, ["m_stress"], ["m_low"])),
    ("blocks_not_together", "/instruments/0/shuffles/0/blocks", lambda d: shuffle(d, ["m_tense"], ["m_stress"])),
    ("nothing_to_shuffle", "/instruments/0/shuffles/0", lambda d: shuffle(d, ["m_stress", "m_tense"])),
    ("nothing_to_shuffle", "/instruments/0/shuffles/0", lambda d: shuffle(d, ["m_stress"], shuffled=True)),
    # scores
    ("score_without_value", "/instruments/9/scores/0/value", lambda d: score(d, how="expression", items=[])),
    ("score_with_two_rules", "/instruments/9/scores/0/items", lambda d: score(d, how="expression", value={"item": "w_low_days"})),
    ("score_with_two_rules", "/instruments/9/scores/0/value", lambda d: score(d, value={"item": "w_low_days"})),
    ("score_without_items", "/instruments/9/scores/0/items", lambda d: score(d, items=[])),
    ("item_scored_twice", "/instruments/9/scores/0/items/1", lambda d: score(d, items=["w_low_days", "w_low_days"])),
    (
        "score_of_no_number",
        "/instruments/0/scores/0/items/0",
        lambda d: instrument(d, "momentary").update(scores=[{"id": "new", "how": "mean", "items": ["m_cue_types"]}]),
    ),
    (
        "score_never_reached",
        "/instruments/0/scores/0/least_answered",
        lambda d: instrument(d, "momentary").update(scores=[{"id": "new", "how": "mean", "items": ["m_tense", "m_low", "m_irritable"]}]),
    ),
    (
        "reverse_without_ends",
        "/instruments/9/scores/0/items/0",
        lambda d: (score(d), item(d, "weekly", "w_low_days").update(reverse=True, maximum=None)),
    ),
    ("score_names_someone", "/instruments/9/scores/0", lambda d: (score(d), item(d, "weekly", "w_low_days").update(identifying=True))),
    (
        "score_names_someone",
        "/instruments/6/scores/0",
        lambda d: instrument(d, "use").update(
            scores=[{"id": "new", "how": "expression", "value": ["if", ["==", {"item": "u_amount"}, "x"], 1, 0]}]
        ),
    ),
    (
        "type_mismatch",
        "/instruments/9/scores/0/value",
        lambda d: score(d, how="expression", items=[], value=[">", {"item": "w_low_days"}, 3]),
    ),
    (
        "type_mismatch",
        "/instruments/9/scores/0/value/1",
        lambda d: score(d, how="expression", items=[], value=["if", {"item": "w_low_days"}, 1, 2]),
    ),
    (
        "type_mismatch",
        "/instruments/9/scores/0/value",
        lambda d: score(d, how="expression", items=[], value=["if", {"item": "w_loss"}, 1, "much"]),
    ),
    (
        "type_mismatch",
        "/instruments/9/scores/0/value/1",
        lambda d: score(d, how="expression", items=[], value=["count", {"item": "w_low_days"}]),
    ),
    (
        "type_mismatch",
        "/instruments/9/scores/0/value/2",
        lambda d: score(d, how="expression", items=[], value=["/", {"item": "w_low_days"}, {"item": "w_loss"}]),
    ),
    # designs
    ("wake_bounds", "/wake/shortest_hours", lambda d: d["wake"].update(shortest_hours=21)),
    ("wake_default_out_of_bounds", "/wake/default/weekday", lambda d: d["wake"]["default"]["weekday"].update(end="17:00")),
    ("days_reversed", "/designs/2/when/last_day", reverse_days),
    ("day_after_end", "/designs/2/when/first_day", lambda d: design(d, "evening_diary").update(when={"first_day": 85})),
    ("reminder_after_expiry", "/designs/1/expiry/reminders", lambda d: design(d, "random_checks")["expiry"]["reminders"].update(count=3)),
    ("snooze_after_expiry", "/designs/1/expiry/snooze_minutes", lambda d: design(d, "random_checks")["expiry"].update(snooze_minutes=45)),
    ("report_scheduled", "/designs/2/instrument", lambda d: design(d, "evening_diary").update(instrument="craving")),
    ("follow_up_of_itself", "/designs/9/after", lambda d: design(d, "craving_follow_up").update(after=["checking_back"])),
    ("follow_up_of_itself", "/designs/9/after", followed_in_turn),
    ("time_twice", "/designs/3/times/1", lambda d: design(d, "weekly_review").update(times=["11:00", "11:00"])),
    ("longer_than_any_study", "/designs/2/expiry/minutes", lambda d: design(d, "evening_diary")["expiry"].update(minutes=10**12)),
    ("longer_than_any_study", "/designs/9/delay_minutes", lambda d: design(d, "craving_follow_up").update(delay_minutes=5_270_401)),
    ("longer_than_any_study", "/designs/9/cooldown_minutes", lambda d: design(d, "craving_follow_up").update(cooldown_minutes=10**18)),
    ("sampling_infeasible", "/designs/1", lambda d: design(d, "random_checks").update(prompts=8)),
    ("sampling_infeasible", "/designs/1", lambda d: design(d, "random_checks").update(from_start_minutes=400, to_end_minutes=300)),
    ("sampling_infeasible", "/designs/1", lambda d: design(d, "random_checks").update(exclude_minutes=320)),
    ("nothing_excluded", "/designs/1/exclude_minutes", lambda d: design(d, "random_checks").update(exclude=[])),
    ("nothing_excluded", "/designs/1/exclude_minutes", lambda d: uniform(d, exclude_minutes=30)),
    ("prompt_outside_window", "/designs/2/offset_minutes", lambda d: design(d, "evening_diary").update(offset_minutes=30)),
    ("prompt_outside_window", "/designs/0/offset_minutes", lambda d: design(d, "morning_diary").update(offset_minutes=500)),
    ("expiry_overlaps", "/designs/1/expiry/minutes", lambda d: design(d, "random_checks")["expiry"].update(minutes=400)),
    ("expiry_overlaps", "/designs/11/expiry/minutes", fixed_twice),
    (
        "expiry_overlaps",
        "/designs/2/expiry/minutes",
        lambda d: interval(d, instrument="momentary", every=2, unit="hours", jitter_minutes=20, expiry={"minutes": 141}),
    ),
    (
        "sampling_infeasible",
        "/designs/1",
        lambda d: uniform(d, prompts=8, gap_minutes=80),
    ),
    ("hours_outside_wake", "/designs/1/hours", lambda d: uniform(d, hours={"start": "09:00", "end": "23:50"})),
    (
        "excluded_design_kind",
        "/designs/1/exclude",
        lambda d: design(d, "random_checks").update(hours={"start": "10:00", "end": "18:00"}, from_start_minutes=0, to_end_minutes=0),
    ),
    ("interval_too_short", "/designs/2/every", lambda d: interval(d, every=5, unit="minutes")),
    ("jitter_reaches_next", "/designs/2/jitter_minutes", lambda d: interval(d, every=2, unit="hours", jitter_minutes=120)),
    ("jitter_reaches_next", "/designs/2/jitter_minutes", lambda d: interval(d, every=1, unit="days", jitter_minutes=1400)),
    (
        "variable_not_allowed",
        "/designs/9/condition/1/var",
        lambda d: design(d, "craving_follow_up").update(condition=[">", {"var": "level"}, 60]),
    ),
    # policy
    ("probabilities_do_not_add_up", "/rules/10/arms", lambda d: rule(d, "high_craving")["arms"][0].update(probability=0.7)),
    ("requested_with_arms", "/rules/10/arms", lambda d: rule(d, "high_craving").update(requested=True)),
    ("requested_shows_nothing", "/rules/0/arms", lambda d: d["rules"][0]["arms"][0].update(groups=[])),
    (
        "weight_out_of_range",
        "/rules/10/arms/0/weights/your_scene",
        lambda d: rule(d, "high_craving")["arms"][0].update(weights={"your_scene": 0.0}),
    ),
    ("unknown_outcome", "/rules/10/outcome/variable", lambda d: rule(d, "high_craving")["outcome"].update(variable="joy")),
    ("outcome_window_empty", "/rules/10/outcome/within_minutes", lambda d: rule(d, "high_craving")["outcome"].update(within_minutes=15)),
    ("scene_without_contraindication", "/content/0/not_when", lambda d: d["content"][0].pop("not_when")),
    # safety
    ("ladder_missing", "/disclosures/0/tier", lambda d: d["ladders"].pop(0)),
    ("ladder_missing", "/alert_rules/0/tier", lambda d: d["ladders"].pop(2)),
    ("ladder_without_human", "/ladders/0/rungs/3/to", lambda d: d["ladders"][0]["rungs"][3].update(to="system")),
    ("ladder_too_slow", "/ladders/0/rungs/0/acknowledge_minutes", lambda d: d["ladders"][0]["rungs"][0].update(acknowledge_minutes=60)),
    ("ladder_too_slow", "/ladders/0/snooze_limit_minutes", lambda d: d["ladders"][0].update(snooze_limit_minutes=5)),
    ("ladder_too_slow", "/ladders/1/group_wait_minutes", lambda d: d["ladders"][1].update(group_wait_minutes=5)),
    ("ladder_never_repeats", "/ladders/0/rungs/0/repeat_minutes", lambda d: d["ladders"][0]["rungs"][0].update(repeat_minutes=20)),
    ("no_staffed_path", "/staffing/hours", lambda d: d["staffing"]["hours"].pop(0)),
    ("no_staffed_path", "/staffing/hours", lambda d: d["staffing"]["hours"][0].update(tiers=[3])),
    ("outside_hours_missing", "/staffing/outside_hours", uncover),
    ("no_staffed_path", "/staffing/hours", lambda d: (weekly_by_chance(d), d["staffing"]["hours"].pop(0))),
    ("cue_in_prompt", "/instruments/2/items/29/options_from", list_in_diary),
    ("cue_in_prompt", "/instruments/7/items/5/text/en", own_list_in_good),
    ("screen_not_crisis", "/disclosures/0/screen", lambda d: d["disclosures"][0].update(screen="help")),
    # tasks
    ("task_unexpected", "/instruments/9/items/24/task", lambda d: add_task(d, "weekly", kind="yes_no")),
    ("measures_unexpected", "/instruments/9/items/24/measures", lambda d: add_task(d, "weekly", task=None)),
    ("unknown_measure", "/instruments/9/items/24/measures/0/measure", lambda d: add_task(d, "weekly", measure="joy")),
    ("measure_not_in_e", "/instruments/9/items/24/measures/0/node", lambda d: add_task(d, "weekly", node="C")),
    ("node_without_scale", "/instruments/9/items/24/measures/0/node", lambda d: add_task(d, "weekly", maximum=None)),
    ("duplicate_id", "/instruments/9/items/24/measures/0/id", lambda d: add_task(d, "weekly", id="safe_now")),
    ("variable_on_two_scales", "/instruments/10/items/18/task", lambda d: (add_task(d, "weekly"), add_task(d, "intake", trials=50))),
    (
        "variable_on_two_scales",
        "/instruments/10/items/18/measures/0/measure",
        lambda d: (add_task(d, "weekly"), add_task(d, "intake", measure="omission_rate")),
    ),
    (
        "gated_item_in_node",
        "/instruments/9/items/24/measures/0/node",
        lambda d: add_task(d, "weekly", show_if=["==", {"item": "w_loss"}, True]),
    ),
    ("stimulus_outlasts_answer", "/instruments/9/items/24/task/stimulus_ms", lambda d: add_task(d, "weekly", stimulus_ms=1200)),
    ("too_few_of_a_kind", "/instruments/9/items/24/task/no_go_share", lambda d: add_task(d, "weekly", trials=20, no_go_share=0.2)),
    ("tasks_outlast_burden", "/instruments/9/seconds", lambda d: add_task(d, "weekly", trials=200)),
    ("grid_too_small", "/instruments/3/items/12/task/dots", lambda d: add_dots(d, size=3, dots=5)),
    ("cue_words_not_agreed", "/instruments/3/items/12/task", lambda d: (add_words(d, "craving"), d.pop("cue_words"))),
    ("cue_words_in_a_prompt", "/instruments/9/items/24/task", lambda d: add_words(d, "weekly")),
    (
        "cue_words_in_a_prompt",
        "/instruments/3/items/12/task",
        lambda d: (add_words(d, "craving"), design(d, "craving_follow_up").update(instrument="craving", after=["use"])),
    ),
    (
        "words_not_matched",
        "/instruments/3/items/12/task/neutral",
        lambda d: add_words(d, "craving")["cue"].append({"code": "one_more", "text": {"en": "x"}}),
    ),
    ("duplicate_id", "/instruments/3/items/12/task/neutral/0/code", lambda d: add_words(d, "craving")["neutral"][0].update(code="cue_0")),
    ("color_twice", "/instruments/3/items/12/task/colors", lambda d: add_words(d, "craving").update(colors=["red", "red"])),
    ("language_missing", "/instruments/3/items/12/task/cue/1/text", lambda d: add_words(d, "craving")["cue"][1].update(text={"es": "x"})),
    ("unknown_item", "/disclosures/0/when/1/item", lambda d: (add_task(d, "use"), measured(d["disclosures"][0]))),
    # signals
    ("variable_taken", "/signals/series/0/variable", lambda d: signal(d, variable="craving")),
    ("variable_taken", "/signals/series/1/variable", lambda d: (one := signal(d), d["signals"]["series"].append(one))),
    ("minimum_not_below_maximum", "/signals/series/0/minimum", lambda d: signal(d, minimum=140)),
    ("summary_does_not_fit", "/signals/series/0/summary", lambda d: signal(d, summary="sum")),
    ("signal_not_of_this_node", "/signals/series/0/node", lambda d: signal(d, node="C")),
    ("node_without_direction", "/signals/series/0/direction", lambda d: signal(d, direction=0)),
    ("language_missing", "/signals/consent", lambda d: (signal(d), d["signals"].update(consent={"es": "x"}))),
    # texts
    ("language_missing", "/title", lambda d: d["title"].update(de=d["title"].pop("en"))),
    (
        "language_missing",
        "/instruments/0/items/0/low_label",
        lambda d: instrument(d, "momentary")["items"][0].update(low_label={"de": "schlecht"}),
    ),
    ("language_missing", "/help/naloxone_steps/2", lambda d: d["help"]["naloxone_steps"].__setitem__(2, {"es": "x"})),
    ("language_missing", "/content/3/steps/1/text", lambda d: d["content"][3]["steps"][1].update(text={})),
    (
        "unknown_placeholder",
        "/instruments/0/items/0/text/en",
        lambda d: instrument(d, "momentary")["items"][0]["text"].update(en="Hello {name}"),
    ),
    ("unknown_placeholder", "/content/0/title/en", lambda d: d["content"][0]["title"].update(en="My {own_word}")),
    ("unknown_placeholder", "/default_push/en", lambda d: d["default_push"].update(en="Since {since|today}")),
    ("unknown_placeholder", "/instruments/0/title/en", lambda d: instrument(d, "momentary")["title"].update(en="{own_word|urge}")),
    (
        "unknown_placeholder",
        "/instruments/0/items/18/options/0/label/en",
        lambda d: item(d, "momentary", "m_where")["options"][0]["label"].update(en="{own_word|home}"),
    ),
    ("unknown_placeholder", "/last_check_in/today/en", lambda d: d["last_check_in"]["today"].update(en="{hour} today")),
    ("stray_brace", "/instruments/0/items/13/text/en", lambda d: say(d, "momentary", "m_crave_peak", "Since {since|{now}}?")),
    ("fallback_missing", "/instruments/0/items/13/text/en", lambda d: say(d, "momentary", "m_crave_peak", "Since {since}?")),
    ("fallback_missing", "/instruments/0/items/13/text/en", lambda d: say(d, "momentary", "m_crave_peak", "Since {since| }?")),
    ("placeholder_never_filled", "/instruments/0/items/13/text/en", lambda d: d.pop("last_check_in")),
    ("placeholder_never_filled", "/instruments/0/items/12/text/en", lambda d: instrument(d, "intake")["items"].pop(13)),
    ("unknown_item", "/instruments/0/items/13/text/en", lambda d: say(d, "momentary", "m_crave_peak", "{item:gone|x}")),
    ("unknown_item", "/instruments/0/items/13/text/en", lambda d: say(d, "momentary", "m_crave_peak", "{item:w_meaning|x}")),
    ("piped_later", "/instruments/0/items/13/text/en", lambda d: say(d, "momentary", "m_crave_peak", "{item:m_where|x}")),
    ("piped_later", "/instruments/0/items/13/text/en", lambda d: say(d, "momentary", "m_crave_peak", "{item:m_crave_peak|x}")),
    ("piped_later", "/instruments/0/intro/en", lambda d: instrument(d, "momentary").update(intro={"en": "{item:m_stress|x}"})),
    (
        "piped_later",
        "/instruments/0/items/2/text/en",
        lambda d: (shuffle(d, ["m_stress"], ["m_tense"]), say(d, "momentary", "m_tense", "{item:m_stress|x}")),
    ),
    ("piping_names_someone", "/instruments/6/items/10/text/en", lambda d: say(d, "use", "u_alone", "{item:u_amount|x}")),
    ("piping_names_someone", "/instruments/3/items/9/text/en", lambda d: say(d, "craving", "m_intrude", "{item:m_cue_own|x}")),
    ("piping_without_words", "/instruments/6/items/10/text/en", lambda d: say(d, "use", "u_alone", "{item:u_with|x}")),
    ("unknown_instrument", "/instruments/0/since/0", lambda d: instrument(d, "momentary").update(since=["gone"])),
    ("language_twice", "/content/0/title", lambda d: d["content"][0]["title"].update({"pt-br": "x", "pt-BR": "x"})),
    ("language_incomplete", "/instruments/0/title", lambda d: instrument(d, "momentary")["items"][0]["text"].update(de="x")),
    ("language_incomplete", "/content/0/steps/0/text", lambda d: d["content"][0]["title"].update(es="x")),
    ("language_incomplete", "/help/crisis/0", lambda d: d["help"]["title"].update(es="x")),
    ("help_language_missing", "/help/title", lambda d: in_german(d, "instrument")),
    ("language_missing", "/instruments/0/items/13/text/de", lambda d: in_german(d, "help")),
    ("placeholder_missing", "/help/somebody_reading/en", lambda d: d["help"]["somebody_reading"].update(en="Soon.")),
    ("text_blank", "/default_push/en", lambda d: d["default_push"].update(en=" \n\u00a0")),
    ("text_blank", "/instruments/0/items/0/text/en", lambda d: instrument(d, "momentary")["items"][0]["text"].update(en="\u200b \u2060")),
    ("not_storable", "/instruments/0/title/en", lambda d: instrument(d, "momentary")["title"].update(en="How is it\0?")),
    ("push_not_neutral", "/default_push/en", lambda d: d["default_push"].update(en="How strong is your craving?")),
    ("push_not_neutral", "/designs/0/push/en", lambda d: d["designs"][0].update(push={"en": "Time for your medicine"})),
]


@pytest.mark.parametrize(("code", "place", "edit"), PLANTED, ids=[f"{number}-{one[0]}" for number, one in enumerate(PLANTED)])
def test_a_planted_fault_is_found_at_its_place(code: str, place: str, edit: Edit) -> None:
    found = planted(edit)
    assert (code, place) in {(fault.rule, fault.pointer) for fault in found}, found


def test_every_rule_of_the_check_has_a_planted_fault() -> None:
    rules: set[str] = set()
    for source in Path(models.definition.checks.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute) and len(node.args) > 1:
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name in {"Fault", "_fault"} and isinstance(node.args[1], ast.Constant):
                    rules.add(str(node.args[1].value))
    assert len(rules) > 40
    assert rules == {code for code, _, _ in PLANTED}


def test_a_questionnaire_in_two_languages_with_its_help_is_published() -> None:
    assert planted(lambda d: in_german(d, "everything")) == ()


def test_blocks_in_random_order_are_published_where_conditions_read_what_is_surely_earlier() -> None:
    def plant(document: Document) -> None:
        shuffle(document, ["m_stress", "m_tense"], ["m_low"])
        shuffle(document, ["m_where", "m_with"], ["m_cue", "m_cue_types", "m_doing"], name="context")

    assert planted(plant) == ()


def test_branches_that_are_always_drawn_together_stay_of_one_length() -> None:

    def plant(document: Document) -> None:
        instrument(document, "momentary")["rotations"].append({"id": "last", "items": ["m_cue_types", "m_doing"], "draw": 2})

    assert planted(plant) == ()


def test_an_own_list_may_be_named_again_in_what_the_person_starts() -> None:
    def plant(document: Document) -> None:
        add_item(document, "good", kind="single", options_from="reasons", id="g_reason")
        add_item(document, "good", id="g_more", variable="g_more", text={"en": "And {item:g_reason|that}?"})

    assert planted(plant) == ()


def test_the_variables_of_the_type_check_are_the_tailoring_variables() -> None:
    assert {*VARIABLES, "instrument"} == set(TAILORING_VARIABLES)


def test_a_bare_reference_to_a_yes_or_no_is_a_condition() -> None:
    assert planted(lambda d: item(d, "momentary", "m_cue_types").update(show_if={"item": "m_cue"})) == ()


def test_a_follow_up_on_the_estimate_may_read_tailoring_variables() -> None:
    assert planted(lambda d: design(d, "craving_follow_up").update(basis="estimate", condition=[">", {"var": "level"}, 60])) == ()


def test_tasks_are_published_where_they_fit() -> None:
    assert planted(lambda d: (add_task(d, "weekly"), add_dots(d))) == ()


def test_signals_are_published_where_they_fit() -> None:
    assert planted(signal) == ()
    assert planted(lambda d: signal(d, node="none", direction=0)) == ()


def test_cue_words_are_published_in_a_report_of_a_study_that_asks_first() -> None:
    assert planted(lambda d: add_words(d, "craving")) == ()


def test_a_refused_cue_word_task_names_the_safety_rule() -> None:
    def plant(document: Document) -> None:
        add_words(document, "weekly")
        del document["cue_words"]

    found = planted(plant)
    assert [fault.rule for fault in found] == ["cue_words_in_a_prompt", "cue_words_not_agreed"]
    assert all("Safety rule 1" in fault.message for fault in found)


def test_rules_and_follow_ups_on_the_estimate_may_read_what_a_task_measured() -> None:
    assert planted(lambda d: (add_task(d, "weekly"), measured(rule(d, "high_craving")))) == ()
    (fault,) = planted(lambda d: (add_task(d, "craving", trials=20), condition(design(d, "craving_follow_up"), "answer")))
    assert (fault.rule, fault.pointer) == ("unknown_item", "/designs/9/condition/1/item"), "a phone does not score"
    assert planted(lambda d: (add_task(d, "craving", trials=20), condition(design(d, "craving_follow_up"), "estimate"))) == ()


def condition(document: Document, basis: str) -> None:
    document.update(basis=basis, condition=[">", {"item": "slips"}, 0.5])


def test_designs_of_every_kind_are_published_where_they_fit() -> None:
    limits = {"burst": {"on_days": 3, "off_days": 11}, "arms": ["active"], "anchor": "quit_day"}
    assert planted(lambda d: uniform(d, prompts=5, gap_minutes=60, when=limits)) == ()
    assert planted(lambda d: uniform(d, prompts=3, gap_minutes=60, hours={"start": "10:00", "end": "18:00"})) == ()
    alone = lambda d: design(d, "random_checks").update(exclude=["morning_diary"])  # noqa: E731
    assert planted(lambda d: (alone(d), interval(d, every=3, unit="days", jitter_minutes=90, when=limits))) == ()


def test_an_infeasible_uniform_design_is_refused_with_its_numbers() -> None:
    (fault,) = planted(lambda d: uniform(d, prompts=8, gap_minutes=80))
    for number in ("8 prompts", "80 minutes apart", "600 minutes", "540 on the day", "540 are left", "560 are needed"):
        assert number in fault.message


def test_an_infeasible_design_is_refused_with_its_numbers() -> None:
    (fault,) = planted(lambda d: design(d, "random_checks").update(prompts=8))
    for number in ("8 prompts", "60 minutes apart", "600 minutes", "after 120", "360 are left", "420 are needed"):
        assert number in fault.message


def test_a_uniform_design_that_excluded_prompts_leave_no_room_is_refused_with_the_room_there_is() -> None:
    diaries = ["morning_diary", "evening_diary"]
    assert not planted(lambda d: uniform(d, prompts=4, gap_minutes=60, exclude=diaries))
    (fault,) = planted(lambda d: uniform(d, prompts=4, gap_minutes=60, exclude=diaries, exclude_minutes=200))
    for words in ("4 prompts", "200 minutes from morning_diary, evening_diary", "600 minutes", "and there is room for 2."):
        assert words in fault.message
    (unknown,) = planted(lambda d: uniform(d, exclude=["nothing"]))
    assert (unknown.rule, unknown.pointer) == ("unknown_design", "/designs/1/exclude/0")


def test_a_design_that_only_the_clock_change_breaks_is_refused_with_that_day() -> None:
    def plant(document: Document) -> None:
        design(document, "random_checks").update(prompts=6, gap_minutes=70, exclude=[], exclude_minutes=0)

    (fault,) = planted(plant)
    assert fault.rule == "sampling_infeasible"
    assert "540 on the day the clocks go forward" in fault.message


def test_an_unstaffed_study_is_told_that_no_scheduled_item_can_reach_tier_3_or_4() -> None:
    (fault,) = [one for one in planted(lambda d: d["staffing"]["hours"].pop(0)) if one.rule == "no_staffed_path"]
    assert "no scheduled item can reach tier 3 or 4" in fault.message


def test_without_safety_items_in_scheduled_instruments_nobody_needs_to_be_staffed() -> None:
    def plant(document: Document) -> None:
        document["staffing"]["hours"].pop(0)
        weekly = instrument(document, "weekly")
        weekly["items"] = [one for one in weekly["items"] if one["id"] not in {"w_thoughts", "safe_now"}]
        document["disclosures"] = [one for one in document["disclosures"] if not one["id"].startswith("harm")]

    assert planted(plant) == ()


def test_faults_come_in_order_of_their_place_and_the_same_every_time() -> None:
    def spoil(document: Document) -> None:
        for _, _, edit in PLANTED[:6]:
            edit(document)

    found = planted(spoil)
    assert found == planted(spoil)
    places = [
        [int(part) if part.isdigit() else part for part in fault.pointer.split("/")] for fault in found if fault.pointer.startswith("/inst")
    ]
    assert places == sorted(places)
    assert len(places) > 3


def test_no_message_repeats_a_text_of_the_document() -> None:
    found = planted(lambda d: instrument(d, "momentary")["items"][0]["text"].update(en="Secret words {secret}"))
    assert found
    assert "ecret" not in " ".join(fault.message for fault in found)


def _leaves(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *itertools.chain.from_iterable(_leaves(part, (*at, key)) for key, part in inner)]


_DOCUMENT = json.loads(SHIPPED.read_bytes())
_PLACES = _leaves(_DOCUMENT)[1:]


def _at(document: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        document = document[key]
    return document


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(_PLACES), st.sampled_from(_PLACES) | st.none()), min_size=1, max_size=6))
def test_whatever_parses_is_checked_without_raising(moves: list[tuple[tuple[Any, ...], tuple[Any, ...] | None]]) -> None:
    document = json.loads(SHIPPED.read_bytes())
    for place, source in moves:
        try:
            home = _at(document, place[:-1])
            if source is None:
                del home[place[-1]]
            else:
                home[place[-1]] = json.loads(json.dumps(_at(document, source)))
        except (KeyError, IndexError, TypeError):
            continue
    try:
        protocol = parse(json.dumps(document).encode())
    except Problem:
        return
    assert all(fault.pointer.startswith("/") for fault in check(protocol))


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 4), st.integers(0, 6), st.integers(4, 14), st.lists(st.tuples(st.integers(0, 14), st.integers(1, 3)), max_size=2))
def test_prompts_fit_exactly_where_an_exhaustive_search_finds_a_place_for_each(
    count: int, gap: int, end: int, holes: list[tuple[int, int]]
) -> None:
    """On a grid that holds every block's edge, hole's edge and sum of gaps, in twelfths of a minute."""
    away = [(at - around, at + around) for at, around in holes]

    def free(block: int) -> list[int]:
        low, high = 12 * block * end // count, 12 * (block + 1) * end // count
        return [step for step in range(low, high + 1) if not any(12 * a < step < 12 * b for a, b in away)]

    reached: set[int] = set(free(0))
    for block in range(1, count):
        first = min(reached, default=None)
        reached = {step for step in free(block) if first is not None and step >= first + 12 * gap}
    assert (first_unfit(count, gap, 0, end, away) is None) == bool(reached)


def test_many_jittered_exclusions_are_tried_in_bounded_time() -> None:
    expiry = {"minutes": 10, "reminders": {}}
    windows = [
        Window.model_validate_json(
            json.dumps({"id": f"w{k}", "instrument": "x", "kind": "window", "edge": "start", "jitter_minutes": 300, "expiry": expiry})
        )
        for k in range(20)
    ]
    random = Stratified.model_validate_json(
        json.dumps({"id": "r", "instrument": "x", "kind": "stratified", "prompts": 2, "gap_minutes": 30, "expiry": expiry})
    )
    assert 0 < sum(1 for _ in kept_away(random, windows, 600)) <= 5000


def test_wall_clock_spans_count_over_midnight() -> None:
    assert length("09:00", "00:00") == 900
    assert uncovered([(day, "08:00", "18:00") for day in range(1, 6)]) == 7 * 1440 - 5 * 600
    assert uncovered([(day, "12:00", "12:00") for day in range(1, 8)]) == 0
    assert uncovered([]) == 7 * 1440
