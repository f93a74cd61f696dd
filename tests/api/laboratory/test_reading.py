"""Datasets as histories: the house's own export and foreign tables, nothing guessed, every refusal with its place."""

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from api.actions.first_run import shipped
from api.laboratory.foreign import read_foreign
from api.laboratory.mapping import load_mapping
from api.laboratory.own_layout import read_own
from api.laboratory.streams import read_streams
from models.errors import Invalid
from risk.population.features import columns, features_at
from risk.population.history import Told
from risk.population.windows import USE, make_windows
from tests.conftest import ROOT

MAPPING = ROOT / "docs" / "examples" / "evaluate" / "ctn0094.mapping.json"
DATASET = ROOT.parent / "shared" / "datasets" / "ctn0094_oud_trials"


def mapping(folder: Path, **changes: Any) -> Path:
    place = {"table": "use.csv", "day": "day"}
    document = {
        "schema": "breakwater.evaluation/1",
        "title": "t",
        "source": "s",
        "synthetic": False,
        "person": "who",
        "missing": [""],
        "followed": {
            "start": {"table": "start.csv", "day": "day"},
            "until": [place],
            "longest_days": 20,
            "least_days": 5,
            "look_back_days": 7,
        },
        "use": place | {"where": {"what": ["heroin"]}},
        "series": {"pain": {"table": "pain.csv", "day": "day", "value": "pain", "minimum": 0, "maximum": 10, "node": "W"}},
        "groups": {"age": {"table": "start.csv", "column": "age", "cuts": [30]}},
    }
    path = folder / "mapping.json"
    path.write_text(json.dumps(document | changes))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "start.csv").write_text("who,day,age\n1,3,29\n2,3,30\n10,3,\n")
    (tmp_path / "use.csv").write_text("who,day,what\n1,1,heroin\n1,6,heroin\n1,6,heroin\n1,12,alcohol\n2,99,heroin\n10,4,heroin\n")
    (tmp_path / "pain.csv").write_text("who,day,pain\n1,5,5\n1,6,\n")
    return tmp_path


def test_tables_become_histories_by_their_mapping(folder: Path) -> None:
    found = read_foreign(folder, load_mapping(mapping(folder)))
    one, two = found.people  # the third was followed too shortly
    assert (one.person, one.first, one.last, one.since) == ("1", 3, 12, -4)
    assert one.uses == Told((1.0, 6.0), (2.0, 7.0))
    assert (one.series["pain"].known, one.series["pain"].values) == ((6.0,), (0.5,))
    assert (two.last, one.groups, two.groups) == (23, {"age": "under 30"}, {"age": "30 and over"})


def test_a_thing_of_a_day_is_not_read_before_the_day_is_over(folder: Path) -> None:
    refused = mapping(folder, use={"table": "use.csv", "day": "day", "known_after_days": 0})
    with pytest.raises(Invalid) as caught:
        load_mapping(refused)
    assert caught.value.faults[0].pointer == "/use/known_after_days"


def test_what_the_mapping_names_and_the_folder_lacks_is_named(folder: Path) -> None:
    with pytest.raises(Invalid, match=r"no table gone\.csv"):
        read_foreign(folder, load_mapping(mapping(folder, use={"table": "gone.csv", "day": "day"})))
    with pytest.raises(Invalid, match="lacks the columns when"):
        read_foreign(folder, load_mapping(mapping(folder, use={"table": "use.csv", "day": "when"})))
    with pytest.raises(Invalid, match=r"no table \.\./use\.csv"):
        read_foreign(folder, load_mapping(mapping(folder, use={"table": "../use.csv", "day": "day"})))


def test_a_value_that_is_no_number_is_refused_without_being_repeated(folder: Path) -> None:
    (folder / "pain.csv").write_text("who,day,pain\n1,5,secret\n")
    with pytest.raises(Invalid, match=r"pain.csv, column pain") as caught:
        read_foreign(folder, load_mapping(mapping(folder)))
    assert "secret" not in caught.value.detail


@pytest.mark.parametrize("said", ["NaN", "nan", "inf", "-Infinity"])
def test_what_is_not_finite_is_no_number_and_never_becomes_the_end_of_a_scale(folder: Path, said: str) -> None:
    (folder / "pain.csv").write_text(f"who,day,pain\n1,5,{said}\n")
    with pytest.raises(Invalid, match=r"pain.csv, column pain") as caught:
        read_foreign(folder, load_mapping(mapping(folder)))
    assert caught.value.code == "value_unreadable"


