"""Care: enrolling, the caseload, one person, alerts, and what was sent and not stored."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select, update

from models.ids import new_uid
from models.kinds import PromptState, Role
from models.queries.audit import broken_links
from models.queries.rota import Shift, replace_rota
from models.tables import Audit, Enrollment, Participant, Prompt, RiskEstimateRow
from tests.api.answering import answer, disclose, response_body
from tests.api.client import Phone, Served, StaffDoor, device_body, enroll, fresh, open_study, refusal, sign_in
from tests.build import NOW, Built, shipped

PEOPLE, ALERTS = "/v1/care/participants", "/v1/care/alerts"


@pytest.fixture
def study(house: Served) -> Built:
    return open_study(house, slug=fresh("study"))


@pytest.fixture
def ann(house: Served, study: Built) -> StaffDoor:
    return sign_in(house, study, Role.COORDINATOR, login=fresh("ann"))


@pytest.fixture
def phone(house: Served, study: Built) -> Phone:
    return enroll(house, study)


def acts(house: Served, person: str) -> list[tuple[str, str | None]]:
    """What stands in the audit about a person, oldest first, without what the phone did."""
    with house.house.sessions.reading() as session:
        rows = session.rows(
            select(Audit.action, Audit.purpose)
            .where(Audit.enrollment_uid == person, Audit.actor.not_like("device:%"))
            .order_by(Audit.sequence)
        )
    return [(row.action, row.purpose) for row in rows]


def on_duty(house: Served, study: Built, *staff: StaffDoor) -> None:
    with house.house.sessions.transaction() as session:
        replace_rota(session, study.study_id, [Shift(one.viewer.staff_id or 0, "on_duty", NOW, None) for one in staff], now=NOW)


def read(staff: StaffDoor, path: str) -> Any:
    reply = staff.get(path)
    assert reply.status_code == 200, reply.text
    return reply.json()


# enrolling


def test_an_enrolled_person_gets_a_code_and_the_phone_gets_in_with_it(house, study, ann):
    body = {"study_id": str(study.study_uid), "zone": "America/Chicago", "name": "Jo Field", "contact": "+1 555 010 7788"}
    made = ann.post(PEOPLE, {**body, "contact_preference": "text", "safe_to_voicemail": False})
    assert made.status_code == 201, made.text
    person = made.json()["enrollment_id"]
    before = read(ann, f"{PEOPLE}/{person}")
    assert (before["state"], before["study_day"], before["zone"]) == ("invited", None, "America/Chicago")
    assert before["identifiers"] == {"name": "Jo Field", "contact": "+1 555 010 7788", "erased": False}
    assert [one["staff_id"] for one in before["caseload"]] == [str(ann.viewer.uid)], "who enrolls looks after the person"
    key = ec.generate_private_key(ec.SECP256R1())
    entered = {"code": made.json()["code"], "device": device_body(key), "zone": "America/Chicago"}
    assert house.client.post("/v1/participant/enroll", json=entered).status_code == 201
    after = read(ann, f"{PEOPLE}/{person}")
    assert (after["state"], after["study_day"], after["devices"][0]["app_version"]) == ("active", 1, "1.2.0")


def test_name_and_contact_are_sealed_and_a_contact_can_be_found_again(house, study, ann):
    ann.post(PEOPLE, {"study_id": str(study.study_uid), "zone": "UTC", "name": "Jo Field", "contact": "+1 555 010 7788"})
    with house.house.sessions.reading() as session:
        row = session.row(select(Participant).order_by(Participant.id.desc()))
    assert row is not None
    assert b"Jo Field" not in row.name_sealed
    assert b"555" not in row.contact_sealed
    assert len(row.contact_index) == 32


def test_a_retry_under_the_same_id_makes_no_second_person(house, study, ann):
    body = {"study_id": str(study.study_uid), "zone": "UTC", "id": str(new_uid())}
    assert ann.post(PEOPLE, body).status_code == 201
    assert refusal(ann.post(PEOPLE, body)) == (409, "enrolled_already")
    again = ann.post(f"{PEOPLE}/{body['id']}/codes")
    assert again.status_code == 201, "the code was lost with the reply, and there is another"


def test_a_new_code_ends_the_old_one(house, study, ann):
    made = ann.post(PEOPLE, {"study_id": str(study.study_uid), "zone": "UTC"}).json()
    ann.post(f"{PEOPLE}/{made['enrollment_id']}/codes")
    body = {"code": made["code"], "device": device_body(ec.generate_private_key(ec.SECP256R1())), "zone": "UTC"}
    assert house.client.post("/v1/participant/enroll", json=body).status_code == 410


def test_an_unknown_zone_an_unfit_owner_and_a_study_without_a_protocol_are_refused(house, study, ann):
    body = {"study_id": str(study.study_uid), "zone": "Mars/Olympus"}
    assert ann.post(PEOPLE, body).json()["errors"][0]["pointer"] == "/zone"
    dana = sign_in(house, study, Role.DATA_MANAGER, login=fresh("dana"))
    unfit = ann.post(PEOPLE, {**body, "zone": "UTC", "owner_id": str(dana.viewer.uid)})
    assert unfit.json()["errors"][0]["rule"] == "not_a_coordinator"


# the list


def test_the_caseload_says_how_old_the_evidence_is_and_after_a_day_that_nothing_is_known(house, study, ann, phone):
    def case() -> dict:
        return next(one for one in read(ann, PEOPLE)["items"] if one["enrollment_id"] == phone.enrollment_uid)

    fresh_ = case()
    assert fresh_["last_answer_at"] is None
    assert fresh_["estimate"]["evidence"] == "unknown"
    assert fresh_["estimate"]["level"] is None
    answer(house, phone, "momentary", {"m_crave_now": 8, "m_stress": 6})
    now_ = case()
    assert now_["last_answer_age_hours"] == 0
    assert now_["estimate"]["evidence"] == "learning"
    assert now_["estimate"]["level"] is not None
    house.clock.study_now += timedelta(hours=23)
    assert case()["estimate"]["evidence_age_hours"] == 23.0
    house.clock.study_now += timedelta(hours=2)
    later = case()["estimate"]
    assert (later["evidence"], later["level"], later["rise"], later["rising"]) == ("unknown", None, None, None), "never low"
    assert later["evidence_age_hours"] == 25.0


def test_an_estimate_comes_with_a_sentence_and_what_it_is_made_of_until_it_is_old(house, study, ann, phone):
    def said() -> dict:
        return read(ann, f"{PEOPLE}/{phone.enrollment_uid}")["estimate"]

    assert "unknown" in said()["sentence"]
    answer(house, phone, "momentary", {"m_crave_now": 8, "m_stress": 9})
    house.clock.study_now += timedelta(hours=3)
    answer(house, phone, "momentary", {"m_crave_now": 8, "m_stress": 9})
    now_ = said()
    with house.house.sessions.reading() as session:
        row = max(session.rows(select(RiskEstimateRow)), key=lambda one: one.id)
    assert now_["contributions"] == row.detail["contributions"]
    assert sum(now_["contributions"].values()) == pytest.approx(row.detail["drive"])
    assert "population" in now_["sentence"]
    assert "still learning" in now_["sentence"]
    house.clock.study_now += timedelta(hours=25)
    assert said()["contributions"] is None
    assert said()["sentence"].startswith("Craving has not been answered in the past 24 hours")


def test_the_caseload_filters_and_goes_on_page_by_page(house, study, ann):
    invited = [ann.post(PEOPLE, {"study_id": str(study.study_uid), "zone": "UTC"}).json()["enrollment_id"] for _ in range(3)]
    phones = [enroll(house, study) for _ in range(2)]
    everyone = {*invited, *(one.enrollment_uid for one in phones)}
    seen, cursor = [], ""
    for _ in range(5):
        page = read(ann, f"{PEOPLE}?limit=2{cursor}")
        seen += [one["enrollment_id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 5
    assert set(seen) == everyone
    ids = lambda query: {one["enrollment_id"] for one in read(ann, f"{PEOPLE}?{query}")["items"]}  # noqa: E731
    assert ids("state=invited") == set(invited)
    assert ids("state=invited&state=active") == everyone
    assert ids("mine=true") == set(invited)
    assert ids("unowned=true") == {one.enrollment_uid for one in phones}
    disclose(house, phones[0])
    assert ids("with_alerts=true") == {phones[0].enrollment_uid}
    assert phones[0].enrollment_uid not in ids("silent_hours=1")
    assert ids(f"study={study.study_uid}") == everyone
    assert ann.get(f"{PEOPLE}?study={new_uid()}").status_code == 404


def test_what_a_role_may_not_see_is_null_and_not_zero(house, study, phone):
    disclose(house, phone)
    dana, ben = (
        sign_in(house, study, Role.DATA_MANAGER, login=fresh("dana")),
        sign_in(house, study, Role.COORDINATOR, login=fresh("ben"), attested=False),
    )
    for staff in (dana, ben):
        case = read(staff, PEOPLE)["items"][0]
        assert (case["estimate"], case["open_alerts"], case["highest_tier"]) == (None, None, None)
        one = read(staff, f"{PEOPLE}/{phone.enrollment_uid}")
        assert (one["estimate"], one["open_alerts"]) == (None, None)
    assert read(dana, f"{PEOPLE}/{phone.enrollment_uid}")["identifiers"] is None
    assert read(ben, f"{PEOPLE}/{phone.enrollment_uid}")["identifiers"] is not None


def test_every_list_says_that_scoring_is_paused_where_no_duty_beats(ann):
    banner = read(ann, PEOPLE)["banner"]
    assert banner["scoring_paused_since"] is not None
    assert "run_decision_points" in {one["duty"] for one in banner["late_duties"]}
    assert "investigational" in banner["investigational"]


# one person


def test_reading_a_person_is_written_down_and_the_person_sees_it(house, study, ann, phone):
    read(ann, f"{PEOPLE}/{phone.enrollment_uid}")
    read(ann, f"{PEOPLE}/{phone.enrollment_uid}/responses")
    assert acts(house, phone.enrollment_uid) == [("participant_read", "care"), ("responses_read", "care")]
    shown = phone.get("/v1/participant/me/access").json()["items"]
    assert [one["action"] for one in shown] == ["responses_read", "participant_read"]
    with house.house.sessions.reading() as session:
        assert list(broken_links(session, house.house.keys, str(study.study_uid))) == []


def test_contact_is_changed_by_who_read_the_newest_and_by_nobody_else(house, study, ann, phone):
    path = f"{PEOPLE}/{phone.enrollment_uid}"
    tag = ann.get(path).headers["ETag"]
    assert refusal(ann.patch(path, {"name": "Jo"})) == (428, "if_match_needed")
    first = ann.patch(path, {"name": "Jo", "contact_preference": "call"}, headers={"If-Match": tag})
    assert first.status_code == 200
    assert first.headers["ETag"] != tag
    assert refusal(ann.patch(path, {"name": "Joe"}, headers={"If-Match": tag})) == (412, "version_moved")
    second = ann.patch(path, {"contact": "555"}, headers={"If-Match": first.headers["ETag"]}).json()
    assert second["identifiers"]["name"] == "Jo", "what is left out stays"
    assert second["contact_preference"] == "call"
    third = ann.patch(path, {"name": None}, headers={"If-Match": f'"{second["version"]}"'}).json()
    assert third["identifiers"]["name"] is None, "null empties"


def test_where_the_key_is_shredded_nothing_opens_and_nothing_is_sealed(house, study, ann, phone):
    path = f"{PEOPLE}/{phone.enrollment_uid}"
    tag = ann.get(path).headers["ETag"]
    ann.patch(path, {"name": "Jo"}, headers={"If-Match": tag})
    with house.house.sessions.transaction() as session:
        session.execute(update(Participant).where(Participant.id == phone.invited.participant_id).values(data_key=None, erased_at=NOW))
    shown = ann.get(path)
    assert shown.json()["identifiers"] == {"name": None, "contact": None, "erased": True}
    assert refusal(ann.patch(path, {"name": "Jo"}, headers={"If-Match": shown.headers["ETag"]})) == (410, "erased")


def test_a_caseload_is_handed_over_with_dates_and_cover(house, study, ann, phone):
    ben, cleo = (sign_in(house, study, Role.COORDINATOR, login=fresh(name)) for name in ("ben", "cleo"))
    path = f"{PEOPLE}/{phone.enrollment_uid}"
    assert ben.get(path).status_code == 200, "nobody's person is everybody's"
    week = (NOW + timedelta(days=7)).isoformat()
    wanted = [
        {"staff_id": str(ben.viewer.uid)},
        {"staff_id": str(cleo.viewer.uid), "is_cover": True, "valid_until": week},
    ]
    tag = ann.get(path).headers["ETag"]
    reply = ann.put(f"{path}/caseload", {"assignments": wanted}, headers={"If-Match": tag})
    assert reply.status_code == 200, reply.text
    assert [one["is_cover"] for one in reply.json()["assignments"]] == [False, True]
    assert ann.get(path).status_code == 404, "ben's now"
    assert (ben.get(path).status_code, cleo.get(path).status_code) == (200, 200)
    house.clock.study_now += timedelta(days=8)
    assert cleo.get(path).status_code == 404, "the cover has ended"


def test_a_caseload_names_only_coordinators_and_dates_in_order(house, study, ann, phone):
    path = f"{PEOPLE}/{phone.enrollment_uid}"
    dana = sign_in(house, study, Role.DATA_MANAGER, login=fresh("dana"))
    tag = ann.get(path).headers["ETag"]
    wanted = [
        {"staff_id": str(dana.viewer.uid)},
        {"staff_id": str(ann.viewer.uid), "valid_until": (NOW - timedelta(days=1)).isoformat()},
    ]
    reply = ann.put(f"{path}/caseload", {"assignments": wanted}, headers={"If-Match": tag})
    assert [(one["pointer"], one["rule"]) for one in reply.json()["errors"]] == [
        ("/assignments/0/staff_id", "not_a_coordinator"),
        ("/assignments/1/valid_until", "ends_before_it_starts"),
    ]


def test_staff_record_an_event_once(house, study, ann, phone):
    path = f"{PEOPLE}/{phone.enrollment_uid}/events"
    body = {"id": str(new_uid()), "kind": "release", "happened_at": (NOW - timedelta(hours=2)).isoformat()}
    first, again = ann.post(path, body), ann.post(path, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["source"] == "staff"
    assert refusal(ann.post(path, {**body, "kind": "visit"})) == (409, "event_differs")
    later = {**body, "id": str(new_uid()), "happened_at": (NOW + timedelta(hours=1)).isoformat()}
    assert ann.post(path, later).json()["errors"][0]["rule"] == "in_the_future"
    assert [one["id"] for one in read(ann, path)["items"]] == [body["id"]]
    with house.house.sessions.reading() as session:
        assert session.value(select(Enrollment.plan_stale).where(Enrollment.id == phone.invited.enrollment_id)) is True


def test_a_person_is_moved_to_another_revision_from_a_day_on(house, study, phone):
    ida = sign_in(house, study, Role.INVESTIGATOR, login=fresh("ida"))
    changed = shipped().model_copy(update={"version": "1.1.0"})
    published = ida.post(f"/v1/research/studies/{study.study_uid}/protocols", changed.model_dump(mode="json", by_alias=True))
    assert published.status_code == 201, published.text
    path = f"{PEOPLE}/{phone.enrollment_uid}"
    tag = ida.get(path).headers["ETag"]
    past = ida.post(f"{path}/moves", {"revision": 2, "valid_from": "2026-03-01"}, headers={"If-Match": tag})
    assert past.json()["errors"][0]["rule"] == "in_the_past"
    assert ida.post(f"{path}/moves", {"revision": 9}, headers={"If-Match": tag}).status_code == 404
    moved = ida.post(f"{path}/moves", {"revision": 2, "valid_from": "2026-03-06"}, headers={"If-Match": tag})
    assert (moved.status_code, moved.json()["valid_from"]) == (201, "2026-03-06")
    shown = read(ida, path)
    assert (shown["protocol_revision"], [one["revision"] for one in shown["moves"]]) == (1, [1, 2]), "the horizon carries it out on its day"
    waiting = ida.post(PEOPLE, {"study_id": str(study.study_uid), "zone": "UTC"})
    assert waiting.status_code == 403, "an investigator does not enroll"


# answers


def test_responses_come_with_their_four_kinds_of_nothing_and_text_only_one_by_one(house, study, ann, phone):
    first = answer(house, phone, "momentary", {"m_crave_now": 7, "m_stress": 5})
    house.clock.forward(minutes=1)
    second = answer(house, phone, "good", {"g_line": "a walk with J by the water"})
    listed = ann.get(f"{PEOPLE}/{phone.enrollment_uid}/responses")
    assert [one["id"] for one in listed.json()["items"]] == [second, first]
    assert "by the water" not in listed.text
    assert listed.json()["items"][0]["has_text"] is True
    assert listed.json()["items"][1]["answers"] == {"m_crave_now": 7, "m_stress": 5}
    assert set(listed.json()["items"][1]["missing"].values()) <= {"not_shown", "skipped", "declined", "not_reached"}
    opened = read(ann, f"{PEOPLE}/{phone.enrollment_uid}/responses/{second}")
    assert opened["texts"] == {"g_line": "a walk with J by the water"}
    assert acts(house, phone.enrollment_uid)[-1] == ("response_opened", "care")
    page = read(ann, f"{PEOPLE}/{phone.enrollment_uid}/responses?limit=1")
    rest = read(ann, f"{PEOPLE}/{phone.enrollment_uid}/responses?limit=1&cursor={page['next']}")
    assert [one["id"] for one in rest["items"]] == [first]
    assert rest["next"] is None


def test_every_decision_says_what_was_done_or_why_nothing_was(house, study, ann, phone):
    answer(house, phone, "momentary", {"m_crave_now": 2, "m_stress": 1})
    found = read(ann, f"{PEOPLE}/{phone.enrollment_uid}/decisions")["items"]
    assert len(found) == 1
    assert found[0]["reason"]
    assert found[0]["sentence"]
    assert found[0]["read"], "the variables as they stood"


def test_a_refused_submission_is_kept_and_opened_with_its_reader_written_down(house, study, ann, phone):
    body = response_body(house, "use", {"safe_now": "no", "u_before_crave": 4242})
    assert phone.put(f"/v1/participant/responses/{new_uid()}", body).status_code == 422
    path = f"{PEOPLE}/{phone.enrollment_uid}/rejected"
    listed = ann.get(path)
    row = listed.json()["items"][0]
    assert "4242" not in listed.text
    assert row["faults"] == [{"pointer": "/answers/u_before_crave/value", "rule": row["faults"][0]["rule"]}]
    assert row["seen_at"] is None
    opened = read(ann, f"{path}/{row['id']}")
    assert '"value":4242' in opened["body"].replace(" ", "")
    assert opened["rejected"]["seen_at"] is not None
    assert acts(house, phone.enrollment_uid)[-1] == ("rejected_opened", "care")
    assert read(ann, ALERTS)["items"][0]["reason"] == "Said that they are not safe.", "the alert opened all the same"


def test_other_content_under_a_taken_id_is_an_amendment(house, study, ann, phone):
    taken = answer(house, phone, "momentary", {"m_crave_now": 7})
    other = phone.put(f"/v1/participant/responses/{taken}", response_body(house, "momentary", {"m_crave_now": 3}))
    assert other.status_code == 409
    found = read(ann, f"{PEOPLE}/{phone.enrollment_uid}/amendments")["items"]
    assert [one["response_id"] for one in found] == [taken]
    assert '"m_crave_now"' in found[0]["body"]
    assert read(ann, f"{PEOPLE}/{phone.enrollment_uid}/responses")["items"][0]["answers"]["m_crave_now"] == 7


# alerts


def opened_alert(house: Served, staff: StaffDoor, phone: Phone) -> tuple[str, str]:
    """Address and ETag of the alert that a disclosure opened."""
    disclose(house, phone)
    found = read(staff, f"{ALERTS}?enrollment={phone.enrollment_uid}")["items"]
    path = f"{ALERTS}/{found[0]['id']}"
    return path, staff.get(path).headers["ETag"]


def test_an_alert_says_all_that_is_needed_to_act(house, study, ann, phone):
    on_duty(house, study, ann)
    answer(house, phone, "momentary", {"m_crave_now": 9, "m_stress": 9})
    path, _ = opened_alert(house, ann, phone)
    shown = read(ann, path)
    assert shown["alert"]["reason"] == "Said that they are not safe."
    assert shown["alert"]["tier"] == 4
    assert shown["ladder"]["to"] == "on_duty"
    assert shown["ladder"]["rung"] == 1
    assert shown["ladder"]["deadline"] > NOW.isoformat()
    assert shown["snooze_limit_minutes"] == 0
    assert shown["estimate"]["evidence_age_hours"] == 0
    assert "still learning" in shown["estimate"]["sentence"]
    assert shown["protocol_revision"] == 1
    assert [one["name"] for one in shown["events"]] == ["opened"]
    inbox = read(ann, "/v1/care/inbox")
    assert inbox["open"] == 1
    assert [one["alert_id"] for one in inbox["items"]] == [shown["alert"]["id"]]
    assert inbox["items"][0]["urgent"] is True
    assert "not safe" not in str(inbox), "the inbox says that there is something, and nothing else"


def test_an_alert_is_worked_from_acknowledgement_to_its_end(house, study, ann, phone):
    path, tag = opened_alert(house, ann, phone)
    assert refusal(ann.post(f"{path}/acknowledge")) == (428, "if_match_needed")
    taken = ann.post(f"{path}/acknowledge", {"note": "calling J now"}, headers={"If-Match": tag})
    assert (taken.status_code, taken.json()["alert"]["state"]) == (200, "acknowledged")
    assert taken.json()["alert"]["owner_id"] == str(ann.viewer.uid)
    again = ann.post(f"{path}/acknowledge", headers={"If-Match": tag})
    assert (again.status_code, again.headers["ETag"]) == (200, taken.headers["ETag"]), "by the same hand: the same"
    ben = sign_in(house, study, Role.INVESTIGATOR, login=fresh("ben"))
    assert ben.post(f"{path}/acknowledge", headers={"If-Match": tag}).status_code == 412
    assert refusal(ben.post(f"{path}/acknowledge", headers={"If-Match": again.headers["ETag"]})) == (409, "alert_move_illegal")
    seen = read(ben, path)["events"]
    assert [(one["has_note"], one["note"]) for one in seen if one["name"] == "acknowledged"] == [(True, None)]
    seen = read(ann, path)["events"]
    assert [one["note"] for one in seen if one["name"] == "acknowledged"] == ["calling J now"]
    going = ann.post(f"{path}/progress", headers={"If-Match": again.headers["ETag"]})
    snoozed = ann.post(
        f"{path}/snooze",
        {"until": (NOW + timedelta(hours=1)).isoformat(), "reason": "called"},
        headers={"If-Match": going.headers["ETag"]},
    )
    assert refusal(snoozed) == (409, "alert_move_illegal"), "tier 4 is never snoozed"
    noted = ann.post(f"{path}/notes", {"note": "spoke for ten minutes"})
    assert noted.status_code == 201
    ended = ann.post(f"{path}/resolve", {"disposition": "reached_safe", "minutes_spent": 12}, headers={"If-Match": noted.headers["ETag"]})
    assert (ended.status_code, ended.json()["alert"]["state"], ended.json()["alert"]["next_at"]) == (200, "resolved", None)
    twice = ann.post(f"{path}/resolve", {"disposition": "reached_safe"}, headers={"If-Match": noted.headers["ETag"]})
    assert twice.status_code == 200
    reopened = ann.post(f"{path}/reopen", {"reason": "called_back"}, headers={"If-Match": ended.headers["ETag"]})
    assert reopened.json()["alert"]["state"] == "open"
    done = [one for one, _ in acts(house, phone.enrollment_uid)]
    assert {"alert_read", "alert_acknowledged", "alert_progressed", "alert_noted", "alert_resolved", "alert_reopened"} <= set(done)


def test_an_alert_is_handed_only_to_who_may_work_it(house, study, ann, phone):
    path, tag = opened_alert(house, ann, phone)
    dana = sign_in(house, study, Role.DATA_MANAGER, login=fresh("dana"))
    for wrong in (str(dana.viewer.uid), str(new_uid())):
        reply = ann.post(f"{path}/reassign", {"owner_id": wrong}, headers={"If-Match": tag})
        assert reply.json()["errors"][0]["rule"] == "not_assignable"
    ben = sign_in(house, study, Role.COORDINATOR, login=fresh("ben"))
    handed = ann.post(f"{path}/reassign", {"owner_id": str(ben.viewer.uid), "reason": "off_shift"}, headers={"If-Match": tag})
    assert handed.json()["alert"]["owner_id"] == str(ben.viewer.uid)
    assert read(ben, "/v1/care/inbox")["open"] == 1


def test_who_is_rung_can_open_the_alert_whosever_caseload_it_is(house, study, ann, phone):
    ben, cleo = (sign_in(house, study, Role.COORDINATOR, login=fresh(name)) for name in ("ben", "cleo"))
    person = f"{PEOPLE}/{phone.enrollment_uid}"
    ann.put(
        f"{person}/caseload",
        {"assignments": [{"staff_id": str(ann.viewer.uid)}]},
        headers={"If-Match": ann.get(person).headers["ETag"]},
    )
    on_duty(house, study, ben)
    assert ben.get(person).status_code == 404
    path, _ = opened_alert(house, ann, phone)
    assert (ben.get(path).status_code, ben.get(person).status_code) == (200, 200)
    assert (cleo.get(path).status_code, cleo.get(person).status_code) == (404, 404)
    tag = ben.get(path).headers["ETag"]
    ended = ben.post(f"{path}/resolve", {"disposition": "reached_safe"}, headers={"If-Match": tag})
    assert ended.status_code == 200, "who ended it still sees how"
    house.clock.study_now += timedelta(days=2)
    assert ben.get(person).status_code == 404, "and no longer than a day"


def test_alerts_filter_and_page(house, study, ann):
    phones = [enroll(house, study) for _ in range(3)]
    for phone in phones:
        house.clock.forward(minutes=1)
        disclose(house, phone)
    pages, cursor = [], ""
    for _ in range(4):
        page = read(ann, f"{ALERTS}?limit=1{cursor}")
        pages += [one["enrollment_id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert pages == [one.enrollment_uid for one in reversed(phones)]
    count = lambda query: len(read(ann, f"{ALERTS}?{query}")["items"])  # noqa: E731
    assert count("tier=4") == 3
    assert count("tier=2&tier=3") == 0
    assert count("state=resolved") == 0
    assert count(f"since={(NOW + timedelta(minutes=2)).isoformat().replace('+', '%2B')}") == 2


def test_nothing_of_a_person_stands_in_the_audit(house, study, ann, phone):
    path, _ = opened_alert(house, ann, phone)
    ann.post(f"{path}/notes", {"note": "heron7531 was named"})
    ann.patch(
        f"{PEOPLE}/{phone.enrollment_uid}",
        {"name": "heron7531"},
        headers={"If-Match": ann.get(f"{PEOPLE}/{phone.enrollment_uid}").headers["ETag"]},
    )
    with house.house.sessions.reading() as session:
        rows = session.rows(select(Audit).where(Audit.chain == str(study.study_uid)))
        assert session.value(select(func.count()).where(Audit.chain == str(study.study_uid))) > 3
    assert "heron7531" not in str(rows)


# adherence


def test_adherence_is_seen_in_the_list_on_the_page_and_by_design_and_week(house, study, ann, phone):
    with house.house.sessions.transaction() as session:
        first, second, third, later = (
            row.id
            for row in session.rows(
                select(Prompt.id).where(Prompt.enrollment_id == phone.invited.enrollment_id).order_by(Prompt.due_at).limit(4)
            )
        )
        told = {"sent_at": NOW, "expires_at": NOW - timedelta(minutes=1), "next_at": None, "state": PromptState.EXPIRED}
        for number, prompt_id in enumerate((first, second, third), 1):
            session.execute(update(Prompt).where(Prompt.id == prompt_id).values(due_at=NOW - number * timedelta(hours=1), **told))
        session.execute(update(Prompt).where(Prompt.id == third).values(state=PromptState.BLOCKED, sent_at=None, reason="paused"))
        session.execute(update(Prompt).where(Prompt.id == later).values(study_day=8, due_at=NOW - timedelta(hours=4), **told))
    house.clock.forward(minutes=6)
    path = f"{PEOPLE}/{phone.enrollment_uid}"
    said = read(ann, f"{path}/adherence")
    total = said["compliance"][0]
    assert {name: total[name] for name in ("design", "planned", "not_sent", "denominator", "completed_on_time")} == {
        "design": "(all)",
        "planned": 4,
        "not_sent": 1,
        "denominator": 3,
        "completed_on_time": 0,
    }
    assert [(one["week"], one["denominator"]) for one in said["weeks"] if one["design"] == "(all)"] == [(1, 2), (2, 1)]
    recent = said["recent"]
    assert (recent["days"], recent["missed_in_a_row"], recent["compliance_on_time"], recent["silent_hours"]) == (7, 3, 0, 0.1)
    (listed,) = read(ann, f"{PEOPLE}?study={study.study_uid}")["items"]
    assert listed["adherence"] == read(ann, path)["adherence"] == recent
    assert acts(house, phone.enrollment_uid)[-1] == ("participant_read", "care")
    assert ("adherence_read", "care") in acts(house, phone.enrollment_uid)


def test_who_withdrew_the_use_of_the_data_has_no_adherence_shown(house, study, ann, phone):
    with house.house.sessions.transaction() as session:
        session.execute(update(Enrollment).where(Enrollment.id == phone.invited.enrollment_id).values(consent_use=False))
    path = f"{PEOPLE}/{phone.enrollment_uid}"
    said = read(ann, f"{path}/adherence")
    assert (said["recent"], said["weeks"], said["compliance"][0]["denominator"]) == (None, [], 0)
    assert read(ann, path)["adherence"] is None
