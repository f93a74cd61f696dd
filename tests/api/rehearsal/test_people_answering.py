"""What simulated people do about a prompt: as often as the anchors say, and dependent on craving only where an arm says so."""

import statistics
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.rehearsal.people.hazard import logit
from api.rehearsal.people.inner import InnerLife
from api.rehearsal.people.make import make_people
from api.rehearsal.people.meaning import answer_chance, meant
from api.rehearsal.people.terms import Meant, MeantKind, Person
from models.kinds import DesignKind

START = datetime(2026, 3, 7, 17, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
DUE = (DesignKind.WINDOW, DesignKind.STRATIFIED, DesignKind.STRATIFIED, DesignKind.WINDOW)


def prompted(person: Person, days: range) -> list[tuple[int, Meant]]:
    """What the person means to do about four prompts a day, in waking hours."""
    life, out = InnerLife(person), []
    for day in days:
        for place, trigger in enumerate(DUE):
            due = person.joins_at + day * DAY + place * 2 * HOUR
            felt = life.feelings(due)
            if felt.awake:
                label = f"{trigger}/{day}/{place}"
                will = meant(person, felt, label=label, due_at=due, expires_at=due + HOUR, trigger=trigger, study_day=day + 1)
                out.append((day, will))
    return out


def after_waking(person: Person, day: int, hours: float) -> datetime:
    """So many hours after the person's window opens, as the shipped protocol asks."""
    local = person.joins_at.astimezone(ZoneInfo(person.zone)) + day * DAY
    hour, minute = map(int, (person.wake.weekend if local.weekday() >= 5 else person.wake.weekday)[0].split(":"))
    return (local.replace(hour=hour, minute=minute, second=0) + hours * HOUR).astimezone(UTC)


def test_the_same_prompt_meets_the_same_will_whatever_was_asked_before() -> None:
    person = make_people(3, 1, start=START, days=30)[0]
    assert prompted(person, range(20))[-8:] == [*prompted(person, range(10, 20))][-8:]


def test_people_answer_as_often_as_the_anchors_say_by_month() -> None:
    """82, 78, 75, 72% in months 1 to 4. The standard error over 250 people, whose shares have an SD of 0.2, is 1.3%: 3 of them."""
    people = make_people(21, 250, start=START, days=125)
    chances: dict[int, list[float]] = {month: [] for month in range(4)}
    for one in people:
        life = InnerLife(one)
        for day in range(3, 120, 9):
            for hours, trigger in zip((0.5, 5.0, 8.0, 13.0), DUE, strict=True):
                felt = life.feelings(after_waking(one, day, hours))
                chances[day // 30].append(answer_chance(one, felt, trigger=trigger, study_day=day + 1))
    for month, share in enumerate((0.82, 0.78, 0.75, 0.72)):
        assert statistics.fmean(chances[month]) == pytest.approx(share, abs=0.04)


def test_people_differ_in_how_often_they_answer() -> None:
    """SD 0.18–0.25 of the personal shares; over 250 people it is known to 5%, so 3 standard errors are 0.03."""
    people = make_people(22, 250, start=START, days=30)
    felt = InnerLife(people[0]).feelings(people[0].joins_at)
    shares = [answer_chance(one, felt, trigger=DesignKind.EVENT, study_day=45) for one in people]
    assert 0.18 - 0.03 <= statistics.pstdev(shares) <= 0.25 + 0.03


@pytest.mark.parametrize("mnar", [0.0, 0.6, 1.2])
def test_not_answering_depends_on_craving_and_lapse_by_the_arms_strength_and_not_at_all_in_the_arm_nought(mnar: float) -> None:
    person = make_people(5, 1, start=START, days=30, mnar=mnar)[0]
    calm = replace(InnerLife(person).feelings(START + 3 * DAY), awake=True, silent_night=False, craving_sd=0.0, lapsed=False)
    both = replace(calm, craving_sd=2.0, lapsed=True)

    usual, upset = (answer_chance(person, felt, trigger=DesignKind.WINDOW, study_day=10) for felt in (calm, both))
    assert logit(usual) - logit(upset) == pytest.approx(2 * mnar, abs=1e-9)


def test_a_prompt_that_is_expected_is_answered_more_often() -> None:
    person = make_people(5, 1, start=START, days=30)[0]
    felt = replace(InnerLife(person).feelings(START + 3 * DAY), silent_night=False)
    morning, random = (answer_chance(person, felt, trigger=one, study_day=1) for one in (DesignKind.WINDOW, DesignKind.STRATIFIED))
    assert morning > random


def test_uploads_are_late_twice_and_wrong_as_rarely_as_assumed() -> None:
    """5% late, 1% twice, of about 8,000 uploads: within 4 standard errors (1 and 0.5%)."""
    wills = [will for one in make_people(6, 120, start=START, days=30) for _, will in prompted(one, range(25))]
    sent = [will for will in wills if will.kind in {MeantKind.ANSWER, MeantKind.PARTIAL}]
    assert sum(will.upload_after > timedelta() for will in sent) / len(sent) == pytest.approx(0.05, abs=0.01)
    assert sum(will.twice is not None for will in sent) / len(sent) == pytest.approx(0.01, abs=0.005)
    assert max(will.upload_after for will in sent) <= 72 * HOUR
    assert any(will.slip for will in sent)
    assert {will.kind for will in wills} == set(MeantKind)


def test_each_will_is_whole() -> None:
    for one in make_people(7, 40, start=START, days=30):
        for _, will in prompted(one, range(20)):
            assert (will.reason is not None) == (will.kind is MeantKind.DECLINE)
            assert (will.opens_after is not None) or will.kind is MeantKind.IGNORE
            assert (will.reach < 1) == (will.kind is MeantKind.PARTIAL)
            if will.kind in {MeantKind.DECLINE, MeantKind.SNOOZE, MeantKind.PARTIAL}:
                assert will.opens_after is not None
                assert will.opens_after < HOUR
