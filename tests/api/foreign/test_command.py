"""`breakwater import` and `breakwater export-dictionary`, as they are called."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli import app
from api.foreign.notes import Kind
from models.definition.load import parse
from models.errors import Conflict, Invalid, Missing
from tests.api.foreign.files import RECORD, assessment, dictionary, questionnaire, radar
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})


def test_a_study_is_imported_with_a_report_of_what_was_not_carried(here):
    (here / "protocol.json").write_bytes(radar(assessment(notification={"text": {"en": "Your treatment diary"}})))
    (here / "check_armt.json").write_bytes(questionnaire({"field_name": "a"}, {"field_name": "b", "branching_logic": "[nowhere] = '1'"}))
    done = called(
        "import", "protocol.json", "check_armt.json", "--report", "new/r.json", "--out", "new/o.json", "--days", "30", "--name", "mine"
    )
    assert done.exit_code == 0, done.output
    protocol = parse((here / "new" / "o.json").read_bytes())
    assert (protocol.name, protocol.length_days, [one.id for one in protocol.instruments]) == ("mine", 30, ["check"])
    report = json.loads((here / "new" / "r.json").read_bytes())
    assert report["warnings_by_kind"] == {
        "frame_assumed": 1,
        "logic_not_carried": 1,
        "push_not_neutral": 1,
        "wake_window_assumed": 1,
    }
    warned = next(one for one in report["warnings"] if one["kind"] == "logic_not_carried")
    assert (warned["file"], warned["place"], warned["field"], warned["original"]) == ("check_armt.json", "/1", "b", "[nowhere] = '1'")
    assert [one["rules"] for one in report["files"]] == [{"found": 0, "parsed": 0, "carried": 0}, {"found": 1, "parsed": 1, "carried": 0}]
    assert report["faults"] == []
    assert "logic_not_carried" in done.output
    assert called("protocol", "check", "new/o.json").exit_code == 0


def test_a_refused_file_does_not_hold_up_the_others_and_is_named(here):
    (here / "good.csv").write_bytes(dictionary(RECORD, {"field_name": "a"}))
    (here / "[bold]bad.json").write_bytes(b"{}")
    done = called("import", "good.csv", "[bold]bad.json")
    assert isinstance(done.exception, Invalid)
    assert [(fault.pointer, fault.rule) for fault in done.exception.faults] == [("[bold]bad.json", "foreign_unknown")]
    assert parse((here / "imported.json").read_bytes()).instruments[0].items[0].id == "a"
    assert [one["file"] for one in json.loads((here / "import-report.json").read_bytes())["refused"]] == ["[bold]bad.json"]


def test_a_protocol_that_someone_worked_on_is_never_written_over(here):
    (here / "good.csv").write_bytes(dictionary(RECORD, {"field_name": "a"}))
    (here / "imported.json").write_text("mine")
    done = called("import", "good.csv")
    assert isinstance(done.exception, Conflict)
    assert (here / "imported.json").read_text() == "mine"


def test_a_report_is_never_written_over_what_was_handed_in(here):
    (here / "good.csv").write_bytes(dictionary(RECORD, {"field_name": "a"}))
    before = (here / "good.csv").read_bytes()
    assert isinstance(called("import", "good.csv", "--report", "good.csv").exception, Conflict)
    assert (here / "good.csv").read_bytes() == before


def test_a_language_that_is_none_is_refused_by_name(here):
    (here / "good.csv").write_bytes(dictionary(RECORD, {"field_name": "a"}))
    done = called("import", "good.csv", "--language", "English")
    assert isinstance(done.exception, Invalid)
    assert [fault.pointer for fault in done.exception.faults] == ["/language"]


def test_where_no_file_can_be_read_there_is_a_report_and_no_protocol(here):
    (here / "bad.json").write_bytes(b"{}")
    done = called("import", "bad.json")
    assert isinstance(done.exception, Invalid)
    assert not (here / "imported.json").exists()
    assert json.loads((here / "import-report.json").read_bytes())["protocol"] is None


def test_two_protocols_are_two_studies(here):
    for name in ("one.json", "two.json"):
        (here / name).write_bytes(radar(assessment()))
    done = called("import", "one.json", "two.json")
    assert isinstance(done.exception, Invalid)
    assert done.exception.code == "foreign_two_protocols"


def test_a_dictionary_and_an_archive_are_exported(here):
    assert called("export-dictionary", "oud", "--out", "all.csv").exit_code == 0
    assert (here / "all.csv").read_bytes().startswith(b"Variable / Field Name,Form Name")
    assert called("export-dictionary", "oud", "--out", "one.zip", "--instrument", "craving").exit_code == 0
    assert called("import", "all.csv", "--out", "1.json").exit_code == 0
    assert called("import", "one.zip", "--out", "2.json").exit_code == 0
    assert [one.id for one in parse((here / "2.json").read_bytes()).instruments] == ["craving"]
    assert called("export-dictionary", "oud", "--out", "one.csv", "--instrument", "craving").exit_code == 0
    assert called("import", "one.csv", "--out", "3.json").exit_code == 0
    assert len(parse((here / "3.json").read_bytes()).items()) == len(parse((here / "2.json").read_bytes()).items())
    assert isinstance(called("export-dictionary", "oud", "--out", "x.zip").exception, Invalid)
    assert isinstance(called("export-dictionary", "oud", "--instrument", "nothing").exception, Missing)
    assert isinstance(called("export-dictionary", "1.json", "--out", "1.json").exception, Conflict)
    assert isinstance(called("export-dictionary", "nowhere.json").exception, Invalid)


def test_every_kind_of_warning_stands_in_the_document_and_no_other():
    lines = (ROOT / "docs" / "importing.md").read_text().splitlines()
    listed = [line.split("|")[1].strip().strip("`") for line in lines if line.startswith("| `") and line.count("|") == 3]
    assert listed == [str(kind) for kind in Kind]
