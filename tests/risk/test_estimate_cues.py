"""How strongly each kind of reminder goes with craving, wanting apart from liking, and what joy there is beside it. Synthetic people."""

from dataclasses import replace

import numpy as np
import pytest

from models.definition.instrument import Item, Option
from models.kinds import CueType, ItemKind, Node, RecallFrame
from risk.estimate import cues
from risk.estimate.nodes import Nodes
from risk.observe import met
from risk.terms import Observation
from tests.risk.estimate_streams import ITEMS, Person, answer, node, run, stream


def reminded(seed: int, strong: str, more: float) -> list[Observation]:
    """A stream in which each cue met is of one of three kinds, and the `strong` one adds `more` to craving."""
    draw = np.random.default_rng([601, seed])
    made = []
    for one in stream(Person(noise=0.5), 600 + seed, 40):
        kind = ("money", "person", "place")[int(draw.integers(3))]
        craving = min(1.0, one.answers["craving"] + (more if kind == strong else 0.0))
        met_one = replace(one, answers={**one.answers, "craving": craving}, cues=(kind,))
        made.append(met_one if one.answers["cue_met"] == 1.0 else one)
    return made


def test_the_kind_that_pulls_more_is_told_from_the_others():
    found = [run(reminded(seed, "money", 0.25))[1][-1].cues for seed in range(4)]
    for cue in found:
        assert set(cue) == {"money", "person", "place"}
        assert cue["money"].beyond.low > 0.0
        assert cue["money"].beyond.value > max(cue[kind].beyond.value for kind in ("person", "place"))
    even = [run(reminded(seed, "money", 0.0))[1][-1].cues["money"].beyond for seed in range(4)]
    assert all(one.low < 0.0 < one.high for one in even)


def test_each_kind_says_when_it_was_first_and_last_met_and_how_often():
    days = [answer(f"{day}", day * 24.0 + 10.0, {"craving": 0.4, "cue_met": 1.0}, cues=("place",)) for day in (0, 3, 9)]
    _, (*_, last) = run([*days, answer("later", 20 * 24.0, {"craving": 0.4})])
    place = last.cues["place"]
    assert (place.last - place.first, place.times) == (9, 3)
    assert last.features["new_cue_kinds_28d"] == 1.0
    assert run([answer("none", 9.0, {"craving": 0.4})])[1][0].cues == {}


def test_a_report_says_that_a_kind_was_met_and_teaches_nothing_of_its_strength():
    prompts = [answer(f"{day}", day * 24.0 + 10.0, {"craving": 0.4, "cue_met": 1.0}, cues=("place",)) for day in range(4)]
    report = answer("r", 200.0, {"craving": 1.0}, cues=("money", "place"), kind="report", trains=False)
    (before, _), (after, _) = run(prompts), run([*prompts, report])
    assert after.cues["place"].mean == before.cues["place"].mean
    assert (after.cues["money"].times, after.novel) == (0, before.novel)
    assert after.cues["place"].last == before.cues["place"].last + 5


def test_new_kinds_that_pull_more_than_usual_are_seen_as_such():
    usual = reminded(9, "money", 0.0)
    strange = []
    for index, one in enumerate(usual):
        new = index % 16 == 15 and index > 60
        craving = min(1.0, one.answers["craving"] + 0.35 * new)
        strange.append(replace(one, answers={**one.answers, "craving": craving}, cues=(f"kind{index}",)) if new else one)
    (_, (*_, calm)), (_, (*_, spread)) = run(usual), run(strange)
    assert calm.new_cue.low < 0.0
    assert spread.new_cue.low > 0.0


def test_a_state_remembers_a_bounded_number_of_kinds():
    many = [answer(f"{index}", 5.0 * index, {"craving": 0.3}, cues=(f"kind{index:02d}",)) for index in range(40)]
    state, _ = run(many)
    assert len(state.cues) == cues.KINDS
    assert "kind39" in state.cues


def test_wanting_may_part_from_liking_and_the_drug_from_every_other_joy():
    nodes = Nodes({**ITEMS, "enjoyment": node("enjoyment", "R"), "anticipation": node("anticipation", "R")})
    usual = {"craving": 0.3, "relief_expected": 0.3, "enjoyment": 0.4, "anticipation": 0.4, "stress": 0.5}
    days = [answer(f"{index}", 6.0 * index, usual) for index in range(40)]
    wants = answer("wants", 300.0, {**usual, "craving": 0.9})
    drawn = answer("drawn", 306.0, {**usual, "relief_expected": 0.9, "enjoyment": 0.9, "anticipation": 0.9})
    _, (*_, calm, wanting, pulled) = run([*days, wants, drawn], nodes=nodes)
    assert abs(calm.features["wanting_liking_gap"]) < 0.2
    assert wanting.features["wanting_liking_gap"] > 1.5
    assert pulled.features["wanting_liking_gap"] < 0.0
    assert pulled.features["reward_balance"] > 2.0 > calm.features["reward_balance"] + 1.5
    _, (*_, without) = run([*days, answer("x", 300.0, {"craving": 0.9})], nodes=nodes)
    assert without.features["wanting_liking_gap"] is None
    assert without.features["reward_balance"] is None


@pytest.mark.parametrize(("value", "kinds"), [(["shop", "home"], ["place"]), ("shop", ["place"]), (["home"], []), (None, [])])
def test_what_was_met_is_read_from_the_options_that_were_chosen(value, kinds):
    options = (Option(code="shop", label={"en": "shop"}, cue=CueType.PLACE), Option(code="home", label={"en": "home"}))
    item = Item(id="w", kind=ItemKind.MULTI, text={"en": "?"}, options=options, variable="w", frame=RecallFrame.NOW)
    assert met(item, value) == kinds


def test_a_yes_is_a_meeting_with_the_items_own_kinds():
    item = Item(id="w", kind=ItemKind.YES_NO, text={"en": "?"}, cues=(CueType.MONEY,), variable="w", frame=RecallFrame.NOW, node=Node.R)
    assert (met(item, True), met(item, False)) == (["money"], [])
