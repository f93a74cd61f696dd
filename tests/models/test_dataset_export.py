"""Asking for a dataset, building it, and the ledger of to whom it went."""

import hashlib
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from api.counted import by_design
from models.access import Grant, Viewer
from models.dataset.build import build_waiting
from models.errors import Forbidden, Invalid
from models.errors import Missing as NotThere
from models.ids import new_uid
from models.kinds import ExportState, PromptState, Role, Timing
from models.queries.adherence import person_groups
from models.queries.audit import broken_links
from models.queries.export import MISSING_CODES, NA_CODES, export_by_uid, request_of
from models.queries.export_build import LEASE, claim_export, record_download, reopen_export, stopped_since
from models.sealed import Keys
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import Audit, Disclosed, Enrollment, Prompt, Site, Study
from tests.build import NOW, build_person, build_staff, build_study
from tests.models.dataset_story import CUT, MINUTE, Story, World, build_world, document, table


@pytest.fixture
def world(sqlite_settings: DatabaseSettings, keys: Keys) -> Iterator[World]:
    sessions = Sessions(sqlite_settings)
    yield build_world(sessions, keys)
    sessions.close()


def rows_of(world: World, of: Any) -> Any:
    with world.sessions.reading() as session:
        return session.rows(select(of))


def refused(world: World, **changes: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as raised:
        world.ask(**changes)
    return {fault.pointer: fault.rule for fault in raised.value.faults}


def test_a_waiting_export_becomes_ready_with_file_ledger_and_audit(sessions: Sessions, keys: Keys, tmp_path: Path) -> None:
    world = build_world(sessions, keys)
    export_uid = world.ask()
    assert build_waiting(sessions, keys, tmp_path / "exports", now=CUT + MINUTE, limit=3) == 1
    row = world.row(export_uid)
    file = tmp_path / "exports" / row.file_name
    assert (row.state, row.problem, row.rows["prompts"]) == (ExportState.READY, None, 6)
    assert (row.sha256, row.bytes) == (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_size)
    assert file.stat().st_mode & 0o077 == 0
    assert [one.name for one in (tmp_path / "exports").iterdir()] == [row.file_name]
    [line] = rows_of(world, Disclosed.__table__)
    assert (line.enrollment_id, line.recipient, line.export_id) == (world.person.enrollment_id, world.viewer.actor, row.id)
    assert line.purpose == "Testing the dataset."
    with sessions.reading() as session:
        [act] = session.rows(select(Audit).where(Audit.action == "export_built"))
        assert list(broken_links(session, keys, act.chain)) == []
    assert build_waiting(sessions, keys, tmp_path / "exports", now=CUT + MINUTE) == 0


def test_a_build_whose_worker_died_is_started_again(world: World, tmp_path: Path) -> None:
    export_uid = world.ask()
    with world.sessions.transaction() as session:
        claim_export(session, now=CUT)
    (tmp_path / f".{export_uid}.half").mkdir()
    assert build_waiting(world.sessions, world.keys, tmp_path, now=CUT + LEASE - MINUTE) == 0
    assert build_waiting(world.sessions, world.keys, tmp_path, now=CUT + LEASE) == 1
    assert [one.name for one in tmp_path.glob("*.zip")] == [f"{export_uid}.zip"]
    assert not (tmp_path / f".{export_uid}.half").exists()


def test_a_build_that_fails_says_why_without_content(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    export_uid = world.ask(formats=("parquet",))
    assert build_waiting(world.sessions, world.keys, tmp_path, now=CUT) == 0
    row = world.row(export_uid)
    assert (row.state, row.problem) == (ExportState.FAILED, "parquet_unavailable")
    assert list(tmp_path.glob("*.zip")) == []
    assert rows_of(world, Disclosed.__table__) == []
    assert build_waiting(world.sessions, world.keys, tmp_path, now=CUT) == 0


def test_who_stopped_use_is_left_out_also_when_it_is_built_again(world: World, tmp_path: Path) -> None:
    with world.sessions.transaction() as session:
        session.execute(update(Study).values(synthetic=True))
    other = build_person(world.sessions, world.keys, world.study, now=NOW)
    export_uid = world.ask()
    assert build_waiting(world.sessions, world.keys, tmp_path, now=CUT) == 1
    file = tmp_path / f"{export_uid}.zip"
    assert len(table(file, "participants")) == 2
    assert document(file, "MANIFEST.json")["synthetic"] is True
    with world.sessions.transaction() as session:
        session.execute(update(Enrollment).where(Enrollment.id == other.enrollment_id).values(consent_use=False))
    with world.sessions.transaction() as session:
        assert stopped_since(session, world.row(export_uid)) == 1
        reopen_export(session, world.row(export_uid))
    assert build_waiting(world.sessions, world.keys, tmp_path, now=CUT + MINUTE) == 1
    assert len(table(file, "participants")) == 1
    people = document(file, "MANIFEST.json")["people"]
    assert people == {"in_the_dataset": 1, "left_out_because_use_was_withdrawn": 1}


def test_a_study_without_people_gives_a_whole_empty_dataset(sqlite_settings: DatabaseSettings, keys: Keys, tmp_path: Path) -> None:
    sessions = Sessions(sqlite_settings)
    study = build_study(sessions)
    world = World(sessions, keys, study, None, build_staff(sessions, study, Role.INVESTIGATOR), {})  # type: ignore[arg-type]
    built = world.build(world.ask(now=NOW), tmp_path, now=NOW)
    assert table(built.path, "prompts") == []
    assert document(built.path, "MANIFEST.json")["compliance"]["on_time"] is None
    assert built.rows["items"] > 0
    sessions.close()


def test_a_request_says_what_is_wrong_and_where(world: World) -> None:
    assert refused(world, release="../up", purpose="short", formats=("csv", "xml"), tables=("secrets",)) == {
        "/release": "pattern", "/purpose": "length", "/formats/1": "unknown", "/tables/0": "unknown",
    }  # fmt: skip
    assert refused(world, missing_codes={**MISSING_CODES, "skipped": "none"}) == {"/missing_codes": "pattern"}
    assert refused(world, missing_codes={"skipped": "-99"}) == {"/missing_codes": "members"}


def test_a_code_that_could_be_an_answer_is_refused(world: World) -> None:
    assert refused(world, missing_codes={**MISSING_CODES, "skipped": "5"}) == {"/missing_codes": "ambiguous"}
    assert world.ask(missing_codes=NA_CODES)


def test_the_na_profile_writes_one_kind_of_nothing_and_the_long_table_keeps_four(world: World, tmp_path: Path) -> None:
    built = world.build(world.ask(missing_codes=NA_CODES, tables=("prompts", "answers_long")), tmp_path)
    [done] = [row for row in table(built.path, "prompts") if row["status"] == "completed" and row["row_kind"] == "prompt"]
    assert {done[item] for item in ("m_intrude", "m_relief", "m_crave_why", "m_doing")} == {"NA"}
    assert len({row["missing"] for row in table(built.path, "answers_long")}) == 5
    with zipfile.ZipFile(built.path) as archive:
        assert sorted(name for name in archive.namelist() if name.endswith(".csv")) == [
            "answers_long.csv",
            "items.csv",
            "prompts.csv",
            "score_rules.csv",
            "signal_series.csv",
        ]


def test_a_data_manager_gets_no_estimates_and_no_alerts(world: World) -> None:
    manager = build_staff(world.sessions, world.study, Role.DATA_MANAGER, login="manager", attested=False)
    mine = world.ask(viewer=manager)
    whole = world.ask()
    with world.sessions.reading() as session:
        tables = request_of(export_by_uid(session, manager, mine)).tables
        assert {"estimates", "decisions", "alerts", "alert_events", "engagement"}.isdisjoint(tables)
        with pytest.raises(Forbidden):
            export_by_uid(session, manager, whole)
        assert export_by_uid(session, world.viewer, mine).release == "2026-03"
    with pytest.raises(Forbidden):
        world.ask(viewer=manager, tables=("prompts", "alerts"))


def test_who_has_no_part_in_the_study_does_not_learn_of_the_export(world: World) -> None:
    other = build_study(world.sessions, slug="other")
    stranger = build_staff(world.sessions, other, Role.INVESTIGATOR, login="stranger")
    coordinator = build_staff(world.sessions, world.study, Role.COORDINATOR, login="coordinator")
    export_uid = world.ask()
    with pytest.raises(NotThere):
        world.ask(viewer=stranger)
    with pytest.raises(Forbidden):
        world.ask(viewer=coordinator)
    with world.sessions.reading() as session, pytest.raises(NotThere):
        export_by_uid(session, stranger, export_uid)


def test_a_role_bound_to_a_site_gets_that_site_alone(world: World, tmp_path: Path) -> None:
    with world.sessions.transaction() as session:
        site_id = session.add(Site, uid=new_uid(), study_id=world.study.study_id, code="north", title="North", zone="UTC")
    there = build_person(world.sessions, world.keys, world.study, now=NOW, site_id=site_id)
    everyone = build_staff(world.sessions, world.study, Role.DATA_MANAGER, login="everyone")
    bound = Viewer("staff", everyone.uid, everyone.staff_id, grants=(Grant(world.study.study_id, Role.DATA_MANAGER, site_id, False),))
    mine, all_sites = world.ask(viewer=bound), world.ask(viewer=everyone)
    built = world.build(mine, tmp_path)
    assert built.enrollment_ids == (there.enrollment_id,)
    assert all(row["site"] and "north" not in row["site"] for row in table(built.path, "participants"))
    with world.sessions.reading() as session, pytest.raises(Forbidden):
        export_by_uid(session, bound, all_sites)


def test_a_download_by_someone_else_is_another_line_of_the_ledger_once(world: World, tmp_path: Path) -> None:
    export_uid = world.ask()
    build_waiting(world.sessions, world.keys, tmp_path, now=CUT)
    colleague = build_staff(world.sessions, world.study, Role.INVESTIGATOR, login="colleague")
    with world.sessions.transaction() as session:
        assert record_download(session, world.row(export_uid), world.viewer, now=CUT) == 0
        assert record_download(session, world.row(export_uid), colleague, now=CUT) == 1
        assert record_download(session, world.row(export_uid), colleague, now=CUT) == 0
    assert [line.recipient for line in rows_of(world, Disclosed.__table__)] == [world.viewer.actor, colleague.actor]


def test_a_cut_in_the_future_is_not_built(world: World, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="export_in_the_future"):
        world.build(world.ask(), tmp_path, now=CUT - MINUTE)


def test_counters_go_on_over_the_edges_of_chunks(world: World, tmp_path: Path) -> None:
    """More slots than one chunk, so that reading in pieces shows."""
    with world.sessions.transaction() as session:
        model = dict(session.rows(select(Prompt.__table__).where(Prompt.id == world.story["missed"]))[0]._mapping)
        del model["id"]
        first = NOW - timedelta(days=150)
        copies = []
        for place in range(1100):
            due = first + timedelta(hours=3 * place)
            day = due.date()
            copies.append(
                model | {"uid": new_uid(), "slot": f"copy.{place}", "due_at": due, "expires_at": due + MINUTE, "slot_date": day,
                         "state": PromptState.EXPIRED}
            )  # fmt: skip
        session.execute(insert(Prompt), copies)
    rows = [row for row in table(world.build(world.ask(tables=("prompts",)), tmp_path).path, "prompts") if row["row_kind"] == "prompt"]
    assert [int(row["counter"]) for row in rows] == list(range(1, 1106))
    assert [row["scheduled_utc"] for row in rows] == sorted(row["scheduled_utc"] for row in rows)
    assert max(int(row["beep"]) for row in rows) == 8


def test_an_early_answer_is_completed_but_not_on_time_and_counts_once_its_moment_has_come(world: World, tmp_path: Path) -> None:
    with world.sessions.transaction() as session:
        story = Story(session, world.study, world.person, dict(world.story))
        for name, due in (("early", CUT - 20 * MINUTE), ("to come", CUT + 20 * MINUTE)):
            story.prompt(name, due, index=5)
            story.response(CUT - 60 * MINUTE, prompt=name, timing=Timing.EARLY)
            story.event(name, "completed", PromptState.PLANNED, PromptState.COMPLETED, CUT - 60 * MINUTE)
    for cut, come in ((CUT, 1), (CUT + 30 * MINUTE, 2)):
        path = world.build(world.ask(now=cut), tmp_path, now=cut).path
        early = [(row["status"], row["sent_utc"], row["scheduled_utc"]) for row in table(path, "prompts") if row["timing"] == "early"]
        assert [(status, sent) for status, sent, _ in early] == [("completed", "")] * 2
        counted, _ = table(path, "compliance")
        assert {name: int(counted[name]) for name in ("planned", "completed_on_time", "completed_ever", "not_sent")} == {
            "planned": 4 + come, "completed_on_time": 1, "completed_ever": 2 + come, "not_sent": 1,
        }  # fmt: skip
        with world.sessions.reading() as session:
            seen, _ = by_design(person_groups(session, world.person.enrollment_id, now=cut), now=cut)
        assert (seen.planned, seen.completed_on_time, seen.completed_ever) == (4 + come, 1, 2 + come)
