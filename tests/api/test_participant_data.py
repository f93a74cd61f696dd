"""What a person keeps: events, lists, scenes, and what was done with content."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from models.ids import new_uid
from models.kinds import DecisionPointKind, OutcomeStatus
from models.queries.decision import rested_content, scenes
from models.queries.risk import timed_events
from models.tables import DecisionRow, Enrollment, FutureScene, ListEntry, RiskStateRow, SceneRating, SceneVersion
from tests.api.client import Phone, Served, enroll, faults, open_study, refusal, theirs

EVENTS, LISTS, SCENES = "/v1/participant/events", "/v1/participant/lists", "/v1/participant/scenes"
SCENE = {"text": "I stand in my own kitchen and smell the bread.", "language": "en", "horizon": "month", "goal_area": "home"}


def _uid() -> str:
    return str(new_uid())


def test_an_event_is_stored_once_and_a_plan_follows_it(house: Served) -> None:
    phone = enroll(house, open_study(house))
    client_id, body = _uid(), {"kind": "missed_dose", "happened_at": "2026-03-03T20:00:00-05:00"}
    with house.house.sessions.transaction() as session:
        session.execute(update(Enrollment).values(plan_stale=False))
    first = phone.put(f"{EVENTS}/{client_id}", body)
    again = phone.put(f"{EVENTS}/{client_id}", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["happened_at"] == "2026-03-04T01:00:00Z"
    assert refusal(phone.put(f"{EVENTS}/{client_id}", {**body, "kind": "dose"})) == (409, "event_differs")
    assert phone.get(EVENTS).json() == {"items": [first.json()]}
    with house.house.sessions.reading() as session:
        assert session.value(select(Enrollment.plan_stale).where(Enrollment.id == phone.invited.enrollment_id)) is True


def test_an_event_that_was_a_mistake_no_longer_counts(house: Served) -> None:
    phone = enroll(house, open_study(house))
    client_id, body = _uid(), {"kind": "use", "happened_at": "2026-03-04T10:00:00Z"}
    phone.put(f"{EVENTS}/{client_id}", body)
    assert phone.delete(f"{EVENTS}/{client_id}").status_code == 204
    assert phone.delete(f"{EVENTS}/{client_id}").status_code == 204
    assert phone.get(EVENTS).json() == {"items": []}
    assert refusal(phone.put(f"{EVENTS}/{client_id}", body)) == (410, "event_retracted")
    assert refusal(phone.delete(f"{EVENTS}/{_uid()}")) == (404, "not_found")
    with house.house.sessions.reading() as session:
        assert timed_events(session, phone.invited.enrollment_id) == []


def test_events_that_cannot_be_are_refused(house: Served) -> None:
    study = open_study(house)
    phone, other = enroll(house, study), enroll(house, study)
    later, now = (house.clock.study() + timedelta(minutes=6)).isoformat(), house.clock.study().isoformat()
    put = lambda body: phone.put(f"{EVENTS}/{_uid()}", body)  # noqa: E731
    assert faults(put({"kind": "use", "happened_at": later})) == [("/happened_at", "in_the_future")]
    assert faults(put({"kind": "use", "happened_at": "2019-01-01T00:00:00Z"})) == [("/happened_at", "too_long_ago")]
    assert faults(put({"kind": "visit", "happened_at": now, "ended_at": "2026-03-01T00:00:00Z"})) == [("/ended_at", "out_of_order")]
    assert faults(put({"kind": "party", "happened_at": now})) == [("/kind", "enum")]
    assert faults(put({"kind": "use", "happened_at": "2026-03-04T10:00:00"})) == [("/happened_at", "timezone_aware")]
    shared = _uid()
    assert phone.put(f"{EVENTS}/{shared}", {"kind": "dose", "happened_at": now}).status_code == 201
    assert other.put(f"{EVENTS}/{shared}", {"kind": "use", "happened_at": now}).status_code == 201
    assert other.get(EVENTS).json()["items"][0]["kind"] == "use"


def test_lists_are_sealed_changed_and_offered_until_removed(house: Served) -> None:
    phone = enroll(house, open_study(house))
    client_id, address = _uid(), f"{LISTS}/reminders"
    assert phone.put(f"{address}/{client_id}", {"label": "the corner by the station", "kind": "place"}).status_code == 201
    changed = phone.put(f"{address}/{client_id}", {"label": "the station", "kind": "place"})
    assert changed.status_code == 200
    assert phone.get(address).json() == {"items": [changed.json()]}
    assert phone.get(f"{LISTS}/contacts").json() == {"items": []}
    with house.house.sessions.reading() as session:
        row = session.row(theirs(ListEntry, phone))
    assert row is not None
    assert row.version == 2
    assert b"station" not in row.label_sealed
    assert refusal(phone.put(f"{LISTS}/contacts/{client_id}", {"label": "AB"})) == (409, "id_taken")
    assert refusal(phone.delete(f"{LISTS}/contacts/{client_id}")) == (404, "not_found")
    assert phone.delete(f"{address}/{client_id}").status_code == 204
    assert phone.delete(f"{address}/{client_id}").status_code == 204
    assert phone.get(address).json() == {"items": []}
    assert phone.put(f"{address}/{client_id}", {"label": "the station", "kind": "place"}).status_code == 200
    assert len(phone.get(address).json()["items"]) == 1


def test_a_person_in_a_list_is_initials_only(house: Served) -> None:
    study = open_study(house)
    phone, other = enroll(house, study), enroll(house, study)
    address, mine = f"{LISTS}/reminders", _uid()
    reply = phone.put(f"{address}/{_uid()}", {"label": "Jonathan", "kind": "person"})
    assert faults(reply) == [("/label", "initials_only")]
    assert "Jonathan" not in reply.text
    assert phone.put(f"{address}/{mine}", {"label": "J. M.", "kind": "person"}).status_code == 201
    assert faults(phone.put(f"{address}/{_uid()}", {"label": "home"})) == [("/kind", "required")]
    assert faults(phone.put(f"{LISTS}/reasons/{_uid()}", {"label": "my girl", "kind": "place"})) == [("/kind", "not_here")]
    assert faults(phone.put(f"{address}/{_uid()}", {"label": "x" * 41, "kind": "place"})) == [("/label", "string_too_long")]
    assert faults(phone.put(f"{address}/{_uid()}", {"label": "  ", "kind": "place"})) == [("/label", "string_too_short")]
    assert phone.get(f"{LISTS}/enemies").status_code == 422
    assert refusal(other.delete(f"{address}/{mine}")) == (404, "not_found")


def _scene(phone: Phone, **changes: Any) -> tuple[str, Any]:
    client_id = _uid()
    return client_id, phone.put(f"{SCENES}/{client_id}", {**SCENE, **changes})


def test_a_scene_is_sealed_and_changed_only_from_its_version(house: Served) -> None:
    phone = enroll(house, open_study(house))
    client_id, made = _scene(phone, target_date="2026-04-01")
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    address, body = f"{SCENES}/{client_id}", {**SCENE, "target_date": "2026-04-01"}
    assert phone.put(address, body).status_code == 200
    better = {**body, "text": "I stand in my own kitchen and the bread is warm."}
    assert refusal(phone.put(address, better)) == (428, "version_needed")
    assert refusal(phone.put(address, better, headers={"If-Match": '"2"'})) == (412, "version_moved")
    assert faults(phone.put(address, better, headers={"If-Match": "one"})) == [("/if-match", "version_tag")]
    changed = phone.put(address, better, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["text"]) == (200, '"2"', better["text"])
    assert phone.put(address, better, headers={"If-Match": '"1"'}).status_code == 200
    assert refusal(phone.put(f"{SCENES}/{_uid()}", body, headers={"If-Match": '"1"'})) == (412, "version_moved")
    assert phone.get(SCENES).json()["items"] == [phone.get(address).json()]
    with house.house.sessions.reading() as session:
        rows = session.rows(theirs(SceneVersion, phone))
    assert [row.version for row in rows] == [1, 2]
    assert not any(b"kitchen" in row.text_sealed for row in rows)


def test_a_scene_that_hurts_rests_at_once(house: Served) -> None:
    phone = enroll(house, open_study(house))
    client_id, _ = _scene(phone)
    address, at = f"{SCENES}/{client_id}/ratings", house.clock.study().isoformat()
    assert phone.post(address, {"scale": "vividness", "value": 8, "at": at}).json()["state"] == "active"
    assert phone.post(address, {"scale": "vividness", "value": 8, "at": at}).status_code == 201
    rested = phone.post(address, {"scale": "hurts", "value": 1, "at": at}).json()
    assert (rested["state"], rested["version"], rested["text"]) == ("resting", 2, SCENE["text"])
    with house.house.sessions.reading() as session:
        assert scenes(session, {phone.invited.enrollment_id}) == {}
        assert len(session.rows(theirs(SceneRating, phone))) == 2
    for bad, rule in (({"value": 11}, "less_than_equal"), ({"value": True}, "int_type"), ({"scale": "size"}, "literal_error")):
        assert faults(phone.post(address, {"scale": "hurts", "value": 1, "at": at, **bad}))[0][1] == rule


def test_a_retired_scene_is_never_played_and_anothers_is_not_there(house: Served) -> None:
    study = open_study(house)
    phone, other = enroll(house, study), enroll(house, study)
    client_id, _ = _scene(phone)
    assert refusal(other.get(f"{SCENES}/{client_id}")) == (404, "not_found")
    assert refusal(other.delete(f"{SCENES}/{client_id}")) == (404, "not_found")
    rating = {"scale": "hurts", "value": 3, "at": "2026-03-04T10:00:00Z"}
    assert refusal(other.post(f"{SCENES}/{client_id}/ratings", rating)) == (404, "not_found")
    assert phone.delete(f"{SCENES}/{client_id}").status_code == 204
    assert phone.delete(f"{SCENES}/{client_id}").status_code == 204
    assert phone.get(f"{SCENES}/{client_id}").json()["state"] == "retired"
    assert faults(_scene(phone, target_date=0)[1]) == [("/target_date", "value_error")]
    assert faults(_scene(phone, sensitive="yes")[1]) == [("/sensitive", "bool_type")]
    assert faults(_scene(phone, text="")[1]) == [("/text", "string_too_short")]


def _decision(served: Served, phone: Phone, code: str) -> str:
    """A decision that played the person's scene."""
    with served.house.sessions.transaction() as session:
        person = session.row(select(Enrollment).where(Enrollment.id == phone.invited.enrollment_id))
        scene = session.row(select(FutureScene).where(FutureScene.enrollment_id == phone.invited.enrollment_id))
        assert person is not None
        assert scene is not None
        uid = new_uid()
        session.add(
            DecisionRow,
            uid=uid,
            study_id=person.study_id,
            enrollment_id=person.id,
            protocol_version_id=person.protocol_version_id,
            point=DecisionPointKind.RESPONSE,
            source_id=_uid(),
            due_at=served.clock.study(),
            decided_at=served.clock.study(),
            zone="UTC",
            available=True,
            unavailable=[],
            rule_trace=[],
            arm_probabilities={},
            content_code=code,
            content_version=1,
            content_hash="-",
            content_probabilities={},
            scene_id=scene.id,
            scene_version=1,
            key_id="k1",
            reason="-",
            sentence="-",
            snapshot=b"{}",
            outcome_status=OutcomeStatus.NOT_APPLICABLE,
            synthetic=False,
        )
    return str(uid)


