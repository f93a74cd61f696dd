"""Who is in a simulated group: the same for the same seed, everyone apart from the others, and something of everything."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from api.rehearsal.people.inner import InnerLife
from api.rehearsal.people.make import make_people
from api.rehearsal.people.reporting import reports
from api.rehearsal.people.roles import BY_CHANCE, DEALT, Part
from api.rehearsal.people.staying import leaves_after
from api.rehearsal.people.terms import CravingClass, Person, ReportKind, Says
from api.rehearsal.people.traits import ZONES

START = datetime(2026, 3, 7, 17, tzinfo=UTC)


def group(seed: int = 1, count: int = 20, days: int = 28) -> tuple[Person, ...]:
    return make_people(seed, count, start=START, days=days)


def test_a_seed_makes_the_same_people_again_and_another_seed_makes_others() -> None:
    assert group(3) == group(3)
    assert {one.key for one in group(3)}.isdisjoint(one.key for one in group(4))


def test_who_a_person_is_does_not_depend_on_the_size_of_the_group() -> None:
    for alone, among in zip(group(5, 3), group(5, 40), strict=False):
        assert alone.key == among.key
        assert (alone.style, alone.couplings, alone.craving_class) == (among.style, among.couplings, among.craving_class)


@pytest.mark.parametrize("seed", range(31))
def test_twenty_people_in_four_weeks_show_something_of_everything(seed: int) -> None:
    people = group(seed)
    trips = [(one, trip) for one in people for trip in one.habits.trips]
    started = [report for one in people for report in reports(one, InnerLife(one), START, one.ends_at)]
    says = Counter(report.says for report in started)
    kinds = Counter(report.what for report in started)
    assert trips
    assert any(_crosses(one, trip.zone) for one, trip in trips)
    assert any(one.pauses for one in people)
    assert any(one.leave for one in people)
    assert any(abs(one.habits.clock.ahead) >= timedelta(hours=1) for one in people)
    assert any(one.habits.clock.corrected_at for one in people)
    assert any(spell.end - spell.start >= timedelta(days=2) for one in people for spell in one.habits.offline)
    assert says[Says.NOT_SAFE] >= 1
    assert says[Says.CALL] >= 1
    assert kinds[ReportKind.USE] >= 1
    assert kinds[ReportKind.HELP] >= 1
    assert {one.zone for one in people} == {zone for zone, _ in ZONES}


def _crosses(person: Person, zone: str) -> bool:
    """Whether home and there lie on both sides of the date line: more than 12 hours of the clock apart."""
    noon = datetime(2026, 3, 20, 12)
    away, home = (noon.replace(tzinfo=ZoneInfo(name)).utcoffset() for name in (zone, person.zone))
    assert away is not None
    assert home is not None
    return abs(away - home) > timedelta(hours=11)


@pytest.mark.parametrize("seed", range(31))
def test_everything_that_happens_to_a_person_lies_within_the_run(seed: int) -> None:
    for one in group(seed):
        instants = [one.joins_at, *one.help_at, *(pause.at for pause in one.pauses), *(told.at for told in one.tellings)]
        instants += [one.leave.at] if one.leave else []
        instants += [at for trip in one.habits.trips for at in (trip.out_at, trip.back_at)]
        assert all(START <= at <= one.ends_at for at in instants)
        assert 9 <= one.joins_at.astimezone(ZoneInfo(one.zone)).hour <= 17


def test_a_phone_shows_the_zone_where_its_owner_is() -> None:
    traveler = next(one for one in group() if one.habits.trips)
    trip = traveler.habits.trips[0]
    around = [trip.out_at - timedelta(seconds=1), trip.out_at, trip.back_at - timedelta(seconds=1), trip.back_at]
    assert [traveler.zone_at(at) for at in around] == [traveler.zone, trip.zone, trip.zone, traveler.zone]


def test_a_clock_that_is_set_right_is_right_from_then_on() -> None:
    clock = next(one.habits.clock for one in group() if one.habits.clock.corrected_at)
    assert clock.corrected_at is not None
    assert clock.ahead_at(clock.corrected_at - timedelta(seconds=1)) == clock.ahead != timedelta()
    assert clock.ahead_at(clock.corrected_at) == timedelta()


def test_craving_classes_come_in_their_shares() -> None:
    """The widest standard error of a share of 2,000 people is 1%: a tolerance of 4 of them."""
    count = Counter(one.craving_class for one in group(7, 2000))
    shares = {CravingClass.LOW: 0.73, CravingClass.HIGH_UP: 0.11, CravingClass.UP_DOWN: 0.085, CravingClass.FAST_DOWN: 0.075}
    for kind, share in shares.items():
        assert count[kind] / 2000 == pytest.approx(share, abs=4 * (share * (1 - share) / 2000) ** 0.5)


@pytest.mark.parametrize(("month", "still_in"), [(2, 0.95), (3, 0.91), (4, 0.86), (5, 0.82), (6, 0.80), (11, 0.64)])
def test_people_stay_as_long_as_the_anchors_say(month: int, still_in: float) -> None:
    """On an even grid of draws the share is exact to one part in the grid."""
    grid = [place / 1000 for place in range(1000)]
    assert sum(leaves_after(draw) > month * 30.44 for draw in grid) / 1000 == pytest.approx(still_in, abs=0.002)


def test_in_a_large_group_the_leavers_are_as_many_as_the_anchors_say() -> None:
    """Of 1,000 people over 183 days 20% leave, less those who joined late: within 4 standard errors (5.1%) of 19.5%."""
    people = group(9, 1000, 183)
    assert sum(one.leave is not None for one in people) / 1000 == pytest.approx(0.195, abs=0.051)


def test_every_part_is_dealt_or_left_to_chance_or_has_a_law_of_its_own() -> None:
    assert set(DEALT) == set(Part)
    assert set(Part) - set(BY_CHANCE) == {Part.LEAVES, Part.REPORTS_USE}


def test_a_group_of_nobody_and_a_start_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one person"):
        make_people(1, 0, start=START, days=7)
    with pytest.raises(ValueError, match="aware"):
        make_people(1, 1, start=START.replace(tzinfo=None), days=7)
