"""One study from the first sign-in to the opened dataset, through nothing but HTTP, on both databases.

Only the worker's ticks are called by hand, so that nobody waits for them.
"""

import csv
import io
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.testclient import TestClient

from api.actions.first_run import FirstSecrets, begin, open_database
from api.actions.house_duties import house_duties
from api.app import build_house, make_app
from api.deps import House
from api.settings import ApiSettings
from models.ids import derived_uid
from models.settings import DatabaseSettings
from scheduler.timetable import TIMETABLE
from tests.build import NOW

ZONE = "America/New_York"
PASSWORD = "nine plain herons over the bay"
SCENE = {"text": "My sister and I plant beans behind her house.", "language": "en", "horizon": "week", "goal_area": "family"}


@dataclass
class World:
    """A client without credentials, and what one of its people knows."""

    client: TestClient
    first: FirstSecrets
    house: House
    token: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    def ask(self, method: str, path: str, json: Any = None, *, status: int = 200, token: str | None = None, **headers: str) -> Any:
        """The reply to a request by staff, or by whoever holds `token`; it must have this status."""
        sent = {"Authorization": f"Bearer {token or self.token}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        reply = self.client.request(method, path, json=json, headers=sent)
        assert reply.status_code == status, (method, path, reply.text[:600])
        return reply

    def uid(self) -> str:
        return str(derived_uid("journey", str(next(self.numbers))))

    def now(self) -> datetime:
        return datetime.fromisoformat(self.ask("GET", "/v1/system/clock").json()["study_now"])

    def move(self, instant: datetime) -> None:
        """Study time forward; the duties run on the way."""
        self.ask("POST", "/v1/system/clock", {"study_now": instant.isoformat()})

    def tick(self) -> None:
        """One tick of the worker beside the server."""
        for duty in TIMETABLE:
            duty.run(house_duties(self.house), now=self.house.clock.study(), system_now=self.house.clock.system())


@dataclass
class Pocket:
    """A phone."""

    world: World
    token: str
    enrollment_id: str

    def ask(self, method: str, path: str, json: Any = None, *, status: int = 200, **headers: str) -> Any:
        return self.world.ask(method, f"/v1/participant{path}", json, status=status, token=self.token, **headers)

    def answer(self, instrument: str, answers: dict[str, Any], *, status: int = 201, id: str | None = None, **members: Any) -> Any:
        now = self.world.now().isoformat()
        body = {
            "protocol_revision": 1,
            "instrument": instrument,
            "answered_at": now,
            "sent_at": now,
            "zone": ZONE,
            "answers": {item: {"value": value} for item, value in answers.items()},
            **members,
        }
        return self.ask("PUT", f"/responses/{id or self.world.uid()}", body, status=status).json()


@pytest.fixture
def world(settings: DatabaseSettings) -> Iterator[World]:
    """The first run of a rehearsal, at a fixed moment."""
    with time_machine.travel(NOW, tick=True):
        sessions, keys = open_database(settings, rehearsal=True)
        first = begin(sessions, keys, ApiSettings())
        assert first is not None
        house = build_house(sessions, keys, ApiSettings())
        with TestClient(make_app(house)) as client:
            yield World(client, first, house)
        sessions.close()


def sign_in(world: World) -> str:
    """The first account, with a password of its own. Gives the study."""
    given = {"login": world.first.login, "password": world.first.one_time_password}
    session = world.client.post("/v1/staff/session", json=given).json()
    world.token = session["token"]
    assert session["must_change"] is True
    world.ask("GET", "/v1/staff/me", status=403)
    world.ask("PUT", "/v1/staff/password", {"old": world.first.one_time_password, "new": PASSWORD}, status=204)
    (study,) = {grant["study_id"] for grant in world.ask("GET", "/v1/staff/me").json()["grants"]}
    return str(study)


def enroll(world: World, study: str) -> Pocket:
    """A person is enrolled by staff, and the phone spends the code."""
    person = {"study_id": study, "zone": ZONE, "name": "Marta Onegin", "contact": "+1 202 555 0117"}
    made = world.ask("POST", "/v1/care/participants", person, status=201).json()
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    device = {"public_key": b64encode(der).decode(), "os": "android", "os_version": "16", "app_version": "1.2.0"}
    reply = world.client.post("/v1/participant/enroll", json={"code": made["code"], "device": device, "zone": ZONE})
    assert reply.status_code == 201, reply.text
    assert reply.json()["enrollment_id"] == made["enrollment_id"]
    again = world.client.post("/v1/participant/enroll", json={"code": made["code"], "device": device, "zone": ZONE})
    assert (again.status_code, again.json()["code"]) == (410, "code_spent")
    phone = Pocket(world, reply.json()["access_token"], made["enrollment_id"])
    protocol = phone.ask("GET", "/protocol")
    assert sha256(protocol.content).hexdigest() == reply.json()["protocol"]["checksum"]
    phone.ask("PUT", "/protocol/held", {"revision": 1})
    return phone


def answer_a_prompt(world: World, phone: Pocket) -> str:
    """The next random check, answered eight minutes after it was due. Gives its id."""
    upcoming = phone.ask("GET", "/prompts").json()["upcoming"]
    prompt = next(one for one in upcoming if one["design"] == "random_checks")
    world.move(datetime.fromisoformat(prompt["due_at"]) + timedelta(minutes=8))
    (open_now,) = [one for one in phone.ask("GET", "/prompts").json()["open"] if one["id"] == prompt["id"]]
    assert open_now["state"] == "delivered"
    assert phone.ask("POST", f"/prompts/{prompt['id']}/open", {}).json()["state"] == "opened"
    drawn = dict.fromkeys(open_now["drawn_items"], 4)
    drawn.pop("m_crave_why", None)
    reply = phone.answer("momentary", {"m_crave_now": 3, "m_stress": 4, "m_where": "home", **drawn}, prompt_id=prompt["id"])
    assert (reply["receipt"]["timing"], reply["receipt"]["prompt_id"]) == ("on_time", prompt["id"])
    assert phone.ask("GET", f"/prompts/{prompt['id']}").json()["state"] == "completed"
    return str(prompt["id"])


def work_the_alert(world: World, phone: Pocket, source: str) -> str:
    """Acknowledged and resolved by a human who read what was said. Gives the alert."""
    (row,) = [one for one in world.ask("GET", "/v1/care/alerts").json()["items"] if one["tier"] == 4]
    assert (row["state"], row["enrollment_id"], row["occurrences"]) == ("open", phone.enrollment_id, 1)
    assert row["next_at"] is not None
    assert row["id"] in {one["alert_id"] for one in world.ask("GET", "/v1/care/inbox").json()["items"]}, "it rang for who is on duty"
    path = f"/v1/care/alerts/{row['id']}"
    (refused,) = world.ask("GET", f"/v1/care/participants/{phone.enrollment_id}/rejected").json()["items"]
    assert (refused["client_id"], refused["faults"]) == (source, [{"pointer": "/answers/u_before_crave/value", "rule": "out_of_range"}])
    opened = world.ask("GET", f"/v1/care/participants/{phone.enrollment_id}/rejected/{refused['id']}").json()
    assert '"safe_now": {"value": "no"}' in opened["body"].replace('"safe_now":{"value":"no"}', '"safe_now": {"value": "no"}')
    shown = world.ask("GET", path)
    world.ask("POST", f"{path}/acknowledge", {}, status=428)
    world.ask("POST", f"{path}/acknowledge", {}, status=412, If_Match='"99"')
    taken = world.ask("POST", f"{path}/acknowledge", {"note": "Called at once."}, If_Match=shown.headers["etag"])
    assert taken.json()["alert"]["state"] == "acknowledged"
    done = {"disposition": "reached_safe", "minutes_spent": 20}
    ended = world.ask("POST", f"{path}/resolve", done, If_Match=taken.headers["etag"]).json()
    assert (ended["alert"]["state"], ended["alert"]["disposition"], ended["alert"]["next_at"]) == ("resolved", "reached_safe", None)
    names = [event["name"] for event in ended["events"]]
    assert (names[0], names[-1]) == ("opened", "resolved")
    return str(row["id"])


def export(world: World, study: str) -> zipfile.ZipFile:
    """The dataset, asked for, built by its duty and fetched."""
    wanted = {"study_id": study, "release": "first", "purpose": "Rehearsal of the whole way of the data."}
    asked = world.ask("POST", "/v1/research/exports", wanted, status=202).json()
    path = f"/v1/research/exports/{asked['id']}"
    world.tick()
    ready = world.ask("GET", path).json()
    assert ready["state"] == "ready", ready
    file = world.ask("GET", f"{path}/file")
    assert sha256(file.content).hexdigest() == ready["sha256"] == file.headers["etag"].strip('"')
    archive = zipfile.ZipFile(io.BytesIO(file.content))
    assert archive.testzip() is None
    return archive


def rows(archive: zipfile.ZipFile, table: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read(f"{table}.csv").decode())))


