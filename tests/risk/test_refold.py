"""Fold and stream are one: whatever the order of arrival, rows folded again give the stored state bit for bit."""

from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from api.actions.record_event import NewEvent, record_event, retract_event
from models.definition.load import canonical, checksum
from models.definition.protocol import Protocol
from models.ids import new_uid
from models.kinds import TimedEventKind
from models.queries import risk
from models.queries.response import lock_enrollments
from models.queries.study import add_protocol_version
from models.session import Sessions
from models.tables import RiskStateRow
from risk import owed
from risk.estimate.state import decode, encode
from risk.refold import CHECKPOINT_EVERY, INLINE_LIMIT
from tests.build import NOW, Built, build_study
from tests.conftest import fixed_keys
from tests.risk.stream import HOUR, MINUTE, Stream, begin

START = NOW - 60 * 24 * HOUR
ASKED = ("m_crave_now", "m_stress", "m_low", "m_withdraw", "m_choice")


@pytest.fixture(scope="module")
def study(shared_sessions: Sessions) -> Built:
    return build_study(shared_sessions, slug="refold", now=START)


@pytest.fixture
def stream(shared_sessions: Sessions, study: Built) -> Stream:
    return begin(shared_sessions, fixed_keys(), study)


def moments(count: int, seed: int = 3) -> list[tuple]:
    """(instant, instrument, answers) of a person who reports and is asked, four times a day."""
    draw = Random(seed)
    found = []
    for number in range(count):
        at = START + timedelta(hours=6 * number, minutes=draw.randrange(180), microseconds=draw.randrange(10**6))
        answers = {
            name: draw.randrange(11) for name in ("m_crave_now", "m_stress", "m_low", "m_withdraw", "m_choice") if draw.random() < 0.8
        }
        if draw.random() < 0.4:
            found.append((at, "craving", answers))
        else:
            found.append((at, "momentary", {**answers, "m_cue": draw.random() < 0.3, "m_where": draw.choice(["home", "clinic"])}))
    return found


def test_a_history_sent_as_it_happened_is_its_own_fold(stream):
    for at, instrument, answers in moments(27):
        stream.say(at, instrument, **answers)
    assert stream.state().observations > 27, "content that was shown is an observation too"
    counts = [one.observations for one in stream.snapshots()]
    assert counts == list(range(CHECKPOINT_EVERY, stream.state().observations + 1, CHECKPOINT_EVERY))
    stream.holds()


def test_a_state_survives_the_database_bit_for_bit(stream):
    for at, instrument, answers in moments(6):
        stream.say(at, instrument, **answers)
    raw = bytes(stream.state().state)
    assert encode(decode(raw)) == raw


@pytest.mark.parametrize("seed", [1, 2])
def test_answers_in_any_order_end_in_the_same_state_and_the_same_newest_estimates(shared_sessions, study, seed):
    """Content is off, so that what was shown when cannot differ; everything arrives at one instant."""
    history = moments(9)
    ordered, mixed = (begin(shared_sessions, fixed_keys(), study, consent_use=False) for _ in range(2))
    for at, instrument, answers in history:
        ordered.say(at, instrument, **answers)
    mixed.sent = []
    ids = {at: ordered.sent[number] for number, (at, _, _) in enumerate(history)}
    Random(seed).shuffle(history)
    for at, instrument, answers in history:
        mixed.say(at, instrument, now=NOW, id=ids[at], **answers)
    mixed.holds()
    assert bytes(mixed.state().state) == bytes(ordered.state().state)
    said = [{name: row.estimate_hash for name, row in one.newest().items()} for one in (ordered, mixed)]
    assert said[0] == said[1]


