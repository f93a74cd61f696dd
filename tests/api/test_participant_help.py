"""Help: readable in every state of the house, and a human at once."""

from datetime import UTC, datetime

from sqlalchemy import text

from models.ids import new_uid
from models.kinds import AlertState
from models.queries.audit import broken_links
from models.tables import Alert, AlertEvent
from tests.api.client import Phone, Served, enroll, faults, open_study, refusal, theirs

HELP = "/v1/participant/help"
ASK = "/v1/participant/help-requests"


def _ask(phone: Phone, kind: str, client_id: str | None = None):
    return phone.post(ASK, {"client_id": client_id or str(new_uid()), "kind": kind, "at": "2026-03-04T15:00:00Z"})


def test_the_help_screen_is_held_by_its_tag(house: Served) -> None:
    phone = enroll(house, open_study(house))
    reply = phone.get(HELP)
    screen = reply.json()
    assert {"emergency", "crisis_line"} <= {one["id"] for one in screen["contacts"]}
    assert screen["naloxone_steps"]
    assert screen["crisis"]
    assert "{by}" in screen["somebody_reading"]
    assert screen["staffed"]["hours"]
    tag = reply.headers["etag"]
    assert tag.endswith('.en"')
    held = phone.get(HELP, headers={"If-None-Match": f'"other", W/{tag}'})
    assert (held.status_code, held.content, held.headers["etag"]) == (304, b"", tag)
    assert phone.get(HELP + "?language=xx").headers["etag"] == tag


def test_whoever_names_the_protocol_may_read_its_help(house: Served) -> None:
    phone = enroll(house, open_study(house))
    checksum = phone.enrolled["protocol"]["checksum"]
    reply = house.client.get(f"/v1/help/{checksum}")
    assert reply.json() == phone.get(HELP).json()
    assert "immutable" in reply.headers["cache-control"]
    assert refusal(house.client.get(f"/v1/help/{'0' * 64}")) == (404, "not_found")
    assert house.client.get("/v1/help/nothing").status_code == 422


def test_help_works_while_the_estimators_tables_are_gone(served: Served) -> None:
    phone = enroll(served, open_study(served))
    with served.house.sessions.transaction() as session:
        for table in ("risk_snapshot", "risk_state", "proximal_outcome"):
            session.execute(text(f"DROP TABLE {table}"))
    assert phone.get(HELP).status_code == 200
    assert _ask(phone, "unsafe").status_code == 201


def test_an_overdose_reaches_tier_four_at_once_and_only_once(house: Served) -> None:
    study = open_study(house)
    phone = enroll(house, study)
    client_id = str(new_uid())
    reply = _ask(phone, "overdose", client_id)
    assert reply.status_code == 201
    assert reply.json()["screen"] == "crisis"
    assert reply.json()["naloxone_steps"]
    assert reply.json()["reading"]["somebody"] is True
    assert "{by}" not in reply.json()["reading"]["text"]
    assert _ask(phone, "overdose", client_id).json() == reply.json()
    with house.house.sessions.reading() as session:
        alert = session.row(theirs(Alert, phone))
        assert alert is not None
        assert (alert.tier, alert.family, alert.state, alert.occurrences) == (4, "help_overdose", AlertState.OPEN, 1)
    assert _ask(phone, "overdose").status_code == 201
    with house.house.sessions.reading() as session:
        assert session.value(theirs(Alert, phone, Alert.occurrences)) == 2
        names = [row.name for row in session.rows(theirs(AlertEvent, phone))]
        assert list(broken_links(session, house.house.keys, str(study.study_uid))) == []
    assert (names.count("opened"), names.count("occurred")) == (1, 1)


def test_asking_for_contact_says_plainly_that_nobody_is_reading(house: Served) -> None:
    house.clock.study_now = datetime(2026, 3, 7, 3, 0, tzinfo=UTC)
    phone = enroll(house, open_study(house))
    reading = _ask(phone, "contact").json()["reading"]
    assert reading["somebody"] is False
    assert reading["by"].startswith("2026-03-")
    assert "No one is reading this right now" in reading["text"]
    with house.house.sessions.reading() as session:
        assert session.value(theirs(Alert, phone, Alert.tier)) == 2


def test_help_is_never_limited_paused_or_closed_to_who_has_left(house: Served) -> None:
    phone = enroll(house, open_study(house))
    phone.post("/v1/participant/pause", {})
    assert all(_ask(phone, "unsafe").status_code == 201 for _ in range(12))
    phone.post("/v1/participant/leave", {"how": "stop_collection"})
    assert phone.get(HELP).status_code == 200
    assert _ask(phone, "unsafe").status_code == 201
    with house.house.sessions.reading() as session:
        assert session.value(theirs(Alert, phone, Alert.occurrences)) == 13


def test_a_request_for_help_is_checked(house: Served) -> None:
    phone = enroll(house, open_study(house))
    assert faults(_ask(phone, "pizza")) == [("/kind", "literal_error")]
    assert faults(phone.post(ASK, {"client_id": 1, "kind": "contact", "at": 0})) == [("/client_id", "uuid_type"), ("/at", "not_an_instant")]
    assert refusal(house.client.post(ASK, json={})) == (401, "token_missing")
