"""`breakwater drift`, `forecast` and `prior` from the command line: their pages, their documents, their exit codes."""

import csv
import json
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from api.actions.first_run import begin, open_database
from api.app import build_house
from api.cli import app
from api.laboratory import drifting
from api.laboratory.streams import read_streams
from api.settings import ApiSettings
from models.errors import Conflict, Invalid
from models.settings import DatabaseSettings
from risk.estimate.prior import PRIOR_FILE, load
from risk.laboratory.foresight import foresight
from risk.population.history import Prompts
from tests.conftest import ROOT
from tests.risk.population_builders import dataset, people

MAPPING = ROOT / "docs" / "examples" / "replay" / "urges.mapping.json"
USUAL = people(50, 24)
SILENT = tuple(replace(one, prompts=Prompts(one.prompts.known, (False,) * 24, one.prompts.latency_hours)) for one in USUAL if one.prompts)


def drift(folder: Path, patch: pytest.MonkeyPatch, now: tuple) -> Result:
    datasets = iter([dataset(now), dataset(USUAL)])
    patch.setattr(drifting, "read_dataset", lambda *_: next(datasets))
    return CliRunner().invoke(app, ["drift", str(folder), "--reference", str(folder), "--report", str(folder / "out")])


def test_a_watch_that_finds_nothing_ends_with_0_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = drift(tmp_path, monkeypatch, people(50, 24, seed=8))
    assert result.exit_code == 0, result.output
    page = (tmp_path / "out" / "report.html").read_text()
    assert "nothing moved" in page
    assert "Synthetic: simulated people." in page
    assert "<script" not in page


def test_a_watch_that_finds_something_ends_with_5_and_names_it_and_what_to_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = drift(tmp_path, monkeypatch, SILENT)
    assert result.exit_code == 5, result.output
    assert "unanswered" in result.output
    report = json.loads((tmp_path / "out" / "report.json").read_bytes())
    assert {"unanswered", "psi"} <= {one["what"] for one in report["found"]}
    assert report["actions"][0]["action"] == "data"
    page = (tmp_path / "out" / "report.html").read_text()
    assert "more prompts are left unanswered" in page
    assert "100.0 % ⚑" in page


