"""Research: protocols, datasets, numbers, the audit, the rota and webhooks."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select, text, update

from api.actions.publish_protocol import publish
from models.dataset.build import build_waiting
from models.definition.load import canonical, checksum, parse
from models.errors import Conflict
from models.kinds import PromptState, Role
from models.queries.study import add_protocol_version
from models.tables import Audit, Disclosed, Enrollment, Prompt, WebhookEndpoint
from scheduler.delivery.send import _secrets
from tests.api.answering import answer, disclose
from tests.api.client import Served, StaffDoor, enroll, fresh, open_study, refusal, sign_in
from tests.build import NOW, Built, shipped

EXPORTS = "/v1/research/exports"
PURPOSE = "a test of the whole way"


@pytest.fixture
def study(house: Served) -> Built:
    return open_study(house, slug=fresh("study"))


@pytest.fixture
def ida(house: Served, study: Built) -> StaffDoor:
    return sign_in(house, study, Role.INVESTIGATOR, login=fresh("ida"))


def base(study: Built) -> str:
    return f"/v1/research/studies/{study.study_uid}"


def document(**changes) -> dict:
    return shipped().model_dump(mode="json", by_alias=True) | changes


# protocols


def test_a_check_names_every_fault_by_its_place_and_stores_nothing(house, study, ida):
    path = f"{base(study)}/protocols"
    whole = ida.post(f"{path}/check", document())
    assert whole.json() == {"publishable": True, "faults": []}
    broken = document()
    broken["designs"][0]["instrument"] = "none_such"
    broken["length_days"] = 0
    found = ida.post(f"{path}/check", broken)
    assert found.status_code == 200
    assert found.json()["publishable"] is False
    assert "/length_days" in {one["pointer"] for one in found.json()["faults"]}
    broken["length_days"] = 84
    assert any(one["pointer"].startswith("/designs/0") for one in ida.post(f"{path}/check", broken).json()["faults"])
    assert len(ida.get(path).json()["items"]) == 1


def test_a_protocol_is_published_once_and_never_changes(house, study, ida):
    path = f"{base(study)}/protocols"
    first = ida.post(f"{path}?note=second&effective_from=2026-04-01", document(version="1.1.0"))
    assert (first.status_code, first.json()["revision"], first.json()["created"]) == (201, 2, True)
    again = ida.post(path, document(version="1.1.0"))
    assert (again.status_code, again.json()["revision"], again.json()["created"]) == (200, 2, False)
    assert again.json()["effective_from"] == "2026-04-01", "the one that stands"
    listed = ida.get(path).json()["items"]
    assert [(one["revision"], one["note"]) for one in listed] == [(2, "second"), (1, None)]
    stored = ida.get(f"{path}/2")
    assert stored.headers["ETag"].strip('"') == hashlib.sha256(stored.content).hexdigest() == first.json()["checksum"]
    assert refusal(ida.get(f"{path}/9")) == (404, "not_found")


def test_other_content_needs_a_version_of_its_own_and_the_same_content_stands(house, study, ida):
    path, other = f"{base(study)}/protocols", document(length_days=70)
    for address in (path, f"{path}?preview=true"):
        refused = ida.post(address, other)
        assert refusal(refused) == (409, "version_taken")
        assert [(one["pointer"], one["rule"]) for one in refused.json()["errors"]] == [("/version", "version_taken")]
    for address in (path, f"{path}?preview=true"):
        stands = ida.post(address, document()).json()
        assert (stands["revision"], stands["created"]) == (1, False)
    assert len(ida.get(path).json()["items"]) == 1
    assert ida.post(path, document(version="1.1.0", length_days=70)).status_code == 201
    assert refusal(ida.post(path, document(version="1.1.0"))) == (409, "version_taken")


def test_of_two_that_publish_other_content_under_one_version_at_once_one_is_refused(house, study):
    together, found = Barrier(2), []

    def one(days: int) -> None:
        protocol = parse(json.dumps(document(version="1.1.0", length_days=days)).encode())
        told = {"effective_from": NOW.date(), "published_by": None, "note": None, "now": NOW}
        together.wait()
        try:
            with house.house.sessions.transaction() as session:
                found.append(str(publish(session, study_id=study.study_id, protocol=protocol, **told).revision))
        except Conflict as refused:
            found.append(refused.code)

    threads = [Thread(target=one, args=(days,)) for days in (70, 71)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["2", "version_taken"]


def test_a_study_that_has_two_revisions_under_one_version_goes_on(house, study, ida):
    path, twin = f"{base(study)}/protocols", parse(json.dumps(document(length_days=70)).encode())
    with house.house.sessions.transaction() as session:
        of_before = {"effective_from": NOW.date(), "published_by": None, "note": None, "now": NOW}
        add_protocol_version(
            session, study_id=study.study_id, name=twin.name, version=twin.version, checksum=checksum(twin), document=canonical(twin),
            **of_before,
        )  # fmt: skip
    for same, revision in ((document(), 1), (document(length_days=70), 2)):
        again = ida.post(path, same)
        assert (again.status_code, again.json()["revision"], again.json()["created"]) == (200, revision, False)
    assert refusal(ida.post(path, document(length_days=71))) == (409, "version_taken")
    assert ida.post(path, document(version="1.1.0", length_days=71)).json()["revision"] == 3


def test_a_preview_says_what_would_change_and_stores_nothing(house, study, ida):
    path = f"{base(study)}/protocols"
    changed = document(version="1.1.0")
    changed["instruments"][0]["seconds"] += 1
    changed["disclosures"] = changed["disclosures"][:-1]
    reply = ida.post(f"{path}?preview=true", changed)
    assert reply.status_code == 200, reply.text
    assert (reply.json()["preview"], reply.json()["revision"]) == (True, 2)
    changes = {(one["part"], one["id"], one["change"]) for one in reply.json()["changes"]}
    assert ("instruments", changed["instruments"][0]["id"], "changed") in changes
    assert ("settings", "version", "changed") in changes
    assert [one for one in changes if one[2] == "removed" and one[0] == "disclosures"]
    assert len(ida.get(path).json()["items"]) == 1


def test_a_protocol_with_faults_or_none_at_all_is_refused(house, study, ida):
    path = f"{base(study)}/protocols"
    refused = ida.post(path, document(length_days=0))
    assert refusal(refused) == (422, "protocol_invalid")
    assert refused.json()["errors"][0]["pointer"] == "/length_days"
    for body in ("{", '{"a":1,"a":2}', '{"a":NaN}'):
        assert refusal(ida.call("POST", path, content=body, headers={"content-type": "application/json"})) == (422, "protocol_not_json")
    assert refusal(ida.call("POST", path, content="[" * 99, headers={"content-type": "application/json"})) == (413, "protocol_too_deep")
    large = '{"a":"' + "x" * 5_000_001 + '"}'
    assert refusal(ida.call("POST", path, content=large, headers={"content-type": "application/json"}))[0] == 413
    assert refusal(ida.call("POST", path, content="{}", headers={"content-type": "text/plain"})) == (400, "not_json")


# datasets


def test_a_dataset_is_asked_for_built_and_fetched_and_all_of_it_is_written_down(house, study, ida):
    phone = enroll(house, study)
    answer(house, phone, "momentary", {"m_crave_now": 7})
    house.clock.forward(minutes=1)
    asked = ida.post(EXPORTS, {"study_id": str(study.study_uid), "release": "first", "purpose": PURPOSE})
    assert asked.status_code == 202, asked.text
    export = asked.json()
    assert export["state"] == "waiting"
    assert refusal(ida.get(f"{EXPORTS}/{export['id']}/file")) == (409, "export_not_ready")
    directory = house.house.sessions.settings.directory / "exports"
    while build_waiting(house.house.sessions, house.house.keys, directory, now=house.clock.study(), limit=5):
        continue
    ready = ida.get(f"{EXPORTS}/{export['id']}").json()
    assert ready["state"] == "ready", ready
    file = ida.get(f"{EXPORTS}/{export['id']}/file")
    assert file.status_code == 200
    assert file.headers["ETag"].strip('"') == hashlib.sha256(file.content).hexdigest() == ready["sha256"]
    assert int(file.headers["Content-Length"]) == len(file.content) == ready["bytes"]
    assert "prompts.csv" in zipfile.ZipFile(io.BytesIO(file.content)).namelist()
    dana = sign_in(house, study, Role.INVESTIGATOR, login=fresh("dana"))
    assert dana.get(f"{EXPORTS}/{export['id']}/file").status_code == 200
    with house.house.sessions.reading() as session:
        told = session.rows(select(Disclosed.recipient, Disclosed.purpose).where(Disclosed.study_id == study.study_id))
        acts = [
            row.action for row in session.rows(select(Audit.action).where(Audit.chain == str(study.study_uid)).order_by(Audit.sequence))
        ]
    assert {(row.recipient, row.purpose) for row in told} == {(one.viewer.actor, PURPOSE) for one in (ida, dana)}
    assert acts.count("export_downloaded") == 2
    assert "export_requested" in acts
    assert [one["id"] for one in ida.get(f"{EXPORTS}?study={study.study_uid}").json()["items"]] == [export["id"]]


def test_a_dataset_with_someone_who_stopped_use_is_built_again_before_it_leaves(house, study, ida):
    phone = enroll(house, study)
    answer(house, phone, "momentary", {"m_crave_now": 7})
    house.clock.forward(minutes=1)
    export = ida.post(EXPORTS, {"study_id": str(study.study_uid), "release": "first", "purpose": PURPOSE}).json()["id"]
    directory = house.house.sessions.settings.directory / "exports"
    while build_waiting(house.house.sessions, house.house.keys, directory, now=house.clock.study(), limit=5):
        continue
    with house.house.sessions.transaction() as session:
        session.execute(update(Enrollment).where(Enrollment.id == phone.invited.enrollment_id).values(consent_use=False))
    assert refusal(ida.get(f"{EXPORTS}/{export}/file")) == (409, "export_not_ready")
    assert ida.get(f"{EXPORTS}/{export}").json()["state"] == "waiting"
    while build_waiting(house.house.sessions, house.house.keys, directory, now=house.clock.study(), limit=5):
        continue
    assert ida.get(f"{EXPORTS}/{export}/file").status_code == 200


def test_what_is_no_export_request_is_refused_by_its_rules(house, study, ida):
    body = {"study_id": str(study.study_uid), "release": "first", "purpose": "brief", "formats": ["xlsx"], "tables": ["secrets"]}
    reply = ida.post(EXPORTS, body)
    assert reply.status_code in {403, 422}
    pairs = {one["pointer"] for one in ida.post(EXPORTS, {**body, "tables": []}).json()["errors"]}
    assert pairs == {"/purpose", "/formats/0"}
    dana = sign_in(house, study, Role.DATA_MANAGER, login=fresh("dana"))
    estimates = dana.post(EXPORTS, {**body, "purpose": PURPOSE, "formats": ["csv"], "tables": ["estimates"]})
    assert refusal(estimates) == (403, "forbidden"), "a data manager sees no estimates"


# numbers


def test_a_summary_counts_by_the_law_of_the_dataset(house, study, ida):
    phone, gone = enroll(house, study), enroll(house, study)
    with house.house.sessions.reading() as session:
        prompts = session.rows(
            select(Prompt.id).where(Prompt.enrollment_id == phone.invited.enrollment_id).order_by(Prompt.due_at).limit(6)
        )
    told = {"sent_at": NOW, "due_at": NOW - timedelta(hours=1), "expires_at": NOW - timedelta(minutes=1), "next_at": None}
    fates = [
        {**told, "state": PromptState.EXPIRED},
        {**told, "state": PromptState.EXPIRED},
        {**told, "state": PromptState.BLOCKED, "sent_at": None, "reason": "paused"},
        {**told, "state": PromptState.CANCELLED, "sent_at": None, "reason": "withdrawn"},
        {**told, "state": PromptState.SENT, "expires_at": NOW + timedelta(hours=1), "next_at": NOW + timedelta(hours=1)},
        {**told, "state": PromptState.SENT, "expires_at": NOW + timedelta(hours=1), "next_at": NOW + timedelta(hours=1)},
    ]
    with house.house.sessions.transaction() as session:
        for row, fate in zip(prompts, fates, strict=True):
            session.execute(update(Prompt).where(Prompt.id == row.id).values(**fate))
        session.execute(update(Enrollment).where(Enrollment.id == gone.invited.enrollment_id).values(consent_use=False))
        uid, instrument = session.row(select(Prompt.uid, Prompt.instrument).where(Prompt.id == prompts[-1].id))
    answer(house, phone, instrument, {}, prompt_id=str(uid))
    disclose(house, phone)
    said = ida.get(f"{base(study)}/summary").json()
    assert said["enrollments"]["active"] == 2
    assert (said["responses"], said["unprompted"], said["refused"]) == (2, 1, 0)
    total = said["compliance"][0]
    assert total["design"] == "(all)"
    assert {name: total[name] for name in ("planned", "not_sent", "withdrawn", "open", "denominator", "completed_on_time")} == {
        "planned": 5,
        "not_sent": 1,
        "withdrawn": 1,
        "open": 1,
        "denominator": 3,
        "completed_on_time": 1,
    }
    assert total["compliance_on_time"] == pytest.approx(1 / 3)
    assert next((one["week"], one["design"]) for one in said["weeks"]) == (1, "(all)")
    weekly = [one for one in said["weeks"] if one["design"] == "(all)"]
    assert {name: sum(one[name] for one in weekly) for name in ("planned", "denominator", "completed_on_time", "open")} == {
        name: total[name] for name in ("planned", "denominator", "completed_on_time", "open")
    }
    assert [(one["rule"], one["tier"], one["unresolved"]) for one in said["alerts"]] == [("not_safe", 4, 1)]
    dana = sign_in(house, study, Role.DATA_MANAGER, login=fresh("dana"))
    assert dana.get(f"{base(study)}/summary").json()["alerts"] is None


# the audit


def test_the_audit_is_read_page_by_page_and_verified(house, study, ida):
    alan = sign_in(house, study, Role.AUDITOR, login=fresh("alan"))
    for _ in range(3):
        ida.get(f"{base(study)}/summary")
    page = alan.get(f"{base(study)}/audit?limit=2").json()
    assert [one["action"] for one in page["items"]] == ["summary_read", "summary_read"]
    rest = alan.get(f"{base(study)}/audit?limit=2&cursor={page['next']}").json()
    assert rest["items"][0]["sequence"] == page["items"][1]["sequence"] - 1
    said = alan.get(f"{base(study)}/audit/verify").json()
    assert said["whole"] is True
    assert said["links"] >= 4
    assert said["broken"] == []


def test_a_changed_link_shows(house, study, ida):
    alan = sign_in(house, study, Role.AUDITOR, login=fresh("alan"))
    ida.get(f"{base(study)}/summary")
    ida.get(f"{base(study)}/summary")
    with house.house.sessions.transaction() as session:
        if session.dialect == "postgresql":
            session.execute(text("ALTER TABLE audit DISABLE TRIGGER ALL"))
        else:
            session.execute(text("DROP TRIGGER audit_no_update"))
        session.execute(update(Audit).where(Audit.chain == str(study.study_uid), Audit.sequence == 1).values(actor="staff:someone-else"))
    said = alan.get(f"{base(study)}/audit/verify").json()
    assert (said["whole"], said["broken"]) == (False, ["link 1 was changed"])


# rota and webhooks


def test_the_rota_is_replaced_from_now_on_and_names_only_who_may_work_alerts(house, study, ida):
    ben, dana = sign_in(house, study, Role.COORDINATOR, login=fresh("ben")), sign_in(house, study, Role.DATA_MANAGER, login=fresh("dana"))
    path = f"{base(study)}/rota"
    first = ida.put(path, {"shifts": [{"staff_id": str(ben.viewer.uid), "rung": "on_duty"}]})
    assert first.status_code == 200, first.text
    house.clock.study_now += timedelta(hours=1)
    second = ida.put(path, {"shifts": [{"staff_id": str(ida.viewer.uid), "rung": "supervisor"}]}).json()["items"]
    assert [(one["rung"], one["valid_until"] is None) for one in second] == [("supervisor", True), ("on_duty", False)]
    wrong = ida.put(path, {"shifts": [{"staff_id": str(dana.viewer.uid), "rung": "on_duty"}]})
    assert wrong.json()["errors"][0] | {"detail": ""} == {"pointer": "/shifts/0/staff_id", "rule": "works_no_alerts", "detail": ""}
    assert ben.get(path).status_code == 200


def test_a_webhook_shows_its_secret_once_and_the_sender_can_open_it(house, study, ida):
    path = f"{base(study)}/webhooks"
    made = ida.post(path, {"url": "https://hooks.example.org/in", "kinds": ["alert"]})
    assert made.status_code == 201, made.text
    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in ida.get(path).json()["items"][0]
    with house.house.sessions.reading() as session:
        row = session.row(select(WebhookEndpoint).where(WebhookEndpoint.study_id == study.study_id))
    assert row is not None
    assert _secrets(house.house.keys, row) == (made.json()["secret"],)
    assert ida.delete(f"{path}/{made.json()['id']}").status_code == 204
    assert ida.get(path).json()["items"][0]["disabled_reason"] == "removed"


@pytest.mark.parametrize(
    "url", ["http://hooks.example.org", "https://127.0.0.1/x", "https://10.0.0.7", "https://u:p@example.org", "ftp://example.org"]
)
def test_a_webhook_goes_to_a_public_https_address_only(house, study, ida, url):
    assert refusal(ida.post(f"{base(study)}/webhooks", {"url": url, "kinds": ["alert"]})) == (422, "webhook_url")


def test_a_study_has_a_bounded_number_of_webhooks(house, study, ida):
    replies = [ida.post(f"{base(study)}/webhooks", {"url": f"https://h.example.org/{n}", "kinds": ["alert"]}) for n in range(21)]
    assert [one.status_code for one in replies] == [201] * 20 + [409]
    with house.house.sessions.reading() as session:
        assert session.value(select(func.count()).where(WebhookEndpoint.study_id == study.study_id)) == 20
