"""A running house for tests of the doors: a study, staff who are signed in, and phones that hold real keys."""

from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Select, select
from starlette.testclient import TestClient

from api.auth.codes import LOOKUP_LENGTH, SECRET_LENGTH
from api.deps import House
from models.access import Viewer
from models.base import Base
from models.definition.load import canonical, checksum
from models.definition.protocol import Protocol
from models.ids import new_code, new_key, new_token, new_uid
from models.kinds import EnrollmentState, Role
from models.queries.study import add_protocol_version, add_study
from models.sealed import place, wrap
from models.tables import Enrollment, EnrollmentCode, Participant, StaffSession
from tests.build import NOW, WAKE, Built, build_staff, shipped

ZONE = "America/New_York"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@dataclass
class HandClock:
    """Both clocks, moved by hand and apart from each other."""

    study_now: datetime = NOW
    system_now: datetime = NOW

    def study(self) -> datetime:
        return self.study_now

    def system(self) -> datetime:
        return self.system_now

    def forward(self, **delta: float) -> datetime:
        """Moves both clocks on."""
        self.study_now += timedelta(**delta)
        self.system_now += timedelta(**delta)
        return self.study_now


@dataclass
class Served:
    """A house and a client that talks to its app without a credential."""

    house: House
    client: TestClient
    clock: HandClock


