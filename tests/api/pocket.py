"""A phone made of rows, what it sends, and what became of it: for tests of answers, where enrolling over the API would cost most."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from api.actions.open_sealed import open_rejected
from api.auth.device_tokens import digest_of, new_access_token
from models.ids import new_uid
from models.queries.response import lock_enrollments
from models.tables import (
    AccessToken,
    Alert,
    DecisionRow,
    RejectedSubmission,
    Response,
    RiskEstimateRow,
    RiskStateRow,
    TokenFamily,
)
from tests.api.answering import response_body
from tests.api.client import Invited, Phone, Served, theirs
from tests.build import Built, build_person

RESPONSES = "/v1/participant/responses"
WORD = "heron7531"
"""Planted where values go; no refusal may hold it."""

KEY = ec.generate_private_key(ec.SECP256R1())


def quick_phone(house: Served, study: Built) -> Phone:
    """Someone who enrolled an hour ago and has a valid token; nothing is planned."""
    now, system_now = house.clock.study(), house.clock.system()
    person = build_person(house.house.sessions, house.house.keys, study, now=now - timedelta(hours=1))
    token = new_access_token()
    mine = {"study_id": person.study_id, "enrollment_id": person.enrollment_id, "device_id": person.device_id}
    with house.house.sessions.transaction() as session:
        ends = system_now + timedelta(days=1)
        family = session.add(TokenFamily, uid=new_uid(), **mine, generation=1, created_at=system_now, ends_at=ends)
        session.add(AccessToken, digest=digest_of(token), **mine, family_id=family, issued_at=system_now, expires_at=ends)
    invited = Invited(person.enrollment_id, person.enrollment_uid, person.participant_id, person.participant_uid, person.plan_key, "")
    return Phone(house.client, token, KEY, {"enrollment_id": str(person.enrollment_uid)}, "", invited)


def send(house: Served, phone: Phone, instrument: str, answers: dict[str, Any], *, id: str | None = None, **members: Any):
    return phone.put(f"{RESPONSES}/{id or new_uid()}", response_body(house, instrument, answers, **members))


def receipt(reply) -> bytes:
    """The receipt's own bytes, as they came."""
    return reply.content.split(b',"receipt":', 1)[1]


def rows(house: Served, table, phone: Phone) -> list:
    with house.house.sessions.reading() as session:
        return list(session.rows(theirs(table, phone)))


@dataclass
class Sent:
    id: UUID
    body: bytes
    reply: Any


def put(phone: Phone, body: Any) -> Sent:
    """A body as it stands: bytes, or anything that JSON can hold."""
    id, raw = new_uid(), body if isinstance(body, bytes) else json.dumps(body).encode()
    return Sent(id, raw, phone.call("PUT", f"{RESPONSES}/{id}", content=raw, headers={"content-type": "application/json"}))


def nothing_is_stored(house: Served, phone: Phone) -> None:
    assert [len(rows(house, table, phone)) for table in (Response, DecisionRow, RiskEstimateRow, RiskStateRow)] == [0, 0, 0, 0]


def the_body_is_kept_sealed(house: Served, phone: Phone, sent: Sent, code: str) -> None:
    kept = [row for row in rows(house, RejectedSubmission, phone) if row.client_id == str(sent.id)]
    assert [row.code for row in kept] == [code]
    with house.house.sessions.transaction() as session:
        person = lock_enrollments(session, {phone.invited.enrollment_id})[phone.invited.enrollment_id]
    assert open_rejected(house.house.keys, person, kept[0]) == sent.body.decode("utf-8", "replace")
    assert WORD.encode() not in kept[0].body_sealed
    assert WORD not in str(kept[0].faults)


def told(sent: Sent, status: int) -> list[tuple[str, str]]:
    """(pointer, rule) of each fault, after checking the document's form."""
    reply = sent.reply
    assert reply.status_code == status, reply.text[:500]
    assert reply.headers["content-type"] == "application/problem+json"
    assert WORD not in reply.text
    said = reply.json()
    assert (said["status"], said["type"]) == (status, f"urn:breakwater:problem:{said['code']}")
    assert all(one.keys() == {"pointer", "rule", "detail"} for one in said.get("errors", []))
    return [(one["pointer"], one["rule"]) for one in said.get("errors", [])]


def said(**given: Any) -> dict[str, Any]:
    return {name: value if isinstance(value, dict) else {"value": value} for name, value in given.items()}


def alerts(house: Served, phone: Phone) -> list[tuple[int, str]]:
    """(tier, family) of each alert of the person."""
    return [(row.tier, row.family) for row in rows(house, Alert, phone)]