def test_content_that_hurts_is_kept_apart_and_its_scene_rests(house: Served) -> None:
    study = open_study(house)
    phone, other = enroll(house, study), enroll(house, study)
    scene, _ = _scene(phone)
    code = study.protocol.content[0].code
    decision, client_id = _decision(house, phone, code), _uid()
    body = {"decision_id": decision, "content_code": code, "what": "hurts", "at": "2026-03-04T15:00:00Z"}
    address = f"/v1/participant/engagements/{client_id}"
    assert refusal(other.put(address, body)) == (404, "not_found")
    assert phone.put(address, body).status_code == 201
    assert phone.put(address, body).status_code == 200
    assert refusal(phone.put(address, {**body, "what": "helpful", "value": 4})) == (409, "id_taken")
    assert phone.get(f"{SCENES}/{scene}").json()["state"] == "resting"
    with house.house.sessions.reading() as session:
        assert rested_content(session, {phone.invited.enrollment_id}) == {phone.invited.enrollment_id: frozenset({code})}
    fresh = f"/v1/participant/engagements/{_uid()}"
    assert faults(phone.put(fresh, {**body, "content_code": "no_such"})) == [("/content_code", "unknown_content")]
    assert faults(phone.put(fresh, {**body, "decision_id": None, "content_code": "no_such"})) == [("/content_code", "unknown_content")]
    assert faults(phone.put(fresh, {**body, "value": "4"})) == [("/value", "float_type")]
    assert phone.put(fresh, {**body, "decision_id": None, "what": "helpful", "value": 3}).status_code == 201


def test_an_event_makes_the_state_owe_a_refold(house: Served) -> None:
    phone = enroll(house, open_study(house))
    with house.house.sessions.transaction() as session:
        session.add(
            RiskStateRow,
            study_id=1,
            enrollment_id=phone.invited.enrollment_id,
            state=b"",
            last_key=None,
            observations=0,
            stale=False,
            version=1,
            updated_at=house.clock.study(),
        )
    phone.put(f"{EVENTS}/{_uid()}", {"kind": "dose", "happened_at": "2026-03-04T10:00:00Z"})
    with house.house.sessions.reading() as session:
        assert session.value(theirs(RiskStateRow, phone, RiskStateRow.stale)) is True
