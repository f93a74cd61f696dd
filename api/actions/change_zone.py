"""A person moves to another zone, or wakes at other hours: prompts that were not sent follow at once."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from fastapi import Request
from sqlalchemy import Row

from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import Viewer
from models.definition.prompting import WakeBounds, WakeWindow, WakeWindows
from models.errors import Fault, Gone, Invalid
from models.kinds import EnrollmentState
from models.queries import enrollment_phone as queries
from models.queries import planning
from models.session import WriteSession
from scheduler.horizon import plan_enrollment
from scheduler.plan.calendar import DAY, TZDATA_VERSION, local, wake_on, window, zone_info
from scheduler.plan_inputs import Person, read_person

FUTURE_LIMIT: Final = timedelta(minutes=5)


def change_zone(house: House, request: Request, viewer: Viewer, zone: str, changed_at: datetime) -> bool:
    """True where the zone is another one. It counts from when we hear of it; `changed_at` stands in the record.

    Raises Invalid (`zone_unknown`, `in_the_future`).
    """
    zone_info(zone)
    now = house.clock.study()
    if changed_at > now + FUTURE_LIMIT:
        fault = Fault("/changed_at", "in_the_future", "It has not changed yet.")
        raise Invalid("invalid", "The zone breaks the rules named in errors.", (fault,))
    with house.sessions.transaction() as session:
        person = queries.lock_own(session, viewer)
        if person.zone == zone:
            return False
        queries.add_zone(session, person, zone, source="device", tzdata_version=TZDATA_VERSION, now=now)
        queries.change(session, person.id, zone=zone)
        plan_enrollment(session, house.keys, house.protocols, person.id, now=now, reason="zone", actor="participant")
        heard_after = max(0, int((now - changed_at).total_seconds()))
        act = act_of(house, request, viewer, "zone_changed", "enrollment", person.uid, person=person.uid, heard_after_seconds=heard_after)
        add_act(session, house, person.study_uid, act)
    return True


def change_wake_windows(session: WriteSession, house: House, person: Row[Any], windows: WakeWindows, *, source: str) -> date:
    """The first local day with the new windows: today where its window has not begun under either, else tomorrow.

    `person` is the locked enrollment, `source` staff or device. The planner writes them on it when their day has come; someone
    who has not started will start with them. Raises Gone for someone who has left, Invalid naming each window that lies outside
    the protocol's bounds.
    """
    now, stored = house.clock.study(), windows.model_dump(mode="json")
    if person.state not in {EnrollmentState.ACTIVE, EnrollmentState.INVITED}:
        raise Gone("enrollment_ended", "This enrollment has ended.")
    check_windows(windows, house.protocols.get(session, person.protocol_version_id).wake)
    if person.started_at is None:
        valid_from = local(now, person.zone).date
    else:
        valid_from = first_day(read_person(session, house.keys, person, now=now), windows, now=now)
    if person.start_date is not None and not planning.wake_history(session, person.id):
        queries.add_wake(session, person, person.wake_windows, person.start_date, source="staff", now=now)
    queries.add_wake(session, person, stored, valid_from, source=source, now=now)
    if person.started_at is None:
        queries.change(session, person.id, wake_windows=stored)
    actor = "participant" if source == "device" else source
    plan_enrollment(session, house.keys, house.protocols, person.id, now=now, reason="wake", actor=actor)
    return valid_from


def first_day(person: Person, windows: WakeWindows, *, now: datetime) -> date:
    """The local day from which new windows can hold without cutting into a day that has begun, here or where the person was before.

    A journey west over the date line brings a date again: what was asked on it there stays explained by the windows it was asked under.
    """
    today = person.today(now=now)
    coming = windows.weekend if today.isoweekday() >= 6 else windows.weekday
    first = today if window(today, coming, person.zones[-1].zone)[0] > now else today + DAY
    for span, left in zip(person.zones, [*(later.valid_from for later in person.zones[1:]), now], strict=True):
        day = local(left, span.zone).date
        begun = window(day, wake_on(person.wake, day), span.zone)[0] <= left
        first = max(first, day + DAY if begun else day)
    return first


def check_windows(windows: WakeWindows, bounds: WakeBounds) -> None:
    """Raises Invalid with a fault for each window that is shorter or longer than the protocol allows."""
    faults = [
        Fault(f"/{name}", "window_length", f"Between {bounds.shortest_hours:g} and {bounds.longest_hours:g} hours from start to end.")
        for name, one in (("weekday", windows.weekday), ("weekend", windows.weekend))
        if not bounds.shortest_hours <= hours_of(one) <= bounds.longest_hours
    ]
    if faults:
        raise Invalid("invalid", "The wake windows break the rules named in errors.", faults)


def hours_of(one: WakeWindow) -> float:
    """Wall-clock length in hours; an end at or before the start lies on the next day.

    >>> hours_of(WakeWindow(start="20:00", end="08:30"))
    12.5
    """
    start, end = (int(wall[:2]) + int(wall[3:]) / 60 for wall in (one.start, one.end))
    return end - start if end > start else end - start + 24