def test_one_batch_in_any_order_is_the_same_as_one_by_one(shared_sessions, study):
    history = moments(8, seed=5)
    one, together = (begin(shared_sessions, fixed_keys(), study, consent_use=False) for _ in range(2))
    for at, instrument, answers in history:
        one.say(at, instrument, **answers)
    together.clock.at = NOW
    batch = [together.answer(at, instrument, id=one.sent[number], **answers) for number, (at, instrument, answers) in enumerate(history)]
    Random(1).shuffle(batch)
    together.store(*batch)
    together.holds()
    assert bytes(together.state().state) == bytes(one.state().state)


def test_two_reports_in_one_batch_that_both_lead_to_content_are_folded_alike(stream):
    """The first one's content is later than the second one's event, and not yet a row when the second is folded."""
    now = NOW.replace(hour=17)
    stream.clock.at = now
    batch = [stream.answer(now - minutes * MINUTE, m_crave_now=9, m_stress=3) for minutes in (3, 2, 1)]
    stream.store(*batch)
    assert sum(one["content_code"] is not None for one in stream.decisions().values()) > 1
    assert len(stream.newest()) == 3
    stream.settle()
    stream.holds()


def test_a_late_answer_appends_revised_estimates_and_leaves_decisions_and_alerts_as_they_were(stream):
    history = moments(10, seed=8)
    late = history.pop(4)
    for at, instrument, answers in history:
        stream.say(at, instrument, **answers)
    decisions, alerts, before = stream.decisions(), stream.alerts(), stream.newest()
    stream.say(late[0], late[1], now=history[-1][0] + HOUR, **late[2])
    after, late_id = stream.newest(), str(stream.sent[-1])
    assert {name: one for name, one in stream.decisions().items() if name != late_id} == decisions
    assert stream.alerts() == alerts
    assert stream.decisions()[late_id]["unavailable"][0] == "stale"
    earlier = [str(one) for one in stream.sent[:4]]
    assert all(after[name].revision == 1 and after[name].id == before[name].id for name in earlier), "what came before it did not change"
    revised = [name for name, row in after.items() if row.revision == 2]
    assert str(stream.sent[4]) in revised
    assert late_id not in revised
    stream.holds()


@pytest.mark.parametrize("at_once", [2, 500], ids="sources_{}".format)
def test_a_refold_that_changes_nothing_writes_no_revision(stream, monkeypatch, at_once):
    """However many statements it takes to look up what was said."""
    monkeypatch.setattr(risk, "_AT_ONCE", at_once)
    for at, instrument, answers in moments(5):
        stream.say(at, instrument, **answers)
    before = {name: row.id for name, row in stream.newest().items()}
    with stream.sessions.transaction() as session:
        risk.mark_stale(session, [stream.person.enrollment_id])
    stream.settle()
    assert {name: row.id for name, row in stream.newest().items()} == before
    assert not stream.state().stale


def test_changing_what_came_after_an_answer_leaves_its_features_as_they_were(shared_sessions, study):
    """The leakage test: a feature at t reads nothing that happened after t."""
    history = moments(14, seed=9)
    told, other = (begin(shared_sessions, fixed_keys(), study) for _ in range(2))
    for number, (at, instrument, answers) in enumerate(history):
        told.say(at, instrument, **answers)
        if number < 9:
            other.say(at, instrument, id=told.sent[number], **answers)
        elif number % 2:
            other.say(at + 17 * MINUTE, "momentary", m_crave_now=0, m_stress=10, m_cue=True)
    kept = [str(one) for one in told.sent[:9]]
    mine, theirs = told.newest(), other.newest()
    assert {name: mine[name].detail["features"] for name in kept} == {name: theirs[name].detail["features"] for name in kept}
    assert {name: mine[name].estimate_hash for name in kept} == {name: theirs[name].estimate_hash for name in kept}


