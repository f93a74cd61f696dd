"""A promoted model within its alert budget: judged when a day begins, told once, held back by its channel, explained, and never needed."""

from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update

from models.definition.escalation import AlertRule
from models.ids import new_uid
from models.kinds import AlertState, Disposition, Role
from models.sealed import Keys
from models.session import Sessions
from models.tables import Alert, Enrollment, PopulationScore, Site
from risk import budgeted
from risk.alert_terms import Acknowledge, Resolve
from risk.alerting import act
from risk.budgeted import Budget, Scored
from risk.population.artefact import Both, PopulationModel
from risk.population.channels import STEP
from risk.population.features import Sources
from risk.population.history import History, Told
from risk.population.verdict import threshold_id
from scheduler.jobs import score_people
from tests.build import NOW, Built, Person, build_staff, build_study
from tests.risk.artefacts import model
from tests.scheduler.house import HOUR, Place, small_protocol
from tests.scheduler.test_score_people import DAY, MIDNIGHT, PROMOTED, SHADOWED, answered, moved, taking_part, used

RULE = AlertRule(
    id="score_high", when=["and", {"var": "risk_crossed"}, [">=", {"var": "study_day"}, 9]], reason={"en": "Above the threshold."}
)


@pytest.fixture
def place(shared_sessions: Sessions, keys: Keys) -> Place:
    return Place(shared_sessions, keys)


@pytest.fixture
def study(shared_sessions: Sessions) -> Built:
    return build_study(shared_sessions, small_protocol(alert_rules=(RULE,)), slug=new_uid().hex, now=NOW - 40 * DAY)


def alerts(place: Place, *studies: Built) -> list[Any]:
    with place.sessions.reading() as session:
        return list(session.rows(select(Alert).where(Alert.study_id.in_([one.study_id for one in studies])).order_by(Alert.id)))


def scores(place: Place, *studies: Built) -> list[Any]:
    with place.sessions.reading() as session:
        mine = PopulationScore.study_id.in_([one.study_id for one in studies])
        return list(session.rows(select(PopulationScore).where(mine).order_by(PopulationScore.id)))


def days(place: Place, number: int) -> None:
    for _ in range(number):
        place.clock.pass_(DAY)
        place.run(score_people.run)


def close(place: Place, study: Built) -> None:
    """Whoever works the newest alert ends it."""
    staff = build_staff(place.sessions, study, Role.COORDINATOR, login=f"c{len(alerts(place, study))}")
    alert = alerts(place, study)[-1]
    with place.sessions.transaction() as session:
        times = {"now": place.clock.study(), "system_now": place.clock.system()}
        taken = act(session, staff, alert.uid, Acknowledge(), version=alert.version, **times)
        act(session, staff, alert.uid, Resolve(Disposition.ALREADY_KNOWN), version=taken.version, **times)


def test_a_promoted_score_above_its_threshold_opens_one_alert_that_says_what_it_read(place: Place, study: Built) -> None:
    person = taking_part(place, study)
    keys = moved(place, study, (SHADOWED, 1), (PROMOTED, 1))
    answered(place, study, person, MIDNIGHT - 3 * HOUR, instrument="check", answers={"now": True}, protocol_version_id=study.version_id)
    place.run(score_people.run)
    (score,), (alert,) = scores(place, study), alerts(place, study)
    assert (alert.family, alert.tier, alert.source_id) == ("score_high", 2, f"score:{score.uid}")
    assert (score.population_model_id, score.eligible, score.crossed, score.raised, score.shift) == (
        keys[1],
        True,
        "probability",
        True,
        0.0,
    )
    assert score.evidence_hours == 3.0
    judgement = score.judgement
    assert (judgement["threshold"], judgement["budget"], judgement["probability"]) == (threshold_id(model()), 0.2, 0.3)
    assert judgement["held"] is None
    assert 0.0 < judgement["usual"] <= score.probability
    days(place, 6)
    assert len(alerts(place, study)) == 1
    assert [one.judgement["held"] for one in scores(place, study)[1:]] == ["refractory"] * 6


