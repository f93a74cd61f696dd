"""A real EMA dataset, and a small one of our own, through the whole house: nothing is lost, nothing is invented."""

import csv
import json
import os
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from api import commands
from api.actions.first_run import open_database
from models.errors import Conflict, Invalid
from models.kinds import Missing
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import DatabaseMark, DecisionRow, Enrollment, Response, RiskEstimateRow, RiskStateRow, Study
from tests.conftest import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "replay"
MAPPING = EXAMPLE / "urges.mapping.json"
DATASET = ROOT.parent / "shared" / "datasets" / "urges_hsi_vanbaal" / "clean-data_hsi.csv"

COLUMNS = ["ParticipantID", "DateTime", "MIS", "typeOfUrge", "Urge", "CONTROL"]
ITEMS = {"DRINK": "drinking", "SMOKE": "smoking", "GAMBLE": "gambling", "SNACK": "snacking", "SHOP": "shopping", "HIT": "hitting"}


def replayed(file: Path, directory: Path) -> dict[str, Any]:
    return commands.replay(DatabaseSettings.read({"BREAKWATER_DIRECTORY": str(directory)}), file, MAPPING, directory, None, lambda *_: None)


def looked_at(directory: Path) -> Sessions:
    return Sessions(DatabaseSettings.read({"BREAKWATER_DIRECTORY": str(directory)}))


