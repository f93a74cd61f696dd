"""The phone of a simulated person: its key, its tokens, and requests that find their way although tokens end."""

import base64
from collections.abc import Collection, Mapping
from typing import Any, Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from api.rehearsal.wire import Reply, Wire

APP_VERSION: Final = "1.0.0"
SYSTEMS: Final = ("android", "ios")
UNAUTHENTICATED: Final = 401


class Handset:
    """One enrolled device. Everything it sends carries the person's number into the record, and no name."""

    def __init__(self, wire: Wire, number: int) -> None:
        self.wire, self.number = wire, number
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._access = self._refresh = ""
        self._rotations = 0
        self.signed_out = False

    def enroll(self, code: str, zone: str) -> dict[str, Any]:
        """Spends a code and keeps the tokens; gives what the server told."""
        device = {
            "public_key": base64.b64encode(self._public()).decode(),
            "os": SYSTEMS[self.number % len(SYSTEMS)],
            "os_version": "17",
            "app_version": APP_VERSION,
        }
        body = {"code": code, "device": device, "zone": zone}
        reply = self.wire.call("POST", "/v1/participant/enroll", body=body, expect=(201,), person=self.number)
        told: dict[str, Any] = reply.json()
        self._keep(told)
        return told

    def call(
        self,
        method: str,
        route: str,
        *,
        ids: Mapping[str, str] | None = None,
        body: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = (200, 201, 204),
    ) -> Reply:
        """The reply; where the access token has ended, after a refresh and once more. `route` is below the participant's door."""
        place = f"/v1/participant{route}"
        first = expect if self.signed_out or UNAUTHENTICATED in expect else (*expect, UNAUTHENTICATED)
        reply = self.wire.call(
            method, place, ids=ids, token=self._access, body=body, raw=raw, headers=headers, expect=first, person=self.number
        )
        if reply.status != UNAUTHENTICATED or self.signed_out or UNAUTHENTICATED in expect:
            return reply
        self.refresh()
        return self.wire.call(
            method, place, ids=ids, token=self._access, body=body, raw=raw, headers=headers, expect=expect, person=self.number
        )

    def refresh(self, *, lost_reply: bool = False) -> None:
        """New tokens against the old ones and a signature. `lost_reply`: the first reply is lost, so the same rotation is asked again."""
        self._rotations += 1
        rotation = f"{self.number:08x}-0000-4000-8000-{self._rotations:012x}"
        body = {"refresh_token": self._refresh, "rotation_id": rotation, "proof": self._proof(rotation)}
        reply = self.wire.call("POST", "/v1/participant/token", body=body, expect=(200,), person=self.number)
        if lost_reply:
            reply = self.wire.call("POST", "/v1/participant/token", body=body, expect=(200,), person=self.number)
        self.wire.record.act("token_refresh", self.number)
        if reply.ok:
            self._keep(reply.json())

    def _keep(self, told: Mapping[str, Any]) -> None:
        self._access, self._refresh = told["access_token"], told["refresh_token"]

    def _public(self) -> bytes:
        return self._key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def _proof(self, rotation: str) -> str:
        signed = self._key.sign(f"breakwater-refresh\n{rotation}\n{self._refresh}".encode(), ec.ECDSA(hashes.SHA256()))
        return base64.urlsafe_b64encode(signed).decode()