def urges(folder: Path, number: int = 10) -> Path:
    """Ten people who answer five times a day for three days; urges to drink go with impulsivity."""
    file, chance, start = folder / "urges.csv", np.random.default_rng(1), datetime(2019, 7, 1, 8)
    with file.open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["ParticipantID", "DateTime", "MIS", "typeOfUrge", "Urge", "CONTROL"])
        for person in range(number):
            for place in range(15):
                at = (start + timedelta(days=place // 5, hours=3 * (place % 5))).strftime("%Y-%m-%dT%H:%M:%SZ")
                impulsive = round(float(chance.uniform(1, 4)), 2)
                drink = int(np.clip(2.0 * impulsive + chance.normal(), 0, 10))
                writer.writerow([f"P{person}", at, impulsive, "DRINK", drink, "NA"])
                writer.writerow([f"P{person}", at, impulsive, "SHOP", int(chance.integers(0, 5)), "NA"])
    return file


def test_a_forecast_tells_both_errors_of_each_way(tmp_path: Path) -> None:
    wanted = ["--mapping", str(MAPPING), "--craving", "urge_drinking", "--repeats", "20", "--quiet"]
    result = CliRunner().invoke(app, ["forecast", str(urges(tmp_path)), *wanted, "--report", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "out" / "report.json").read_bytes())
    assert (report["craving"], report["indicators"], report["answers"]) == (["urge_drinking"], ["impulsivity"], 140)
    error = {kind: one["error"]["shrunk"]["value"] for kind, one in report["kinds"].items()}
    assert error["nowcast"] < 0.6 < error["forecast"], "impulsivity tells, the past does not"
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Two errors, never one" in page
    assert "No clinical validity is claimed" in page
    assert all(way in page for way in ("shrunk", "pooled", "running mean", "unshrunk"))


def test_craving_may_be_any_asked_variable_and_nothing_else(tmp_path: Path) -> None:
    """Urges to shop speak for no node in the protocol; named, they are craving."""
    found = read_streams(urges(tmp_path, 1), MAPPING, ("urge_drinking", "urge_shopping"))
    first = found.people[0][0].answers
    said = list(csv.DictReader((tmp_path / "urges.csv").read_text().splitlines()))[:2]
    assert first["craving"] == pytest.approx(sum(int(row["Urge"]) for row in said) / 20)
    assert set(first) == {"craving", "impulsivity"}
    with pytest.raises(Invalid, match="urge_to_fly"):
        read_streams(tmp_path / "urges.csv", MAPPING, ("urge_to_fly",))


def test_a_value_that_is_not_finite_is_left_out_and_said_and_a_row_cut_short_is_refused(tmp_path: Path) -> None:
    """Neither becomes the end of a scale."""
    file = urges(tmp_path, 1)
    first, *rest = file.read_text().splitlines()
    cells = rest[0].split(",")
    for said in ("NaN", "inf"):
        file.write_text("\n".join([first, ",".join([*cells[:2], said, *cells[3:]]), *rest[1:]]) + "\n")
        found = read_streams(file, MAPPING, ("urge_drinking",))
        assert len(found.people[0]) == 14
        assert "1 that could not be read" in found.notes[0]
    file.write_text("\n".join([first, ",".join(cells[:2]), *rest]) + "\n")
    with pytest.raises(Invalid, match="row 2") as caught:
        read_streams(file, MAPPING, ("urge_drinking",))
    assert caught.value.code == "table_unreadable"


def test_a_craving_that_never_moves_is_nothing_to_foresee(tmp_path: Path) -> None:
    streams = read_streams(urges(tmp_path), MAPPING, ("urge_drinking",))
    alike = [[replace(each, answers={**each.answers, "craving": 0.4}) for each in one] for one in streams.people]
    with pytest.raises(Invalid) as caught:
        foresight(alike, streams.nodes, load((ROOT / "risk" / "estimate" / "priors" / PRIOR_FILE).read_bytes()).document, repeats=20)
    assert caught.value.code == "craving_never_moves"


def test_a_prior_is_learned_into_a_file_that_a_house_starts_with_and_that_is_never_written_over(
    tmp_path: Path,
) -> None:
    data, file = urges(tmp_path, 20), tmp_path / "prior.json"
    wanted = ["prior", str(data), "--mapping", str(MAPPING), "--name", "urges", "--to", str(file), "--quiet"]
    made = CliRunner().invoke(app, wanted)
    assert made.exit_code == 0, made.output
    assert "20 of 20 people" in made.output
    told = json.loads(file.read_bytes())["provenance"]
    assert sha256(data.read_bytes()).hexdigest() in told["dataset"]
    with pytest.raises(Conflict, match="file_exists"):
        CliRunner().invoke(app, wanted, catch_exceptions=False)
    home = tmp_path / "var"
    sessions, keys = open_database(DatabaseSettings(url=f"sqlite:///{home / 'breakwater.db'}", directory=home))
    begin(sessions, keys, ApiSettings())
    started = ApiSettings.read({"BREAKWATER_PRIOR": str(file)})
    assert build_house(sessions, keys, started).mind.prior.document.provenance.used == 20
    simulated = tmp_path / "simulated.json"
    assert CliRunner().invoke(app, [*wanted[:-2], str(simulated), "--synthetic", "--quiet"]).exit_code == 0
    with pytest.raises(Invalid, match="prior_refused"):
        build_house(sessions, keys, ApiSettings(prior=simulated))
    with pytest.raises(Invalid, match="BREAKWATER_PRIOR"):
        build_house(sessions, keys, ApiSettings(prior=tmp_path / "none.json"))
    sessions.close()