@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("pain.csv", b"who,day,pain\n1,5,5\n1,6\n", "row 3"),
        ("pain.csv", b"who,day,pain\n1,5,5,9\n", "row 2"),
        ("pain.csv", "who,day,pain,né\n1,5,5,1\n".encode("latin-1"), "UTF-8"),
        ("pain.csv.gz", b"who,day,pain\n1,5,5\n", "packed"),
        ("pain.csv.gz", gzip.compress(b"who,day,pain\n" + bytes(range(48, 58)) * 50, mtime=0)[:-9], "packed"),
    ],
    ids=["short", "long", "latin_1", "not_packed", "cut"],
)
def test_a_table_that_is_damaged_is_refused_by_its_name_and_row(folder: Path, name: str, raw: bytes, words: str) -> None:
    (folder / name).write_bytes(raw)
    series = {"pain": {"table": name, "day": "day", "value": "pain", "minimum": 0, "maximum": 10}}
    with pytest.raises(Invalid, match=words) as caught:
        read_foreign(folder, load_mapping(mapping(folder, series=series)))
    assert caught.value.code == "table_unreadable"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"series": {"pain": {"table": "pain.csv", "day": "day", "value": "pain", "minimum": 5, "maximum": 5}}}, "one number"),
        ({"groups": {"age": {"table": "start.csv", "column": "age", "cuts": [30, 10]}}}, "do not rise"),
    ],
)
def test_a_scale_without_width_and_bands_out_of_order_are_refused_in_the_mapping(folder: Path, changed: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        load_mapping(mapping(folder, **changed))
    assert caught.value.code == "mapping_invalid"
    assert caught.value.faults[0].pointer in {"/series/pain", "/groups/age"}


def test_the_place_of_a_fault_in_a_mapping_leads_into_the_document(folder: Path) -> None:
    """Also among members of any name, where the reader's own words say only that it is one of them."""
    good = {"table": "pain.csv", "day": "day", "value": "pain", "minimum": 0, "maximum": 10}
    series = {"a/b": good, "c~d": {**good, "maximum": "ten"}, "e": good, "f": {**good, "maximum": "ten"}}
    with pytest.raises(Invalid) as caught:
        load_mapping(mapping(folder, series=series))
    assert caught.value.faults[0].pointer == "/series/c~0d/maximum"


def table(*rows: dict[str, str]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def prompt(number: int, day: int, received: str) -> dict[str, str]:
    row = {"participant_id": "p1", "row_kind": "prompt", "response_id": f"r{number}", "status": "completed", "study_day": str(day)}
    return row | {"server_received_utc": received, "expired_utc": "", "sent_utc": received, "response_latency_s": "60"}


def answer(number: int, variable: str, item: str, value: str, at: str) -> dict[str, str]:
    row = {"participant_id": "p1", "response_id": f"r{number}", "newest": "1", "protocol_revision": "1", "event_time_utc": at}
    row |= {"instrument": {"am": "morning", "pm": "evening", "m": "momentary"}[item.split("_", maxsplit=1)[0]]}
    return row | {"item": item, "variable": variable, "value": value, "value_number": value if value.isdigit() else ""}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    evening, late, morning = "2026-03-07T01:30:00Z", "2026-03-08T01:30:00Z", "2026-03-08T13:00:00Z"
    files = {
        "MANIFEST.json": json.dumps(
            {"study": {"title": "T"}, "release": "1", "as_of": "2026-04-01", "format": "breakwater.dataset/1", "synthetic": True}
        ),
        "participants.csv": table(
            {
                "participant_id": "p1",
                "start_date": "2026-03-06",
                "iana_tz": "America/New_York",
                "last_study_day": "5",
                "site": "s",
                "arm": "",
            }
        ),
        "items.csv": table({"protocol_revision": "1"}),
        "prompts.csv": table(prompt(1, 1, evening), prompt(2, 2, "2026-03-09T15:00:00Z"), prompt(3, 3, morning)),
        "answers_long.csv": table(
            answer(1, "opioid_use", "pm_use", "no", evening),
            answer(1, "craving", "m_crave_now", "1", evening),
            answer(2, "opioid_use", "pm_use", "yes", late),
            answer(3, "opioid_use", "pm_use", "rather_not", morning),
            answer(3, "medicine", "am_moud", "missed", morning),
        ),
        "timed_events.csv": table(
            {"participant_id": "p1", "kind": "use", "happened_utc": late, "reported_utc": "", "retracted": "1"},
            {"participant_id": "p1", "kind": "dose", "happened_utc": morning, "reported_utc": morning, "retracted": "0"},
        ),
        "estimates.csv": table(
            {
                "participant_id": "p1",
                "revision": "1",
                "as_of_utc": evening,
                "made_utc": morning,
                "detail": json.dumps({"features": {"level": 40.0, "rise": None}, "contributions": {"S": 0.2}}),
            }
        ),
        "protocol/revision-1.json": shipped("oud").decode(),
    }
    path = tmp_path / "dataset.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def test_the_houses_own_export_becomes_histories(export: Path) -> None:
    (one,) = (found := read_own(export)).people
    assert (found.synthetic, one.first, one.last, one.site) == (True, 1, 5, "s")
    assert one.followed == frozenset({0, 1})
    assert one.uses.at == (1.0,)
    assert one.uses.known[0] == pytest.approx(3 + 11 / 24)  # told on day 1, uploaded two days later: not known before
    assert one.series["craving"].values == (0.1,)
    assert one.events["missed_dose"].at == (1.0,)  # the morning asks about the day before
    assert one.events["dose"].at == (2.0,)
    assert (one.states["level"].known, set(one.states)) == ((pytest.approx(2 + 9 / 24),), {"level", "share:S"})


def test_the_houses_own_export_becomes_answers_as_they_were_asked_or_with_one_craving(export: Path) -> None:
    asked, merged = read_streams(export, None, None), read_streams(export, None, ())
    assert (asked.synthetic, asked.craving, merged.craving) == (True, (), ("craving",))
    speak = [{name for name, node in found.nodes.items() if node.node == "C"} for found in (asked, merged)]
    assert speak[0] > speak[1] == {"craving"}
    assert [found.people[0][0].answers["craving"] for found in (asked, merged)] == [pytest.approx(0.1)] * 2


def test_a_use_that_was_uploaded_late_is_an_outcome_but_not_yet_a_feature(export: Path) -> None:
    found = read_own(export)
    windows = make_windows(found.people, found.sources)
    assert windows.outcome["day"][0] == USE
    names = [one.name for one in columns(found.sources)]
    seen = [features_at(found.people[0], float(day), found.sources)[names.index("use:since_start")] for day in (2, 3, 4)]
    assert seen == [0.0, 0.0, 1.0]


def test_an_archive_that_is_no_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"no archive")
    for path in (tmp_path, tmp_path / "x.zip"):
        with pytest.raises(Invalid, match=r"no MANIFEST.json"):
            read_own(path)
    for manifest in ("{}", "[1]", "not JSON", '{"study": 1, "release": "1", "as_of": "", "format": "", "synthetic": true}'):
        (tmp_path / "MANIFEST.json").write_text(manifest)
        with pytest.raises(Invalid) as caught:
            read_own(tmp_path)
        assert caught.value.code == "not_an_export"


@pytest.mark.dataset
@pytest.mark.skipif(not DATASET.is_dir(), reason="the research data are not beside the checkout")
def test_the_hazard_of_the_trials_is_the_published_one() -> None:
    """Every twelfth person: the day after a use, a week after, and long after (risk-model.md 1.3: 66, 14 and 0.5 %)."""
    found = read_foreign(DATASET, load_mapping(MAPPING))
    assert (len(found.people), sum(one.last - one.first for one in found.people)) == (2115, 279867)
    windows = make_windows(found.people[::12], found.sources)
    since = list(windows.abstinent)

    def share(low: float, high: float) -> float:
        used = [outcome == USE for outcome, days in zip(windows.outcome["day"], since, strict=True) if low <= days <= high]
        return sum(used) / len(used)

    assert share(1, 1) == pytest.approx(0.66, abs=0.08)
    assert share(6, 7) == pytest.approx(0.14, abs=0.05)
    assert share(91, 999) == pytest.approx(0.005, abs=0.006)
