"""Timed tasks: what is read, what it comes to, and what speaks against it. Scores are held against references of a few lines."""

import hashlib
import hmac
import itertools
import json
import math
import statistics
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.definition.answers import Checked, validate
from models.definition.instrument import Instrument, Item, Measure
from models.definition.itemmap import indicator
from models.definition.load import canonical, parse
from models.definition.tasks.delay_discounting import DELAYS, ed50_days, ladder
from models.definition.tasks.dot_memory import distance
from models.definition.tasks.draws import TrialDraws
from models.definition.tasks.parameters import DelayDiscounting, DotMemory, GoNoGo, Task
from models.definition.tasks.scored import Scored
from models.definition.tasks.task import BrokenTask, drawn_trials, meanings, read_task, score_task, trial_rows
from models.kinds import InstrumentKind, ItemKind, Missing, Node, RecallFrame
from risk.observe import observe
from tests.build import NOW
from tests.models.task_builders import chose, named, press, stroop

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "tasks"
GO_NO_GO = GoNoGo(trials=20, no_go_share=0.25, practice_trials=2)
DOTS = DotMemory(trials=4, practice_trials=1)
MONEY = DelayDiscounting(amount=100, unit={"en": "dollars"})
WORDS = stroop()


def scored(task: Task, trials: list[dict[str, Any]], **members: Any) -> Scored:
    value = read_task(task, {"trials": trials, **members}, None)
    assert value is not None
    return score_task(task, json.loads(json.dumps(value)))  # as it comes back from the database


def broken(task: Task, raw: Any) -> list[tuple[str, str]]:
    """Places and rules."""
    with pytest.raises(BrokenTask) as refused:
        read_task(task, raw, None)
    return [("/".join(map(str, one.at)), one.rule) for one in refused.value.parts]


# go/no-go


def test_go_no_go_is_scored_as_a_reference_scores_it() -> None:
    times = [301.5, 344, 402, 377, 298, 510, 455, 333, 361, 420, 388, 349, 407]
    trials = [press("go", rt) for rt in times] + [press("go", None)] * 2
    trials += [press("no_go", 280), press("no_go", 310), *[press("no_go", None)] * 3]
    found = scored(GO_NO_GO, trials)
    z = statistics.NormalDist().inv_cdf
    hit, alarm = z((13 + 0.5) / (15 + 1)), z((2 + 0.5) / (5 + 1))
    assert found.measures == pytest.approx(
        {
            "commission_rate": 2 / 5,
            "omission_rate": 2 / 15,
            "rt_mean_ms": sum(times) / 13,
            "rt_median_ms": sorted(times)[6],
            "rt_sd_ms": math.sqrt(sum((one - sum(times) / 13) ** 2 for one in times) / 12),
            "d_prime": hit - alarm,
            "criterion": -(hit + alarm) / 2,
        }
    )
    assert (found.flags, found.trials, found.used, found.valid) == ((), 20, 20, True)


def test_a_perfect_run_has_a_finite_d_prime() -> None:
    found = scored(GO_NO_GO, [press("go", 400)] * 15 + [press("no_go", None)] * 5)
    assert found.measures["d_prime"] == pytest.approx(
        statistics.NormalDist().inv_cdf(15.5 / 16) * 1 - statistics.NormalDist().inv_cdf(0.5 / 6)
    )


def test_anticipations_are_left_out_and_too_many_spoil_the_scores() -> None:
    calm = [press("go", 400)] * 13 + [press("no_go", None)] * 5
    found = scored(GO_NO_GO, [*calm, press("go", 149), press("go", 120)])
    assert (found.measures["rt_mean_ms"], found.used, found.flags) == (400, 18, ())
    found = scored(GO_NO_GO, [*calm[1:], press("go", 149), press("go", 120), press("no_go", 30)])
    assert (found.measures["commission_rate"], found.flags, found.valid) == (0, ("anticipations",), False)


