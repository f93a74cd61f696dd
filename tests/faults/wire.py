"""HTTP as a phone has it: one kept connection, and the honest word "lost" where no whole reply came."""

import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class Lost(Exception):
    """No whole reply came. What was asked may have been done or not."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of a refusal; empty for anything else."""
        if self.status < 400:
            return ""
        try:
            return str(self.json().get("code", ""))
        except (ValueError, AttributeError):
            return ""


class Wire:
    """One client's way to a server; after a loss it tries the next of `ports`. Not thread-safe."""

    def __init__(self, ports: Sequence[int], *, first: int = 0, timeout_seconds: float = 30) -> None:
        self._ports, self._at, self._timeout = list(ports), first, timeout_seconds
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        """The reply, whatever its status. Raises Lost."""
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"content-type": "application/json", **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        try:
            if self._connection is None:
                port = self._ports[self._at % len(self._ports)]
                self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=self._timeout)
            self._connection.request(method, path, body=raw, headers=sent)
            got = self._connection.getresponse()
            return Reply(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        except (OSError, http.client.HTTPException, AttributeError) as error:  # the last: closed by another thread while it was read
            self.close()
            self._at += 1
            raise Lost(type(error).__name__) from None

    def another(self, first: int) -> "Wire":
        """A second way to the same servers, for another thread."""
        return Wire(self._ports, first=first, timeout_seconds=self._timeout)

    def turn(self) -> None:
        """On to another server, as a balancer would."""
        self.close()
        self._at += 1

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
