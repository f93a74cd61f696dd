"""Published definition files, where they lie beside the checkout: each of them through the import, with the figures that came of it."""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from api.foreign.fields import Field
from api.foreign.logic.grammar import parse as parse_rule
from api.foreign.logic.tokens import NotParsed
from api.foreign.logic.tree import Binary, Call, Joined, Number, Text, Tree, Unary
from api.foreign.notes import Kind, Notes
from api.foreign.redcap.write import write_archive, write_dictionary
from api.foreign.sources import Given, Source, read_source
from api.foreign.study import Imported, Wanted, study_of
from models.definition.check import check
from models.definition.checks.branches import lengths
from models.definition.load import canonical, parse
from models.definition.prompting import Stratified
from models.errors import Problem
from scheduler.plan.calendar import WakeSpan, ZoneSpan
from scheduler.plan.inputs import PlanInput
from scheduler.plan.occasions import plan
from tests.api.foreign.files import DAYS, frame
from tests.api.foreign.mended import craving_study, mended
from tests.api.rehearsal.living import Ran, run, settings_of
from tests.conftest import ROOT

CORPUS = ROOT.parent / "shared" / "corpus"
FOLDERS = {
    "radar-armt-protocols": "*.json",
    "radar-armt-questionnaires": "*.json",
    "redcap-dd": "*.csv",
    "redcap-xml": "*.xml",
    "redcap-instrument-zip": "*.zip",
}


def say(figures: str) -> None:
    """Inside `capsys.disabled()`: on the terminal, also where the test succeeds."""
    sys.stdout.write(f"\n{figures}")