@pytest.mark.parametrize(
    ("trials", "members", "flags"),
    [
        ([press("go", 400)] * 15 + [press("no_go", None)] * 5, {"interrupted": True}, ("interrupted",)),
        ([press("go", 400)] * 11 + [press("no_go", None)] * 5, {}, ("few_trials",)),
        ([press("go", 400)] * 15 + [press("no_go", None)] * 3, {}, ("few_trials",)),
        ([press("go", 400)] * 7 + [press("go", None)] * 8 + [press("no_go", None)] * 5, {}, ("unanswered",)),
    ],
)
def test_go_no_go_says_what_speaks_against_it(trials: list[dict[str, Any]], members: dict[str, Any], flags: tuple[str, ...]) -> None:
    found = scored(GO_NO_GO, trials, **members)
    assert (found.flags, found.valid) == (flags, False)


def test_practice_is_kept_and_not_scored() -> None:
    trials = [press("go", 900) | {"practice": True}] * 2 + [press("go", 400)] * 15 + [press("no_go", None)] * 5
    found = scored(GO_NO_GO, trials)
    assert (found.measures["rt_mean_ms"], found.trials) == (400, 20)
    value = read_task(GO_NO_GO, {"trials": trials}, None)
    assert value is not None
    assert [(row.practice, row.scored) for row in trial_rows(GO_NO_GO, value)[:3]] == [(True, False), (True, False), (False, True)]


# dot memory


