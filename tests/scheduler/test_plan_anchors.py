"""Days that are set for what is to come: which days a design then asks on, and from when."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from uuid import UUID, uuid5

from models.definition.prompting import Burst, Event, Expiry, Fixed, Interval, Stratified, WakeWindow, WakeWindows, When
from models.kinds import PromptState, TimedEventKind
from scheduler.plan.anchors import waiting
from scheduler.plan.calendar import DAY, WakeSpan, ZoneSpan, resolve
from scheduler.plan.inputs import PlanInput, PlannedDay
from scheduler.plan.occasion import Occasion
from scheduler.plan.occasions import plan, plan_day
from scheduler.plan.reconcile import PlannedRow, reconcile
from scheduler.plan.slots import NAMESPACE
from scheduler.plan.when import offered

EXPIRY = Expiry(minutes=60)
START = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
"""A Monday, 9:30 in New York."""
MONDAY = date(2026, 3, 2)
HOUR = timedelta(hours=1)
QUIT = TimedEventKind.QUIT_DAY
TWICE = Fixed(id="twice", instrument="t", expiry=EXPIRY, times=("09:00", "20:00"), when=When(anchor=QUIT, last_day=3))
HOME = ZoneSpan(START, "America/New_York")


def person(*designs, days=(), zones=(), wake=("08:00", "22:00"), **more) -> PlanInput:
    window = WakeWindow(start=wake[0], end=wake[1])
    return PlanInput(
        enrollment_uid=UUID(int=7),
        plan_key=bytes(range(32)),
        designs=designs,
        zones=(HOME, *zones),
        wake=(WakeSpan(MONDAY, WakeWindows(weekday=window, weekend=window)),),
        started_at=START,
        length_days=400,
        planned_days={QUIT: tuple(days)},
        **more,
    )


def on(number: int, wall: str | None = None, set_at: datetime = START) -> PlannedDay:
    """A planned day, by its study day."""
    return PlannedDay(MONDAY + DAY * (number - 1), set_at, wall)


def active(inputs: PlanInput, count: int = 30) -> list[int]:
    return [number for number in range(1, count + 1) if plan_day(inputs, MONDAY + DAY * (number - 1))]


def rows_of(occasions) -> list[PlannedRow]:
    def state(one: Occasion) -> PromptState:
        return PromptState.PLANNED if one.blocked is None else PromptState.BLOCKED

    return [
        PlannedRow(one.uid, one.kind, one.instrument, state(one), one.due_at, one.expires_at, one.zone, 1, one.blocked) for one in occasions
    ]


def test_a_day_that_is_set_anchors_designs_before_it_has_come():
    inputs = person(TWICE, days=[on(10)])
    assert active(inputs) == [10, 11, 12]
    first, *_ = plan_day(inputs, MONDAY + 9 * DAY)
    assert (first.local_due[11:], first.uid) == ("09:00:00", uuid5(NAMESPACE, f"{UUID(int=7)}/twice/2026-03-11/0"))
    assert active(person(TWICE)) == []
    weekly = TWICE.model_copy(update={"when": When(anchor=QUIT, first_day=2, last_day=9, burst=Burst(on_days=1, off_days=2))})
    assert active(person(weekly, days=[on(10)])) == [11, 14, 17]


def test_before_what_it_counts_from_is_told_or_set_a_design_asks_nothing_and_is_said_to_wait():
    often = Interval(id="often", instrument="t", expiry=EXPIRY, every=6, unit="hours", when=When(anchor=QUIT))
    report = Event(id="report", instrument="t", expiry=EXPIRY, when=When(anchor=QUIT))
    other = TWICE.model_copy(update={"id": "other", "when": When(anchor=QUIT, arms=("b",))})
    always = TWICE.model_copy(update={"id": "always", "when": When()})
    inputs = person(TWICE, often, report, other, always, arm="a")
    assert {one.design for one in plan(inputs, START, START + 30 * DAY)} == {"always"}
    assert not offered(inputs, report, START + DAY)
    assert [one.design for one in waiting(inputs.designs, "a", ())] == ["twice", "often", "report"]
    assert {one.anchor for one in waiting(inputs.designs, "b", ())} == {QUIT}
    assert waiting(inputs.designs, "a", {QUIT}) == ()


def test_a_planned_day_and_a_told_event_anchor_alike():
    told = person(TWICE, anchors={QUIT: (resolve(MONDAY + 9 * DAY, "08:00", "America/New_York"),)})
    planned = person(TWICE, days=[on(10)])
    assert plan(told, START, START + 30 * DAY) == plan(planned, START, START + 30 * DAY)
    assert active(person(TWICE, days=[on(10), on(20)])) == [10, 11, 12, 20, 21, 22]


def test_nothing_is_asked_before_the_hour_of_the_day_or_before_the_day_was_set():
    visit = person(TWICE, days=[on(10, "14:00")])
    assert [one.local_due[11:16] for one in plan_day(visit, MONDAY + 9 * DAY)] == ["20:00"]
    today = person(TWICE, days=[on(10, set_at=START + 9 * DAY + HOUR)])
    assert [one.local_due[11:16] for one in plan_day(today, MONDAY + 9 * DAY)] == ["20:00"]


def test_the_day_stays_the_day_wherever_the_person_travels_and_however_they_sleep():
    """Also over the date line, where most of a day is skipped or lived twice, and by night."""
    moved_at = (START + timedelta(days=6, hours=hours) for hours in (0, 9, 21, 30, 47))
    for at, zone, wake in product(
        moved_at, ("Pacific/Auckland", "Pacific/Honolulu", "Europe/Berlin"), (("08:00", "22:00"), ("20:00", "10:00"))
    ):
        inputs = person(TWICE, days=[on(8)], zones=(ZoneSpan(at, zone),), wake=wake)
        assert active(inputs) == [8, 9, 10], (at, zone, wake)
        assert all(one.slot.local_date in {MONDAY + DAY * number for number in (7, 8, 9)} for one in plan(inputs, START, START + 20 * DAY))


def test_an_interval_counts_from_waking_on_the_day_or_from_its_hour():
    every = Interval(id="every", instrument="i", expiry=EXPIRY, every=4, unit="hours", when=When(anchor=QUIT, last_day=1))
    waking = plan(person(every, days=[on(10)]), START, START + 12 * DAY)
    assert [one.local_due[:16] for one in waking if one.blocked is None] == [f"2026-03-11T{hour:02}:00" for hour in (12, 16, 20)]
    hour = plan(person(every, days=[on(10, "09:30")]), START, START + 12 * DAY)
    assert [one.local_due[11:16] for one in hour if one.blocked is None] == ["13:30", "17:30", "21:30"]
    berlin = person(every, days=[on(10, "09:30")], zones=(ZoneSpan(START + 5 * DAY, "Europe/Berlin"),))
    assert [one.local_due[11:16] for one in plan(berlin, START, START + 12 * DAY) if one.blocked is None] == ["13:30", "17:30", "21:30"]


def test_a_report_is_offered_from_the_planned_day_on():
    slip = Event(id="slip", instrument="s", expiry=EXPIRY, when=When(anchor=QUIT))
    inputs = person(slip, days=[on(10)])
    wakes = resolve(MONDAY + 9 * DAY, "08:00", "America/New_York")
    assert [offered(inputs, slip, wakes + hours * HOUR) for hours in (-1, 0, 500)] == [False, True, True]


def test_a_day_that_moves_again_and_again_replans_the_future_by_differences_and_leaves_the_past():
    """Every day the day is moved; what is due is sent. Each time: what was sent stands, nothing is asked twice, once more is nothing."""
    often = Stratified(id="often", instrument="o", expiry=EXPIRY, prompts=4, gap_minutes=90, when=When(anchor=QUIT, last_day=4))
    days = [12, 6, 5, 9, 5, 20, 8, None, 9, 3, 11]
    sent: dict[UUID, datetime] = {}
    rows: dict[UUID, PlannedRow] = {}
    for step, number in enumerate(days):
        now = START + step * DAY
        coming = [on(max(number, step + 1), set_at=now)] if number is not None else []
        inputs = person(TWICE, often, days=coming, sent=sent)
        wanted = plan(inputs, now, now + 30 * DAY)
        changes = reconcile(list(rows.values()), wanted, now=now, reason="event")
        assert all(change.row.due_at > now for change in (*changes.retime, *changes.block, *changes.supersede))
        assert not {one.uid for one in changes.insert} & rows.keys()
        for change in changes.supersede:
            rows[change.row.uid] = replace(change.row, state=PromptState.SUPERSEDED)
        rows |= {row.uid: row for row in rows_of([*changes.insert, *(one.occasion for one in (*changes.retime, *changes.block))])}
        assert not reconcile(list(rows.values()), wanted, now=now, reason="event")
        assert all(rows[uid].due_at == due_at for uid, due_at in sent.items())
        for uid, row in rows.items():
            if row.state is PromptState.PLANNED and row.due_at <= now + DAY:
                assert uid not in sent
                sent[uid] = row.due_at
                rows[uid] = replace(row, state=PromptState.SENT)
        due = sorted(at for uid, at in sent.items() if rows[uid].instrument == "o")
        assert all(later - early >= 1.5 * HOUR for early, later in pairwise(due))
    assert len(sent) > 20
    assert {row.state for row in rows.values()} >= {PromptState.SENT, PromptState.SUPERSEDED}
