"""What a plan was made from: a plan that stands is not read again, and nothing that changes it goes unseen."""

from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from models.definition.prompting import Expiry, Fixed, Interval, Stratified, Uniform, WakeWindow, WakeWindows, When, Window
from models.kinds import PromptState, TimedEventKind
from models.protocols import Protocols
from models.queries.planning import mark_stale
from models.sealed import Keys
from models.session import Sessions
from models.tables import Enrollment, Prompt, TimedEvent
from scheduler.horizon import Counts, plan_enrollment
from scheduler.plan.basis import LAW, basis
from scheduler.plan.calendar import WakeSpan, ZoneSpan
from scheduler.plan.inputs import Pause, PlanInput, PlannedDay
from scheduler.plan.occasions import plan_dates
from scheduler.plan.versions import Versions
from tests.build import NOW, WAKE, Built, Person, build_person, build_study
from tests.scheduler.house import small_protocol

DAY = timedelta(days=1)
VISIT = TimedEventKind.VISIT
EXPIRY = Expiry(minutes=60)
WAKING = WakeWindows(weekday=WakeWindow(**WAKE["weekday"]), weekend=WakeWindow(**WAKE["weekend"]))
DESIGNS = (
    Stratified(id="random", instrument="check", prompts=3, gap_minutes=60, expiry=EXPIRY, exclude=("noon",)),
    Uniform(id="spread", instrument="check", prompts=3, gap_minutes=90, expiry=EXPIRY, when=When(day_probability=0.5)),
    Fixed(id="noon", instrument="diary", times=("12:00",), expiry=EXPIRY, when=When(weekdays=(1, 3, 5))),
    Window(id="waking", instrument="diary", edge="start", jitter_minutes=20, expiry=EXPIRY),
    Interval(id="often", instrument="check", every=5, unit="hours", jitter_minutes=10, expiry=EXPIRY, when=When(anchor=VISIT)),
)
TEXTS = (small_protocol(designs=DESIGNS),)
HERE = PlanInput(
    enrollment_uid=UUID(int=7),
    plan_key=b"k" * 32,
    designs=DESIGNS,
    zones=(ZoneSpan(NOW, "America/New_York"), ZoneSpan(NOW + 5 * DAY, "Asia/Kolkata")),
    wake=(WakeSpan(date(2026, 3, 1), WAKING),),
    started_at=NOW,
    length_days=20,
    anchors={VISIT: (NOW + DAY,)},
    planned_days={VISIT: (PlannedDay(date(2026, 3, 14), NOW),)},
    pauses=(Pause(NOW + 2 * DAY, NOW + 3 * DAY),),
    starts_on=date(2026, 3, 4),
)
ELSEWHERE: dict[str, Any] = {
    "enrollment_uid": UUID(int=8),
    "plan_key": b"l" * 32,
    "zones": HERE.zones[:1],
    "wake": (*HERE.wake, WakeSpan(date(2026, 3, 9), WAKING)),
    "started_at": NOW + timedelta(seconds=1),
    "anchors": {VISIT: (NOW + DAY, NOW + 2 * DAY)},
    "planned_days": {VISIT: (PlannedDay(date(2026, 3, 15), NOW),)},
    "pauses": (Pause(NOW + 2 * DAY, None),),
    "arm": "b",
    "starts_on": date(2026, 3, 5),
}
LAST = (2, "d5f75c632227c3f5")
"""The law and what the plan of `HERE` comes to by it."""
HELD = Versions(1, ((date(2026, 3, 4), 1),))


@pytest.mark.parametrize("name", [one.name for one in fields(PlanInput) if one.init and one.name not in {"sent", "designs", "length_days"}])
def test_whatever_a_plan_depends_on_is_part_of_what_it_was_made_from(name: str) -> None:
    assert basis(replace(HERE, **{name: ELSEWHERE[name]}), HELD, TEXTS) != basis(HERE, HELD, TEXTS)


def test_another_version_from_a_day_on_is_another_basis_and_an_event_that_no_design_counts_from_is_none() -> None:
    assert basis(HERE, HELD.after([(date(2026, 3, 20), 2)]), TEXTS) != basis(HERE, HELD, TEXTS)
    dosed = replace(HERE, anchors={TimedEventKind.DOSE: (NOW,), **HERE.anchors})
    assert basis(dosed, HELD, TEXTS) == basis(HERE, HELD, TEXTS)