def test_the_distance_of_dots_is_that_of_the_best_pairing() -> None:
    def reference(shown: list[int], placed: list[int], size: int) -> float:
        at = lambda cell: complex(cell // size, cell % size)  # noqa: E731
        return min(sum(abs(at(a) - at(b)) for a, b in zip(shown, way, strict=True)) for way in itertools.permutations(placed)) / len(shown)

    for shown, placed in (([0, 12, 24], [24, 12, 0]), ([0, 1, 2], [5, 6, 12]), ([3, 9, 21], [2, 14, 22])):
        assert distance(shown, placed, 5) == pytest.approx(reference(shown, placed, 5))
    assert distance([0, 24], [24, 0], 5) == 0


def test_dot_memory_is_scored_as_a_reference_scores_it() -> None:
    right = {"shown": [0, 6, 12], "placed": [12, 0, 6], "rt_ms": 2000}
    near = {"shown": [0, 6, 12], "placed": [0, 6, 13], "rt_ms": 3000}
    late = {"shown": [0, 6, 12], "placed": None, "rt_ms": None}
    found = scored(DOTS, [right, near, late, {**near, "rt_ms": 4000}])
    assert found.measures == pytest.approx(
        {"error_mean": (0 + 1 / 3 + 1 / 3) / 3, "exact_share": 7 / 9, "perfect_share": 1 / 3, "rt_mean_ms": 3000, "rt_median_ms": 3000}
    )
    assert (found.flags, found.used) == ((), 3)
    assert scored(DOTS, [right, late, late, late]).flags == ("unanswered",)
    assert scored(DOTS, [right, near, near]).flags == ("few_trials",)
    assert scored(DOTS, [{**right, "rt_ms": 499}, right, right, right]).flags == ("anticipations",)


# delay discounting

PATHS = list(itertools.product(("now", "later"), repeat=5))


def reference_ed50(choices: tuple[str, ...]) -> float:
    """Bisection: which of the 32 gaps between 31 delays, by the choices read as a binary number from the short end."""
    gap = int("".join("1" if one == "later" else "0" for one in choices), 2)
    low, high = DELAYS[max(gap - 1, 0)], DELAYS[min(gap, 30)]
    return math.exp((math.log(low) + math.log(high)) / 2)


@pytest.mark.parametrize("choices", PATHS, ids="".join)
def test_every_path_gives_its_delay_and_rate(choices: tuple[str, ...]) -> None:
    found = scored(MONEY, chose(choices)["trials"])
    assert found.measures["ed50_days"] == pytest.approx(reference_ed50(choices))
    assert found.measures["k"] == pytest.approx(1 / reference_ed50(choices))
    assert found.measures["ln_k"] == pytest.approx(-math.log(reference_ed50(choices)))
    assert found.flags == (("end_of_ladder",) if len(set(choices)) == 1 else ())
    assert found.valid


def test_the_more_patient_the_path_the_longer_the_delay() -> None:
    ordered = [ed50_days(ladder(one)[-1], one[-1]) for one in sorted(PATHS, key=lambda one: [choice == "later" for choice in one])]
    assert ordered == sorted(ordered)
    assert len(set(ordered)) == 32


@pytest.mark.parametrize(
    ("rung", "choice", "k"),
    [
        (1, "now", 24.0),
        (1, "later", 16.97056275),
        (7, "now", 2.309401077),
        (15, "later", 0.058321184),
        (19, "now", 0.013411573),
        (23, "now", 0.003353031),
        (31, "now", 0.000129064),
        (31, "later", 0.000109514),
    ],
)
def test_the_rates_are_those_of_the_published_scoring(rung: int, choice: str, k: float) -> None:
    """Figures of the scoring that goes with Koffarnus and Bickel (2014), to their nine digits."""
    assert 1 / ed50_days(rung, choice) == pytest.approx(k, rel=1e-5)


def test_an_impossible_path_is_refused_at_its_trial() -> None:
    raw = chose(("later", "now", "later", "now", "now"))
    raw["trials"][3]["delay"] += 1
    assert broken(MONEY, raw) == [("trials/3/delay", "impossible_path")]
    assert broken(MONEY, {"trials": [{"delay": 15, "choice": "now", "rt_ms": 900}]}) == [("trials/0/delay", "impossible_path")]


def test_four_choices_give_no_rate_and_blind_ones_no_valid_one() -> None:
    few = scored(MONEY, chose(("now", "now", "later", "later"))["trials"])
    assert (few.flags, few.measures["k"], few.valid) == (("few_trials",), None, False)
    assert scored(MONEY, chose(("now", "now", "later", "later", "now"), rt_ms=120)["trials"]).flags == ("anticipations",)


# cue-word Stroop


def test_interference_is_the_difference_of_the_mean_times_of_right_answers() -> None:
    cue = [named("cue_0", 700), named("cue_1", 720), named("cue_2", 740), named("cue_3", 760), *[named("cue_0", 710)] * 3]
    plain = [named(f"plain_{number}", 600 + 10 * number) for number in range(4)] + [named("plain_0", 620)] * 4
    found = scored(WORDS, [*cue, named("cue_1", 1900, right=False), *plain], agreed=True)
    assert found.measures == pytest.approx(
        {
            "interference_ms": (700 + 720 + 740 + 760 + 3 * 710) / 7 - (600 + 610 + 620 + 630 + 4 * 620) / 8,
            "rt_cue_ms": (700 + 720 + 740 + 760 + 3 * 710) / 7,
            "rt_neutral_ms": (600 + 610 + 620 + 630 + 4 * 620) / 8,
            "errors_cue": 1 / 8,
            "errors_neutral": 0,
        }
    )
    assert (found.flags, found.valid) == ((), True)


@pytest.mark.parametrize(
    ("cue", "flags"),
    [
        ([named("cue_0", 700)] * 5, ("few_trials",)),
        ([named("cue_0", 700, right=False)] * 8, ("inaccurate",)),
        ([named("cue_0", 700)] * 7 + [named("cue_0", 100)], ()),
        ([named("cue_0", 700)] * 6 + [named("cue_0", 100)] * 2, ("few_trials", "anticipations")),
        ([named("cue_0", None)] * 8, ("inaccurate",)),
    ],
)
def test_a_stroop_says_what_speaks_against_it(cue: list[dict[str, Any]], flags: tuple[str, ...]) -> None:
    found = scored(WORDS, cue + [named("plain_1", 600)] * 8, agreed=True)
    assert found.flags == flags
    if len({one["rt_ms"] for one in cue if one["answer"] == "red"}) == 0:
        assert found.measures["interference_ms"] is None


def test_cue_words_are_kept_only_where_the_person_agreed_just_before() -> None:
    assert broken(WORDS, {"trials": [named("cue_0", 700)]}) == [("agreed", "not_agreed")]
    assert broken(WORDS, {"trials": [named("cue_0", 700)], "agreed": False}) == [("agreed", "not_agreed")]


def test_nobody_practices_on_cue_words() -> None:
    task = stroop(practice_trials=2)
    raw = {"trials": [named("cue_0", 700) | {"practice": True}], "agreed": True}
    assert broken(task, raw) == [("trials/0/word", "unknown_option")]


# reading


@pytest.mark.parametrize(
    ("raw", "places"),
    [
        ([], [("", "wrong_type")]),
        ({"trials": 3}, [("trials", "wrong_type")]),
        ({"trials": [], "other": 1}, [("", "wrong_type")]),
        ({"trials": [press("go", 400)], "interrupted": 1}, [("interrupted", "wrong_type")]),
        ({"trials": [press("go", 400), 7]}, [("trials/1", "wrong_type")]),
        ({"trials": [{"type": "go"}]}, [("trials/0", "wrong_members")]),
        ({"trials": [press("go", 400) | {"x": 1}]}, [("trials/0", "wrong_members")]),
        ({"trials": [press("go", 400) | {"practice": 1}]}, [("trials/0", "wrong_members")]),
        ({"trials": [press("stop", 400)]}, [("trials/0/type", "unknown_option")]),
        ({"trials": [press("go", 400) | {"type": 1}]}, [("trials/0/type", "wrong_type")]),
        ({"trials": [press("go", 400) | {"pressed": "yes"}]}, [("trials/0/pressed", "wrong_type")]),
        ({"trials": [press("go", 400) | {"pressed": False}]}, [("trials/0/rt_ms", "contradiction")]),
        ({"trials": [press("go", None) | {"pressed": True}]}, [("trials/0/rt_ms", "contradiction")]),
        ({"trials": [press("go", -1), press("go", 1001)]}, [("trials/0/rt_ms", "out_of_range"), ("trials/1/rt_ms", "out_of_range")]),
        ({"trials": [press("go", float("nan"))]}, [("trials/0/rt_ms", "wrong_type")]),
        ({"trials": [press("go", 10**400)]}, [("trials/0/rt_ms", "out_of_range")]),
        ({"trials": [press("go", 400) | {"rt_ms": "400"}]}, [("trials/0/rt_ms", "wrong_type")]),
        ({"trials": [press("go", 400), press("go", 400) | {"practice": True}]}, [("trials/1/practice", "practice_late")]),
        ({"trials": [press("go", 400) | {"practice": True}] * 3}, [("trials/2", "too_many_trials")]),
        ({"trials": [press("go", 400)] * 21}, [("trials/20", "too_many_trials")]),
        ({"trials": [press("go", 400)] * 999}, [("trials/22", "too_many_trials")]),
    ],
)
def test_a_fault_names_its_place_in_the_trials(raw: Any, places: list[tuple[str, str]]) -> None:
    assert broken(GO_NO_GO, raw) == places


@pytest.mark.parametrize(
    ("change", "place", "rule"),
    [
        ({"shown": [0, 0, 1]}, "trials/0/shown", "cell_twice"),
        ({"shown": [0, 1]}, "trials/0/shown", "wrong_count"),
        ({"shown": "abc"}, "trials/0/shown", "wrong_type"),
        ({"shown": [0, 1, 25]}, "trials/0/shown/2", "out_of_range"),
        ({"placed": [0, True, 2]}, "trials/0/placed/1", "wrong_type"),
        ({"placed": None}, "trials/0/rt_ms", "contradiction"),
    ],
)
def test_a_fault_names_its_place_in_the_cells(change: dict[str, Any], place: str, rule: str) -> None:
    raw = {"shown": [0, 1, 2], "placed": [0, 1, 3], "rt_ms": 2000, **change}
    assert broken(DOTS, {"trials": [raw]}) == [(place, rule)]


def test_no_more_than_twenty_faults_are_told() -> None:
    assert len(broken(GoNoGo(), {"trials": [press("stop", 1)] * 60})) == 20


def test_a_task_without_a_trial_says_nothing() -> None:
    assert read_task(GO_NO_GO, {"trials": []}, None) is None


SECRET = "a thing that only the person knows"
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from((SECRET, "go", "red")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("type", "pressed", "rt_ms", "word", "x")), inner, max_size=4)
    ),
    max_leaves=8,
)
_SOUND = {
    0: (GO_NO_GO, press("go", 400), {}),
    1: (DOTS, {"shown": [0, 1, 2], "placed": [0, 1, 3], "rt_ms": 2000}, {}),
    2: (MONEY, {"delay": 16, "choice": "now", "rt_ms": 900}, {}),
    3: (WORDS, named("cue_0", 700), {"agreed": True}),
}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_comes_is_kept_in_full_or_refused_with_a_place_and_never_its_content(data: st.DataObject) -> None:
    task, sound, members = _SOUND[data.draw(st.sampled_from(sorted(_SOUND)))]
    trial = dict(sound)
    for name in data.draw(st.lists(st.sampled_from(sorted(sound)), max_size=2)):
        trial[name] = data.draw(_JSON)
    raw = data.draw(st.sampled_from((trial, data.draw(_JSON))))
    whole = data.draw(st.sampled_from(({"trials": [raw], **members}, raw)))
    try:
        value = read_task(task, whole, TrialDraws(b"k", "item", "of"))
    except BrokenTask as refused:
        for one in refused.parts:
            assert SECRET not in one.message
            assert all(isinstance(part, int) or part in {"trials", "interrupted", "agreed", *sound, "practice"} for part in one.at)
    else:
        assert value is None or score_task(task, json.loads(json.dumps(value))).trials == 1


