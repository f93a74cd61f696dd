"""A quit day that is set before it comes: prompts follow it, and the estimator hears of it when it is told."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models.definition.prompting import Expiry, Fixed, When
from models.ids import new_uid
from models.kinds import PromptState, Role, TimedEventKind
from models.queries.risk import timed_events
from models.tables import Prompt, PromptEvent
from scheduler.horizon import plan_due
from scheduler.jobs.dispatch_prompts import dispatch
from tests.api.client import Phone, Served, StaffDoor, enroll, faults, fresh, open_study, refusal, sign_in
from tests.build import NOW, Built, shipped

PLANS = "/v1/participant/planned-events"
QUIT = Fixed(
    id="around_quitting",
    instrument="momentary",
    expiry=Expiry(minutes=60),
    times=("09:15", "20:15"),
    when=When(anchor=TimedEventKind.QUIT_DAY, last_day=2),
)
TODAY = date(2026, 3, 4)


def day(number: int) -> str:
    """The local day so many days from today."""
    return str(TODAY + timedelta(days=number))


@pytest.fixture
def study(house: Served) -> Built:
    protocol = shipped()
    return open_study(house, protocol.model_copy(update={"designs": (*protocol.designs, QUIT)}), slug=fresh("study"))


@pytest.fixture
def phone(house: Served, study: Built) -> Phone:
    return enroll(house, study)


@pytest.fixture
def ann(house: Served, study: Built) -> StaffDoor:
    return sign_in(house, study, Role.COORDINATOR, login=fresh("ann"))


def prompts(house: Served, phone: Phone, *states: PromptState) -> list[Any]:
    mine = (Prompt.enrollment_id == phone.invited.enrollment_id, Prompt.design == QUIT.id, Prompt.state.in_(states))
    with house.house.sessions.reading() as session:
        return list(session.rows(select(Prompt).where(*mine).order_by(Prompt.due_at)))


def planned(house: Served, phone: Phone) -> list[str]:
    """When the prompts around quitting are planned, on the wall."""
    return [row.local_due[:16] for row in prompts(house, phone, PromptState.PLANNED)]


def test_a_quit_day_to_come_is_prompted_for_at_once_and_moves(house: Served, phone: Phone) -> None:
    plan = f"{PLANS}/{new_uid()}"
    assert planned(house, phone) == []
    first = phone.put(plan, {"kind": "quit_day", "day": day(3)})
    assert (first.status_code, first.json()["revision"], first.json()["source"]) == (201, 1, "participant")
    assert planned(house, phone) == [f"{day(number)}T{at}" for number in (3, 4) for at in ("09:15", "20:15")]
    again = phone.put(plan, {"kind": "quit_day", "day": day(3)})
    assert (again.status_code, again.json()) == (200, first.json())
    moved = phone.put(plan, {"kind": "quit_day", "day": day(4)})
    assert (moved.status_code, moved.json()["revision"]) == (200, 2)
    assert planned(house, phone) == [f"{day(number)}T{at}" for number in (4, 5) for at in ("09:15", "20:15")]
    gone = prompts(house, phone, PromptState.SUPERSEDED)
    assert [(row.slot_date, row.reason) for row in gone] == [(TODAY + timedelta(days=3), "event")] * 2
    assert phone.get(PLANS).json() == {"items": [moved.json()]}
    with house.house.sessions.reading() as session:
        names = [row.name for row in session.rows(select(PromptEvent.name).where(PromptEvent.prompt_id.in_([row.id for row in gone])))]
    assert sorted(names) == ["planned", "planned", "superseded", "superseded"]


def test_what_was_sent_stays_where_the_day_is_moved_or_called_off(house: Served, phone: Phone) -> None:
    plan = f"{PLANS}/{new_uid()}"
    phone.put(plan, {"kind": "quit_day", "day": day(1)})
    first, *_ = prompts(house, phone, PromptState.PLANNED)
    house.clock.study_now = first.due_at + timedelta(seconds=20)
    with house.house.sessions.transaction() as session:
        dispatch(session, house.house.mind, now=house.clock.study(), system_now=house.clock.system(), limit=1000)
    assert phone.put(plan, {"kind": "quit_day", "day": day(5)}).json()["revision"] == 2
    assert [row.uid for row in prompts(house, phone, PromptState.SENT)] == [first.uid]
    assert planned(house, phone) == [f"{day(number)}T{at}" for number in (5, 6) for at in ("09:15", "20:15")]
    assert [phone.delete(plan).status_code for _ in range(2)] == [204, 204]
    assert planned(house, phone) == []
    assert [(row.uid, row.due_at) for row in prompts(house, phone, PromptState.SENT)] == [(first.uid, first.due_at)]
    assert phone.get(PLANS).json() == {"items": []}
    assert refusal(phone.put(plan, {"kind": "quit_day", "day": day(9)})) == (410, "event_retracted")
    assert refusal(phone.delete(f"{PLANS}/{new_uid()}")) == (404, "not_found")


def test_a_planned_day_that_passes_in_silence_is_no_event_and_one_that_is_told_takes_its_place(house: Served, phone: Phone) -> None:
    plan, event = new_uid(), new_uid()
    phone.put(f"{PLANS}/{plan}", {"kind": "quit_day", "day": day(1)})
    house.clock.study_now += timedelta(days=1, hours=6)
    with house.house.sessions.reading() as session:
        assert timed_events(session, phone.invited.enrollment_id) == []
    told = {"kind": "quit_day", "happened_at": house.clock.study().isoformat(), "planned_id": str(plan)}
    address = f"/v1/participant/events/{event}"
    assert faults(phone.put(f"/v1/participant/events/{new_uid()}", {**told, "kind": "visit"})) == [("/planned_id", "not_planned")]
    assert [phone.put(address, told).status_code for _ in range(2)] == [201, 200]
    assert refusal(phone.put(address, {**told, "planned_id": None})) == (409, "event_differs")
    assert phone.get(PLANS).json() == {"items": []}
    with house.house.sessions.reading() as session:
        assert [row.kind for row in timed_events(session, phone.invited.enrollment_id)] == ["quit_day"]
    assert refusal(phone.put(f"{PLANS}/{plan}", {"kind": "quit_day", "day": day(9)})) == (410, "event_happened")
    before = [row.uid for row in prompts(house, phone, PromptState.PLANNED)]
    plan_due(house.house.sessions, house.house.keys, house.house.protocols, now=house.clock.study(), limit=99)
    assert [row.uid for row in prompts(house, phone, PromptState.PLANNED)] == before
    assert planned(house, phone)[-3:] == [f"{day(1)}T20:15", f"{day(2)}T09:15", f"{day(2)}T20:15"]


def test_what_a_design_waits_for_stands_on_the_page_of_the_person_and_in_a_preview(
    house: Served, study: Built, phone: Phone, ann: StaffDoor
) -> None:
    ida = sign_in(house, study, Role.INVESTIGATOR, login=fresh("ida"))
    page, preview = f"/v1/care/participants/{phone.enrollment_uid}", f"/v1/research/studies/{study.study_uid}/protocols/preview?days=3"
    changed = study.protocol.model_copy(update={"version": "7.0.0"}).model_dump(mode="json", by_alias=True)
    waits = {"design": QUIT.id, "anchor": "quit_day"}
    assert (planned(house, phone), ann.get(page).json()["waiting"]) == ([], [waits])
    drafted = ida.post(preview, changed).json()
    assert drafted["waiting"] == [{**waits, "people": 1}]
    assert QUIT.id not in {one["design"] for one in drafted["counts"]}
    assert phone.put(f"{PLANS}/{new_uid()}", {"kind": "quit_day", "day": day(2)}).status_code == 201
    assert (len(planned(house, phone)), ann.get(page).json()["waiting"]) == (4, [])
    assert ida.post(preview, changed).json()["waiting"] == []


def test_days_and_kinds_that_cannot_be_planned_are_refused(house: Served, phone: Phone) -> None:
    def put(**body: Any) -> Any:
        return phone.put(f"{PLANS}/{new_uid()}", {"kind": "quit_day", "day": day(1), **body})

    assert faults(put(day=day(-1))) == [("/day", "in_the_past")]
    assert faults(put(day="2032-01-01")) == [("/day", "too_far_ahead")]
    assert faults(put(kind="overdose")) == [("/kind", "not_plannable")]
    assert faults(put(time="25:00")) == [("/time", "string_pattern_mismatch")]
    assert put(day=day(0)).status_code == 201
    shared = f"{PLANS}/{new_uid()}"
    phone.put(shared, {"kind": "visit", "day": day(1)})
    assert refusal(phone.put(shared, {"kind": "discharge", "day": day(1)})) == (409, "event_differs")
    phone.post("/v1/participant/leave", {"how": "stop_collection"})
    assert refusal(put()) == (410, "collection_stopped")


def test_staff_plan_for_a_person_and_see_every_move(house: Served, phone: Phone, ann: StaffDoor) -> None:
    person = f"/v1/care/participants/{phone.enrollment_uid}"
    plan = f"{person}/planned-events/{new_uid()}"
    assert ann.put(plan, {"kind": "quit_day", "day": day(2), "time": "12:00"}).status_code == 201
    assert planned(house, phone) == [f"{day(2)}T20:15", f"{day(3)}T09:15", f"{day(3)}T20:15"]
    (own,) = phone.get(PLANS).json()["items"]
    assert (own["source"], own["time"], own["recorded_at"]) == ("staff", "12:00", NOW.isoformat().replace("+00:00", "Z"))
    phone.put(f"{PLANS}/{own['id']}", {"kind": "quit_day", "day": day(4)})
    assert ann.delete(plan).status_code == 204
    seen = ann.get(f"{person}/planned-events").json()["items"]
    assert [(one["revision"], one["day"], one["intention"], one["source"]) for one in seen] == [
        (1, day(2), "planned", "staff"),
        (2, day(4), "planned", "participant"),
        (3, day(4), "retracted", "staff"),
    ]
    assert planned(house, phone) == []
