"""One line of migrations for both databases: up, down, over rows, and what happens to one that fails."""

import re
import shutil
from pathlib import Path
from textwrap import dedent

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Enum, NullPool, create_engine, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from models.base import Base
from models.ids import new_uid
from models.kinds import Timing
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import Alert, AlertEvent, Audit, Consent, Enrollment, Prompt, PromptEvent, Response, Study, ZoneHistory
from tests.build import NOW, build_person, build_study
from tests.conftest import ROOT, database_url, fixed_keys, migrate
from tests.contracts.migrations_in_step import check
from tests.models.dataset_story import Story

TABLES = set(Base.metadata.tables)
HEAD = ScriptDirectory(str(ROOT / "migrations")).get_current_head()


def config(settings: DatabaseSettings, scripts: Path = ROOT / "migrations") -> Config:
    made = Config(ROOT / "alembic.ini")
    made.set_main_option("script_location", str(scripts))
    made.attributes["settings"] = settings
    return made


@pytest.fixture
def planted(tmp_path):
    """A copy of the migrations with one more after them."""

    def plant(upgrade: str, downgrade: str = "pass") -> Path:
        scripts = tmp_path / "planted"
        shutil.copytree(ROOT / "migrations", scripts, ignore=shutil.ignore_patterns("__pycache__"))
        head = "import sqlalchemy as sa\nfrom alembic import op\n\n"
        head += f"revision, down_revision = '9999', {HEAD!r}\nbranch_labels = depends_on = None\n"
        bodies = "".join(
            f"\n\ndef {name}():\n" + "\n".join(f"    {line}" for line in dedent(body).strip().splitlines())
            for name, body in (("upgrade", upgrade), ("downgrade", downgrade))
        )
        (scripts / "versions" / "9999_planted.py").write_text(head + bodies + "\n")
        return scripts

    return plant


def tables(sessions: Sessions) -> set[str]:
    return set(inspect(sessions.write_engine).get_table_names()) - {"alembic_version"}


def version(sessions: Sessions) -> str | None:
    with sessions.reading() as session:
        return session.value(text("SELECT version_num FROM alembic_version"))


def triggers(sessions: Sessions) -> list[str]:
    with sessions.reading() as session:
        if session.dialect == "postgresql":
            rows = session.rows(text("SELECT DISTINCT trigger_name AS name FROM information_schema.triggers ORDER BY 1"))
        else:
            rows = session.rows(text("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY 1"))
        return [row.name for row in rows]


def shape(sessions: Sessions) -> dict:
    """Everything the database says about its tables."""
    found = inspect(sessions.write_engine)
    return {
        table: {
            "columns": [(one["name"], str(one["type"]), one["nullable"], one.get("comment")) for one in found.get_columns(table)],
            "indexes": sorted((one["name"], tuple(one["column_names"]), bool(one["unique"])) for one in found.get_indexes(table)),
            "uniques": sorted((one["name"], tuple(one["column_names"])) for one in found.get_unique_constraints(table)),
            "checks": sorted((one["name"], one["sqltext"]) for one in found.get_check_constraints(table)),
            "keys": sorted((one["name"], one["referred_table"]) for one in found.get_foreign_keys(table)),
        }
        for table in sorted(tables(sessions))
    }


def test_from_nothing_to_every_table_and_back_and_up_again(sessions, settings):
    assert tables(sessions) == TABLES
    before, guards = shape(sessions), triggers(sessions)
    command.downgrade(config(settings), "base")
    assert tables(sessions) == set()
    assert triggers(sessions) == []
    migrate(settings)
    assert (shape(sessions), triggers(sessions)) == (before, guards)


def test_moving_to_the_newest_again_keeps_every_row(sessions, settings, keys):
    study = build_study(sessions)
    build_person(sessions, keys, study)
    migrate(settings)
    with sessions.reading() as session:
        assert [session.value(select(func.count()).select_from(table)) for table in (Study, Enrollment, ZoneHistory)] == [1, 1, 1]


def test_the_migrations_and_the_tables_say_the_same(settings):
    assert check(settings) == []


def test_planted_differences_between_migrations_and_tables_are_all_noticed(sessions, settings):
    with sessions.transaction() as session:
        for difference in ("DROP INDEX ix_audit_at", "ALTER TABLE study ADD COLUMN color varchar", "ALTER TABLE study DROP COLUMN title"):
            session.execute(text(difference))
        session.execute(text("DROP TABLE audit_head"))
    (found,) = check(settings)
    assert all(one in found for one in ("ix_audit_at", "remove_column", "color", "add_column", "title", "add_table", "audit_head"))


def test_a_migration_that_rebuilds_a_parent_keeps_its_children(sessions, settings, keys, planted):
    """On SQLite a batch operation copies and drops the table: with foreign keys on, that would take the children along."""
    study = build_study(sessions)
    person = build_person(sessions, keys, study)
    scripts = planted(
        """
        with op.batch_alter_table("enrollment", recreate="always" if op.get_bind().dialect.name == "sqlite" else "auto") as batch:
            batch.add_column(sa.Column("color", sa.String(), nullable=False, server_default="none"))
        """
    )
    sessions.close()
    command.upgrade(config(settings, scripts), "head")
    with sessions.reading() as session:
        assert session.value(text("SELECT color FROM enrollment")) == "none"
        assert session.value(select(ZoneHistory.enrollment_id)) == person.enrollment_id
        assert session.value(select(Enrollment.zone).where(Enrollment.uid == person.enrollment_uid)) == "America/New_York"
    assert version(sessions) == "9999"