# order


def reference_shuffle(key: bytes, stream: str, pool: list[Any], count: int) -> list[Any]:
    """In the words of docs/tasks.md."""
    for step in range(count):
        draw = int.from_bytes(hmac.new(key, f"{stream}\n{step}".encode(), hashlib.sha256).digest(), "big") % (len(pool) - step)
        pool[step], pool[step + draw] = pool[step + draw], pool[step]
    return pool[:count]


def test_phone_and_server_draw_the_same_order() -> None:
    draws = TrialDraws(bytes(range(32)), "item", "9f0d2b57-6c1e-4b6e-8a43-0d2f3c8a1b11")
    stream = f"task\nitem\n{draws.of}"
    assert drawn_trials(GO_NO_GO, draws) == reference_shuffle(draws.key, f"{stream}\ntrials", ["go"] * 15 + ["no_go"] * 5, 20)
    assert drawn_trials(DOTS, draws) == [
        tuple(sorted(reference_shuffle(draws.key, f"{stream}\ndots/{number}", list(range(25)), 3))) for number in range(4)
    ]
    shown = reference_shuffle(draws.key, f"{stream}\ntrials", [f"{kind}_{n}" for kind in ("cue", "plain") for n in range(4)] * 2, 16)
    assert [word for word, _ in drawn_trials(WORDS, draws)] == shown
    assert drawn_trials(MONEY, draws) == ()


