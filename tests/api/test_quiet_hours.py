"""Wake windows as staff and the person set them, the plan that follows, and the night in which only safety speaks."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from models.kinds import EnrollmentState, PromptState, Role
from models.queries.audit import broken_links
from models.queries.rota import Shift, replace_rota
from models.tables import Alert, DecisionRow, Delivery, Enrollment, Prompt, WakeHistory
from tests.api.answering import answer, disclose
from tests.api.client import Phone, Served, StaffDoor, enroll, faults, fresh, invite, open_study, refusal, sign_in, theirs
from tests.build import NOW, Built

NIGHT = datetime(2026, 3, 5, 8, tzinfo=UTC)
"""Three in the morning in New York."""
LATE = {"weekday": {"start": "13:00", "end": "03:00"}, "weekend": {"start": "20:00", "end": "08:30"}}


@pytest.fixture
def study(house: Served) -> Built:
    return open_study(house, slug=fresh("study"))


@pytest.fixture
def phone(house: Served, study: Built) -> Phone:
    return enroll(house, study)


@pytest.fixture
def ann(house: Served, study: Built) -> StaffDoor:
    return sign_in(house, study, Role.COORDINATOR, login=fresh("ann"))


def planned(house: Served, phone: Phone) -> list[Any]:
    mine = (Prompt.enrollment_id == phone.invited.enrollment_id, Prompt.state == PromptState.PLANNED)
    with house.house.sessions.reading() as session:
        return list(session.rows(select(Prompt).where(*mine).order_by(Prompt.due_at)))


def assert_inside(rows: list[Any], hours: dict[str, dict[str, str]]) -> None:
    """Each prompt lies in the window that starts on its local day, over midnight too; signals keep their hour."""
    for row in rows:
        window = hours["weekend" if row.slot_date.isoweekday() > 5 else "weekday"]
        end_day = row.slot_date + timedelta(days=window["end"] <= window["start"])
        assert f"{row.slot_date}T{window['start']}" <= row.local_due <= f"{end_day}T{window['end']}:00", row.local_due
    due = [row.due_at for row in rows if row.design == "random_checks"]
    assert len(due) >= 5
    assert all(later - early >= timedelta(hours=1) for early, later in pairwise(due))


def hours_on(row: Any) -> bool:
    return bool(row.slot_date > date(2026, 3, 4))


@pytest.mark.parametrize("who", ["staff", "participant"])
def test_hours_over_midnight_and_others_at_the_weekend_are_planned_from_the_next_day(
    house: Served, phone: Phone, ann: StaffDoor, who: str
) -> None:
    today = [(row.uid, row.due_at) for row in planned(house, phone) if not hours_on(row)]
    staff = f"/v1/care/participants/{phone.enrollment_uid}/wake-windows"
    reply = ann.put(staff, LATE) if who == "staff" else phone.put("/v1/participant/wake-windows", LATE)
    assert (reply.status_code, reply.json()) == (200, {"wake_windows": LATE, "valid_from": "2026-03-05"})
    rows = planned(house, phone)
    assert [(row.uid, row.due_at) for row in rows if not hours_on(row)] == today
    assert_inside([row for row in rows if hours_on(row)], LATE)
    assert {row.local_due[11:13] for row in rows if hours_on(row)} & {"00", "01", "02", "03", "04", "05"}
    assert phone.get("/v1/participant/me").json()["wake_windows"] == LATE
    with house.house.sessions.reading() as session:
        assert session.rows(theirs(WakeHistory, phone))[-1].source == ("staff" if who == "staff" else "device")
        assert list(broken_links(session, house.house.keys, str(ann.viewer.grants[0].study_id))) == []


def test_staff_keep_the_bounds_of_the_protocol_and_may_set_hours_before_someone_starts(house: Served, study: Built, ann: StaffDoor) -> None:
    invited = invite(house, study)
    address = f"/v1/care/participants/{invited.enrollment_uid}/wake-windows"
    short = {"weekday": {"start": "08:00", "end": "12:00"}, "weekend": LATE["weekend"]}
    assert faults(ann.put(address, short)) == [("/weekday", "window_length")]
    assert ann.put(address, LATE).json()["valid_from"] == "2026-03-04"
    phone = enroll(house, study, invited=invited)
    assert_inside(planned(house, phone), LATE)
    phone.post("/v1/participant/leave", {"how": "stop_collection"})
    assert refusal(ann.put(address, LATE)) == (410, "enrollment_ended")
    with house.house.sessions.reading() as session:
        state = session.value(select(Enrollment.state).where(Enrollment.id == invited.enrollment_id))
    assert state is EnrollmentState.WITHDRAWN


def test_by_night_a_disclosure_rings_and_help_answers_while_content_waits(
    house: Served, study: Built, phone: Phone, ann: StaffDoor
) -> None:
    with house.house.sessions.transaction() as session:
        replace_rota(session, study.study_id, [Shift(ann.viewer.staff_id or 0, "on_duty", NOW, None)], now=NOW)
    house.clock.study_now = NIGHT
    answer(house, phone, "momentary", {"m_crave_now": 8, "m_stress": 8})
    disclose(house, phone)
    assert phone.get("/v1/participant/help").status_code == 200
    with house.house.sessions.reading() as session:
        alerts = session.rows(select(Alert).where(Alert.enrollment_id == phone.invited.enrollment_id))
        rung = session.rows(select(Delivery).where(Delivery.enrollment_id == phone.invited.enrollment_id, Delivery.kind == "alert"))
        decisions = session.rows(select(DecisionRow).where(DecisionRow.enrollment_id == phone.invited.enrollment_id))
    assert 4 in {one.tier for one in alerts}
    assert all(one.opened_at == NIGHT for one in alerts)
    assert any(one.urgent for one in rung)
    assert decisions
    assert {one.content_code for one in decisions} == {None}
