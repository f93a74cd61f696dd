"""The documents tell of what is there: links lead somewhere, named files exist, words and tables are those of the code."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import typer

import models.tables  # noqa: F401  # fills the metadata
from api.cli import app
from models import kinds
from models.base import Base
from scheduler.timetable import TIMETABLE

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
ROOMS = ("api", "models", "risk", "scheduler")
HEADINGS = ["Context", "Decision", "Consequences", "Status"]

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_TICKED = re.compile(r"`([^`\n]+)`")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^(?:api|models|risk|scheduler|migrations|tests|bench|docs|\.ci)/[\w./-]*$")
_TEST = re.compile(r"^(tests/[\w/]+\.py)::(test_\w+)$")
_PATH = re.compile(r"(?<![\w{}/.])(/(?:v1/[\w{}/-]*[\w}]|healthz|readyz|metrics))")

each_document = pytest.mark.parametrize("document", DOCS, ids=lambda path: str(path.relative_to(ROOT)))


def prose(document: Path) -> str:
    return _FENCED.sub("", document.read_text())


def ticked(document: Path) -> Iterator[str]:
    return (found.strip() for found in _TICKED.findall(prose(document)))


def table(document: Path, heading: str) -> list[list[str]]:
    """The rows of the tables under a heading, without heads and rulers."""
    _, _, rest = document.read_text().partition(f"\n{heading}\n")
    assert rest, f"{document.name} has no heading {heading!r}"
    section = re.split(r"^#{1,3} ", rest, maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    rulers = [number for number, line in enumerate(lines) if set(line) <= set("|- ")]
    heads = {number - 1 for number in rulers} | set(rulers)
    return [[cell.strip() for cell in line.strip("|").split("|")] for number, line in enumerate(lines) if number not in heads]


def anchors(document: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@each_document
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in _LINK.findall(prose(document)):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        place = (document.parent / path).resolve() if path else document
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), target


@each_document
def test_every_named_file_exists(document: Path) -> None:
    named = [one for one in ticked(document) if _FILE.match(one)]
    assert [one for one in named if not (ROOT / one).exists()] == []


@each_document
def test_every_named_test_exists(document: Path) -> None:
    for file, name in (found.groups() for one in ticked(document) if (found := _TEST.match(one))):
        assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE), f"{file}::{name}"


@each_document
def test_every_make_target_is_in_the_makefile(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^make ([a-z]+)|`make ([a-z]+)", document.read_text(), re.MULTILINE)) <= {("", one) for one in targets} | {
        (one, "") for one in targets
    }


def test_the_readme_says_the_two_commands_and_what_this_is_not() -> None:
    text = (ROOT / "README.md").read_text()
    assert "make run" in text
    assert "make test" in text
    assert "Not an emergency service. No clinical validity is claimed." in text


def test_the_readme_shows_what_the_first_run_prints() -> None:
    shown = re.search(r"^```text\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert shown is not None
    printed = re.sub(r"\[/?[^\]]*\]", "", (ROOT / "api" / "commands.py").read_text())
    words = [re.split(r" {2,}|: | on | X", line.strip())[0] for line in shown[1].splitlines() if line.strip()]
    assert [one for one in words if one not in printed] == []


def commands(group: Any, words: tuple[str, ...] = ("breakwater",)) -> Iterator[str]:
    inside = getattr(group, "commands", {})
    for name, one in inside.items():
        yield from commands(one, (*words, name))
    if not inside:
        yield " ".join(words)


def test_every_command_stands_in_the_readme_and_no_other() -> None:
    listed = {row[0].strip("`") for row in table(ROOT / "README.md", "## Commands")}
    assert listed == set(commands(typer.main.get_command(app)))


def test_every_setting_stands_in_the_readme_and_no_other() -> None:
    listed = {row[0].strip("`") for row in table(ROOT / "README.md", "## Settings")}
    read = {name for source in sources() for name in re.findall(r'"(BREAKWATER_[A-Z_]+)"', source.read_text())}
    assert listed == read


def sources() -> Iterator[Path]:
    return (file for room in ROOMS for file in (ROOT / room).rglob("*.py"))


def routes() -> set[str]:
    """Paths as the code writes them: a router's prefix and a route's own part."""
    found: set[str] = set()
    for file in (ROOT / "api").rglob("*.py"):
        text = file.read_text()
        prefix = re.search(r'\bRouter\([^)]*?prefix="([^"]*)"', text, re.DOTALL)
        own = re.findall(r'@router\.(?:get|put|post|patch|delete)\(\s*"([^"]*)"', text)
        found |= {(prefix[1] if prefix else "") + one for one in own}
    return found


@each_document
def test_every_named_address_is_a_route(document: Path) -> None:
    known = {re.sub(r"\{\w+\}", "{}", one) for one in routes()}
    text = re.sub(r"\$\((?:uuid)\)|\$[A-Z]+|\$\{\w+\}", "{}", document.read_text())
    named = {re.sub(r"\{\w*\}", "{}", one) for one in _PATH.findall(text.replace("{}/v1", " /v1").replace("{}/healthz", " /healthz"))}
    assert sorted(named - known) == []


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_every_decision_has_the_same_headings_on_one_page(decision: Path) -> None:
    text = decision.read_text()
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert text.startswith(f"# {decision.stem[:4]}: ")
    assert len(text.splitlines()) <= 60


def test_decisions_are_numbered_without_a_gap_and_listed_in_order() -> None:
    names = [one.name for one in DECISIONS]
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    listed = re.findall(r"\(decisions/([^)]+)\) (.+)$", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)
    titles = [one.read_text().splitlines()[0].partition(": ")[2] for one in DECISIONS]
    assert [entry for entry in listed if entry[1] in titles] == list(zip(names, titles, strict=True))


GLOSSARY = ROOT / "docs" / "glossary.md"


def test_the_vocabularies_of_the_glossary_are_those_of_the_code() -> None:
    listed = {row[0].strip("`"): _TICKED.findall(row[1]) for row in table(GLOSSARY, "## Closed vocabularies")}
    known = {
        name: [str(word) for word in kind]
        for name, kind in vars(kinds).items()
        if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum
    }
    assert listed == known


def test_the_tables_of_the_glossary_are_those_of_the_database() -> None:
    assert {row[0].strip("`") for row in table(GLOSSARY, "## Tables")} == set(Base.metadata.tables)


NEVER_IN_PROSE = (
    "beep",
    "ping",
    "nudge",
    "ticket",
    "incident",
    "survey event",
    "patient-study",
    "risk score",
    "message queue",
    "cron job",
    "trigger point",
)


def test_words_that_we_do_not_say_are_not_said() -> None:
    refused = {word.strip() for row in table(GLOSSARY, "## Words") for word in row[2].split(",")}
    assert set(NEVER_IN_PROSE) <= refused
    for document in DOCS:
        if document != GLOSSARY:
            text = _TICKED.sub("", prose(document))
            said = [word for word in NEVER_IN_PROSE if re.search(rf"\b{word}s?\b", text, re.IGNORECASE)]
            assert said == [], document.name


def test_words_of_the_glossary_are_the_words_of_the_code() -> None:
    code = "\n".join(file.read_text().lower() for file in sources())
    words = [word.strip() for row in table(GLOSSARY, "## Words") for word in row[0].split(",")]
    assert [word for word in words if word.replace(" of a response", "") not in code and word.replace(" ", "_") not in code] == []


def test_the_duties_of_the_architecture_page_are_those_of_the_timetable() -> None:
    listed = [row[:4] for row in table(ROOT / "docs" / "architecture.md", "## Duties")]
    yes = {True: "yes", False: "no"}
    assert listed == [[f"`{one.name}`", f"{one.every_seconds:,} s", yes[one.single], yes[one.owed is not None]] for one in TIMETABLE]
    beats = table(ROOT / "docs" / "runbook.md", "## When a duty's heartbeat is old")
    assert {row[0].strip("`") for row in beats} == {one.name for one in TIMETABLE}


def refusals() -> set[str]:
    """The codes with which problems are raised, and those that a route or `api/problems.py` writes itself."""
    trees = [ast.parse(file.read_text()) for file in sources()]
    problems = problem_classes(trees)
    found = {code for tree in trees for code in _codes(tree, problems | _renamed(tree, problems))}
    own = (ROOT / "api" / "problems.py").read_text()
    return found | set(re.findall(r'^    \d{3}: \("([a-z_]+)"', own, re.MULTILINE)) | set(re.findall(r'\.status_code, \("([a-z_]+)"', own))


def problem_classes(trees: list[ast.Module]) -> set[str]:
    """`Problem` and everything below it."""
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    known = {"Problem"}
    while more := {one.name for one in classes if one.name not in known and {ast.unparse(base) for base in one.bases} & known}:
        known |= more
    return known


def _renamed(tree: ast.Module, problems: set[str]) -> set[str]:
    imported = (alias for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names)
    return {alias.asname for alias in imported if alias.asname and alias.name in problems}


def _codes(tree: ast.Module, problems: set[str]) -> Iterator[str]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func).rpartition(".")[2]
        place = 0 if name in problems else 2 if name == "reply" else None
        if place is not None and len(call.args) > place:
            code = call.args[place]
            if isinstance(code, ast.Constant) and re.fullmatch(r"[a-z][a-z_]+", str(code.value)):
                yield str(code.value)


def test_every_refusal_code_stands_in_the_runbook_and_no_other() -> None:
    _, _, refused = (ROOT / "docs" / "runbook.md").read_text().partition("\n## Refusals\n")
    rows = [[cell.strip() for cell in line.split("|")] for line in refused.splitlines() if line.startswith("|")]
    listed = {code for row in rows for code in _TICKED.findall(row[2] if row[1][:3].isdigit() else row[1])}
    said = refusals()
    assert sorted(said - listed) == []
    assert sorted(listed - said) == []
