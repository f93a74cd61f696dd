"""What stands in the tables of a dataset."""

import hashlib
import json
import runpy
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.counted import by_design
from models.dataset.recent import recent
from models.queries.adherence import person_groups
from models.queries.planning import planned_events
from models.sealed import Keys
from models.session import Sessions
from models.settings import DatabaseSettings
from tests.models.dataset_story import CUT, SECRET, World, build_world, document, everything, table

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def world(sqlite_template: Path, keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("dataset")
    shutil.copy(sqlite_template, directory / "breakwater.db")
    sessions = Sessions(DatabaseSettings(url=f"sqlite:///{directory / 'breakwater.db'}", directory=directory))
    yield build_world(sessions, keys)
    sessions.close()


@pytest.fixture(scope="module")
def archive(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once: the tests only read it."""
    return world.build(world.ask(formats=("csv", "parquet")), tmp_path_factory.mktemp("exports")).path


def test_both_databases_give_the_same_rows(sessions: Sessions, keys: Keys, tmp_path: Path, archive: Path) -> None:
    here = build_world(sessions, keys)
    built = here.build(here.ask(), tmp_path)
    assert dict(built.rows) == document(archive, "MANIFEST.json")["rows"]
    for name in built.rows:
        assert [without_ids(row) for row in table(built.path, name)] == [without_ids(row) for row in table(archive, name)], name


def without_ids(row: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in row.items() if not name.endswith("_id")}


def by_beep(archive: Path) -> list[dict[str, str]]:
    return sorted((row for row in table(archive, "prompts") if row["row_kind"] == "prompt"), key=lambda row: int(row["counter"]))


def test_every_fate_of_a_prompt_is_a_row(archive: Path) -> None:
    rows = by_beep(archive)
    assert [row["status"] for row in rows] == ["completed", "missed", "expired", "not_sent", "open"]
    assert [row["beep"] for row in rows] == ["1", "2", "3", "4", "1"]
    assert [row["day"] for row in rows] == ["1", "1", "1", "1", "2"]
    assert [row["study_day"] for row in rows] == ["2", "2", "2", "2", "3"]
    assert rows[2]["timing"] == "after_expiry"
    assert rows[3]["reason"] == "travel"


def test_vanished_and_coming_slots_stand_in_the_schedule_alone(archive: Path) -> None:
    states = {row["prompt_id"]: row["state"] for row in table(archive, "schedule")}
    asked = {row["prompt_id"] for row in by_beep(archive)}
    assert len(states) == 7
    assert sorted(states[one] for one in states.keys() - asked) == ["planned", "superseded"]


def test_the_prompt_row_holds_the_newest_revision_and_the_long_table_all(archive: Path) -> None:
    done = by_beep(archive)[0]
    assert (done["m_stress"], done["edited"], done["revision"]) == ("9.0", "1", "2")
    said = {
        (row["revision"], row["newest"]): row["value_number"]
        for row in table(archive, "answers_long")
        if row["item"] == "m_stress" and row["prompt_id"] == done["prompt_id"]
    }
    assert said == {("1", "0"): "4.0", ("2", "1"): "9.0"}


def test_the_four_kinds_of_nothing_have_four_codes(archive: Path) -> None:
    done = by_beep(archive)[0]
    assert [done[item] for item in ("m_intrude", "m_relief", "m_crave_why", "m_doing", "m_doing__work")] == [
        "-77", "-88", "-99", "-66", "-66",
    ]  # fmt: skip
    missed = by_beep(archive)[1]
    assert missed["m_intrude"] == ""
    assert {row["missing"] for row in table(archive, "answers_long")} == {"", "not_shown", "declined", "skipped", "not_reached"}


def test_several_choices_are_a_text_and_columns_of_yes_and_no(archive: Path) -> None:
    done = by_beep(archive)[0]
    assert done["m_cue_types"] == "person;money"
    assert (done["m_cue_types__person"], done["m_cue_types__place"]) == ("1", "0")


def test_times_are_local_with_offset_and_utc(archive: Path) -> None:
    done = by_beep(archive)[0]
    assert done["scheduled_local"] == "2026-03-05T10:00:00.000-05:00"
    assert done["scheduled_utc"] == "2026-03-05T15:00:00.000Z"
    assert (done["response_latency_s"], done["duration_s"]) == ("120.0", "60.0")
    assert done["first_answer_utc"] == "2026-03-05T15:03:30.000Z"


def test_nothing_that_names_someone_leaves(world: World, archive: Path) -> None:
    everything_said = everything(archive)
    for word in (SECRET, "Oak Street", str(world.person.enrollment_uid), str(world.person.participant_uid), str(world.person.device_uid)):
        assert word.encode() not in everything_said
    [entry] = [row for row in table(archive, "prompts") if row["row_kind"] == "entry"]
    assert entry["m_cue_own__given"] == "1"
    assert "m_cue_own" not in entry
    [said] = [row for row in table(archive, "answers_long") if row["item"] == "m_cue_own"]
    assert (said["value"], said["withheld"]) == ("", "1")


def test_ids_hold_within_a_release_and_cannot_be_linked_to_another(world: World, tmp_path: Path) -> None:
    def people(release: str) -> set[str]:
        return {row["participant_id"] for row in table(world.build(world.ask(release=release), tmp_path).path, "participants")}

    assert people("a") == people("a")
    assert people("a").isdisjoint(people("b"))


def test_decisions_have_the_layout_of_a_micro_randomized_trial(archive: Path) -> None:
    first, second = table(archive, "decisions")
    assert [first["decision_point"], first["availability"], first["treatment"]] == ["1", "1", "1"]
    assert [second["decision_point"], second["treatment"], second["content"]] == ["2", "0", ""]
    assert first["prob_treatment"] == second["prob_treatment"] != ""
    assert (first["outcome_status"], first["outcome"]) == ("observed", "0.4")
    assert (second["outcome_status"], second["outcome"]) == ("pending", "")
    assert json.loads(first["tailoring"]) == {"level": 62.0, "has_scene": True}


def test_estimates_keep_what_was_known_then(archive: Path) -> None:
    assert [(row["revision"], row["level"]) for row in table(archive, "estimates")] == [("1", "62.0"), ("2", "63.0")]


def test_an_alert_stands_as_its_events_left_it(archive: Path) -> None:
    [alert] = table(archive, "alerts")
    assert (alert["state"], alert["minutes_to_acknowledge"], alert["disposition"]) == ("acknowledged", "6.0", "")
    assert [row["actor"] for row in table(archive, "alert_events")] == ["system", "staff"]


def test_the_days_that_designs_count_from_can_be_worked_out_from_the_export(world: World, archive: Path) -> None:
    rows = table(archive, "planned_events")
    assert [(row["kind"], row["revision"], row["stands"], row["day"]) for row in rows] == [
        ("quit_day", "1", "0", "2026-03-09"), ("visit", "1", "0", "2026-03-05"),
        ("quit_day", "2", "1", "2026-03-11"), ("visit", "2", "1", "2026-03-05"),
    ]  # fmt: skip
    stands = [row for row in rows if row["stands"] == "1" and row["intention"] == "planned"]
    with world.sessions.reading() as session:
        used = planned_events(session, [world.person.enrollment_id])
    assert [(row["kind"], row["day"], row["wall"], row["recorded_utc"][:19]) for row in stands] == [
        (row.kind.value, row.day.isoformat(), row.wall, row.recorded_at.isoformat()[:19]) for row in used
    ]
    assert [row["event_id"] for row in rows if row["intention"] == "happened"] == [
        row["event_id"] for row in table(archive, "timed_events")
    ]


def test_compliance_shows_both_numerators_and_the_denominator(archive: Path) -> None:
    everything_asked, design = table(archive, "compliance")
    assert everything_asked["design"] == "(all)"
    assert design["design"] == "random_checks"
    counted = {
        name: everything_asked[name] for name in ("planned", "not_sent", "open", "denominator", "completed_on_time", "completed_ever")
    }
    assert counted == {
        "planned": "4", "not_sent": "1", "open": "1", "denominator": "3", "completed_on_time": "1", "completed_ever": "2",
    }  # fmt: skip
    assert document(archive, "MANIFEST.json")["compliance"]["on_time"] == pytest.approx(1 / 3)


def test_the_weeks_of_a_design_add_up_to_its_row_and_have_denominators_of_their_own(archive: Path) -> None:
    counted = ("planned", "not_sent", "withdrawn", "open", "denominator", "completed_on_time", "completed_ever")
    sums: dict[str, list[int]] = {}
    for row in table(archive, "compliance_weeks"):
        before = sums.get(row["design"], [0] * len(counted))
        sums[row["design"]] = [had + int(row[name]) for had, name in zip(before, counted, strict=True)]
    assert sums == {row["design"]: [int(row[name]) for name in counted] for row in table(archive, "compliance")}
    assert {row["week"] for row in table(archive, "compliance_weeks")} == {"1"}


def test_what_staff_see_of_a_person_is_what_the_dataset_counts(world: World, archive: Path) -> None:
    with world.sessions.reading() as session:
        groups = person_groups(session, world.person.enrollment_id, now=CUT)
        live = recent(session, [world.person.enrollment_id], at=CUT, now=CUT)[world.person.enrollment_id]
    (exported,) = [row for row in table(archive, "compliance") if row["design"] == "random_checks"]
    (seen,) = by_design(groups, now=CUT)[1:]
    assert {name: str(value) for name, value in seen.model_dump().items() if name in exported and "compliance" not in name} == {
        name: exported[name] for name in exported if name in type(seen).model_fields and "compliance" not in name
    }
    assert seen.compliance_on_time == live.adherence == pytest.approx(float(exported["compliance_on_time"]))


def test_the_manifest_names_the_digest_of_every_other_file(archive: Path) -> None:
    manifest = document(archive, "MANIFEST.json")
    with zipfile.ZipFile(archive) as opened:
        digests = {name: hashlib.sha256(opened.read(name)).hexdigest() for name in opened.namelist() if name != "MANIFEST.json"}
    assert digests == {name: one["sha256"] for name, one in manifest["files"].items()}
    assert manifest["purpose"] == "Testing the dataset."
    assert any("42 CFR Part 2" in said for said in manifest["statements"])
    assert any("Certificate of Confidentiality" in said for said in manifest["statements"])


def test_parquet_holds_the_same_rows_with_types(archive: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    with zipfile.ZipFile(archive) as opened:
        opened.extract("prompts.parquet", tmp_path)
    rows = parquet.read_table(tmp_path / "prompts.parquet").to_pylist()
    done = next(row for row in rows if row["status"] == "completed" and row["row_kind"] == "prompt")
    assert (done["m_stress"], done["m_cue"], done["m_intrude"], done["m_cue_types__person"]) == (9.0, True, None, True)
    assert done["scheduled_utc"].isoformat() == "2026-03-05T15:00:00+00:00"
    assert len(rows) == len(table(archive, "prompts"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::PendingDeprecationWarning")
def test_the_data_package_is_valid(archive: Path, tmp_path: Path) -> None:
    frictionless = pytest.importorskip("frictionless")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "open")
    report = frictionless.validate(str(tmp_path / "open" / "datapackage.json"))
    assert report.flatten(["taskTitle", "rowNumber", "fieldName", "message"]) == []
    assert report.valid
    assert report.stats["tasks"] == 22


def test_the_example_opens_the_archive_with_its_types(
    archive: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pandas = pytest.importorskip("pandas")
    script = str(ROOT / "docs" / "examples" / "open_dataset.py")
    monkeypatch.setattr(sys, "argv", [script, str(archive)])
    runpy.run_path(script, run_name="__main__")
    said = capsys.readouterr().out
    assert "What became of the prompts" in said
    assert "not_reached" in said
    example = runpy.run_path(script)
    prompts = example["Dataset"](archive).table("prompts")
    assert pandas.api.types.is_float_dtype(prompts["m_stress"])
    assert prompts["m_intrude"].isna().all()
    assert str(prompts["scheduled_utc"].dtype).endswith("UTC]")
    assert prompts["m_cue"].dropna().astype(bool).sum() == 1
