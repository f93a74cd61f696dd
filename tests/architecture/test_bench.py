"""The command that measures: it runs in small, keeps what it was not asked to measure again, and draws the same bytes each time."""

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench import __main__ as bench
from bench.parts import PARTS
from bench.plans import whole_reads
from bench.plot import draw
from bench.result import Goal, Line, Plot, Section, middle
from bench.table import document

SECTION = Section(
    title="A part",
    what="What it is.",
    baseline="a bare loop.",
    columns=("size", "ms"),
    rows=((10, 1.5), (1_000, 2.0)),
    goals=(Goal("flat", 1.33, 1.3, "at most", "×"), Goal("fast", 3.0, 2.0, "at least", "×")),
    plots=(Plot("a-part", "Cost", "rows", "time (ms)", (Line("one", (10.0, 1000.0), (1.5, 2.0)),), log_x=True, bound=3.0),),
    listings=(("A plan", "SEARCH prompt"),),
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[bool], Section]]:
    """A bench of two parts, of which the second breaks."""

    def broken(_quick: bool) -> Section:
        raise LookupError("no such database")

    parts = {"one": lambda _quick: SECTION, "two": broken, "three": lambda _quick: SECTION}
    monkeypatch.setattr(bench, "PARTS", parts)
    return parts


def test_a_section_is_the_same_after_a_trip_through_the_file() -> None:
    assert Section.from_json(json.loads(json.dumps(SECTION.to_json()))) == SECTION


def test_a_row_of_another_length_than_its_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="1 cells under 2 columns"):
        Section(title="A part", what="", baseline="", columns=("size", "ms"), rows=((10,),))


def test_a_goal_knows_its_direction() -> None:
    assert [goal.met for goal in SECTION.goals] == [False, True]
    assert Goal("edge", 1.3, 1.3, "at most").met
    assert middle([3, 1, 2]) == 2
    assert middle(range(100), 0.99) == 99


def test_the_page_shows_every_goal_and_names_the_baseline_the_machine_and_the_day() -> None:
    text = document({"one": {"section": SECTION.to_json(), "machine": "a machine", "date": "2026-03-04"}}, ["one"])
    assert "| A part | flat | 1.33 × | ≤ 1.3 × | **no** |" in text
    assert "| A part | fast | 3 × | ≥ 2 × | yes |" in text
    assert "Baseline: a bare loop." in text
    assert "| 1,000 | 2 |" in text
    assert "](plots/a-part.svg)" in text
    assert "`one` · 2026-03-04 · a machine" in text


def test_a_plot_has_the_same_bytes_each_time_and_names_its_axes() -> None:
    first = draw(SECTION.plots[0])
    assert draw(SECTION.plots[0]) == first
    words = {"".join(one.itertext()).strip() for one in ElementTree.fromstring(first).iter("{http://www.w3.org/2000/svg}text")}
    assert {"rows", "time (ms)", "Cost"} <= words


def test_measuring_one_part_again_leaves_the_others_and_a_broken_part_takes_nothing_along(
    small: dict[str, Callable[[bool], Section]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.main(["--to", str(tmp_path)]) == 1
    assert set(json.loads((tmp_path / "results.json").read_text())) == {"one", "three"}
    assert "broke: two" in capsys.readouterr().err
    assert (tmp_path / "plots" / "a-part.svg").exists()

    small["one"] = lambda _quick: Section(title="Newer", what="", baseline="", columns=("size",), rows=((7,),))
    assert bench.main(["--only", "one", "--to", str(tmp_path)]) == 0
    page = (tmp_path / "README.md").read_text()
    assert "## Newer" in page
    assert "## A part" in page
    capsys.readouterr()


def test_the_page_is_what_the_kept_figures_say(tmp_path: Path) -> None:
    kept = bench.HERE / "results.json"
    if not kept.exists():
        pytest.skip("nothing was measured yet")
    results = json.loads(kept.read_text())
    assert (bench.HERE / "README.md").read_text() == document(results, list(PARTS))
    named = {plot["name"] for one in results.values() for plot in one["section"]["plots"]}
    assert named <= {file.stem for file in (bench.HERE / "plots").glob("*.svg")}


@pytest.mark.parametrize(
    ("plan", "reads"),
    [
        ("SEARCH prompt USING INDEX ix_prompt_next (next_at<?)", 0),
        ("SCAN CONSTANT ROW", 0),
        ("SCAN prompt", 1),
        ("SEARCH prompt USING INDEX ix_prompt_next\nUSE TEMP B-TREE FOR ORDER BY", 1),
        ("  ->  Index Scan using ix_prompt_next on prompt", 0),
        ("  ->  Seq Scan on prompt (actual rows=64 loops=1)", 1),
        ("  ->  Seq Scan on enrollment (actual rows=64 loops=1)", 0),
    ],
)
def test_a_plan_that_reads_all_prompts_is_noticed(plan: str, reads: int) -> None:
    assert whole_reads(plan, "prompt") == reads


@pytest.mark.postgres
@pytest.mark.parametrize("part", ["planning", "standing", "claiming", "step", "population"])
def test_a_part_runs_in_small(part: str, tmp_path: Path, postgres_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BREAKWATER_BENCH_POSTGRES", postgres_server)
    assert bench.main(["--quick", "--only", part, "--to", str(tmp_path)]) == 0
    section = Section.from_json(json.loads((tmp_path / "results.json").read_text())[part]["section"])
    assert section.rows
    if part == "claiming":
        assert section.goals[-1].value == 0, "a plan reads all prompts"