def test_an_answer_with_more_than_fifty_after_it_leaves_the_state_stale_and_the_duty_folds_it(stream):
    history = moments(INLINE_LIMIT + 12, seed=4)
    late = history.pop(0)
    for at, instrument, answers in history:
        stream.say(at, instrument, **answers)
    before = stream.state()
    stream.say(late[0], late[1], now=history[-1][0] + HOUR, **late[2])
    late_id = str(stream.sent[-1])
    state = stream.state()
    assert (state.stale, bytes(state.state)) == (True, bytes(before.state))
    decision = stream.decisions()[late_id]
    assert (decision["estimate_id"], decision["reason"]) == (None, "stale")
    assert late_id not in stream.newest()
    stream.say(history[-1][0] + 6 * HOUR, "momentary", m_crave_now=3, m_stress=2)
    assert stream.state().stale, "an answer in between does not clear what is owed"
    decisions = stream.decisions()
    stream.settle()
    assert not stream.state().stale
    assert stream.decisions() == decisions
    stream.holds()


def test_a_checkpoint_made_over_content_is_kept_too(stream):
    """Every twenty-fifth observation is one, whether it was an answer or content that was shown."""
    at = START
    while stream.rows(RiskStateRow) == [] or stream.state().observations < 2 * CHECKPOINT_EVERY:
        stream.say(at, m_crave_now=9, m_stress=5)
        at += 26 * HOUR
    assert {one.observations for one in stream.snapshots()} >= {CHECKPOINT_EVERY, 2 * CHECKPOINT_EVERY}


def test_a_late_answer_folds_from_the_checkpoint_before_it(stream):
    history = moments(60, seed=6)
    late = history.pop(52)
    for at, instrument, answers in history:
        stream.say(at, instrument, **answers)
    assert len(stream.snapshots()) >= 2
    stream.say(late[0], late[1], now=history[-1][0] + HOUR, **late[2])
    assert not stream.state().stale
    stream.holds()
    assert len(stream.newest()) == 60


def test_a_checkpoint_between_two_answers_of_one_batch_loses_no_estimate(stream):
    """The first makes the checkpoint, the second lies before the first one's content and folds from it."""
    at = START
    count = 0
    while count < CHECKPOINT_EVERY - 1:
        stream.say(at, "momentary", m_crave_now=2, m_stress=1)
        at += 5 * HOUR
        count = stream.state().observations
    stream.clock.at = at + HOUR
    batch = [stream.answer(at + minutes * MINUTE, m_crave_now=9) for minutes in (50, 55)]
    stream.store(*batch)
    assert {str(one.client_id) for one in batch} <= stream.newest().keys()
    if stream.state().stale:  # two contents at one instant, the second of which sorts first
        stream.settle()
    stream.holds()


def test_an_edit_changes_history_and_opens_no_decision(stream):
    history = moments(7, seed=2)
    for at, instrument, answers in history:
        stream.say(at, instrument, **answers)
    decisions, alerts = stream.decisions(), stream.alerts()
    target, (at, instrument, _) = stream.sent[3], history[3]
    edit = {"_base_revision": 1, "_edit_reason": "wrong_scale", "m_crave_now": 0, "m_stress": 10}
    stream.say(at, instrument, now=history[-1][0] + HOUR, id=target, **edit)
    assert (stream.decisions(), stream.alerts()) == (decisions, alerts)
    first, second = [row for row in stream.responses() if row.client_id == target]
    assert [(first.revision, first.superseded), (second.revision, second.superseded)] == [(1, True), (2, False)]
    revisions = [row.revision for row in stream.newest().values()]
    assert stream.newest()[str(target)].response_id == second.id
    assert max(revisions) == 2
    stream.holds()


def test_an_edit_that_moves_an_answer_in_time_folds_both_places_anew(stream):
    history = moments(6, seed=2)
    for at, instrument, answers in history:
        stream.say(at, instrument, **answers)
    stream.say(
        history[5][0] + 2 * HOUR, "craving", id=stream.sent[1], _base_revision=1, _edit_reason="wrong_time", m_crave_now=7, m_stress=3
    )
    stream.holds()


