"""How simulated people feel and lapse: a function of person and instant, near the anchors of the model."""

import statistics
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from api.rehearsal.people.days import Pull, usual_rate
from api.rehearsal.people.inner import InnerLife
from api.rehearsal.people.make import make_people
from api.rehearsal.people.reporting import reports
from api.rehearsal.people.terms import Feelings, Preset
from risk.laboratory.mixed import reml

START = datetime(2026, 3, 7, 17, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@cache
def moments() -> tuple[tuple[Feelings, ...], ...]:
    """150 people, 40 days, four waking moments a day, of which the second is 1.5 h after the first."""
    people = make_people(11, 150, start=START, days=42)
    lives = [InnerLife(one) for one in people]
    hours = (0.0, 1.5, 5.0, 9.0)
    return tuple(
        tuple(life.feelings(life.person.joins_at + day * DAY + hour * HOUR) for day in range(40) for hour in hours) for life in lives
    )


def cut(level: float) -> float:
    """As an answer on 0–10 holds it."""
    return min(10, max(0, round(10 * level))) / 10


def icc(groups: Sequence[Sequence[float]]) -> float:
    """One-way random effects, people of equal size."""
    size = len(groups[0])
    within = statistics.fmean(statistics.variance(group) for group in groups)
    between = statistics.variance([statistics.fmean(group) for group in groups]) - within / size
    return between / (between + within)


def test_feelings_do_not_depend_on_the_order_of_asking() -> None:
    person = make_people(2, 1, start=START, days=30)[0]
    instants = [START + step * 7 * HOUR for step in range(90)]
    there, back = InnerLife(person), InnerLife(person)
    forth = [there.feelings(at) for at in instants]
    assert forth == list(reversed([back.feelings(at) for at in reversed(instants)]))


def test_reports_do_not_depend_on_how_the_time_is_cut() -> None:
    person = make_people(2, 6, start=START, days=30)[5]
    whole = reports(person, InnerLife(person), START, START + 30 * DAY)
    life = InnerLife(person)
    parts = [one for step in range(90) for one in reports(person, life, START + step * 8 * HOUR, START + (step + 1) * 8 * HOUR)]
    assert len(whole) > 5
    assert parts == list(whole)


def test_content_moves_nothing_unless_an_effect_is_assumed() -> None:
    person = make_people(2, 1, start=START, days=30)[0]
    plain, shown, moved = InnerLife(person), InnerLife(person), InnerLife(person, content_effect=0.5)
    at = START + 5 * DAY
    for life in (shown, moved):
        life.after_content(at)
    assert plain.feelings(at) == shown.feelings(at)
    assert moved.feelings(at).craving_sd < plain.feelings(at).craving_sd
    assert moved.feelings(at - HOUR) == plain.feelings(at - HOUR)
    assert moved.feelings(at + DAY).craving_sd == pytest.approx(plain.feelings(at + DAY).craving_sd, abs=1e-6)


def test_stress_has_the_level_the_spread_and_the_persistence_of_the_anchors() -> None:
    """Mean 48 of 100, within SD 21–25, ICC 0.30, r at 1.5 h 0.26–0.34.

    Tolerances are 3 standard errors over 150 people: 0.16 / √150 of the mean, about 0.035 of an ICC of 0.30 (Fisher) and, over 40 days
    each, 0.16 / √150 of the mean correlation.
    """
    stress = [[cut(felt.stress) for felt in one] for one in moments()]
    assert statistics.fmean(map(statistics.fmean, stress)) == pytest.approx(0.48, abs=0.04)
    assert 0.21 <= statistics.fmean(statistics.variance(one) for one in stress) ** 0.5 <= 0.25
    assert icc(stress) == pytest.approx(0.30, abs=0.105)
    lagged = [statistics.correlation(one[::4], one[1::4]) for one in stress]
    assert 0.26 - 0.04 <= statistics.fmean(lagged) <= 0.34 + 0.04


def test_craving_is_low_for_most_and_often_at_the_floor() -> None:
    """A third at the floor, mean 11.5 of 100 among drinkers (higher here: 27% are of classes with high craving), ICC 0.21–0.32.

    Over 150 people the floor share (SD 0.25 between people) has a standard error of 2%, the ICC of about 0.03.
    """
    craving = [[cut(felt.craving) for felt in one] for one in moments()]
    said = [value for one in craving for value in one]
    assert sum(value == 0 for value in said) / len(said) == pytest.approx(0.34, abs=0.07)
    assert 0.115 <= statistics.fmean(said) <= 0.19
    assert 0.21 - 0.08 <= icc(craving) <= 0.32 + 0.08


def test_craving_is_told_in_the_persons_own_standard_deviations() -> None:
    own = [felt.craving_sd for one in moments() for felt in one]
    assert statistics.pstdev(own) == pytest.approx(1.0, abs=0.1)


def test_lapses_come_at_the_rate_of_recovery() -> None:
    """1.74% of days, 38% of people within 278 days.

    Lapses cluster (SD near 15 in a person): over 200 people the rate's standard error is 15 / 278 / √200 = 0.4%, of the share
    3.4%; 3 of them.
    """
    people = make_people(13, 200, start=START, days=278)
    lapses = [InnerLife(one).lapses(one.ends_at) for one in people]
    assert sum(map(len, lapses)) / 200 / 278 == pytest.approx(0.0174, abs=0.0115)
    assert sum(map(bool, lapses)) / 200 == pytest.approx(0.38, abs=0.103)
    told = [lapse.told_at - lapse.at for one in lapses for lapse in one]
    assert min(told) >= timedelta()
    assert max(told) <= 8 * DAY
    assert sum(wait < DAY for wait in told) / len(told) == pytest.approx(0.74, abs=0.06)


def test_in_active_use_there_is_use_on_one_day_in_eight() -> None:
    """12% of days; over 200 people (SD 15% between them) the standard error is 1.1%: 3 of them."""
    people = make_people(14, 200, start=START, days=60, preset=Preset.ACTIVE_USE)
    uses = [InnerLife(one).lapses(one.ends_at) for one in people]
    assert sum(map(len, uses)) / 200 / 60 == pytest.approx(0.12, abs=0.033)


def test_a_day_is_drawn_in_two_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes a day cheap: a hundred draws are two hashes, not a hundred."""
    from api.rehearsal.people import chance

    passes: list[int] = []
    hash_of = chance.shake_256
    person = make_people(2, 1, start=START, days=30)[0]
    monkeypatch.setattr(chance, "shake_256", lambda message: passes.append(1) or hash_of(message))
    InnerLife(person).feelings(person.joins_at + 20 * DAY)
    assert len(passes) <= 2 * 22


def test_at_its_prompts_craving_follows_the_row_of_the_table() -> None:
    """Lag, cue, stress, executive load and synergy, regressed at moments 4 hours apart, are those that were dealt, and the noise is 0.8.

    Of people whose cues come first and do not incubate, for whom the row is linear, each about their own usual cues. Over 7,000 lines the
    standard error of a mean coefficient is 0.8 / √7,000 = 0.01. What moves craving between two prompts is not in the row: 3 of them, and
    0.02 of every coefficient, for what that adds.
    """
    people = [one for one in make_people(12, 320, start=START, days=42) if one.couplings.cue_leads and not one.couplings.incubation]
    lines = []
    for person in people:
        life, usual, own = InnerLife(person), usual_rate(person), []
        spread = Pull.of(person).spread
        for day in range(40):
            felt = [life.feelings(person.joins_at + day * DAY + hour * HOUR) for hour in (0, 4, 8)]
            for before, now in pairwise(one for one in felt if one.awake):
                moved = [
                    (now.cue - usual) / 0.43,
                    now.stress_sd,
                    (now.executive - 0.35) / 0.14,
                    now.cue * 0.75 / 0.43 * max(0.0, now.stress_sd),
                ]
                own.append(([1.0, before.craving_sd * spread, *moved], now.craving_sd * spread))
        lines.append(own)
    found = reml(lines)
    assert found is not None
    assert len(people) > 80
    assert sum(map(len, lines)) > 7_000
    dealt = [[one.lag, one.cue, one.stress, one.executive, one.cue_stress] for one in (person.couplings for person in people)]
    assert found.mean[1:] == pytest.approx(np.mean(dealt, axis=0), abs=0.05)
    assert found.noise**0.5 == pytest.approx(0.8, abs=0.04)


def test_what_kind_of_person_somebody_is_says_nothing_of_how_strongly_cues_move_them() -> None:
    """Traits are dealt apart. Over 600 people the standard error of a correlation is 0.04, of a deviation of 0.25 it is 0.007."""
    dealt = [one.couplings for one in make_people(12, 600, start=START, days=42)]
    cues = [one.cue for one in dealt]
    for kind in ([one.cue_leads for one in dealt], [one.incubation for one in dealt]):
        assert abs(statistics.correlation(cues, [float(one) for one in kind])) < 0.12
    for leads in (True, False):
        spread = statistics.pstdev(one.cue for one in dealt if one.cue_leads is leads)
        assert spread == pytest.approx(0.25, abs=0.04)
