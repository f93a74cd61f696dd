"""What every phone does whoever holds it: keys, tokens, the time it has heard of, and trying until there is an answer."""

from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.faults.ledger import Ledger
from tests.faults.wire import Lost, Reply, Wire

RETRY = frozenset({500, 502, 503, 504})
WAIT_SECONDS = (0.05, 0.3)


class GaveUp(Exception):
    """The run ended before this was acknowledged."""


class Handset(Thread):
    """A thread with a seed of its own, so that the same run does the same things in the same order."""

    def __init__(self, name: str, wire: Wire, ledger: Ledger, *, seed: str, zone: str) -> None:
        super().__init__(name=name, daemon=True)
        self._wire, self._ledger, self._zone = wire, ledger, zone
        self._chance = Random(f"{seed}:{name}")
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._token = self._refresh = ""
        self._rotating = Lock()
        self._study_now, self._heard_at = datetime.now(UTC), monotonic()
        self.enrollment, self.revision = "", 1
        self.resting, self.ended = Event(), Event()
        """`resting`: nothing new; what was begun goes on. `ended`: stop waiting for acknowledgements too."""

    def enroll(self, code: str) -> None:
        """Spends a code while nothing is broken yet."""
        der = self._key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        device = {"public_key": b64encode(der).decode(), "os": "android", "os_version": "16", "app_version": "1.2.0"}
        reply = self._wire.ask("POST", "/v1/participant/enroll", {"code": code, "device": device, "zone": self._zone})
        if reply.status != 201:
            raise AssertionError(f"enrolling: {reply.status} {reply.body[:300]!r}")
        given = reply.json()
        self._token, self._refresh, self.enrollment = given["access_token"], given["refresh_token"], given["enrollment_id"]
        self.revision = given["protocol"]["revision"]
        self._hear(given["server_time"])
        self._ledger.people[self.enrollment] = self._zone

    def _hear(self, instant: str) -> None:
        self._study_now, self._heard_at = datetime.fromisoformat(instant), monotonic()

    def _now(self) -> datetime:
        return self._study_now + timedelta(seconds=monotonic() - self._heard_at)

    def _uid(self) -> str:
        return str(UUID(int=self._chance.getrandbits(128), version=4))

    def _ask(self, method: str, path: str, body: Any = None, *, wire: Wire | None = None) -> Reply:
        """One try, with the token that the phone holds. Raises Lost."""
        try:
            reply = (wire or self._wire).ask(method, f"/v1/participant{path}", body, token=self._token)
        except Lost:
            self._ledger.lose()
            raise
        self._ledger.count(f"{reply.status} {reply.code}".strip())
        return reply

    def _until(self, method: str, path: str, body: Any, *, wire: Wire | None = None) -> Reply:
        """The first reply that is no "try again". Raises GaveUp where the run ends before."""
        while not self.ended.is_set():
            used = self._token
            try:
                reply = self._ask(method, path, body() if callable(body) else body, wire=wire)
            except Lost:
                reply = None
            if reply is not None and reply.status == 401 and reply.code in {"token_ended", "token_missing"}:
                self._rotate(used)
            elif reply is not None and reply.status not in RETRY:
                return reply
            self.ended.wait(self._chance.uniform(*WAIT_SECONDS))
        raise GaveUp(path)

    def _rotate(self, used: str | None = None) -> None:
        """New tokens, unless another thread of the phone has got some since `used` was."""
        with self._rotating:
            if used is None or used == self._token:
                self._new_tokens()

    def _new_tokens(self) -> None:
        """A lost reply is asked for again under the same rotation, which must give the same successor."""
        rotation = self._uid()
        message = b"\n".join([b"breakwater-refresh", rotation.encode(), self._refresh.encode()])
        proof = urlsafe_b64encode(self._key.sign(message, ec.ECDSA(hashes.SHA256()))).decode()
        body = {"refresh_token": self._refresh, "rotation_id": rotation, "proof": proof}
        while not self.ended.is_set():
            try:
                reply = self._wire.ask("POST", "/v1/participant/token", body)
            except Lost:
                self._ledger.lose()
            else:
                self._ledger.count(f"{reply.status} {reply.code}".strip())
                if reply.status == 200:
                    self._token, self._refresh = reply.json()["access_token"], reply.json()["refresh_token"]
                    return
                if reply.status not in RETRY:
                    self._ledger.surprise(f"a refresh was refused: {reply.status} {reply.code}")
                    raise GaveUp("token")
            self.ended.wait(self._chance.uniform(*WAIT_SECONDS))
        raise GaveUp("token")
