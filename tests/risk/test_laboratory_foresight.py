"""Craving foreseen and read: nothing is heard before its time, and what is shrunk is best or equal."""

from dataclasses import replace
from typing import Any

import pytest

from api.laboratory.streams import PROMPTED, read_streams
from models.errors import Invalid
from risk.estimate.nodes import ItemNode, Nodes
from risk.laboratory import foresight as lab
from risk.laboratory.learned_prior import CRAVING, learned, of_craving
from risk.terms import Observation
from tests.conftest import ROOT
from tests.risk.estimate_streams import PRIOR, answer, people

NODES = Nodes(
    {
        name: ItemNode(name, node)
        for name, node in ((CRAVING, "C"), ("cue_met", "R"), ("stress", "S"), ("control", "E"), ("withdrawal", "W"))
    }
)
STREAMS = [stream for _, stream in people(15, 12, seed=7)]
EXAMPLE = ROOT / "docs" / "examples" / "replay" / "urges.mapping.json"
DATASET = ROOT.parent / "shared" / "datasets" / "urges_hsi_vanbaal" / "clean-data_hsi.csv"
URGES = tuple(f"urge_{one}" for one in ("drinking", "smoking", "gambling", "snacking", "shopping", "hitting"))


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return lab.foresight(STREAMS, NODES, PRIOR.document, repeats=50)


def test_shrunk_couplings_beat_none_and_those_of_the_person_alone(report: dict[str, Any]) -> None:
    for kind in lab.KINDS:
        error = {way: one["value"] for way, one in report["kinds"][kind]["error"].items()}
        assert error["shrunk"] < min(error["running mean"], error["unshrunk"])
        assert error["shrunk"] < error["pooled"] + 0.02


def test_what_is_present_says_more_than_what_was(report: dict[str, Any]) -> None:
    now, ahead = (report["kinds"][kind]["error"]["shrunk"]["value"] for kind in ("nowcast", "forecast"))
    assert now < ahead - 0.05


def test_every_fold_tells_its_own_and_people_are_whole(report: dict[str, Any]) -> None:
    folds = report["kinds"]["forecast"]["by_fold"]
    assert [one["people"] for one in folds] == [3] * 5
    assert report["answers"] == sum(len(one) - 1 for one in STREAMS)


def changed(stream: list[Observation], **answers: float) -> list[Observation]:
    """The same with other answers in the last observation."""
    return [*stream[:-1], replace(stream[-1], answers={**stream[-1].answers, **answers})]


def test_no_way_hears_the_craving_that_it_expects() -> None:
    for change in lab.WAYS.values():
        prior = lab.changed(PRIOR.document, change)
        _, ahead, now = lab._followed(STREAMS[0], NODES, prior)[-1]
        other = lab._followed(changed(STREAMS[0], craving=0.97), NODES, prior)[-1]
        assert other == (0.97, ahead, now)


def test_a_forecast_does_not_hear_what_is_said_with_the_craving_and_a_nowcast_does() -> None:
    _, ahead, now = lab._followed(STREAMS[0], NODES, PRIOR)[-1]
    _, still, moved = lab._followed(changed(STREAMS[0], stress=1.0, cue_met=1.0), NODES, PRIOR)[-1]
    assert ahead == still
    assert moved > now


def test_the_running_mean_says_the_same_whatever_is_present() -> None:
    prior = lab.changed(PRIOR.document, lab.WAYS["running mean"])
    _, ahead, now = lab._followed(STREAMS[0], NODES, prior, alone=True)[-1]
    assert now == ahead
    assert lab._followed(changed(STREAMS[0], stress=1.0), NODES, prior, alone=True)[-1][1:] == (ahead, now)
    assert lab._followed(STREAMS[0], NODES, prior)[-1][1] == pytest.approx(ahead, abs=1e-3), "as couplings of nought forecast"


def test_a_prior_finds_couplings_that_are_there_and_their_spread() -> None:
    """The simulator's cue 0.45 and stress 0.30 in deviations of craving of 1 / 0.2, cue and stress on scales of their own."""
    found = learned([stream for _, stream in people(60, 14, seed=3)], NODES, PRIOR.document).document
    row = found.coupling
    assert row["R"].mean > row["S"].mean > row["E"].mean > 0.0
    assert 0.05 < row["R"].sd < 0.5
    assert row["RS"].mean_square > 0.0
    assert row["content"] == PRIOR.document.coupling["content"], "never met, so as assumed"
    assert found.variables["stress"].mean == pytest.approx(0.48, abs=0.05)


def test_craving_of_several_variables_is_their_mean_where_all_were_answered() -> None:
    both, one = answer("a", 1.0, {"x": 0.2, "y": 0.6, "z": 0.5}), answer("b", 2.0, {"x": 0.2, "z": 0.5})
    first, second = of_craving([both, one], ("x", "y"))
    assert first.answers == {"z": 0.5, CRAVING: pytest.approx(0.4)}
    assert second.answers == {"z": 0.5}
    assert of_craving([answer("c", 3.0, {"x": 0.0})], ("x",))[0].floor == {CRAVING}


def test_too_few_people_are_refused() -> None:
    with pytest.raises(Invalid, match="too few"):
        lab.foresight(STREAMS[:9], NODES, PRIOR.document)


@pytest.mark.dataset
@pytest.mark.skipif(not DATASET.is_file(), reason="the research data are not beside the checkout")
def test_on_real_urges_shrunk_is_best_or_equal_in_each_fold_forecast_and_nowcast_apart() -> None:
    """Table 2.2 of the risk model has 0.589, 0.527, 0.527 and 0.703 for running mean, pooled, shrunk and unshrunk, of a prototype."""
    found = read_streams(DATASET, EXAMPLE, URGES)
    assert PROMPTED in found.notes
    report = lab.foresight(found.people, found.nodes, PRIOR.document)
    assert (report["people"], report["answers"]) == (46, 1257)
    for kind in lab.KINDS:
        one = report["kinds"][kind]
        assert all(gap["best_or_equal"] for gap in one["shrunk_less"].values())
        assert [all(gap["best_or_equal"] for gap in fold["shrunk_less"].values()) for fold in one["by_fold"]] == [True] * 5
        assert one["shrunk_less"]["running mean"]["high"] < 0.0
        assert one["shrunk_less"]["unshrunk"]["high"] < 0.0
    assert report["kinds"]["forecast"]["error"]["shrunk"]["value"] == pytest.approx(0.60, abs=0.06)
    assert report["kinds"]["nowcast"]["error"]["shrunk"]["value"] == pytest.approx(0.49, abs=0.05)