def test_an_answer_and_its_edit_in_one_batch_count_once(stream):
    at = NOW - 3 * HOUR
    stream.clock.at = NOW
    first = stream.answer(at, m_crave_now=9)
    edit = stream.answer(at - HOUR, id=first.client_id, _base_revision=1, _edit_reason="wrong_scale", m_crave_now=2)
    results = stream.store(first, edit)
    assert [one.created for one in results] == [True, True]
    assert [(row.revision, row.superseded) for row in stream.responses()] == [(1, True), (2, False)]
    assert len(stream.decisions()) == 1
    stream.holds()


def event(stream: Stream, at, kind=TimedEventKind.USE) -> UUID:
    """Told by the person where study time stands, or when it happened if that is later."""
    told = NewEvent(new_uid(), kind, at)
    with stream.sessions.transaction() as session:
        record_event(session, stream.house.mind, locked(session, stream), told, source="participant", now=max(at, stream.clock.at))
    return told.client_id


def take_back(stream: Stream, client_id: UUID) -> None:
    with stream.sessions.transaction() as session:
        retract_event(session, stream.house.mind, locked(session, stream), client_id, now=stream.clock.at)


def locked(session, stream: Stream):
    return lock_enrollments(session, {stream.person.enrollment_id})[stream.person.enrollment_id]


def events_of(stream: Stream) -> set[str]:
    return set(decode(bytes(stream.state().state)).events)


@pytest.mark.parametrize("place", [2, 5])
def test_a_timed_event_enters_the_fold_at_its_own_time_and_can_be_taken_back(stream, place):
    history = moments(6)
    for at, instrument, answers in history:
        stream.say(at, instrument, **answers)
    told = event(stream, history[place][0] + MINUTE)
    assert not stream.state().stale
    stream.holds()
    assert events_of(stream) == {"use"}
    take_back(stream, told)
    assert not stream.state().stale
    stream.holds()
    assert events_of(stream) == set()


def test_events_alone_after_a_checkpoint_are_kept(shared_sessions, study):
    stream = begin(shared_sessions, fixed_keys(), study, consent_use=False)  # no content: each answer is one observation
    history = moments(CHECKPOINT_EVERY)
    for at, instrument, answers in history:
        stream.say(at, instrument, **answers)
    last = history[-1][0]
    for minutes in (3, 2, 4):  # the second is late, and no answer stands behind the checkpoint
        event(stream, last + minutes * MINUTE, TimedEventKind.DOSE)
        assert not stream.state().stale
        stream.holds()
    stream.say(last + HOUR, m_crave_now=4)
    stream.holds()


def test_an_event_long_ago_is_left_to_the_duty(stream):
    for at, instrument, answers in moments(INLINE_LIMIT + 5):
        stream.say(at, instrument, **answers)
    event(stream, START - HOUR)
    assert stream.state().stale
    event(stream, stream.clock.at + HOUR)
    assert stream.state().stale, "what is owed stays owed"
    stream.settle(stream.clock.at + 2 * HOUR)
    stream.holds()


def test_an_event_that_the_estimator_breaks_on_is_stored_and_owed(stream, monkeypatch):
    stream.say(START, m_crave_now=5)
    with monkeypatch.context() as broken:
        broken.setattr(owed, "fold", lambda *_: 1 / 0)
        event(stream, START + HOUR)
    assert stream.state().stale
    stream.settle(START + 2 * HOUR)
    stream.holds()
    assert events_of(stream) == {"use"}


def test_an_event_before_the_first_answer_is_not_lost(stream):
    event(stream, START - HOUR)
    stream.say(START, m_crave_now=5)
    stream.holds()
    assert decode(bytes(stream.state().state)).events.keys() == {"use"}