def test_an_alert_that_cannot_be_explained_is_not_opened_and_the_duty_goes_on(
    place: Place, study: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError

    monkeypatch.setattr(budgeted, "reasons", broken)
    person = taking_part(place, study)
    moved(place, study, (SHADOWED, 1), (PROMOTED, 1))
    place.run(score_people.run)
    assert (alerts(place, study), scores(place, study)) == ([], [])
    with place.sessions.reading() as session:
        assert session.value(select(Enrollment.score_at).where(Enrollment.id == person.enrollment_id)) == MIDNIGHT + DAY


def test_an_alert_nobody_closes_is_told_twice_and_after_it_was_closed_the_next_one_opens(place: Place, study: Built) -> None:
    taking_part(place, study)
    moved(place, study, (SHADOWED, 1), (PROMOTED, 1))
    place.run(score_people.run)
    days(place, 14)
    (alert,) = alerts(place, study)
    assert alert.occurrences == 2
    assert (scores(place, study)[7].raised, scores(place, study)[14].raised, scores(place, study)[14].judgement["held"]) == (
        True,
        False,
        "open",
    )
    close(place, study)
    days(place, 1)
    assert [one.state for one in alerts(place, study)] == [AlertState.RESOLVED, AlertState.PENDING]


def test_nobody_is_alerted_about_who_told_of_use_paused_or_withdrew_contact_and_their_days_count_for_no_budget(
    place: Place, study: Built
) -> None:
    used(place, taking_part(place, study), MIDNIGHT - 6 * DAY)
    taking_part(place, study, paused_until=NOW + HOUR)
    taking_part(place, study, consent_contact=False)
    moved(place, study, (SHADOWED, 1), (PROMOTED, 1))
    place.run(score_people.run)
    assert alerts(place, study) == []
    assert [(one.eligible, one.raised, one.judgement["held"]) for one in scores(place, study)] == [
        (False, False, "recent_use"),
        (False, False, "not_to_be_contacted"),
        (False, False, "not_to_be_contacted"),
    ]


def test_a_shadow_a_study_without_such_a_rule_and_a_rule_that_does_not_hold_raise_nothing(place: Place, study: Built) -> None:
    taking_part(place, study)
    moved(place, study, (SHADOWED, 1))
    other = build_study(place.sessions, small_protocol(), slug="without", now=NOW - 40 * DAY)
    taking_part(place, other)
    moved(place, other, (SHADOWED, 1), (PROMOTED, 1))
    early = build_study(place.sessions, small_protocol(alert_rules=(RULE,)), slug="early", now=NOW - 40 * DAY)
    taking_part(place, early, days=7)
    moved(place, early, (SHADOWED, 1), (PROMOTED, 1))
    place.run(score_people.run)
    assert alerts(place, study, other, early) == []
    assert [(one.raised, one.judgement and one.judgement["held"]) for one in scores(place, study, other, early)] == [
        (None, None),
        (False, "no_rule"),
        (False, "no_rule"),
    ]


def test_who_stays_below_the_threshold_is_seen_by_a_rise_and_not_by_a_stale_one(place: Place, study: Built) -> None:
    kept = replace(model(), reserved={"0.2": Both(0.9, 1.5)})
    person = taking_part(place, study)
    for evidence, crossed in ((2.0, "rise"), (30.0, None)):
        with place.sessions.transaction() as session:
            row = session.row(select(Enrollment).where(Enrollment.id == person.enrollment_id))
            budget = Budget(session, [person.enrollment_id], NOW, NOW)
            columns = budget.judged(_scored(row, study, kept, evidence), "score:one")
        assert (columns["crossed"], columns["raised"]) == (crossed, crossed is not None)


def _scored(person: Any, study: Built, made: PopulationModel, evidence: float) -> Scored:
    """A day of someone whose rise, which comes from estimates, is given."""
    known = {"use:days_log": 2.4, "network:rise": 1.7}
    history = History("a", 1, 20, 0, Told())
    return Scored(person, study.protocol, 1, made, {"day": 0.5}, history, 10, known, Sources(states=("rise",)), evidence, MIDNIGHT)


def judged_before(place: Place, person: Person, key: int, *, raised: int) -> None:
    """Four weeks of eligible days, alerts on the first of them, and a threshold that stood at 0.1 yesterday."""
    with place.sessions.transaction() as session:
        session.add_all(
            PopulationScore,
            [
                {
                    "uid": new_uid(),
                    "study_id": person.study_id,
                    "enrollment_id": person.enrollment_id,
                    "population_model_id": key,
                    "study_day": 41 - back,
                    "as_of": MIDNIGHT - back * DAY,
                    "made_at": MIDNIGHT - back * DAY,
                    "shadow": False,
                    "probability": 0.1,
                    "inputs_hash": b"",
                    "eligible": True,
                    "raised": back > 28 - raised,
                    "shift": 0.1,
                    "synthetic": False,
                }
                for back in range(1, 29)
            ],
        )


def test_a_site_above_its_rate_has_its_threshold_raised_and_one_within_it_is_let_down(place: Place, study: Built) -> None:
    """Twelve person-weeks in four weeks: 2.4 alerts are the budget, and 3 the most that is borne."""
    key = moved(place, study, (SHADOWED, 1), (PROMOTED, 1))[1]
    for name, alerted in (("loud", 2), ("quiet", 0), ("between", 1)):
        with place.sessions.transaction() as session:
            site = session.add(Site, uid=new_uid(), study_id=study.study_id, code=name, title=name, zone="America/New_York")
        for _ in range(3):
            judged_before(place, taking_part(place, study, days=40, site_id=site), key, raised=alerted)
    place.run(score_people.run)
    today = [one.shift for one in scores(place, study) if one.study_day == 41]
    assert today == pytest.approx([0.1 + STEP] * 3 + [0.1 - STEP] * 3 + [0.1] * 3)


def test_a_day_is_judged_once_though_another_model_comes_into_use(place: Place, study: Built) -> None:
    person = taking_part(place, study)
    moved(place, study, (SHADOWED, 1), (PROMOTED, 1))
    place.run(score_people.run)
    moved(place, study, (SHADOWED, 2), (PROMOTED, 2))
    with place.sessions.transaction() as session:
        session.execute(update(Enrollment).where(Enrollment.id == person.enrollment_id).values(score_at=NOW))
        session.execute(update(PopulationScore).where(PopulationScore.study_id == study.study_id).values(raised=False))
    place.run(score_people.run)
    assert [one.eligible for one in scores(place, study)] == [True, None]
    assert len(alerts(place, study)) == 1
