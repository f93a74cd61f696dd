"""Writes vectors.json: what every phone and the server agree on. `python make_vectors.py --check` only compares.

What is expected stands here, written by hand from docs/expressions.md; `phone.py` must say the same, or nothing is written. Only the
tables of all pairs of operands and the drawn orders are phone.py's own, and the server's suite compares them with the server.
"""

import json
import sys
from pathlib import Path
from typing import Any

import phone

HERE = Path(__file__).parent
TARGET = HERE / "vectors.json"
Json = Any


def item(name: str, kind: str, text: str = "?", **more: Json) -> Json:
    return {"id": name, "kind": kind, "text": {"en": text}, "variable": name, "frame": "now", "direction": 0, **more}


def options(*codes: str, alone: str = "") -> list[Json]:
    return [{"code": code, "label": {"en": code.replace("_", " ")}} | ({"exclusive": True} if code == alone else {}) for code in codes]


ANSWERS = {"eight": 8, "half": 2.5, "yes": True, "no": False, "kinds": ["place", "money"], "none": [], "missed": "missed", "slept": "23:30"}
VARIABLES = {"level": 61, "rising": False}
EIGHT, HALF, YES, NO, GONE = ({"item": name} for name in ("eight", "half", "yes", "no", "gone"))

EXPRESSIONS: list[tuple[str, Json, Json]] = [
    ("a number is itself", 3, 3),
    ("a reference is the answer", EIGHT, 8),
    ("a reference to nothing is missing", GONE, None),
    ("a tailoring variable", [">", {"var": "level"}, 60], True),
    ("an unknown variable is missing", {"var": "gone"}, None),
    ("numbers by size, not by digits", ["<", EIGHT, 10], True),
    ("whole and decimal numbers are one kind", ["==", EIGHT, 8.0], True),
    ("at most", ["<=", 8.0, EIGHT], True),
    ("times by text", ["<", "22:00", {"item": "slept"}], True),
    ("dates by text", ["<", "2026-02-28", "2026-03-01"], True),
    ("text by code points, also beyond the first 65,536", ["<", "\uffff", "\U00010000"], True),
    ("a text and a number have no order", ["<", "9", 10], None),
    ("a text never equals a number", ["==", "8", EIGHT], False),
    ("a boolean never equals a number", ["==", YES, 1], False),
    ("nor differs from it in silence", ["!=", YES, 1], True),
    ("booleans have no order", [">", YES, NO], None),
    ("a choice by its code", ["==", {"item": "missed"}, "missed"], True),
    ("one of several", ["has", {"item": "kinds"}, "money"], True),
    ("not one of several", ["has", {"item": "kinds"}, "smell"], False),
    ("nothing chosen is an answer", ["has", {"item": "none"}, "money"], False),
    ("a missing choice holds nothing and lacks nothing", ["has", GONE, "money"], None),
    ("has of what is no list", ["has", EIGHT, "8"], None),
    ("how many were chosen", ["count", {"item": "kinds"}], 2),
    ("none were chosen", ["count", {"item": "none"}], 0),
    ("how many of a missing choice", ["count", GONE], None),
    ("answered", ["answered", "no"], True),
    ("answered with nothing chosen", ["answered", "none"], True),
    ("not answered", ["answered", "gone"], False),
    ("equal to a missing answer", ["==", GONE, 3], False),
    ("two missing answers are equal", ["==", GONE, {"var": "gone"}], True),
    ("different from a missing answer", ["!=", GONE, 3], None),
    ("equal to null: not given", ["==", GONE, None], True),
    ("equal to null: given", ["==", EIGHT, None], False),
    ("different from null: not given", ["!=", GONE, None], False),
    ("different from null: given", ["!=", EIGHT, None], True),
    ("null on the left", ["!=", None, EIGHT], True),
    ("and: false decides over missing", ["and", GONE, NO], False),
    ("and: missing and true", ["and", GONE, YES], None),
    ("and: all true", ["and", YES, True, ["not", NO]], True),
    ("and: a number is no truth", ["and", YES, 1], None),
    ("and of one", ["and", NO], False),
    ("or: true decides over missing", ["or", GONE, YES], True),
    ("or: missing and false", ["or", GONE, NO], None),
    ("or: a text is no truth", ["or", "yes", NO], None),
    ("not missing is missing", ["not", GONE], None),
    ("not of a number", ["not", 0], None),
    ("no rule fires on what was not given", ["not", [">=", GONE, 7]], None),
    ("sum", ["+", EIGHT, 1, HALF], 11.5),
    ("sum with a missing one", ["+", EIGHT, GONE], None),
    ("sum with a boolean", ["+", EIGHT, YES], None),
    ("sum from left to right, each step rounded", ["+", *[0.1] * 10], 0.9999999999999999),
    ("difference", ["-", EIGHT, HALF], 5.5),
    ("the negative", ["-", HALF], -2.5),
    ("product", ["*", HALF, 4, -1], -10),
    ("a product that is too large is missing", ["*", *[1e15] * 21], None),
    ("quotient", ["/", EIGHT, 3], 2.6666666666666665),
    ("nothing is divided by zero", ["/", EIGHT, 0], None),
    ("nor by minus zero", ["/", 0, ["-", 0]], None),
    ("least", ["min", EIGHT, HALF, 3], 2.5),
    ("greatest", ["max", EIGHT, HALF, 3], 8),
    ("greatest with a missing one", ["max", EIGHT, GONE], None),
    ("mean", ["mean", EIGHT, HALF, 3], 4.5),
    ("mean is the rounded sum by the number", ["mean", 0.1, 0.2, 0.3], 0.20000000000000004),
    ("mean with a missing one", ["mean", EIGHT, GONE], None),
    ("the first that is given", ["coalesce", GONE, {"var": "gone"}, HALF, EIGHT], 2.5),
    ("false is given", ["coalesce", NO, YES], False),
    ("none is given", ["coalesce", GONE, None], None),
    ("if", ["if", YES, 1, 2], 1),
    ("else", ["if", NO, 1, 2], 2),
    ("a missing condition is else", ["if", [">", GONE, 3], 1, 2], 2),
    ("a number is no condition", ["if", 1, 1, 2], 2),
    ("if gives what it has, also missing", ["if", YES, GONE, 2], None),
    ("if keeps the kind", ["if", YES, "often", 2], "often"),
]

