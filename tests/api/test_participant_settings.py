"""What a person sets: zone, wake windows, pauses, leaving."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models.ids import new_uid
from models.kinds import EnrollmentState, PromptState
from models.queries.audit import broken_links
from models.tables import Consent, Device, Enrollment, ListEntry, Participant, Prompt, SceneVersion, WakeHistory, ZoneHistory
from tests.api.client import Phone, Served, enroll, faults, invite, open_study, refusal, theirs

ME = "/v1/participant"
LATE = {"weekday": {"start": "13:00", "end": "03:00"}, "weekend": {"start": "14:00", "end": "04:00"}}


def _prompts(served: Served, phone: Phone, *states: PromptState) -> list[Any]:
    with served.house.sessions.reading() as session:
        return list(
            session.rows(
                select(Prompt).where(Prompt.enrollment_id == phone.invited.enrollment_id, Prompt.state.in_(states)).order_by(Prompt.due_at)
            )
        )


def _person(served: Served, phone: Phone) -> Any:
    with served.house.sessions.reading() as session:
        return session.row(select(Enrollment).where(Enrollment.id == phone.invited.enrollment_id))


def test_a_move_replans_from_now_and_is_kept_in_the_history(house: Served) -> None:
    phone = enroll(house, open_study(house))
    before = {row.uid: row.due_at for row in _prompts(house, phone, PromptState.PLANNED)}
    house.clock.forward(minutes=5)
    body = {"zone": "Europe/Berlin", "changed_at": house.clock.study().isoformat()}
    assert phone.put(f"{ME}/zone", body).json() == {"zone": "Europe/Berlin", "changed": True}
    assert phone.put(f"{ME}/zone", body).json()["changed"] is False
    after = {row.uid: row for row in _prompts(house, phone, PromptState.PLANNED)}
    assert {row.zone for row in after.values()} == {"Europe/Berlin"}
    assert any(before[uid] != row.due_at for uid, row in after.items() if uid in before)
    with house.house.sessions.reading() as session:
        zones = session.rows(theirs(ZoneHistory, phone))
    assert [(row.zone, row.valid_from) for row in zones][1:] == [("Europe/Berlin", house.clock.study())]
    assert faults(phone.put(f"{ME}/zone", {**body, "zone": "Europe/Atlantis"})) == [("/zone", "zone_unknown")]
    later = {"zone": "Asia/Tokyo", "changed_at": (house.clock.study() + timedelta(hours=1)).isoformat()}
    assert faults(phone.put(f"{ME}/zone", later)) == [("/changed_at", "in_the_future")]


def test_wake_windows_change_from_a_day_that_has_not_begun(house: Served) -> None:
    phone = enroll(house, open_study(house))
    today = [row.due_at for row in _prompts(house, phone, PromptState.PLANNED) if row.slot_date == date(2026, 3, 4)]
    reply = phone.put(f"{ME}/wake-windows", LATE)
    assert reply.json() == {"wake_windows": LATE, "valid_from": "2026-03-05"}
    rows = _prompts(house, phone, PromptState.PLANNED)
    assert [row.due_at for row in rows if row.slot_date == date(2026, 3, 4)] == today
    assert min(row.local_due[11:16] for row in rows if row.slot_date == date(2026, 3, 5) and row.local_due[:10] == "2026-03-05") >= "13:00"
    house.clock.study_now = datetime(2026, 3, 6, 10, 0, tzinfo=UTC)
    assert phone.put(f"{ME}/wake-windows", LATE).json()["valid_from"] == "2026-03-06"
    with house.house.sessions.reading() as session:
        assert [row.valid_from.day for row in session.rows(theirs(WakeHistory, phone))] == [4, 5, 6]


@pytest.mark.parametrize(("left", "valid_from"), [(18, "2026-03-10"), (20, "2026-03-11")])
def test_a_date_that_comes_again_on_a_journey_keeps_the_windows_that_it_began_with(house: Served, left: int, valid_from: str) -> None:
    """In Apia March 10 is awake from 19:00 UTC on; in New York it is still the 9th then."""
    phone = enroll(house, open_study(house), zone="Pacific/Apia")
    house.clock.study_now = datetime(2026, 3, 9, left, 0, tzinfo=UTC)
    assert phone.put(f"{ME}/zone", {"zone": "America/New_York", "changed_at": house.clock.study().isoformat()}).json()["changed"]
    assert phone.put(f"{ME}/wake-windows", LATE).json()["valid_from"] == valid_from


def test_wake_windows_keep_the_bounds_of_the_protocol(house: Served) -> None:
    phone = enroll(house, open_study(house))
    short, long = {"start": "08:00", "end": "12:00"}, {"start": "08:00", "end": "08:00"}
    reply = phone.put(f"{ME}/wake-windows", {"weekday": short, "weekend": long})
    assert faults(reply) == [("/weekday", "window_length"), ("/weekend", "window_length")]
    assert faults(phone.put(f"{ME}/wake-windows", {"weekday": {"start": "8", "end": "20:00"}, "weekend": LATE["weekend"]})) == [
        ("/weekday/start", "string_pattern_mismatch")
    ]
    assert _person(house, phone).wake_windows["weekday"]["start"] == "08:00"


def test_a_pause_silences_prompts_and_ends_by_itself_or_at_once(house: Served) -> None:
    phone = enroll(house, open_study(house))
    planned = len(_prompts(house, phone, PromptState.PLANNED))
    assert phone.get(f"{ME}/pause").json() == {"paused": False, "since": None, "until": None, "reason": None}
    paused = phone.post(f"{ME}/pause", {"hours": 24, "reason": "rest"}).json()
    assert (paused["paused"], paused["until"], paused["reason"]) == (True, "2026-03-05T15:00:00Z", "rest")
    assert all(row.due_at >= datetime(2026, 3, 5, 15, tzinfo=UTC) for row in _prompts(house, phone, PromptState.PLANNED))
    assert {row.reason for row in _prompts(house, phone, PromptState.BLOCKED)} == {"paused"}
    forever = phone.post(f"{ME}/pause", {}).json()
    assert (forever["paused"], forever["until"]) == (True, None)
    assert _prompts(house, phone, PromptState.PLANNED) == []
    house.clock.forward(days=400)
    assert _person(house, phone).paused_until > house.clock.study()
    house.clock.forward(days=-400)
    assert phone.post(f"{ME}/resume").json()["paused"] is False
    assert phone.post(f"{ME}/resume").json()["paused"] is False
    assert _person(house, phone).paused_until is None
    assert len(_prompts(house, phone, PromptState.PLANNED)) == planned


def test_a_pause_that_cannot_be_is_refused(house: Served) -> None:
    phone = enroll(house, open_study(house))
    now = house.clock.study()
    for until in (now, now - timedelta(hours=1), now + timedelta(days=367)):
        assert faults(phone.post(f"{ME}/pause", {"until": until.isoformat()})) == [("/until", "out_of_range")]
    both = {"until": (now + timedelta(hours=1)).isoformat(), "hours": 1}
    assert faults(phone.post(f"{ME}/pause", both)) == [("/hours", "one_of_two")]
    assert faults(phone.post(f"{ME}/pause", {"hours": 1.5})) == [("/hours", "int_type")]
    assert faults(phone.post(f"{ME}/pause", {"reason": "I went to buy"})) == [("/reason", "literal_error")]


def _leave(phone: Phone, how: str) -> Any:
    reply = phone.post(f"{ME}/leave", {"how": how})
    assert reply.status_code == 200, reply.text
    assert reply.json()["done"]
    return reply.json()


def _consents(served: Served, phone: Phone) -> list[tuple[str, bool, str]]:
    with served.house.sessions.reading() as session:
        return [(row.scope, row.given, row.leaving) for row in session.rows(theirs(Consent, phone))]


def test_leaving_by_pausing_silences_until_the_person_resumes(house: Served) -> None:
    phone = enroll(house, open_study(house))
    assert _leave(phone, "pause_prompts") == _leave(phone, "pause_prompts")
    assert _prompts(house, phone, PromptState.PLANNED) == []
    assert _consents(house, phone) == [("prompts", False, "pause_prompts")]
    assert _person(house, phone).state == EnrollmentState.ACTIVE
    assert phone.post(f"{ME}/resume").json()["paused"] is False
    assert _prompts(house, phone, PromptState.PLANNED) != []


def test_stopping_collection_calls_off_what_waits_and_leaves_help_and_own_data(house: Served) -> None:
    phone = enroll(house, open_study(house))
    _leave(phone, "stop_collection")
    house.clock.forward(minutes=1)
    _leave(phone, "stop_collection")
    person = _person(house, phone)
    assert (person.state, person.consent_collect, person.consent_use) == (EnrollmentState.WITHDRAWN, False, True)
    assert person.ended_at == house.clock.study() - timedelta(minutes=1)
    assert _prompts(house, phone, PromptState.PLANNED) == []
    assert _prompts(house, phone, PromptState.CANCELLED) != []
    assert _consents(house, phone) == [("collect", False, "stop_collection")]
    for method, path, body in (
        ("GET", "prompts", None),
        ("GET", "protocol", None),
        ("POST", "pause", {}),
        ("PUT", f"events/{new_uid()}", {"kind": "use", "happened_at": "2026-03-04T10:00:00Z"}),
        ("PUT", "zone", {"zone": "Asia/Tokyo", "changed_at": "2026-03-04T10:00:00Z"}),
    ):
        assert refusal(phone.call(method, f"{ME}/{path}", body)) == (410, "collection_stopped")
    for path in ("help", "me", "me/responses", "me/access", "me/consents"):
        assert phone.get(f"{ME}/{path}").status_code == 200
    assert phone.refresh().status_code == 200


def test_stopping_use_is_marked_on_the_person_and_collects_on(house: Served) -> None:
    phone = enroll(house, open_study(house))
    said = _leave(phone, "stop_use")
    assert any("dataset" in one for one in said["done"])
    _leave(phone, "stop_use")
    person = _person(house, phone)
    assert (person.state, person.consent_use) == (EnrollmentState.ACTIVE, False)
    assert _consents(house, phone) == [("use", False, "stop_use")]


def test_erasing_destroys_the_key_and_signs_every_phone_out(house: Served) -> None:
    study = open_study(house)
    phone, other = enroll(house, study), enroll(house, study)
    phone.put(f"{ME}/lists/reminders/{new_uid()}", {"label": "the station", "kind": "place"})
    scene = {"text": "I stand in my own kitchen.", "language": "en", "horizon": "month"}
    phone.put(f"{ME}/scenes/{new_uid()}", scene)
    _leave(phone, "erase_identifiers")
    with house.house.sessions.reading() as session:
        gone = session.row(select(Participant).where(Participant.id == phone.invited.participant_id))
        kept = session.row(select(Participant).where(Participant.id == other.invited.participant_id))
        assert gone is not None
        assert kept is not None
        assert (gone.data_key, gone.name_sealed, gone.contact_sealed, gone.contact_index) == (None, None, None, None)
        assert gone.erased_at == house.clock.study()
        assert kept.data_key is not None
        assert session.value(theirs(ListEntry, phone, ListEntry.label_sealed)) == b""
        assert session.value(theirs(SceneVersion, phone, SceneVersion.text_sealed)) == b""
        devices = [session.row(theirs(Device, whose)) for whose in (phone, other)]
        assert [row is not None and row.revoked_at is None for row in devices] == [False, True]
        assert list(broken_links(session, house.house.keys, str(study.study_uid))) == []
    person = _person(house, phone)
    assert (person.state, person.consent_contact) == (EnrollmentState.WITHDRAWN, False)
    assert refusal(phone.get(f"{ME}/me")) == (401, "token_ended")
    assert refusal(phone.refresh()) == (410, "family_revoked")
    assert other.get(f"{ME}/me").status_code == 200
    assert _consents(house, phone) == [("erase", False, "erase_identifiers")]


def test_erasing_reaches_every_study_of_the_person(house: Served) -> None:
    first, second = open_study(house), open_study(house)
    phone = enroll(house, first)
    elsewhere = enroll(house, second, invited=invite(house, second, participant_id=phone.invited.participant_id))
    _leave(phone, "erase_identifiers")
    assert refusal(elsewhere.get(f"{ME}/me")) == (401, "token_ended")
    assert _person(house, elsewhere).state == EnrollmentState.WITHDRAWN


def test_leaving_takes_one_of_four_ways(house: Served) -> None:
    phone = enroll(house, open_study(house))
    assert faults(phone.post(f"{ME}/leave", {"how": "slam_the_door"})) == [("/how", "enum")]
    assert faults(phone.post(f"{ME}/leave", {})) == [("/how", "missing")]
