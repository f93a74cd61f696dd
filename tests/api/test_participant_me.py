"""The person's own data, the protocol and the phone."""

import hashlib
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from models.codec import canonical
from models.ids import new_uid
from models.kinds import DecisionStatus, Role, Timing
from models.queries.audit import Act, append
from models.queries.study import add_protocol_version
from models.sealed import person_key, place, seal
from models.tables import Device, Enrollment, Participant, ProtocolMove, Response
from tests.api.client import Phone, Served, enroll, faults, open_study, refusal, sign_in, theirs
from tests.build import Built

ME, PROTOCOL = "/v1/participant/me", "/v1/participant/protocol"


def test_a_person_sees_what_is_held(house: Served) -> None:
    phone = enroll(house, open_study(house))
    house.clock.forward(minutes=30)
    me = phone.get(ME).json()
    assert me["enrollment_id"] == phone.enrollment_uid
    assert (me["state"], me["protocol_revision"], me["ended_at"]) == ("active", 1, None)
    assert me["study"]["study_day"] == 1
    assert me["agreed"] == {"collect": True, "use": True, "contact": True}
    assert me["held"]["responses"] == 0
    assert me["wake_windows"]["weekday"] == {"start": "08:00", "end": "22:00"}


def _respond(served: Served, phone: Phone, hours_ago: int) -> str:
    """A stored response with a free text of its own."""
    at, client_id = served.clock.study() - timedelta(hours=hours_ago), new_uid()
    with served.house.sessions.transaction() as session:
        person = session.row(
            select(Enrollment, Participant.uid.label("whose"), Participant.data_key, Participant.key_id.label("person_key_id"))
            .join(Participant, Participant.id == Enrollment.participant_id)
            .where(Enrollment.id == phone.invited.enrollment_id)
        )
        assert person is not None
        key = person_key(served.house.keys, person.data_key, person.person_key_id, str(person.whose))
        session.add(
            Response,
            study_id=person.study_id,
            enrollment_id=person.id,
            client_id=client_id,
            revision=1,
            protocol_version_id=person.protocol_version_id,
            instrument="momentary",
            complete=True,
            answered_at=at,
            sent_at=at,
            received_at=at,
            event_time=at,
            skew_seconds=0.0,
            clock_suspect=False,
            timing=Timing.UNPROMPTED,
            zone="UTC",
            offset_minutes=0,
            answers={"valence": hours_ago},
            missing={"pain": "skipped"},
            texts_sealed=seal(key, canonical({"note": "my own words"}), place("response", "texts", f"{client_id}/1")),
            content_hash=b"",
            receipt=b"{}",
            decision_status=DecisionStatus.DECIDED,
            synthetic=False,
        )
    return str(client_id)


def test_own_answers_come_in_pages_newest_first_with_own_words(house: Served) -> None:
    study = open_study(house)
    phone, other = enroll(house, study), enroll(house, study)
    made = [_respond(house, phone, hours) for hours in (5, 1, 3)]
    _respond(house, other, 2)
    first = phone.get(f"{ME}/responses?limit=2").json()
    assert [one["id"] for one in first["items"]] == [made[1], made[2]]
    assert first["items"][0]["answers"] == {"valence": 1}
    assert first["items"][0]["texts"] == {"note": "my own words"}
    assert first["items"][0]["missing"] == {"pain": "skipped"}
    second = phone.get(f"{ME}/responses?limit=2&cursor={first['next']}").json()
    assert [one["id"] for one in second["items"]] == [made[0]]
    assert second["next"] is None
    assert refusal(phone.get(f"{ME}/responses?cursor=nonsense")) == (422, "cursor_invalid")
    assert phone.get(f"{ME}/responses?limit=0").status_code == 422


def test_a_person_sees_who_looked_by_role_and_never_by_name(house: Served) -> None:
    study = open_study(house)
    phone, other = enroll(house, study), enroll(house, study)
    coordinator = sign_in(house, study, Role.COORDINATOR, login="mary.miller")
    clinician = sign_in(house, study, Role.CLINICIAN, login="bob.brown")
    acts = [
        (coordinator, "responses_read", phone),
        (clinician, "contact_read", phone),
        (coordinator, "responses_read", other),
    ]
    with house.house.sessions.transaction() as session:
        for staff, action, whose in acts:
            house.clock.forward(minutes=1)
            act = Act(house.clock.study(), staff.viewer.actor, action, "enrollment", None, whose.enrollment_uid, "care")
            append(session, house.house.keys, str(study.study_uid), [act])
        system = Act(house.clock.study(), "system", "export_included", "enrollment", None, phone.enrollment_uid)
        append(session, house.house.keys, str(study.study_uid), [system])
    first = phone.get(f"{ME}/access?limit=2").json()
    assert [(one["action"], one["roles"]) for one in first["items"]] == [("export_included", []), ("contact_read", ["clinician"])]
    second = phone.get(f"{ME}/access?limit=2&cursor={first['next']}").json()
    assert [(one["action"], one["roles"], one["purpose"]) for one in second["items"]] == [("responses_read", ["coordinator"], "care")]
    assert second["next"] is None
    shown = str([first, second])
    assert "mary" not in shown
    assert str(coordinator.viewer.uid) not in shown


