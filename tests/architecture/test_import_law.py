"""The import law holds, and the checker would notice if it did not."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
_VERDICT = re.compile(r"(?P<name>.+) (?P<verdict>KEPT|BROKEN)(?: \(.*\))?$")
ROOMS = ("api", "scheduler", "risk", "models", "migrations")

PLANTED = {
    "api -> scheduler -> risk -> models": ("models/kinds.py", "import risk.terms"),
    "no import circle at any depth": ("risk/estimate/nodes.py", "def late() -> None:\n    import risk.estimate.layout"),
    "migrations sees models only": ("migrations/env.py", "import risk.terms"),
    "nobody sees migrations": ("scheduler/settings.py", "import migrations.env"),
    "inside models": ("models/codec.py", "import models.queries.audit"),
    "pure modules know no rows": ("risk/policy/draw.py", "import random"),
    "risk.estimate and risk.policy do not know each other": ("risk/policy/rules.py", "import risk.estimate.layout"),
    "scheduler.plan and scheduler.delivery do not know each other": ("scheduler/delivery/backoff.py", "import scheduler.plan.calendar"),
    "the doors do not know each other": ("api/care/banner.py", "def late() -> None:\n    import api.research.exports"),
    "fastapi and starlette live in api": ("risk/staffing.py", "import fastapi"),
    "apscheduler lives in scheduler.worker": ("scheduler/timetable.py", "import apscheduler"),
    "no serving process imports scikit-learn": ("risk/mind.py", "import numpy"),
    "only the laboratory and its commands": ("risk/facts.py", "def late() -> None:\n    import risk.refit.train"),
    "httpx lives in": ("api/actions/reply.py", "import httpx"),
    "pydantic lives in": ("risk/terms.py", "import pydantic"),
    "matplotlib lives in": ("scheduler/settings.py", "import matplotlib"),
    "nothing shipped imports tests": ("api/pages.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import tests.build"),
}
"""Start of a contract's name -> (file, what is appended to it)."""


def lint(folder: Path) -> tuple[int, Mapping[str, bool]]:
    """Exit code, and whether each contract is kept."""
    checker = Path(sys.executable).parent / "lint-imports"
    call = [checker, "--no-logo", "--no-cache"]
    ran = subprocess.run(call, cwd=folder, capture_output=True, text=True, env={"COLUMNS": "400"}, check=False)
    told = (_VERDICT.match(line) for line in ran.stdout.splitlines())
    return ran.returncode, {found["name"]: found["verdict"] == "KEPT" for found in told if found}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Mapping[str, bool]]:
    """A copy of the house with one forbidden import of each kind."""
    folder = tmp_path_factory.mktemp("planted")
    for name in (*ROOMS, "tests", "bench"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for file, line in PLANTED.values():
        with (folder / file).open("a") as text:
            text.write(f"\n{line}\n")
    return lint(folder)


def test_every_contract_is_kept() -> None:
    code, contracts = lint(ROOT)
    assert [name for name, kept in contracts.items() if not kept] == []
    assert (code, len(contracts)) == (0, len(PLANTED))


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_import_against_the_law_is_rejected(planted: tuple[int, Mapping[str, bool]], contract: str) -> None:
    code, contracts = planted
    (kept,) = [kept for name, kept in contracts.items() if name.startswith(contract)]
    assert (code, kept) == (1, False)


def circles(graph: grimp.ImportGraph) -> Iterator[list[str]]:
    """Strongly connected components of more than one module (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    for start in sorted(graph.modules):
        work = [(start, iter(sorted(graph.find_modules_directly_imported_by(start))))] if start not in index else []
        while work:
            module, rest = work[-1]
            if module not in index:
                index[module] = low[module] = len(index)
                stack.append(module)
            following = next((one for one in rest if one not in index or one in stack), None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[module])
                if low[module] == index[module]:
                    found = stack[stack.index(module) :]
                    del stack[stack.index(module) :]
                    if len(found) > 1:
                        yield found
            elif following in index:
                low[module] = min(low[module], index[following])
            else:
                work.append((following, iter(sorted(graph.find_modules_directly_imported_by(following)))))


def test_no_module_stands_in_an_import_circle_deferred_and_typing_imports_included() -> None:
    graph = grimp.build_graph(*ROOMS, cache_dir=None)
    assert len(graph.modules) > 200
    assert list(circles(graph)) == []


def test_a_circle_would_be_found() -> None:
    graph = grimp.ImportGraph()
    for one, other in ("ab", "bc", "cd", "db", "ae"):
        graph.add_import(importer=one, imported=other)
    assert [sorted(found) for found in circles(graph)] == [["b", "c", "d"]]


def test_every_shipped_file_belongs_to_a_room_and_every_folder_is_a_package() -> None:
    """A file that no package holds is seen by no checker."""
    for room in ROOMS:
        for file in (ROOT / room).rglob("*.py"):
            folders = [one for one in file.relative_to(ROOT).parents if str(one) not in {".", "migrations/versions"}]
            assert all((ROOT / one / "__init__.py").exists() for one in folders), file