def test_the_test_vectors_for_phones_hold() -> None:
    vectors = json.loads((EXAMPLE / "orders.json").read_bytes())
    protocol = parse((EXAMPLE / "tasks.protocol.json").read_bytes())
    items = {item.id: item for _, item in protocol.items() if item.task is not None}
    assert {one["item"] for one in vectors["orders"]} == {"green_circle", "where_dots", "color_of_word"}
    for one in vectors["orders"]:
        task = items[one["item"]].task
        assert task is not None
        drawn = drawn_trials(task, TrialDraws(bytes.fromhex(vectors["plan_key"]), one["item"], one["of"]))
        assert json.loads(json.dumps(drawn)) == one["trials"]


def test_another_order_is_told_and_leaves_the_scores_valid() -> None:
    draws = TrialDraws(b"key", "item", "of")
    trials = [press(kind, 400 if kind == "go" else None) for kind in drawn_trials(GO_NO_GO, draws)]
    for raw, said, flags in ((trials, "derived", ()), (trials[::-1], "other", ("other_order",)), (trials[:18], "derived", None)):
        value = read_task(GO_NO_GO, {"trials": raw}, draws)
        assert value is not None
        assert value["order"] == said
        found = score_task(GO_NO_GO, value)
        assert flags is None or (found.flags, found.valid) == (flags, True)


# in an instrument

