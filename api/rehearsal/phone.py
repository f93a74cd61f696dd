"""A phone as the server sees one: a key of its own, tokens, and requests over HTTP."""

import base64
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

APP_VERSION = "1.0.0"


class Refused(Exception):
    """The server answered with a problem document."""

    def __init__(self, status: int, code: str, places: tuple[str, ...]) -> None:
        super().__init__(f"{status} {code} {', '.join(places)}".strip())
        self.status, self.code, self.places = status, code, places


class Phone:
    """One enrolled device. All requests go over one client that the caller owns."""

    def __init__(self, client: httpx.Client, zone: str) -> None:
        self._client = client
        self._zone = zone
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._token = ""

    def enroll(self, code: str) -> None:
        """Spends a code; the phone holds its tokens from then on."""
        public = self._key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        device = {"public_key": base64.b64encode(public).decode(), "os": "other", "os_version": None, "app_version": APP_VERSION}
        body = {"code": code, "device": device, "zone": self._zone}
        self._token = _said(self._client.post("/v1/participant/enroll", json=body))["access_token"]

    def respond(
        self, response_id: UUID, *, revision: int, instrument: str, answers: dict[str, Any], at: datetime
    ) -> tuple[bool, dict[str, Any]]:
        """Whether the response was stored now, and the reply. Raises Refused."""
        body = {
            "protocol_revision": revision,
            "instrument": instrument,
            "answered_at": at.isoformat(),
            "sent_at": at.isoformat(),
            "zone": self._zone,
            "answers": {item: {"value": value} for item, value in answers.items()},
        }
        reply = self._client.put(f"/v1/participant/responses/{response_id}", json=body, headers={"Authorization": f"Bearer {self._token}"})
        return reply.status_code == 201, _said(reply)


def _said(reply: httpx.Response) -> dict[str, Any]:
    document: dict[str, Any] = reply.json()
    if reply.is_success:
        return document
    places = tuple(f"{one['pointer']}:{one['rule']}" for one in document.get("errors", ()))
    raise Refused(reply.status_code, str(document.get("code")), places)
