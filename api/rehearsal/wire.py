"""The way to the server: real HTTP with kept connections, counted, and tried again with the same ids where no reply came."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter, sleep
from typing import Any, Final

import msgspec

from api.rehearsal.connections import NO_REPLY, Connections
from api.rehearsal.happened import Unexpected
from api.rehearsal.recorder import Recorder
from models.errors import Busy

TRIES: Final = 8
LONGEST_WAIT: Final = 2.0
"""Seconds of the wall clock between two tries, at most."""
UNAVAILABLE: Final = 503

_ENCODE: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str]
    """Their names in small letters."""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str | None:
        """The stable code of a refusal."""
        if self.ok or not self.body:
            return None
        try:
            said = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None
        return str(said.get("code")) if isinstance(said, dict) else None


class ServerGone(Busy):
    """The server did not answer any more."""


class Wire:
    """One server for everyone who talks to it, from several threads. `now` says where study time stands, for the record."""

    def __init__(self, url: str, record: Recorder, now: Callable[[], datetime]) -> None:
        self.url, self.record, self._now = url.rstrip("/"), record, now
        self._connections = Connections(self.url)

    def close(self) -> None:
        self._connections.close()

    def call(
        self,
        method: str,
        route: str,
        *,
        ids: Mapping[str, str] | None = None,
        token: str | None = None,
        body: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = (200, 201, 202, 204),
        person: int | None = None,
    ) -> Reply:
        """The reply. A status outside `expect` is kept as unexpected. Raises ServerGone where none came in all tries.

        `route` has its ids in braces, as in the API's own document; `raw` is a body as it stands instead of `body`.
        """
        path = route.format_map(ids) if ids else route
        given = dict(headers or {})
        if token is not None:
            given["Authorization"] = f"Bearer {token}"
        content = raw if raw is not None else _ENCODE(body) if body is not None else None
        if content is not None:
            given.setdefault("Content-Type", "application/json")
        reply = self._tried(method, route, path, content, given, person)
        if reply.status not in expect:
            self.record.surprise(Unexpected(self._now(), method, route, reply.status, reply.code, person))
        return reply

    def _tried(self, method: str, route: str, path: str, content: bytes | None, headers: dict[str, str], person: int | None) -> Reply:
        plain = route.partition("?")[0]
        for number in range(TRIES):
            if number:
                self.record.act("retry", person)
                sleep(min(LONGEST_WAIT, 0.05 * 2**number))
            started = perf_counter()
            try:
                status, said, told = self._connections.ask(method, path, content, headers)
            except NO_REPLY:
                self.record.replied(method, plain, 0, (perf_counter() - started) * 1000)
                continue
            self.record.replied(method, plain, status, (perf_counter() - started) * 1000)
            if status != UNAVAILABLE:
                return Reply(status, said, told)
        raise ServerGone("server_gone", f"The server at {self.url} does not answer any more.")
