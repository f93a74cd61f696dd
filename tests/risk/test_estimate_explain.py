"""What is said of an estimate: association, never cause; nothing before it may be said."""

import re

import pytest
from msgspec.structs import replace

from models.kinds import EvidenceState
from risk.estimate import explain
from risk.estimate.explain import sensitized, sentence, top_contribution
from risk.policy.variables import top_contribution as tailored
from tests.risk.estimate_streams import USUAL, Person, answer, run, stream, usual_days


def test_a_stronger_coupling_is_named_only_after_twenty_one_answered_days():
    observations = stream(Person(cue=1.4, noise=0.5), 500, 32)
    _, estimates = run(observations)
    days = {one.source_id: one.event_time.date() for one in observations}
    named = [one for one in estimates if one.sensitized]
    assert named
    assert len({days[one.source_id] for one in estimates[: estimates.index(named[0]) + 1]}) >= 21
    assert "R" in estimates[-1].sensitized
    assert "more closely than in most people" in sentence(estimates[-1])


@pytest.mark.parametrize("person", [Person(cue=0.0, stress=0.0, control=0.0, synergy=0.0), Person()])
def test_people_without_a_stronger_coupling_are_rarely_named(person: Person):
    flagged = sum(bool(run(stream(person, 510 + seed, 26))[1][-1].sensitized) for seed in range(15))
    assert flagged <= 2


def test_a_sentence_never_speaks_of_cause_or_certainty_and_repeats_no_answer():
    _, estimates = run(stream(Person(cue=0.9), 520, 25))
    for estimate in estimates[::7]:
        said = sentence(estimate)
        assert not re.search(r"\b(because|caus(e|es|ed|ing)|will|certain|proves?)\b", said.replace("not a cause", ""))
        assert not re.search(r"\d", said.replace("90%", "").replace("24 hours", ""))


def test_old_evidence_is_called_unknown_and_never_low():
    _, (*_, last) = run(stream(Person(), 530, 10))
    late = replace(last, evidence=EvidenceState.UNKNOWN, level=3.0)
    assert "unknown" in sentence(late)
    assert "below" not in sentence(late)
    assert "learning" in sentence(replace(last, evidence=EvidenceState.LEARNING, sensitized=("R",)))
    assert "more closely" not in sentence(replace(last, evidence=EvidenceState.LEARNING, sensitized=("R",)))
    assert "no evidence" in sentence(replace(last, level=None))


def test_what_stands_out_is_the_node_that_adds_most():
    _, (*_, last) = run([*stream(Person(), 540, 15), answer("x", 400.0, {"craving": 0.6, "stress": 1.0, "cue_met": 0.0})])
    assert top_contribution(last.contributions) == "S"
    assert "stress and low mood" in sentence(last)
    assert sensitized({"R": (0.5, 0.2)}, {"R": (0.45, 0.25)}, 40) == ()
    assert explain.SENSITIZED_DAYS == 21


@pytest.mark.parametrize(
    ("shares", "named"),
    [
        ({"R": 0.05, "Ri": 0.2, "S": 0.1}, "reminders and wanting"),
        ({"R": 0.5, "Ri": -0.45, "S": 0.02}, None),
        ({"R": 0.5, "Ri": -0.45, "S": 0.2}, "stress and low mood"),
    ],
)
def test_reminders_count_with_what_abstinence_adds_to_them_or_takes_away(shares: dict[str, float], named: str | None):
    """In what is named, in whether it is worth naming, and in what a rule reads."""
    _, (*_, last) = run(stream(Person(), 540, 15))
    said = sentence(replace(last, contributions=shares, own=dict.fromkeys(last.own, 1.0)))
    assert [words for words in explain._WORDS.values() if words in said] == ([named] if named else [])
    assert top_contribution(shares) == tailored(shares)


def test_what_is_below_the_persons_usual_does_not_stand_out_where_their_coupling_is_negative():
    """Someone who craves where stress is low: its share is above 0 then."""
    turned = [answer(f"n{place}", 6.0 * place, {**USUAL, "stress": place % 2, "craving": 0.6 - 0.5 * (place % 2)}) for place in range(120)]
    _, (*_, calm, tense) = run(turned)
    assert calm.contributions["S"] > 0.5 > 0.0 > calm.own["S"]
    assert "stress and low mood" not in sentence(calm)
    assert "stress and low mood" not in sentence(tense)


def test_a_rise_is_over_after_days_without_a_prompt_answered_whatever_is_reported_then():
    days = [*usual_days(40), *(answer(f"h{place}", 960.0 + 4 * place, {**USUAL, "craving": 1.0}) for place in range(6))]
    soon, late = (answer("r", 980.0 + hours, {"craving": 0.1}, kind="report", trains=False) for hours in (1.0, 23 * 24.0))
    said = [run([*days, report])[1][-1] for report in (soon, late)]
    assert [one.rising for one in said] == [True, False]
    assert "lately been higher" not in sentence(said[1])
