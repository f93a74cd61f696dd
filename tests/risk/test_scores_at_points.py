"""What a rule reads of a population model at an answer: today's score of the model in use, with its ids; without one nothing."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from models.codec import parse
from models.ids import new_uid
from models.kinds import DecisionPointKind, ModelMove, Role
from models.queries import population as rows
from models.session import ReadSession, Sessions
from models.tables import PopulationModelRow, PopulationScore
from risk import decision_point
from risk.policy.decide import redecide
from risk.population.artefact import digest_of, write
from tests.build import NOW, Built, build_staff, build_study
from tests.conftest import fixed_keys
from tests.risk.artefacts import model
from tests.risk.policy_builders import protocol, rule
from tests.risk.stream import HOUR, Stream, begin

NOON = NOW.replace(hour=17)
MIDNIGHT = NOW.replace(hour=5, minute=0)
READS = ["or", {"var": "risk_crossed"}, [">=", {"var": "risk_week"}, 0.9], [">=", {"var": "risk_day"}, 0.9], {"var": "self_help_due"}]
POINTS = (DecisionPointKind.RESPONSE, DecisionPointKind.REPORT)
NOTHING = {"risk_crossed": None, "risk_day": None, "risk_week": None, "self_help_due": None}


@pytest.fixture(scope="module")
def study(shared_sessions: Sessions) -> Built:
    return build_study(shared_sessions, protocol(rule("model_says", when=READS, points=POINTS)), slug="scores", now=NOW - 90 * 24 * HOUR)


@pytest.fixture(scope="module")
def keys_of(shared_sessions: Sessions, study: Built) -> dict[str, int]:
    """Keys of the models in use: one of a week, one of a day."""
    staff = build_staff(shared_sessions, study, Role.INVESTIGATOR, login="scores")
    keys: dict[str, int] = {}
    with shared_sessions.transaction() as session:
        for target in ("week", "day"):
            made = model(target=target)
            values = {"study_id": study.study_id, "name": made.id, "model": made.model, "target": target, "digest": digest_of(made)}
            keys[target] = session.add(
                PopulationModelRow, uid=new_uid(), file=write(made), stored_by=staff.staff_id, stored_at=NOW, synthetic=False, **values
            )
            for what in (ModelMove.SHADOWED, ModelMove.PROMOTED):
                rows.add_move(
                    session, study_id=study.study_id, model_id=keys[target], what=what, by=staff.staff_id or 0, note="as agreed", now=NOW
                )
    return keys


@pytest.fixture
def stream(shared_sessions: Sessions, study: Built) -> Stream:
    return begin(shared_sessions, fixed_keys(), study)


JUDGEMENT = {"threshold": "T@0.2", "budget": 0.2, "probability": 0.3, "rise": None, "own_rise": None, "self_help": 40.0, "held": None}


def scored(stream: Stream, key: int, **columns: Any) -> Any:
    """A score of the person's day, as the duty leaves it."""
    values: dict[str, Any] = {
        "uid": new_uid(),
        "study_id": stream.study.study_id,
        "enrollment_id": stream.person.enrollment_id,
        "population_model_id": key,
        "study_day": 91,
        "as_of": MIDNIGHT,
        "made_at": MIDNIGHT,
        "shadow": False,
        "probability": 0.4,
        "inputs_hash": b"",
        "evidence_hours": 3.0,
        "synthetic": False,
        **columns,
    }
    with stream.sessions.transaction() as session:
        session.add(PopulationScore, **values)
    return values["uid"]


def read(stream: Stream, at: Any = NOON, **answers: Any) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """What the rules read at an answer, what they read it from, and the decision."""
    stream.say(at, **{"m_crave_now": 8, **answers})
    decision = stream.decisions()[str(stream.sent[-1])]
    snapshot = parse(decision["snapshot"])
    return {name: snapshot["variables"][name] for name in NOTHING}, snapshot["context"].get("population"), decision


def test_a_rule_reads_todays_scores_and_the_decision_names_them(stream: Stream, keys_of: dict[str, int]) -> None:
    week = scored(stream, keys_of["week"], crossed="probability", eligible=True, raised=True, shift=0.0, judgement=JUDGEMENT)
    day = scored(stream, keys_of["day"], probability=0.1)
    said, names, decision = read(stream)
    assert said == {"risk_crossed": True, "risk_day": 0.1, "risk_week": 0.4, "self_help_due": True}
    assert names == {
        "day": {"score": str(day), "model": model(target="day").id},
        "week": {"score": str(week), "model": model(target="week").id},
        "threshold": "T@0.2",
    }
    assert decision["rule"] == "model_says"
    again = redecide(parse(decision["snapshot"]), stream.study.protocol, key=bytes(range(32)), source=decision["source_id"])
    assert (again.arm, again.snapshot) == (decision["arm"], parse(decision["snapshot"]))


def test_content_that_was_shown_rests_the_self_help_channel_for_four_hours(stream: Stream, keys_of: dict[str, int]) -> None:
    scored(stream, keys_of["week"], eligible=True, raised=False, shift=0.0, judgement=JUDGEMENT)
    due = []
    for hours in range(7):
        said, _, decision = read(stream, NOON + hours * HOUR)
        due.append((said["self_help_due"], decision["content_code"] is not None))
    shown = [hour for hour, (_, content) in enumerate(due) if content]
    assert shown, "the draw shows something at one of these"
    first = shown[0]
    assert [one for one, _ in due[first + 1 : first + 4]] == [False] * min(3, 6 - first)
    assert due[0][0] is True


@pytest.mark.parametrize(
    "columns",
    [{"shadow": True}, {"as_of": MIDNIGHT - timedelta(days=1)}, {"evidence_hours": 25.0}, {"evidence_hours": None}],
    ids=["in shadow", "of yesterday", "after a day of silence", "without any answer"],
)
def test_what_is_not_in_use_not_of_today_or_not_known_says_nothing_and_never_low(
    stream: Stream, keys_of: dict[str, int], columns: Any
) -> None:
    scored(
        stream,
        keys_of["week"],
        probability=0.01,
        eligible=True,
        raised=False,
        shift=0.0,
        judgement={**JUDGEMENT, "self_help": None},
        **columns,
    )
    said, _, decision = read(stream)
    assert (said, decision["rule"]) == (NOTHING, None)


def test_an_answer_is_decided_without_scores_that_cannot_be_read_and_says_so(stream: Stream, keys_of: dict[str, int]) -> None:
    key = scored(stream, keys_of["week"], eligible=True, raised=False, shift=0.0, judgement=JUDGEMENT)
    with stream.sessions.transaction() as session:
        session.execute(update(PopulationScore).where(PopulationScore.uid == key).values(judgement=["not", "ours"]))
    said, names, decision = read(stream)
    assert (said, names, decision["reason"]) == (NOTHING, {"unread": True}, "no_rule")


def test_a_statement_of_scores_that_the_database_refuses_takes_no_answer_along(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(session: ReadSession, people: Any, *, now: Any) -> Any:
        session.value(text("SELECT score FROM a_table_that_is_gone"))

    monkeypatch.setattr(decision_point, "scores_of_today", refused)
    said, names, decision = read(stream)
    assert (said, names, decision["reason"]) == (NOTHING, {"unread": True}, "no_rule")