def said(file: Path) -> dict[tuple[str, datetime], dict[str, Any]]:
    """What the file says, read here a second time and without the mapping: (person, instant) -> answers."""
    found: dict[tuple[str, datetime], dict[str, Any]] = {}
    with file.open(newline="", encoding="utf-8-sig") as lines:
        for row in csv.DictReader(lines):
            if "NA" in {row["ParticipantID"], row["DateTime"]} or "" in {row["ParticipantID"], row["DateTime"]}:
                continue
            wall = datetime.strptime(row["DateTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=ZoneInfo("Australia/Sydney"))
            answers = found.setdefault((row["ParticipantID"], wall.astimezone(UTC)), {})
            name = ITEMS[row["typeOfUrge"]]
            for item, text, kind in (
                ("impulsivity", row["MIS"], float),
                (f"urge_{name}", row["Urge"], int),
                (f"held_{name}", row["CONTROL"], lambda word: word == "1"),
            ):
                if text not in {"NA", ""}:
                    answers[item] = kind(text)
    return found


def stored(sessions: Sessions) -> list[tuple[datetime, dict[str, Any]]]:
    with sessions.reading() as session:
        rows = session.rows(select(Response.event_time, Response.answers))
    return [(row.event_time, dict(row.answers)) for row in rows]


def counted(pairs: Any) -> Counter[str]:
    return Counter(json.dumps([at.isoformat(), answers], sort_keys=True) for at, answers in pairs)


# A small file of our own


def small(folder: Path, *more: list[str]) -> Path:
    rows = [
        ["P1", "2019-07-01T10:00:00Z", "1.5", "DRINK", "4", "1"],
        ["P1", "2019-07-01T10:00:00Z", "1.5", "SMOKE", "0", "NA"],
        ["P2", "2019-07-01T09:30:00Z", "2", "DRINK", "10", "0"],
        ["P1", "2019-07-01T16:00:00Z", "NA", "HIT", "3", "1"],
        ["NA", "2019-07-01T16:00:00Z", "2", "DRINK", "1", "1"],
        ["P2", "NA", "2", "DRINK", "1", "1"],
        ["P2", "yesterday", "2", "DRINK", "1", "1"],
        ["P2", "2019-07-02T09:30:00Z", "2", "DRINK", "a lot", "1"],
        ["P2", "2019-07-03T09:30:00Z", "2", "DRINK", "11", "1"],
        *more,
    ]
    file = folder / "small.csv"
    with file.open("w", newline="") as lines:
        csv.writer(lines).writerows([COLUMNS, *rows])
    return file


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("replay")
    return folder, replayed(small(folder), folder / "home")


def test_what_the_file_says_is_stored_and_what_it_does_not_say_is_not(place):
    folder, _ = place
    sessions = looked_at(folder / "home")
    at = datetime(2019, 7, 1, tzinfo=UTC)
    assert counted(stored(sessions)) == counted(
        [
            (at.replace(day=1, hour=0), {"impulsivity": 1.5, "urge_drinking": 4, "held_drinking": True, "urge_smoking": 0}),
            (datetime(2019, 6, 30, 23, 30, tzinfo=UTC), {"impulsivity": 2.0, "urge_drinking": 10, "held_drinking": False}),
            (at.replace(hour=6), {"urge_hitting": 3, "held_hitting": True}),
        ]
    )
    sessions.close()


def test_an_item_that_was_not_asked_is_not_shown_and_one_that_was_not_answered_is_skipped(place):
    folder, _ = place
    sessions = looked_at(folder / "home")
    with sessions.reading() as session:
        rows = session.rows(select(Response.answers, Response.missing))
    sessions.close()
    smoker = next(row.missing for row in rows if row.answers.get("urge_smoking") == 0)
    assert smoker["held_smoking"] == Missing.NOT_SHOWN, "asked only of someone with an urge"
    assert smoker["urge_gambling"] == Missing.SKIPPED
    assert all(row.missing.keys().isdisjoint(row.answers) for row in rows)


def test_what_was_left_out_is_counted_by_reason_and_line(place):
    folder, report = place
    assert (report["read"], report["stored_now"], report["people"], report["without_time"]) == (7, 3, 2, 1)
    reasons = {tuple(one["lines"]): one["reason"] for one in report["refused"]}
    assert reasons.keys() == {(6,), (8,), (9,), (10,)}
    assert (reasons[6,], reasons[8,], reasons[9,]) == ("no_person_id", "unreadable_time", "unreadable_value:urge_drinking")
    assert "/answers/urge_drinking/value:out_of_range" in reasons[10,]
    assert json.loads((folder / "home" / "replay-report.json").read_bytes()) == report


def test_every_answer_has_its_decision_point_and_its_estimate(place):
    folder, report = place
    assert (report["decision_points"], report["estimates"]) == (3, 3)
    sessions = looked_at(folder / "home")
    with sessions.reading() as session:
        assert session.value(select(func.count()).select_from(RiskStateRow)) == 2
        assert session.value(select(DatabaseMark.rehearsal)) is True
        moved = session.value(select(DatabaseMark.study_now))
    sessions.close()
    assert moved == datetime(2019, 7, 2, 23, 30, tzinfo=UTC), "study time stands where the last answer was"


def test_the_same_file_again_and_one_line_more_stores_only_that_line(place):
    folder, first = place
    more = small(folder, ["P2", "2019-07-04T09:30:00Z", "2", "DRINK", "3", "1"])
    report = replayed(more, folder / "home")
    assert (report["stored_before"], report["stored_now"], report["stored_in_all"]) == (3, 1, 4)
    assert report["decision_points"] == 4
    sessions = looked_at(folder / "home")
    with sessions.reading() as session:
        assert session.value(select(func.count()).select_from(Enrollment)) == 2
        assert session.value(select(func.count()).select_from(Study)) == 1
    sessions.close()
    assert report["refused"] == first["refused"]


def test_the_dataset_is_exported_beside_it(place):
    _, report = place
    with zipfile.ZipFile(report["export"]) as archive:
        assert archive.testzip() is None
        told = {name: list(csv.DictReader(archive.read(name).decode().splitlines())) for name in ("decisions.csv", "estimates.csv")}
        assert {name: len(rows) for name, rows in told.items()} == {"decisions.csv": 3, "estimates.csv": 3}


def test_a_mapping_that_names_what_is_not_there_says_where(tmp_path):
    broken = json.loads(MAPPING.read_text())
    broken["time"]["format"] = 7
    (tmp_path / "m.json").write_text(json.dumps(broken))
    with pytest.raises(Invalid) as caught:
        commands.replay(DatabaseSettings.read({}), small(tmp_path), tmp_path / "m.json", tmp_path / "x", None, lambda *_: None)
    assert [fault.pointer for fault in caught.value.faults] == ["/time/format"]
    broken["time"]["format"], broken["person"] = "%Y", "nobody"
    (tmp_path / "m.json").write_text(json.dumps(broken))
    with pytest.raises(Invalid, match="nobody"):
        commands.replay(DatabaseSettings.read({}), small(tmp_path), tmp_path / "m.json", tmp_path / "x", None, lambda *_: None)
    (tmp_path / "m.json").write_text("{")
    with pytest.raises(Invalid, match="mapping_not_json"):
        commands.replay(DatabaseSettings.read({}), small(tmp_path), tmp_path / "m.json", tmp_path / "x", None, lambda *_: None)


def test_a_database_of_a_real_study_is_never_replayed_into(tmp_path):
    sessions, _ = open_database(DatabaseSettings.read({"BREAKWATER_DIRECTORY": str(tmp_path)}), rehearsal=False)
    sessions.close()
    with pytest.raises(Conflict, match="not_a_rehearsal"):
        replayed(small(tmp_path), tmp_path)


# The real one


WHOLE = os.environ.get("WHOLE_DATASETS") == "1"
"""Everybody of the study, which takes most of a minute; else some of them, and who was not named."""


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], int]:
    """The folder with the file and its replay, the report, and how many answers the file has of somebody."""
    if not DATASET.exists():
        pytest.skip("the research data are not beside the checkout")
    folder = tmp_path_factory.mktemp("urges")
    head, *lines = DATASET.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    column = next(csv.reader([head])).index("ParticipantID")
    names = [row[column] for row in csv.reader(lines)]
    some = {*sorted({*names} - {"NA", ""})[:12], "NA", ""}
    kept = [line for name, line in zip(names, lines, strict=True) if WHOLE or name in some]
    (folder / DATASET.name).write_text("".join([head, *kept]))
    return folder, replayed(folder / DATASET.name, folder / "home"), len(said(folder / DATASET.name))


