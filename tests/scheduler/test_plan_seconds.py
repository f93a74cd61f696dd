"""Local time by integer arithmetic, against the zone rules of the standard library."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from uuid import UUID, uuid5

from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.plan.calendar import local, offsets, zone_info, zones
from scheduler.plan.seconds import stamp, to_seconds
from scheduler.plan.slots import NAMESPACE, named

FIRST, LAST = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2029, 1, 1, tzinfo=UTC).timestamp())
HALF_DAY = 43_200


def told(zone: str, instant: int) -> int:
    """The offset by the standard library, in seconds."""
    shown = datetime.fromtimestamp(instant, zone_info(zone)).utcoffset()
    assert shown is not None
    return shown // timedelta(seconds=1)


@cache
def changes(zone: str) -> tuple[int, ...]:
    """The first instant of every new offset of three years, found by halving between two looks a day apart."""
    looks = [(instant, told(zone, instant)) for instant in range(FIRST, LAST, 2 * HALF_DAY)]
    return tuple(change(zone, early, late) for (early, before), (late, after) in pairwise(looks) if before != after)


def change(zone: str, low: int, high: int) -> int:
    before = told(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if told(zone, middle) == before else (low, middle)
    return high


def test_every_offset_of_every_zone_and_both_sides_of_every_change_agree_with_the_standard_library():
    seen: set[tuple[int, ...]] = set()
    for zone in sorted(zones()):
        ours = offsets(zone)
        turns = changes(zone)
        looks = [*range(FIRST, LAST, 29 * HALF_DAY), *(turn + off for turn in turns for off in (-1, 0, 1))]
        assert all(ours.at(instant) == told(zone, instant) for instant in looks), zone
        seen.add(turns)
        if turns:
            assert ours.steady(turns[0] - 10, turns[0] - 1) is not None
            assert ours.steady(turns[0] - HALF_DAY, turns[0]) is None
            assert min((late - early for early, late in pairwise(turns)), default=LAST) > 6 * 2 * HALF_DAY
    assert len(seen) >= 20


def test_the_first_instant_of_a_wall_time_is_the_first_that_shows_it_or_later_around_every_change():
    for zone in sorted(zones()):
        ours = offsets(zone)
        for turn in changes(zone)[:4]:
            walls = sorted({turn + told(zone, turn + side) + off for side in (-1, 0) for off in (-1801, -1, 0, 1, 900, 1801)})
            for wall in walls:
                at = ours.first(wall)
                assert at + told(zone, at) >= wall
                # Nothing shortly before shows as much: the second before, and those of the double hour's first half.
                assert all(before + told(zone, before) < wall for before in (at - 1, at - 1799, at - 3599, at - 7201))
            assert [ours.first(wall) for wall in walls] == sorted(ours.first(wall) for wall in walls)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(-(2**30), 2**32), st.sampled_from(sorted(zones())))
def test_a_stamp_is_what_the_wall_shows(instant, zone):
    moment = datetime.fromtimestamp(instant, UTC)
    assert stamp(instant + offsets(zone).at(instant)) == local(moment, zone).stamp
    assert to_seconds(moment - timedelta(microseconds=1)) == instant


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=80), st.uuids())
def test_an_id_is_the_uuid_5_of_its_name(name, person):
    for each in (name, f"{person}/{name}"):
        made = named(each)
        assert made == uuid5(NAMESPACE, each)
        assert (made.version, made.variant, hash(made)) == (5, uuid5(NAMESPACE, each).variant, hash(UUID(str(made))))
