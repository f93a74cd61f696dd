"""Prompts that go by are observations: they move what is known of missing, nothing else, and end the same however late things arrive."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from api.actions.touch_prompts import Touch, touch_prompts
from models.kinds import PromptState
from models.session import Sessions
from models.tables import Prompt, RiskStateRow
from risk import owed, silence
from risk.estimate.state import decode
from risk.refold import state_row
from scheduler.jobs.dispatch_prompts import dispatch
from scheduler.prompt_moves import declining
from tests.build import NOW, Built, build_study
from tests.conftest import fixed_keys
from tests.risk.stream import HOUR, MINUTE, Stream, begin
from tests.scheduler.house import add_prompt

NOON = NOW.replace(hour=17)


@pytest.fixture(scope="module")
def study(shared_sessions: Sessions) -> Built:
    return build_study(shared_sessions, slug="silence", now=NOW - 90 * 24 * HOUR)


@pytest.fixture
def stream(shared_sessions: Sessions, study: Built) -> Stream:
    return begin(shared_sessions, fixed_keys(), study)


def sent(stream: Stream, due_at: datetime, **columns: Any) -> UUID:
    """A prompt that reached the person and waits for an hour."""
    facts = {"state": PromptState.SENT, "sent_at": due_at, "next_at": due_at + HOUR, "instrument": "momentary", **columns}
    return add_prompt(stream.sessions, stream.study, stream.person, due_at=due_at, **facts)


def tick(stream: Stream, now: datetime) -> None:
    """The duty that ends what nobody answered."""
    stream.clock.at = now
    with stream.sessions.transaction() as session:
        dispatch(session, stream.house.mind, now=now, system_now=now, limit=100)


def missed(stream: Stream) -> tuple[float, int]:
    number, _, row = decode(stream.state().state).missed
    return number, row


def features(stream: Stream) -> dict[str, float]:
    said = stream.newest()[str(stream.sent[-1])].detail["features"]
    return {name: said[name] for name in ("missed_recently", "missed_in_a_row")}


def test_a_prompt_that_goes_by_is_in_the_state_at_once_and_in_the_next_estimate(stream: Stream) -> None:
    stream.say(NOON - 80 * HOUR, m_crave_now=4, m_stress=6)
    before = decode(stream.state().state)
    for hours in (75, 3):
        sent(stream, NOON - hours * HOUR)
        tick(stream, NOON - (hours - 1) * HOUR)
    after = decode(stream.state().state)
    assert missed(stream) == (1.5, 2), "three days halve the first"
    assert (after.levels, after.coupling, after.items, after.craving_at) == (
        before.levels,
        before.coupling,
        before.items,
        before.craving_at,
    )
    stream.holds()
    said = stream.say(NOON, m_crave_now=3)
    assert said.decision is not None
    assert features(stream) == {"missed_recently": pytest.approx(1.5, abs=0.05), "missed_in_a_row": 2.0}, "a report is no answered prompt"
    stream.say(NOON + HOUR, "momentary", _prompt_id=str(sent(stream, NOON + 50 * MINUTE)), m_crave_now=3)
    assert features(stream)["missed_in_a_row"] == 0.0
    stream.holds()


def test_what_never_reached_the_person_is_no_miss(stream: Stream) -> None:
    stream.say(NOON - 20 * HOUR, m_crave_now=4)
    sent(stream, NOON - 3 * HOUR, state=PromptState.PLANNED, sent_at=None)
    tick(stream, NOON)
    assert missed(stream) == (0.0, 0)
    stream.holds()


def test_an_answer_in_time_that_arrives_late_ends_as_if_it_had_come_in_order(
    stream: Stream, shared_sessions: Sessions, study: Built
) -> None:
    other = begin(shared_sessions, fixed_keys(), study)
    for one in (stream, other):
        one.say(NOON - 20 * HOUR, m_crave_now=4, m_stress=2)
    prompts = [sent(one, NOON - 5 * HOUR) for one in (stream, other)]
    stream.clock.at = NOON  # when the phone sends it
    late = stream.answer(NOON - 4.5 * HOUR, "momentary", _prompt_id=str(prompts[0]), m_crave_now=8, m_stress=7)
    tick(stream, NOON - 3 * HOUR)
    assert missed(stream)[1] == 1
    stream.say(NOON - 2 * HOUR, m_crave_now=2)
    stream.store(late, now=NOON)
    stream.holds()
    other.say(NOON - 4.5 * HOUR, "momentary", _prompt_id=str(prompts[1]), m_crave_now=8, m_stress=7)
    tick(other, NOON - 3 * HOUR)
    other.say(NOON - 2 * HOUR, m_crave_now=2)
    assert stream.state().state == other.state().state
    assert missed(stream) == (0.0, 0)


def test_an_answer_after_expiry_leaves_the_prompt_missed_whoever_noticed_first(
    stream: Stream, shared_sessions: Sessions, study: Built
) -> None:
    other = begin(shared_sessions, fixed_keys(), study)
    for one in (stream, other):
        one.say(NOON - 20 * HOUR, m_crave_now=4)
        prompt = sent(one, NOON - 5 * HOUR)
        if one is stream:
            tick(one, NOON - 4 * HOUR)
        one.say(NOON - 3 * HOUR, "momentary", _prompt_id=str(prompt), m_crave_now=6)
        one.settle()
        one.holds()
        assert missed(one) == (1.0, 0)


def test_a_refusal_in_time_that_arrives_late_takes_the_miss_back(stream: Stream) -> None:
    stream.say(NOON - 20 * HOUR, m_crave_now=4)
    prompt = sent(stream, NOON - 5 * HOUR)
    tick(stream, NOON - 3 * HOUR)
    assert missed(stream) == (1.0, 1)

    def refuse(row: Any, *_: Any) -> Any:
        return declining(row, declined_at=NOON - 4.5 * HOUR, now=NOON, actor="participant", reason=None)

    with stream.sessions.transaction() as session:
        session.execute(update(Prompt).where(Prompt.uid == prompt).values(design=stream.study.protocol.designs[0].id))
        touch_prompts(session, stream.house, [Touch(stream.person.viewer(), prompt, refuse)], now=NOON)
    stream.settle(NOON)
    assert missed(stream) == (0.0, 0)
    stream.holds()


def gather(stream: Stream, number: int) -> list[Stream]:
    """The person of the stream and others of the same study, each with an answer."""
    people = [stream, *(begin(stream.sessions, fixed_keys(), stream.study) for _ in range(number - 1))]
    for hours, one in enumerate(people):
        one.say(NOON - (20 + hours) * HOUR, m_crave_now=4 + hours)
    return people


def test_what_goes_by_together_is_folded_as_if_each_had_ended_alone(stream: Stream) -> None:
    people = gather(stream, 3)
    for number, one in enumerate(people):
        for minutes in range(20 * number + 1):  # the last of them passes two checkpoints
            sent(one, NOON - 5 * HOUR + minutes * MINUTE)
            if not minutes % 3:
                sent(one, NOON - 5 * HOUR + minutes * MINUTE)  # ends at the same instant
    tick(stream, NOON - HOUR)
    assert [missed(one)[1] for one in people] == [2, 21 + 7, 41 + 14]
    for one in people:
        assert not one.state().stale
        one.holds()
    assert [len(one.snapshots()) for one in people] == [0, 1, 2]


def test_a_person_whose_state_the_database_refuses_is_owed_it_and_stops_nobody(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    people = gather(stream, 3)
    prompts = [sent(one, NOON - 5 * HOUR) for one in people]

    def refused(person: Any, *told: Any, **facts: Any) -> Any:
        row = state_row(person, *told, **facts)
        return {**row, "observations": None} if person.id == people[1].person.enrollment_id else row

    with monkeypatch.context() as broken:
        for place in (silence, owed):
            broken.setattr(place, "state_row", refused)
        tick(stream, NOON)
    with stream.sessions.reading() as session:
        ended = session.rows(select(Prompt.state).where(Prompt.uid.in_(prompts)))
    assert [row.state for row in ended] == [PromptState.EXPIRED] * 3
    assert [(one.state().stale, missed(one)[1]) for one in people] == [(False, 1), (True, 0), (False, 1)]
    people[1].settle()
    for one in people:
        one.holds()


def test_a_person_whose_state_cannot_be_folded_is_owed_it_and_stops_nobody(stream: Stream) -> None:
    people = gather(stream, 2)
    with stream.sessions.transaction() as session:
        session.execute(update(RiskStateRow).where(RiskStateRow.enrollment_id == stream.person.enrollment_id).values(state=b"no state"))
    for one in people:
        sent(one, NOON - 5 * HOUR)
    tick(stream, NOON)
    assert [one.state().stale for one in people] == [True, False]
    stream.settle()
    for one in people:
        assert missed(one) == (1.0, 1)
        one.holds()


def test_someone_whose_first_answer_comes_after_prompts_went_by_has_missed_them(stream: Stream) -> None:
    sent(stream, NOON - 5 * HOUR)
    tick(stream, NOON - 3 * HOUR)
    stream.say(NOON, m_crave_now=4)
    assert features(stream)["missed_in_a_row"] == 1.0
    stream.holds()