@dataclass
class Door:
    """A client with a bearer token."""

    client: TestClient
    token: str

    def call(self, method: str, path: str, json: Any = None, *, headers: Mapping[str, str] | None = None, **more: Any) -> Any:
        return self.client.request(method, path, json=json, headers={"Authorization": f"Bearer {self.token}", **(headers or {})}, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.call("GET", path, **more)

    def put(self, path: str, json: Any = None, **more: Any) -> Any:
        return self.call("PUT", path, json, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Any:
        return self.call("POST", path, json, **more)

    def patch(self, path: str, json: Any = None, **more: Any) -> Any:
        return self.call("PATCH", path, json, **more)

    def delete(self, path: str, **more: Any) -> Any:
        return self.call("DELETE", path, **more)


@dataclass
class StaffDoor(Door):
    viewer: Viewer


@dataclass
class Invited:
    """An enrollment that waits for its phone."""

    enrollment_id: int
    enrollment_uid: UUID
    participant_id: int
    participant_uid: UUID
    plan_key: bytes
    code: str


@dataclass
class Phone(Door):
    """An enrolled device with its private key."""

    key: ec.EllipticCurvePrivateKey
    enrolled: dict[str, Any]
    refresh_token: str
    invited: Invited
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def enrollment_uid(self) -> str:
        return str(self.enrolled["enrollment_id"])

    def proof(self, rotation_id: str, refresh_token: str | None = None) -> str:
        message = b"\n".join([b"breakwater-refresh", rotation_id.encode(), (refresh_token or self.refresh_token).encode()])
        return urlsafe_b64encode(self.key.sign(message, ec.ECDSA(hashes.SHA256()))).decode()

    def refresh(self, rotation_id: str | None = None, refresh_token: str | None = None) -> Any:
        """Asks for new tokens and keeps them where they come."""
        rotation_id, token = rotation_id or str(new_uid()), refresh_token or self.refresh_token
        body = {"refresh_token": token, "rotation_id": rotation_id, "proof": self.proof(rotation_id, token)}
        reply = self.client.post("/v1/participant/token", json=body)
        if reply.status_code == 200:
            self.token, self.refresh_token = reply.json()["access_token"], reply.json()["refresh_token"]
        return reply


@lru_cache(maxsize=1)
def _shipped() -> tuple[Protocol, bytes, str]:
    protocol = shipped()
    return protocol, canonical(protocol), checksum(protocol)


_numbers = count(1)


def fresh(name: str) -> str:
    """A name that no other test of this run uses, for tests that share a house."""
    return f"{name}{next(_numbers)}"


def open_study(served: Served, protocol: Protocol | None = None, *, slug: str | None = None) -> Built:
    """A study with one published protocol; the shipped one unless told otherwise."""
    chosen, document, digest = (protocol, canonical(protocol), checksum(protocol)) if protocol is not None else _shipped()
    now = served.clock.study()
    with served.house.sessions.transaction() as session:
        study_id, study_uid = add_study(session, slug=slug or fresh("study"), title="A study", zone=ZONE, synthetic=False, now=now)
        version_id, _, _ = add_protocol_version(
            session,
            study_id=study_id,
            name=chosen.name,
            version=chosen.version,
            checksum=digest,
            document=document,
            effective_from=now.date(),
            published_by=None,
            note=None,
            now=now,
        )
    return Built(study_id, study_uid, version_id, chosen)


def sign_in(served: Served, study: Built, *roles: Role, login: str = "staff", attested: bool = True) -> StaffDoor:
    """Staff with these roles in the study, signed in."""
    viewer = build_staff(served.house.sessions, study, *roles, login=login, attested=attested, now=served.clock.study())
    token, now = new_token("bws"), served.clock.system()
    with served.house.sessions.transaction() as session:
        session.add(
            StaffSession,
            digest=sha256(token.encode()).digest(),
            staff_id=viewer.staff_id,
            created_at=now,
            last_used_at=now,
            ends_at=now + timedelta(hours=12),
        )
    return StaffDoor(served.client, token, viewer)


def invite(served: Served, study: Built, *, zone: str = ZONE, **columns: Any) -> Invited:
    """A participant with an enrollment and a code, as staff would have made them."""
    keys, now = served.house.keys, served.clock.study()
    participant_uid, enrollment_uid, plan_key = new_uid(), new_uid(), new_key()
    with served.house.sessions.transaction() as session:
        participant_id = session.add(
            Participant,
            uid=participant_uid,
            data_key=wrap(keys, new_key(), place("participant", "data_key", str(participant_uid))),
            key_id=keys.key_id,
            created_at=now,
        )
        values: dict[str, Any] = {
            "uid": enrollment_uid,
            "study_id": study.study_id,
            "participant_id": participant_id,
            "protocol_version_id": study.version_id,
            "state": EnrollmentState.INVITED,
            "plan_key": wrap(keys, plan_key, place("enrollment", "plan_key", str(enrollment_uid))),
            "randomization_key": wrap(keys, new_key(), place("enrollment", "randomization_key", str(enrollment_uid))),
            "key_id": keys.key_id,
            "zone": zone,
            "wake_windows": WAKE,
            "synthetic": False,
            "created_at": now,
        }
        enrollment_id = session.add(Enrollment, **{**values, **columns})
    invited = Invited(enrollment_id, enrollment_uid, participant_id, participant_uid, plan_key, "")
    invited.code = new_enrollment_code(served, study, invited)
    return invited


def new_enrollment_code(served: Served, study: Built, invited: Invited) -> str:
    """Another code for the same enrollment: a new phone. Hashed at little cost, so that tests are fast."""
    lookup, secret, now = new_code(LOOKUP_LENGTH), new_code(SECRET_LENGTH), served.clock.system()
    with served.house.sessions.transaction() as session:
        session.add(
            EnrollmentCode,
            study_id=study.study_id,
            enrollment_id=invited.enrollment_id,
            lookup=lookup,
            secret_hash=QUICK.hash(secret),
            expires_at=now + timedelta(hours=served.house.settings.code_hours),
            issued_at=now,
        )
    return f"{lookup}-{secret}"


def device_body(key: ec.EllipticCurvePrivateKey, **changes: Any) -> dict[str, Any]:
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {"public_key": b64encode(der).decode(), "os": "android", "os_version": "16", "app_version": "1.2.0", **changes}


def enroll(served: Served, study: Built, *, zone: str = ZONE, invited: Invited | None = None, **columns: Any) -> Phone:
    """A phone with a valid token, enrolled over the API."""
    invited = invited or invite(served, study, zone=zone, **columns)
    key = ec.generate_private_key(ec.SECP256R1())
    body = {"code": invited.code, "device": device_body(key), "zone": zone}
    reply = served.client.post("/v1/participant/enroll", json=body)
    assert reply.status_code == 201, reply.text
    given = reply.json()
    assert b64decode(given["plan_key"]) == invited.plan_key
    return Phone(served.client, given["access_token"], key, given, given["refresh_token"], invited)


def refusal(reply: Any) -> tuple[int, str]:
    """Status and code of a refusal, which is a problem document."""
    assert reply.headers["content-type"] == "application/problem+json", reply.text
    return reply.status_code, reply.json()["code"]


def faults(reply: Any) -> list[tuple[str, str]]:
    """(pointer, rule) of each broken rule."""
    assert reply.status_code == 422, reply.text
    return [(one["pointer"], one["rule"]) for one in reply.json()["errors"]]


def theirs(table: type[Base], whose: Phone | Invited, *columns: Any) -> Select[Any]:
    """The rows of one person in a table, in the order in which they were written; only some columns where they are named."""
    invited = whose.invited if isinstance(whose, Phone) else whose
    cells = table.__table__.c
    return select(*(columns or [table])).where(cells.enrollment_id == invited.enrollment_id).order_by(cells.id)
