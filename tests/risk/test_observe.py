from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.codec import canonical, parse
from models.definition.instrument import Instrument, Item, Option
from models.kinds import InstrumentKind, ItemKind, Node, RecallFrame
from risk.observe import content_observed, event_observed, local_hour, observe, sort_key
from risk.terms import Observation
from tests.build import shipped

AT = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)
PROTOCOL = shipped()
CRAVING = PROTOCOL.instrument("craving")
MOMENTARY = PROTOCOL.instrument("momentary")


def seen(instrument: Instrument, **values) -> Observation:
    return observe(instrument, values, source_id="s", event_time=AT, offset_minutes=-300)


def slider(name: str, **changes) -> Item:
    given = {"kind": ItemKind.SLIDER, "text": {"en": "?"}, "minimum": 0, "maximum": 10, "variable": name, "frame": RecallFrame.NOW}
    return Item(id=name, **{**given, "node": Node.S, **changes})


def instrument(*items: Item, **changes) -> Instrument:
    return Instrument(id="i", kind=InstrumentKind.MOMENTARY, title={"en": "i"}, seconds=1, items=items, **changes)


def test_answers_stand_under_their_variables_and_one_is_most_active():
    observation = seen(MOMENTARY, m_crave_now=7, m_choice=8, m_enjoy=10, m_valence=-5, m_cue=True)
    assert observation.answers == {"craving": 0.7, "control": 0.2, "enjoyment": 0.0, "valence": 1.0, "cue_met": 1.0}
    assert observation.floor == {"enjoyment"}


def test_an_item_that_was_not_answered_is_absent_and_not_zero():
    assert seen(MOMENTARY, m_crave_now=3).answers == {"craving": 0.3}
    assert seen(MOMENTARY).answers == {}


def test_an_item_behind_a_gate_enters_no_node():
    """Its absence would mean no for some and not asked for others (risk-model.md 2.4, 2)."""
    gated = instrument(slider("open"), slider("gated", show_if=[">=", {"item": "open"}, 5]))
    assert seen(gated, open=9, gated=9).answers == {"open": 0.9}


def test_an_item_of_no_node_or_no_direction_is_stored_and_moves_nothing():
    items = instrument(slider("plain", node=Node.NONE), slider("flat", direction=0))
    assert seen(items, plain=9, flat=9).answers == {}


def test_place_and_company_together_are_the_context():
    assert seen(MOMENTARY, m_where="home", m_with="nobody").context == "place=home|company=nobody"
    assert seen(MOMENTARY, m_crave_now=1).context is None


def test_a_context_of_several_choices_reads_the_same_in_any_order():
    options = tuple(Option(code=code, label={"en": code}) for code in "abc")
    item = Item(id="w", kind=ItemKind.MULTI, text={"en": "?"}, options=options, variable="w", frame=RecallFrame.NOW, node=Node.CONTEXT)
    assert seen(instrument(item), w=("c", "a")).context == seen(instrument(item), w=["a", "c"]).context == "w=a,c"


def test_a_report_moves_levels_and_trains_nothing():
    report, prompted = seen(CRAVING, m_crave_now=9), seen(MOMENTARY, m_crave_now=9)
    assert (report.kind, report.trains) == ("report", False)
    assert (prompted.kind, prompted.trains) == ("response", True)


def test_a_response_that_answers_against_itself_moves_levels_and_trains_nothing():
    """One place on every scale, though one of the items is turned: not all of it can be meant."""
    asked = instrument(*(slider(name) for name in "abcd"), slider("turned", direction=-1))
    line = seen(asked, a=7, b=7, c=7, d=7, turned=7)
    assert (line.kind, line.trains) == ("response", False)
    assert line.answers == {"a": 0.7, "b": 0.7, "c": 0.7, "d": 0.7, "turned": 0.3}
    assert seen(asked, a=7, b=7, c=7, d=6, turned=7).trains
    assert seen(asked, a=5, b=5, c=5, d=5, turned=5).trains, "the middle says the same of both directions"
    assert seen(asked, a=7, b=7, c=7, turned=7).trains, "four are few"
    one_way = instrument(*(slider(name) for name in "abcde"))
    assert seen(one_way, a=0, b=0, c=0, d=0, e=0).trains, "nothing of anything can be meant"
    other_scale = instrument(*(slider(name) for name in "abcd"), slider("turned", direction=-1, maximum=100))
    assert seen(other_scale, a=7, b=7, c=7, d=7, turned=7).trains


SLIDERS = st.one_of(st.integers(0, 10), st.floats(0, 10, allow_nan=False))
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("m_stress", "m_low", "m_withdraw", "m_crave_now", "m_choice", "m_intrude"), SLIDERS),
        "m_valence": st.one_of(st.integers(-5, 5), st.floats(-5, 5, allow_nan=False)),
        "m_where": st.sampled_from(["home", "clinic"]),
        "m_with": st.sampled_from(["nobody", "family"]),
        "m_cue": st.booleans(),
    },
)


@given(ANSWERS)
def test_answers_read_from_the_database_make_the_same_observation_as_answers_just_sent(values):
    stored = parse(canonical(values))
    assert seen(MOMENTARY, **stored) == seen(MOMENTARY, **values)


@given(ANSWERS)
def test_every_indicator_lies_between_zero_and_one_and_the_floor_is_zero(values):
    observation = seen(MOMENTARY, **values)
    assert all(0.0 <= one <= 1.0 for one in observation.answers.values())
    assert observation.floor == {name for name, one in observation.answers.items() if one == 0.0}


@pytest.mark.parametrize(
    ("minutes", "hour"), [(0, 15.5), (-300, 10.5), (345, 21.25), (840, 5.5), (-720, 3.5)], ids=["utc", "east-us", "nepal", "next", "west"]
)
def test_the_local_hour_comes_from_the_offset_that_was_stored(minutes, hour):
    assert local_hour(AT, minutes) == hour


@pytest.mark.parametrize(("said", "event"), [("yes", "use"), ("no", None), ("rather_not", None)])
def test_a_use_that_an_answer_tells_of_is_an_event(said, event):
    observation = seen(PROTOCOL.instrument("evening"), pm_use=said)
    assert (observation.event, observation.answers) == (event, {})


def test_events_and_content_are_no_answers_and_train_nothing():
    event = event_observed("use", source_id="e", happened_at=AT, offset_minutes=0)
    content = content_observed(source_id="r", shown_at=AT, offset_minutes=0)
    assert (event.kind, event.event, event.answers, event.trains) == ("timed_event", "use", {}, False)
    assert (content.kind, content.source_id, content.answers, content.trains) == ("content", "content:r", {}, False)


@given(
    st.lists(
        st.builds(
            Observation,
            source_id=st.uuids().map(str),
            kind=st.sampled_from(["response", "report", "timed_event", "content", "expiry"]),
            event_time=st.integers(0, 3).map(lambda step: AT + timedelta(microseconds=step)),
            local_hour=st.just(0.0),
        ),
        max_size=6,
    )
)
def test_the_sort_key_as_text_sorts_like_the_folds_order(observations):
    assert sorted(observations, key=sort_key) == sorted(observations, key=Observation.key)


def test_the_sort_key_is_in_utc_and_exact_to_the_microsecond():
    observation = content_observed(source_id="r", shown_at=AT.replace(microsecond=7), offset_minutes=0)
    assert sort_key(observation) == "2026-03-04T15:30:00.000007|3|content:r"
