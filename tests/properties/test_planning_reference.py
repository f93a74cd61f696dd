"""The planner against a plan worked out independently in a few lines: ids and times of every design, in every zone, on any date."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from uuid import UUID

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from models.definition.prompting import (
    Burst,
    Design,
    Expiry,
    Fixed,
    Interval,
    Reminders,
    Stratified,
    Uniform,
    WakeWindow,
    WakeWindows,
    When,
    Window,
)
from models.kinds import PromptState, TimedEventKind
from scheduler.plan import calendar
from scheduler.plan.calendar import DAY, WakeSpan, ZoneSpan
from scheduler.plan.inputs import PlanInput, PlannedDay
from scheduler.plan.occasion import Occasion
from scheduler.plan.occasions import plan_day
from scheduler.plan.reconcile import PlannedRow, reconcile
from tests.planning_reference import Someone, first, rules, whole

PHASES = (Phase.generate,)
"""No shrinking: a failing example is replayed as it is."""
VISIT, QUIT = TimedEventKind.VISIT, TimedEventKind.QUIT_DAY
EXPIRY = Expiry(minutes=60, reminders=Reminders(count=2, every_minutes=20))
MINUTE = timedelta(minutes=1)
YEARS = (2026, 2027, 2028)
PERSON = UUID(int=7)

EVERYTHING = (
    Stratified(id="signal", instrument="s", expiry=EXPIRY, prompts=4, gap_minutes=60, exclude=("noon", "morning")),
    Uniform(id="spread", instrument="u", expiry=EXPIRY, prompts=4, gap_minutes=70, exclude=("noon", "evening"), exclude_minutes=80),
    Window(id="morning", instrument="m", expiry=EXPIRY, edge="start", offset_minutes=10, jitter_minutes=25),
    Window(id="evening", instrument="e", expiry=EXPIRY, edge="end", offset_minutes=-50),
    Fixed(id="noon", instrument="f", expiry=EXPIRY, times=("02:30", "12:45")),
    Interval(id="hours", instrument="h", expiry=EXPIRY, every=5, unit="hours", jitter_minutes=30, when=When(anchor=VISIT)),
    Interval(id="days", instrument="d", expiry=EXPIRY, every=1, unit="days", when=When(anchor=VISIT)),
    Fixed(id="burst", instrument="b", expiry=EXPIRY, times=("17:00",), when=When(anchor=QUIT, burst=Burst(on_days=2, off_days=1))),
)


def hours(start: int, end: int) -> WakeWindow:
    """A wake window from minutes after midnight."""
    return WakeWindow(start=f"{start // 60 % 24:02}:{start % 60:02}", end=f"{end // 60 % 24:02}:{end % 60:02}")


def both(designs, zone: str, wake: WakeWindows, day: date, key: bytes) -> tuple[PlanInput, Someone]:
    """The same person twice: visited three days before `day`, with a quit day set for the day before it."""
    start, visit = first(day - 9 * DAY, "11:17", zone), first(day - 3 * DAY, "02:30", zone)
    inputs = PlanInput(
        enrollment_uid=PERSON,
        plan_key=key,
        designs=designs,
        zones=(ZoneSpan(datetime(2025, 1, 1, tzinfo=UTC), zone),),
        wake=(WakeSpan(date(2025, 1, 1), wake),),
        started_at=datetime.fromtimestamp(start, UTC),
        length_days=60,
        anchors={VISIT: (datetime.fromtimestamp(visit, UTC),)},
        planned_days={QUIT: (PlannedDay(day - DAY, datetime.fromtimestamp(start, UTC)),)},
    )
    written = [whole(one.model_dump(mode="json")) for one in designs]
    quits = {"kind": QUIT, "day": str(day - DAY), "wall": None, "set_at": inputs.started_at.isoformat()}
    return inputs, Someone(PERSON, key, zone, wake.model_dump(), written, start, 60, {VISIT: (visit,)}, (quits,))


def assert_same(designs, zone: str, wake: WakeWindows, day: date, key: bytes) -> list[Occasion]:
    """Ids and times are those of the reference, and every law holds on the day."""
    inputs, alone = both(designs, zone, wake, day, key)
    occasions = list(plan_day(inputs, day))
    assert {one.uid: told(one) for one in occasions} == {one.id: (one.due, one.blocked, one.reminders) for one in alone.prompts(day)}, (
        zone,
        day,
    )
    assert_laws(occasions, designs, alone)
    return occasions


def told(one: Occasion) -> tuple[int | None, str | None, tuple[int, ...]]:
    """What a phone asks of an occasion: its moment, unless it has none, why it is not asked, and the reminders."""
    moment = None if one.blocked == "window" else int(one.due_at.timestamp())
    return moment, one.blocked, tuple(int(each.timestamp()) for each in one.reminders)


def assert_laws(occasions: list[Occasion], found: Sequence[Design], alone: Someone) -> None:
    designs = {one.id: one for one in found}
    times = {code: sorted(one.due_at for one in occasions if one.design == code and one.blocked != "window") for code in designs}
    for one in occasions:
        at = int(one.due_at.timestamp())
        shown = one.due_at.astimezone(rules(alone.zone))
        assert one.window_start <= one.due_at <= one.window_end
        assert one.blocked in {None if alone.awake(at) else "quiet_hours", "window"}
        assert all(one.due_at < each < one.expires_at and alone.awake(int(each.timestamp())) for each in one.reminders)
        assert len(set(one.reminders)) == len(one.reminders)
        assert (one.density is None) == (
            isinstance(designs[one.design], Fixed) or one.blocked == "window" or one.window_start == one.window_end
        )
        assert (one.local_due, one.offset_minutes) == (
            shown.replace(tzinfo=None).isoformat(),
            int((shown.utcoffset() or timedelta()).total_seconds()) // 60,
        )
    for design in designs.values():
        if isinstance(design, Stratified | Uniform):
            assert all(later - early >= design.gap_minutes * MINUTE for early, later in pairwise(times[design.id]))
            apart = max(design.gap_minutes, design.exclude_minutes) * MINUTE
            assert all(abs(one - other) >= apart for one in times[design.id] for code in design.exclude for other in times[code])


def assert_nothing_to_replan(occasions: list[Occasion], now: datetime) -> None:
    rows = [
        PlannedRow(
            one.uid,
            one.kind,
            one.instrument,
            PromptState.PLANNED if one.blocked is None else PromptState.BLOCKED,
            one.due_at,
            one.expires_at,
            one.zone,
            1,
            one.blocked,
        )
        for one in occasions
    ]
    assert not reconcile(rows, occasions, now=now)


# --- every zone ---


@lru_cache(maxsize=1)
def changes() -> dict[str, tuple[tuple[int, int, int], ...]]:
    """(instant, offset before, offset after) of every clock change of every IANA zone in these years; zones without one are left out."""
    start, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (YEARS[0], YEARS[-1] + 1))
    found = {}
    for zone in sorted(calendar.zones()):
        offset = lambda at, zone=zone: int((datetime.fromtimestamp(at, rules(zone)).utcoffset() or timedelta()).total_seconds())  # noqa: E731
        mine = []
        for low in range(start, end, 4 * 86_400):
            high = low + 4 * 86_400
            if offset(low) != offset(high):
                early, late = low, high
                while late - early > 1:
                    middle = (early + late) // 2
                    early, late = (middle, late) if offset(middle) == offset(low) else (early, middle)
                mine.append((late, offset(low), offset(late)))
        if mine:
            found[zone] = tuple(mine)
    return found


WAKES = ((8 * 60, 22 * 60), (20 * 60, 34 * 60), (150, 16 * 60))
"""By day, by night, and from half past two, which the clocks of many zones skip."""


def test_every_zone_that_changes_its_clocks_keeps_every_law_around_each_change():
    """Zones whose clocks change alike are one case in full; of the others each is planned around a change of its own."""
    found, seen = changes(), set[tuple[tuple[int, int, int], ...]]()
    assert len(found) > 200
    for number, (zone, mine) in enumerate(found.items()):
        whole = mine not in seen
        seen.add(mine)
        for place, (instant, _, _) in enumerate(mine):
            if whole or place == number % len(mine):
                start, end = WAKES[(number + place) % 3]
                wake = WakeWindows(weekday=hours(start, end), weekend=hours(start, end))
                day = datetime.fromtimestamp(instant, rules(zone)).date()
                for each in (day - DAY, day) if whole else (day,):
                    assert_same(EVERYTHING, zone, wake, each, number.to_bytes(32, "big"))
    assert len(seen) >= 20


# --- any design ---


@st.composite
def designs(draw):
    """All kinds, limited in every way; often too many to fit."""

    def when() -> When:
        return When(
            first_day=draw(st.integers(1, 3)),
            last_day=draw(st.none() | st.integers(5, 12)),
            weekdays=draw(st.sampled_from(((), (), (1, 3, 5, 6, 7)))),
            day_probability=draw(st.sampled_from((1.0, 1.0, 0.5))),
            anchor=draw(st.sampled_from(("enrollment", "enrollment", VISIT, QUIT))),
            burst=draw(st.sampled_from((None, None, Burst(on_days=2, off_days=1)))),
        )

    def exclude() -> tuple[str, ...]:
        return draw(st.sampled_from(((), ("morning",), ("morning", "evening"), ("noon", "evening"))))

    clock = draw(st.sampled_from((None, None, WakeWindow(start="09:30", end="18:00"))))
    unit, every = draw(st.sampled_from((("minutes", 95), ("hours", 7), ("days", 1), ("days", 2))))
    return (
        Stratified(
            id="signal", instrument="s", expiry=EXPIRY, when=when(), prompts=draw(st.integers(1, 7)), gap_minutes=draw(st.integers(0, 100)),
            exclude=exclude(), exclude_minutes=draw(st.sampled_from((0, 75))), from_start_minutes=draw(st.sampled_from((0, 45))),
        ),
        Uniform(
            id="spread", instrument="u", expiry=EXPIRY, when=when(), prompts=draw(st.integers(1, 6)), gap_minutes=draw(st.integers(0, 100)),
            exclude=exclude(), exclude_minutes=draw(st.sampled_from((0, 75))), hours=clock, to_end_minutes=draw(st.sampled_from((0, 30))),
        ),
        Window(id="morning", instrument="m", expiry=EXPIRY, when=when(), edge="start", jitter_minutes=draw(st.sampled_from((0, 40)))),
        Window(id="evening", instrument="e", expiry=EXPIRY, when=when(), edge="end", offset_minutes=-60),
        Fixed(id="noon", instrument="f", expiry=EXPIRY, when=when(), times=("12:00", "02:30")),
        Interval(
            id="again", instrument="i", expiry=EXPIRY, when=when(), every=every, unit=unit, jitter_minutes=draw(st.sampled_from((0, 20)))
        ),
    )  # fmt: skip


@st.composite
def wakes(draw):
    """Ten to eighteen hours from any quarter of an hour; the weekend begins up to two hours later or earlier."""
    start, length = draw(st.integers(0, 95)) * 15, draw(st.integers(40, 72)) * 15
    other, longer = start + draw(st.integers(-8, 8)) * 15, draw(st.integers(40, 72)) * 15
    return WakeWindows(weekday=hours(start % 1440, start + length), weekend=hours(other % 1440, other + longer))


@settings(max_examples=150, deadline=None, derandomize=True, phases=PHASES)
@given(
    designs(),
    st.sampled_from(sorted(calendar.zones())),
    wakes(),
    st.dates(date(YEARS[0], 1, 12), date(YEARS[-1], 12, 28)),
    st.binary(min_size=32, max_size=32),
)
def test_any_design_in_any_zone_on_any_date_has_the_ids_and_times_of_the_reference(found, zone, wake, day, key):
    for each in (day, day + DAY):
        occasions = assert_same(found, zone, wake, each, key)
        assert_nothing_to_replan(occasions, datetime.fromtimestamp(first(each, "00:00", zone), UTC) - DAY)


def test_where_the_gap_reaches_into_the_next_day_both_ways_go_back_as_far_as_it_does():
    wake = WakeWindows(weekday=hours(4 * 60, 23 * 60 + 30), weekend=hours(5 * 60, 24 * 60))
    for number, zone in enumerate(("America/New_York", "Europe/London", "Australia/Lord_Howe")):
        for weekdays in ((), (1, 2, 4, 5, 6, 7)):
            when, far = When(weekdays=weekdays), {"expiry": EXPIRY, "exclude": ("noon",), "gap_minutes": 320, "prompts": 3}
            found = (
                Stratified(id="signal", instrument="s", when=when, **far),
                Uniform(id="spread", instrument="u", when=when, **far),
                Fixed(id="noon", instrument="f", expiry=EXPIRY, times=("00:10", "12:45")),
            )
            days = [date(2026, 3, 26) + each * DAY for each in range(6)]
            inputs, alone = both(found, zone, wake, days[0], number.to_bytes(32, "big"))
            planned = [one for day in days for one in plan_day(inputs, day)]
            assert {one.uid: told(one) for one in planned} == {
                one.id: (one.due, one.blocked, one.reminders) for day in days for one in alone.prompts(day)
            }
            for code in ("signal", "spread"):
                due = sorted(one.due_at for one in planned if one.design == code and one.blocked is None)
                assert all(later - early >= 320 * MINUTE for early, later in pairwise(due))