def test_a_migration_that_fails_leaves_nothing_half_applied(sessions, settings, planted):
    before = shape(sessions)
    scripts = planted(
        """
        op.create_table("half", sa.Column("id", sa.Integer(), primary_key=True))
        op.add_column("study", sa.Column("color", sa.String()))
        raise ZeroDivisionError
        """
    )
    with pytest.raises(ZeroDivisionError):
        command.upgrade(config(settings, scripts), "head")
    assert (version(sessions), shape(sessions)) == (HEAD, before)


def test_the_database_knows_exactly_the_words_of_each_vocabulary(sessions):
    found = inspect(sessions.write_engine)
    for table in Base.metadata.sorted_tables:
        said = {one["name"]: set(re.findall(r"'(\w+)'", one["sqltext"])) for one in found.get_check_constraints(table.name)}
        for column in table.c:
            if isinstance(column.type, Enum):
                assert said[f"ck_{table.name}_{column.type.name}"] == set(column.type.enums), (table.name, column.name)


def test_answers_of_before_keep_their_word_and_an_early_one_goes_back_to_on_time(sessions, settings, keys):
    study = build_study(sessions)
    person = build_person(sessions, keys, study)
    with sessions.transaction() as session:
        story = Story(session, study, person)
        for timing in Timing:
            story.response(NOW, timing=timing)
    words = select(Response.timing).order_by(Response.id)
    command.downgrade(config(settings), "0008")
    with sessions.reading() as session:
        assert [row.timing for row in session.rows(words)] == ["on_time", "on_time", "late", "after_expiry", "unprompted"]
    migrate(settings)
    with sessions.reading() as session:
        assert [row.timing for row in session.rows(words)] == ["on_time", "on_time", "late", "after_expiry", "unprompted"]


def test_a_migration_that_would_orphan_rows_is_undone_on_both_databases(sessions, settings, keys, planted):
    build_person(sessions, keys, build_study(sessions))
    scripts = planted('op.execute("DELETE FROM participant")')
    with pytest.raises((RuntimeError, DBAPIError)):
        command.upgrade(config(settings, scripts), "head")
    assert version(sessions) == HEAD
    with sessions.reading() as session:
        assert session.value(text("SELECT count(*) FROM participant")) == 1


@pytest.mark.postgres
def test_every_word_about_a_column_is_in_the_database(postgres_server, postgres_template):
    """SQLite keeps no comments; there the tables of the code hold them."""
    engine = create_engine(database_url(postgres_server, postgres_template), poolclass=NullPool)
    found = inspect(engine)
    said = {(table, one["name"]): one["comment"] for table in TABLES for one in found.get_columns(table) if one["comment"]}
    engine.dispose()
    meant = {(table.name, column.name): column.comment for table in Base.metadata.tables.values() for column in table.c if column.comment}
    assert said == meant
    assert len(meant) > 50


EVIDENCE = {"audit": Audit, "consent": Consent, "alert_event": AlertEvent, "prompt_event": PromptEvent}


@pytest.mark.parametrize("verb", ["update", "delete"])
@pytest.mark.parametrize("name", sorted(EVIDENCE))
def test_the_database_refuses_to_change_or_remove_evidence(evidence, name, verb):
    sessions, count = evidence
    table = EVIDENCE[name].__table__
    statement = table.update().values(study_id=table.c.study_id) if "study_id" in table.c else table.update().values(actor="x")
    with pytest.raises(DBAPIError, match="only added"), sessions.transaction() as session:
        session.execute(statement if verb == "update" else table.delete())
    with sessions.reading() as session:
        assert session.value(select(func.count()).select_from(table)) == count


@pytest.fixture(scope="module")
def evidence(shared_sessions: Sessions) -> tuple[Sessions, int]:
    """One row in each of the four tables."""
    study = build_study(shared_sessions)
    person = build_person(shared_sessions, fixed_keys(), study)
    mine = {"study_id": person.study_id, "enrollment_id": person.enrollment_id}
    with shared_sessions.transaction() as session:
        alert_id = session.add(
            Alert,
            **mine,
            uid=new_uid(),
            tier=2,
            family="f",
            dedup_key="k",
            state="open",
            ladder={},
            rung=0,
            rung_since=NOW,
            next_at=NOW,
            occurrences=1,
            last_occurred_at=NOW,
            source_id="s",
            protocol_version_id=study.version_id,
            rule_hash="-",
            opened_at=NOW,
            synthetic=False,
        )
        prompt_id = session.add(
            Prompt,
            **mine,
            uid=new_uid(),
            protocol_version_id=study.version_id,
            design="d",
            instrument="i",
            kind="fixed",
            slot="s",
            slot_date=NOW.date(),
            slot_index=0,
            state="planned",
            due_at=NOW,
            window_start=NOW,
            window_end=NOW,
            expires_at=NOW,
            next_at=NOW,
            reminders_left=[],
            zone="UTC",
            local_due="15:00",
            offset_minutes=0,
            study_day=1,
            day_probability=1.0,
            planned_at=NOW,
            synthetic=False,
        )
        session.add(Audit, chain="c", sequence=1, at=NOW, actor="a", action="b", object_kind="c", detail={}, previous=b"", mac=b"")
        session.add(Consent, **mine, uid=new_uid(), given=True, scope="use", at=NOW, actor="a")
        session.add(AlertEvent, **mine, alert_id=alert_id, sequence=1, at=NOW, name="n", to_state="open", rung=0, actor="a")
        session.add(PromptEvent, **mine, prompt_id=prompt_id, at=NOW, name="n", to_state="sent", actor="a")
    return shared_sessions, 1
