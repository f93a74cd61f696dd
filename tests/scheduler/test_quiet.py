"""Quiet hours: what a plan could not know is held back where the person is now, and says so."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from models.definition.prompting import Expiry, WakeWindow, WakeWindows
from models.errors import Conflict
from models.kinds import DeliveryState, PromptState
from models.queries.prompt import apply_moves, prompt_for
from models.sealed import Keys
from models.session import Sessions
from models.tables import Enrollment, PromptEvent, WakeHistory, ZoneHistory
from scheduler.horizon import plan_due
from scheduler.jobs import dispatch_prompts, send_deliveries
from scheduler.plan.calendar import WakeSpan, awake, awake_until
from scheduler.quiet import hours_of
from scheduler.snooze import snoozing
from tests.build import NOW, WAKE, Built, Person, build_person, build_study
from tests.scheduler.house import MINUTE, Place, add_endpoint, add_prompt, small_protocol

BEDTIME = datetime(2026, 3, 5, 3, tzinfo=UTC)
"""22:00 in New York, on the evening of NOW."""


@pytest.fixture
def study(sessions: Sessions) -> Built:
    return build_study(sessions, small_protocol())


@pytest.fixture
def person(sessions: Sessions, keys: Keys, study: Built) -> Person:
    return build_person(sessions, keys, study)


@pytest.fixture
def place(sessions: Sessions, keys: Keys) -> Place:
    return Place(sessions, keys)


def travel(place: Place, person: Person, zone: str, at: datetime) -> None:
    """The zone changes and nothing is planned again: what the dispatcher may find."""
    with place.sessions.transaction() as session:
        session.add(
            ZoneHistory,
            study_id=person.study_id,
            enrollment_id=person.enrollment_id,
            zone=zone,
            valid_from=at,
            source="device",
            tzdata_version="test",
            recorded_at=at,
        )
        session.execute(update(Enrollment).where(Enrollment.id == person.enrollment_id).values(zone=zone))


def set_hours(place: Place, person: Person, start: str, end: str, day: date, at: datetime = NOW) -> None:
    hours = {kind: {"start": start, "end": end} for kind in ("weekday", "weekend")}
    with place.sessions.transaction() as session:
        session.add(
            WakeHistory,
            study_id=person.study_id,
            enrollment_id=person.enrollment_id,
            wake_windows=hours,
            valid_from=day,
            source="device",
            recorded_at=at,
        )


def reasons(place: Place) -> list[tuple[str, str | None]]:
    with place.sessions.reading() as session:
        return [(row.name, row.reason) for row in session.rows(select(PromptEvent.name, PromptEvent.reason).order_by(PromptEvent.id))]


def test_a_follow_up_that_was_planned_before_a_flight_is_silent_where_it_is_night(place: Place, study: Built, person: Person) -> None:
    due = NOW + 20 * MINUTE
    uid = add_prompt(place.sessions, study, person, due_at=due, design="after_report", kind="follow_up")
    travel(place, person, "Asia/Tokyo", NOW + MINUTE)
    place.clock.pass_(20 * MINUTE)
    assert place.run(dispatch_prompts.run) == 1
    row = place.prompt(uid)
    assert (row.state, row.reason, row.due_at, row.next_at) == (PromptState.BLOCKED, "quiet_hours", due, None)
    assert place.deliveries() == []


def test_a_reminder_is_dropped_where_it_is_night_now_and_the_prompt_stays_open(place: Place, study: Built, person: Person) -> None:
    left = [(NOW + number * 10 * MINUTE).isoformat() for number in (1, 2)]
    uid = add_prompt(place.sessions, study, person, reminders_left=left)
    place.run(dispatch_prompts.run)
    travel(place, person, "Asia/Tokyo", NOW + 15 * MINUTE)
    for _ in range(2):
        place.clock.pass_(10 * MINUTE)
        place.run(dispatch_prompts.run)
    row = place.prompt(uid)
    assert (row.state, row.reminders_sent, row.next_at) == (PromptState.SENT, 1, row.expires_at)
    assert reasons(place)[-2:] == [("reminded", None), ("not_reminded", "quiet_hours")]
    assert [one.kind for one in place.deliveries()] == ["prompt", "reminder"]


def test_nothing_is_deferred_past_bedtime_and_the_prompt_stays_open(place: Place, study: Built, person: Person) -> None:
    expiry = Expiry(minutes=60, snoozes=2, snooze_minutes=15)
    place.clock.pass_(BEDTIME - NOW - 20 * MINUTE)
    uid = add_prompt(place.sessions, study, person, due_at=place.clock.study())
    place.run(dispatch_prompts.run)

    def snooze() -> datetime:
        with place.sessions.transaction() as session:
            row, hours = prompt_for(session, person.viewer(), uid), hours_of(session, {person.enrollment_id})[person.enrollment_id]
            move = snoozing(row, expiry, hours, now=place.clock.study(), actor="participant")
            apply_moves(session, [move])
            return move.changes["next_at"]

    assert snooze() == BEDTIME - 5 * MINUTE
    place.clock.pass_(10 * MINUTE)
    with pytest.raises(Conflict) as refused:
        snooze()
    assert refused.value.code == "snooze_in_quiet_hours"
    row = place.prompt(uid)
    assert (row.state, row.snoozes, row.next_at) == (PromptState.SNOOZED, 1, BEDTIME - 5 * MINUTE)
    travel(place, person, "Europe/Berlin", place.clock.study())
    place.clock.pass_(5 * MINUTE)
    place.run(dispatch_prompts.run)
    assert reasons(place)[-1] == ("not_reminded", "quiet_hours")
    assert place.prompt(uid).state is PromptState.SNOOZED


def test_a_push_that_fails_is_not_tried_again_after_bedtime(place: Place, study: Built, person: Person, keys: Keys) -> None:
    add_endpoint(place.sessions, keys, study, "https://push.example.org", "prompt")
    place.clock.pass_(BEDTIME - NOW - 10 * MINUTE)
    uid = add_prompt(place.sessions, study, person, due_at=place.clock.study())
    place.run(dispatch_prompts.run)
    (promised,) = place.deliveries()
    assert promised.expires_at == BEDTIME
    place.clock.pass_(20 * MINUTE)
    place.run(send_deliveries.run)
    assert place.memory.envelopes == ()
    assert [one.state for one in place.deliveries()] == [DeliveryState.EXPIRED]
    assert place.prompt(uid).expires_at > place.clock.study()


def test_what_comes_at_bedtime_itself_rings(place: Place, study: Built, person: Person, keys: Keys) -> None:
    add_endpoint(place.sessions, keys, study, "https://push.example.org", "prompt")
    place.clock.pass_(BEDTIME - NOW + timedelta(seconds=4))
    add_prompt(place.sessions, study, person, due_at=BEDTIME)
    late = add_prompt(place.sessions, study, person, due_at=BEDTIME + timedelta(seconds=1))
    place.run(dispatch_prompts.run)
    assert [one.expires_at for one in place.deliveries()] == [BEDTIME + MINUTE]
    assert place.prompt(late).reason == "quiet_hours"
    place.run(send_deliveries.run)
    assert len(place.memory.envelopes) == 1


def test_hours_that_begin_tomorrow_silence_nothing_today(place: Place, study: Built, person: Person, keys: Keys) -> None:
    """The enrollment holds the hours of today, by which content is offered too; the planner turns them over when their day begins."""
    set_hours(place, person, *WAKE["weekday"].values(), day=date(2026, 3, 1))
    for start, end, hour in (("06:00", "16:30", 7), ("12:00", "23:00", 8)):
        set_hours(place, person, start, end, date(2026, 3, 5), NOW + hour * MINUTE)
    with place.sessions.transaction() as session:
        session.execute(update(Enrollment).values(plan_stale=True))
    assert plan_due(place.sessions, keys, place.duties.protocols, now=NOW, limit=9) == 1

    def held() -> dict[str, str]:
        with place.sessions.reading() as session:
            windows: dict[str, dict[str, str]] = session.value(select(Enrollment.wake_windows))
        return windows["weekday"]

    assert held() == WAKE["weekday"]
    evening = add_prompt(place.sessions, study, person, due_at=BEDTIME - MINUTE)
    place.clock.pass_(BEDTIME - NOW)
    place.run(dispatch_prompts.run)
    assert place.prompt(evening).state is PromptState.SENT
    midnight = datetime(2026, 3, 5, 5, tzinfo=UTC)
    assert plan_due(place.sessions, keys, place.duties.protocols, now=midnight - MINUTE, limit=9) == 0
    assert plan_due(place.sessions, keys, place.duties.protocols, now=midnight, limit=9) == 1
    assert held() == {"start": "12:00", "end": "23:00"}


def test_hours_that_are_set_twice_hold_as_they_were_set_last(place: Place, person: Person, keys: Keys) -> None:
    """Late hours from tomorrow, and then, earlier still, other hours from today: the late ones never come."""
    set_hours(place, person, "12:00", "23:00", date(2026, 3, 6))
    set_hours(place, person, "09:00", "20:00", date(2026, 3, 5), NOW + MINUTE)
    assert plan_due(place.sessions, keys, place.duties.protocols, now=NOW, limit=9) == 1
    diaries = [row.local_due[11:16] for row in place.prompts() if row.design == "waking" and row.slot_date >= date(2026, 3, 5)]
    assert len(diaries) >= 5
    assert all("09:00" <= one <= "09:30" for one in diaries)


@pytest.mark.parametrize(
    ("windows", "at", "until"),
    [
        (("08:00", "22:00"), "2026-03-05T02:59:59", "2026-03-05T03:00:00"),
        (("08:00", "22:00"), "2026-03-05T03:00:01", None),
        (("20:00", "10:00"), "2026-03-05T06:00:00", "2026-03-05T15:00:00"),
        (("20:00", "10:00"), "2026-03-08T06:00:00", "2026-03-08T14:00:00"),
        (("20:00", "10:00"), "2026-03-05T16:00:00", None),
        (("07:00", "07:00"), "2026-03-05T06:00:00", "2026-03-07T12:00:00"),
    ],
)
def test_a_person_may_be_told_until_the_end_of_the_window_that_is_open(windows, at, until):
    """Also over midnight, over a clock change, and where windows follow without a break."""
    one = WakeWindow(start=windows[0], end=windows[1])
    wake = (WakeSpan(date(2026, 1, 1), WakeWindows(weekday=one, weekend=one)),)
    instant = datetime.fromisoformat(f"{at}+00:00")
    found = awake_until(instant, "America/New_York", wake)
    assert found == (None if until is None else datetime.fromisoformat(f"{until}+00:00"))
    assert awake(instant, "America/New_York", wake) == (found is not None)