def test_a_state_keeps_the_item_map_that_it_began_under(shared_sessions):
    """Also where something was told before the first answer, and the protocol is another one now."""
    study = build_study(shared_sessions, slug="refold-amended", now=START)
    heavier = replace_item(study.protocol, "m_stress", weight=2.0)
    with shared_sessions.transaction() as session:
        facts = {"name": heavier.name, "version": "9.0.0", "checksum": checksum(heavier), "document": canonical(heavier)}
        add_protocol_version(
            session, study_id=study.study_id, **facts, effective_from=START.date(), published_by=None, note=None, now=START
        )
    stream = begin(shared_sessions, fixed_keys(), study)
    event(stream, START - HOUR)
    stream.say(START, "momentary", m_crave_now=5, m_stress=3)
    first = decode(bytes(stream.state().state)).item_map
    stream.say(START + HOUR, "momentary", _protocol_revision=2, m_crave_now=5, m_stress=3)
    assert stream.newest()[str(stream.sent[-1])].item_map_hash != first
    stream.holds()


def replace_item(protocol: Protocol, item: str, **changes: object) -> Protocol:
    instruments = tuple(
        one.model_copy(update={"items": tuple(each.model_copy(update=changes) if each.id == item else each for each in one.items)})
        for one in protocol.instruments
    )
    return protocol.model_copy(update={"version": "9.0.0", "instruments": instruments})


def test_a_state_under_another_prior_is_folded_anew(stream):
    history = moments(5)
    for at, instrument, answers in history[:4]:
        stream.say(at, instrument, **answers)
    raw = bytes(stream.state().state).replace(stream.house.mind.prior.id.encode(), b"another-prior")
    with stream.sessions.transaction() as session:
        mine = RiskStateRow.enrollment_id == stream.person.enrollment_id
        session.execute(update(RiskStateRow).where(mine).values(state=raw))
    stream.say(history[4][0], history[4][1], **history[4][2])
    stream.holds()


SAID = st.fixed_dictionaries(
    {"m_crave_now": st.integers(0, 10)}, optional={"m_stress": st.integers(0, 10), "m_withdraw": st.integers(0, 10)}
)
AGO = st.integers(0, 3000)
"""Minutes before study time at which it was answered: mostly late."""
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.sampled_from(["craving", "momentary"]), AGO | st.just(0), SAID),
        st.tuples(st.just("batch"), st.lists(st.tuples(st.sampled_from(["craving", "momentary"]), AGO | st.just(0), SAID), max_size=5)),
        st.tuples(st.just("edit"), st.integers(0, 20), AGO, SAID),
        st.tuples(st.just("event"), AGO),
        st.tuples(st.just("pass"), st.integers(1, 2000)),
        st.tuples(st.just("settle")),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_comes_in_whatever_order_fold_and_stream_agree_once_the_duty_has_run(shared_sessions, study, steps):
    stream = begin(shared_sessions, fixed_keys(), study)
    stream.clock.at = NOW
    for what, *given_ in steps:
        play(stream, what, given_)
    stream.settle()
    assert stream.pending() == []
    first = {row.client_id: row.revision for row in stream.responses()}
    assert len(stream.decisions()) == len(first), "one decision point an answer, however often it was edited"
    if first:
        stream.holds()
        assert not stream.state().stale


def play(stream: Stream, what: str, given_: list) -> None:
    now = stream.clock.at
    if what == "say":
        instrument, ago, answers = given_
        stream.store(stream.answer(now - ago * MINUTE, instrument, **answers))
    elif what == "batch":
        stream.store(*[stream.answer(now - ago * MINUTE, instrument, **answers) for instrument, ago, answers in given_[0]])
    elif what == "edit" and stream.responses():
        place, ago, answers = given_
        rows = stream.responses()
        row = rows[place % len(rows)]
        base = max(one.revision for one in rows if one.client_id == row.client_id)
        edit = {"_base_revision": base, "_edit_reason": "wrong", **answers}
        stream.store(stream.answer(now - ago * MINUTE, row.instrument, id=row.client_id, **edit))
    elif what == "event":
        event(stream, now - given_[0] * MINUTE)
    elif what == "pass":
        stream.clock.at = now + given_[0] * MINUTE
    elif what == "settle":
        stream.settle()