def leave(world: World, phone: Pocket) -> None:
    """Whoever leaves is asked no more, and help stays open."""
    phone.ask("POST", "/leave", {"how": "stop_collection"})
    phone.answer("craving", {"m_crave_now": 2}, status=410)
    world.move(world.now() + timedelta(hours=2))
    phone.ask("GET", "/prompts", status=410)
    wanted = {"client_id": world.uid(), "kind": "unsafe", "at": world.now().isoformat()}
    assert phone.ask("POST", "/help-requests", wanted, status=201).json()["screen"] == "crisis"
    states = [one["state"] for one in world.ask("GET", "/v1/care/alerts").json()["items"] if one["tier"] == 4]
    assert sorted(states) == ["open", "resolved"]


def test_a_study_from_the_first_sign_in_to_the_opened_dataset(world: World):
    study = sign_in(world)
    phone = enroll(world, study)

    answer_a_prompt(world, phone)

    phone.ask("PUT", f"/scenes/{world.uid()}", SCENE, status=201)
    report = phone.answer("craving", {"m_crave_now": 9, "m_stress": 3})
    content = report["decision"]["content"]
    assert (content["kind"], content["scene"]["text"]) == ("future_scene", SCENE["text"])
    assert report["decision"]["reading"]["text"]
    decision = phone.ask("GET", f"/responses/{report['receipt']['id']}/decision").json()
    assert (decision["status"], decision["content"]) == ("decided", content)

    source = world.uid()
    refused = phone.answer("use", {"safe_now": "no", "u_before_crave": 99}, status=422, id=source)
    assert [(one["pointer"], one["rule"]) for one in refused["errors"]] == [("/answers/u_before_crave/value", "out_of_range")]
    alert = work_the_alert(world, phone, source)

    world.move(world.now() + timedelta(hours=30))
    archive = export(world, study)
    people = rows(archive, "participants")
    answered = [row for row in rows(archive, "prompts") if row["state"] == "completed"]
    missed = [row for row in rows(archive, "prompts") if row["state"] == "expired"]
    assert len(people) == 1, "the person of the first run never came"
    assert len(answered) == 1
    assert missed, "a missed prompt is a row"
    decisions = rows(archive, "decisions")
    assert len(decisions) == 2
    assert "your_scene" in {row["content"] for row in decisions}
    assert len(rows(archive, "estimates")) == 2
    assert [(row["tier"], row["disposition"]) for row in rows(archive, "alerts") if row["tier"] == "4"] == [("4", "reached_safe")]
    whole = b"".join(archive.read(name) for name in archive.namelist())
    for told in ("Marta Onegin", "555 0117", SCENE["text"], phone.enrollment_id, alert, "Called at once"):
        assert told.encode() not in whole, "what identifies stays here"

    chain = world.ask("GET", f"/v1/research/studies/{study}/audit/verify").json()
    assert (chain["whole"], chain["broken"]) == (True, [])
    acts = {one["action"] for one in world.ask("GET", f"/v1/research/studies/{study}/audit?limit=200").json()["items"]}
    assert {"enrolled", "device_enrolled", "rejected_opened", "export_requested"} <= acts

    leave(world, phone)
