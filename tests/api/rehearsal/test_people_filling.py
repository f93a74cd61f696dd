"""What simulated people answer: always what the API takes, never a disclosure by accident, and one where their life says so."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.rehearsal.people.filling import fill
from api.rehearsal.people.inner import InnerLife
from api.rehearsal.people.make import make_people
from api.rehearsal.people.reporting import instrument_for
from api.rehearsal.people.slips import edited, spoiled
from api.rehearsal.people.telling import words_for
from api.rehearsal.people.terms import Feelings, Filled, Person, Report, ReportKind, Says, Slip
from models.definition.answers import validate
from models.definition.disclose import disclosures
from models.definition.escalation import Disclosure
from models.definition.instrument import Block, Instrument, Item, Option, Shuffle
from models.definition.load import parse
from models.definition.order import item_order
from models.definition.protocol import Protocol
from models.definition.rotation import draw_rotation
from models.kinds import Domain, InstrumentKind, ItemKind, Missing, Node, RecallFrame

START = datetime(2026, 3, 7, 17, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
SHIPPED = {
    path.stem: parse(path.read_bytes())
    for path in (*sorted((ROOT / "api/actions/shipped").glob("oud*.json")), *sorted((ROOT / "docs/examples").rglob("*.protocol.json")))
}
OUD = SHIPPED["oud"]
LISTS: Mapping[str, Collection[str]] = {"reminders": ("r1", "r2"), "contacts": ("c1",)}
PEOPLE = make_people(17, 40, start=START, days=28)
FELT = [InnerLife(one).feelings(START + timedelta(days=9, hours=one.number)) for one in PEOPLE]


def filled(protocol: Protocol, instrument: Instrument, number: int, label: str, **settings: Any) -> tuple[Filled, Collection[str] | None]:
    person: Person = PEOPLE[number]
    drawn = draw_rotation(instrument, person.key, label).items if instrument.rotations else None
    arguments = {"drawn": drawn, "lists": LISTS, "language": "en", "label": label, "started_at": START, **settings}
    return fill(person, protocol, instrument, settings.pop("felt", FELT[number]), **_without(arguments, "felt")), drawn


def _without(arguments: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key != name}


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_answer_to_every_instrument_is_taken_and_discloses_only_a_missed_dose(name: str) -> None:
    protocol = SHIPPED[name]
    for instrument, number, reach in product(protocol.instruments, range(40), (1.0, 0.5)):
        answers, drawn = filled(protocol, instrument, number, f"a/{number}/{reach}", reach=reach)
        checked = validate(instrument, answers.answers, drawn=drawn, lists=LISTS, complete=answers.complete)
        held = {one.disclosure for one in disclosures(protocol, instrument.id, checked.disclosable)}
        assert checked.faults == ()
        assert not checked.given_hidden
        assert held == set(answers.discloses)
        assert held <= ({"missed_medicine"} if FELT[number].missed_dose else set())
        assert answers.complete is (reach == 1.0) or len(instrument.items) == 1


@pytest.mark.parametrize(("says", "expected"), [(Says.NOT_SAFE, "not_safe"), (Says.UNSURE, "need_now"), (Says.CALL, "contact_request")])
def test_what_a_life_says_is_disclosed_in_a_report(says: Says, expected: str) -> None:
    instrument = instrument_for(OUD, Report(START, ReportKind.CRAVING, says))
    assert instrument is not None
    for number in range(40):
        answers, drawn = filled(OUD, instrument, number, "told", says=says)
        assert answers.discloses == (expected,)
        assert validate(instrument, answers.answers, drawn=drawn, lists=LISTS).faults == ()


def test_what_an_instrument_cannot_say_is_not_said() -> None:
    momentary = OUD.instrument("momentary")
    assert momentary is not None
    assert words_for(OUD, momentary, Says.NOT_SAFE) is None
    assert filled(OUD, momentary, 0, "told", says=Says.NOT_SAFE)[0].discloses == ()


def test_a_missed_dose_is_said_on_the_day_that_has_one() -> None:
    from dataclasses import replace

    morning = OUD.instrument("morning")
    assert morning is not None
    felt = [replace(one, missed_dose=True) for one in FELT]
    said = [filled(OUD, morning, number, "dose", felt=felt[number])[0].discloses for number in range(40)]
    assert ("missed_medicine",) in said
    assert set(said) <= {("missed_medicine",), ()}


def test_an_answer_depends_on_who_when_and_which_occasion_alone() -> None:
    momentary, weekly = OUD.instrument("momentary"), OUD.instrument("weekly")
    assert momentary is not None
    assert weekly is not None
    first = filled(OUD, momentary, 3, "x")[0]
    filled(OUD, weekly, 3, "y")
    filled(OUD, momentary, 4, "x")
    assert filled(OUD, momentary, 3, "x")[0] == first
    assert filled(OUD, momentary, 3, "z")[0].answers != first.answers


def test_three_in_a_hundred_items_are_skipped() -> None:
    """Of about 3,400 answers: within 4 standard errors (1.2%)."""
    momentary = OUD.instrument("momentary")
    assert momentary is not None
    answers = [entry for n in range(40) for turn in range(5) for entry in filled(OUD, momentary, n, f"s{turn}")[0].answers.values()]
    assert sum("value" not in entry for entry in answers) / len(answers) == pytest.approx(0.03, abs=0.012)


@pytest.mark.parametrize(
    "what", [ReportKind.CRAVING, ReportKind.CUE, ReportKind.STRESS, ReportKind.USE, ReportKind.GOOD, ReportKind.INTAKE]
)
def test_a_report_finds_its_instrument_by_name(what: ReportKind) -> None:
    names = {"craving": "craving", "cue": "reminder", "stress": "stressor", "use": "use", "good": "good", "intake": "intake"}
    for name in ("oud", "oud_low_burden"):
        found = instrument_for(SHIPPED[name], Report(START, what))
        assert found is not None
        assert found.id == names[what]


def test_a_help_request_is_no_instrument_and_a_protocol_may_lack_one() -> None:
    assert instrument_for(OUD, Report(START, ReportKind.HELP)) is None
    assert instrument_for(SHIPPED["urges.protocol"], Report(START, ReportKind.INTAKE)) is None


def test_a_wrong_body_is_refused_and_an_edit_is_taken_and_changes_one_answer() -> None:
    momentary = OUD.instrument("momentary")
    assert momentary is not None
    for number in range(40):
        right, drawn = filled(OUD, momentary, number, "w")
        for slip in (Slip.OUT_OF_RANGE, Slip.UNKNOWN_ITEM):
            wrong = spoiled(right, momentary, slip, PEOPLE[number], "w")
            assert validate(momentary, wrong.answers, drawn=drawn, lists=LISTS).faults
        new = edited(right, momentary, PEOPLE[number], "w")
        assert new is not None
        assert validate(momentary, new.answers, drawn=drawn, lists=LISTS).faults == ()
        assert sum(new.answers[name] != right.answers[name] for name in right.answers) == 1


def test_items_are_answered_in_the_drawn_order_and_left_by_it() -> None:
    momentary = OUD.instrument("momentary")
    assert momentary is not None
    feelings = ("m_valence", "m_stress", "m_tense", "m_low", "m_irritable", "m_lonely")
    shuffle = Shuffle(id="s", blocks=(Block(id="b", items=feelings, shuffled=True),))
    mixed = momentary.model_copy(update={"shuffles": (shuffle,)})
    for number, reach in product(range(20), (1.0, 0.4)):
        order = item_order(mixed, PEOPLE[number].key, f"o/{number}")
        answers, drawn = filled(OUD, mixed, number, f"o/{number}", order=order, reach=reach)
        said = list(answers.answers)
        assert said == sorted(said, key=order.index)
        assert [answers.answers[name]["at"] for name in said] == sorted(entry["at"] for entry in answers.answers.values())
        checked = validate(mixed, answers.answers, drawn=drawn, lists=LISTS, complete=answers.complete, order=order)
        assert checked.faults == ()
        reached = {name for name, kind in checked.missing.items() if kind is Missing.NOT_REACHED}
        assert all(order.index(name) > order.index(said[-1]) for name in reached)
        assert bool(reached) is (reach < 1)


CODES = st.lists(st.sampled_from(["a", "b", "c", "d", "yes", "no"]), min_size=1, max_size=5, unique=True)
BARE = {ItemKind.YES_NO, ItemKind.TIME, ItemKind.DATE, ItemKind.INFORMATION, ItemKind.TEXT, ItemKind.TASK}
CHOICES = {ItemKind.SINGLE, ItemKind.MULTI, ItemKind.BODY_MAP}


@st.composite
def items(draw: st.DrawFn, number: int) -> Item:
    kind = draw(st.sampled_from(list(ItemKind)))
    more: dict[str, Any] = {}
    if kind in CHOICES or (kind is ItemKind.LIKERT and draw(st.booleans())):
        scored, alone = draw(st.booleans()), draw(st.booleans())
        more["options"] = tuple(
            Option(code=code, label={"en": code}, exclusive=alone and place == 0, score=place / 5 if scored else None)
            for place, code in enumerate(draw(CODES))
        )
        more["options_from"] = draw(st.sampled_from([None, None, "reminders", "reasons"]))
    elif kind in BARE:
        more["max_length"] = draw(st.integers(1, 40))
    else:
        low = draw(st.sampled_from([-5, 0, 1, 0.5]))
        more |= {
            "minimum": low,
            "maximum": low + draw(st.sampled_from([1, 4, 10, 100, 0.25])),
            "step": draw(st.sampled_from([None, 1, 0.5, 3])),
        }
        if kind in {ItemKind.DECIMAL, ItemKind.INTEGER, ItemKind.DURATION} and draw(st.booleans()):
            more |= {"minimum": None, "maximum": None, "step": None}
    earlier = f"i{draw(st.integers(0, number))}"
    literal = draw(st.sampled_from([True, 1, "a", 3]))
    branches = [None, None, ["answered", earlier], ["==", {"item": earlier}, literal], ["not", ["==", {"item": earlier}, literal]]]
    more["show_if"] = draw(st.sampled_from(branches)) if number else None
    node, domain = draw(st.sampled_from(list(Node))), draw(st.sampled_from([None, *Domain]))
    variable = draw(st.sampled_from(["craving", "pain", "sleep_hours", "opioid_use", "medicine", "wake_time", "thing"]))
    sense, required = draw(st.sampled_from([-1, 0, 1])), draw(st.booleans())
    return Item(
        id=f"i{number}", kind=kind, text={"en": "?"}, variable=variable, frame=RecallFrame.NOW, node=node, domain=domain, direction=sense,
        required=required, **more,
    )  # fmt: skip


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    count = draw(st.integers(1, 8))
    return Instrument(
        id="made", kind=InstrumentKind.MOMENTARY, title={"en": "?"}, seconds=30, items=tuple(draw(items(number)) for number in range(count))
    )


@settings(max_examples=150, deadline=None)
@given(instrument=instruments(), number=st.integers(0, 39), reach=st.sampled_from([1.0, 0.4]), literal=st.sampled_from([True, "a", 3, 0]))
def test_any_instrument_can_be_answered_without_a_fault_and_without_a_disclosure_that_could_be_left_out(
    instrument: Instrument, number: int, reach: float, literal: Any
) -> None:
    tells = Disclosure(id="tells", tier=4, when=["==", {"item": "i0"}, literal], reason={"en": "?"})
    protocol = OUD.model_copy(update={"instruments": (instrument,), "disclosures": (tells,)})
    answers, _ = filled(protocol, instrument, number, "h", reach=reach)
    checked = validate(instrument, answers.answers, drawn=None, lists=LISTS, complete=answers.complete)
    assert checked.faults == ()
    assert not checked.given_hidden
    assert answers.discloses == ()


def test_a_level_is_answered_on_the_side_of_the_scale_that_means_it() -> None:
    from dataclasses import replace

    stress = Item(
        id="s", kind=ItemKind.SLIDER, text={"en": "?"}, minimum=0, maximum=10, step=1, variable="s", frame=RecallFrame.NOW, node=Node.S
    )
    calm = stress.model_copy(update={"id": "c", "variable": "c", "direction": -1})
    both = Instrument(id="both", kind=InstrumentKind.MOMENTARY, title={"en": "?"}, seconds=10, items=(stress, calm))
    protocol = OUD.model_copy(update={"instruments": (both,)})

    def mean(item: str, level: float) -> float:
        felt: list[Feelings] = [replace(one, stress=level) for one in FELT]
        given = [filled(protocol, both, number, "m", felt=felt[number])[0].answers[item].get("value") for number in range(40)]
        said = [value for value in given if value is not None]
        return sum(said) / len(said)

    assert mean("s", 0.9) - mean("s", 0.1) > 5
    assert mean("c", 0.1) - mean("c", 0.9) > 5
