"""What a rule reads of adherence at an answer: the prompts and answers before it, not its own."""

from datetime import timedelta

import pytest

from models.codec import parse
from models.kinds import PromptState
from models.session import Sessions
from tests.build import NOW, Built, build_study
from tests.conftest import fixed_keys
from tests.risk.policy_builders import protocol, rule
from tests.risk.stream import HOUR, Stream, begin
from tests.scheduler.house import add_prompt

NOON = NOW.replace(hour=17)
READS = ["and", [">=", {"var": "missed_in_a_row"}, 2], ["<", {"var": "adherence_7d"}, 0.5], [">=", {"var": "silent_hours"}, 20]]


@pytest.fixture(scope="module")
def study(shared_sessions: Sessions) -> Built:
    return build_study(shared_sessions, protocol(rule("back_again", when=READS)), slug="adherence", now=NOW - 90 * 24 * HOUR)


@pytest.fixture
def stream(shared_sessions: Sessions, study: Built) -> Stream:
    return begin(shared_sessions, fixed_keys(), study)


def test_the_answer_of_someone_who_comes_back_tells_how_long_they_were_away(stream, study):
    stream.say(NOON - 24 * HOUR, m_crave_now=2)
    went_by = {"state": PromptState.EXPIRED, "next_at": None, "instrument": "momentary"}
    for hours in (20, 4, 2):
        due_at = NOON - hours * HOUR
        add_prompt(stream.sessions, study, stream.person, due_at=due_at, sent_at=due_at, **went_by)
    now = NOON - timedelta(minutes=5)
    asked = add_prompt(
        stream.sessions, study, stream.person, due_at=now, sent_at=now, state=PromptState.SENT, instrument="momentary", next_at=NOON + HOUR
    )
    said = stream.say(NOON, "momentary", _prompt_id=str(asked), m_crave_now=2)
    decision = stream.decisions()[str(stream.sent[-1])]
    assert said.decision is not None
    assert decision["rule"] == "back_again"
    assert parse(decision["snapshot"])["variables"] == {"adherence_7d": 0.0, "missed_in_a_row": 3, "silent_hours": 24.0}
    stream.say(NOON + HOUR, m_crave_now=2)
    again = parse(stream.decisions()[str(stream.sent[-1])]["snapshot"])["variables"]
    assert again == {"adherence_7d": 0.25, "missed_in_a_row": 0, "silent_hours": 1.0}


def test_the_first_answer_counts_silence_from_the_start_and_has_no_adherence_without_a_prompt(stream):
    stream.say(NOON, m_crave_now=2)
    (decision,) = stream.decisions().values()
    read = parse(decision["snapshot"])["variables"]
    assert read["adherence_7d"] is None
    assert read["missed_in_a_row"] == 0
    assert read["silent_hours"] == 90 * 24 + 2