def test_a_planner_that_gives_another_plan_is_another_law() -> None:
    """Stored plans of the law before would go unseen: raise `LAW` and note the digest."""
    plan = plan_dates(HERE, date(2026, 3, 4), date(2026, 3, 24))
    said = [(one.uid.hex, one.due_at.isoformat(), one.expires_at.isoformat(), one.blocked) for one in plan]
    assert (LAW, sha256(repr(said).encode()).hexdigest()[:16]) == LAST


@pytest.fixture
def study(sessions: Sessions) -> Built:
    return build_study(sessions, small_protocol())


@pytest.fixture
def person(sessions: Sessions, keys: Keys, study: Built) -> Person:
    return build_person(sessions, keys, study)


def plan_at(sessions: Sessions, keys: Keys, person: Person, now: datetime = NOW) -> Counts:
    with sessions.transaction() as session:
        return plan_enrollment(session, keys, Protocols(), person.enrollment_id, now=now)


def change(sessions: Sessions, table: Any, key: int, **values: Any) -> None:
    with sessions.transaction() as session:
        session.execute(update(table).where(table.id == key).values(**values))


def stored(sessions: Sessions) -> list[Any]:
    with sessions.reading() as session:
        return list(session.rows(select(Prompt).order_by(Prompt.due_at, Prompt.id)))


def enrolled(sessions: Sessions, person: Person) -> Any:
    with sessions.reading() as session:
        return session.row(select(Enrollment).where(Enrollment.id == person.enrollment_id))


def test_a_plan_that_stands_goes_on_by_a_day_and_what_is_stored_is_not_looked_at(sessions: Sessions, keys: Keys, person: Person) -> None:
    plan_at(sessions, keys, person)
    before = stored(sessions)
    change(sessions, Prompt, before[-1].id, due_at=before[-1].due_at + timedelta(minutes=1))  # nobody does this: it shows who looks
    added = plan_at(sessions, keys, person, NOW + DAY)
    days = {row.slot_date for row in stored(sessions)} - {row.slot_date for row in before}
    assert added == Counts(inserted=len(stored(sessions)) - len(before)) != Counts()
    assert days == {enrolled(sessions, person).planned_through} == {before[-1].slot_date + DAY}
    change(sessions, Enrollment, person.enrollment_id, plan_basis=None)
    assert plan_at(sessions, keys, person, NOW + DAY) == Counts(retimed=1)


def test_a_dose_is_no_reason_to_compare_a_plan_and_a_visit_that_something_counts_from_is(sessions: Sessions, keys: Keys) -> None:
    design = Fixed(id="after_visit", instrument="diary", times=("17:00",), expiry=EXPIRY, when=When(anchor=VISIT, last_day=2))
    person = build_person(sessions, keys, build_study(sessions, small_protocol(designs=(*small_protocol().designs, design))))
    plan_at(sessions, keys, person)
    held = enrolled(sessions, person).plan_basis
    for kind, same in ((TimedEventKind.DOSE, True), (VISIT, False)):
        with sessions.transaction() as session:
            session.add(
                TimedEvent,
                uid=UUID(int=len(kind)),
                study_id=person.study_id,
                enrollment_id=person.enrollment_id,
                client_id=UUID(int=len(kind)),
                kind=kind,
                happened_at=NOW,
                reported_at=NOW,
                source="participant",
                content_hash=b"-",
                synthetic=False,
            )
            mark_stale(session, [person.enrollment_id])
        assert (plan_at(sessions, keys, person) == Counts()) is same
        found = enrolled(sessions, person)
        assert (found.plan_stale, found.plan_basis == held) == (False, same)


def test_where_something_sent_shapes_what_is_to_come_the_plan_is_compared_until_it_does_not(
    sessions: Sessions, keys: Keys, person: Person
) -> None:
    plan_at(sessions, keys, person)
    one, other = [row for row in stored(sessions) if row.design == "random"][:2]
    near = other.due_at - timedelta(minutes=1)
    change(sessions, Prompt, one.id, state=PromptState.COMPLETED, due_at=near, next_at=None)
    change(sessions, Enrollment, person.enrollment_id, plan_basis=None)
    assert plan_at(sessions, keys, person, one.due_at).retimed
    assert enrolled(sessions, person).plan_basis is None
    assert plan_at(sessions, keys, person, one.due_at + timedelta(minutes=1)) == Counts()
    plan_at(sessions, keys, person, one.due_at + 3 * DAY)
    assert enrolled(sessions, person).plan_basis is not None
