"""What an evaluation writes: a page, a report, a section of the model card; and what it says when people are simulated."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.laboratory import evaluation
from api.laboratory.card import BEGINS, ENDS, placed, section
from api.laboratory.plots import landmarks, subgroups
from api.laboratory.words import days_in_words
from models.errors import Invalid
from risk.population.artefact import read
from tests.conftest import ROOT
from tests.risk.population_builders import dataset, people

CARD = f"# Model card\n\nbefore\n\n{BEGINS}\nwhat stood here before\n{ENDS}\n\nafter\n"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("evaluation")
    (folder / "card.md").write_text(CARD)
    some = people(60, 24)
    bare = dataset((*some[:52], *(replace(one, site="far") for one in some[52:])))
    plain = replace(bare, sources=replace(bare.sources, variables=(), events=(), prompts=False, states=()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "read_dataset", lambda *_: plain)
        found = evaluation.run_evaluation(
            folder,
            None,
            folder,
            people=None,
            repeats=20,
            card=folder / "card.md",
            now=datetime(2026, 1, 1, tzinfo=UTC),
            tell=lambda _: None,
        )
    return folder, found


def test_the_page_needs_no_network_and_says_that_people_are_simulated(written: tuple[Path, dict[str, Any]]) -> None:
    text = (written[0] / "report.html").read_text()
    assert "Synthetic: simulated people." in text
    assert "No clinical validity is claimed" in text
    assert "<script" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert text.count("<figure>") >= 6


def test_the_report_is_read_back_as_it_was_found(written: tuple[Path, dict[str, Any]]) -> None:
    folder, found = written
    again = json.loads((folder / "report.json").read_text())
    assert again["targets"]["day"]["models"]["M0"]["pooled"]["auroc"] == found["targets"]["day"]["models"]["M0"]["pooled"]["auroc"]
    assert "NaN" not in (folder / "report.json").read_text()


def test_sites_and_rows_of_a_few_people_are_named_and_say_nothing(written: tuple[Path, dict[str, Any]]) -> None:
    """Eight people are of one site, and few were long enough without use for the last rows."""
    folder, found = written
    sites = found["other_splits"]["day"]["leave_site_out"]["M0"]
    assert sites["far"] == {"people": None, "windows": None}
    assert sorted(one["people"] is None for one in sites.values()) == [False, True, True], "else the few would follow"
    assert found["base_rate_by_site"]["far"] is None
    silent = [one for one in found["hazard"] if one["days"] is None]
    assert silent
    assert all(one["value"] is one["low"] is one["people"] is None for one in silent)
    assert found["least_cell"] == 11
    text = (folder / "report.html").read_text()
    assert "A group of fewer than 11 people is named" in text
    assert re.search(r"site far left out</th>\s*<td[^>]*>kept back</td>", text)
    assert f"| {days_in_words(silent[0])} | kept back | — |" in (folder / "card.md").read_text()


def test_the_model_of_simulated_people_is_refused_by_a_study(written: tuple[Path, dict[str, Any]]) -> None:
    folder, found = written
    raw = (folder / found["models"]["day"]["file"]).read_bytes()
    assert read(raw, rehearsal=True).id == found["models"]["day"]["id"]
    with pytest.raises(Invalid, match="simulated people"):
        read(raw)


def test_only_the_cards_own_section_is_made_anew(written: tuple[Path, dict[str, Any]]) -> None:
    folder, found = written
    card = (folder / "card.md").read_text()
    assert card == placed(CARD, section(found))
    assert card.startswith("# Model card\n\nbefore\n\n")
    assert card.endswith("\n\nafter\n")
    assert "what stood here before" not in card
    assert "SYNTHETIC: simulated people" in card
    with pytest.raises(Invalid, match="no place"):
        placed("# Another card", "x")


def test_the_models_card_has_a_place_for_an_evaluation() -> None:
    card = (ROOT / "docs" / "model-card.md").read_text()
    assert placed(card, f"{BEGINS}x{ENDS}").count("x" + ENDS) == 1


def test_an_interval_that_lies_beside_its_value_or_is_not_there_is_drawn_all_the_same() -> None:
    """Of few people the draws may all lie above what was seen in them, or say nothing."""
    rows = [{"value": 0.9, "low": 0.92, "high": 0.97}, {"value": 0.4, "low": 0.1, "high": 0.3}, {"value": 0.5, "low": None, "high": None}]
    landmark = [{"week": week, **one} for week, one in zip((1, 2, 4), rows, strict=True)]
    groups = [{"group": str(place), "auroc": one} for place, one in enumerate(rows)]
    told = {"targets": {"day": {"models": {"M0": {"landmark": landmark}}}}, "subgroups": {"day": {"sex": groups}}, "shipped": "M0"}
    assert all("<svg" in made.svg for make in (landmarks, subgroups) if (made := make(told, "day")))