@pytest.mark.dataset
def test_all_answers_of_the_urge_study_are_stored_but_the_two_that_name_nobody(real):
    _, report, number = real
    people = 47 if WHOLE else 12
    assert number == 1326 if WHOLE else number > 250
    assert (report["read"], report["stored_now"], report["stored_in_all"], report["people"]) == (number + 2, number, number, people)
    assert [one["reason"] for one in report["refused"]] == ["no_person_id", "no_person_id"]


@pytest.mark.dataset
def test_each_has_one_decision_point_and_one_estimate(real):
    folder, report, number = real
    assert (report["decision_points"], report["estimates"]) == (number, number)
    sessions = looked_at(folder / "home")
    with sessions.reading() as session:
        for table in (DecisionRow, RiskEstimateRow):
            assert session.value(select(func.count(table.response_id.distinct()))) == number
        assert session.value(select(func.count()).select_from(RiskStateRow).where(RiskStateRow.stale)) == 0
    sessions.close()


@pytest.mark.dataset
def test_nothing_in_the_database_is_invented(real):
    folder, _, _ = real
    sessions = looked_at(folder / "home")
    assert counted(stored(sessions)) == counted((at, answers) for (_, at), answers in said(folder / DATASET.name).items())
    with sessions.reading() as session:
        for row in session.rows(select(Response.answers, Response.missing)):
            for name in ITEMS.values():
                if row.answers.get(f"urge_{name}", 0) == 0:
                    assert row.missing[f"held_{name}"] == Missing.NOT_SHOWN
    sessions.close()


@pytest.mark.dataset
def test_a_second_replay_stores_nothing_new(real):
    """A part of the same file: ids are derived from the data, so a part finds its own rows again."""
    folder, _, number = real
    part = folder / "part" / DATASET.name
    part.parent.mkdir()
    part.write_text("".join((folder / DATASET.name).read_text().splitlines(keepends=True)[: 1 + 6 * 60]))
    report = replayed(part, folder / "home")
    assert (report["stored_now"], report["stored_before"], report["stored_in_all"]) == (0, len(said(part)), number)
    assert (report["decision_points"], report["estimates"]) == (number, number)
