"""Rehearsing protocols of one's own, side by side."""

from dataclasses import replace
from pathlib import Path

import pytest

from api import rehearsal_commands
from api.actions.first_run import shipped
from api.rehearsal.happened import Refusal, read
from api.rehearsal_commands import Lived
from models.errors import Conflict
from tests.api.rehearsal.living import Ran, run, settings_of


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The shipped protocol by name and its low-burden variant from a file."""
    home = tmp_path_factory.mktemp("rehearsal")
    (home / "own.json").write_bytes(shipped("oud_low_burden"))
    words = ("--participants", "2", "--days", "4", "--staff", "1", "--seed", "3", "--quiet", "--directory", str(home / "out"))
    result = run("rehearse", "oud", str(home / "own.json"), *words)
    assert result.exception is None, (result.output, result.exception)
    return home / "out", result.output


def _runs(home: Path) -> list[Ran]:
    return [Ran(one, settings_of(one), "", 0) for one in sorted(home.iterdir()) if one.is_dir()]


def test_each_protocol_gets_a_report_and_all_of_them_one_page(both: tuple[Path, str]) -> None:
    home, said = both
    runs = _runs(home)
    assert len(runs) == 2
    assert [one.summary["faults"]["total"] for one in runs] == [0, 0]
    page = (home / "side-by-side.html").read_text()
    assert all(one.summary["protocol"]["title"] in page for one in runs)
    assert "side-by-side.html" in said.replace("\n", "")


def test_the_same_people_live_both_protocols(both: tuple[Path, str]) -> None:
    first, second = (one.happened for one in _runs(both[0]))
    assert [one["zone"] for one in first["persons"]] == [one["zone"] for one in second["persons"]]
    assert first["protocol_checksum"] != second["protocol_checksum"]
    assert first["staff"] == second["staff"] == 1


def test_a_protocol_as_long_as_the_rehearsal_ends_as_a_study_does(both: tuple[Path, str]) -> None:
    """Nobody has to be paused at the end, so no prompt is blocked for it."""
    for one in _runs(both[0]):
        assert one.happened["acts"].get("close", 0) == 0
        assert one.summary["prompts"]["by_reason"].get("paused", 0) == 0


def test_a_broken_promise_is_named(both: tuple[Path, str]) -> None:
    one = _runs(both[0])[0]
    happened, summary = read(one.happened), one.summary
    lived = Lived(one.directory, happened, summary, ())
    assert rehearsal_commands.broken(lived) == []
    wrong = replace(happened, lost=2, refusals=(*happened.refusals, Refusal(409, "response_differs", False, 1)))
    summary["faults"]["counts"]["gap"] = 1
    assert [one.split(" ", 1)[0] for one in rehearsal_commands.broken(Lived(one.directory, wrong, summary, ()))] == ["1", "2", "1"]


def test_a_broken_promise_ends_the_command_with_a_sentence(both: tuple[Path, str]) -> None:
    from api.cli import _end_well

    one = _runs(both[0])[0]
    wrong = replace(read(one.happened), lost=1)
    with pytest.raises(Conflict, match="must never be"):
        _end_well([Lived(one.directory, wrong, one.summary, ())])
