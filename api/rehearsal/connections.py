"""Kept connections to one server. A general client costs four times as much, for requests that a study makes by the hundred thousand."""

import select
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, urlsplit

from httptools import HttpParserError, HttpResponseParser

from models.errors import Invalid

CONNECT_SECONDS: Final = 10.0
REPLY_SECONDS: Final = 120.0

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "DELETE"})

_PIECE: Final = 65536

NO_REPLY: Final = (OSError, HttpParserError)
"""What `ask` raises where no whole reply came."""


@dataclass(slots=True)
class Connections:
    """As many as threads ask at once, each kept for the next request. No proxy that the environment names is used. Raises Invalid."""

    url: str
    _at: SplitResult = field(init=False)
    _idle: list[HTTPConnection] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._at = urlsplit(self.url.rstrip("/"))
        if self._at.scheme not in {"http", "https"} or not self._at.hostname:
            raise Invalid("bad_address", f"{self.url} is no address of a server: it begins with http:// or https://.")

    def ask(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes, Mapping[str, str]]:
        """Status, body and headers, their names in small letters. Raises one of `NO_REPLY`; what was asked may have been done then."""
        connection = self._kept() or self._new()
        try:
            # In one piece: sent apart, head and body wake the server twice.
            connection.sock.sendall(self._head(method, path, content, headers) + (content or b""))
            got = _received(connection.sock)
        except BaseException:
            connection.close()
            raise
        if got.keeps:
            self._idle.append(connection)
        else:
            connection.close()
        return got.status, b"".join(got.body), got.headers

    def _head(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> bytes:
        lines = [f"{method} {self._at.path}{path} HTTP/1.1", f"Host: {self._at.netloc.rpartition('@')[2]}", "Accept-Encoding: identity"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if content is not None or method not in _WITHOUT_BODY:
            lines.append(f"Content-Length: {len(content or b'')}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _kept(self) -> HTTPConnection | None:
        """One that the server has not closed meanwhile."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if connection.sock is not None and not _readable(connection.sock):
                return connection
            connection.close()

    def _new(self) -> HTTPConnection:
        kind = HTTPSConnection if self._at.scheme == "https" else HTTPConnection
        assert self._at.hostname is not None
        connection = kind(self._at.hostname, self._at.port, timeout=CONNECT_SECONDS)
        try:
            connection.connect()
            connection.sock.settimeout(REPLY_SECONDS)
        except BaseException:
            connection.close()
            raise
        return connection


class _Received:
    """One reply as it comes in; the parser calls what begins with `on_`."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body: list[bytes] = []
        self.whole = self.keeps = False
        self.status = 0
        self._parser = HttpResponseParser(self)

    def feed(self, piece: bytes) -> None:
        self._parser.feed_data(piece)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, piece: bytes) -> None:
        self.body.append(piece)

    def on_message_complete(self) -> None:
        self.status, self.keeps, self.whole = self._parser.get_status_code(), self._parser.should_keep_alive(), True


def _received(sock: socket.socket) -> _Received:
    """A whole reply, whose head says where it ends. Raises one of `NO_REPLY`."""
    reply = _Received()
    while not reply.whole:
        piece = sock.recv(_PIECE)
        if not piece:
            raise ConnectionError("the connection ended before the reply did")
        reply.feed(piece)
    return reply


def _readable(sock: socket.socket) -> bool:
    """Between two replies a server has nothing to say: what is readable is the end."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))
