"""The page and the screen: whole, quiet about the network, readable by machines for people, the same bytes again."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from api.rehearsal.report import draw
from api.rehearsal.report.page import page, side_by_side
from api.rehearsal.report.plots import ages, known, unknown
from api.rehearsal.report.regrets import warnings
from api.rehearsal.report.screen import beside_on_screen, on_screen
from api.rehearsal.report.summary import summarize
from models.errors import Invalid
from tests.api.rehearsal.told_dataset import DAY, HOUR, START, Told


class Seen(HTMLParser):
    """Tags, attributes and ids of a page; complains about tags that do not close."""

    VOID = frozenset({"meta", "link", "br", "path", "use", "hr", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Any:
    told = full()
    return summarize(told.pack(tmp_path_factory.mktemp("page") / "a.zip"), told.happened())


@pytest.fixture(scope="module")
def paged(summary: Any) -> str:
    return page(summary)


@pytest.fixture(scope="module")
def beside(summary: Any) -> str:
    return side_by_side([summary, summary])


def full() -> Told:
    """A week with something for every plot."""
    told = Told()
    told.person()
    for day in range(7):
        told.answered(START + day * DAY + 2 * HOUR)
        told.prompt(START + day * DAY + 6 * HOUR, index=1)
        told.estimate(START + day * DAY + 2 * HOUR, 20.0 + day)
        told.report(START + day * DAY + 7 * HOUR)
    told.decision(START + HOUR)
    told.control(START + 2 * HOUR)
    told.alert(START + 3 * HOUR)
    told.alert(START + DAY, tier=2, family="craving_rise")
    return told


def test_the_page_holds_no_script_and_asks_no_network_for_anything(paged, beside):
    for text in (paged, beside):
        seen = Seen(text)
        assert not seen.open
        assert {tag for tag, _ in seen.tags}.isdisjoint({"script", "link", "iframe", "img", "object", "embed", "base", "form", "image"})
        for tag, attributes in seen.tags:
            for name in ("src", "href", "xlink:href", "srcset", "action", "data"):
                assert (attributes.get(name) or "#").startswith("#"), (tag, attributes)
            assert not any(name.startswith("on") for name in attributes)
        assert "@import" not in text
        assert not re.search(r"url\((?!#)", text)
        assert "http" not in text


def test_every_plot_has_a_title_a_description_and_ids_of_its_own(paged, beside):
    for text in (paged, beside):
        seen = Seen(text)
        ids = [attributes["id"] for _, attributes in seen.tags if "id" in attributes]
        assert len(ids) == len(set(ids))
        plots = [attributes for tag, attributes in seen.tags if tag == "svg"]
        assert len(plots) >= 11
        for one in plots:
            assert one["role"] == "img"
            assert set((one["aria-labelledby"] or "").split()) <= set(ids)
        named = [attributes["href"] for tag, attributes in seen.tags if tag in {"use", "a"} and attributes.get("href")]
        assert {one[1:] for one in named if one} <= set(ids)
        assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(ids)


def test_the_page_says_synthetic_before_anything_else_and_that_it_speaks_about_nobody(paged):
    text = paged
    body = text[text.index("<body>") :]
    assert body.index("Synthetic.") < body.index("<h1>")
    assert "nothing here is about anyone" in body
    assert "investigational" in body


def test_the_same_summary_gives_the_same_bytes(summary, paged, beside):
    assert page(summary) == paged
    assert side_by_side([summary, summary]) == beside


def test_colors_are_the_pages_own_so_that_dark_mode_and_print_can_change_them(paged):
    svg = "".join(re.findall(r"<svg.*?</svg>", paged, flags=re.DOTALL))
    assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) == set()
    style = paged.partition("</style>")[0]
    for name in draw.COLORS:
        assert f"--{name}:" in style


def test_what_a_protocol_calls_itself_is_shown_as_text_and_never_as_markup(summary):
    evil = {**summary, "protocol": {**summary["protocol"], "title": "<script>alert(1)</script>"}}
    assert "<script>" not in page(evil)
    assert "&lt;script&gt;" in page(evil)
    assert "<script>" not in side_by_side([evil])


def test_a_page_tells_faults_with_their_words_and_ids(tmp_path: Path):
    told = full()
    prompt_id = told.prompt(START + DAY + 5 * HOUR, index=4, sent_utc=START)
    text = page(summarize(told.pack(tmp_path / "b.zip"), told.happened()))
    assert "a prompt sent before it was due" in text
    assert prompt_id in text
    assert "Every promise was kept" not in text


def test_a_page_shows_each_warning_with_its_place_or_says_that_there_is_none(summary, paged):
    found = warnings(summary, Told().protocol)
    text = page(summary, found)
    assert found
    assert all(one.place in text for one in found)
    assert "passed a limit" in paged


def test_a_rehearsal_in_which_nothing_happened_still_gives_a_page_and_a_screen(tmp_path: Path):
    told = Told(as_of=START + HOUR)
    told.person(days=0)
    empty = summarize(told.pack(tmp_path / "c.zip"), replace(told.happened(), routes=(), duplicates_sent=0, duplicates_equal=0))
    assert "<svg" not in page(empty)
    assert "Every promise was kept" in page(empty)
    assert "SYNTHETIC" in shown(on_screen(empty))
    assert "–" in shown(beside_on_screen([empty, empty]))


def test_without_matplotlib_the_error_names_the_extra_and_the_screen_still_works(summary, monkeypatch):
    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(draw, "import_module", absent)
    with pytest.raises(Invalid, match=r"breakwater\[rehearsal\]"):
        page(summary)
    assert "Compliance" in shown(on_screen(summary))


def shown(what: Any) -> str:
    console = Console(width=100, force_terminal=False)
    with console.capture() as held:
        console.print(what)
    return held.get()


def test_the_screen_says_synthetic_the_figures_and_the_warnings(summary):
    text = shown(on_screen(summary, warnings(summary, Told().protocol)))
    assert text.index("SYNTHETIC") < text.index("Prompts by status")
    for word in ("0 gap violations", "50.0%", "7 of 14", "tier 3, staffed hours", "PUT /v1/participant/responses/{id}", "/rules/"):
        assert word in text
    assert max(map(len, text.splitlines())) <= 100


def test_side_by_side_names_each_rehearsal_and_tells_two_of_one_protocol_apart(summary):
    other = {**summary, "run": {**summary["run"], "seed": 8}}
    text = shown(beside_on_screen([summary, other]))
    assert "(seed" in text
    assert "Compliance, on time" in text
    assert "(seed 8)" in side_by_side([summary, other])


def test_lines_end_where_the_evidence_does_and_what_is_unknown_is_a_stretch_of_its_own():
    points = [[0.5, 40.0, 12.0, "current"], [0.9, 45.0, 0.0, "current"], [2.5, None, 38.4, "unknown"], [3.0, 20.0, 0.0, "learning"]]
    assert [[one[0] for one in run] for run in known(points)] == [[0.5, 0.9], [3.0]]
    assert unknown(points, 5.0) == [(0.0, 0.5), (1.9, 3.0), (4.0, 5.0)]
    assert ages(points, 5.0) == [(0.5, 0.9, 12.0), (0.9, 1.9, 0.0), (3.0, 4.0, 0.0)]
    assert ages([[0.5, None, None, "unknown"]], 5.0) == []
    assert unknown([], 2.0) == [(0.0, 2.0)]