PAIRED = [None, 0, 1, 2.5, True, False, "a", "09:00", ["a", "b"], []]
OPERATIONS = ["==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "min", "max", "mean", "and", "or", "has", "coalesce"]

REFUSED: list[tuple[str, Json]] = [
    ("an unknown operation", ["eval", "1"]),
    ("no operation", []),
    ("an operation that is no text", [["=="], 1, 2]),
    ("too few operands", ["==", 1]),
    ("too many operands", ["not", True, True]),
    ("too few of three", ["if", True, 1]),
    ("answered with a number", ["answered", 3]),
    ("answered with a reference", ["answered", {"item": "eight"}]),
    ("an item and a variable in one", [">=", {"item": "a", "var": "b"}, 1]),
    ("a reference of another kind", [">=", {"score": "a"}, 1]),
    ("a reference to a number", [">=", {"item": 3}, 1]),
    ("a number beyond 10^15", [">=", EIGHT, 1e16]),
    ("a text of more than 200 characters", ["==", {"item": "missed"}, "x" * 201]),
    ("nested deeper than 12", json.loads('["not",' * 13 + "true" + "]" * 13)),
    ("more than 200 nodes", ["and", *[["or", True, True]] * 67]),
]

TYPED = [
    item("eight", "slider", minimum=0, maximum=10),
    item("yes", "yes_no"),
    item("missed", "single", options=options("taken", "missed")),
    item("kinds", "multi", options=options("place", "money")),
    item("slept", "time"),
    item("words", "text"),
    item("told", "information"),
]
MISTYPED: list[tuple[str, str, Json, str]] = [
    ("a number is no condition", "condition", EIGHT, "type_mismatch"),
    ("a condition is no score", "number", YES, "type_mismatch"),
    ("a scale compared with a word", "condition", ["==", EIGHT, "8"], "type_mismatch"),
    ("several codes compared with one", "condition", ["==", {"item": "kinds"}, "place"], "type_mismatch"),
    ("has of a single choice", "condition", ["has", {"item": "missed"}, "missed"], "type_mismatch"),
    ("an option that does not exist", "condition", ["==", {"item": "missed"}, "lost"], "unknown_option"),
    ("an option of several that does not exist", "condition", ["has", {"item": "kinds"}, "smell"], "unknown_option"),
    ("a number beyond the scale", "condition", [">=", EIGHT, 70], "out_of_range"),
    ("codes have no order", "condition", ["<", {"item": "missed"}, "taken"], "type_mismatch"),
    ("a sum with a choice", "number", ["+", EIGHT, {"item": "missed"}], "type_mismatch"),
    ("count of a number", "number", ["count", EIGHT], "type_mismatch"),
    ("branches of two kinds", "number", ["if", YES, 1, "much"], "type_mismatch"),
    ("a condition that is a number", "number", ["if", EIGHT, 1, 2], "type_mismatch"),
    ("an item that does not exist", "condition", ["answered", "gone"], "unknown_item"),
    ("a tailoring variable on the phone", "condition", ["==", {"var": "rising"}, True], "variable_not_allowed"),
    ("right: times have an order", "condition", [">", {"item": "slept"}, "22:00"], ""),
    ("right: a bare yes or no", "condition", YES, ""),
    ("right: what tells says nothing is never answered", "condition", ["==", {"item": "told"}, None], ""),
    ("right: a number of chosen options", "number", ["count", {"item": "kinds"}], ""),
    ("right: a choice weighed", "number", ["if", ["==", {"item": "missed"}, "missed"], 2, ["/", EIGHT, 5]], ""),
]
"""About, what the tree is to be, the tree, the rule that it breaks; an empty one: none."""

SKIPPED = {"nothing": "skipped"}


def stored(one: Json) -> Json:
    return {"stored": one}


def broken(rule: str) -> Json:
    return {"rule": rule}


SLIDER = item("a", "slider", minimum=0, maximum=10, step=1)
TWO_ENDED = item("a", "slider", minimum=-5, maximum=5)
TENTHS = item("a", "decimal", minimum=-1, maximum=1, step=0.1)
FROM_TWO = item("a", "integer", minimum=2, maximum=12, step=5)
LIKERT = item("a", "likert", minimum=1, maximum=5)
OFTEN = item("a", "likert", options=options("never", "sometimes", "always"))
SINGLE = item("a", "single", options=options("home", "work"))
OWN = item("a", "single", options_from="reminders")
OWN_SEVERAL = item("a", "multi", options=options("smell"), options_from="reminders")
MULTI = item("a", "multi", options=options("person", "money", "nothing", alone="nothing"))
PARTS = item("a", "multi", options=options("night", "day"))
BODY = item("a", "body_map", options=options("head", "back"))
YES_NO, TEXT = item("a", "yes_no"), item("a", "text", max_length=5)
INTEGER, DECIMAL = item("a", "integer", minimum=0, maximum=7), item("a", "decimal", minimum=0, maximum=24)
OPEN = item("a", "decimal")
TIME, DATE = item("a", "time"), item("a", "date")
DURATION, TOLD = item("a", "duration", maximum=600), item("a", "information")

VALUES: list[tuple[Json, Json, Json]] = [
    *[(SLIDER, raw, stored(raw)) for raw in (0, 10, 7, 7.0)],
    *[(SLIDER, raw, broken("off_step")) for raw in (7.5, 0.001, 9.99999)],
    *[(TENTHS, raw, stored(raw)) for raw in (-1, -0.7, 0.1 + 0.2 - 1, 0.30000000000000004, 1, 0.7000000001)],
    *[(TENTHS, raw, broken("off_step")) for raw in (0.25, 0.300001)],
    *[(FROM_TWO, raw, stored(raw)) for raw in (2, 7, 12)],
    *[(FROM_TWO, raw, broken("off_step")) for raw in (5, 10)],
    *[(SLIDER, raw, broken("out_of_range")) for raw in (-1, 10.000001, 11)],
    *[(SLIDER, raw, broken("wrong_type")) for raw in ("7", True, [7], {"n": 7})],
    *[(TWO_ENDED, raw, stored(raw)) for raw in (-5, 0, 5)],
    (TWO_ENDED, -5.1, broken("out_of_range")),
    *[(LIKERT, raw, stored(int(raw))) for raw in (1, 5, 3.0)],
    *[(LIKERT, raw, broken("out_of_range")) for raw in (0, 6)],
    *[(LIKERT, raw, broken("wrong_type")) for raw in (2.5, "3", False)],
    *[(OFTEN, raw, stored(raw)) for raw in ("never", "always")],
    (OFTEN, "Never", broken("unknown_option")),
    (OFTEN, 1, broken("wrong_type")),
    (SINGLE, "home", stored("home")),
    *[(SINGLE, raw, broken("unknown_option")) for raw in ("car", "", "none")],
    *[(SINGLE, raw, broken("wrong_type")) for raw in (["home"], 0, True)],
    (OWN, "entry-1", stored("entry-1")),
    (OWN, "none", stored("none")),
    (OWN, "entry-9", broken("unknown_option")),
    (OWN_SEVERAL, ["entry-1", "smell"], stored(["smell", "entry-1"])),
    (OWN_SEVERAL, ["none"], stored(["none"])),
    (OWN_SEVERAL, ["none", "smell"], broken("exclusive_option")),
    (OWN_SEVERAL, ["entry-9"], broken("unknown_option")),
    (OWN_SEVERAL, [], SKIPPED),
    (MULTI, ["money", "person"], stored(["person", "money"])),
    (MULTI, ["nothing"], stored(["nothing"])),
    (MULTI, [], SKIPPED),
    (MULTI, ["nothing", "money"], broken("exclusive_option")),
    (MULTI, ["money", "money"], broken("option_twice")),
    (MULTI, ["money", "car"], broken("unknown_option")),
    *[(MULTI, raw, broken("wrong_type")) for raw in ("money", ["money", 3], {"money": True})],
    (PARTS, [], stored([])),
    (PARTS, ["day", "night"], stored(["night", "day"])),
    (BODY, ["back", "head"], stored(["head", "back"])),
    (BODY, ["knee"], broken("unknown_option")),
    *[(YES_NO, raw, stored(raw)) for raw in (True, False)],
    *[(YES_NO, raw, broken("wrong_type")) for raw in (1, 0, "yes", [])],
    *[(INTEGER, raw, stored(int(raw))) for raw in (0, 7, 3, 3.0)],
    *[(INTEGER, raw, broken("out_of_range")) for raw in (-1, 8)],
    *[(INTEGER, raw, broken("wrong_type")) for raw in (3.5, "3", True)],
    *[(DECIMAL, raw, stored(raw)) for raw in (0, 24, 6.25, 0.000001)],
    *[(DECIMAL, raw, broken("out_of_range")) for raw in (-0.1, 24.5)],
    *[(DECIMAL, raw, broken("wrong_type")) for raw in ("6,5", True)],
    (OPEN, -1e15, stored(-1e15)),
    (OPEN, 2e15, broken("out_of_range")),
    *[(TEXT, raw, stored(raw)) for raw in ("hello", " x ", "ünï", "\U0001f642\U0001f642\U0001f642\U0001f642\U0001f642")],
    *[(TEXT, raw, SKIPPED) for raw in ("", " \n ")],
    (TEXT, "longer", broken("too_long")),
    (TEXT, "a\u0000b", broken("not_storable")),
    *[(TEXT, raw, broken("wrong_type")) for raw in (5, ["a"])],
    *[(TIME, raw, stored(raw)) for raw in ("00:00", "23:59")],
    *[(TIME, raw, broken("wrong_type")) for raw in ("24:00", "7:30", "07:30:00", "07:30\n", 730)],
    *[(DATE, raw, stored(raw)) for raw in ("2024-02-29", "0001-01-01", "9999-12-31")],
    *[(DATE, raw, broken("wrong_type")) for raw in ("2023-02-29", "20230228", "2023-2-8", 20230228)],
    *[(DURATION, raw, stored(raw)) for raw in (0, 600, 7.5)],
    *[(DURATION, raw, broken("out_of_range")) for raw in (-1, 601)],
    (DURATION, "1:30", broken("wrong_type")),
    *[(TOLD, raw, {"nothing": "not a question"}) for raw in (None, True, "read")],
    *[(one, None, SKIPPED) for one in (SLIDER, LIKERT, SINGLE, MULTI, YES_NO, INTEGER, DECIMAL, TEXT, TIME, DATE, DURATION, BODY)],
]
"""The item, a value as it is uploaded, and what becomes of it. The person's own list `reminders` holds `entry-1` alone."""

DIARY = {
    "id": "diary",
    "kind": "diary",
    "title": {"en": "Diary"},
    "seconds": 60,
    "items": [
        item("slept", "decimal", minimum=0, maximum=24),
        item("rested", "slider", minimum=0, maximum=10, reverse=True),
        item("tense", "slider", minimum=0, maximum=10),
        item("often", "likert", options=options("never", "sometimes", "always"), reverse=True),
        item("told", "information"),
        item("met", "yes_no", required=True),
        item("kinds", "multi", options=options("place", "money", "nothing", alone="nothing"), show_if=["==", {"item": "met"}, True]),
        item("worst", "slider", minimum=0, maximum=10, show_if=["has", {"item": "kinds"}, "money"]),
        item("walk", "duration", show_if=["not", ["==", {"item": "met"}, True]]),
        item("line", "text"),
    ],
    "scores": [
        {"id": "strain", "how": "sum", "items": ["rested", "tense", "often"], "least_answered": 0.6},
        {"id": "strain_mean", "how": "mean", "items": ["rested", "tense", "often"], "least_answered": 0.6},
        {"id": "all_three", "how": "sum", "items": ["rested", "tense", "met"]},
        {"id": "load", "how": "expression", "value": ["+", {"item": "tense"}, ["*", 2, ["coalesce", ["count", {"item": "kinds"}], 0]]]},
        {"id": "rest", "how": "expression", "value": ["if", [">=", {"item": "slept"}, 7], ["/", {"item": "slept"}, 8], 0]},
    ],
}

CHECK_IN = {
    "id": "check_in",
    "kind": "momentary",
    "title": {"en": "Check-in"},
    "seconds": 60,
    "items": [
        item("mood", "slider", minimum=0, maximum=10),
        item("calm", "slider", minimum=0, maximum=10),
        item("bored", "slider", minimum=0, maximum=10),
        item("pain", "slider", minimum=0, maximum=10),
        item("cue", "yes_no"),
        item("what", "single", options=options("place", "person"), show_if=["==", {"item": "cue"}, True]),
        item("doing", "single", options=options("work", "rest"), show_if=["not", ["==", {"item": "cue"}, True]]),
        item("end", "yes_no"),
    ],
    "rotations": [{"id": "state", "items": ["calm", "bored", "pain"], "draw": 2}],
    "shuffles": [
        {
            "id": "middle",
            "blocks": [
                {"id": "feelings", "items": ["calm", "bored", "pain"], "shuffled": True},
                {"id": "reminder", "items": ["cue", "what", "doing"]},
            ],
        }
    ],
}

KEYS = ["000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "ff" * 32]
SLOTS = ["random_checks/2026-03-08.0", "random_checks/2026-03-08.1", "random_checks/2026-03-09.0", "evening/2026-12-31.0"]
REPORT = "report/0198f3a2-5b7c-7d11-8e22-3f4455667788"


def given(**values: Json) -> Json:
    return {name: {"value": one} for name, one in values.items()}


SKIP, DECLINE = {"skipped": True}, {"declined": True}
WRITTEN: list[str] = [one["id"] for one in DIARY["items"]]
ASKED = ["mood", "cue", "what", "doing", "pain", "calm", "bored", "end"]
"""One of the orders of the check-in: the reminder first."""

FATES: list[Json] = [
    {
        "about": "everything, with a reminder: the filler is not shown",
        "instrument": "diary",
        "entries": given(slept=7.5, rested=2, tense=6, often="always", met=True, kinds=["place", "money"], worst=8, line="x"),
        "values": {
            "slept": 7.5,
            "rested": 2,
            "tense": 6,
            "often": "always",
            "met": True,
            "kinds": ["place", "money"],
            "worst": 8,
            "line": "x",
        },
        "missing": {"walk": "not_shown"},
        "scores": {"strain": 14, "strain_mean": 4.666666666666667, "all_three": 15, "load": 10, "rest": 0.9375},
    },
    {
        "about": "no reminder: two questions are not shown, the second because its own reading was not",
        "instrument": "diary",
        "entries": given(slept=5, rested=10, tense=0, often="never", met=False, walk=12),
        "values": {"slept": 5, "rested": 10, "tense": 0, "often": "never", "met": False, "walk": 12},
        "missing": {"kinds": "not_shown", "worst": "not_shown", "line": "skipped"},
        "scores": {"strain": 2, "strain_mean": 0.6666666666666666, "all_three": 0, "load": 0, "rest": 0},
    },
    {
        "about": "skipped, declined, and required but skipped, which is declined; a refused gate shows the filler",
        "instrument": "diary",
        "entries": {
            "slept": SKIP,
            "rested": DECLINE,
            **given(tense=4, often="sometimes"),
            "met": SKIP,
            "walk": SKIP,
            "line": {"value": " "},
        },
        "values": {"tense": 4, "often": "sometimes"},
        "missing": {
            "slept": "skipped",
            "rested": "declined",
            "met": "declined",
            "kinds": "not_shown",
            "worst": "not_shown",
            "walk": "skipped",
            "line": "skipped",
        },
        "scores": {"strain": 7.5, "strain_mean": 2.5, "all_three": None, "load": 4, "rest": 0},
    },
    {
        "about": "stopped after the fourth: what was not reached, and nothing that was decided",
        "instrument": "diary",
        "complete": False,
        "entries": given(slept=8, rested=1, tense=2, often="never"),
        "values": {"slept": 8, "rested": 1, "tense": 2, "often": "never"},
        "missing": dict.fromkeys(("met", "kinds", "worst", "walk", "line"), "not_reached"),
        "scores": {"strain": 13, "strain_mean": 4.333333333333333, "all_three": None, "load": 2, "rest": 1},
    },
    {
        "about": "stopped after the gate: what it hides is not shown, what it shows was not reached",
        "instrument": "diary",
        "complete": False,
        "entries": given(tense=2, met=False),
        "values": {"tense": 2, "met": False},
        "missing": {
            "slept": "skipped",
            "rested": "skipped",
            "often": "skipped",
            "kinds": "not_shown",
            "worst": "not_reached",
            "walk": "not_reached",
            "line": "not_reached",
        },
        "scores": {"strain": None, "strain_mean": None, "all_three": None, "load": 2, "rest": 0},
    },
    {
        "about": "opened and left",
        "instrument": "diary",
        "complete": False,
        "entries": {},
        "values": {},
        "missing": {one["id"]: "not_reached" for one in DIARY["items"] if one["kind"] != "information"},
        "scores": {"strain": None, "strain_mean": None, "all_three": None, "load": None, "rest": 0},
    },
    {
        "about": "nothing chosen where an option says nothing is skipped",
        "instrument": "diary",
        "entries": given(slept=6, rested=5, tense=5, often="never", met=True, kinds=[], line="x"),
        "values": {"slept": 6, "rested": 5, "tense": 5, "often": "never", "met": True, "line": "x"},
        "missing": {"kinds": "skipped", "worst": "not_shown", "walk": "not_shown"},
        "scores": {"strain": 12, "strain_mean": 4, "all_three": 11, "load": 5, "rest": 0},
    },
    {
        "about": "a check-in to the end: one item was not drawn",
        "instrument": "check_in",
        "drawn_items": ["calm", "pain"],
        "order": ASKED,
        "entries": given(mood=3, cue=True, what="place", pain=1, calm=9, end=True),
        "values": {"mood": 3, "calm": 9, "pain": 1, "cue": True, "what": "place", "end": True},
        "missing": {"bored": "not_shown", "doing": "not_shown"},
        "scores": {},
    },
    {
        "about": "stopped by the drawn order: the reminder was asked, the feelings were not reached",
        "instrument": "check_in",
        "complete": False,
        "drawn_items": ["calm", "pain"],
        "order": ASKED,
        "entries": given(mood=3, cue=True, what="place"),
        "values": {"mood": 3, "cue": True, "what": "place"},
        "missing": {"calm": "not_reached", "bored": "not_shown", "pain": "not_reached", "doing": "not_shown", "end": "not_reached"},
        "scores": {},
    },
    {
        "about": "the same entries, had the feelings come first: they were passed over",
        "instrument": "check_in",
        "complete": False,
        "drawn_items": ["calm", "pain"],
        "order": ["mood", "calm", "bored", "pain", "cue", "what", "doing", "end"],
        "entries": given(mood=3, cue=True, what="place"),
        "values": {"mood": 3, "cue": True, "what": "place"},
        "missing": {"calm": "skipped", "bored": "not_shown", "pain": "skipped", "doing": "not_shown", "end": "not_reached"},
        "scores": {},
    },
]

LANGUAGES: list[tuple[list[str], str | None, str, str]] = [
    (["en", "es"], "es", "en", "es"),
    (["en", "es"], "es-MX", "en", "es"),
    (["en", "es", "es-MX"], "es-MX", "en", "es-MX"),
    (["en", "es"], "ES", "en", "es"),
    (["en", "pt-BR"], "pt-br", "en", "pt-BR"),
    (["en", "pt-BR"], "pt", "en", "en"),
    (["en", "es"], "de", "en", "en"),
    (["en", "es"], None, "es", "es"),
    (["en", "zh", "zh-Hant"], "zh-Hant-TW", "en", "zh-Hant"),
    (["en", "zh"], "zh-a-bc-de", "en", "zh"),
    (["en", "zh", "zh-x-a"], "zh-x-b", "en", "zh"),
]

PHRASES = {
    "today": {"en": "{time} today", "es": "las {time} de hoy"},
    "yesterday": {"en": "{time} yesterday", "es": "las {time} de ayer"},
    "earlier": {"en": "{time} on {date}", "es": "las {time} del {date}"},
}
PIPED = [
    item("place", "single", options=[{"code": "home", "label": {"en": "at home", "es": "en casa"}}]),
    item("kinds", "multi", options=options("a_place", "money")),
    item("often", "likert", options=options("never", "always")),
    item("hours", "decimal"),
    item("days", "integer"),
    item("woke", "time"),
    item("day", "date"),
]
OWN_WORD = item("own_word", "single", options=[{"code": "urge", "label": {"en": "urge", "es": "ganas"}}])

TEXTS: list[Json] = [
    {"about": "a label", "text": "You were {item:place|somewhere}.", "answers": {"place": "home"}, "shown": "You were at home."},
    {"about": "not answered", "text": "You were {item:place|somewhere}.", "answers": {}, "shown": "You were somewhere."},
    {
        "about": "several labels",
        "text": "It was {item:kinds|that}.",
        "answers": {"kinds": ["a_place", "money"]},
        "shown": "It was a place, money.",
    },
    {"about": "nothing chosen", "text": "It was {item:kinds|that}.", "answers": {"kinds": []}, "shown": "It was that."},
    {"about": "a word of a scale", "text": "{item:often|Now and then}?", "answers": {"often": "always"}, "shown": "always?"},
    {"about": "a whole number", "text": "{item:days|some} days", "answers": {"days": 3}, "shown": "3 days"},
    {"about": "zero is an answer", "text": "{item:days|some} days", "answers": {"days": 0}, "shown": "0 days"},
    {"about": "a decimal", "text": "{item:hours|some} hours", "answers": {"hours": 7.50}, "shown": "7.5 hours"},
    {"about": "six decimals", "text": "{item:hours|some} hours", "answers": {"hours": 6.1234567}, "shown": "6.123457 hours"},
    {"about": "halves to even", "text": "{item:hours|some} hours", "answers": {"hours": 0.0078125}, "shown": "0.007812 hours"},
    {"about": "no minus zero", "text": "{item:hours|some} hours", "answers": {"hours": -0.0000001}, "shown": "0 hours"},
    {"about": "a large number", "text": "{item:hours|some} hours", "answers": {"hours": 1e15}, "shown": "1000000000000000 hours"},
    {"about": "a time", "text": "You woke at {item:woke|some time}.", "answers": {"woke": "06:45"}, "shown": "You woke at 06:45."},
    {"about": "a date", "text": "On {item:day|that day}.", "answers": {"day": "2026-03-08"}, "shown": "On 2026-03-08."},
    {"about": "the own word", "text": "How strong is your {own_word|urge}?", "own_word": "urge", "shown": "How strong is your urge?"},
    {
        "about": "the own word in the language shown",
        "text": "¿Cuán fuertes son tus {own_word|ganas de usar}?",
        "language": "es-MX",
        "own_word": "urge",
        "shown": "¿Cuán fuertes son tus ganas?",
    },
    {"about": "no own word yet", "text": "How strong is your {own_word|urge to use}?", "shown": "How strong is your urge to use?"},
    {
        "about": "the last check-in, today",
        "text": "Since your last check-in, {since|or since you woke up}:",
        "last": "2026-03-08T14:05:59",
        "now": "2026-03-08T19:30:00",
        "shown": "Since your last check-in, 14:05 today:",
    },
    {
        "about": "before midnight is yesterday",
        "text": "Since {since|you woke up}:",
        "last": "2026-03-07T23:59:59",
        "now": "2026-03-08T00:00:00",
        "shown": "Since 23:59 yesterday:",
    },
    {
        "about": "earlier, in another language",
        "text": "Desde {since|que despertaste}:",
        "language": "es",
        "last": "2026-02-28T09:00:00",
        "now": "2026-03-08T09:00:00",
        "shown": "Desde las 09:00 del 2026-02-28:",
    },
    {"about": "no check-in yet", "text": "Since {since|you woke up}:", "now": "2026-03-08T09:00:00", "shown": "Since you woke up:"},
    {
        "about": "an answer with braces is not filled again",
        "text": "{item:place|x} and {item:days|some}",
        "answers": {"days": 2},
        "shown": "x and 2",
    },
    {"about": "nothing to fill", "text": "How do you feel?", "shown": "How do you feel?"},
]


def _expressions() -> list[Json]:
    return [
        {"about": about, "tree": tree, "value": _same(about, phone.value(tree, ANSWERS, VARIABLES), expected)}
        for about, tree, expected in EXPRESSIONS
    ]


def _same(about: str, found: Json, expected: Json) -> Json:
    """What was written by hand, once phone.py says the same: of one kind, and equal to the last bit."""
    if found != expected or isinstance(found, bool) != isinstance(expected, bool):
        raise SystemExit(f"{about}: phone.py says {found!r}, by hand it is {expected!r}")
    return expected


def _pairs() -> list[Json]:
    def result(operation: str, left: Json, right: Json) -> Json:
        return phone.value([operation, {"item": "left"}, {"item": "right"}], {"left": left, "right": right})

    return [
        {"operation": operation, "results": [[result(operation, left, right) for right in PAIRED] for left in PAIRED]}
        for operation in OPERATIONS
    ]


def _orders() -> list[Json]:
    found = []
    for key in KEYS:
        for slot in (*SLOTS, REPORT):
            out = phone.left_out(CHECK_IN, bytes.fromhex(key), slot)
            drawn = [one["id"] for one in CHECK_IN["items"] if one["id"] in {"calm", "bored", "pain"} - out]
            found.append({"key": key, "slot": slot, "drawn_items": drawn, "order": phone.order(CHECK_IN, bytes.fromhex(key), slot)})
    return found


def _fates() -> list[Json]:
    instruments = {one["id"]: one for one in (DIARY, CHECK_IN)}
    for one in FATES:
        instrument = instruments[one["instrument"]]
        drawn = set(one.get("drawn_items", []))
        out = {name for rotation in instrument.get("rotations", []) for name in rotation["items"] if name not in drawn}
        asked = one.get("order", WRITTEN)
        found = phone.fates(instrument, one["entries"], asked, out, complete=one.get("complete", True))
        found["scores"] = phone.scores(instrument, found["values"])
        for part in ("values", "missing", "scores"):
            _same(f"{one['about']}: {part}", found[part], one[part])
    return FATES


def _languages() -> list[Json]:
    return [
        {"tags": tags, "wanted": wanted, "default": default, "shown": _same(str(tags), phone.language(tags, wanted, default), shown)}
        for tags, wanted, default, shown in LANGUAGES
    ]


def _texts() -> list[Json]:
    piped = {one["id"]: one for one in PIPED}
    for one in TEXTS:
        wanted = one.get("language")
        known = {f"item:{name}": phone.said(piped[name], answer, wanted, "en") for name, answer in one.get("answers", {}).items()}
        known["own_word"] = phone.said(OWN_WORD, one.get("own_word"), wanted, "en")
        known["since"] = phone.since(PHRASES, one.get("last"), one.get("now", ""), wanted, "en")
        _same(one["about"], phone.fill(one["text"], known), one["shown"])
    return TEXTS


def vectors() -> Json:
    return {
        "about": "docs/expressions.md says what this is; make_vectors.py makes it. A missing value is null.",
        "expressions": {"answers": ANSWERS, "variables": VARIABLES, "cases": _expressions()},
        "pairs": {"values": PAIRED, "operations": _pairs()},
        "refused": [{"about": about, "tree": tree} for about, tree in REFUSED],
        "types": {
            "items": TYPED,
            "cases": [{"about": about, "as": what, "tree": tree, "rule": rule} for about, what, tree, rule in MISTYPED],
        },
        "values": {"reminders": ["entry-1"], "cases": [{"item": one, "raw": raw} | outcome for one, raw, outcome in VALUES]},
        "instruments": [DIARY, CHECK_IN],
        "orders": {"instrument": "check_in", "cases": _orders()},
        "responses": _fates(),
        "languages": _languages(),
        "texts": {"default": "en", "last_check_in": PHRASES, "items": PIPED, "own_word": OWN_WORD, "cases": _texts()},
    }


def written() -> str:
    """A line for each case, so that a change shows as one."""

    def lines(one: Json, level: int = 0) -> str:
        inner = "\n" + " " * (level + 1)
        if level < 3 and isinstance(one, dict) and len(json.dumps(one)) > 100:
            parts = [f"{json.dumps(name)}: {lines(part, level + 1)}" for name, part in one.items()]
            return "{" + inner + f",{inner}".join(parts) + "\n" + " " * level + "}"
        if level < 3 and isinstance(one, list) and len(json.dumps(one)) > 100:
            return "[" + inner + f",{inner}".join(lines(part, 9) for part in one) + "\n" + " " * level + "]"
        return json.dumps(one, ensure_ascii=True)

    return lines(vectors()) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit(TARGET.read_text(encoding="utf-8") != written())
    TARGET.write_text(written(), encoding="utf-8")
