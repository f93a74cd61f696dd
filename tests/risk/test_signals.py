"""Signals beside answers: silent when absent, heard against the person's own usual, and the same in whatever order they came."""

from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from api.actions.take_signals import Upload, require_open, take_signals
from models.definition.itemmap import item_map
from models.queries.enrollment_phone import lock_own
from models.session import Sessions
from models.tables import RiskStateRow
from risk.estimate.explain import sentence
from risk.estimate.nodes import ItemNode, Nodes, from_item_map
from tests.build import NOW, Built, build_study, shipped
from tests.conftest import fixed_keys
from tests.risk.estimate_streams import ITEMS, USUAL, answer, run
from tests.risk.stream import HOUR, MINUTE, Stream, begin
from tests.signaling import asking, beats, slept

BEATS = ItemNode("beats", "S", 1.0, 2.0, 1, "heart_rate")
SLEPT = ItemNode("slept", "S", 1.0, 48.0, -1, "sleep_duration")
WITH = Nodes({**ITEMS, "beats": BEATS, "slept": SLEPT})


def days(count: int = 20, **signals: float) -> list:
    draw = Random(5)
    said = [{name: min(1.0, max(0.0, value + draw.uniform(-0.2, 0.2))) for name, value in USUAL.items()} for _ in range(count)]
    return [answer(f"{number:03}", 6.0 * number, {**one, **signals}) for number, one in enumerate(said)]


def test_what_was_not_measured_leaves_no_trace_in_any_bit() -> None:
    assert run(days(), nodes=WITH) == run(days(), nodes=ITEMS)


def test_the_first_of_a_person_says_nothing_and_the_usual_says_next_to_nothing() -> None:
    plain, first = run(days(1))[1][-1], run(days(1, beats=0.9), nodes=WITH)[1][-1]
    assert (first.own, first.contributions, first.nodes) == (plain.own, plain.contributions, plain.nodes)
    usual = run(days(beats=0.9), nodes=WITH)[1][-1]
    assert usual.signals == {"heart_rate": 0.0}


def test_a_signal_far_from_the_usual_moves_its_node_and_what_it_adds_but_no_anchored_level() -> None:
    calm = [*days(beats=0.3), answer("end", 121.0, {**USUAL, "beats": 0.3})]
    racing = [*calm[:-1], answer("end", 121.0, {**USUAL, "beats": 0.9})]
    (_, before), (_, after) = run(calm, nodes=WITH), run(racing, nodes=WITH)
    assert after[-1].own["S"] > before[-1].own["S"] + 0.3
    assert after[-1].contributions["S"] > before[-1].contributions["S"]
    assert after[-1].drive == sum(after[-1].contributions.values())
    assert (after[-1].level, after[-1].nodes, after[-1].coverage) == (before[-1].level, before[-1].nodes, before[-1].coverage)
    assert after[-1].features.keys() - run(days())[1][-1].features.keys() == {"own:beats"}
    assert "The heart rate that was measured before it was above this person's usual" in sentence(after[-1])
    assert "heart rate" not in sentence(before[-1])


def test_a_signal_is_named_as_it_was_measured_whatever_it_speaks_for() -> None:
    """Little sleep is active stress: the node turns it, the sentence does not."""
    short = [*days(slept=0.4), answer("end", 121.0, {**USUAL, "slept": 0.9})]
    _, estimates = run(short, nodes=WITH)
    assert estimates[-1].own["S"] > estimates[-2].own["S"]
    assert "The time asleep that was measured before it was below this person's usual" in sentence(estimates[-1])


def test_the_item_map_of_a_protocol_without_signals_keeps_its_version() -> None:
    plain, watched = item_map(shipped()), item_map(asking())
    assert item_map(asking(None)).hash == plain.hash
    assert watched.hash != plain.hash
    assert watched.entries.keys() - plain.entries.keys() == {"beats", "slept", "walked"}
    assert {name for name, node in from_item_map(watched).items() if node.signal} == {"beats", "slept"}, "a series of no node is kept only"


@pytest.fixture(scope="module")
def study(shared_sessions: Sessions) -> Built:
    return build_study(shared_sessions, asking(), slug="signals")


def told(stream: Stream, points: list, at) -> list:
    """An upload of the person's phone, as the door takes it."""
    stream.clock.at = at
    with stream.sessions.transaction() as session:
        person = lock_own(session, stream.person.viewer())
        signals = require_open(person, stream.study.protocol.signals)
        return take_signals(session, stream.house.mind, person, signals, Upload(True, at, points), now=at)


def said(number: int) -> dict[str, int]:
    draw = Random(number)
    return {name: draw.randrange(11) for name in ("m_crave_now", "m_stress", "m_low", "m_withdraw", "m_choice")}


ANSWERED = [NOW + 5 * number * HOUR for number in range(6)]
POINTS = [
    one
    for number, at in enumerate(ANSWERED)
    for one in (
        beats(60 + 7 * number, at, str(UUID(int=3 * number + 1))),
        beats(61 + 5.1 * number, at - 110 * MINUTE, str(UUID(int=3 * number + 2))),
        slept(5 + number / 3, at - 3 * HOUR, str(UUID(int=3 * number + 3))),
    )
]
"""One of them at the very moment of an answer, which hears it."""


@pytest.fixture(scope="module")
def ordered(shared_sessions: Sessions, study: Built) -> Stream:
    stream = begin(shared_sessions, fixed_keys(), study, consent_use=False)
    for number, at in enumerate(ANSWERED):
        told(stream, POINTS[3 * number : 3 * number + 3], at)
        stream.say(at, "momentary", now=at + MINUTE, **said(number))
    stream.holds()
    return stream


@pytest.mark.parametrize("seed", [1, 2])
def test_points_in_any_order_before_or_after_the_answers_end_in_the_same_state(
    shared_sessions: Sessions, study: Built, ordered: Stream, seed: int
) -> None:
    """Content is off, so that what was shown when cannot differ."""
    draw, mixed = Random(seed), begin(shared_sessions, fixed_keys(), study, consent_use=False)
    steps = [*range(len(ANSWERED)), *(str(number) for number in range(0, len(POINTS), 2))]
    draw.shuffle(steps)
    mixed.sent, late = [], ANSWERED[-1] + HOUR
    for step in steps:
        if isinstance(step, str):
            both = POINTS[int(step) : int(step) + 2]
            assert [one.created for one in told(mixed, [*both, both[0]], late)] == [True] * len(both) + [False]
        else:
            mixed.say(ANSWERED[step], "momentary", id=ordered.sent[step], now=late, **said(step))
    told(mixed, POINTS, late)
    mixed.holds()
    assert bytes(mixed.state().state) == bytes(ordered.state().state)
    newest = ordered.newest()
    assert {source: one.detail for source, one in mixed.newest().items()} == {source: one.detail for source, one in newest.items()}
    assert len(mixed.decisions()) == len(ANSWERED), "a point that comes late decides nothing again"


def test_a_point_that_no_answer_hears_folds_nothing(shared_sessions: Sessions, ordered: Stream) -> None:
    before = ordered.rows(RiskStateRow)
    for nobody_hears in (ANSWERED[-1] + MINUTE, NOW - timedelta(days=9)):
        assert [one.created for one in told(ordered, [beats(90, nobody_hears)], ANSWERED[-1] + HOUR)] == [True]
    assert ordered.rows(RiskStateRow) == before