SLIPS = Measure(id="slips", measure="commission_rate", variable="slips", node=Node.E, minimum=0, maximum=0.5)
SPEED = Measure(id="speed", measure="rt_mean_ms", variable="speed", node=Node.E, direction=-1, minimum=300, maximum=500)
GAME = Item(id="game", kind=ItemKind.TASK, text={"en": "?"}, variable="game", frame=RecallFrame.NOW, task=GO_NO_GO, measures=(SLIPS, SPEED))
FREE = Item(id="free", kind=ItemKind.TASK, text={"en": "?"}, variable="free", frame=RecallFrame.NOW)
GAMES = Instrument(id="games", kind=InstrumentKind.WEEKLY, title={"en": "Games"}, seconds=60, items=(GAME, FREE))
DONE = [press("go", 350)] * 15 + [press("no_go", 300)] * 1 + [press("no_go", None)] * 4


def told(**answers: Any) -> Checked:
    return validate(GAMES, {name: {"value": value} for name, value in answers.items()}, drawn=None, lists={})


def test_a_valid_task_is_followed_by_its_measures() -> None:
    checked = told(game={"trials": DONE})
    assert checked.faults == ()
    assert checked.measured == {"slips": 0.2, "speed": 350}
    assert checked.values.keys() == {"game", "slips", "speed"}
    assert checked.missing == {"free": Missing.SKIPPED}


def test_the_estimator_hears_the_measures_of_a_valid_task_and_nothing_of_another() -> None:
    def heard(raw: Any) -> dict[str, float]:
        said = observe(GAMES, told(game=raw).values, source_id="s", event_time=NOW, offset_minutes=0)
        return dict(said.answers)

    assert heard({"trials": DONE}) == pytest.approx({"slips": 0.4, "speed": 0.75})
    assert heard({"trials": DONE, "interrupted": True}) == {}
    assert heard({"trials": DONE[:10]}) == {}
    slow = {"trials": [press("go", 900)] * 15 + [press("no_go", None)] * 5}
    assert heard(slow) == {"slips": 0.0, "speed": 0.0}, "beyond its ends a measure counts as the end"


def test_a_fault_in_a_trial_stands_at_its_place_in_the_response() -> None:
    faults = told(game={"trials": [*DONE[:3], press("go", 5000), press("stop", 1)]}).faults
    assert [(one.pointer, one.rule) for one in faults] == [
        ("/answers/game/value/trials/3/rt_ms", "out_of_range"),
        ("/answers/game/value/trials/4/type", "unknown_option"),
    ]


def test_a_phone_does_not_send_a_measure() -> None:
    (fault,) = told(slips=0.1).faults
    assert (fault.pointer, fault.rule) == ("/answers/slips", "unknown_item")


def test_a_task_without_parameters_keeps_any_trials() -> None:
    checked = told(free=[412.5, {"time": 380, "right": True}])
    assert checked.values == {"free": (412.5, {"time": 380, "right": True})}
    assert checked.measured == {}


def test_an_array_is_no_answer_to_a_task_with_parameters() -> None:
    (fault,) = told(game=[412.5]).faults
    assert (fault.pointer, fault.rule) == ("/answers/game/value", "wrong_type")


def test_a_measure_counts_linearly_between_its_ends() -> None:
    (slips, speed) = GAME.measured()
    assert [indicator(slips, one) for one in (0, 0.1, 0.25, 0.7)] == [0, 0.2, 0.5, 1]
    assert [indicator(speed, one) for one in (200, 350, 600)] == [1, 0.75, 0]


def test_every_kind_of_task_says_what_its_measures_are() -> None:
    for task in (GO_NO_GO, DOTS, MONEY, WORDS):
        value = read_task(
            task, {"trials": [_SOUND[[GO_NO_GO, DOTS, MONEY, WORDS].index(task)][1]]} | ({"agreed": True} if task is WORDS else {}), None
        )
        assert value is not None
        assert score_task(task, value).measures.keys() == meanings(task.kind).keys()


def test_a_protocol_with_tasks_keeps_its_bytes() -> None:
    protocol = parse((EXAMPLE / "tasks.protocol.json").read_bytes())
    assert parse(canonical(protocol)) == protocol