pytestmark = [pytest.mark.dataset, pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout")]


@dataclass(frozen=True, slots=True)
class Done:
    file: Path
    source: Source
    imported: Imported
    notes: Notes


def together(files: Sequence[Path], days: int = DAYS, *, by_chance: bool = False) -> tuple[list[Source], Imported, Notes]:
    notes = Notes()
    sources = [read_source(Given(str(file), file.read_bytes()), notes, language="en", length_days=days) for file in files]
    return sources, study_of(sources, Wanted(frame(), days, by_chance=by_chance), notes), notes


@lru_cache(maxsize=1)
def everything() -> tuple[dict[str, list[Done]], dict[Path, str]]:
    """Every file alone: what came of it by folder, and the codes of those that were refused."""
    done: dict[str, list[Done]] = {}
    refused: dict[Path, str] = {}
    for folder, pattern in FOLDERS.items():
        for file in sorted((CORPUS / folder).rglob(pattern)):
            try:
                (source,), imported, notes = together([file])
            except Problem as problem:
                refused[file] = problem.code
            else:
                done.setdefault(folder, []).append(Done(file, source, imported, notes))
    return done, refused


def test_every_file_is_imported_or_refused_for_what_it_is(capsys):
    done, refused = everything()
    with capsys.disabled():
        for folder, pattern in FOLDERS.items():
            files = list((CORPUS / folder).rglob(pattern))
            kept = sum(CORPUS / folder in file.parents for file in refused)
            say(f"{folder}: {len(files)} files, {len(done[folder])} imported, {kept} refused")
            assert len(files) == len(done[folder]) + kept > 0
    schemas = [file.name for file, code in refused.items() if code == "foreign_unknown"]
    assert [name for name in schemas if not name.startswith(("protocol-schema", "definition-schema"))] == []
    # A head without a row: there is no form in it.
    assert [file.name for file, code in refused.items() if code != "foreign_unknown"] == ["datadict_corrupt_header.csv"]
    for each in (each for found in done.values() for each in found):
        assert parse(canonical(each.imported.protocol)) == each.imported.protocol


def fields(folder: str) -> Iterator[Field]:
    return (field for each in everything()[0][folder] for form in each.source.forms for field in form.fields)


def rules(field: Field) -> list[str]:
    formula = field.cell("select_choices_or_calculations") if field.type == "calc" else ""
    return [text for text in (field.cell("branching_logic").strip(), field.evaluated.strip(), formula.strip()) if text]


def test_at_least_99_in_100_rules_are_read_by_the_grammar(capsys):
    with capsys.disabled():
        for folder in ("redcap-dd", "redcap-xml", "radar-armt-questionnaires"):
            written = [text for field in fields(folder) for text in rules(field)]
            read = sum(parsed(text) is not None for text in written)
            say(f"{folder}: {read} of {len(written)} rules read")
            assert written
            assert read >= 0.99 * len(written)


def parsed(text: str) -> Tree | None:
    try:
        return parse_rule(text)
    except NotParsed:
        return None


def test_warnings_are_counted_by_kind(capsys):
    kinds: dict[str, Counter[str]] = {
        folder: sum((Counter(each.notes.by_kind()) for each in done), Counter()) for folder, done in everything()[0].items()
    }
    with capsys.disabled():
        say(" ".join(f"{name:>26}" for name in ("", *kinds)))
        for kind in sorted(set().union(*kinds.values())):
            say(" ".join(f"{cell:>26}" for cell in (kind, *(found[kind] for found in kinds.values()))))
    found = [note for done in everything()[0].values() for each in done for note in each.notes.found]
    assert found
    assert [note for note in found if not (note.message and (note.place or note.field or note.kind == Kind.NA_IS_EMPTY))] == []


def alike(tree: Tree) -> Tree:
    """Without what means nothing: a number in quotes is the number, and brackets within brackets are none."""
    match tree:
        case Text(value) if value.strip().lstrip("-").isdigit():
            return Number(float(value))
        case Joined(sign, parts):
            flat: list[Tree] = []
            for part in map(alike, parts):
                flat += part.parts if isinstance(part, Joined) and part.operator == sign else (part,)
            return Joined(sign, tuple(flat))
        case Binary(sign, left, right):
            return Binary(sign, alike(left), alike(right))
        case Unary(sign, part):
            return Unary(sign, alike(part))
        case Call(name, parts):
            return Call(name, tuple(map(alike, parts)))
    return tree


def same_rule(one_text: str, other: str) -> bool:
    first, second = parsed(one_text), parsed(other)
    return one_text.strip() == other.strip() or (first is not None and second is not None and alike(first) == alike(second))


def kept(before: Field, after: Field | None) -> bool:
    """Name, type, options and logic of a field, read by nothing of ours but the reader of files."""
    validation = "text_validation_type_or_show_slider_number"
    return (
        after is not None
        and before.type == after.type
        and before.cell(validation) == after.cell(validation)
        and before.choices == after.choices
        and same_rule(before.cell("branching_logic"), after.cell("branching_logic"))
        and (before.type != "calc" or same_rule(*(field.cell("select_choices_or_calculations") for field in (before, after))))
    )


@pytest.mark.parametrize("folder", ["redcap-dd", "redcap-xml", "redcap-instrument-zip"])
def test_what_goes_through_the_house_comes_back_for_at_least_98_in_100_fields(folder, capsys):
    whole, same, written_by_us = 0, 0, 0
    for done in everything()[0][folder]:
        protocol = done.imported.protocol
        raw = (
            write_archive(protocol, protocol.instruments[0].id, Notes()) if folder.endswith("zip") else write_dictionary(protocol, Notes())
        )
        again = read_source(Given("again", raw), Notes(), language="en", length_days=DAYS)
        after = {field.name: field for form in again.forms for field in form.fields}
        before = {field.name: field for form in done.source.forms for field in reversed(form.fields)}
        whole += len(before)
        same += sum(kept(field, after.get(name)) for name, field in before.items())
        written_by_us += sum(one.item is not None or one.score is not None for form in protocol.origin for one in form.fields)
    with capsys.disabled():
        say(f"{folder}: {same} of {whole} fields come back the same; {written_by_us} from items and scores, the rest from kept cells")
    assert whole
    assert same >= 0.98 * whole


LONDON = ZoneInfo("Europe/London")
FIRST = datetime(2026, 10, 19)
"""Six days before the clocks go back in London; day 161 is the one on which they go forward."""
LAST = 166


def test_the_craving_study_expands_to_its_exact_clock_times_in_london_across_both_clock_changes(capsys):
    folder = CORPUS / "radar-armt-protocols"
    file = next(each for each in folder.rglob("RADAR-mCRAVING-KCL-s1/protocol.json"))
    questionnaires = sorted((CORPUS / "radar-armt-questionnaires").rglob("*_ema_armt.json"))
    _, imported, _ = together([file, *questionnaires], LAST)
    start = FIRST.replace(tzinfo=LONDON).astimezone(UTC)
    wake = WakeSpan(start.date(), imported.protocol.wake.default)
    inputs = PlanInput(UUID(int=7), b"k" * 32, imported.protocol.designs, (ZoneSpan(start, "Europe/London"),), (wake,), start, LAST)
    occasions = plan(inputs, start, start + timedelta(days=LAST - 1))
    wanted = sorted(by_hand(json.loads(file.read_bytes())))
    with capsys.disabled():
        say(f"mCRAVING: {len(occasions)} prompts on {LAST} days")
    assert sorted((each.due_at, each.local_due, each.instrument) for each in occasions) == wanted
    assert {each.offset_minutes for each in occasions if each.local_due[5:10] in {"10-25", "03-27"}} == {0}
    assert {each.offset_minutes for each in occasions if each.local_due[5:10] in {"10-24", "03-28"}} == {60}
    assert {each.blocked for each in occasions} == {None}


def test_the_craving_study_drawn_anew_fits_every_wake_window(capsys):
    file = next(each for each in (CORPUS / "radar-armt-protocols").rglob("RADAR-mCRAVING-KCL-s1/protocol.json"))
    _, imported, notes = together([file], LAST, by_chance=True)
    drawn = [design for design in imported.protocol.designs if isinstance(design, Stratified)]
    with capsys.disabled():
        say(f"mCRAVING by chance: {[(design.id, design.prompts, design.gap_minutes) for design in drawn]}")
    assert [design.prompts for design in drawn] == [3]
    assert "times_drawn_anew" in notes.by_kind()
    assert imported.faults == ()


def test_the_craving_study_can_be_published_once_its_check_in_is_even(capsys):
    outcome = craving_study(90)
    assert [fault["rule"] for fault in outcome.report["faults"]] == ["branch_lengths_differ"]
    document, changed = mended(json.loads(outcome.document), "random_ema")
    protocol = parse(json.dumps(document).encode())
    with capsys.disabled():
        say(f"mCRAVING mended: {len(changed)} neutral items beside {len(changed)} conditional ones")
    assert list(check(protocol)) == []
    instrument = protocol.instrument("random_ema")
    assert instrument is not None
    assert lengths(instrument) == (14, 14)
    before = outcome.protocol.instrument("random_ema").items
    assert tuple(item for item in instrument.items if not item.id.endswith("_n")) == before, "what the study asks is as it was"
    assert len(instrument.items) == len(before) + len(changed)


def test_the_craving_study_drawn_anew_is_rehearsed_without_a_fault(tmp_path):
    document, _ = mended(json.loads(craving_study(3).document), "random_ema")
    (tmp_path / "mcraving.json").write_text(json.dumps(document))
    words = ("--participants", "3", "--days", "3", "--staff", "1", "--quiet", "--directory", str(tmp_path / "out"))
    result = run("rehearse", str(tmp_path / "mcraving.json"), *words)
    assert result.exception is None, (result.output, result.exception)
    summary = Ran(tmp_path / "out", settings_of(tmp_path / "out"), result.output, 0).summary
    assert (summary["faults"]["total"], summary["faults"]["counts"]["gap"]) == (0, 0)
    (near,) = summary["gaps"]["nearest_minutes"]
    assert near["promised"] <= near["seen"]
    assert summary["prompts"]["prompts"] >= 20


def by_hand(document: dict) -> Iterator[tuple[datetime, str, str]]:
    """The study's clock times from its file, without our import and without our calendar."""
    units = {"min": 1, "hour": 60}
    for assessment in document["protocols"]:
        schedule = assessment["protocol"]
        if assessment.get("type") == "on_demand":
            continue
        assert schedule["repeatProtocol"]["unit"] == "day"
        for cycle in range(0, LAST, schedule["repeatProtocol"]["amount"]):
            for offset in schedule["repeatQuestionnaire"]["unitsFromZero"]:
                minutes = offset * units[schedule["repeatQuestionnaire"]["unit"]]
                shown = FIRST + timedelta(days=cycle, minutes=minutes)
                if shown < FIRST + timedelta(days=LAST):
                    yield shown.replace(tzinfo=LONDON).astimezone(UTC), shown.isoformat(), assessment["questionnaire"]["name"]