def test_a_person_sees_every_act_of_agreeing_and_leaving(house: Served) -> None:
    phone = enroll(house, open_study(house))
    phone.post("/v1/participant/leave", {"how": "stop_use"})
    items = phone.get(f"{ME}/consents").json()["items"]
    assert [(one["scope"], one["given"], one["leaving"]) for one in items] == [("use", False, "stop_use")]


def test_the_protocol_comes_as_the_bytes_that_its_checksum_names(house: Served) -> None:
    phone = enroll(house, open_study(house))
    reply = phone.get(PROTOCOL)
    assert hashlib.sha256(reply.content).hexdigest() == phone.enrolled["protocol"]["checksum"] == reply.headers["protocol-checksum"]
    assert reply.headers["protocol-revision"] == "1"
    tag = reply.headers["etag"]
    held = phone.get(PROTOCOL, headers={"If-None-Match": tag})
    assert (held.status_code, held.content) == (304, b"")
    assert phone.get(PROTOCOL, headers={"If-None-Match": '"other"'}).status_code == 200


def _second_version(served: Served, study: Built) -> int:
    with served.house.sessions.transaction() as session:
        version_id, _, _ = add_protocol_version(
            session,
            study_id=study.study_id,
            name="x",
            version="2.0.0",
            checksum="c" * 64,
            document=b"{}",
            effective_from=served.clock.study().date(),
            published_by=None,
            note=None,
            now=served.clock.study(),
        )
    return version_id


def test_a_phone_reads_only_revisions_that_ask_its_person(house: Served) -> None:
    study = open_study(house)
    phone = enroll(house, study)
    version_id = _second_version(house, study)
    assert refusal(phone.get(PROTOCOL + "?revision=2")) == (404, "not_found")
    with house.house.sessions.transaction() as session:
        session.add(
            ProtocolMove,
            study_id=study.study_id,
            enrollment_id=phone.invited.enrollment_id,
            protocol_version_id=version_id,
            valid_from=house.clock.study().date() + timedelta(days=1),
            moved_at=house.clock.study(),
        )
    assert phone.get(PROTOCOL + "?revision=2").content == b"{}"
    assert phone.get(PROTOCOL + "?revision=0").status_code == 422


def test_a_phone_says_which_revision_it_holds(house: Served) -> None:
    phone = enroll(house, open_study(house))
    address = PROTOCOL + "/held"
    assert phone.put(address, {"revision": 1}).json() == {"held_revision": 1, "revision": 1, "behind": False}
    assert faults(phone.put(address, {"revision": 7})) == [("/revision", "unknown_revision")]
    assert faults(phone.put(address, {"revision": True})) == [("/revision", "int_type")]
    with house.house.sessions.reading() as session:
        device: Any = session.row(theirs(Device, phone))
    assert (device.held_revision, device.held_at) == (1, house.clock.study())
    assert phone.get("/v1/participant/device").json()["held_revision"] == 1


def test_a_phone_tells_its_version_and_where_push_goes(house: Served) -> None:
    phone = enroll(house, open_study(house))
    address = "/v1/participant/device"
    told = phone.put(address, {"app_version": "0.9.0", "os_version": "17", "push": {"channel": "apns", "token": "opaque-address"}}).json()
    assert (told["app_version"], told["push_channel"], told["update_needed"]) == ("0.9.0", "apns", True)
    assert "opaque-address" not in str(told)
    assert phone.put(address, {"app_version": "1.0.0"}).json()["push_channel"] is None
    assert faults(phone.put(address, {"app_version": "new"})) == [("/app_version", "string_pattern_mismatch")]
    with house.house.sessions.reading() as session:
        device: Any = session.row(theirs(Device, phone))
    assert device.push_token_sealed is None
