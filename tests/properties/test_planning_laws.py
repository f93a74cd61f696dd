"""The laws at the end of the prompting page, as properties of the real planner."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, pairwise
from math import comb, prod
from uuid import UUID

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from models.definition.prompting import Burst, Expiry, Fixed, Reminders, Stratified, Uniform, WakeWindow, WakeWindows, When, Window
from models.kinds import PromptState, TimedEventKind
from scheduler.plan import calendar, signal, spread, window
from scheduler.plan.calendar import DAY, WakeSpan, ZoneSpan
from scheduler.plan.draw import DayView
from scheduler.plan.inputs import Pause, PlanInput
from scheduler.plan.keyed import PlanKey
from scheduler.plan.occasion import Occasion
from scheduler.plan.occasions import plan, plan_day, planning_dates
from scheduler.plan.planner import Planner
from scheduler.plan.reconcile import Changes, PlannedRow, reconcile

EXPIRY = Expiry(minutes=60, reminders=Reminders(count=2, every_minutes=20))
ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "Pacific/Honolulu",
    "Australia/Lord_Howe",
    "America/St_Johns",
)
MINUTE = timedelta(minutes=1)
PHASES = (Phase.generate,)
"""No shrinking: a failing example is replayed as it is, and these planners are slow to shrink."""


def person(designs, *, zones=None, wake=("08:00", "22:00"), key=b"k" * 32, start=datetime(2026, 1, 1, 12, tzinfo=UTC), **more) -> PlanInput:
    window = WakeWindow(start=wake[0], end=wake[1])
    return PlanInput(
        enrollment_uid=UUID(int=7),
        plan_key=key,
        designs=tuple(designs),
        zones=tuple(zones or (ZoneSpan(start, "America/New_York"),)),
        wake=(WakeSpan(date(2026, 1, 1), WakeWindows(weekday=window, weekend=window)),),
        started_at=start,
        length_days=3000,
        **more,
    )


def wall(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


@st.composite
def wakes(draw):
    start = draw(st.integers(0, 95)) * 15
    return wall(start), wall(start + draw(st.integers(40, 80)) * 15)


@st.composite
def schemes(draw):
    """Designs that fit ten hours, less the hour that a clock change may take."""
    prompts = draw(st.integers(1, 5))
    gap = draw(st.integers(0, 300 // prompts))
    exclude = ("morning", "evening") if draw(st.booleans()) and gap <= 60 else ()
    return (
        Stratified(id="signal", instrument="s", expiry=EXPIRY, prompts=prompts, gap_minutes=gap, exclude=exclude),
        Window(id="morning", instrument="m", expiry=EXPIRY, edge="start", offset_minutes=10, jitter_minutes=draw(st.integers(0, 30))),
        Window(id="evening", instrument="e", expiry=EXPIRY, edge="end", offset_minutes=-60),
        Fixed(id="noon", instrument="f", expiry=EXPIRY, times=("12:00", "18:30")),
        Uniform(id="spread", instrument="u", expiry=EXPIRY, prompts=prompts, gap_minutes=gap, exclude=exclude),
    )


keys = st.integers(0, 2**32).map(lambda number: number.to_bytes(32, "big"))
days = st.dates(date(2026, 1, 5), date(2026, 12, 20))


def assert_gaps(inputs: PlanInput, occasions) -> None:
    """No two signal prompts that are to be sent are nearer than promised, in absolute time; nor one and an excluded prompt.

    The latter as known when the signal was drawn: a diary that a later move brings near a signal already sent stands.
    """
    epoch = lambda instant: sum(span.valid_from < instant for span in inputs.zones[1:])  # noqa: E731
    for design in (one for one in inputs.designs if isinstance(one, Stratified | Uniform)):
        due = sorted(one.due_at for one in occasions if one.design == design.id and one.blocked in {None, "paused"})
        assert all(later - earlier >= design.gap_minutes * MINUTE for earlier, later in pairwise(due))
        apart = max(design.gap_minutes, design.exclude_minutes) * MINUTE
        own = [one for one in occasions if one.design == design.id and one.blocked in {None, "paused"}]
        others = [one for one in occasions if one.design in design.exclude and one.blocked in {None, "paused", "quiet_hours"}]
        assert all(abs(one.due_at - other.due_at) >= apart for one in own for other in others if epoch(other.due_at) <= epoch(one.due_at))


def assert_shape(inputs: PlanInput, occasions, dates) -> None:
    """Every slot of every day is a row, once, and every moment lies in the window it was drawn from."""
    counts = {"signal": inputs.designs[0].prompts, "morning": 1, "evening": 1, "noon": 2}
    counts |= {one.id: one.prompts for one in inputs.designs if isinstance(one, Uniform)}
    asked = Counter((one.design, one.slot.local_date) for one in occasions)
    assert asked == Counter({(design, day): count for design, count in counts.items() for day in dates})
    assert len({one.uid for one in occasions}) == len(occasions)
    for one in occasions:
        assert one.window_start <= one.due_at <= one.window_end
        assert one.due_at < one.expires_at
        assert all(one.due_at < reminder < one.expires_at for reminder in one.reminders)
        if one.design in {"signal", "spread"} and one.blocked is None:
            assert calendar.awake(one.due_at, one.zone, inputs.wake)
            assert one.density is not None


@settings(max_examples=120, deadline=None, derandomize=True, phases=PHASES)
@given(schemes(), wakes(), st.sampled_from(ZONES), days, keys)
def test_every_gap_count_and_window_holds_whatever_the_wake_window_zone_and_day(designs, wake, zone, day, key):
    inputs = person(designs, zones=[ZoneSpan(datetime(2026, 1, 1, tzinfo=UTC), zone)], wake=wake, key=key)
    dates = [day + DAY * number for number in range(3)]
    occasions = [one for each in dates for one in plan_day(inputs, each)]
    assert_shape(inputs, occasions, dates)
    assert_gaps(inputs, occasions)
    if not designs[0].exclude:
        assert all(one.blocked is None for one in occasions if one.design == "signal")


@settings(max_examples=60, deadline=None, derandomize=True, phases=PHASES)
@given(schemes(), st.permutations(range(5)), wakes(), days, keys)
def test_the_order_in_which_anything_is_given_or_planned_does_not_matter(designs, order, wake, day, key):
    spans = (
        ZoneSpan(datetime(2026, 1, 1, tzinfo=UTC), "Europe/Berlin"),
        ZoneSpan(datetime(day.year, day.month, day.day, 9, tzinfo=UTC), "Asia/Kolkata"),
    )
    inputs = person(designs, zones=spans, wake=wake, key=key)
    other = person([designs[number] for number in order], zones=spans[::-1], wake=wake, key=key)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    together = plan(inputs, start, start + 2 * DAY)
    first, last = planning_dates(inputs, start, start + 2 * DAY)
    backwards = [one for number in reversed(range((last - first).days + 1)) for one in plan_day(other, first + DAY * number)]
    assert sorted(backwards, key=lambda one: one.uid) == sorted(together, key=lambda one: one.uid)


@settings(max_examples=100, deadline=None, derandomize=True, phases=PHASES)
@given(
    schemes(),
    wakes(),
    days,
    keys,
    st.lists(st.tuples(st.integers(0, 72 * 60), st.sampled_from(ZONES)), min_size=1, max_size=3, unique_by=lambda move: move[0]),
)
def test_travel_keeps_every_law_and_never_asks_a_slot_twice(designs, wake, day, key, moves):
    morning = datetime(day.year, day.month, day.day, tzinfo=UTC)
    home = ZoneSpan(datetime(2026, 1, 1, tzinfo=UTC), "America/New_York")
    history = [home, *sorted(ZoneSpan(morning + minutes * MINUTE, zone) for minutes, zone in moves)]
    dates = [day + DAY * number for number in range(-2, 6)]
    inputs = person(designs, zones=history, wake=wake, key=key)
    occasions = [one for each in dates for one in plan_day(inputs, each)]
    assert_shape(inputs, occasions, dates)
    assert_gaps(inputs, occasions)
    final = {one.uid: one for one in occasions}
    for known, move in enumerate(history[1:], start=1):
        before = replace(inputs, zones=tuple(history[:known]))
        sent = {
            one.uid: one.due_at for each in dates for one in plan_day(before, each) if one.blocked is None and one.due_at < move.valid_from
        }
        assert all(final[uid].due_at == due_at for uid, due_at in sent.items())


@settings(max_examples=80, deadline=None, derandomize=True, phases=PHASES)
@given(schemes(), wakes(), days, keys, st.sampled_from(ZONES), st.integers(0, 48 * 60), st.integers(0, 24 * 60))
def test_a_move_that_is_learned_late_keeps_its_distance_from_what_was_sent(designs, wake, day, key, zone, minutes, delay):
    home = ZoneSpan(datetime(2026, 1, 1, tzinfo=UTC), "America/New_York")
    moved_at = datetime(day.year, day.month, day.day, tzinfo=UTC) + minutes * MINUTE
    now = moved_at + delay * MINUTE
    dates = [day + DAY * number for number in range(-2, 5)]
    inputs = person(designs, zones=[home], wake=wake, key=key)
    assume(not designs[0].exclude)
    rows = [row_of(one) for each in dates for one in plan_day(inputs, each)]
    sent = {row.uid: row.due_at for row in rows if row.due_at <= now and row.state is PromptState.PLANNED}
    rows = [replace(row, state=PromptState.SENT) if row.uid in sent else row for row in rows]
    moved = replace(inputs, zones=(home, ZoneSpan(moved_at, zone)), sent=sent)
    changes = reconcile(rows, [one for each in dates for one in plan_day(moved, each)], now=now)
    after = applied(rows, changes)
    assert len(after) == len(rows)
    due = sorted(row.due_at for row in after if row.instrument == "s" and row.state in {PromptState.SENT, PromptState.PLANNED})
    assert all(later - earlier >= designs[0].gap_minutes * MINUTE for earlier, later in pairwise(due))
    assert all(row.due_at > now for row in after if row.state is PromptState.PLANNED)


def row_of(one: Occasion) -> PlannedRow:
    state = PromptState.PLANNED if one.blocked is None else PromptState.BLOCKED
    return PlannedRow(one.uid, one.kind, one.instrument, state, one.due_at, one.expires_at, one.zone, 1, one.blocked)


def applied(rows: list[PlannedRow], changes: Changes) -> list[PlannedRow]:
    """The rows after the changes, as the horizon would store them."""
    changed = {change.row.uid: row_of(change.occasion) for change in (*changes.retime, *changes.block)}
    gone = {change.row.uid for change in changes.supersede}
    kept = [
        replace(changed.get(row.uid, row), state=PromptState.SUPERSEDED) if row.uid in gone else changed.get(row.uid, row) for row in rows
    ]
    return [*kept, *(row_of(one) for one in changes.insert)]


@settings(max_examples=60, deadline=None, derandomize=True, phases=PHASES)
@given(schemes(), schemes(), wakes(), days, keys, st.integers(0, 24 * 60))
def test_replanning_twice_changes_nothing_and_never_touches_what_has_passed(before, after, wake, day, key, minutes):
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) + minutes * MINUTE
    old, new = (
        person(before, wake=wake, key=key),
        person(after[:-1], wake=wake, key=key, pauses=(Pause(now + DAY, now + DAY + timedelta(hours=9)),)),
    )
    rows = [row_of(one) for one in plan(old, now, now + 3 * DAY)]
    assert not reconcile(rows, plan(old, now, now + 3 * DAY), now=now)
    changes = reconcile(rows, plan(new, now, now + 3 * DAY), now=now)
    assert all(change.row.due_at > now for change in (*changes.retime, *changes.block, *changes.supersede))
    assert {change.row.instrument for change in changes.supersede} <= {"s", "u"}
    assert all(one.blocked for one in changes.insert if one.due_at <= now)
    stored = applied(rows, changes)
    assert not reconcile(stored, plan(new, now, now + 3 * DAY), now=now)


@dataclass
class Life:
    """A study lived hour by hour: what is due is sent, moves become known as they happen, and the rows are replanned."""

    inputs: PlanInput
    rows: dict[UUID, PlannedRow]
    dates: dict[UUID, date]
    sent: dict[UUID, datetime]

    def tick(self, now: datetime) -> None:
        for row in self.rows.values():
            if row.state is PromptState.PLANNED and row.due_at <= now:
                assert row.uid not in self.sent
                self.sent[row.uid] = row.due_at
                self.rows[row.uid] = replace(row, state=PromptState.SENT)
        inputs = replace(self.inputs, sent=self.sent)
        wanted = plan(inputs, now, now + 2 * DAY)
        self.dates |= {one.uid: one.slot.local_date for one in wanted}
        first, last = planning_dates(inputs, now, now + 2 * DAY)
        rows = [row for row in self.rows.values() if first <= self.dates[row.uid] <= last]
        changes = reconcile(rows, wanted, now=now)
        assert not changes.supersede
        self.rows |= {row.uid: row for row in applied(rows, changes)}


@settings(max_examples=8, deadline=None, derandomize=True, phases=PHASES)
@given(
    schemes(),
    wakes(),
    days,
    keys,
    st.lists(st.tuples(st.integers(1, 90), st.sampled_from(ZONES)), max_size=4, unique_by=lambda move: move[0]),
)
def test_a_lived_study_can_be_planned_again_years_later_and_matches(designs, wake, day, key, moves):
    start = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
    hours = dict(moves)
    life = Life(person(designs, zones=[ZoneSpan(start, "America/New_York")], wake=wake, key=key, start=start), {}, {}, {})
    for hour in range(100):
        now = start + timedelta(hours=hour)
        if hour in hours:
            life.inputs = replace(life.inputs, zones=(*life.inputs.zones, ZoneSpan(now, hours[hour])))
        life.tick(now)
    again = {one.uid: one for one in plan(life.inputs, start, start + 6 * DAY)}
    assert life.sent
    assert all(again[uid].due_at == due_at and again[uid].blocked is None for uid, due_at in life.sent.items())
    assert_gaps(life.inputs, [again[uid] for uid in life.sent])


# --- the density ---

SHORT = DayView(day=date(2026, 5, 4), zone="UTC", start=0, end=3600, epoch=0, midnights=(-86400, 0, 86400, 172800), since=None)


def exact_marginals(gap: int, count: int, end: int) -> list[list[float]]:
    """The probability of every second for every slot, by summing the conditional law forward over all seconds before it."""
    own = signal.blocks(0, end, count)
    latest = [0] * count
    for k in reversed(range(count)):
        latest[k] = own[k][1] if k == count - 1 else min(own[k][1], latest[k + 1] - gap)
    first = [0.0] * (end + 1)
    for x in range(own[0][0], latest[0] + 1):
        first[x] = 1 / (latest[0] - own[0][0] + 1)
    found = [first]
    for k in range(1, count):
        mass = [0.0] * (end + 1)
        for before, probability in enumerate(found[-1]):
            if probability:
                low = max(own[k][0], before + gap)
                share = probability / (latest[k] - low + 1)
                for x in range(low, latest[k] + 1):
                    mass[x] += share
        found.append(mass)
    return found


def assert_fits(drawn: list[int], mass: list[float], width: int) -> None:
    """Chi-square of the draws against the probability of every second, in cells of so many seconds."""
    expected = [len(drawn) * sum(mass[low : low + width]) for low in range(0, len(mass), width)]
    observed = Counter(at // width for at in drawn)
    cells = [(observed[cell], hoped) for cell, hoped in enumerate(expected) if hoped >= 5]
    assert sum(count for cell, count in observed.items() if expected[cell] == 0) == 0
    statistic = sum((count - hoped) ** 2 / hoped for count, hoped in cells)
    # Mean = degrees of freedom, variance twice that: four standard deviations above is p < 0.001. The keys are fixed.
    freedom = max(len(cells) - 1, 1)
    assert statistic < freedom + 4 * (2 * freedom) ** 0.5, (statistic, freedom)


@pytest.mark.parametrize(("gap_minutes", "prompts"), [(0, 3), (12, 3), (19, 3), (25, 3), (40, 2)])
def test_the_marginal_density_is_the_exact_one_of_the_stated_law(gap_minutes, prompts):
    design = Stratified(id="signal", instrument="s", expiry=EXPIRY, prompts=prompts, gap_minutes=gap_minutes)
    marginals = exact_marginals(gap_minutes * 60, prompts, 3600)
    people, width = 10**5 // prompts, 120
    rooms = signal.rooms(design, SHORT, range(prompts), ())
    drawn = [signal.pick(PlanKey(number.to_bytes(32, "big")), rooms, gap_minutes * 60) for number in range(people)]
    for k in range(prompts):
        assert_fits([one[k].at for one in drawn], marginals[k], width)
    if gap_minutes == 0:
        assert all(len({mass for mass in one if mass}) == 1 for one in marginals)


def test_each_draw_carries_its_density_given_those_before_it():
    design = Stratified(id="signal", instrument="s", expiry=EXPIRY, prompts=3, gap_minutes=15)
    for number in range(200):
        first, second, third = signal.draw(PlanKey(number.to_bytes(32, "big")), design, SHORT, range(3)).values()
        assert first.per_minute == pytest.approx(60 / 1200)
        assert second.per_minute == pytest.approx(60 / (2400 - max(1200, first.at + 900)))
        assert third.per_minute == pytest.approx(60 / (3601 - max(2400, second.at + 900)))


def test_a_block_split_by_an_excluded_prompt_is_drawn_evenly_from_both_parts():
    design = Stratified(id="signal", instrument="s", expiry=EXPIRY, prompts=1, gap_minutes=5)
    drawn = [signal.draw(PlanKey(number.to_bytes(32, "big")), design, SHORT, (0,), keeps=[(1000, 600)])[0] for number in range(3000)]
    assert all(one.at <= 400 or one.at >= 1600 for one in drawn)
    assert {one.per_minute for one in drawn} == {60 / (401 + 2001)}
    early = sum(one.at <= 400 for one in drawn)
    assert abs(early - 3000 * 401 / 2402) < 4 * (3000 * 401 / 2402 * 2001 / 2402) ** 0.5


def test_a_day_is_included_with_the_stated_probability():
    half = Fixed(id="half", instrument="h", expiry=EXPIRY, times=("12:00",), when=When(day_probability=0.3))
    inputs = person([half])
    occasions = [one for number in range(2000) for one in plan_day(inputs, date(2026, 1, 2) + DAY * number)]
    assert abs(len(occasions) - 600) < 4 * (2000 * 0.3 * 0.7) ** 0.5
    assert {one.day_probability for one in occasions} == {0.3}


@pytest.mark.parametrize(("gap_minutes", "prompts"), [(0, 4), (15, 4), (25, 2)])
def test_a_uniform_design_has_the_exact_marginals_of_an_even_draw_of_sets(gap_minutes, prompts):
    """The k-th of N in order: C(z, k) C(L - 1 - z, N - 1 - k) / C(L, N), on the window without its gaps."""
    design = Uniform(id="spread", instrument="u", expiry=EXPIRY, prompts=prompts, gap_minutes=gap_minutes)
    gap = max(gap_minutes * 60, 1)
    room = 3601 - (prompts - 1) * (gap - 1)
    drawn = [spread.draw(PlanKey(number.to_bytes(32, "big")), design, SHORT, range(prompts)) for number in range(10**5 // prompts)]
    for k in range(prompts):
        mass = [comb(z, k) * comb(room - 1 - z, prompts - 1 - k) / comb(room, prompts) for z in range(room)]
        assert_fits([one[k].at - k * (gap - 1) for one in drawn], mass, max(room // 30, 1))
    joint = comb(room, prompts) / 60**prompts
    for one in drawn[:500]:
        assert prod(draw.per_minute for draw in one.values()) == pytest.approx(1 / joint)
        assert all(later.at - earlier.at >= gap for earlier, later in pairwise(one.values()))


def every_way(gap: int, count: int, first: int, last: int, away: list[tuple[int, int]]) -> list[list[int]]:
    """How many sets of 0 … `count` moments lie on the seconds up to each, by one sum over all seconds: nothing of spacings."""
    ways = [[1] * (last - first + 2)] + [[0] * (last - first + 2) for _ in range(count)]
    for x in range(first, last + 1):
        here = x - first + 1
        is_open = all(abs(x - at) >= apart for at, apart in away)
        for k in range(1, count + 1):
            before = 1 if k == 1 else ways[k - 1][max(here - gap, 0)]
            ways[k][here] = ways[k][here - 1] + (before if is_open else 0)
    return ways


@pytest.mark.parametrize(
    ("gap_minutes", "prompts", "away"),
    [(0, 3, [(1000, 600)]), (10, 4, [(2000, 600)]), (5, 3, [(0, 300), (1800, 900), (3600, 420)])],
)
def test_a_uniform_design_around_excluded_prompts_has_the_exact_marginals_of_an_even_draw_of_sets(gap_minutes, prompts, away):
    design = Uniform(id="spread", instrument="u", expiry=EXPIRY, prompts=prompts, gap_minutes=gap_minutes)
    gap = max(gap_minutes * 60, 1)
    ahead = every_way(gap, prompts, 0, 3600, away)
    behind = every_way(gap, prompts, 0, 3600, [(3600 - at, apart) for at, apart in away])
    total = ahead[prompts][-1]
    room = spread.room(design, SHORT, range(prompts), away=away)
    drawn = [spread.pick(PlanKey(number.to_bytes(32, "big")), room, range(prompts)) for number in range(10**5 // prompts)]
    for k in range(prompts):
        mass = [0.0] * 3601
        for x in range(3601):
            if all(abs(x - at) >= apart for at, apart in away):
                mass[x] = ahead[k][max(x - gap + 1, 0)] * behind[prompts - 1 - k][max(3600 - x - gap + 1, 0)] / total
        assert sum(mass) == pytest.approx(1)
        assert_fits([one[k].at for one in drawn], mass, 120)
    for one in drawn[:300]:
        assert prod(draw.per_minute for draw in one.values()) == pytest.approx(60**prompts / total)
        assert all(later.at - earlier.at >= gap for earlier, later in pairwise(one.values()))


def test_every_set_around_an_excluded_prompt_is_drawn_as_often_as_every_other():
    """Three seconds of 0 … 6 and 14 … 16: also how many fall on each side is even over the sets."""
    design = Uniform(id="spread", instrument="u", expiry=EXPIRY, prompts=3, gap_minutes=0)
    room = spread.room(design, replace(SHORT, end=16), range(3), away=[(10, 4)])
    drawn = [spread.pick(PlanKey(number.to_bytes(32, "big")), room, range(3)) for number in range(33_000)]
    sets = Counter(tuple(draw.at for draw in one.values()) for one in drawn)
    seconds = [*range(7), *range(14, 17)]
    assert set(sets) == set(combinations(seconds, 3))
    hoped = 33_000 / len(sets)
    freedom = len(sets) - 1
    assert sum((count - hoped) ** 2 / hoped for count in sets.values()) < freedom + 4 * (2 * freedom) ** 0.5


def test_a_uniform_day_that_excluded_prompts_fill_asks_as_often_as_it_can_and_says_so():
    design = Uniform(id="spread", instrument="u", expiry=EXPIRY, prompts=5, gap_minutes=20)
    one = spread.draw(PlanKey(bytes(32)), design, SHORT, range(5), away=[(1200, 1200)])
    assert [draw.fits for draw in one.values()] == [True, True, True, False, False]
    assert all(draw.at == 0 or draw.at >= 2400 for draw in one.values() if draw.fits)
    nothing = spread.draw(PlanKey(bytes(32)), design, SHORT, range(5), away=[(1800, 1900)])
    assert not any(draw.fits for draw in nothing.values())


def test_every_set_that_keeps_the_gap_is_drawn_as_often_as_every_other():
    design = Uniform(id="spread", instrument="u", expiry=EXPIRY, prompts=2, gap_minutes=1)
    view = replace(SHORT, end=69)
    drawn = [spread.draw(PlanKey(number.to_bytes(32, "big")), design, view, range(2)) for number in range(11_000)]
    sets = Counter((one[0].at, one[1].at) for one in drawn)
    assert set(sets) == {(early, late) for early in range(70) for late in range(early + 60, 70)}
    assert len(sets) == 55
    assert sum((count - 200) ** 2 / 200 for count in sets.values()) < 54 + 4 * 108**0.5


def test_a_jitter_is_even_over_its_seconds():
    design = Window(id="w", instrument="m", expiry=EXPIRY, edge="start", jitter_minutes=30)
    drawn = [window.draw(PlanKey(number.to_bytes(32, "big")), design, SHORT) for number in range(10**5)]
    assert_fits([one.at for one in drawn], [1 / 1801] * 1801, 60)
    assert {one.per_minute for one in drawn} == {60 / 1801}


# --- the shared way and the long way ---


@st.composite
def any_designs(draw):
    """Designs that may be far from fitting, limited in every way: what both ways of planning must agree on."""

    def when() -> When:
        return When(
            first_day=draw(st.integers(1, 4)),
            last_day=draw(st.none() | st.integers(4, 8)),
            weekdays=draw(st.sampled_from(((), (1, 3, 6, 7)))),
            day_probability=draw(st.sampled_from((1.0, 0.5))),
            anchor=draw(st.sampled_from(("enrollment", "enrollment", TimedEventKind.VISIT))),
            burst=draw(st.sampled_from((None, None, Burst(on_days=2, off_days=1)))),
        )

    exclude = draw(st.sampled_from(((), ("morning",), ("morning", "evening", "noon"))))
    return (
        Stratified(
            id="signal", instrument="s", expiry=EXPIRY, when=when(), prompts=draw(st.integers(1, 8)), gap_minutes=draw(st.integers(0, 120)),
            exclude=exclude, from_start_minutes=draw(st.sampled_from((0, 45))),
        ),
        Window(id="morning", instrument="m", expiry=EXPIRY, when=when(), edge="start", jitter_minutes=draw(st.sampled_from((0, 40)))),
        Window(id="evening", instrument="e", expiry=EXPIRY, when=when(), edge="end", offset_minutes=-60),
        Fixed(id="noon", instrument="f", expiry=EXPIRY, when=when(), times=("12:00", "18:30", "02:30")),
        Uniform(
            id="spread", instrument="u", expiry=EXPIRY, when=when(), prompts=draw(st.integers(1, 8)), gap_minutes=draw(st.integers(0, 120)),
            hours=draw(st.sampled_from((None, WakeWindow(start="10:00", end="18:30")))), exclude=exclude, exclude_minutes=45,
        ),
    )  # fmt: skip


@settings(max_examples=80, deadline=None, derandomize=True, phases=PHASES)
@given(any_designs(), wakes(), wakes(), days, keys, st.sampled_from(ZONES), st.integers(0, 8 * 1440), st.booleans(), st.integers(0, 12))
def test_what_a_crowd_shares_is_what_each_day_gives_by_itself(designs, wake, later, day, key, zone, minutes, paused, told):
    start = datetime(day.year, day.month, day.day, 13, 20, tzinfo=UTC)
    moved_at = start + minutes * MINUTE
    inputs = person(
        designs,
        zones=[ZoneSpan(start, "America/New_York"), *([ZoneSpan(moved_at, zone)] if minutes % 3 == 0 else [])],
        wake=wake,
        key=key,
        start=start,
        anchors={TimedEventKind.VISIT: (start + 30 * MINUTE, moved_at)},
        pauses=(Pause(moved_at, moved_at + DAY),) if paused else (),
    )
    hours = WakeWindow(start=later[0], end=later[1])
    if minutes % 2:
        inputs = replace(inputs, wake=(*inputs.wake, WakeSpan(day + 5 * DAY, WakeWindows(weekday=hours, weekend=hours))))
    sent = [one for number in range(6) for one in plan_day(inputs, day + number * DAY) if one.blocked is None][:told]
    inputs = replace(inputs, sent={one.uid: one.due_at + 7 * MINUTE for one in sent})
    planner, alone = Planner(inputs), Planner(inputs)
    for number in range(-2, 16):
        each = day + number * DAY
        assert sorted(planner.occasions(each)) == sorted(alone.settled(each))
