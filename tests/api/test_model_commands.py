"""`breakwater models`, as it is called: by a member of staff who manages the study, with a reason, and nothing else."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from api.actions.first_run import LOGIN, begin, open_database
from api.cli import app
from api.settings import ApiSettings
from models.errors import Conflict, Forbidden, Invalid, Missing
from models.settings import DatabaseSettings
from models.tables import Audit, Study
from risk.population.artefact import write
from tests.risk.artefacts import model


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A house on this disk after its first run, and its study; the first account manages it."""
    home = tmp_path_factory.mktemp("house")
    sessions, keys = open_database(DatabaseSettings.read({"BREAKWATER_DIRECTORY": str(home / "var")}))
    begin(sessions, keys, ApiSettings())
    with sessions.reading() as session:
        slug = str(session.value(select(Study.slug)))
    sessions.close()
    for number in (1, 2):
        (home / f"{number}.json").write_bytes(write(model(number=number)))
    return home, slug


@pytest.fixture
def study(house: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A copy of the house for one test."""
    shutil.copytree(house[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("BREAKWATER_DIRECTORY", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    return house[1]


def called(*words: str, study: str, by: str | None = LOGIN, note: str = "as agreed") -> Result:
    who = [] if by is None else ["--by", by, "--note", note]
    return CliRunner().invoke(app, ["models", *words, "--study", study, *who], env={"COLUMNS": "200"})


def listed(study: str) -> list[tuple[str, str]]:
    done = called("list", study=study, by=None)
    assert done.exit_code == 0, done.output
    cells = [[cell.strip() for cell in line.strip("│").split("│")] for line in done.output.splitlines() if line.startswith("│")]
    return [(cells_of[0], cells_of[1]) for cells_of in cells if cells_of[0]]  # a note may go on in a second line


def test_a_model_is_added_promoted_and_rolled_back_by_name_and_each_act_is_in_the_audit(study: str, tmp_path: Path) -> None:
    first, second = model(number=1).id, model(number=2).id
    assert called("add", "1.json", study=study).exit_code == 0
    assert called("promote", first, study=study, note="Eight weeks in shadow.").exit_code == 0
    assert called("add", "2.json", study=study).exit_code == 0
    assert called("promote", second.rpartition("-")[2], study=study).exit_code == 0, "the beginning of the digest is a name too"
    assert listed(study) == [(first, "former"), (second, "in use")]
    assert called("rollback", second, study=study).exit_code == 0
    assert called("add", "2.json", study=study).exit_code == 0
    assert called("withdraw", second, study=study).exit_code == 0
    assert listed(study) == [(first, "in use"), (second, "none")]
    sessions, _ = open_database(DatabaseSettings.read({"BREAKWATER_DIRECTORY": str(tmp_path / "var")}))
    with sessions.reading() as session:
        acts = session.rows(select(Audit.action, Audit.actor).where(Audit.object_kind == "population_model").order_by(Audit.id))
    sessions.close()
    moves = ["shadowed", "promoted", "shadowed", "promoted", "rolled_back", "shadowed", "withdrawn"]
    assert [one.action for one in acts] == [f"model_{what}" for what in moves]
    assert all(one.actor.startswith("staff:") for one in acts)


def test_what_is_refused_changes_nothing(study: str, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_bytes(b"{")
    assert called("add", "1.json", study=study).exit_code == 0
    assert isinstance(called("add", "2.json", study=study, by="nobody").exception, Missing)
    assert isinstance(called("add", "2.json", study=study, note=" ").exception, Invalid)
    assert isinstance(called("add", "broken.json", study=study).exception, Invalid)
    assert isinstance(called("add", "1.json", study=study).exception, Conflict), "it is in shadow already"
    assert isinstance(called("rollback", model(number=1).id, study=study).exception, Conflict)
    assert isinstance(called("promote", "M1-week-0", study=study).exception, Missing)
    assert listed(study) == [(model(number=1).id, "shadow")]


def test_who_does_not_manage_the_study_moves_no_model(study: str) -> None:
    added = CliRunner().invoke(app, ["staff", "add", "ann", "--study", study, "--role", "coordinator"])
    assert added.exit_code == 0, added.output
    assert isinstance(called("add", "1.json", study=study, by="ann").exception, Forbidden)
    assert listed(study) == []
